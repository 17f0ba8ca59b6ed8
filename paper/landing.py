"""Offer the editions on the book's first page: only once they are there, so that no link is ever dead."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable
from html import escape
from pathlib import Path

from paper.settings import Settings

FOLDER = "downloads"  # in the built book
KINDS = {".pdf": "PDF", ".epub": "EPUB"}
PLACE = re.compile(r'(<div class="paper-editions[^"]*">).*?(</div>)', re.DOTALL)


def offer(site: Path, settings: Settings, files: Iterable[Path]) -> None:
    """Put the files into the built book, and links to them on its first page."""
    page = site / f"{settings.pages[0]}.html"
    html = page.read_text("utf-8")
    if not PLACE.search(html):
        raise ValueError(f"{page.name} must have a place for the editions, a div of the class paper-editions")
    folder = site / FOLDER
    folder.mkdir(exist_ok=True)
    links = []
    for file in files:
        shutil.copy(file, folder / file.name)
        links.append(link(file, "../" * settings.pages[0].count("/")))
    said = f"<p>The whole book on paper or an e-reader: {' and '.join(links)}.</p>"
    page.write_text(PLACE.sub(lambda place: place[1] + said + place[2], html), "utf-8")


def link(file: Path, root: str) -> str:
    """Return a link to a file in the folder; it tells how large the file is."""
    kind, size = KINDS[file.suffix], file.stat().st_size / 1e6
    return f'<a href="{escape(f"{root}{FOLDER}/{file.name}")}" download>{kind} ({size:.1f} MB)</a>'
