"""The built book, served on this machine and open in a browser."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.site import book
from tests.site.lab import PATIENCE, Lab, plans
from tests.site.server import serve
from tests.site.watch import Watch

expect.set_options(timeout=PATIENCE)

SIZES = {"1280": {"width": 1280, "height": 900}, "390": {"width": 390, "height": 844}}

# Where the theme keeps a reader's choice of light or dark.
CHOOSE_THEME = """if (location.protocol.startsWith("http")) {
  localStorage.setItem("mode", "THEME");
  localStorage.setItem("theme", "THEME");
}"""


@pytest.fixture(scope="session")
def site() -> Iterator[str]:
    """The address of the built book."""
    if faults := book.build_faults():
        pytest.fail("\n".join(faults), pytrace=False)
    with serve(book.SITE) as address:
        yield address


@pytest.fixture
def open_page(browser: Browser, site: str) -> Iterator[Callable[..., Page]]:
    """A function that opens a page of the book in a fresh browser context, watched for faults.

    Any fault fails the test at its end, unless `known` (a compiled pattern) is found in it. `prepare` is called with
    the page before it loads anything; other options are those of Playwright's `new_context`.
    """
    contexts, watches = [], []

    def open_(path: str, size="1280", theme="light", known=None, prepare=None, **options) -> Page:
        settings = {"viewport": SIZES[size], "color_scheme": theme, "reduced_motion": "reduce", **options}
        context = browser.new_context(service_workers="block", **settings)
        context.set_default_timeout(4 * PATIENCE)
        context.add_init_script(CHOOSE_THEME.replace("THEME", theme))
        page = context.new_page()
        contexts.append(context)
        watches.append(Watch(context, site, known))
        page.watch = watches[-1]
        if prepare:
            prepare(page)
        page.goto(path if "://" in path else f"{site}/{path}")
        return page

    yield open_
    faults = [fault for watch in watches for fault in watch.faults]
    for context in contexts:
        context.close()
    assert not faults


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
