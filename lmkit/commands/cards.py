"""`python -m lmkit cards`: check the card files, and make a deck for Anki of them."""

from __future__ import annotations

import argparse
import json
import math
import re
from collections import Counter
from importlib import import_module
from pathlib import Path
from typing import Any

from lmkit import study
from lmkit.study import Deck, Number, anki

BOOK = Path(__file__).parents[2] / "book"
ROOMS = "counting decoding dropout gradients metrics models pretrained rnn runs text training".split()
HEADING = re.compile(r"^#{2,3} (.+)$", re.MULTILINE)


def add_to(parser: argparse.ArgumentParser) -> None:
    """Give a parser the options of this command."""
    checks = "their form, sections, formulas and numbers"
    parser.description = f"Check the cards of quizzes and flashcards ({checks}), or make a deck for Anki of them."
    parser.add_argument("--check", action="store_true", help="check the cards and count them")
    parser.add_argument("--chapter", nargs="+", metavar="NAME", help="cards of these chapters; by default of all")
    parser.add_argument("--anki", metavar="DECK.apkg", help="write the cards as a deck that Anki imports")
    parser.add_argument("--address", metavar="URL", help="with --anki: where the book is published; cards link there")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Do what the options ask for."""
    if not (options.check or options.anki):
        raise ValueError("one of --check and --anki DECK.apkg must be given, but neither is")
    if options.address is not None and not options.anki:
        raise ValueError("--address must come with --anki DECK.apkg: only the deck has links")
    if options.anki:  # what cannot be written is told before the work
        anki.checked_path(options.anki)
    decks = study.load_all(options.chapter)
    if options.check:
        check(decks)
        print("\n".join(map(kinds_line, decks)))
        print(f"{'all':22}{sum(len(deck.cards) for deck in decks):4}")
    if options.anki:
        notes = anki.write_deck(options.anki, decks, address=options.address)
        print(f"{options.anki}: {notes} notes from {len(decks)} chapters; import it in Anki")


def kinds_line(deck: Deck) -> str:
    """A line that says how many cards a chapter has, by kind."""
    kinds = Counter(card.kind for card in deck.cards)
    return f"{deck.chapter:22}{len(deck.cards):4}  {', '.join(f'{kinds[kind]} {kind}' for kind in sorted(kinds))}"


def check(decks: list[Deck]) -> None:
    """Raise CardError where a card names a section that is not there, a formula that is none, or a wrong number."""
    if faults := [fault for deck in decks for fault in faults_of(deck)]:
        raise study.CardError(*faults)


def faults_of(deck: Deck) -> list[str]:
    """What is wrong with the cards of a chapter, apart from their form."""
    faults, known = [], headings(deck.chapter)
    for card in deck.cards:
        name = f"{deck.chapter}.yml: card {card.id!r}"
        if card.section not in known:
            faults.append(f"{name}: section must be a heading of the chapter, one of {known}, not {card.section!r}")
        try:
            study.page_data(card, deck)
        except study.CardError as error:
            faults += error.faults
        if isinstance(card, Number) and not card.accepts(value := computed(card.check)):
            faults.append(f"{name}: answer must be what check computes, {value:g}, but it is {card.answer:g}")
    return faults


def headings(chapter: str) -> list[str]:
    """The sections and subsections of a chapter's notebook."""
    cells = json.loads((BOOK / f"{chapter}.ipynb").read_text(encoding="utf-8"))["cells"]
    return HEADING.findall("\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"))


def computed(expression: str) -> float:
    """The value of a number card's `check`, which may use math, torch, and lmkit's rooms by their names."""
    names: dict[str, Any] = {"math": math, "torch": import_module("torch")}
    names |= {room: import_module(f"lmkit.{room}") for room in ROOMS}
    names |= {data: import_module(f"lmkit.datasets.{data}") for data in ("human_numbers", "stories")}
    return float(eval(expression, names))
