"""A class's results in the browser: a teacher chooses the students' files, and sees the tables of `lmkit class`."""

from __future__ import annotations

from typing import Any

import traitlets as T

from lmkit import study
from lmkit.study.cards import Card, ChoiceCard, Fill, Order
from lmkit.study.classroom import short
from lmkit.study.exam import ASKED
from lmkit.widgets.base.lab import Lab
from lmkit.widgets.base.view import View


class ClassResultsView(View):
    """Reads files and shows tables; `ClassResults` makes it."""

    cards = T.List(T.Dict(), help="What is needed of each card that the page judges.").tag(sync=True)


class ClassResults(Lab[ClassResultsView]):
    """The results of a class, from the files that students export on the Review page; nothing is sent anywhere.

    It shows the tables of `python -m lmkit class`, computed in the browser.

    Examples
    --------
    >>> ClassResults()
    ClassResults()
    """

    def __init__(self):
        decks = study.load_all()
        cards = [_needed(card, deck) for deck in decks for card in deck.cards if card.kind in ASKED]
        super().__init__(ClassResultsView(cards=cards))

    def fallback(self) -> str:
        """Say, in HTML, what does the same where no script runs."""
        return (
            '<div class="lmkit-cards"><p>Reading files in the browser needs scripts. The command '
            "<code>python -m lmkit class folder</code> shows the same tables.</p></div>"
        )

    def __repr__(self) -> str:
        return "ClassResults()"


def _needed(card: Card, deck: study.Deck) -> dict[str, Any]:
    """Return a card as the script takes it."""
    chosen = card.choices if isinstance(card, ChoiceCard) else ()
    parts = len(card.names) if isinstance(card, Fill) else len(card.items) if isinstance(card, Order) else 0
    return {
        "id": card.id,
        "kind": card.kind,
        "chapter": deck.chapter,
        "title": deck.title,
        "question": short(card.question),
        "choices": [{"text": short(choice.text), "right": choice.right} for choice in chosen],
        "parts": parts,
    }
