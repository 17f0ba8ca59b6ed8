"""Cards as the browser takes them: JSON, with texts that are HTML by now."""

from __future__ import annotations

from typing import Any

from lmkit.study import drawings
from lmkit.study.cards import Card, Draw, Fill, Flashcard, Number, Order
from lmkit.study.deck_file import Deck
from lmkit.study.markup import anchor, to_page
from lmkit.study.normalize_code import normalize_code
from lmkit.study.yaml_source import CardError


def card_to_json(card: Card, deck: Deck) -> dict[str, Any]:
    """Return a card as the views take it.

    Raises
    ------
    CardError
        If a formula on it cannot be shown, or a gap stands in one: with a line for each.
    """
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
            "lab": card.lab,
            **_fields_of_kind(card),
        }
    except ValueError as error:
        raise CardError(*(_text_faults(card, deck) or [deck.fault(card, (), str(error))])) from error


def _text_faults(card: Card, deck: Deck) -> list[str]:
    """Return a fault for each text that cannot be shown, with its line."""
    faults = []
    for keys, text in card.texts():
        try:
            _with_gaps(card) if keys == ("text",) and isinstance(card, Fill) else to_page(text)
        except ValueError as error:
            faults.append(deck.fault(card, keys, str(error)))
    return faults


def _drawing(card: Card) -> dict[str, Any] | None:
    if (name := card.drawing) is None:
        return None
    return {"svg": drawings.svg(name), "alt": drawings.alt(name), "steps": drawings.steps(name)}


def _fields_of_kind(card: Card) -> dict[str, Any]:
    """Return the fields that only cards of this kind have."""
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
    form = normalize_code if card.code else str  # the browser brings what is typed to the same form
    hints = {form(wrong): to_page(why) for wrong, why in gap.hints.items()}
    accepted = list(map(form, gap.answers))
    return {"name": name, "answer": gap.answers[0], "accepted": accepted, "why": to_page(gap.why), "hints": hints}
