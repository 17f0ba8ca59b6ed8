"""What the arguments of labs must be; errors name the argument, the rule and the value."""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np

from lmkit.text import tokenize

MOST_WORDS = 200  # of a text, where a lab draws nothing that takes more room for each


def check(name: str, value: Any, holds: bool, rule: str) -> None:
    """Raise ValueError unless a rule holds."""
    if not holds:
        raise ValueError(f"{name} must be {rule}, but it is {value!r}")


def check_number(name: str, value: Any, low: float, high: float = math.inf, whole: bool = False) -> None:
    """Raise ValueError unless a value is a number, or a whole one, within limits; numpy's numbers are numbers."""
    kind: Any = numbers.Integral if whole else numbers.Real
    known = isinstance(value, kind) and not isinstance(value, bool) and low <= value <= high
    limits = f"of at least {low}" if high == math.inf else f"from {low} to {high}"
    check(name, value, known, f"a {'whole ' if whole else ''}number {limits}")


def check_choice(name: str, value: Any, options: Iterable[Any]) -> None:
    """Raise ValueError unless a value is among some; True is not 1 here."""
    known = list(options)
    check(name, value, any(is_same(value, option) for option in known), f"one of {known}")


def check_truth(name: str, value: Any) -> None:
    """Raise ValueError unless a value is True or False."""
    check(name, value, isinstance(value, bool | np.bool_), "True or False")


def check_text(name: str, value: Any) -> None:
    """Raise ValueError unless a value is a text."""
    check(name, value, isinstance(value, str), "a text")


def check_words(name: str, value: Any, most: int = MOST_WORDS) -> None:
    """Raise ValueError unless a value is a text of few enough words to be shown; base/tokenizer.js does the same."""
    check_text(name, value)
    if (count := len(tokenize(value))) > most:
        raise ValueError(f"{name} must hold at most {most} words, but it holds {count}; shorten it")


def checked_texts(name: str, values: Any) -> list[str]:
    """Return some texts as a list; raise ValueError for a single one, or what is no text."""
    with suppress(TypeError):
        found = None if isinstance(values, str) else list(values)
        if found is not None and all(isinstance(text, str) for text in found):
            return found
    raise ValueError(f"{name} must be a list of texts, but it is {values!r}")


def is_same(value: Any, option: Any) -> bool:
    """Return whether a value is an option: a number or a text that equals it, or itself; True is not 1 here."""
    if isinstance(value, bool | np.bool_) != isinstance(option, bool):
        return False
    return value is option or isinstance(value, str | numbers.Number | np.bool_) and bool(value == option)


@contextmanager
def about(name: str) -> Iterator[None]:
    """Let errors that are raised within begin with the name of an argument."""
    try:
        yield
    except ValueError as error:
        if str(error).startswith(name):
            raise
        raise type(error)(f"{name}: {error}") from None
