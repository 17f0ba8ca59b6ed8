"""Pages on paper, in browsers that store nothing, and from servers that forbid much."""

import io
import re

import pytest
from playwright.sync_api import Page, expect
from pypdf import PageObject, PdfReader

from lmkit import study
from tests.site import book
from tests.site.rendering import settle

pytestmark = pytest.mark.site
CHAPTER = "book/sampling"
NO_STORAGE = """for (const name of ["localStorage", "sessionStorage", "indexedDB"]) {
  const get = () => { throw new DOMException("The operation is insecure.", "SecurityError"); };
  Object.defineProperty(globalThis, name, { get, configurable: true });
}"""


def without_storage(page: Page) -> None:
    page.context.add_init_script(NO_STORAGE)


@pytest.fixture
def forgetful(open_page):
    """A function that opens a page in a browser that stores nothing; the test's own wish for a theme fails there."""
    return lambda path: open_page(path, prepare=without_storage, known=re.compile("The operation is insecure"))


def test_theme_works_where_nothing_is_stored(forgetful):
    """Menus, search and the choice of colours; a choice lasts until the page is left."""
    page = forgetful(f"{CHAPTER}.html")
    settle(page)
    root = page.locator("html")
    modes = set()
    for _ in range(3):
        modes.add(root.get_attribute("data-mode"))
        page.locator(".theme-switch-button:visible").first.click()
    assert modes == {"auto", "light", "dark"}
    page.keyboard.press("ControlOrMeta+k")
    expect(page.locator("#pst-search-dialog")).to_be_visible()
    page.keyboard.press("Escape")
    for menu in page.locator(".bd-header-article .dropdown").all():
        menu.get_by_role("button").click()
        expect(menu.locator(".dropdown-menu")).to_be_visible()
    page.locator(".primary-toggle:visible").first.click()
    page.wait_for_function("document.querySelector('#pst-primary-sidebar').getBoundingClientRect().left < 0")


def test_review_tells_that_nothing_is_stored(forgetful):
    """The stand-in for the theme is no storage to keep answers in."""
    page = forgetful(f"{CHAPTER}.html")
    settle(page)
    lab = page.locator(".lmkit-study[data-mode=quiz]")
    while not lab.locator("fieldset").is_visible():
        lab.get_by_role("button", name="Skip").click()
    lab.locator("fieldset input").first.check()
    lab.get_by_role("button", name="Check").click()
    expect(lab.locator(".lmkit-log-notice")).to_contain_text("does not let the page store anything")


def test_playground_tells_that_no_model_is_kept(forgetful):
    page = forgetful("book/playground.html")
    settle(page)
    keep = page.locator(".lmkit-train-keep").first
    keep.locator("summary").click()
    expect(keep).to_contain_text("This browser keeps nothing for this page")
    page.get_by_role("button", name="One step").first.click()
    expect(page.locator(".lmkit-train-step").first).to_have_attribute("open", "")


def served_with(policy: str):
    """A preparation that serves pages with a content security policy."""

    def prepare(page: Page) -> None:
        def answer(route):
            response = route.fetch()
            route.fulfill(response=response, headers={**response.headers, "content-security-policy": policy})

        page.route("**/*.html", answer)

    return prepare


def test_page_says_what_a_strict_policy_must_allow(open_page):
    """What it says is enough: with the policy that the page asks for, everything starts."""
    strict = open_page(f"{CHAPTER}.html", prepare=served_with("default-src 'self'"), known=re.compile(""))
    note = strict.locator("article .policy-note")
    expect(note).to_contain_text("reloading does not help")
    needed = note.locator("code").inner_text()
    assert needed in (book.ROOT / "README.md").read_text(encoding="utf-8")
    page = open_page(f"{CHAPTER}.html", prepare=served_with(needed))
    settle(page)
    assert page.locator(".lmkit-token").count() and not page.locator(".policy-note").count()


def pieces(pdf: PdfReader) -> list[str]:
    """The text of each sheet, in one line."""
    return [" ".join(sheet.extract_text().split()) for sheet in pdf.pages]


def test_paper_has_all_questions_and_whole_labs(open_page):
    """Every question of the chapter's quiz, no lab on two sheets that would fit on one, no sheet that is half empty."""
    page = open_page(f"{CHAPTER}.html", theme="auto")
    settle(page)
    shown = page.locator(".lmkit-study[data-mode=quiz] .lmkit-card")
    labs = page.locator(".lmkit-lab:has(.lmkit-controls)").count()
    assert shown.count() == 1
    titles = [f"begins lab {i}." for i in range(labs)], [f"ends lab {i}." for i in range(labs)]
    page.evaluate(
        """([first, last]) => [...document.querySelectorAll(".lmkit-lab:has(.lmkit-controls)")].forEach((lab, i) => {
          lab.prepend(first[i]);
          lab.append(last[i]);
        })""",
        titles,
    )
    pdf = PdfReader(io.BytesIO(page.pdf(format="A4", margin=dict.fromkeys(("top", "bottom"), "1cm"))))
    sheets = pieces(pdf)
    assert shown.count() == 1, "after printing the quiz shows one question again"
    for first, last in zip(*titles, strict=True):
        assert any(first in sheet and last in sheet for sheet in sheets), f"{first} on another sheet than {last}"
    quiz = [card for card in study.load("sampling").cards if card.kind not in ("flashcard", "draw")]
    unused = [lowest(sheet) / float(sheet.mediabox.height) for sheet in pdf.pages]
    assert max(unused[:-1]) < 0.5, unused
    text = " ".join(sheets)
    missing = [card.id for card in quiz if first_words(card.question) not in text]
    assert not missing, missing


def lowest(sheet: PageObject) -> float:
    """How far above the lower edge of a sheet its last line of text stands."""
    places = []

    def visit(text, cm, tm, *_):
        if text.strip():
            places.append(cm[1] * tm[4] + cm[3] * tm[5] + cm[5])

    sheet.extract_text(visitor_text=visit)
    return min(places)


def first_words(question: str) -> str:
    """Some words of a question that stand in a line as they are written."""
    return " ".join(re.split(r"[$`*\n]", question)[0].split()[:5])
