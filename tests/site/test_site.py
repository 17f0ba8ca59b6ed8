"""Every page of the built book, in light and dark, on a wide and on a narrow screen."""

import re
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import pytest
from bs4 import BeautifulSoup

from tests.site import book
from tests.site.adaptation import adaptation_faults
from tests.site.rendering import (
    SIZES,
    accessibility_faults,
    content_faults,
    faults_everywhere,
    forced_faults,
    overflow,
    picture_faults,
    settle,
    show,
    simplify,
    unfold,
    widget_faults,
)

pytestmark = pytest.mark.site


@pytest.mark.parametrize("path", book.pages())
def test_page_is_sound(open_page, path):
    """It asks no other host, logs no error or warning, is accessible, complete, and no wider than the screen.

    Nothing is lost in forced colours, at 400 % zoom or with wide letters, and keys are seen wherever they are.

    The page is loaded once and then shown in all sizes and themes, as a reader turns a phone or darkens the room.
    """
    page = open_page(path, theme="auto")
    settle(page)
    assert page.locator("main").inner_text().strip()
    assert widget_faults(page) == []
    assert picture_faults(page) == []
    if (document := path.removesuffix(".html")) in book.notebooks():
        assert content_faults(page, document) == []
        texts = page.locator(".cell_output > .output:not(.text_html):visible").all_inner_texts()
        assert all(text.strip() for text in texts)
    for size in SIZES:
        show(page, size, "light")
        assert overflow(page) <= 0, size
    simplify(page)
    unfold(page)
    assert adaptation_faults(page) == []
    assert faults_everywhere(page) == []
    assert widget_faults(page) == []


def test_root_leads_to_the_landing_page(open_page, site):
    page = open_page("")
    page.wait_for_url(f"{site}/{book.documents()[0]}.html")
    assert page.locator("article h1").is_visible()


@pytest.mark.parametrize("path", book.pages())
def test_links_lead_somewhere(site, path):
    """Every link to the book's own pages and files arrives, at the place on the page that it names."""
    faults = []
    for link in parsed(book.SITE / path).find_all("a", href=True):
        address = urlsplit(urljoin(f"{site}/{path}", link["href"]))
        if f"{address.scheme}://{address.netloc}" != site:
            continue
        target = book.SITE / unquote(address.path).lstrip("/")
        anchor = unquote(address.fragment)
        if not target.is_file() or (anchor and anchor not in places(target)):
            faults.append(link["href"])
    assert not faults


@cache
def parsed(file: Path) -> BeautifulSoup:
    return BeautifulSoup(file.read_text(encoding="utf-8"), "html.parser")


@cache
def places(file: Path) -> set[str]:
    """The ids of a page."""
    return {node["id"] for node in parsed(file).find_all(id=True)}


def test_search_finds_a_chapter(open_page):
    document = book.notebooks()[0]
    title = re.search(r"^# (.+)$", book.notebook(document).cells[0].source, re.MULTILINE)[1]
    page = open_page(f"search.html?q={title.split()[0]}")
    page.locator(f"#search-results a[href*='{document}.html']").first.wait_for()


@pytest.mark.parametrize("document", book.notebooks())
def test_chapter_offers_its_notebook(site, document):
    """Download of the notebook that is in the repository, and addresses that open it in Binder and Colab."""
    links = parsed(book.SITE / f"{document}.html").select("header a[href], .article-header-buttons a[href]")
    targets = [urljoin(f"{site}/{document}.html", link["href"]) for link in links]
    downloads = [target for target in targets if target.endswith(".ipynb") and target.startswith(site)]
    assert downloads
    stored = book.source(document).read_bytes()
    assert (book.SITE / urlsplit(downloads[0]).path.lstrip("/")).read_bytes() == stored
    for host in ("mybinder.org", "colab.research.google.com"):
        assert any(urlsplit(target).hostname == host and document in unquote(target) for target in targets), host


STYLE = "document.head.append(Object.assign(document.createElement('style'), { textContent: '%s' }))"
SPOILT = {
    "a faint word in the code": "document.querySelector('.highlight .n').style.color = '#ddd'",
    "a faint word in code that is folded away": "document.querySelector('details .n').style.color = '#ddd'",
    "a slider without a name": "document.querySelector('.noUi-handle').removeAttribute('aria-label')",
    "a picture without a description": "document.querySelector('article img').removeAttribute('alt')",
    "a picture described by its address": "document.querySelector('article img').alt = '../_images/a.png'",
    "a picture that is not there": "document.querySelector('article img').src = 'data:image/png;base64,'",
    "a line that is too wide": "document.querySelector('article').style.minWidth = '3000px'",
    "a lab without its text": "document.querySelector('[data-filled]').replaceChildren()",
    "a bar that vanishes in forced colours": "document.querySelector('.lmkit-bar').style.background = 'rgb(0, 90, 0)'",
    "words that vanish in forced colours": STYLE % "@media (forced-colors: active) { .lmkit-title { color: Canvas } }",
    "headings that vanish in forced colours": STYLE % "@media (forced-colors: active) { article h2 { color: Canvas } }",
    "a label that is cut": STYLE % ".lmkit-lab .widget-label { width: 3rem !important; white-space: pre !important }",
    "a title that is cut where letters are wide": STYLE % "article h1 { height: 1.2em; overflow: hidden }",
    "a narrow page’s menu without focus": STYLE % ".secondary-toggle:focus-visible { outline: none !important }",
    "menus without focus": STYLE % "button:focus-visible:not(#any) { outline: none !important }",
}


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT)
def test_spoilt_page_is_noticed(open_page, spoil):
    """The checks of `test_page_is_sound` see what they are there for."""
    page = open_page("book/sampling.html")
    settle(page)
    page.evaluate(f"() => {{ {spoil}; }}")
    page.wait_for_function("() => [...document.images].every((image) => image.complete)")
    unfold(page)
    faults = widget_faults(page) + picture_faults(page) + ["too wide"] * (overflow(page) > 0)
    assert faults or accessibility_faults(page) or adaptation_faults(page) or forced_faults(page)


def mutated(change):
    """A preparation for `open_page` that serves the chapter after a change of its HTML."""

    def prepare(page):
        def answer(route):
            response = route.fetch()
            route.fulfill(response=response, body=change(response.text()))

        page.route("**/book/*.html", answer)

    return prepare


def without_state(html: str) -> str:
    return re.sub(rf'(?s)<script type="{re.escape(book.WIDGET_STATE)}">.*?</script>', "", html)


def with_empty_view(html: str) -> str:
    return re.sub(r'"_esm": ?"(\\.|[^"\\])*"', '"_esm": "export default { render() {} }"', html)


def without_widgets(html: str) -> str:
    return without_state(re.sub(rf'(?s)<script type="{re.escape(book.WIDGET_VIEW)}">.*?</script>', "", html))


def without_outputs(html: str) -> str:
    return html.replace('class="cell_output', 'hidden class="')


@pytest.mark.parametrize("change", [without_state, with_empty_view, without_widgets, without_outputs])
def test_broken_page_is_noticed(open_page, change):
    """The checks above fail where a widget is empty, or where outputs are missing."""
    document = next(document for document in book.notebooks() if book.shown_labs(document))
    page = open_page(f"{document}.html", prepare=mutated(change), known=re.compile(""))
    settle(page, patience=5000)
    assert widget_faults(page) + content_faults(page, document)
