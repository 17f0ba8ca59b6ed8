"""A browser; a page for one view; the built book, served on this machine."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.site import book
from tests.site import browser as chromium
from tests.site.lab import PATIENCE, Lab, plans
from tests.site.page_faults import PageFaults
from tests.site.rendering import SIZES
from tests.site.server import serve
from tests.widgets.view_harness import ViewPage

expect.set_options(timeout=PATIENCE)

FAILED = book.ROOT / "_build" / "failed"

# Where the theme keeps a reader's choice of light or dark.
CHOOSE_THEME = """if (location.protocol.startsWith("http")) {
  localStorage.setItem("mode", "THEME");
  if ("THEME" !== "auto") localStorage.setItem("theme", "THEME");
}"""


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A headless Chromium, one for each worker."""
    path = chromium.executable()  # looks with a Playwright of its own, so before ours starts
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=chromium.ARGUMENTS)
        yield running
        running.close()


@pytest.fixture(scope="session")
def view_page(browser: Browser) -> Iterator[ViewPage]:
    """The page on which views are shown, one for each worker: a new one costs more than most tests on it."""
    on = ViewPage(browser)
    yield on
    on.page.close()


@pytest.fixture
def view(view_page: ViewPage) -> Iterator[ViewPage]:
    """An empty page for a lab's view alone; no error may reach its console."""
    view_page.clear()
    yield view_page
    assert not view_page.problems


@pytest.fixture(scope="session")
def site() -> Iterator[str]:
    """The address of the built book."""
    if faults := book.build_faults():
        pytest.fail("\n".join(faults), pytrace=False)
    with serve(book.SITE) as address:
        yield address


@pytest.fixture(scope="session")
def idle_pages() -> dict[tuple[str, str], list[Page]]:
    """Empty pages by size and theme: a page of the book loads on them in half the time that a new page takes."""
    return {}


@pytest.fixture
def open_page(browser: Browser, site: str, idle_pages, request) -> Iterator[Callable[..., Page]]:
    """A function that opens a page of the book with nothing left of other tests, watched for faults.

    Any fault fails the test at its end, unless `known` (a compiled pattern) is found in it. `prepare` is called with
    the page before it loads anything; other options are those of Playwright's `new_context`. With either of them the
    browser context is a fresh one.
    """
    opened = []

    def new_page(size, theme, **options) -> Page:
        scheme = {} if theme == "auto" else {"color_scheme": theme}
        settings = {"viewport": SIZES[size], **scheme, "reduced_motion": "reduce", **options}
        context = browser.new_context(service_workers="block", **settings)
        context.set_default_timeout(4 * PATIENCE)
        context.add_init_script(CHOOSE_THEME.replace("THEME", theme))
        return context.new_page()

    def open_(path: str, size="1280", theme="light", known=None, prepare=None, **options) -> Page:
        kind = (size, theme) if not (prepare or options or "://" in path) else None
        page = idle_pages[kind].pop() if idle_pages.get(kind) else new_page(size, theme, **options)
        opened.append((page, kind))
        page.seen = PageFaults(page.context, site, known)
        if prepare:
            prepare(page)
        page.goto(path if "://" in path else f"{site}/{path}")
        return page

    failed = request.session.testsfailed
    yield open_
    faults = [fault for page, _ in opened for fault in page.seen.faults]
    if faults or request.node.failed:
        keep_pictures(request.node.nodeid, [page for page, _ in opened])
    for page, kind in opened:
        page.seen.close()
        if kind and not faults and request.session.testsfailed == failed:
            empty(page, kind[0])
            idle_pages.setdefault(kind, []).append(page)
        else:
            page.context.close()
    assert not faults


def keep_pictures(name: str, pages: list[Page]) -> None:
    """Keep what pages show when a test has failed, in `_build/failed`."""
    FAILED.mkdir(parents=True, exist_ok=True)
    plain = re.sub(r"[^\w.-]+", "-", name)[-150:]
    for number, page in enumerate(pages, 1):
        page.screenshot(path=FAILED / f"{plain}-{number}.png", full_page=True)


def empty(page: Page, size: str) -> None:
    """Leave nothing on a page, and nothing that it has stored."""
    page.context.set_offline(False)
    page.emulate_media(media="null")  # neither paper nor anything else
    page.evaluate("() => { localStorage.clear(); sessionStorage.clear(); indexedDB.deleteDatabase('lmkit-models'); }")
    page.goto("about:blank")
    page.set_viewport_size(SIZES[size])
    page.mouse.move(0, 0)


@pytest.fixture
def open_labs(open_page) -> Callable[..., list[Lab]]:
    """A function that opens a page of the book and returns its labs of one kind, ready to use.

    `kind` is the name of the view's class, `driver` the class that drives such labs.
    """

    def open_(document: str, kind: str, driver: type[Lab] = Lab, path: str | None = None, **options) -> list[Lab]:
        html = (book.SITE / f"{document}.html").read_text(encoding="utf-8")
        found = plans(book.widget_state(html), book.widget_views(html))
        page = open_page(path or f"{document}.html", **options)
        roots = page.locator(".lmkit-lab")
        labs = [driver(roots.nth(i), plan) for i, plan in enumerate(found) if plan.kind == kind]
        for lab in labs:
            lab.wait_until_ready()
        return labs

    return open_


@pytest.fixture
def lab(request, open_labs) -> Callable[..., Lab]:
    """A function that opens the page of a module of tests, its DOCUMENT, and returns the first lab of its KIND."""
    tests = request.module
    return lambda **options: open_labs(tests.DOCUMENT, tests.KIND, tests.Driver, **options)[0]
