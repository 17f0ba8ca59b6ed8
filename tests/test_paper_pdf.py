"""The book's PDF: what Chromium prints passes all checks, and each check notices its fault."""

import io

import pikepdf
import pypdf
import pytest

from paper import cover, document, pdf, pdf_check
from paper.tree import by_class, elements, make, text_of
from tests import small_book
from tests.small_book import BOOK


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    return small_book.write(tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="module")
def printed(site, browser):
    """The small book, and its document with the numbers of its pages."""
    content = pdf.make(BOOK, site, browser)
    whole = document.whole(BOOK, site)
    document.show_page_numbers(whole, pdf.page_numbers(content))
    return content, whole


def faults(content, whole, language="en") -> str:
    return "\n".join(pdf_check.faults(content, whole, language))


def altered(content, change) -> bytes:
    """The PDF after a change of its parts."""
    file = io.BytesIO()
    with opened(content) as changed:
        change(changed)
        changed.save(file)
    return file.getvalue()


def opened(content) -> pikepdf.Pdf:
    return pikepdf.open(io.BytesIO(content))


def without(name):
    """A change that takes something out of the catalogue."""

    def change(changed):
        del changed.Root[name]

    return change


def without_author(changed):
    del changed.docinfo["/Author"]


def with_a_blank_sheet(changed):
    changed.add_blank_page()


def without_places(changed):
    changed.Root.Dests = pikepdf.Dictionary()


def with_a_silent_chart(changed):
    for node in pdf_check.structure(changed):
        if str(node.get("/Alt", "")) == "A chart":
            node.Alt = pikepdf.String("")


def test_print_has_no_faults(printed):
    assert faults(*printed) == ""


def test_print_says_what_it_is(printed):
    with opened(printed[0]) as content, content.open_metadata() as said:
        assert (said["dc:title"], said["dc:creator"], said["dc:language"]) == (BOOK.title, [BOOK.author], {"en"})
        assert str(content.docinfo["/Author"]) == BOOK.author
        width, height = (float(side) / 72 * 25.4 for side in content.pages[0].mediabox[2:])
        assert (width, height) == pytest.approx((210, 297), abs=0.5)
        tags = {str(node.S) for node in pdf_check.structure(content)}
        assert tags >= {"/H1", "/H2", "/H3", "/P", "/L", "/LI", "/Link", "/Figure"}


def test_outline_has_the_levels_of_the_headings(printed):
    with opened(printed[0]) as content:
        levels = [(level, title) for level, title, _ in pdf_check.outline(content)]
    chapters = [(2, "First"), (3, "Folded"), (2, "Second"), (3, "Deep")]
    assert levels == [(1, "Contents"), (1, "Small"), (1, "One"), *chapters, (1, "Answers"), (2, "First")]


def test_chapters_begin_on_sheets_of_their_own_with_their_title_at_the_head(printed):
    texts = [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(printed[0])).pages]
    with opened(printed[0]) as content:
        sheets = {title: sheet for _, title, sheet in pdf_check.outline(content)}
    assert len(texts) == 6 and [sheets[name] for name in ("Small", "One", "Second", "Answers")] == [3, 4, 5, 6]
    assert [text.split()[0] for text in texts[3:]] == ["First", "Second", "Answers"]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (without("/StructTreeRoot"), "must be tagged"),
        (without("/MarkInfo"), "must be tagged"),
        (without("/Lang"), "language must be 'en'"),
        (without("/ViewerPreferences"), "title must be shown"),
        (without_author, "must have /Author"),
        (without("/Outlines"), "outline must be the headings"),
        (with_a_blank_sheet, "sheet 7 is blank"),
        (with_a_blank_sheet, "sheet 7 does not show its number"),
        (without_places, "which is nowhere"),
        (with_a_silent_chart, "a figure's text is not among the tags: 'A chart'"),
    ],
)
def test_a_fault_of_a_file_is_told(printed, change, fault):
    content, whole = printed
    assert fault in faults(altered(content, change), whole)


def test_what_differs_from_the_document_is_told(site, printed):
    content, _ = printed
    whole = document.whole(BOOK, site)
    assert "'Deep000' must name sheet 5" in faults(content, whole)
    elements(whole, "h2")[0].append(make("span", "!"))
    assert "outline must be the headings, but it has 9, not 9" in faults(content, whole)
    elements(whole, "img")[0].set("alt", "")
    assert "a figure must have a text, but one has none: data:image" in faults(content, whole)


def test_a_print_with_faults_is_not_returned(site, browser, printed, monkeypatch):
    monkeypatch.setattr(pdf, "finished", lambda content, settings: content)
    with pytest.raises(ValueError, match="the printed book has faults:\n"):
        pdf.make(BOOK, site, browser)


def test_links_to_the_machine_are_told(site, browser, printed):
    whole = document.whole(BOOK, site)
    by_class(whole, "title-page")[0].append(make("a", "here", href="http://127.0.0.1:8000/x"))
    content = pdf.printed(browser, "http://127.0.0.1:8000/book.xhtml", document.written(whole))
    assert "a link leads to http://127.0.0.1:8000/x, which only this machine knows" in faults(content, whole)


def test_cover_is_a_small_picture_with_the_title(browser):
    picture = cover.picture(BOOK, browser)
    assert picture.startswith(b"\x89PNG") and len(picture) < 150_000
    assert "Small" in text_of(cover.title_page(BOOK))
