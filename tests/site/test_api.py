"""The API page describes what lmkit offers, and names in code cells lead to it."""

import gzip
import importlib
import re
from html.parser import HTMLParser

import pytest

from tests.site import book

pytestmark = pytest.mark.site
API = "book/api.html"
MOST_BYTES = 500_000  # of the page as it travels


class Page(HTMLParser):
    """What a page has: ids, links from code with their texts, and of which definition lists they are part."""

    def __init__(self, path: str):
        super().__init__()
        self.ids: set[str] = set()
        self.code_links: list[tuple[str, str]] = []
        self._address: str | None = None
        self.feed((book.SITE / path).read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.ids |= {given["id"]} if "id" in given else set()
        if tag == "a" and "sphinx-codeautolink-a" in (given.get("class") or ""):
            self._address = given["href"]
            self.code_links.append((self._address, ""))

    def handle_data(self, data):
        if self._address:
            self.code_links[-1] = (self._address, self.code_links[-1][1] + data)

    def handle_endtag(self, tag):
        self._address = None if tag == "a" else self._address


@pytest.fixture(scope="module")
def api(site) -> Page:
    return Page(API)


def test_page_is_light(site):
    assert len(gzip.compress((book.SITE / API).read_bytes())) < MOST_BYTES


@pytest.mark.parametrize("room", ["decoding", "metrics", "plots", "rnn", "training", "widgets"])
def test_everything_that_a_room_offers_is_described(api, room):
    offered = {name for name in importlib.import_module(f"lmkit.{room}").__all__ if callable_or_class(room, name)}
    assert offered and {f"lmkit.{room}.{name}" for name in offered} <= api.ids


def callable_or_class(room: str, name: str) -> bool:
    """Tell whether a thing is of those that have a docstring of their own; constants and aliases of types have not."""
    thing = getattr(importlib.import_module(f"lmkit.{room}"), name)
    return getattr(thing, "__module__", "").startswith("lmkit.")


def test_private_names_are_not_described(api):
    described = [name for name in api.ids if name.startswith("lmkit.")]
    assert len(described) > 100
    assert [name for name in described if re.search(r"\._", name)] == []


def test_names_in_code_lead_to_where_they_are_described(api):
    links = Page("book/sampling.html").code_links
    assert ("../book/api.html#lmkit.decoding.sample", "decoding.sample") in links
    assert ("../book/api.html#lmkit.widgets.DecodingLab", "DecodingLab") in links  # written in a folder of its own
    assert len(links) > 20
    assert {address.split("#")[1] for address, _ in links} <= api.ids


def test_a_reader_follows_a_name(open_page):
    page = open_page("book/sampling.html")
    page.locator("a.sphinx-codeautolink-a", has_text="decoding.read_prompt").first.click()
    page.wait_for_url("**/book/api.html#lmkit.decoding.read_prompt")
    assert page.locator("#lmkit\\.decoding\\.read_prompt").is_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_linked_names_keep_the_colours_of_code(open_page, theme):
    colours = """() => [...document.querySelectorAll("a.sphinx-codeautolink-a")].flatMap((link) =>
      [link, ...link.querySelectorAll("span")].map((part) => [getComputedStyle(part).color,
        part === link ? getComputedStyle(link.parentElement).color : plain(part)]))"""
    plain = """const plain = (part) => {
      const twin = part.cloneNode(true);
      part.closest("pre").append(twin);
      const { color } = getComputedStyle(twin);
      twin.remove();
      return color;
    };"""
    page = open_page("book/sampling.html", theme=theme)
    found = page.evaluate(f"() => {{ {plain} return ({colours})(); }}")
    assert found and all(linked == usual for linked, usual in found)
