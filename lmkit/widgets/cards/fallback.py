"""Cards for readers without scripts: a list in HTML, each card with its answer and explanations to unfold."""

from __future__ import annotations

from collections.abc import Iterable

from lmkit.plots.escaping import escape

GAP_SIGN = "____"


def unfoldable(cards: Iterable[dict]) -> str:
    """Return a list of cards in HTML, each with its answer and explanations to unfold."""
    return f"<ol>{''.join(f'<li>{_question(card)}{_folded(card)}</li>' for card in cards)}</ol>"


def _question(card: dict) -> str:
    """Return the question with all that is needed to answer it."""
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
    """Return what is said after the answer."""
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
            return [_list((f"<code>{escape(g['answer'])}</code>: {g['why']}" for g in card["gaps"]), "ol")]
        case "number":
            number = f"{card['answer']:,.12g} {card['unit']}".strip()
            return [f"<strong>{escape(number)}</strong>: {card['why']}"]
        case "order":
            return [_list((f"<div>{item['text']}</div><div>{item['why']}</div>" for item in card["items"]), "ol")]
    raise AssertionError(card["kind"])


def _judged(choice: dict) -> str:
    sign = "✓ Right" if choice["right"] else "✗ Wrong"
    return f"{choice['text']} <strong>{sign}{':' if choice['why'] else ''}</strong> {choice['why']}".strip()


def _blanked(card: dict) -> str:
    """Return the text with a numbered blank for each gap."""
    text = card["text"]
    for number, gap in enumerate(card["gaps"], 1):
        text = text.replace("{{" + gap["name"] + "}}", f"{GAP_SIGN}({number})")
    return text


def _drawing(card: dict) -> str:
    if not card["drawing"]:
        return ""
    return f'<div role="img" aria-label="{escape(card["drawing"]["alt"])}">{card["drawing"]["svg"]}</div>'


def _list(items: Iterable[str], tag: str = "ul") -> str:
    return f"<{tag}>{''.join(f'<li>{item}</li>' for item in items)}</{tag}>"
