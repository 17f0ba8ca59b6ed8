"""What paper makes of pages: answers apart, labs as pictures, links that lead somewhere, and an EPUB that is valid."""

import re
import zipfile
from datetime import UTC, datetime

import pytest
from lxml import etree

from paper import document, epub, epub_check, landing, pages, settings
from paper.links import ANSWERS, Links
from paper.tree import HTML, MATHML, SVG, by_class, elements, make, parse, serialised, text_of
from tests import small_book
from tests.small_book import BOOK, png


@pytest.fixture
def site(tmp_path):
    return small_book.write(tmp_path)


@pytest.fixture
def one(site):
    return pages.read(site, "book/one", BOOK.address)


def test_the_books_own_settings_are_read():
    book = settings.read()
    assert book.pages[0] == "book/intro" and "book/sampling" in book.pages
    assert [part.caption for part in book.parts][:2] == ["", "Memory"]
    assert book.only("book/sampling").pages == ["book/sampling"]


@pytest.mark.parametrize(
    ("variable", "baseurl", "address"),
    [
        ("https://a.org/b/", "https://c.org", "https://a.org/b"),
        ("", "https://c.org/", "https://c.org"),
        ("", "", "https://owner.github.io/name"),
    ],
)
def test_address_is_the_published_one(monkeypatch, variable, baseurl, address):
    monkeypatch.setenv("BOOK_ADDRESS", variable)
    config = {"repository": {"url": "https://github.com/Owner/name"}, "html": {"baseurl": baseurl}}
    assert settings.address_of(config) == address


def test_what_a_screen_needs_is_gone(one):
    text = text_of(one.section)
    assert "shown code" in text and "drawing code" not in text and "Show" not in text
    assert not elements(one.section, "script", "noscript", "details", "button")
    assert one.title == "First"


def test_sections_that_are_empty_on_paper_are_gone(site):
    intro = pages.read(site, "book/intro", BOOK.address)
    assert [text_of(heading) for heading in elements(intro.section, "h1", "h2")] == ["Small"]


def test_labs_are_pictures_that_lead_to_the_lab(one):
    (figure,) = by_class(one.section, "lab")
    assert elements(figure, "img")[0].get("alt") == "A lab"
    assert elements(figure, "a")[0].get("href") == "https://example.org/small/book/one.html#folded"


def test_answers_are_apart_in_order_with_the_numbers_of_their_questions(one):
    assert [(answers.title, len(answers.body[0])) for answers in one.answers] == [("Quiz", 2), ("Exercises", 1)]
    text = text_of(one.section)
    assert "One or two?" in text and "And three?" in text and "A recordUnfolded." in text
    assert not re.search("It is one|No\\.|Forty-two", text)
    assert [text_of(item) for item in one.answers[0].body[0]] == ["It is one.", "No."]
    links = [link for link in elements(one.section, "a") if text_of(link) == "Answers"]
    assert [link.get("href") for link in links] == [f"#{answers.id}" for answers in one.answers]


def test_links_lead_within_the_edition_where_they_can(site):
    read = {name: pages.read(site, name, BOOK.address) for name in BOOK.pages}
    links, one = Links(read.values(), BOOK.address), read["book/one"]

    def resolved(href: str) -> str:
        return links.resolved(one, href, lambda key, identity: f"<{key} {identity}>")

    assert resolved("two.html#deep") == "<two deep>"
    assert resolved("two.html#gone") == resolved("two.html") == "<two >"
    assert resolved("#folded") == "<one folded>"
    assert resolved(f"#{one.answers[0].id}") == f"<{ANSWERS} {one.answers[0].id}>"
    assert resolved("review.html#x") == "https://example.org/small/book/review.html#x"
    assert resolved("../_static/deck.apkg") == "https://example.org/small/_static/deck.apkg"
    assert resolved("https://other.org/#y") == "https://other.org/#y"
    assert resolved("mailto:a@b.org") == "mailto:a@b.org"


def test_document_has_one_of_each_id_and_no_dead_link(site):
    whole = document.whole(BOOK, site)
    ids = [node.get("id") for node in whole.iter() if node.get("id")]
    assert len(ids) == len(set(ids))
    inner = [href[1:] for link in elements(whole, "a") if (href := link.get("href")).startswith("#")]
    assert len(inner) > 10 and set(inner) <= set(ids)
    ends = [path.get("marker-end") for path in whole.iter(f"{{{SVG}}}path") if path.get("marker-end")]
    assert ends == ["url(#two--tip)"] and "two--tip" in ids


def test_contents_are_the_headings_in_their_levels(site):
    whole = document.whole(BOOK, site)
    (contents,) = by_class(whole, "contents")
    entries = [
        (len([node for node in link.iterancestors() if node.tag == f"{{{HTML}}}ol"]), link.text)
        for link in elements(contents, "a")
    ]
    chapters = [(2, "First"), (3, "Folded"), (2, "Second"), (3, "Deep")]
    assert entries == [(1, "Small"), (1, "One"), *chapters, (1, "Answers"), (2, "First")]


def test_page_numbers_are_written_over_those_before(site):
    whole = document.whole(BOOK, site)
    document.show_page_numbers(whole, {"two": 12})
    document.show_page_numbers(whole, {"two": 13, "one": 7})
    shown = {link.get("href"): text_of(link[-1]) for link in by_class(whole, "page-ref")}
    assert (shown["#two"], shown["#one"], shown["#answers"]) == ("13", "7", document.UNKNOWN)


def test_document_is_well_formed(site):
    whole = etree.fromstring(document.written(document.whole(BOOK, site)).encode())
    assert [text_of(formula) for formula in whole.iter(f"{{{MATHML}}}math")] == ["x<1"]


def test_pages_are_read_without_prefixes():
    text = serialised(parse('<p>a<!-- b --> c<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><g/></svg></p>'))
    svg = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><g/></svg>'
    assert text == f'<div xmlns="http://www.w3.org/1999/xhtml"><p>a c{svg}</p></div>'


def test_a_page_without_text_is_told(tmp_path):
    (tmp_path / "a.html").write_text("<html></html>")
    with pytest.raises(ValueError, match=r"an article, but a\.html has none; build the book again"):
        pages.read(tmp_path, "a", BOOK.address)


# --- EPUB -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def packed(site, tmp_path):
    path = tmp_path / "small.epub"
    path.write_bytes(epub.make(BOOK, site, png(), datetime(2026, 12, 1, tzinfo=UTC)))
    return path


def changed(path, name: str, old: str, new: str):
    """Another book beside it, in one file of which a text is another."""
    with zipfile.ZipFile(path) as book:
        files = {item.filename: book.read(item) for item in book.infolist()}
    assert old.encode() in files[name]
    files[name] = files[name].replace(old.encode(), new.encode())
    files.pop("mimetype")
    other = path.with_name("changed.epub")
    other.write_bytes(epub.zipped(files))
    return other


@pytest.mark.slow
def test_epub_is_valid(packed):
    assert epub_check.messages(packed) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("book/one.xhtml", "two.xhtml#deep", "two.xhtml#nowhere"),
        ("book/package.opf", ' properties="mathml"', ""),
        ("book/two.xhtml", "<p>Back", '<p align="left">Back'),
    ],
)
def test_a_fault_of_an_epub_is_told(packed, name, old, new):
    told = epub_check.messages(changed(packed, name, old, new))
    assert told and all(re.match(r"(ERROR|FATAL|WARNING) [A-Z]+-\d+\w?: ", line) for line in told)


def test_epub_has_all_pages_in_order_in_spine_and_contents(packed):
    with zipfile.ZipFile(packed) as book:
        first, *_ = book.infolist()
        assert (first.filename, first.compress_type) == ("mimetype", zipfile.ZIP_STORED)
        package = book.read("book/package.opf").decode()
        contents = etree.fromstring(book.read("book/contents.xhtml"))
    spine = re.findall(r'<itemref idref="item-(\w+)-xhtml"/>', package)
    assert spine == ["cover", "contents", "intro", "one", "two", "answers"]
    nav = [node for node in contents.iter(f"{{{HTML}}}nav") if node.get(epub.TYPE) == "toc"][0]
    links = [(text_of(link), link.get("href")) for link in elements(nav, "a")]
    assert links == [
        ("Small", "intro.xhtml"),
        ("First", "one.xhtml"),
        ("Folded", "one.xhtml#folded"),
        ("Second", "two.xhtml"),
        ("Deep", "two.xhtml#deep"),
        ("Answers", "answers.xhtml"),
    ]
    assert [text_of(part) for part in elements(nav, "span")] == ["One"]


def test_the_same_pages_give_the_same_epub(site, packed):
    assert epub.make(BOOK, site, png(), datetime(2026, 12, 1, tzinfo=UTC)) == packed.read_bytes()


# --- the links on the first page --------------------------------------------------------------------------------------


def test_editions_are_offered_once_they_are_there(site, tmp_path):
    page = site / "book" / "intro.html"
    before = page.read_text("utf-8")
    files = [tmp_path / "small.pdf", tmp_path / "small.epub"]
    for file in files:
        file.write_bytes(bytes(1_250_000))
    for _ in range(2):  # a second time it changes nothing
        landing.offer(site, BOOK, files)
        links = re.findall(r'<a href="([^"]+)" download>([^<]+)</a>', page.read_text("utf-8"))
        assert links == [("../downloads/small.pdf", "PDF (1.2 MB)"), ("../downloads/small.epub", "EPUB (1.2 MB)")]
        assert all((page.parent / href).is_file() for href, _ in links)
    assert "download>" not in before


def test_a_first_page_without_a_place_for_them_is_told(site, tmp_path):
    page = site / "book" / "intro.html"
    page.write_text(page.read_text("utf-8").replace("paper-editions", "other"), "utf-8")
    with pytest.raises(ValueError, match=r"intro\.html must have a place for the editions"):
        landing.offer(site, BOOK, [])


def test_the_books_first_page_has_that_place():
    assert '<div class=\\"paper-editions\\"></div>' in (settings.ROOT / "book" / "intro.ipynb").read_text("utf-8")


def test_elements_are_made_with_their_texts_in_order():
    assert serialised(make("p", "a", make("b", "c"), "d", class_="e")) == (
        f'<p xmlns="{HTML}" class="e">a<b>c</b>d</p>'
    )
