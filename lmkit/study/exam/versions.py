"""The versions of an exam: the same questions, in other orders, with their choices in other orders, too."""

from __future__ import annotations

from collections.abc import Sequence
from math import factorial
from random import Random
from typing import NamedTuple

from lmkit.study.card_sides import format_number
from lmkit.study.cards import ChoiceCard, Draw, Fill, Flashcard, Number, Order
from lmkit.study.exam.choosing import Question

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Asked(NamedTuple):
    """A question as a version asks it.

    Attributes
    ----------
    number : int
        Its place in this version, from 1.
    question : Question
    order : tuple of int
        The places on the card of the choices, or of the things to put in order, as they are laid out; else empty.
    """

    number: int
    question: Question
    order: tuple[int, ...]

    def letters(self, places: Sequence[int]) -> list[str]:
        """Return the letters that choices or things have here, by their places on the card."""
        return [LETTERS[self.order.index(place)] for place in places]

    def answer(self) -> str:
        """Return the right answer in a few characters, as a table of answers has it; "" where it is prose."""
        card = self.question.card
        match card:
            case Fill():
                return "; ".join(card.gaps[name].answers[0] for name in card.names)
            case Number():
                return f"{format_number(card.answer)} {card.unit}".strip()
            case Order():
                return " ".join(self.letters(range(len(card.items))))
            case Flashcard() | Draw():
                return ""
        return " ".join(sorted(self.letters(card.right)))


class Version(NamedTuple):
    """One paper: its letter, and what it asks, in order."""

    letter: str
    asked: tuple[Asked, ...]

    def number_of(self, card_id: str) -> int:
        """Return the number of a card's question here."""
        return self.of(card_id).number

    def of(self, card_id: str) -> Asked:
        """Return a card's question as it is asked here."""
        return next(asked for asked in self.asked if asked.question.card.id == card_id)


def make_versions(questions: Sequence[Question], count: int, seed: int) -> list[Version]:
    """Return versions of an exam, which differ in the order of the questions as long as there are so many orders.

    Parameters
    ----------
    questions : sequence of Question
    count : int from 1 to 26
    seed : int

    Raises
    ------
    ValueError
        If count is out of range.
    """
    if not 1 <= count <= len(LETTERS):
        raise ValueError(f"versions must be from 1 to {len(LETTERS)}, a letter for each, but they are {count}")
    orders: list[tuple[int, ...]] = []
    for letter in LETTERS[:count]:
        chance = Random(f"lmkit exam {seed} {letter}")
        order = _shuffled(len(questions), chance)
        while order in orders and len(set(orders)) < factorial(len(questions)):
            order = _shuffled(len(questions), chance)
        orders.append(order)
    return [
        _version(letter, [questions[place] for place in order], seed)
        for letter, order in zip(LETTERS, orders, strict=False)
    ]


def _version(letter: str, questions: list[Question], seed: int) -> Version:
    asked = [
        Asked(number, question, _layout(question, Random(f"lmkit exam {seed} {letter} {question.card.id}")))
        for number, question in enumerate(questions, 1)
    ]
    return Version(letter, tuple(asked))


def _layout(question: Question, chance: Random) -> tuple[int, ...]:
    """Return the order of a card's choices; things to put in order never lie in the right one."""
    match question.card:
        case Order(items=items):
            order = tuple(range(len(items)))
            while order == tuple(range(len(items))):
                order = _shuffled(len(items), chance)
            return order
        case ChoiceCard(choices=choices):
            return _shuffled(len(choices), chance)
    return ()


def _shuffled(count: int, chance: Random) -> tuple[int, ...]:
    places = list(range(count))
    chance.shuffle(places)
    return tuple(places)
