"""The card files of the book: found, read, checked."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from lmkit.study.cards import KINDS, Card
from lmkit.study.source import CardError, Place, Source

INDEX = "chapters"  # the file that names the chapters in the book's order, with their titles
_IN_THE_BOOK = Path(__file__).parents[2] / "book" / "cards"
PACKED = Path(__file__).with_name("from_the_book")  # where an installed package has them
FOLDER = _IN_THE_BOOK if _IN_THE_BOOK.is_dir() else PACKED


class Deck(NamedTuple):
    """The cards of a chapter.

    Attributes
    ----------
    chapter : str
        The name of its notebook, without folder and suffix.
    title : str
    cards : tuple of Card
    """

    chapter: str
    title: str
    cards: tuple[Card, ...]

    def quiz(self) -> list[Card]:
        """What the chapter's quiz asks: all but the flashcards."""
        return [card for card in self.cards if card.in_quiz]

    def flashcards(self, section: str) -> list[Card]:
        """The flashcards beside a section."""
        return [card for card in self.cards if not card.in_quiz and card.section == section]


def chapters(folder: Path = FOLDER) -> list[str]:
    """The chapters that have cards, in the book's order."""
    return list(titles(folder))


@cache
def titles(folder: Path = FOLDER) -> dict[str, str]:
    """The titles of the chapters, by their names, in the book's order."""
    source = Source.read(folder / f"{INDEX}.yml")
    content = source.content
    if not isinstance(content, dict) or not all(isinstance(title, str) for title in content.values()):
        raise source.error((), "the file must name the chapters in order, each with its title, as `lstm: The LSTM`")
    return content


@cache
def load(chapter: str, folder: Path = FOLDER) -> Deck:
    """The cards of a chapter.

    Raises
    ------
    ValueError
        If there is no such chapter.
    CardError
        If its file is broken: the message begins with the file's name and the line.
    """
    if chapter not in titles(folder):
        raise ValueError(f"chapter must be one of {chapters(folder)}, but it is {chapter!r}")
    path = folder / f"{chapter}.yml"
    if not path.is_file():
        raise CardError(f"{INDEX}.yml: chapter {chapter!r} must have its cards in {path.name}, which is not there")
    return read_deck(path, titles(folder)[chapter])


def load_all(names: Iterable[str] | None = None, folder: Path = FOLDER) -> list[Deck]:
    """The decks of these chapters, by default of all, in the order given or the book's.

    Raises
    ------
    ValueError
        If there is no such chapter.
    CardError
        With all faults of all files; also where two cards have the same id.
    """
    decks, errors, owners = [], [], {}
    for chapter in chapters(folder) if names is None else names:
        try:
            decks.append(load(chapter, folder))
        except CardError as error:
            errors.append(error)
    for deck in decks:
        for card in deck.cards:
            if (other := owners.setdefault(card.id, deck.chapter)) != deck.chapter:
                rule = f"id must be unique in the book, but {card.id!r} is in {other}.yml too"
                errors.append(CardError(f"{deck.chapter}.yml: {rule}"))
    if errors:
        raise CardError.joined(errors)
    return decks


def read_deck(path: Path, title: str = "") -> Deck:
    """The cards in a file; raises CardError with all faults where they are not as they should be."""
    source = Source.read(Path(path))
    content = source.content
    if not isinstance(content, dict) or set(content) != {"chapter", "cards"} or not isinstance(content["cards"], list):
        raise source.error((), "the file must have `chapter: NAME` and `cards:` with a list, and nothing else")
    chapter = source.path.stem
    if content["chapter"] != chapter:
        raise source.error(("chapter",), f"chapter must be the file's name, {chapter!r}, not {content['chapter']!r}")
    cards, errors = [], []
    for number, entry in enumerate(content["cards"]):
        try:
            cards.append(_card(source, number, entry))
        except CardError as error:
            errors.append(error)
    errors += _repeated(source, content["cards"])
    if errors:
        raise CardError.joined(errors)
    return Deck(chapter, title, tuple(cards))


def anchor(heading: str) -> str:
    """The id that a heading has on its page: what docutils makes of it."""
    plain = unicodedata.normalize("NFKD", heading.lower()).encode("ascii", "ignore").decode()
    return re.sub(r"^[-0-9]+|-+$", "", re.sub(r"[^a-z0-9]+", "-", plain))


def _repeated(source: Source, entries: list) -> Iterable[CardError]:
    """An error for every id that an earlier card has."""
    lines: dict[Any, int] = {}
    for number, entry in enumerate(entries):
        if isinstance(entry, dict) and isinstance(name := entry.get("id"), str):
            place = ("cards", number, "id")
            if name in lines:
                yield source.error(place, f"id must be unique, but {name!r} is on line {lines[name]} too")
            lines.setdefault(name, source.line(place))


def _card(source: Source, number: int, entry: Any) -> Card:
    place: Place = ("cards", number)
    if not isinstance(entry, dict):
        raise source.error(place, f"a card must have `id:`, `kind:` and so on, but it is {entry!r}")
    name = f"card {entry.get('id', number + 1)!r}"
    if (kind := entry.get("kind")) not in KINDS:
        raise source.error((*place, "kind"), f"{name}: kind must be one of {list(KINDS)}, but it is {kind!r}")
    try:
        return KINDS[kind].model_validate(entry)
    except ValidationError as error:
        told = [(fault["loc"], _explained(fault, KINDS[kind])) for fault in error.errors()]
        # a rule about the whole card begins with the name of what breaks it
        found = [source.error((*place, *(loc or [text.split()[0]])), f"{name}: {text}") for loc, text in told]
        raise CardError.joined(found) from None


def _explained(error: dict, kind: type) -> str:
    """A fault that pydantic found, in our words: what, the rule, the value, the remedy."""
    what = " ".join(f"no. {part + 1}" if isinstance(part, int) else str(part) for part in error["loc"])
    value = "" if error["input"] is None else f", but it is {str(error['input'])[:80]!r}"
    match error["type"]:
        case "missing":
            return f"{what} is missing; add it"
        case "extra_forbidden":
            known = f"; a card of this kind has {list(kind.model_fields)}" if len(error["loc"]) == 1 else ""
            return f"{what} is not known here{known}; remove it"
        case "value_error":
            return f"{what} {error['ctx']['error']}".strip()
        case "too_short" | "too_long":
            least = error["type"] == "too_short"
            limit = f"at least {error['ctx']['min_length']}" if least else f"at most {error['ctx']['max_length']}"
            return f"{what} must have {limit}, but there are {error['ctx']['actual_length']}"
        case "float_parsing" | "float_type" | "finite_number":
            return f"{what} must be a number{value}"
        case "string_too_short":
            return f"{what} must not be empty; write it"
        case "string_type":
            return f"{what} must be a text{value}; quote it"
        case "string_pattern_mismatch":
            return f"{what} must match {error['ctx']['pattern']}{value}"
        case _:
            return f"{what}: {error['msg'].lower()}{value}"
