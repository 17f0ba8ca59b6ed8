"""Check the cards of lmkit against the book: chapters, sections, syllabus, and where the notebooks show them.

    python book/_ext/cards_in_book.py    compare; exit 1 where something does not fit

``deck.py`` asks in every build. The form of cards needs no book: ``python -m lmkit cards --check``.
"""

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from lmkit.study import CardError, Deck, decks, load_all

NOTEBOOKS = Path(__file__).resolve().parents[1]
TITLE = re.compile(r"^# (.+)$", re.MULTILINE)
HEADING = re.compile(r"^#{2,3} (.+)$", re.MULTILINE)
FLASHCARDS = re.compile(r'^Flashcards\("(\w+)", "(.+)"\)$', re.MULTILINE)


def faults(checked: Iterable[Deck], notebooks: Path = NOTEBOOKS) -> list[str]:
    """Return what does not fit between decks and the notebooks in a folder, a line for each fault."""
    found = []
    for deck in checked:
        path = notebooks / f"{deck.chapter}.ipynb"
        if path.is_file():
            found += _faults_of(deck, json.loads(path.read_text(encoding="utf-8")), path.name)
        else:
            rule = f"{path.name} must be in {notebooks}, for it has cards, but it is not; write it, or remove this line"
            found.append(_index_fault(deck, rule))
    return found


def headings(notebook: dict) -> list[str]:
    """Return the sections and subsections of a notebook, in order."""
    return [heading for cell in notebook["cells"] if _is_text(cell) for heading in HEADING.findall(_source(cell))]


def _faults_of(deck: Deck, notebook: dict, name: str) -> Iterator[str]:
    title = TITLE.search(_source(notebook["cells"][0]))
    if deck.title != (heading := title[1] if title else ""):
        yield _index_fault(deck, f"the title must be the heading of {name}, {heading!r}, but it is {deck.title!r}")
    sections, syllabus = headings(notebook), notebook["metadata"].get("syllabus", [])
    for card in deck.cards:
        if card.section not in sections:
            rule = f"section must be a heading of {name}, one of {sections}, but it is {card.section!r}"
            yield deck.fault(card, ("section",), rule)
        if unknown := [item for item in card.covers if item not in syllabus]:
            rule = f"covers must be of the syllabus in the metadata of {name}, {syllabus}, but {unknown} are not"
            yield deck.fault(card, ("covers",), f"{rule}; add them there if the chapter teaches them")
    yield from _display_faults(deck, notebook, name)


def _display_faults(deck: Deck, notebook: dict, name: str) -> Iterator[str]:
    """Yield where a notebook does not show the quiz, or flashcards beside their section."""
    if not any(f'Quiz("{deck.chapter}")' in _source(cell).splitlines() for cell in notebook["cells"]):
        yield f'{name}: a chapter must end with its quiz; add a cell with Quiz("{deck.chapter}")'
    shown = []
    for section, chapter, wanted in _flashcard_cells(notebook):
        shown.append(wanted)
        if (chapter, wanted) != (deck.chapter, section):
            rule = f'Flashcards("{chapter}", "{wanted}") must stand in that section of that chapter'
            yield f"{name}: {rule}, but it is in {section!r}; move it"
    for card in deck.cards:
        if not card.in_quiz and card.section not in shown:
            shown.append(card.section)
            rule = f"{name} must show the flashcards of {card.section!r}, but it does not"
            cell = f'Flashcards("{deck.chapter}", "{card.section}")'
            yield deck.fault(card, ("section",), f"{rule}; end the section with a cell {cell}")
    for section in shown:
        if not deck.flashcards(section):
            yield f"{name}: {section!r} must have a flashcard to show, but none is in {deck.chapter}.yml; add one"


def _flashcard_cells(notebook: dict) -> Iterator[tuple[str | None, str, str]]:
    """Yield the section in which flashcards are shown, and the chapter and section of which they are."""
    section = None
    for cell in notebook["cells"]:
        if _is_text(cell):
            section = ([section] + HEADING.findall(_source(cell)))[-1]
        elif match := FLASHCARDS.search(_source(cell)):
            yield section, match[1], match[2]


def _index_fault(deck: Deck, message: str) -> str:
    return decks.index().fault((deck.chapter,), message)


def _is_text(cell: dict) -> bool:
    return cell["cell_type"] == "markdown"


def _source(cell: dict) -> str:
    return "".join(cell["source"])


def main() -> None:
    try:
        checked = load_all()
    except CardError as error:
        raise SystemExit(str(error)) from None
    if found := faults(checked):
        raise SystemExit("\n".join(found))
    print(f"{sum(len(deck.cards) for deck in checked)} cards of {len(checked)} chapters fit the book.")


if __name__ == "__main__":
    main()
