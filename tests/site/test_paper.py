"""The built book on paper: its PDF, of two chapters here, its EPUB, and every chapter as a reader prints it."""

import io
import re
import unicodedata
from datetime import UTC, datetime

import pikepdf
import pytest
from playwright.sync_api import Page
from pypdf import PageObject, PdfReader

from lmkit import study
from paper import cover, epub, epub_check, landing, pages, pdf, pdf_check, settings
from paper.tree import ARTICLE, by_class, elements, text_of
from tests.site import book
from tests.site.rendering import settle

pytestmark = pytest.mark.site

BOOK = settings.read()
TWO = ("book/sampling", "book/glossary")
QUIZZED = [f"book/{name}" for name in study.chapters()]
PRINT = """() => {
  globalThis.print = () => {};
  printWithAnswers();
}"""
# Each lab begins and ends with a text that can be found on the sheet that it is on.
MARK_LABS = """() => [...document.querySelectorAll(".lmkit-lab:has(.lmkit-controls)")].map((lab, i) => {
  lab.prepend(`begins lab ${i}.`);
  lab.append(`ends lab ${i}.`);
})"""


# --- the whole book ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def printed(site, browser):
    """The PDF of two chapters, which `make` has looked at."""
    return pdf.make(BOOK.only(*TWO), book.SITE, browser)


def test_pdf_has_all_questions_and_all_answers(printed):
    with pikepdf.open(io.BytesIO(printed)) as content:
        sheets = {title: sheet for _, title, sheet in pdf_check.outline(content)}
    texts = [squeezed(sheet.extract_text()) for sheet in PdfReader(io.BytesIO(printed)).pages]
    before, after = "".join(texts[: sheets["Answers"] - 1]), "".join(texts[sheets["Answers"] - 1 :])
    cards = study.load("sampling").cards
    assert all(squeezed(first_words(card.question)) in before for card in cards)
    reasons = [choice.why for card in cards if card.kind == "single" for choice in card.choices]
    assert reasons and all(squeezed(first_words(why)) in after for why in reasons)


def test_epub_of_the_whole_book_is_valid(site, browser, tmp_path):
    path = tmp_path / "book.epub"
    path.write_bytes(epub.make(BOOK, book.SITE, cover.picture(BOOK, browser), datetime.now(UTC)))
    assert epub_check.messages(path) == []
    assert path.stat().st_size < 12_000_000


@pytest.mark.parametrize("name", BOOK.pages)
def test_paper_has_every_heading_figure_and_question_of_a_page(site, name):
    """What the built page shows unfolded, but for lists of other pages."""
    source = ARTICLE.search((book.SITE / f"{name}.html").read_text("utf-8"))[1]
    page = pages.read(book.SITE, name, BOOK.address)
    wanted = len(re.findall(r"<h[2-6]>", source))
    dropped = len(re.findall(r'</h[2-6]>\s*<div class="toctree-wrapper', source))
    assert len(elements(page.section, "h2", "h3", "h4", "h5", "h6")) == wanted - dropped
    assert len(by_class(page.section, "lab")) == source.count('class="lmkit-picture"')
    assert all(picture.get("alt") for picture in elements(page.section, "img"))
    if name in QUIZZED:
        lists = by_class(page.section, "lmkit-cards")
        questions = [text_of(item[0]) for node in lists for item in node.find("{*}ol")]
        assert len(questions) == len(study.load(name.split("/")[-1]).cards)


def test_front_page_has_a_place_for_the_editions(site):
    html = (book.SITE / f"{BOOK.pages[0]}.html").read_text("utf-8")
    assert len(landing.PLACE.findall(html)) == 1


# --- a page that a reader prints --------------------------------------------------------------------------------------


def sheets_of(page: Page) -> PdfReader:
    """The sheets of a page, when it has noticed that they are printed."""
    page.evaluate(
        "() => { globalThis.printed = new Promise((done) => addEventListener('afterprint', done, { once: true })); }"
    )
    pdf = page.pdf(format="A4")
    page.evaluate("() => printed.then(() => null)")
    return PdfReader(io.BytesIO(pdf))


@pytest.mark.parametrize("chapter", QUIZZED)
def test_chapter_prints_all_questions_and_whole_labs(open_page, chapter):
    """All questions; no lab on two sheets; no sheet half empty, but before a lab that did not fit there whole."""
    page = open_page(f"{chapter}.html", theme="auto")
    settle(page)
    shown = page.locator(".lmkit-study[data-mode=quiz] .lmkit-card")
    assert shown.count() == 1
    labs = len(page.evaluate(MARK_LABS))
    pdf = sheets_of(page)
    assert shown.count() == 1, "after printing the quiz shows one question again"
    texts = [squeezed(sheet.extract_text()) for sheet in pdf.pages]
    cut = [i for i in range(labs) if not any(f"beginslab{i}." in text and f"endslab{i}." in text for text in texts)]
    assert not cut, f"labs on two sheets: {cut}"
    unused = [lowest(sheet) / float(sheet.mediabox.height) for sheet in pdf.pages[:-1]]
    empty = [i for i, share in enumerate(unused) if share > 0.5 and not texts[i + 1].startswith("beginslab")]
    assert not empty and max(unused) < 0.7, unused
    whole = "".join(texts)
    cards = study.load(chapter.split("/")[-1]).cards
    missing = [card.id for card in cards if squeezed(first_words(card.question)) not in whole]
    assert not missing, missing


def test_answers_are_printed_only_where_they_are_asked_for(open_page):
    page = open_page(f"{TWO[0]}.html")
    settle(page)
    answers = [choice.why for card in study.load("sampling").cards if card.kind == "single" for choice in card.choices]

    def said() -> list[str]:
        text = squeezed("".join(sheet.extract_text() for sheet in sheets_of(page).pages))
        return [why for why in answers if squeezed(first_words(why)) in text]

    page.emulate_media(media="print")
    assert not page.locator(".admonition.dropdown").is_visible()
    page.emulate_media(media="null")
    assert said() == []
    page.evaluate(PRINT)
    assert said() == answers
    assert said() == [] and page.locator(".print-answers").count() == 0, "the next print is as before"


def test_what_else_is_folded_is_printed(open_page):
    page = open_page("book/awd_lstm.html")
    settle(page)
    record = page.locator(".admonition.dropdown", has_text="How good can such a model get").locator("p").last
    assert not record.is_visible()
    text = squeezed("".join(sheet.extract_text() for sheet in sheets_of(page).pages))
    assert squeezed(record.text_content())[-60:] in text
    assert not record.is_visible()


def test_the_menu_prints_with_answers(open_page):
    page = open_page(f"{TWO[0]}.html", prepare=lambda page: page.add_init_script("print = () => { printed = true; }"))
    settle(page)
    page.get_by_role("button", name="Download this page").click()
    page.get_by_role("button", name=".pdf with answers").click()
    assert page.evaluate("printed")


def test_pages_without_answers_offer_no_print_of_them(site):
    html = (book.SITE / "book" / "glossary.html").read_text("utf-8")
    assert "window.print()" in html and "printWithAnswers()" not in html


def lowest(sheet: PageObject) -> float:
    """How far above the lower edge of a sheet its last line of text stands."""
    places = []

    def visit(text, cm, tm, *_):
        if text.strip():
            places.append(cm[1] * tm[4] + cm[3] * tm[5] + cm[5])

    sheet.extract_text(visitor_text=visit)
    return min(places)


def first_words(text: str) -> str:
    """Some words of a card's text that stand in a line as they are written."""
    return " ".join(max(re.split(r"\$[^$]*\$|[`*\n]", text), key=len).split()[:6])


def squeezed(text: str) -> str:
    """A text without spaces, hyphens and ligatures, which depend on the machine's fonts."""
    return re.sub(r"[\s\u00ad\u2010-]", "", unicodedata.normalize("NFKC", text))
