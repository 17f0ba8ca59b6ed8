"""Find the browsers that the tests drive, and install those that are not there.

All tests run in Chromium, a part of them in Firefox and in WebKit as well. ``python -m tests.site.browser`` brings what
is missing. Chromium and Firefox must be there; WebKit need not, since few systems have it, but the tests say that it
was left out. The environment variable BROWSERS, such as ``BROWSERS="chromium webkit"``, names those that are wanted:
these must be there, and no others are used.
"""

import os
import shutil
import subprocess
import sys
from functools import cache

# Where each may be, the preferred place first.
PLACES = {
    "chromium": ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"),
    "firefox": (
        "firefox-esr",
        "firefox",
        "/Applications/Firefox.app/Contents/MacOS/firefox",
        r"C:\Program Files\Mozilla Firefox\firefox.exe",
    ),
    "webkit": ("WebKitWebDriver",),
}
PACKAGES = {"chromium": ["chromium"], "firefox": ["firefox-esr"], "webkit": ["webkit2gtk-driver", "xvfb"]}  # Debian's
REQUIRED = ("chromium", "firefox")  # where BROWSERS says nothing else
TITLES = {"chromium": "Chromium", "firefox": "Firefox", "webkit": "WebKit"}

# No sandbox: tests also run as root in containers, and only ever open our own pages.
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


def wanted() -> list[str]:
    """Return the browsers that BROWSERS names; all where it names none."""
    names = os.environ.get("BROWSERS", "").replace(",", " ").split()
    if unknown := [name for name in names if name not in PLACES]:
        raise SystemExit(f"BROWSERS must be of {', '.join(PLACES)}, but it has {', '.join(unknown)}")
    return names or list(PLACES)


def required() -> list[str]:
    """Return the browsers without which no test may pass."""
    return wanted() if os.environ.get("BROWSERS") else list(REQUIRED)


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
def executable(name: str = "chromium") -> str | None:
    """Return the path of a browser that starts, for WebKit that of its driver, or None."""
    found = filter(None, map(shutil.which, PLACES[name]))
    if name == "webkit":  # it needs a screen, and its driver tells no version
        return next(found, None) if shutil.which("Xvfb") else None
    path = next(filter(starts, found), None)
    if path is None and name == "chromium":
        return path_of_bundled if starts(path_of_bundled := bundled()) else None
    return path


def installers(name: str) -> list[list[str]]:
    """Return the commands that may bring a browser, the preferred one first."""
    commands = []
    root = hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get")
    if root:
        install = f"apt-get install -qq -y --no-install-recommends {' '.join(PACKAGES[name])}"
        commands.append(["sh", "-c", f"apt-get update -qq && {install}"])
    if name == "chromium":
        commands.append([sys.executable, "-m", "playwright", "install", name, *(["--with-deps"] if root else [])])
    return commands


def ensure(name: str) -> str | None:
    """Return the path of a browser, after installing it if need be, or None."""
    for command in installers(name):
        if path := executable(name):
            return path
        subprocess.run(command, check=False)
        executable.cache_clear()
    return executable(name)


def advice(name: str) -> str:
    """Return what to do where a browser is missing."""
    ways = {
        "chromium": "install Chromium or Chrome so that it is on the PATH",
        "firefox": "install Firefox so that it is on the PATH, or leave it out with BROWSERS=chromium",
        "webkit": f"on Debian and Ubuntu, `apt-get install {' '.join(PACKAGES['webkit'])}` brings it",
    }
    return f"{TITLES[name]} is not here, and the tests need it: {ways[name]}"


def main() -> None:
    """Bring the browsers that are wanted, or exit and say what was tried."""
    missing = []
    for name in wanted():
        if path := ensure(name):
            print(f"{TITLES[name]}: {path}")
        else:
            tried = "".join(f"\n  tried: {' '.join(command)}" for command in installers(name))
            print(f"WARNING: {advice(name)}{tried}", file=sys.stderr)
            missing.append(name)
    if set(missing) & set(required()):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
