"""A deck, and the file that it is read from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from lmkit.files import StrPath
from lmkit.study.cards import KINDS, Card
from lmkit.study.yaml_source import CardError, KeyPath, YamlSource


class Deck(NamedTuple):
    """The cards of a chapter.

    Attributes
    ----------
    chapter : str
        The name of the card file, and of the chapter's notebook, without folder and suffix.
    title : str
    cards : tuple of Card
    number : int or None
        The chapter's place among all, from 1; None for a deck that stands alone.
    source : YamlSource or None
        The file that it was read from, which knows the lines.
    """

    chapter: str
    title: str
    cards: tuple[Card, ...]
    number: int | None = None
    source: YamlSource | None = None

    def quiz(self) -> list[Card]:
        """Return the cards that the chapter's quiz asks: all but the flashcards."""
        return [card for card in self.cards if card.in_quiz]

    def flashcards(self, section: str) -> list[Card]:
        """Return the flashcards beside a section."""
        return [card for card in self.cards if not card.in_quiz and card.section == section]

    def line(self, card: Card, keys: KeyPath = ()) -> int | None:
        """Return the line of a card, or of a value on it; None without a file."""
        places = [place for place, other in enumerate(self.cards) if other.id == card.id]
        return self.source.line(("cards", places[0], *keys)) if self.source and places else None

    def fault(self, card: Card, keys: KeyPath, message: str) -> str:
        """Return a message about a value on a card, behind the file's name, the line and the card's id."""
        line = self.line(card, keys)
        return f"{self.chapter}.yml:{'' if line is None else f'{line}:'} card {card.id!r}: {message}"


def read_deck(path: StrPath, title: str | None = None, number: int | None = None) -> Deck:
    """Read the cards in a file.

    Parameters
    ----------
    path : path
        A YAML file with ``chapter: NAME``, which is the file's name without suffix, and ``cards:`` with a list.
    title : str, optional
        The deck's title, by default its name in words: "My cards" for ``my_cards.yml``.
    number : int, optional
        Its place among others, from 1.

    Raises
    ------
    CardError
        With all faults of the file, each with its line.
    """
    source = YamlSource.read(Path(path))
    content, chapter = source.content, source.path.stem
    if not isinstance(content, dict) or set(content) != {"chapter", "cards"} or not isinstance(content["cards"], list):
        raise source.error((), "the file must have `chapter: NAME` and `cards:` with a list, and nothing else")
    if content["chapter"] != chapter:
        raise source.error(("chapter",), f"chapter must be the file's name, {chapter!r}, not {content['chapter']!r}")
    cards, errors = [], []
    for place, entry in enumerate(content["cards"]):
        try:
            cards.append(_card(source, place, entry))
        except CardError as error:
            errors.append(error)
    if errors := [*errors, *_repeated_ids(source, content["cards"])]:
        raise CardError.joined(errors)
    return Deck(
        chapter, chapter.replace("_", " ").capitalize() if title is None else title, tuple(cards), number, source
    )


def read_decks(paths: Iterable[StrPath], beside: Iterable[Deck] = ()) -> list[Deck]:
    """Return other decks and those in files, all of which are used together.

    Raises
    ------
    CardError
        With the faults of all files, and of ids that two decks have.
    """
    decks, errors = list(beside), []
    for path in paths:
        try:
            decks.append(read_deck(path))
        except CardError as error:
            errors.append(error)
    if errors := [*errors, *check_ids(decks)]:
        raise CardError.joined(errors)
    return decks


def check_ids(decks: Iterable[Deck]) -> Iterator[CardError]:
    """Yield an error for every card whose id a card of an earlier deck has."""
    owners: dict[str, tuple[Deck, Card]] = {}
    for deck in decks:
        for card in deck.cards:
            owner, first = owners.setdefault(card.id, (deck, card))
            if owner is not deck:
                line = owner.line(first, ("id",))
                where = f"{owner.chapter}.yml" if line is None else f"line {line} of {owner.chapter}.yml"
                rule = f"id must be unique among all decks, but it is on {where} too; choose another"
                yield CardError(deck.fault(card, ("id",), rule))


def _repeated_ids(source: YamlSource, entries: list) -> Iterator[CardError]:
    """Yield an error for every id that an earlier card of the file has."""
    lines: dict[str, int] = {}
    for place, entry in enumerate(entries):
        if isinstance(entry, dict) and isinstance(name := entry.get("id"), str):
            keys = ("cards", place, "id")
            if name in lines:
                yield source.error(keys, f"id must be unique, but {name!r} is on line {lines[name]} too")
            lines.setdefault(name, source.line(keys))


def _card(source: YamlSource, place: int, entry: Any) -> Card:
    keys: KeyPath = ("cards", place)
    if not isinstance(entry, dict):
        raise source.error(keys, f"a card must have `id:`, `kind:` and so on, but it is {entry!r}")
    name = f"card {entry.get('id', place + 1)!r}"
    if not isinstance(kind := entry.get("kind"), str) or kind not in KINDS:
        raise source.error((*keys, "kind"), f"{name}: kind must be one of {list(KINDS)}, but it is {kind!r}")
    try:
        return KINDS[kind].model_validate(entry)
    except ValidationError as error:
        messages = [(fault["loc"], explain(fault, list(KINDS[kind].model_fields))) for fault in error.errors()]
        # a rule about the whole card begins with the name of what breaks it
        found = [source.error((*keys, *(loc or [text.split()[0]])), f"{name}: {text}") for loc, text in messages]
        raise CardError.joined(found) from None


def explain(error: ErrorDetails, fields: list[str], thing: str = "a card of this kind") -> str:
    """Return a fault that pydantic found in our words: what, the rule, the value, the remedy."""
    what = " ".join(f"no. {part + 1}" if isinstance(part, int) else str(part) for part in error["loc"])
    context = error.get("ctx", {})
    value = "" if error["input"] is None else f", but it is {str(error['input'])[:80]!r}"
    match error["type"]:
        case "missing":
            return f"{what} is missing; add it"
        case "extra_forbidden":
            known = f"; {thing} has {fields}" if len(error["loc"]) == 1 else ""
            return f"{what} is not known here{known}; remove it"
        case "value_error":
            return f"{what} {context['error']}".strip()
        case "too_short" | "too_long":
            least = error["type"] == "too_short"
            limit = f"at least {context['min_length']}" if least else f"at most {context['max_length']}"
            return f"{what} must have {limit}, but there are {context['actual_length']}"
        case "float_parsing" | "float_type" | "finite_number":
            return f"{what} must be a number{value}"
        case "bool_parsing" | "bool_type":
            return f"{what} must be true or false{value}"
        case "string_too_short":
            return f"{what} must not be empty; write it"
        case "string_type":
            return f"{what} must be a text{value}; quote it"
        case "string_pattern_mismatch":
            return f"{what} must match {context['pattern']}{value}"
        case _:
            return f"{what}: {error['msg'].lower()}{value}"
