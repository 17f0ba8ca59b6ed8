"""``python -m paper pdf``, ``epub`` or ``offer``: make an edition of the built book, or put both on its front page."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from lmkit.files import atomic_write
from paper import cover, epub, epub_check, landing, pdf, settings
from paper.settings import FILE_NAME, ROOT, SITE
from tests.site import browser as chromium

BUILD = ROOT / "_build"
FILES = {kind: BUILD / f"{FILE_NAME}.{kind}" for kind in ("pdf", "epub")}


@contextmanager
def opened() -> Iterator[Browser]:
    """Yield a Chromium."""
    program = chromium.executable()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=chromium.ARGUMENTS)
        yield browser
        browser.close()


def write(kind: str) -> None:
    """Make an edition and say where it is."""
    book, file = settings.read(), FILES[kind]
    with opened() as browser:
        if kind == "pdf":
            content = pdf.make(book, SITE, browser)
        else:
            built = datetime.fromtimestamp((SITE / "searchindex.js").stat().st_mtime, UTC)
            content = epub.make(book, SITE, cover.picture(book, browser), built)
    atomic_write(file, content)
    if kind == "epub":
        epub_check.main(file)
    print(f"{file.relative_to(Path.cwd()) if file.is_relative_to(Path.cwd()) else file}: {len(content) / 1e6:.1f} MB")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m paper", description=__doc__)
    parser.add_argument("what", choices=[*FILES, "offer"])
    what = parser.parse_args().what
    if what == "offer":
        landing.offer(SITE, settings.read(), FILES.values())
    else:
        write(what)


if __name__ == "__main__":
    main()
