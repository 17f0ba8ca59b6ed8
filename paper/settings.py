"""What the editions take from the book's configuration: its name, its author, its parts, and where it is online."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
SITE = ROOT / "_build" / "html"
FILE_NAME = "memory-and-chance"


@dataclass(frozen=True)
class Part:
    """Pages below one caption; the first page of all stands alone, without any."""

    caption: str
    pages: tuple[str, ...]


@dataclass(frozen=True)
class Settings:
    """`address` is where the book is online, without a final slash."""

    title: str
    author: str
    language: str
    address: str
    parts: tuple[Part, ...]

    @property
    def pages(self) -> list[str]:
        """All pages in order, such as "book/sampling"."""
        return [page for part in self.parts for page in part.pages]

    def only(self, *pages: str) -> Settings:
        """The same book with these pages alone."""
        kept = [Part(part.caption, tuple(page for page in part.pages if page in pages)) for part in self.parts]
        return Settings(self.title, self.author, self.language, self.address, tuple(filter(lambda p: p.pages, kept)))


def address_of(config: dict) -> str:
    """Return where the book is published: BOOK_ADDRESS, else the configuration's `baseurl`, else GitHub's pages."""
    repository = config["repository"]["url"]
    if address := os.environ.get("BOOK_ADDRESS") or config["html"].get("baseurl"):
        return address.rstrip("/")
    owner, name = re.fullmatch(r"https://[^/]+/([^/]+)/([^/]+)", repository).groups()
    return f"https://{owner.lower()}.github.io/{name}"


def read(root: Path = ROOT) -> Settings:
    """Return what ``_config.yml`` and ``_toc.yml`` say."""
    config = yaml.safe_load((root / "_config.yml").read_text("utf-8"))
    contents = yaml.safe_load((root / "_toc.yml").read_text("utf-8"))
    parts = [Part("", (contents["root"],))]
    for part in contents["parts"]:
        parts.append(Part(part["caption"], tuple(chapter["file"] for chapter in part["chapters"])))
    language = config["sphinx"]["config"]["language"]
    return Settings(config["title"], config["author"], language, address_of(config), tuple(parts))
