"""What was answered: how often each choice was chosen, and which wrong answers were given most."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from lmkit.study.card_sides import format_number
from lmkit.study.cards import Card, ChoiceCard, Fill, MultipleChoice, Number, Order
from lmkit.study.classroom.export import Response
from lmkit.study.classroom.folder import First, Student
from lmkit.study.deck_file import Deck

SHOWN = 120  # characters of a text on a card


class Wrong(NamedTuple):
    """A wrong answer to a card, how many gave it, of how many whose answer is known, and what the card says of it."""

    card: Card
    deck: Deck
    answer: str
    given_by: int
    known: int
    why: str


class Chosen(NamedTuple):
    """A choice of a card, and how many chose it at their first try, of how many whose answer is known."""

    card: Card
    deck: Deck
    place: int
    chosen_by: int
    known: int


def wrong_answers(students: Iterable[Student], decks: Iterable[Deck]) -> list[Wrong]:
    """Return the wrong first answers, the most frequent first."""
    firsts = _by_card(students)
    found = [wrong for deck in decks for card in deck.cards for wrong in _wrong(card, deck, firsts.get(card.id, ()))]
    return sorted(found, key=lambda wrong: -wrong.given_by)


def choices(students: Iterable[Student], decks: Iterable[Deck]) -> list[Chosen]:
    """Return how often each choice of each card was chosen at the first try, in the order of the cards."""
    firsts = _by_card(students)
    found = []
    for deck in decks:
        for card in deck.cards:
            if isinstance(card, ChoiceCard):
                known = [first for first in firsts.get(card.id, ()) if is_of(card, first)]
                counts = Counter(place for first in known for place in first.response or ())
                found += [Chosen(card, deck, i, counts[i], len(known)) for i in range(len(card.choices))]
    return found


def unfitting(students: Iterable[Student], decks: Iterable[Deck]) -> dict[str, int]:
    """Return how many answers do not fit a card as it is here, by the cards' ids: another edition asked them."""
    firsts = _by_card(students)
    counts = {
        card.id: sum(first.response is not None and not is_of(card, first) for first in firsts.get(card.id, ()))
        for deck in decks
        for card in deck.cards
    }
    return {card: count for card, count in counts.items() if count}


def is_of(card: Card, first: First) -> bool:
    """Return whether an answer is one to this card as it is here: if places are judged, the verdict is the same."""
    response = first.response
    match card, response:
        case _, None:
            return False
        case Order(items=items), _:
            in_order = list(range(len(items)))
            return set(response) == set(in_order) and first.right == (list(response) == in_order)
        case ChoiceCard(choices=choices), _:
            inside = all(isinstance(place, int) and place < len(choices) for place in response)
            return inside and first.right == (sorted(response) == card.right)
        case Fill(), _:
            return len(response) == len(card.names) and all(isinstance(part, str) for part in response)
        case Number(), _:
            return len(response) == 1 and isinstance(response[0], str)
    return False


def _by_card(students: Iterable[Student]) -> dict[str, list[First]]:
    found: dict[str, list[First]] = {}
    for student in students:
        for card, first in student.firsts.items():
            found.setdefault(card, []).append(first)
    return found


def _wrong(card: Card, deck: Deck, firsts: Sequence[First]) -> Iterator[Wrong]:
    known = [first for first in firsts if is_of(card, first)]
    counts: Counter[tuple[str, str]] = Counter()
    for first in known:
        if not first.right:
            counts.update(list(_parts(card, first.response or ())))
    for (answer, why), count in counts.most_common():
        yield Wrong(card, deck, answer, count, len(known), why)


def _parts(card: Card, response: Response) -> Iterator[tuple[str, str]]:
    """Yield what is wrong in an answer, each with what the card says of it."""
    match card:
        case MultipleChoice(choices=choices):
            for place, choice in enumerate(choices):
                if choice.right != (place in response):
                    yield f"{'not chosen' if choice.right else 'chosen'}: {short(choice.text)}", short(choice.why)
        case ChoiceCard(choices=choices):
            yield from ((short(choices[int(place)].text), short(choices[int(place)].why)) for place in response)
        case Order():
            yield ", ".join(str(int(place) + 1) for place in response), ""
        case Number(hints=hints):
            said = {format_number(value): why for value, why in hints.items()} | {f"{v:g}": w for v, w in hints.items()}
            typed = _form(response[0])
            yield typed, short(said.get(typed, ""))
        case Fill():
            typed = [_form(part) for part in response]
            hints = [
                why
                for name, part in zip(card.names, typed, strict=True)
                for wrong, why in card.gaps[name].hints.items()
                if _form(wrong) == part
            ]
            yield "; ".join(typed), short(" ".join(hints))


def _form(typed: int | str) -> str:
    return " ".join(str(typed).casefold().split())


def short(text: str) -> str:
    """Return a text on a line, cut short."""
    line = " ".join(text.split())
    return line if len(line) <= SHOWN else f"{line[: SHOWN - 1]}…"
