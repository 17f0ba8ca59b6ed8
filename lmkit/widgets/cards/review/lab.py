"""The Review page: all cards of the book in sessions, exams and lists."""

from __future__ import annotations

from collections.abc import Iterable

import traitlets as T

from lmkit import study
from lmkit.plots.escaping import escape
from lmkit.widgets.base.checks import about, check_number, checked_texts
from lmkit.widgets.base.lab import Lab
from lmkit.widgets.base.view import View
from lmkit.widgets.cards.fallback import unfoldable


class ReviewView(View):
    """Plans by FSRS and asks; `Review` makes it."""

    cards = T.List(T.Dict(), help="As lmkit.study.card_to_json makes them, a drawing as its name.").tag(sync=True)
    drawings = T.Dict(help="The drawings of the cards, by name.").tag(sync=True)
    seed = T.Int(0, help="What exams draw by; 0 leaves it to chance.").tag(sync=True)


class Review(Lab[ReviewView]):
    """All cards of the book: sessions of what is due, exams, progress, and a list to browse.

    When a card is due follows from the reader's own answers, here and in the chapters' quizzes. They are kept in the
    browser only, from where they can be had as a file.

    Parameters
    ----------
    chapters : iterable of str, optional
        The chapters whose cards to ask, in this order, by default all that have cards: `lmkit.study.chapters()`.
    seed : int
        What exams draw by, at least 0; 0 draws others every time.

    Raises
    ------
    ValueError
        If there is no such chapter, or no card.
    lmkit.study.CardError
        If a file of cards is broken.

    Examples
    --------
    >>> Review(["lstm", "sampling"])
    Review(chapters=['lstm', 'sampling'])
    """

    def __init__(self, chapters: Iterable[str] | None = None, *, seed: int = 0):
        check_number("seed", seed, 0, whole=True)
        if isinstance(chapters, str):
            raise ValueError(f"chapters must be a list of names, but it is {chapters!r}; write [{chapters!r}]")
        names = None if chapters is None else list(dict.fromkeys(checked_texts("chapters", chapters)))
        with about("chapters"):
            self.decks = study.load_all(names)
        data = [study.card_to_json(card, deck) for deck in self.decks for card in deck.cards]
        if not data:
            raise ValueError(f"chapters must have at least one card, but {[d.chapter for d in self.decks]} have none")
        drawn = {card.id: card.drawing for deck in self.decks for card in deck.cards if card.drawing}
        drawings = {drawn[card["id"]]: card["drawing"] for card in data if card["drawing"]}
        cards = [card | {"drawing": drawn.get(card["id"])} for card in data]  # several cards may share a drawing
        super().__init__(ReviewView(cards=cards, drawings=drawings, seed=int(seed)))

    def fallback(self) -> str:
        """Return the questions by chapter, in HTML, each with its answer and explanations to unfold."""
        lists = "".join(map(self._unfoldable, self.decks))
        lead = "All cards: think first, then unfold the answer. The chapters show their drawings too"
        return f'<div class="lmkit-cards"><p><strong>{lead}</strong></p>{lists}</div>'

    def _unfoldable(self, deck: study.Deck) -> str:
        cards = [_shortened(study.card_to_json(card, deck)) for card in deck.cards]
        title = escape(deck.title or deck.chapter)
        return f"<details><summary>{title}: {len(cards)} cards</summary>{unfoldable(cards)}</details>"

    def __repr__(self) -> str:
        return f"Review(chapters={[deck.chapter for deck in self.decks]})"


def _shortened(card: dict) -> dict:
    """Return a card with its answer alone: all else stands in the chapter, and would make this page heavy."""
    if "choices" in card:
        card["choices"] = [choice | {"why": choice["why"] if choice["right"] else ""} for choice in card["choices"]]
    return card | {"drawing": None, "explanation": ""}
