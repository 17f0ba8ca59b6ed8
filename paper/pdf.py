"""Print the book with Chromium: tagged, with an outline, and with the numbers of its pages in the contents."""

from __future__ import annotations

import io
from pathlib import Path

import pypdf
from playwright.sync_api import Browser
from pypdf.generic import BooleanObject, DictionaryObject, NameObject, TextStringObject

from paper import document, pdf_check
from paper.settings import Settings
from paper.tree import Element
from tests.site.server import serve

PATIENCE = 600_000  # ms
ATTEMPTS = 4
NAME = "paper.xhtml"


def printed(browser: Browser, address: str, document: str) -> bytes:
    """Return the PDF of a document that stands at an address, by the page rules of its own style."""
    page = browser.new_page()
    page.set_default_timeout(PATIENCE)
    page.route(address, lambda route: route.fulfill(body=document, content_type="application/xhtml+xml"))
    page.goto(address, wait_until="load")
    page.evaluate("() => document.fonts.ready.then(() => true)")
    pdf = page.pdf(prefer_css_page_size=True, print_background=True, tagged=True, outline=True)
    page.close()
    return pdf


def page_numbers(pdf: bytes) -> dict[str, int]:
    """Return on which page each place is that a link leads to."""
    reader = pypdf.PdfReader(io.BytesIO(pdf))
    numbers = {page.indirect_reference.idnum: number for number, page in enumerate(reader.pages, 1)}
    places = reader.named_destinations
    return {name.removeprefix("/"): numbers[place.page.idnum] for name, place in places.items()}


def finished(pdf: bytes, settings: Settings) -> bytes:
    """Return the PDF with what catalogues and screen readers ask: title, author, language; its outline is shown."""
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(pdf))
    root = writer.root_object
    root[NameObject("/Lang")] = TextStringObject(settings.language)
    root[NameObject("/PageMode")] = NameObject("/UseOutlines")
    root[NameObject("/ViewerPreferences")] = DictionaryObject({NameObject("/DisplayDocTitle"): BooleanObject(True)})
    writer.add_metadata({"/Title": settings.title, "/Author": settings.author, "/Subject": settings.address})
    file = io.BytesIO()
    writer.write(file)
    return file.getvalue()


def make(settings: Settings, site: Path, browser: Browser) -> bytes:
    """Return the book as a PDF: printed until the page numbers that it prints are those that it has; and looked at."""
    whole = document.whole(settings, site)
    numbers: dict[str, int] = {}
    with serve(site) as address:
        for _ in range(ATTEMPTS):
            document.show_page_numbers(whole, numbers)
            pdf = printed(browser, f"{address}/{NAME}", document.written(whole))
            before, numbers = numbers, page_numbers(pdf)
            if numbers == before:
                return checked(finished(pdf, settings), whole, settings)
    raise RuntimeError(f"page numbers must settle, but after {ATTEMPTS} prints they do not")


def checked(pdf: bytes, whole: Element, settings: Settings) -> bytes:
    """Return the PDF, or say what is wrong with it."""
    if found := pdf_check.faults(pdf, whole, settings.language):
        raise ValueError("the printed book has faults:\n" + "\n".join(found))
    return pdf
