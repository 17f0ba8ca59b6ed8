"""Quizzes and flashcards of a chapter: the cards of `lmkit.study`, answered and judged in the browser."""

from __future__ import annotations

from collections.abc import Sequence

import traitlets as T

from lmkit import study
from lmkit.plots.escaping import escape
from lmkit.widgets.base.checks import check_choice, check_text
from lmkit.widgets.base.lab import Lab
from lmkit.widgets.base.view import View
from lmkit.widgets.cards.fallback import unfoldable


class StudyView(View):
    """Shows cards as a quiz, or as flashcards; `Quiz` and `Flashcards` make it."""

    mode = T.Enum(["quiz", "cards"], "quiz", help="How the cards are shown.").tag(sync=True)
    cards = T.List(T.Dict(), help="As lmkit.study.card_to_json makes them.").tag(sync=True)


class _Study(Lab[StudyView]):
    """A lab without controls that shows cards; where no script runs, the questions with their answers folded away."""

    title: str

    def __init__(self, mode: str, deck: study.Deck, cards: Sequence[study.Card]):
        self.deck, self.cards = deck, tuple(cards)
        data = [study.card_to_json(card, deck) for card in cards]
        super().__init__(StudyView(mode=mode, cards=data))

    def fallback(self) -> str:
        """Return the questions as a list, in HTML, each with its answer and explanations to unfold."""
        title = escape(self.title)
        return f'<div class="lmkit-cards"><p><strong>{title}</strong></p>{unfoldable(self.view.cards)}</div>'


class Quiz(_Study):
    """The quiz of a chapter: all its cards but the flashcards, one question at a time, judged in the browser.

    The first answer to each question is added to the reader's log, by which the Review page plans.

    Parameters
    ----------
    chapter : str or Deck
        The name of its notebook, one of `lmkit.study.chapters()`; or cards of your own (`lmkit.study.read_deck`).

    Raises
    ------
    ValueError
        If there is no such chapter, or it has no question for a quiz.

    Examples
    --------
    >>> Quiz("lstm")
    Quiz('lstm')
    """

    title = "Quiz: think first, then unfold the answer"

    def __init__(self, chapter: str | study.Deck):
        deck = _deck(chapter)
        cards = deck.quiz()
        if not cards:
            raise ValueError(
                f"chapter must have cards that are not flashcards, but {deck.chapter!r} has none; "
                f"add some to {deck.chapter}.yml"
            )
        super().__init__("quiz", deck, cards)

    def __repr__(self) -> str:
        return f"Quiz({self.deck.chapter!r})"


class Flashcards(_Study):
    """The flashcards of a section: the reader answers in their head, compares, and says whether they knew it.

    Parameters
    ----------
    chapter : str or Deck
        The name of its notebook, one of `lmkit.study.chapters()`; or cards of your own (`lmkit.study.read_deck`).
    section : str
        The exact text of its heading.

    Raises
    ------
    ValueError
        If there is no such chapter, or the section has no flashcard.

    Examples
    --------
    >>> Flashcards("lstm", "Two states and a misleading name")
    Flashcards('lstm', 'Two states and a misleading name')
    """

    title = "Flashcards: answer in your head, then unfold the answer"

    def __init__(self, chapter: str | study.Deck, section: str):
        deck = _deck(chapter)
        check_text("section", section)
        cards = deck.flashcards(section)
        if not cards:
            known = list(dict.fromkeys(card.section for card in deck.cards if not card.in_quiz))
            raise ValueError(
                f"section must be a heading of {deck.chapter!r} with flashcards, one of {known}, "
                f"but it is {section!r}; use one of these, or add a flashcard to {deck.chapter}.yml"
            )
        self.section = section
        super().__init__("cards", deck, cards)

    def __repr__(self) -> str:
        return f"Flashcards({self.deck.chapter!r}, {self.section!r})"


def _deck(chapter: str | study.Deck) -> study.Deck:
    if isinstance(chapter, study.Deck):
        return chapter
    check_choice("chapter", chapter, study.chapters())
    return study.load(chapter)
