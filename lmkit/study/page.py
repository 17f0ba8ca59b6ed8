"""Cards as the browser takes them: JSON, with texts that are HTML by now."""

from __future__ import annotations

from typing import Any

from lmkit.study import drawings
from lmkit.study.cards import Card, Draw, Fill, Flashcard, Number, Order
from lmkit.study.decks import Deck, anchor
from lmkit.study.markup import to_page
from lmkit.study.source import CardError
from lmkit.study.spelling import normal_form


def page_data(card: Card, deck: Deck) -> dict[str, Any]:
    """What the views are given of a card; raises CardError where a formula on it cannot be shown."""
    try:
        return {
            "id": card.id,
            "kind": card.kind,
            "chapter": deck.chapter,
            "chapterTitle": deck.title,
            "section": card.section,
            "anchor": anchor(card.section),
            "covers": list(card.covers),
            "question": to_page(card.question),
            "explanation": to_page(card.explanation),
            "drawing": _drawing(card),
            **_own(card),
        }
    except CardError:
        raise
    except ValueError as error:
        raise CardError(f"{deck.chapter}.yml: card {card.id!r}: {error}") from None


def _drawing(card: Card) -> dict[str, Any] | None:
    if (name := card.drawing) is None:
        return None
    return {"svg": drawings.svg(name), "alt": drawings.alt(name), "steps": drawings.steps(name)}


def _own(card: Card) -> dict[str, Any]:
    """What only cards of this kind have."""
    match card:
        case Flashcard():
            return {"answer": to_page(card.answer)}
        case Draw():
            return {"steps": list(map(to_page, card.steps))}
        case Fill():
            return {"text": _with_gaps(card), "code": card.code, "gaps": [_gap(card, name) for name in card.names]}
        case Number():
            hints = [{"value": value, "why": to_page(why)} for value, why in card.hints.items()]
            own = {"answer": card.answer, "tolerance": card.tolerance, "unit": card.unit}
            return own | {"why": to_page(card.why), "hints": hints}
        case Order():
            return {"items": [{"text": to_page(item.text), "why": to_page(item.why)} for item in card.items]}
    choices = [{"text": to_page(c.text), "right": c.right, "why": to_page(c.why)} for c in card.choices]
    return {"choices": choices}


def _with_gaps(card: Fill) -> str:
    html = to_page(card.text)
    if lost := [name for name in card.names if f"{{{{{name}}}}}" not in html]:
        raise ValueError(f"a gap must stand in the text or in code, but {lost[0]!r} does not; end the formula before")
    return html


def _gap(card: Fill, name: str) -> dict[str, Any]:
    gap = card.gaps[name]
    form = normal_form if card.code else str  # the browser brings what is typed to the same form
    hints = {form(wrong): to_page(why) for wrong, why in gap.hints.items()}
    accepted = list(map(form, gap.answers))
    return {"name": name, "answer": gap.answers[0], "accepted": accepted, "why": to_page(gap.why), "hints": hints}
