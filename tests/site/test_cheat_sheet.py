"""The cheat sheet: one page of paper, the same as the PDF that ships, and its numbers those of the chapters."""

import re
from io import BytesIO

import pypdf
import pytest
from playwright.sync_api import Page

from tests.site import book
from tests.site.cheat_sheet import DOCUMENT, PDF, printed, text

pytestmark = pytest.mark.site

PAGE = f"{DOCUMENT}.html"
MARGIN = 16  # mm, left and right or top and bottom together
PAPERS = {"A4": (210, 297), "Letter": (215.9, 279.4)}  # mm
SMALLEST = 7.5  # pt
LARGEST_FILE = 200_000  # bytes

every_paper = pytest.mark.parametrize("paper", PAPERS)

# Text that leaves its column or the paper. Three columns of the page's width, 4 mm apart; one pixel for rounding.
CUT_OFF = """([width, height]) => {
  const article = document.querySelector(".bd-article > section").getBoundingClientRect();
  const gap = 4 / 25.4 * 96, column = (article.width - 2 * gap) / 3, cut = [];
  const boxes = [...document.querySelectorAll(".bd-article :is(li, p, td, th) > *, .bd-article :is(h2, td, th)")];
  const words = document.createTreeWalker(document.querySelector(".bd-article"), NodeFilter.SHOW_TEXT);
  for (let word; (word = words.nextNode());) {
    if (word.data.trim() && !word.parentElement.closest("h1")) boxes.push(word);
  }
  for (const box of boxes) {
    const range = document.createRange();
    range.selectNodeContents(box);
    for (const { left, right, bottom } of range.getClientRects()) {
      const start = Math.floor((left - article.left + 1) / (column + gap)) * (column + gap) + article.left;
      if (right > start + column + 1 || right > width + 1 || bottom > height) cut.push(box.textContent);
    }
  }
  return cut;
}"""

SMALL = """(smallest) => [...document.querySelectorAll(".bd-article *")]
  .filter((node) => node.getClientRects().length)
  .filter((node) => !node.closest("math :is(msub, msup, msubsup, munder, munderover, mfrac) *"))
  .filter((node) => [...node.childNodes].some((child) => child.nodeType === Node.TEXT_NODE && child.data.trim()))
  .filter((node) => parseFloat(getComputedStyle(node).fontSize) * 0.75 < smallest)
  .map((node) => node.textContent)"""

VISIBLE = """() => [...document.querySelectorAll(".bd-article :is(h2, p, td, th)")]
  .filter((node) => node.getClientRects().length)
  .map((node) => {
    const copy = node.cloneNode(true);
    copy.querySelectorAll("math, .headerlink").forEach((part) => part.replaceWith(" "));
    return copy.textContent;
  })"""


@pytest.fixture
def paper_page(open_page):
    """A function that opens the page as it is laid out on paper; an area in mm is that within the margins."""

    def open_(paper: str) -> tuple[Page, list[float]]:
        area = [(side - MARGIN) / 25.4 * 96 for side in PAPERS[paper]]
        page = open_page(PAGE, viewport={"width": int(area[0]), "height": int(area[1])})
        page.emulate_media(media="print")
        page.evaluate("() => document.fonts.ready")
        return page, area

    return open_


@every_paper
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_prints_on_one_page_what_ships(open_page, paper, theme):
    pdf = printed(open_page(PAGE, theme=theme), paper)
    assert len(pypdf.PdfReader(BytesIO(pdf)).pages) == 1
    assert text(pdf) == text(PDF.read_bytes()), "the page has changed: make cheat-sheet"


@every_paper
def test_nothing_is_cut_off(paper_page, paper):
    page, area = paper_page(paper)
    assert page.evaluate(CUT_OFF, area) == []
    said = [word for part in page.evaluate(VISIBLE) for word in part.split()]
    printed_text = text(PDF.read_bytes())
    assert len(said) > 500
    assert [word for word in said if word not in printed_text] == []


@every_paper
def test_cut_off_text_is_noticed(paper_page, paper):
    page, area = paper_page(paper)
    page.locator(".bd-article li").first.evaluate(
        "(entry) => { entry.style.whiteSpace = 'nowrap'; entry.append(' and so on'.repeat(20)); }"
    )
    assert page.evaluate(CUT_OFF, area)


@every_paper
def test_it_can_be_read(paper_page, paper):
    page, _ = paper_page(paper)
    assert page.evaluate(SMALL, SMALLEST) == []
    assert page.evaluate(SMALL, 30)


@pytest.mark.parametrize("around", ["header", ".bd-sidebar-primary", ".bd-sidebar-secondary", "footer", ".screen-only"])
def test_only_the_sheet_is_printed(paper_page, around):
    page, _ = paper_page("A4")
    assert page.locator(around).count()
    assert not any(part.is_visible() for part in page.locator(around).all())


def test_file_is_small_and_has_its_fonts():
    assert PDF.stat().st_size <= LARGEST_FILE
    fonts = [font.get_object() for page in pypdf.PdfReader(PDF).pages for font in page["/Resources"]["/Font"].values()]
    assert fonts
    for font in fonts:
        for part in font.get("/DescendantFonts", [font]):
            descriptor = part.get_object().get("/FontDescriptor", {})
            embedded = {"/FontFile", "/FontFile2", "/FontFile3"} & set(descriptor.get_object() if descriptor else ())
            assert embedded or part.get_object()["/Subtype"] == "/Type3"


def test_file_stands_for_itself():
    """It leads to no address: that of the server from which it was printed is gone."""
    assert not any(page.get("/Annots") for page in pypdf.PdfReader(PDF).pages)


def test_page_offers_the_file(open_page, site):
    page = open_page(PAGE)
    with page.expect_download() as download:
        page.get_by_role("link", name="download it as a PDF").click()
    assert download.value.path().read_bytes() == PDF.read_bytes()


def test_numbers_are_those_that_the_chapters_measured():
    """The rows of the table, and the counts of parameters, stand in the stored outputs of chapters."""
    source = book.source(DOCUMENT).read_text(encoding="utf-8")
    rows = re.findall(r"^\| (.+?) +\| ([\d.]+) % +\| ([\d.]+) +\| ([\d.]+) +\|$", source, re.MULTILINE)
    assert len(rows) == 5
    measured = outputs("book/comparing_decoders")
    for name, *numbers in rows:
        pattern = rf"^{re.escape(name).replace(' ', r',?.*[ =]')} .*?{numbers[0]} %.*? {numbers[1]} .* {numbers[2]}$"
        assert re.search(pattern, measured, re.MULTILINE), name
    for number, chapter in {"8,933": "recurrent_networks", "9,182": "recurrent_networks", "68,510": "awd_lstm"}.items():
        assert number in source
        assert re.search(number.replace(",", ",?"), outputs(f"book/{chapter}")), number


def outputs(document: str) -> str:
    """The text of all outputs of a chapter."""
    texts = [
        output.get("text") or output.get("data", {}).get("text/plain", "")
        for cell in book.code_cells(document)
        for output in cell.outputs
    ]
    return "\n".join(texts)
