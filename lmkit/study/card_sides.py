"""The two sides of a card on paper, or in Anki, where nothing can be typed or moved."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from random import Random
from typing import NamedTuple, TypeVar, cast

from lmkit.plots.escaping import escape
from lmkit.study import drawings
from lmkit.study.cards import GAP, Card, ChoiceCard, Draw, Fill, Flashcard, Gap, Item, MultipleChoice, Number, Order
from lmkit.study.markup import to_anki

T = TypeVar("T")


class CardSides(NamedTuple):
    """A card as HTML. The front has the label, the question and the task; the back has all."""

    label: str
    question: str
    task: str
    answer: str
    explanation: str
    picture: str


def render_sides(card: Card) -> CardSides:
    """Return the two sides of a card; the same card has the same sides in every run."""
    label, task, answer = _sides_of_kind(card)
    shown = None if isinstance(card, Draw) else card.drawing
    return CardSides(
        label=label,
        question=to_anki(card.question),
        task=task,
        answer=answer,
        explanation=to_anki(card.explanation) if card.explanation else "",
        picture=_image(shown, drawings.steps(shown)) if shown else "",
    )


def _image(name: str, step: int) -> str:
    """Return an image of a drawing up to a step."""
    return f'<img src="{media_name(name, step)}" alt="{escape(drawings.alt(name, step))}">'


def media_name(name: str, step: int) -> str:
    """Return the name of that image's file, which stays the same when the drawing changes."""
    return f"memory-and-chance-{name}-{step}.svg"


def media_files(card: Card) -> dict[str, str]:
    """Return the images on a card: SVG documents by the names of their files."""
    if (name := card.drawing) is None:
        return {}
    count = drawings.steps(name)
    steps = range(1, count + 1) if isinstance(card, Draw) else [count]
    return {media_name(name, step): drawings.standalone_svg(name, step) for step in steps}


def shuffled(things: Iterable[T], seed: str) -> list[T]:
    """Return the things in another order, which depends on the seed alone; at least two must differ."""
    ordered = list(things)
    mixed, random = list(ordered), Random(seed)
    while mixed == ordered:
        random.shuffle(mixed)
    return mixed


def _sides_of_kind(card: Card) -> tuple[str, str, str]:
    """Return the parts that differ by the kind of a card: label, task, answer."""
    match card:
        case Flashcard():
            return "Question", "", to_anki(card.answer)
        case Draw():
            return "Draw on paper", "", _drawn(card)
        case Fill():
            return "Fill the gaps", _with_gaps(card, _blank), _with_gaps(card, _filled) + _reasons(card)
        case Number():
            return "Find the number", f"<p>Answer: {_BLANK} {escape(card.unit)}</p>", _number(card)
        case Order():
            return "Put in order", _shuffled_items(card), _explained_items(card)
    label = "Choose all that are right" if isinstance(card, MultipleChoice) else "Choose one"
    order = shuffled(card.choices, card.id)
    texts = _list("ol", (to_anki(choice.text) for choice in order), "choices")
    return label, texts, _judged(card, order)


_BLANK = '<span class="gap">?</span>'


def _list(tag: str, entries: Iterable[str], name: str) -> str:
    return f'<{tag} class="{name}">{"".join(f"<li>{entry}</li>" for entry in entries)}</{tag}>'


def _judged(card: ChoiceCard, order: list) -> str:
    """Return each choice with its verdict and why."""
    entries = []
    for choice in order:
        verdict, sign = ("right", "✓ right") if choice.right else ("wrong", "✗ wrong")
        mark = f'<span class="{verdict}">{sign}</span>'
        entries.append(f'{to_anki(choice.text)}<div class="why">{mark} {to_anki(choice.why)}</div>')
    return _list("ol", entries, "choices")


def _drawn(card: Draw) -> str:
    """Return each step in words, below it the drawing as it is by then."""
    drawing = cast(str, card.drawing)  # of a card to draw it is checked
    entries = (f"{to_anki(text)}<br>{_image(drawing, step)}" for step, text in enumerate(card.steps, 1))
    return _list("ol", entries, "steps")


def _with_gaps(card: Fill, shown: Callable[[int, str, Gap], str]) -> str:
    """Return the text with something in place of each gap."""
    places = {name: place for place, name in enumerate(card.names, 1)}
    return GAP.sub(lambda gap: shown(places[gap[1]], gap[1], card.gaps[gap[1]]), to_anki(card.text))


def _blank(place: int, _: str, __: Gap) -> str:
    return f'<span class="gap">{place}?</span>'


def _filled(_: int, __: str, gap: Gap) -> str:
    return f'<span class="gap">{escape(gap.answers[0])}</span>'


def _reasons(card: Fill) -> str:
    """Say why each gap is filled so, and what typical wrong answers miss."""
    entries = []
    for name in card.names:
        gap = card.gaps[name]
        answers = " or ".join(f"<b>{escape(answer)}</b>" for answer in gap.answers)
        entries.append(f"{answers}: {to_anki(gap.why)}{_hints(gap.hints)}")
    return _list("ol", entries, "gaps")


def _number(card: Number) -> str:
    near = f", or at most {card.tolerance:g} off" if card.tolerance else ""
    answer = f"<p><b>{format_number(card.answer)} {escape(card.unit)}</b>{near}</p>".replace(" </b>", "</b>")
    hints = {format_number(value): why for value, why in card.hints.items()}
    return f"{answer}<div>{to_anki(card.why)}</div>{_hints(hints)}"


def format_number(value: float) -> str:
    """Write a number as one reads it: 8,933 or 0.375."""
    return f"{value:,.10g}"


def _hints(hints: dict[str, str]) -> str:
    """List the hints about wrong answers."""
    entries = [f"not <b>{escape(wrong)}</b>: {to_anki(why)}" for wrong, why in hints.items()]
    return _list("ul", entries, "hints") if entries else ""


def _shuffled_items(card: Order) -> str:
    return _list("ul", (to_anki(item.text) for item in shuffled(card.items, card.id)), "loose")


def _explained_items(card: Order) -> str:
    def explained(item: Item) -> str:
        return f'{to_anki(item.text)}<div class="why">{to_anki(item.why)}</div>'

    return _list("ol", map(explained, card.items), "order")
