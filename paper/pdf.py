"""Print the book with Chromium: tagged, with an outline, and with the numbers of its pages in the contents."""

from __future__ import annotations

import io
from pathlib import Path

import pikepdf
from playwright.sync_api import Browser

from paper import document, pdf_check
from paper.settings import Settings
from paper.tree import Element
from tests.site.server import serve

PATIENCE = 1_200_000  # ms
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


def page_numbers(content: bytes) -> dict[str, int]:
    """Return on which page each place is that a link leads to."""
    with pikepdf.open(io.BytesIO(content)) as pdf:
        return pdf_check.places(pdf)


def finished(content: bytes, settings: Settings) -> bytes:
    """Return the PDF with what catalogues and screen readers ask: title, author, language; its outline is shown.

    Chromium leaves the tags uncompressed: packed, the file is less than a third.
    """
    file = io.BytesIO()
    with pikepdf.open(io.BytesIO(content)) as pdf:
        pdf.Root.Lang = pikepdf.String(settings.language)
        pdf.Root.PageMode = pikepdf.Name.UseOutlines
        pdf.Root.ViewerPreferences = pikepdf.Dictionary(DisplayDocTitle=True)
        with pdf.open_metadata() as said:
            said["dc:title"] = settings.title
            said["dc:creator"] = [settings.author]
            said["dc:language"] = [settings.language]
            said["dc:source"] = settings.address
        pdf.docinfo["/Title"] = settings.title
        pdf.docinfo["/Author"] = settings.author
        pdf.save(file, object_stream_mode=pikepdf.ObjectStreamMode.generate, recompress_flate=True)
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
