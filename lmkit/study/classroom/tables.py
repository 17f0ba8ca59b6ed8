"""A class's results as tables: printed, and as CSV."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from lmkit.plots.escaping import showable
from lmkit.study.cards import ChoiceCard
from lmkit.study.classroom.given import short
from lmkit.study.classroom.results import Results

LONGEST, WIDEST = 30, 60  # rows of a printed table, characters of a cell
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # with which a cell begins that a spreadsheet would compute

Cell = str | int | float | None


class Table(NamedTuple):
    """A table: its name, the heads of its columns, and its rows."""

    name: str
    heads: tuple[str, ...]
    rows: list[tuple[Cell, ...]]


def students(results: Results) -> Table:
    """Return who did what, with the share right at the first try of each chapter."""
    chapters = [deck.chapter for deck in results.decks]
    did = ("student", "files", "answers", "cards", "right first", "share", "days")
    heads = (*did, "from", "to", "predictions", "came true", *chapters)
    rows = []
    for student in results.students:
        shares = results.shares(student)
        cards = sum(share.answered for share in shares.values())
        right = sum(share.right for share in shares.values())
        row = (student.name, len(student.files), student.answers, cards, right, _ratio(right, cards), student.days)
        when = (_day(student.begun), _day(student.ended), student.predictions, student.came_true)
        rows.append((*row, *when, *(_ratio(shares[name].right, shares[name].answered) for name in chapters)))
    return Table("students", heads, rows)


def items(results: Results) -> Table:
    """Return how each item did."""
    heads = ("card", "chapter", "kind", "answered", "right", "difficulty", "discrimination", "upper-lower", "question")
    rows: list[tuple[Cell, ...]] = []
    for (card, deck), item in zip(results.cards, results.items(), strict=True):
        numbers = (item.answered, item.right, item.difficulty, item.discrimination, item.upper_lower)
        rows.append((card.id, deck.chapter, card.kind, *numbers, short(card.question)))
    return Table("items", heads, rows)


def reliabilities(results: Results) -> Table:
    """Return Cronbach's alpha by chapter, and of all."""
    rows: list[tuple[Cell, ...]] = [
        (title, found.items, found.students, found.alpha) for title, found in results.reliabilities().items()
    ]
    return Table("reliability", ("chapter", "items", "students", "alpha"), rows)


def wrong_answers(results: Results) -> Table:
    """Return the wrong answers that were given most."""
    heads = ("card", "chapter", "given by", "of", "answer", "what the card says", "question")
    rows: list[tuple[Cell, ...]] = [
        (card.id, deck.chapter, given_by, known, answer, why, short(card.question))
        for card, deck, answer, given_by, known, why in results.wrong_answers()
    ]
    return Table("wrong_answers", heads, rows)


def choices(results: Results) -> Table:
    """Return how often each choice was chosen."""
    rows: list[tuple[Cell, ...]] = []
    for card, deck, place, count, known in results.choices():
        if known and isinstance(card, ChoiceCard):
            choice = card.choices[place]
            verdict = "right" if choice.right else "wrong"
            rows.append((card.id, deck.chapter, place + 1, verdict, count, known, short(choice.text)))
    return Table("choices", ("card", "chapter", "choice", "verdict", "chosen by", "of", "text"), rows)


def score_table(results: Results) -> Table:
    """Return the first answers: 1 right, 0 wrong, empty where there is none."""
    rows: list[tuple[Cell, ...]] = [
        (student.name, *(None if math.isnan(score) else int(score) for score in row))
        for student, row in zip(results.students, results.scores.tolist(), strict=True)
    ]
    return Table("scores", ("student", *(card.id for card, _ in results.cards)), rows)


def skipped(results: Results) -> Table:
    """Return the files that could not be read."""
    return Table("skipped", ("file", "why"), list(results.group.skipped.items()))


def printed(results: Results) -> str:
    """Return all that a teacher wants to see at once."""
    did = students(results)
    hard = items(results)
    hard.rows.sort(key=lambda row: (float(str(row[5])), str(row[0])))
    shown = [
        ("Who did what, and the share right at the first try", _narrow(did, 9)),
        ("Items, the hardest first", _narrow(hard, 8)),
        ("Reliability: Cronbach's alpha, which is KR-20 here", reliabilities(results)),
        ("Wrong answers that were given most", _narrow(wrong_answers(results), 5)),
        ("Files that were skipped", skipped(results)),
    ]
    parts = [f"{title}\n{as_text(table)}" for title, table in shown if table.rows]
    if notes := results.notes():
        parts.append("\n".join(["Notes", *(f"  {showable(note)}" for note in notes)]))
    return "\n\n".join(parts)


def _narrow(table: Table, columns: int) -> Table:
    return table._replace(heads=table.heads[:columns], rows=[row[:columns] for row in table.rows])


def as_text(table: Table) -> str:
    """Return a table with columns below one another, numbers to the right; of a long one the first rows."""
    rows = [[_written(cell) for cell in row] for row in table.rows[:LONGEST]]
    widths = [max(map(len, column)) for column in zip(table.heads, *rows, strict=True)]
    numeric = [all(not isinstance(row[place], str) for row in table.rows) for place in range(len(table.heads))]

    def line(cells: Sequence[str]) -> str:
        aligned = zip(cells, widths, numeric, strict=True)
        return "  " + "  ".join(cell.rjust(w) if right else cell.ljust(w) for cell, w, right in aligned).rstrip()

    more = len(table.rows) - LONGEST
    left = [f"  … and {more:,} more; --out FOLDER writes all"] if more > 0 else []
    return "\n".join([line(table.heads), *map(line, rows), *left])


def _written(cell: Cell) -> str:
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return "–"
    if isinstance(cell, float):
        return f"{cell:.2f}"
    text = showable(str(cell)).replace("\n", "␊").replace("\t", " ")
    return text if len(text) <= WIDEST else f"{text[: WIDEST - 1]}…"


def write_tables(results: Results) -> dict[str, bytes]:
    """Return all tables as CSV, by the names of their files."""
    tables = [make(results) for make in (students, items, reliabilities, wrong_answers, choices, score_table, skipped)]
    return {f"{table.name}.csv": as_csv(table) for table in tables}


def as_csv(table: Table) -> bytes:
    """Return a table as CSV in UTF-8; a text with which a spreadsheet would compute has an apostrophe before it."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(table.heads)
    writer.writerows([list(map(_cell, row)) for row in table.rows])
    return text.getvalue().encode()


def _cell(cell: Cell) -> Cell:
    if isinstance(cell, str):
        plain = showable(cell)
        return f"'{plain}" if plain.startswith(_FORMULA) else plain
    if cell is None or math.isnan(cell):
        return ""
    return cell


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else math.nan


def _day(at: int | None) -> str | None:
    """Return a day, where the calendar has it: a wrong clock may name one of the year 99999."""
    if at is None:
        return None
    try:
        return datetime.fromtimestamp(at / 1000, UTC).date().isoformat()
    except (ValueError, OverflowError, OSError):
        return "in the far future"
