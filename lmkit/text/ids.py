"""Whole numbers and token ids, checked."""

from __future__ import annotations

import operator
from typing import Any, cast


def as_whole(value: Any) -> int | None:
    """Return a whole number as an int, be it Python's, NumPy's or a tensor without dimensions; None for all else.

    True, 3.0 and "3" are no whole numbers.
    """
    if isinstance(value, bool) or "bool" in str(getattr(value, "dtype", "")) or getattr(value, "ndim", 0):
        return None
    try:
        return operator.index(value)
    except TypeError:
        return None


def as_ids(name: str, ids: Any, vocab_size: int | None = None, least: float = 0) -> list[int]:
    """Return token ids as a list of int.

    Parameters
    ----------
    name : str
        What an error calls them.
    ids : iterable of whole numbers, or a Tensor or array (L,) of them
    vocab_size : int, optional
        V, if it is known.
    least : float
        Below 0 for numbers that stand for something else than tokens.

    Raises
    ------
    ValueError
        If one is not a whole number from 0 to V - 1.
    """
    try:
        given = ids.tolist() if hasattr(ids, "tolist") else list(ids)
        whole = [each if type(each) is int else as_whole(each) for each in given]
    except TypeError:
        raise ValueError(f"{name} must be a sequence of ids, but it is {ids!r}; give a list of whole numbers") from None
    for each, found in zip(given, whole, strict=True):
        if found is None or found < least or (vocab_size is not None and found >= vocab_size):
            rule = "of at least 0" if vocab_size is None else f"from 0 to {vocab_size - 1}"
            remedy = "Vocab.ids finds those of words" if isinstance(each, str) else "leave it out"
            raise ValueError(f"{name} must be ids, whole numbers {rule}, but one is {each!r}; {remedy}")
    return cast(list[int], whole)
