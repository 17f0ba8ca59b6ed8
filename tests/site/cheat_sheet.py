"""Print the cheat sheet of the built book, as a browser does.

``python -m tests.site.cheat_sheet`` makes ``book/_static/cheat-sheet.pdf`` anew. Do so whenever the page has changed;
a test compares the two.
"""

import io
import re

import pypdf
from playwright.sync_api import Page, sync_playwright

from lmkit.files import write_changed
from tests.site import book, browser
from tests.site.server import serve

DOCUMENT = "book/cheat_sheet"
PDF = book.ROOT / "book" / "_static" / "cheat-sheet.pdf"
TITLE = "Memory and Chance: cheat sheet"


def printed(page: Page, paper: str) -> bytes:
    """Return the PDF of an open page on a paper such as "A4" or "Letter"."""
    page.wait_for_load_state("networkidle")
    page.evaluate("() => document.fonts.ready")
    return page.pdf(format=paper, print_background=False)


def standalone(pdf: bytes) -> bytes:
    """Return a PDF without what ties it to its making: links to the server's address, the time and the program.

    So the same page gives the same file.
    """
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(pdf))
    writer.remove_links()
    writer.compress_identical_objects(remove_unreferenced=True)
    writer.root_object[pypdf.generic.NameObject("/Lang")] = pypdf.generic.TextStringObject("en-GB")
    writer.metadata = {"/Title": TITLE}
    file = io.BytesIO()
    writer.write(file)
    return file.getvalue()


def text(pdf: bytes) -> str:
    """Return the text of a PDF without any space: where lines and columns break depends on the machine's fonts."""
    pages = pypdf.PdfReader(io.BytesIO(pdf)).pages
    return re.sub(r"\s+", "", "".join(page.extract_text() for page in pages))


def main() -> None:
    """Print the page and store the file."""
    program = browser.executable()
    with serve(book.SITE) as address, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=browser.ARGUMENTS)
        page = chromium.new_page(color_scheme="light")
        page.goto(f"{address}/{DOCUMENT}.html")
        pdf = standalone(printed(page, "A4"))
        chromium.close()
    what = "written" if write_changed(PDF, pdf, "the cheat sheet") else "the same"  # it is a source of the book
    print(f"{PDF.relative_to(book.ROOT)}: {what}, {len(pdf):,} bytes")


if __name__ == "__main__":
    main()
