"""The book's cards: they fit the chapters, ask all that the book teaches, and are stored as they are now."""

import json
import re
import sys
import zipfile
from collections import Counter
from functools import cache
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
from sphinx.errors import ExtensionError

from lmkit import study
from lmkit.commands import cards as command
from tests import test_figures_in_prose as figures
from tests.site import book
from tests.test_chapters import LESSONS

OWN_CARDS = 10  # at least, for every chapter
EXTENSIONS = book.ROOT / "book" / "_ext"
DECKS = "lmkit/study/decks"
LOWEST, HIGHEST = 0.17, 0.33  # how often the right choice may be the longest, or the shortest
COUNT = re.compile(r"(?<![\w.,–−-])\d[\d,]*(?!\w|[.,]\d|\s?%)")  # a whole number that stands for itself

every_chapter = pytest.mark.parametrize("chapter", study.chapters())


@pytest.fixture(scope="module")
def extensions():
    """The check and the extension that calls it, which lie beside the book and in no package."""
    sys.path.insert(0, str(EXTENSIONS))
    yield SimpleNamespace(check=import_module("cards_in_book"), deck=import_module("deck"))
    sys.path.remove(str(EXTENSIONS))


# --- the cards of the chapters ------------------------------------------------------------------------------------


def test_chapters_are_the_books():
    taught = [document.removeprefix("book/") for document in LESSONS]
    rule = f"{DECKS}/chapters.yml must name the chapters of _toc.yml in its order"
    assert study.chapters() == taught, f"{rule}; add what is missing to either"


def test_cards_fit_the_book(extensions):
    """Titles, sections and syllabus are the notebooks', and each notebook shows its cards in their sections."""
    assert extensions.check.faults(study.load_all()) == []


@every_chapter
def test_formulas_can_be_shown_and_numbers_are_what_lmkit_computes(chapter):
    assert list(command.faults(study.load(chapter))) == []


@every_chapter
def test_chapter_has_cards_of_its_own(chapter):
    """Beyond the sources: on what its labs and measurements showed."""
    own = sum(not card.covers for card in study.load(chapter).cards)
    rule = f"a chapter must have at least {OWN_CARDS} cards on what its own cells show, that is, without `covers:`"
    assert own >= OWN_CARDS, f"{rule}, but {chapter} has {own}; write more in {DECKS}/{chapter}.yml"


def test_everything_asked_by_the_sources_is_asked_in_a_quiz():
    """That the chapter says that it teaches it, the check against the book finds."""
    asked = {item for deck in study.load_all() for card in deck.quiz() for item in card.covers}
    lost = {f"A{n}" for n in range(1, 16)} | {f"B{n}" for n in range(1, 32)} | {"C1", "C2"}
    assert lost <= asked, f"a card that is no flashcard must have {sorted(lost - asked)} in its `covers:`; write one"


def test_no_part_of_the_syllabus_is_asked_by_lab_cards_alone():
    """Exams leave lab cards out, so each item needs another card that is asked in a quiz."""
    quiz = [card for deck in study.load_all() for card in deck.quiz()]
    lost = {item for card in quiz for item in card.covers} - {
        item for card in quiz for item in card.covers if not card.lab
    }
    assert not lost, f"a card without `lab: true` must have {sorted(lost)} in its `covers:`; write one"


@pytest.mark.parametrize(("extreme", "name"), [(max, "longest"), (min, "shortest")])
def test_length_does_not_give_the_right_choice_away(extreme, name):
    singles = [card for deck in study.load_all() for card in deck.cards if card.kind == "single"]
    found = [card for card in singles if right_length(card) == extreme(len(choice.text) for choice in card.choices)]
    per_chapter = Counter(card.id.partition("-")[0] for card in found)
    rule = f"the right choice of {LOWEST:.0%} to {HIGHEST:.0%} of the cards with one right choice must be the {name}"
    count = f"it is in {len(found)} of {len(singles)}, {dict(per_chapter)}; say some choices in more or fewer words"
    assert LOWEST <= len(found) / len(singles) <= HIGHEST, f"{rule}, but {count}"


def right_length(card: study.SingleChoice) -> int:
    return len(card.choices[card.right[0]].text)


# --- figures on cards are those of the chapter --------------------------------------------------------------------


@cache
def known(chapter: str) -> dict[str, set[float]]:
    """The numbers that the cells of each section of a chapter set and print."""
    section, cells = "", {}
    for cell in nbformat.read(book.ROOT / "book" / f"{chapter}.ipynb", as_version=4).cells:
        if cell.cell_type == "markdown":
            section = ([section] + re.findall(r"^## (.+)$", cell.source, re.M))[-1]
        cells.setdefault(section, []).append(cell)
    return {section: figures.known_numbers(nbformat.from_dict({"cells": inside})) for section, inside in cells.items()}


def stray_figures(card: study.Card, numbers: set[float]) -> list[str]:
    """The figures that a card states and that are neither among the numbers nor given on the card itself."""
    given = figures.numbers_of(f"{card.question} {getattr(card, 'check', '')}")
    texts = [figures.prose(text) for keys, text in card.texts() if states_something(card, keys)]
    found = [figure for text in texts for figure in figures.strays(text, numbers | given)]
    if card.lab:  # whole numbers, too, were counted in a run
        counts = [count.strip(",") for text in texts for count in COUNT.findall(text)]
        found += [count for count in counts if not figures.numbers_of(count) <= numbers | given]
    return found


def states_something(card: study.Card, keys: tuple) -> bool:
    """Whether a text is neither the question nor a wrong choice."""
    wrong = keys[0] == "choices" and keys[-1] == "text" and not card.choices[keys[1]].right
    return keys != ("question",) and not wrong


@every_chapter
def test_figures_on_cards_are_set_or_printed_by_the_chapter(chapter):
    numbers = set().union(*known(chapter).values())
    found = {card.id: found for card in study.load(chapter).cards if (found := stray_figures(card, numbers))}
    rule = "a figure on a card must be in its question or `check:`, or in a cell of its chapter"
    assert not found, f"{rule}, but these are not: {found}; correct them, or show the arithmetic as a formula"


@every_chapter
def test_figures_of_a_lab_card_come_from_one_section(chapter):
    """So that a figure that one experiment has changed isn't excused by another experiment."""
    found = {}
    for card in study.load(chapter).cards:
        if card.lab and all(strays := [stray_figures(card, numbers) for numbers in known(chapter).values()]):
            found[card.id] = min(strays, key=len)
    rule = "all figures on a card with `lab: true` must be in cells of one section of its chapter"
    assert not found, f"{rule}, but these are not: {found}; look at what the chapter prints"


def test_a_stale_figure_on_a_card_is_noticed():
    (card,) = (card for card in study.load("lstm").cards if card.id == "lstm-read-or-written")
    (right,) = card.right
    stale = card.choices[right].model_copy(update={"why": "Read off four of 17 units in 93.7 % of the cases."})
    choices = (*card.choices[:right], stale, *card.choices[right + 1 :])
    assert stray_figures(card.model_copy(update={"choices": choices}), {64.0, 0.9605}) == ["93.7 %", "17"]


# --- the check against the book -----------------------------------------------------------------------------------


@pytest.fixture
def notebooks(tmp_path):
    """A function that makes a folder with a chapter's notebook, after a change in it."""

    def make(change=lambda notebook: None) -> Path:
        notebook = json.loads((book.ROOT / "book" / "lstm.ipynb").read_text(encoding="utf-8"))
        small = {
            "metadata": {"syllabus": notebook["metadata"]["syllabus"]},
            "cells": [{key: cell[key] for key in ("cell_type", "source")} for cell in notebook["cells"]],
        }
        change(small)
        (tmp_path / "lstm.ipynb").write_text(json.dumps(small), encoding="utf-8")
        return tmp_path

    return make


def replaced(old: str, new: str):
    """A change of the cells of a notebook, in all places."""

    def change(notebook):
        for cell in notebook["cells"]:
            cell["source"] = [line.replace(old, new) for line in cell["source"]]

    return change


def moved_to_the_end(text: str):
    def change(notebook):
        (place,) = [n for n, cell in enumerate(notebook["cells"]) if text in cell["source"]]
        notebook["cells"].append(notebook["cells"].pop(place))

    return change


def without_b9(notebook):
    notebook["metadata"]["syllabus"].remove("B9")


SHOWN = 'Flashcards("lstm", "The additive path")'
MISFITS = {  # what is changed in the notebook: what is told, how often
    "a section of another name": (
        replaced("## The additive path", "## The path"),
        r"lstm.yml:\d+: card 'lstm-[\w-]+': section must be a heading of lstm.ipynb, one of \[.*'The path'",
    ),
    "another title": (replaced("# The LSTM, gate by gate", "# LSTM"), r"chapters.yml:\d+: the title must be .* 'LSTM'"),
    "a syllabus without an item": (
        without_b9,
        r"lstm.yml:\d+: card .* covers must be .* \['B9'\] are not; add",
    ),
    "no quiz": (
        replaced('Quiz("lstm")', "Quiz"),
        r"lstm.ipynb: a chapter must end with its quiz; add a cell",
    ),
    "flashcards that are not shown": (
        replaced(SHOWN, "pass"),
        r"lstm.yml:\d+: .* must show the flashcards of 'The addi",
    ),
    "flashcards of another section": (moved_to_the_end(SHOWN), r"lstm.ipynb: .*must stand in that section .*; move it"),
    "flashcards of no card": (
        replaced(SHOWN, SHOWN.replace("additive", "other")),
        r"lstm.ipynb: 'The other path' must have a flashcard to show, but none is in lstm.yml; add one",
    ),
}


@pytest.mark.parametrize(("change", "message"), MISFITS.values(), ids=MISFITS)
def test_what_does_not_fit_the_notebook_is_told(extensions, notebooks, change, message):
    deck = study.load("lstm")
    assert extensions.check.faults([deck], notebooks()) == []
    faults = extensions.check.faults([deck], notebooks(change))
    assert [fault for fault in faults if re.match(message, fault)], faults


def test_a_chapter_without_a_notebook_is_told(extensions, tmp_path):
    (fault,) = extensions.check.faults([study.load("lstm")], tmp_path)
    index = (book.ROOT / DECKS / "chapters.yml").read_text(encoding="utf-8").splitlines()
    line = index.index("lstm: The LSTM, gate by gate") + 1
    assert fault.startswith(f"chapters.yml:{line}: lstm.ipynb must be in {tmp_path}, for it has cards, but it is not")


def test_the_line_of_a_section_is_that_of_its_card(extensions, notebooks):
    faults = extensions.check.faults([study.load("lstm")], notebooks(replaced("## The additive path", "## The path")))
    lines = (book.ROOT / DECKS / "lstm.yml").read_text(encoding="utf-8").splitlines()
    for fault in (fault for fault in faults if "section must be" in fault):
        number, name = re.match(r"lstm.yml:(\d+): card '([\w-]+)'", fault).groups()
        assert lines[int(number) - 1].strip() == "section: The additive path"
        assert f"  - id: {name}" in lines[int(number) - 5 : int(number)]


# --- the deck for Anki that is built with the book ----------------------------------------------------------------


@pytest.fixture
def app(tmp_path):
    return SimpleNamespace(outdir=str(tmp_path / "html"), builder=SimpleNamespace(format="html"))


@pytest.fixture
def config():
    """What Jupyter Book hands to Sphinx: the title with its subtitle."""
    return SimpleNamespace(html_baseurl="https://example.org/", html_title="A Book: of chance", html_static_path=["x"])


def test_book_has_the_deck_among_its_static_files(extensions, app, config):
    given = []

    def write(path, decks, **named):
        given.append(named)
        return written(path, decks, **named)

    written, anki = extensions.deck.anki.write_deck, extensions.deck.anki
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(anki, "write_deck", write)
        extensions.deck.write_deck(app, config)
    (folder,) = config.html_static_path[1:]
    assert zipfile.ZipFile(Path(folder, "memory-and-chance.apkg")).testzip() is None
    assert given == [{"title": "A Book", "address": "https://example.org/book"}]
    with pytest.raises(ExtensionError, match="memory-and-chance.apkg was not copied"):
        extensions.deck.require_deck(app, None)


def test_book_with_a_broken_card_file_is_not_built(extensions, app, config, monkeypatch):
    def broken():
        raise study.CardError("lstm.yml:42: card 'x': why is missing; add it")

    monkeypatch.setattr(extensions.deck.study, "load_all", broken)
    with pytest.raises(ExtensionError, match=r"Anki deck cannot be built: lstm\.yml:42: card 'x': why is missing"):
        extensions.deck.write_deck(app, config)


def test_book_with_a_card_of_no_section_is_not_built(extensions, app, config, monkeypatch):
    deck = study.load("lstm")
    lost = deck._replace(cards=(deck.cards[0].model_copy(update={"section": "Nowhere"}), *deck.cards[1:]))
    monkeypatch.setattr(extensions.deck.study, "load_all", lambda: [lost])
    with pytest.raises(ExtensionError, match=r"lstm\.yml:\d+: card '[\w-]+': section must be a heading of lstm.ipynb"):
        extensions.deck.write_deck(app, config)
