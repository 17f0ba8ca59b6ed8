"""Which cards an exam asks: balanced over chapters, kinds and sections, and the same for the same seed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from random import Random
from typing import NamedTuple

from lmkit.study.cards import KINDS, Card
from lmkit.study.deck_file import Deck

ASKED = ("single", "multiple", "fill", "number", "order")  # what a key decides; other answers somebody must weigh


class Question(NamedTuple):
    """A card in an exam, and the deck that it is from."""

    card: Card
    deck: Deck


def check_kinds(kinds: Iterable[str]) -> tuple[str, ...]:
    """Return kinds of cards without repetitions; raise ValueError where there is none, or no such one."""
    names = tuple(dict.fromkeys(kinds))
    if unknown := [kind for kind in names if kind not in KINDS]:
        raise ValueError(f"kinds must be among {', '.join(KINDS)}, but one is {unknown[0]!r}; correct it")
    if not names:
        raise ValueError(f"kinds must name at least one of {', '.join(KINDS)}, but there is none; leave them out")
    return names


def candidates(decks: Iterable[Deck], kinds: Collection[str] = ASKED, *, lab: bool = False) -> list[Question]:
    """Return what an exam may ask: cards of these kinds, without those that ask what the book's own runs measured."""
    return [
        Question(card, deck) for deck in decks for card in deck.cards if card.kind in kinds and (lab or not card.lab)
    ]


def choose(questions: Iterable[Question], count: int, seed: int) -> list[Question]:
    """Return some of the questions, in the order in which they were chosen.

    The next is always from a chapter with the fewest so far, there of a kind with the fewest in the whole exam, and
    among these from a section with the fewest. What is then left to chance, the seed decides.

    Parameters
    ----------
    questions : iterable of Question
    count : int ≥ 1
    seed : int

    Raises
    ------
    ValueError
        If count is below 1, or above what there is.
    """
    left = list(questions)
    if count < 1:
        raise ValueError(f"questions must be at least 1, but they are {count}; ask for more")
    if count > len(left):
        rule = f"questions must be at most {len(left)}, {_what_there_is(left)}"
        raise ValueError(f"{rule}, but they are {count}; {_CURE}")
    Random(f"lmkit exam {seed}").shuffle(left)
    chosen: list[Question] = []
    while len(chosen) < count:
        chosen.append(left.pop(_next(left, chosen)))
    return chosen


_CURE = "ask for fewer, or add chapters, kinds or a bank"


def _next(left: list[Question], chosen: list[Question]) -> int:
    """Return the place of the question that is least like those chosen; the first of equals, for they are shuffled."""
    chapters = Counter(question.deck.chapter for question in chosen)
    kinds = Counter(question.card.kind for question in chosen)
    sections = Counter((question.deck.chapter, question.card.section) for question in chosen)

    def likeness(place: int) -> tuple[int, int, int]:
        card, deck = left[place]
        return chapters[deck.chapter], kinds[card.kind], sections[deck.chapter, card.section]

    return min(range(len(left)), key=likeness)


def _what_there_is(questions: list[Question]) -> str:
    """Say how many questions each chapter has."""
    counts = Counter(question.deck.chapter for question in questions)
    if not counts:
        return "for these chapters have no card of these kinds that an exam may ask"
    return f"as the chosen chapters have ({', '.join(f'{chapter} {count}' for chapter, count in counts.items())})"
