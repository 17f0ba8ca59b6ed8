"""Links from the built chapters to the glossary."""

from functools import cache
from urllib.parse import unquote

import pytest
from bs4 import BeautifulSoup
from playwright.sync_api import expect

from tests.site import book

pytestmark = pytest.mark.site

GLOSSARY = "book/glossary"
WITHOUT = {GLOSSARY, "book/cheat_sheet", "book/bibliography"}
NO_TEXT = "h1 h2 h3 h4 code pre math table figcaption .cell_output .citation .admonition-title dt".split()


@cache
def parsed(document: str) -> BeautifulSoup:
    return BeautifulSoup((book.SITE / f"{document}.html").read_text(encoding="utf-8"), "html.parser")


def leads_to(document: str) -> list[str]:
    """Where the links of a page to the glossary lead: the places there."""
    found = parsed(document).select("a.glossary-link")
    assert all(link["href"].startswith("glossary.html#") for link in found)
    return [unquote(link["href"].split("#")[1]) for link in found]


@pytest.mark.parametrize("document", book.teaching())
def test_chapter_links_each_term_once(site, document):
    places = leads_to(document)
    assert len(places) >= 5
    assert len(places) == len(set(places))


@pytest.mark.parametrize("document", book.documents())
def test_links_stand_in_running_text_and_arrive(site, document):
    terms = {term["id"] for term in parsed(GLOSSARY).select("dl.glossary dt")}
    assert set(leads_to(document)) <= terms
    assert parsed(document).select(", ".join(f"{part} a.glossary-link" for part in NO_TEXT)) == []
    if document in WITHOUT:
        assert not leads_to(document)


def test_link_is_quiet_and_leads_to_the_term(open_page):
    """It has the colour of the text around it and a tooltip, which is no part of what a screen reader reads out."""
    page = open_page("book/lstm.html")
    link = page.locator("a.glossary-link").first
    colour = link.evaluate("(link) => getComputedStyle(link).color")
    assert colour == link.evaluate("(link) => getComputedStyle(link.closest('p')).color")
    assert link.evaluate("(link) => getComputedStyle(link).textDecorationStyle") == "dotted"
    expect(link).to_have_accessible_name(link.inner_text())
    expect(link).to_have_accessible_description("")
    assert len(link.locator("span[title]").get_attribute("title")) > 20
    link.click()
    page.wait_for_url("**/glossary.html#term-*")
    expect(page.locator("dt:target")).to_be_in_viewport()
