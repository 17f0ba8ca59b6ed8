"""An assignment graded in this process: whether its solution passes and its wrong solutions get their hints.

The tests are Python and are run: check only files that you trust.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lmkit.study.assignments.assignment import Assignment, Question


def grade(assignment: Assignment, answers: Mapping[str, str]) -> dict[str, str | None]:
    """Run answers and their tests in one namespace, as a notebook does.

    Parameters
    ----------
    assignment : Assignment
    answers : dict of str to str
        Code by question.

    Returns
    -------
    dict of str to (str or None)
        By question, what the first test that failed says, or None where all tests passed.
    """
    namespace = _prepared(assignment)
    asked = [question for question in assignment.questions if question.id in answers]
    return {question.id: _failure(question, answers[question.id], namespace) for question in asked}


def _prepared(assignment: Assignment) -> dict[str, Any]:
    """Return a namespace with all solutions, since later questions build on earlier ones."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    for code in (assignment.setup, *(question.code() for question in assignment.questions)):
        exec(code, namespace)
    return namespace


def _failure(question: Question, answer: str, namespace: dict[str, Any]) -> str | None:
    try:
        exec(answer, namespace)
        for test in question.tests:
            exec(test.code, namespace)
    except AssertionError as error:
        return str(error)
    except Exception as error:  # whatever an answer may raise
        return f"{type(error).__name__}: {error}"
    finally:
        exec(question.code(), namespace)
    return None


def faults(assignment: Assignment) -> list[str]:
    """Return what is wrong with an assignment's tests: none where they tell right from wrong as they should."""
    return list(_faults(assignment))


def _faults(assignment: Assignment) -> Iterator[str]:
    solutions = {question.id: question.code() for question in assignment.questions}
    for name, failure in grade(assignment, solutions).items():
        if failure is not None:
            yield f"{name}: the solution must pass the tests, but one says {failure!r}; correct one of them"
    for question in assignment.questions:
        for wrong in question.wrong:
            failure = grade(assignment, {question.id: question.code(wrong)})[question.id]
            what = f"{question.id}: with {wrong.to!r} for {wrong.change!r}"
            if failure is None:
                yield f"{what} the tests must fail, but they pass; add a test that tells"
            elif wrong.hint not in failure:
                yield f"{what} the message must have {wrong.hint!r}, but it is {failure!r}; reorder the tests"
