"""The first sheet of the PDF, and the cover of the EPUB: a picture of the same."""

from __future__ import annotations

import io

from PIL import Image
from playwright.sync_api import Browser

from paper.settings import ROOT, Settings
from paper.style import STYLES
from paper.tree import Element, make, parse, serialised

SIZE = {"width": 1280, "height": 1920}
LOGO = ROOT / "book" / "_static" / "logo.svg"
COLOURS = 64


def title_page(settings: Settings) -> Element:
    """Return the book's name, its authors, and where it moves."""
    name, _, line = settings.title.partition(": ")
    link = make("a", settings.address.removeprefix("https://"), href=settings.address)
    logo = parse(LOGO.read_text("utf-8"))[0]
    logo.set("class", "logo")
    return make(
        "section",
        logo,
        make("p", name, class_="book-title"),
        make("p", line[:1].upper() + line[1:], class_="book-line"),
        make("p", settings.author, class_="book-author"),
        make("p", "Here the labs are pictures. They move, and questions answer, at ", link, ".", class_="book-address"),
        class_="title-page",
    )


def document(settings: Settings) -> str:
    """Return a page that shows the cover."""
    style = make("style", (STYLES / "cover.css").read_text("utf-8"))
    head = make("head", make("meta", charset="utf-8"), make("title", settings.title), style)
    return f"<!DOCTYPE html>{serialised(make('html', head, make('body', title_page(settings), class_='cover')))}"


def picture(settings: Settings, browser: Browser) -> bytes:
    """Return the cover as a PNG of few colours."""
    page = browser.new_page(viewport=SIZE)
    page.set_content(document(settings))
    shown = Image.open(io.BytesIO(page.screenshot()))
    page.close()
    file = io.BytesIO()
    shown.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(file, "png", optimize=True)
    return file.getvalue()
