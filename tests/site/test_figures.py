"""Every figure of every chapter as a file: SVG that opens alone, looks like the figure, and says what it is."""

import io
import xml.etree.ElementTree as ET
from urllib.request import urlopen

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from tests.site import book, pictures
from tests.site.lab import eventually

pytestmark = pytest.mark.site
LINKS = ".figure-file a"
HREF, OWN = "{http://www.w3.org/1999/xlink}href", ("#", "data:image/png;base64,")  # heat maps are pictures within
WITH_FIGURES = [
    document
    for document in book.notebooks()
    if any("image/png" in output.get("data", {}) for cell in book.code_cells(document) for output in cell.outputs)
]


def figures(page: Page) -> list[tuple[Locator, Locator]]:
    """Every figure of an open page, and the link below it."""
    found = page.locator(".cell_output img:not(noscript img, .lmkit-lab img)")
    links = page.locator(LINKS)
    expect(links).to_have_count(found.count())
    return [(found.nth(i), links.nth(i)) for i in range(found.count())]


def drawn_like(browser, svg: str, picture: Image.Image) -> tuple[float, float]:
    """How far a figure and its file are apart: the page's picture has 256 colours."""
    page = browser.new_page(viewport={"width": picture.width, "height": picture.height})
    page.set_content('<body style="margin: 0"><img style="display: block; width: 100vw; height: 100vh">')
    page.evaluate(
        """async (svg) => {
          const image = document.querySelector("img");
          image.src = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
          await image.decode();
        }""",
        svg,
    )
    seen = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    page.close()
    return pictures.differences(picture, seen, (0, 0))


@pytest.mark.parametrize("document", WITH_FIGURES)
def test_every_figure_has_a_file_that_looks_like_it(open_page, browser, site, document):
    page = open_page(f"{document}.html")
    title = page.locator("article h1").first.evaluate("(heading) => heading.firstChild.data")
    stored = [output for cell in book.executed(document).cells for output in cell.get("outputs", [])]
    shown = figures(page)
    assert len(shown) == sum("image/png" in output.get("data", {}) for output in stored)
    for number, (image, link) in enumerate(shown, 1):
        svg = urlopen(link.evaluate("(link) => link.href")).read().decode()
        root = ET.fromstring(svg)
        assert root.findtext(f"{pictures.SVG}title") == image.get_attribute("alt")
        assert title in root.findtext(f"{pictures.SVG}desc")
        assert not [node for node in root.iter() if node.tag == f"{pictures.SVG}script"]
        assert all(address.startswith(OWN) for node in root.iter() if (address := node.get(HREF)))
        assert link.evaluate("(link) => link.download !== null && link.href.split('/').pop()") == (
            f"{document.split('/')[-1]}-figure-{number}.svg"
        )
        expect(link).to_have_accessible_name(f"SVG of figure {number} on this page")
        address = image.evaluate("(image) => image.src")
        picture = Image.open(io.BytesIO(urlopen(address).read())).convert("RGB")
        mean, far = drawn_like(browser, svg, picture)
        assert mean <= pictures.MOST_DIFFERENT and far <= pictures.MOST_FAR, (number, mean, far)
    assert not [address for address in page.seen.requests if address.endswith(".svg") and "-figure-" in address]


def test_link_is_reached_by_keys_saves_a_file_and_is_not_printed(open_page):
    page = open_page("book/recurrent_networks.html", size="390")
    link = page.locator(LINKS).first
    link.focus()
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    assert download.value.suggested_filename.endswith("-figure-1.svg")
    page.emulate_media(media="print")
    eventually(page, link.is_visible, lambda visible: not visible)
