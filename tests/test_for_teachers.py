"""The page for teachers: its minutes are those of the chapters, and its plans those of its table."""

import math
import re

import pytest

from lmkit import study
from tests.documents import text
from tests.site import book

PAGE = "book/for_teachers.md"
CARDS = {"Quiz", "Flashcards", "FillIn"}
FOR_A_LAB, WORDS = 5, 200  # minutes; words a minute


def rows(heading: str) -> list[list[str]]:
    """The cells of the table below a heading."""
    section = re.split(r"^#+ ", text(PAGE).partition(f"{heading}\n")[2], maxsplit=1, flags=re.M)[0]
    table = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table[2:]]


def chapters(cell: str) -> list[str]:
    return re.findall(r"\{doc\}`(\w+)`", cell)


def minutes() -> dict[str, int]:
    return {chapters(row[0])[0]: int(row[-1]) for row in rows("### How long a chapter takes")}


@pytest.mark.parametrize("chapter", study.chapters())
def test_minutes_are_counted(chapter):
    found = next((row for row in rows("### How long a chapter takes") if chapters(row[0]) == [chapter]), [])
    document = f"book/{chapter}"
    cells = [cell for cell in book.notebook(document).cells if cell.cell_type == "markdown"]
    reading = math.ceil(sum(len(cell.source.split()) for cell in cells) / WORDS)
    labs = list(dict.fromkeys(lab for lab in book.shown_labs(document) if lab not in CARDS))
    questions = len(study.load(chapter).quiz())
    named = ", ".join(f"`{lab}`" for lab in labs) or "–"
    whole = reading + FOR_A_LAB * len(labs) + questions
    counted = [str(reading), named, str(FOR_A_LAB * len(labs)), str(questions), str(whole)]
    assert found[1:] == counted, f"{PAGE} must have the minutes of {chapter}; run book/_ext/minutes.py"


@pytest.mark.parametrize("plan, weeks, count", [("Two", 2, 6), ("Four", 4, 12), ("Eight", 8, 16)])
def test_plans_add_up_and_go_in_the_order_of_the_book(plan, weeks, count):
    found = rows(f"### {plan} weeks")
    assert [row[0] for row in found] == [str(week) for week in range(1, weeks + 1)]
    planned = [chapter for row in found for chapter in chapters(row[1])]
    assert planned == [chapter for chapter in study.chapters() if chapter in planned] and len(planned) == count
    for row in found:
        assert int(row[2]) == sum(minutes()[chapter] for chapter in chapters(row[1]))


@pytest.mark.parametrize("plan", ["Two", "Four", "Eight"])
def test_labs_that_a_week_uses_are_in_its_chapters(plan):
    for row in rows(f"### {plan} weeks"):
        shown = {lab for chapter in chapters(row[1]) for lab in book.shown_labs(f"book/{chapter}")}
        assert set(re.findall(r"`(\w+Lab|Microscope)`", row[3])) <= shown
