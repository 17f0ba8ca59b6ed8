"""Exams on paper, made of the cards: versions with the same questions in other orders, a key, and the answers as CSV.

The same cards and the same seed make the same files, byte for byte::

    from lmkit import study
    from lmkit.study import exam

    versions = exam.make(study.load_all(["lstm", "training"]), questions=20, seed=7, versions=2)
    exam.write_exam(versions, "exam", title="Midterm")
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from lmkit.study.deck_file import Deck
from lmkit.study.exam.choosing import ASKED, Question, candidates, check_kinds, choose
from lmkit.study.exam.page import to_html
from lmkit.study.exam.versions import Asked, Version, make_versions
from lmkit.study.exam.writing import FORMATS, answer_table, check_folder, file_names, write_exam

__all__ = [
    "ASKED",
    "FORMATS",
    "Asked",
    "Question",
    "Version",
    "answer_table",
    "candidates",
    "check_folder",
    "check_kinds",
    "choose",
    "file_names",
    "make",
    "make_versions",
    "to_html",
    "write_exam",
]


def make(
    decks: Iterable[Deck],
    *,
    questions: int,
    seed: int = 0,
    versions: int = 1,
    kinds: Collection[str] = ASKED,
    lab: bool = False,
) -> list[Version]:
    """Return the versions of an exam.

    Parameters
    ----------
    decks : iterable of Deck
        From `lmkit.study.load_all` or `lmkit.study.read_deck`.
    questions : int ≥ 1
        How many questions each version has.
    seed : int
        What decides which cards are asked, and in what order.
    versions : int from 1 to 26
    kinds : collection of str
        The kinds of cards to ask; flashcards and drawings only where they are named.
    lab : bool
        Whether to ask what the book's own runs measured, too.

    Raises
    ------
    ValueError
        If there are not so many questions, or a number is out of range.
    """
    return make_versions(choose(candidates(decks, check_kinds(kinds), lab=lab), questions, seed), versions, seed)
