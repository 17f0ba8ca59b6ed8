"""What a page with labs may weigh as it travels, and when what travels comes."""

import re

import pytest
from playwright.sync_api import Page

from lmkit import pretrained
from tests.bench.page import weigh
from tests.site import book
from tests.site.loading import requested
from tests.site.rendering import settle

pytestmark = pytest.mark.site

WITHOUT_MODELS, WITH_MODELS = 360_000, 740_000  # of the latter 402 for the weights of Stories
HEAVIER = {"book/real_english": 880_000}  # Shakespeare's model is the largest; and it trains one besides, for 45 KB
HEAVIER_WITHOUT = {"book/review": 450_000}  # it has every card of the book
MODELS = {*pretrained.names(), *pretrained.translator_names()}


@pytest.mark.parametrize("document", book.with_labs())
def test_page_with_labs_is_light(browser, site, document):
    files = requested(browser, site, f"{document}.html")
    weight = weigh(files)
    assert {file.name for file in files} >= {f"{document.split('/')[-1]}.html", "static-widgets.js"}
    assert weight.without_models <= HEAVIER_WITHOUT.get(document, WITHOUT_MODELS)
    assert weight.compressed <= HEAVIER.get(document, WITH_MODELS)


def test_models_are_weighed(browser, site):
    files = requested(browser, site, "book/comparing_decoders.html")
    assert "stories.bin" in {file.name for file in files}
    assert weigh(files).models > 100_000


@pytest.mark.parametrize("document", book.with_labs())
def test_only_the_model_of_the_first_lab_comes_before_a_reader_scrolls(browser, site, document):
    """Its weights come as bytes. The head names it, and asks for it before any style sheet."""
    html = (book.SITE / f"{document}.html").read_text(encoding="utf-8")
    first = re.search(r'<meta name="first-model" content="(\w+)"', html)
    files = {file.name for file in requested(browser, site, f"{document}.html") if file.parent.name == "lmkit"}
    loaded = {name for name in files if name.split(".")[0] in MODELS}
    assert loaded == ({f"{first[1]}.bin"} if first else set())
    assert not first or html.index(f"{first[1]}.bin") < html.index('rel="stylesheet"')


def text_of(page: Page, address: str) -> tuple[list[str], set[str]]:
    """What a page's labs say, and the files with weights for which it asked."""
    asked: set[str] = set()
    page.on("request", lambda request: asked.add(request.url.split("?")[0].rsplit("/", 1)[-1]))
    page.goto(address)
    settle(page)
    texts = page.locator(".lmkit-lab:not(:has(.lmkit-study)) .lmkit-content").all_inner_texts()
    return texts, {name for name in asked if name.split(".")[0] in MODELS}


@pytest.mark.parametrize("document", ["book/sampling", "book/attention"])
def test_labs_say_the_same_from_a_disk_and_where_weights_do_not_arrive(browser, site, document):
    """Then the script is taken, in which the same bytes travel."""
    pages = [browser.new_page() for _ in range(4)]
    pages[2].route("**/*.bin?*", lambda route: route.abort())
    pages[3].route("**/*.bin?*", lambda route: route.fulfill(body=b"\x1f\x8b cut off"))
    disk = (book.SITE / f"{document}.html").as_uri()
    address = f"{site}/{document}.html"
    (fetched, files), *others = (
        text_of(page, where) for page, where in zip(pages, (address, disk, address, address), strict=True)
    )
    names = {name.removesuffix(".bin") for name in files}
    assert all(name.endswith(".bin") for name in files) and fetched and all(fetched)
    for texts, asked in others:
        assert texts == fetched
        assert {f"{name}.js" for name in names} <= asked
    for page in pages:
        page.close()
