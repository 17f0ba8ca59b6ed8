"""Errors that name the argument, the rule and the value."""

from __future__ import annotations

from typing import Any


def check(name: str, value: Any, holds: bool, rule: str) -> None:
    """Raise ValueError unless the rule holds."""
    if not holds:
        raise ValueError(f"{name} must be {rule}, but it is {value!r}")


def is_whole(value: Any) -> bool:
    """Whether a value is an int, and not a bool."""
    return isinstance(value, int) and not isinstance(value, bool)


def check_count(name: str, value: Any, least: int = 1) -> None:
    """Raise ValueError unless a value is a whole number of at least `least`."""
    check(name, value, is_whole(value) and value >= least, f"a whole number of at least {least}")
