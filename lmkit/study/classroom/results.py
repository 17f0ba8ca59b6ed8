"""A class's results: who did what, how items did, and which wrong answers were given."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np

from lmkit.study import decks as shipped
from lmkit.study.cards import Card
from lmkit.study.classroom import given
from lmkit.study.classroom.folder import Class, Student
from lmkit.study.classroom.items import Item, Reliability, analyse, reliability
from lmkit.study.deck_file import Deck
from lmkit.study.exam.choosing import ASKED


class ShareOf(NamedTuple):
    """The number of cards that a student answered, and of those that were right at the first try."""

    answered: int
    right: int


class Results:
    """The results of a class.

    Items are the cards of these chapters that the page judges, and that somebody has answered; what counts is a
    student's first answer to each. Flashcards and drawings, which students judge themselves, count among what they
    did alone.

    Parameters
    ----------
    group : Class
        From `lmkit.study.classroom.read_class`.
    decks : sequence of Deck, optional
        The chapters to look at, by default all that come with lmkit.
    """

    def __init__(self, group: Class, decks: Sequence[Deck] | None = None):
        self.group = group
        self.decks = shipped.load_all() if decks is None else list(decks)

    @property
    def students(self) -> tuple[Student, ...]:
        """The students, by name."""
        return self.group.students

    @cached_property
    def cards(self) -> list[tuple[Card, Deck]]:
        """The items: cards that the page judges and that somebody has answered, in the book's order."""
        answered = {card for student in self.students for card in student.firsts}
        judged = [(card, deck) for deck in self.decks for card in deck.cards if card.kind in ASKED]
        return [(card, deck) for card, deck in judged if card.id in answered]

    @cached_property
    def scores(self) -> np.ndarray:
        """The first answers, of shape (students, items): 1 right, 0 wrong, NaN where there is none."""
        places = {card.id: place for place, (card, _) in enumerate(self.cards)}
        scores = np.full((len(self.students), len(places)), np.nan)
        for row, student in enumerate(self.students):
            for card, first in student.firsts.items():
                if card in places:
                    scores[row, places[card]] = first.right
        return scores

    def items(self) -> list[Item]:
        """Return the statistics of each item."""
        return analyse(self.scores)

    def reliabilities(self) -> dict[str, Reliability]:
        """Return Cronbach's alpha of each chapter with items, by its title, and of all items as "all"."""
        titles = [deck.title for _, deck in self.cards]
        found = {
            title: reliability(self.scores[:, [place for place, other in enumerate(titles) if other == title]])
            for title in dict.fromkeys(titles)
        }
        return {**found, "all": reliability(self.scores)} if found else {}

    def shares(self, student: Student) -> dict[str, ShareOf]:
        """Return what a student answered in each of the chapters, by the chapters' names; all kinds of cards count."""
        found = {}
        for deck in self.decks:
            firsts = [student.firsts[card.id] for card in deck.cards if card.id in student.firsts]
            found[deck.chapter] = ShareOf(len(firsts), sum(first.right for first in firsts))
        return found

    def wrong_answers(self) -> list[given.Wrong]:
        """Return the wrong first answers, the most frequent first, as far as files say what was answered."""
        return given.wrong_answers(self.students, self.decks)

    def choices(self) -> list[given.Chosen]:
        """Return how often each choice was chosen at the first try."""
        return given.choices(self.students, self.decks)

    def notes(self) -> list[str]:
        """Return what is odd: about names and files, and answers to cards that are not here, or not as they were."""
        notes = list(self.group.notes)
        ours = {card.id for deck in shipped.load_all() for card in deck.cards}
        ours |= {card.id for deck in self.decks for card in deck.cards}
        strangers = sorted({card for student in self.students for card in student.firsts} - ours)
        if strangers:
            named = f"{', '.join(strangers[:3])}{', …' if len(strangers) > 3 else ''}"
            notes.append(f"{_count(len(strangers), 'card')} of another edition, left out: {named}")
        if odd := given.unfitting(self.students, self.decks):
            named = f"{', '.join(list(odd)[:3])}{', …' if len(odd) > 3 else ''}"
            count = _count(sum(odd.values()), "answer")
            notes.append(f"{count} to another edition of {named}: the verdict counts, the choice does not")
        return notes


def _count(count: int, what: str) -> str:
    return f"{count} {what}{'s' * (count != 1)}"
