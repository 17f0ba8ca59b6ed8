"""The book's PDF: what Chromium prints passes all checks, and each check notices its fault."""

import io

import pypdf
import pytest
from pypdf.generic import NameObject, TextStringObject

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
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(content))
    change(writer)
    file = io.BytesIO()
    writer.write(file)
    return file.getvalue()


def test_print_has_no_faults(printed):
    assert faults(*printed) == ""


def test_print_says_what_it_is(printed):
    reader = pypdf.PdfReader(io.BytesIO(printed[0]))
    assert (reader.metadata.title, reader.metadata.author) == (BOOK.title, BOOK.author)
    assert reader.trailer["/Root"]["/Lang"] == "en"
    width, height = (float(side) / 72 * 25.4 for side in reader.pages[0].mediabox[2:])
    assert (width, height) == pytest.approx((210, 297), abs=0.5)


def test_outline_has_the_levels_of_the_headings(printed):
    levels = [(level, title) for level, title, _ in pdf_check.outline(pypdf.PdfReader(io.BytesIO(printed[0])))]
    chapters = [(2, "First"), (3, "Folded"), (2, "Second"), (3, "Deep")]
    assert levels == [(1, "Contents"), (1, "Small"), (1, "One"), *chapters, (1, "Answers"), (2, "First")]


def test_chapters_begin_on_sheets_of_their_own_with_their_title_at_the_head(printed):
    reader = pypdf.PdfReader(io.BytesIO(printed[0]))
    sheets = {title: sheet for _, title, sheet in pdf_check.outline(reader)}
    assert len(reader.pages) == 6 and [sheets[name] for name in ("Small", "One", "Second", "Answers")] == [3, 4, 5, 6]
    assert [reader.pages[sheet - 1].extract_text().split()[0] for sheet in (4, 5, 6)] == ["First", "Second", "Answers"]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda writer: writer.root_object.pop("/StructTreeRoot"), "must be tagged"),
        (lambda writer: writer.root_object.pop("/MarkInfo"), "must be tagged"),
        (lambda writer: writer.root_object.pop("/Lang"), "language must be 'en'"),
        (lambda writer: writer.root_object.pop("/ViewerPreferences"), "title must be shown"),
        (lambda writer: setattr(writer, "metadata", {"/Title": "Small"}), "must have /Author"),
        (lambda writer: writer.root_object.pop("/Outlines"), "outline must be the headings"),
        (lambda writer: writer.add_blank_page(), "sheet 7 is blank"),
        (lambda writer: writer.add_blank_page(), "sheet 7 does not show its number"),
        (lambda writer: writer.root_object.pop("/Names", writer.root_object.pop("/Dests", None)), "which is nowhere"),
    ],
)
def test_a_fault_of_a_file_is_told(printed, change, fault):
    content, whole = printed
    assert fault in faults(altered(content, change), whole)


def test_a_figure_without_its_text_is_told(printed):
    def silence(writer):
        for node in pdf_check.structure(writer.root_object):
            if node.get("/Alt") == "A chart":
                node[NameObject("/Alt")] = TextStringObject("")

    content, whole = printed
    assert "a figure's text is not among the tags: 'A chart'" in faults(altered(content, silence), whole)


def test_what_differs_from_the_document_is_told(site, printed):
    content, _ = printed
    whole = document.whole(BOOK, site)
    assert "'Deep000' must name sheet 5" in faults(content, whole)
    elements(whole, "h2")[0].append(make("span", "!"))
    assert "outline must be the headings, but it has 9, not 9" in faults(content, whole)
    elements(whole, "img")[0].set("alt", "")
    assert "every figure must have a text, but 1 have none" in faults(content, whole)


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
