"""Where a card says that something is taught, the published page has that section."""

import pytest
from bs4 import BeautifulSoup

from lmkit import study
from tests.site import book
from tests.site.lab import plans

pytestmark = pytest.mark.site


@pytest.mark.parametrize("chapter", study.chapters())
def test_sections_of_the_cards_are_on_the_page(chapter):
    page = BeautifulSoup((book.SITE / f"book/{chapter}.html").read_text(encoding="utf-8"), "html.parser")
    for card in study.load(chapter).cards:
        section = page.find(id=study.anchor(card.section))
        assert section, f"{chapter}.html has no section {card.section!r}, which card {card.id!r} names; build it again"
        heading = section.find(["h2", "h3"])
        words = "".join(part.get_text() for part in heading.children if part.name != "a")
        assert words.replace("’", "'") == card.section.replace("`", "")  # the page has typographic quotes


def differing(stored: list[dict], expected: dict[str, dict]) -> list[str]:
    """The ids of cards that are not stored as they should be, that are lacking, or that are too many."""
    lacking = set(expected) - {card["id"] for card in stored}
    return sorted(lacking | {card["id"] for card in stored if card != expected.get(card["id"])})


@pytest.mark.parametrize("chapter", study.chapters())
def test_chapter_shows_all_its_cards(site, chapter):
    """Its quiz, and flashcards beside their sections, as the files have them now."""
    deck, shown = study.load(chapter), []
    for plan in plans(*book.built_widgets(f"book/{chapter}"), "StudyView"):
        shown += plan.view["cards"]
    expected = {card.id: study.card_to_json(card, deck) for card in deck.cards}
    changed = differing(shown, expected)
    remedy = "give the chapter a Quiz, and Flashcards beside each section that has some"
    assert not changed, f"the page of {chapter} must show all its cards; {remedy}: {changed}"


def test_review_page_has_all_cards(site):
    (plan,) = plans(*book.built_widgets("book/review"), "ReviewView")
    drawn = [card | {"drawing": plan.view["drawings"].get(card["drawing"])} for card in plan.view["cards"]]
    expected = {card.id: study.card_to_json(card, deck) for deck in study.load_all() for card in deck.cards}
    changed = differing(drawn, expected)
    assert not changed, f"the Review page must have all cards: {changed}"
    assert [card["id"] for card in drawn] == list(expected)
