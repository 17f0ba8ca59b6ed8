"""Quizzes and flashcards of a chapter: the cards of `lmkit.study`, answered and judged in the browser."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence

import traitlets as T
from IPython.display import HTML, display

from lmkit import study
from lmkit.widgets import bundle
from lmkit.widgets.lab import Lab
from lmkit.widgets.shared_code import SharingView
from lmkit.widgets.view import View

GAP_SIGN = "____"


def card_style(name: str) -> str:
    """The style of a view that shows forms of cards: what all labs share, `static/cards.css`, `static/<name>.css`."""
    return View.style("cards") + (bundle.FOLDER / f"{name}.css").read_text(encoding="utf-8")


class StudyView(SharingView):
    """Shows cards as a quiz, or as flashcards; `Quiz` and `Flashcards` make it."""

    _script, _style = View.code("study"), card_style("study")

    mode = T.Enum(["quiz", "cards"], "quiz", help="How the cards are shown.").tag(sync=True)
    cards = T.List(T.Dict(), help="As lmkit.study.card_to_json makes them.").tag(sync=True)


class _Study(Lab):
    """A lab without controls that shows cards; where no script runs, the questions with their answers folded away."""

    title: str

    def __init__(self, mode: str, deck: study.Deck, cards: Sequence[study.Card]):
        self.deck, self.cards = deck, tuple(cards)
        data = [study.card_to_json(card, deck) for card in cards]
        super().__init__(StudyView(mode=mode, cards=data), {})

    def without_script(self) -> str:
        """The questions as a list, in HTML, each with its answer and explanations to unfold."""
        title = html.escape(self.title)
        return f'<div class="lmkit-cards"><p><strong>{title}</strong></p>{unfoldable(self.view.cards)}</div>'

    def _ipython_display_(self) -> None:
        display(HTML(f"<noscript>{self.without_script()}</noscript>"))
        display(self._repr_mimebundle_(), raw=True)


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
    return chapter if isinstance(chapter, study.Deck) else study.load(chapter)


def unfoldable(cards: Iterable[dict]) -> str:
    """A list of cards in HTML, each with its answer and explanations to unfold."""
    return f"<ol>{''.join(f'<li>{_question(card)}{_folded(card)}</li>' for card in cards)}</ol>"


def _question(card: dict) -> str:
    """The question with all that one needs to answer it."""
    match card["kind"]:
        case "single" | "multiple":
            more = _list(choice["text"] for choice in card["choices"])
        case "fill":
            more = f"<div>{_blanked(card)}</div>"
        case "order":  # by their letters, for the right order is the answer
            more = _list(sorted(item["text"] for item in card["items"]))
        case _:
            more = ""
    return f"<div>{card['question']}</div>{more}"


def _folded(card: dict) -> str:
    """What is said after the answer."""
    parts = [*_answer(card), card["explanation"], _drawing(card)]
    said = "".join(f"<div>{part}</div>" for part in parts if part)
    return f"<details><summary>Answer</summary>{said}</details>"


def _answer(card: dict) -> list[str]:
    match card["kind"]:
        case "flashcard":
            return [card["answer"]]
        case "draw":
            return [_list(card["steps"], "ol")]
        case "single" | "multiple":
            return [_list(map(_judged, card["choices"]))]
        case "fill":
            return [_list((f"<code>{html.escape(g['answer'])}</code>: {g['why']}" for g in card["gaps"]), "ol")]
        case "number":
            number = f"{card['answer']:,.12g} {card['unit']}".strip()
            return [f"<strong>{html.escape(number)}</strong>: {card['why']}"]
        case "order":
            return [_list((f"<div>{item['text']}</div><div>{item['why']}</div>" for item in card["items"]), "ol")]
    raise AssertionError(card["kind"])


def _judged(choice: dict) -> str:
    sign = "✓ Right" if choice["right"] else "✗ Wrong"
    return f"{choice['text']} <strong>{sign}{':' if choice['why'] else ''}</strong> {choice['why']}".strip()


def _blanked(card: dict) -> str:
    """The text with a numbered blank for each gap."""
    text = card["text"]
    for number, gap in enumerate(card["gaps"], 1):
        text = text.replace("{{" + gap["name"] + "}}", f"{GAP_SIGN}({number})")
    return text


def _drawing(card: dict) -> str:
    if not card["drawing"]:
        return ""
    return f'<div role="img" aria-label="{html.escape(card["drawing"]["alt"])}">{card["drawing"]["svg"]}</div>'


def _list(items: Iterable[str], tag: str = "ul") -> str:
    return f"<{tag}>{''.join(f'<li>{item}</li>' for item in items)}</{tag}>"
