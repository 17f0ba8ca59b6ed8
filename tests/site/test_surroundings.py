"""Pages in browsers that store nothing, and from servers that forbid much."""

import re

import pytest
from playwright.sync_api import Page, expect

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
