"""Predict first: questions that a lab asks before it is run, and answers by what it then measures."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from lmkit.widgets.base.checks import about, check_choice, check_text, checked_texts

NUMBER = (0,)  # of a measure that gives a number: `bounds` say which choice it falls into
LONGEST = 300  # characters; the page keeps questions and choices with the reader's progress
Prediction = Sequence[Any]  # (question, choices, measure) or (question, choices, measure, bounds)


def checked_predictions(predict: Sequence[Prediction], measures: Mapping[str, Sequence[int]]) -> list[dict[str, Any]]:
    """Return questions as the page asks them (`base/prediction/panel.js`).

    Parameters
    ----------
    predict : sequence of (question, choices, measure) or (question, choices, measure, bounds)
        What is asked, all that can come out, in order, and how the lab measures what does: never a stored answer. With
        bounds, ascending and one fewer than choices, the choices are ranges of the number that the lab measures.
    measures : mapping of str to sequence of int
        The lab's measures, and how many choices fit to each: none named means any count, `NUMBER` a number with bounds.

    Raises
    ------
    ValueError
        If a question is not of that form, or the choices do not fit to its measure.
    """
    if isinstance(predict, str) or not isinstance(predict, Sequence):
        raise ValueError(f"predict must be a list of (question, choices, measure), but it is {predict!r}")
    return [_checked(each, measures) for each in predict]


def _checked(each: Prediction, measures: Mapping[str, Sequence[int]]) -> dict[str, Any]:
    if isinstance(each, str) or not isinstance(each, Sequence) or len(each) not in (3, 4):
        raise ValueError(f"predict must hold (question, choices, measure) or four with bounds, but one is {each!r}")
    question, choices, measure, *rest = each
    bounds = list(rest[0]) if rest else []
    with about("predict"):
        check_choice("measure", measure, list(measures))
        choices = _several(choices)
        for words in (question, *choices):
            _check_words(words)
        _check_count(choices, measure, measures[measure], bounds)
    return {"question": question, "choices": choices, "measure": measure, "bounds": bounds}


def _several(choices: Any) -> list[str]:
    found = checked_texts("choices", choices)
    if len(found) < 2 or len(set(found)) < len(found):
        raise ValueError(f"choices must be at least two different texts, but they are {found}")
    return found


def _check_words(words: Any) -> None:
    check_text("words", words)
    if not words.strip() or len(words) > LONGEST or re.search(r"[\x00-\x1f\x7f-\x9f]", words):
        raise ValueError(f"words must be 1 to {LONGEST} characters in a line, but they are {words!r}")


def _check_count(choices: list[str], measure: str, counts: Sequence[int], bounds: list[float]) -> None:
    if counts == NUMBER:
        rising = all(low < high for low, high in zip(bounds, bounds[1:], strict=False))
        if len(bounds) != len(choices) - 1 or not rising or not all(math.isfinite(bound) for bound in bounds):
            rule = f"bounds must be {len(choices) - 1} rising numbers between the {len(choices)} choices"
            raise ValueError(f"{rule}, but they are {bounds}; give them as the fourth part")
    elif bounds:
        raise ValueError(f"bounds must be left out where measure is {measure!r}, but they are {bounds}")
    elif counts and len(choices) not in counts:
        rule = f"choices must be {' or '.join(map(str, counts))} where measure is {measure!r}, one for each outcome"
        raise ValueError(f"{rule}, but they are {len(choices)}; see the lab's measures")
