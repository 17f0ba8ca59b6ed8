"""Notebooks of an assignment, as teachers hand them to otter-grader and nbgrader: with solutions and hidden tests.

Both tools make the students' version of them: `otter assign` and `nbgrader generate_assignment`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath
from textwrap import indent
from typing import Any

from lmkit.study.assignments.assignment import Assignment, Question

Cell = dict[str, Any]


def notebook(assignment: Assignment, form: str) -> dict[str, Any]:
    """Return the teacher's notebook as JSON has it (nbformat 4.5).

    Parameters
    ----------
    assignment : Assignment
    form : str
        "otter" or "nbgrader".

    Raises
    ------
    ValueError
        If there is no such form.
    """
    if form not in FORMATS:
        raise ValueError(f"format must be one of {sorted(FORMATS)}, but it is {form!r}")
    cells = list(FORMATS[form](assignment))
    for place, cell in enumerate(cells):
        cell["id"] = f"cell-{place}"
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return {
        "cells": cells,
        "metadata": {"kernelspec": kernel, "language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def place(name: str, form: str) -> PurePosixPath:
    """Return where a tool looks for the notebook, from the folder of the course."""
    folder = PurePosixPath("source") if form == "nbgrader" else PurePosixPath()
    return folder / name / f"{name}.ipynb"


def _cell(kind: str, source: str, **metadata: Any) -> Cell:
    cell: Cell = {"cell_type": kind, "metadata": metadata, "source": source.rstrip("\n")}
    return cell | {"execution_count": None, "outputs": []} if kind == "code" else cell


def _intro(assignment: Assignment) -> str:
    what = f"About {assignment.minutes} minutes, {assignment.points} points. Each question is a function to write."
    return f"# {assignment.title}\n\n{assignment.text}\n\n{what}"


def _asked(question: Question, number: int) -> str:
    points = f"{question.points} point{'s' if question.points > 1 else ''}"
    return f"## {number}. `{question.id}` ({points})\n\n{question.text}"


def _solution(question: Question, begin: str, end: str) -> str:
    head, body = question.head.rstrip(), indent(question.solution.rstrip(), "    ")
    return f"{head}\n    {begin}\n{body}\n    {end}"


# otter-grader: blocks between raw cells.


def _for_otter(assignment: Assignment) -> Iterator[Cell]:
    yield _cell("raw", f"# ASSIGNMENT CONFIG\nname: {assignment.chapter}\nexport_cell: false\nrun_tests: true")
    yield _cell("markdown", _intro(assignment))
    yield _cell("code", assignment.setup)
    for number, question in enumerate(assignment.questions, 1):
        config = f"name: {question.id}\npoints: {question.points}\nall_or_nothing: true"
        yield _cell("raw", f"# BEGIN QUESTION\n{config}")
        yield _cell("markdown", _asked(question, number))
        yield _cell("raw", "# BEGIN SOLUTION")
        yield _cell("code", _solution(question, "# BEGIN SOLUTION", "# END SOLUTION"))
        yield _cell("raw", "# END SOLUTION")
        yield _cell("raw", "# BEGIN TESTS")
        yield _cell("code", question.tested(hidden=False))
        if question.tested(hidden=True):  # a test case of its own, which needs the names that the other defines
            config = '""" # BEGIN TEST CONFIG\nhidden: true\n""" # END TEST CONFIG'
            yield _cell("code", f"{config}\n{question.tested(hidden=False)}\n{question.tested(hidden=True)}")
        yield _cell("raw", "# END TESTS")
        yield _cell("raw", "# END QUESTION")


# nbgrader: a role in each cell's metadata.


def _graded(name: str, **role: Any) -> Cell:
    ordinary = {"grade": False, "solution": False, "locked": True, "task": False}
    return {"nbgrader": {**ordinary, **role, "grade_id": name, "schema_version": 3}}


def _for_nbgrader(assignment: Assignment) -> Iterator[Cell]:
    yield _cell("markdown", _intro(assignment), **_graded("intro"))
    yield _cell("code", assignment.setup, **_graded("setup"))
    for number, question in enumerate(assignment.questions, 1):
        yield _cell("markdown", _asked(question, number), **_graded(f"{question.id}-text"))
        code = _solution(question, "### BEGIN SOLUTION", "### END SOLUTION")
        yield _cell("code", code, **_graded(question.id, solution=True, locked=False))
        tests = question.tested(hidden=False)
        if hidden := question.tested(hidden=True):
            tests += f"\n### BEGIN HIDDEN TESTS\n{hidden}\n### END HIDDEN TESTS"
        yield _cell("code", tests, **_graded(f"{question.id}-tests", grade=True, points=question.points))


FORMATS = {"nbgrader": _for_nbgrader, "otter": _for_otter}
