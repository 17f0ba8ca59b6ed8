"""Where a card says that something is taught, the published page has that section."""

import pytest
from bs4 import BeautifulSoup

from lmkit import study
from tests.site import book

pytestmark = pytest.mark.site


@pytest.mark.parametrize("chapter", study.chapters())
def test_sections_of_the_cards_are_on_the_page(chapter):
    page = BeautifulSoup((book.SITE / f"book/{chapter}.html").read_text(encoding="utf-8"), "html.parser")
    for card in study.load(chapter).cards:
        section = page.find(id=study.anchor(card.section))
        assert section, f"{chapter}.html has no section {card.section!r}, which card {card.id!r} names; build it again"
        heading = section.find(["h2", "h3"]).find(string=True, recursive=False)
        assert heading.replace("’", "'") == card.section  # the page has typographic quotes
