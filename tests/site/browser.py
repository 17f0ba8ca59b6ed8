"""Find the Chromium that the tests drive, and install one where there is none.

``python -m tests.site.browser`` makes sure that one is there, or fails and says why.
"""

import os
import shutil
import subprocess
import sys
from functools import cache

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

# No sandbox: tests also run as root in containers, and only ever open our own pages.
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


def starts(path: str) -> bool:
    """Tell whether this program runs; some systems ship a stub that only says how to install it."""
    try:
        return subprocess.run([path, "--version"], capture_output=True, timeout=60).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def bundled() -> str:
    """Return the path at which Playwright keeps its own Chromium, installed or not."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        return playwright.chromium.executable_path


@cache
def executable() -> str | None:
    """Return the path of a Chromium that starts: the system's, else Playwright's, else None."""
    found = (shutil.which(name) for name in NAMES)
    return next((path for path in [*filter(None, found), bundled()] if starts(path)), None)


def installers() -> list[list[str]]:
    """Return the commands that may bring a Chromium, the preferred one first."""
    playwright = [sys.executable, "-m", "playwright", "install", "chromium"]
    if not hasattr(os, "geteuid") or os.geteuid() != 0 or not shutil.which("apt-get"):
        return [playwright]
    debian = ["sh", "-c", "apt-get update -qq && apt-get install -qq -y --no-install-recommends chromium"]
    return [debian, [*playwright, "--with-deps"]]


def ensure() -> str:
    """Return the path of a Chromium, after installing one if need be, or exit and say what was tried."""
    for command in installers():
        if path := executable():
            return path
        subprocess.run(command, check=False)
        executable.cache_clear()
    if path := executable():
        return path
    tried = "\n  ".join(" ".join(command) for command in installers())
    raise SystemExit(
        f"The tests need Chromium. None was found, and these did not bring one:\n  {tried}\n"
        "Install Chromium or Chrome so that it is on the PATH, and run the command again."
    )


if __name__ == "__main__":
    print(f"Chromium: {ensure()}")
