"""The decks that come with lmkit: a card file for each chapter, beside this module, and `chapters.yml` in order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from lmkit.files import StrPath
from lmkit.study.deck_file import Deck, check_ids, read_deck
from lmkit.study.yaml_source import CardError, YamlSource

FOLDER = Path(__file__).parent
INDEX = "chapters"  # the file that names the chapters in order, with their titles


@cache
def index(folder: StrPath = FOLDER) -> YamlSource:
    """Return the file that names the chapters in order, with their titles and its lines."""
    source = YamlSource.read(Path(folder, f"{INDEX}.yml"))
    rule = "the file must name the chapters in order, each with its title, as `lstm: The LSTM`"
    if not isinstance(source.content, dict):
        raise source.error((), f"{rule}; write a line for each")
    for chapter, title in source.content.items():
        if not isinstance(title, str):
            raise source.error((chapter,), f"{rule}, but the title of {chapter!r} is {title!r}; quote it")
    return source


def chapters(folder: StrPath = FOLDER) -> list[str]:
    """Return the names of the chapters that have cards, in order."""
    return list(titles(folder))


def titles(folder: StrPath = FOLDER) -> dict[str, str]:
    """Return the titles of the chapters, by their names, in order."""
    return index(folder).content


@cache
def load(chapter: str, folder: StrPath = FOLDER) -> Deck:
    """Return the deck of a chapter.

    Raises
    ------
    ValueError
        If there is no such chapter.
    CardError
        If its file is broken: the message begins with the file's name and the line.
    """
    if chapter not in chapters(folder):
        raise ValueError(f"chapter must be one of {chapters(folder)}, but it is {chapter!r}")
    path = Path(folder, f"{chapter}.yml")
    if not path.is_file():
        rule = (
            f"chapter {chapter!r} must have its cards in {path.name}, which is not there; write it, or remove this line"
        )
        raise index(folder).error((chapter,), rule)
    return read_deck(path, titles(folder)[chapter], chapters(folder).index(chapter) + 1)


def load_all(names: Iterable[str] | None = None, folder: StrPath = FOLDER) -> list[Deck]:
    """Return the decks of these chapters, by default of all, in the order given or the index's.

    Raises
    ------
    ValueError
        If there is no such chapter.
    CardError
        With all faults of all files; also where two cards have the same id, or, when all are asked for, where a card
        file is not listed.
    """
    decks, errors = [], list(_unlisted(folder)) if names is None else []
    for chapter in chapters(folder) if names is None else names:
        try:
            decks.append(load(chapter, folder))
        except CardError as error:
            errors.append(error)
    if errors := [*errors, *check_ids(decks)]:
        raise CardError.joined(errors)
    return decks


def _unlisted(folder: StrPath) -> Iterator[CardError]:
    """Yield an error for every card file that the index does not name: nobody would ever see its cards."""
    for path in sorted(Path(folder).glob("*.yml")):
        if path.stem not in {INDEX, *chapters(folder)}:
            remedy = f"add `{path.stem}: TITLE` there, or move the file elsewhere"
            yield CardError(f"{path.name}:1: a card file must be listed in {INDEX}.yml, but this one is not; {remedy}")
