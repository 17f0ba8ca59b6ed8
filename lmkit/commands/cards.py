"""`python -m lmkit cards`: check card files, and make a deck for Anki or a file for a learning platform of them."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from importlib import import_module
from typing import Any

from lmkit import study
from lmkit.files import atomic_write, check_apart, check_place
from lmkit.study import CardError, Deck, Number, anki, exports

SCORM = "scorm"
NAMES = {  # what a number card's `check` may use, and the module behind each name
    **{name: name for name in ("math", "torch")},
    **{name: f"lmkit.{name}" for name in "decoding dropout metrics models pretrained rnn runs text training".split()},
    **{name: f"lmkit.analysis.{name}" for name in ("counting", "gradients")},
    **{name: f"lmkit.datasets.{name}" for name in ("human_numbers", "stories")},
}


def add_to(parser: argparse.ArgumentParser) -> None:
    """Give a parser the options of this command."""
    parser.description = (
        "Check the cards of quizzes and flashcards, or make a deck for Anki or a file for a learning platform of them."
    )
    parser.add_argument(
        "files",
        nargs="*",
        metavar="FILE.yml",
        help="card files of your own; without them, the cards that come with lmkit",
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="check the cards' form, formulas and numbers, and count them; a number card's `check` is run as Python, "
        "so check only files that you trust",
    )
    parser.add_argument("--chapter", nargs="+", metavar="NAME", help="cards of these chapters; by default of all")
    parser.add_argument("--anki", metavar="DECK.apkg", help="write the cards as a deck that Anki imports")
    parser.add_argument(
        "--export",
        choices=[*exports.FORMATS, SCORM],
        help="write the cards for a learning platform: moodle (Moodle XML), gift (GIFT), qti (QTI 2.1, for Canvas and "
        "Blackboard) or scorm (SCORM 1.2: each chapter's quiz as a page that tells its score)",
    )
    parser.add_argument(
        "--out", metavar="FILE", help="with --export: where to; .xml, .txt or .zip, as the format has it"
    )
    parser.add_argument(
        "--report", metavar="FILE", help="with --export: write what became of each card that the format cannot hold"
    )
    parser.add_argument("--title", help=f"with --anki or --export: its name, {anki.NAMESPACE} unless given")
    parser.add_argument(
        "--address", metavar="URL", help="with --anki or --export: the folder of the chapters' pages; cards link there"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Do what the options ask for."""
    _check_options(options)
    decks = _decks(options.files, options.chapter)
    if options.check:
        check(decks)
        print("\n".join(map(count_line, decks)))
        print(f"{'all':22}{sum(len(deck.cards) for deck in decks):4}")
    if options.anki:
        title = anki.NAMESPACE if options.title is None else options.title
        notes = anki.write_deck(options.anki, decks, title=title, address=options.address)
        print(f"{options.anki}: {notes} notes from {_chapters(decks)}; import it in Anki")
    if options.export:
        _export(options, decks)


def _chapters(decks: list[Deck]) -> str:
    return f"{len(decks)} {'chapter' if len(decks) == 1 else 'chapters'}"


def _format(name: str) -> exports.Format:
    """Return a format by its name; that of quizzes which run by themselves brings all widgets along."""
    if name == SCORM:
        return import_module("lmkit.widgets.cards._sco.scorm").FORMAT
    return exports.FORMATS[name]


def _export(options: argparse.Namespace, decks: list[Deck]) -> None:
    """Write the file for a learning platform; say on standard error what became of cards that it cannot hold."""
    title = anki.NAMESPACE if options.title is None else options.title
    found = _format(options.export)
    report = exports.write_cards(options.out, decks, found, title=title, address=options.address)
    for line in report.summary():
        print(line, file=sys.stderr)
    if options.report:
        atomic_write(options.report, report.text().encode(), "the report")
    print(f"{options.out}: {report.questions} questions from {_chapters(decks)}, for {found.readers}")


def _check_options(options: argparse.Namespace) -> None:
    """Raise ValueError where options do not go together, or a file cannot be written: before any work."""
    if not (options.check or options.anki or options.export):
        raise ValueError("one of --check, --anki DECK.apkg and --export FORMAT must be given, but none is")
    if options.files and options.chapter:
        raise ValueError("--chapter must come without files: it chooses among the cards that come with lmkit")
    for name in ("title", "address"):
        if getattr(options, name) is not None and not (options.anki or options.export):
            raise ValueError(f"--{name} must come with --anki DECK.apkg or --export FORMAT: only these have it")
    for name in ("out", "report"):
        if getattr(options, name) is not None and not options.export:
            raise ValueError(f"--{name} must come with --export FORMAT, but that is not given; add it")
    if options.export and not options.out:
        raise ValueError("--out FILE must be given with --export, but it is not; say where to write")
    _check_places(options)


def _check_places(options: argparse.Namespace) -> None:
    """Raise ValueError where a file cannot be written, or would replace another."""
    inputs = {f"file {place}": file for place, file in enumerate(options.files, 1)}
    check_apart(inputs, {"the deck": options.anki, "the export": options.out, "the report": options.report})
    if options.anki:
        anki.validate_path(options.anki)
    if options.export:
        exports.validate(options.out, _format(options.export))
    if options.report:
        check_place("the report", options.report)


def _decks(files: list[str], chapters: list[str] | None) -> list[Deck]:
    """Return the decks of these files, or those that come with lmkit; raise CardError with the faults of all."""
    return study.read_decks(files) if files else study.load_all(chapters)


def count_line(deck: Deck) -> str:
    """Return a line that says how many cards a deck has, by kind."""
    kinds = Counter(card.kind for card in deck.cards)
    return f"{deck.chapter:22}{len(deck.cards):4}  {', '.join(f'{kinds[kind]} {kind}' for kind in sorted(kinds))}"


def check(decks: Iterable[Deck]) -> None:
    """Raise CardError where a formula cannot be shown, or a number is not what its `check` computes."""
    if found := [fault for deck in decks for fault in faults(deck)]:
        raise CardError(*found)


def faults(deck: Deck) -> Iterator[str]:
    """Yield what is wrong with the texts and numbers of a deck, with file and line."""
    for card in deck.cards:
        try:
            study.card_to_json(card, deck)
        except CardError as error:
            yield from error.faults
        if isinstance(card, Number):
            yield from _number_faults(card, deck)


def _number_faults(card: Number, deck: Deck) -> Iterator[str]:
    try:
        value = evaluate(card.check)
    except Exception as error:  # whatever an expression may raise
        rule = f"check must be Python that computes a number, with the names {', '.join(NAMES)}"
        yield deck.fault(card, ("check",), f"{rule}, but {card.check!r} raises {type(error).__name__}: {error}")
        return
    if not card.accepts(value):
        message = f"answer must be what check computes, {value:g}, but it is {card.answer:g}; correct one of them"
        yield deck.fault(card, ("answer",), message)


def evaluate(expression: str) -> float:
    """Return the value of a number card's `check`, which may use the `NAMES`."""
    names: dict[str, Any] = {name: import_module(module) for name, module in NAMES.items()}
    return float(eval(expression, names))
