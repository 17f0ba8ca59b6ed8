"""Human Numbers: one, two, three … nine thousand nine hundred ninety nine, in English words.

The words come from the num2words library. A stream of numerals with a full stop after each is deterministic if one
remembers enough, so every context length has a known ceiling of accuracy, and "is it right?" can be decided.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache

from num2words import num2words

from lmkit.text import Vocab, as_whole

LIMIT = 10_000
SEPARATOR = "."


@cache
def words(number: int) -> tuple[str, ...]:
    """Return a number from 1 to 9999 in words, without hyphens, commas or "and": 278 is two hundred seventy eight."""
    if not 1 <= (as_whole(number) or 0) < LIMIT:
        raise ValueError(f"number must be a whole number from 1 to {LIMIT - 1}, but it is {number!r}")
    text = num2words(number, lang="en").replace("-", " ").replace(",", " ")
    return tuple(word for word in text.split() if word != "and")


def numbers(without_8000: bool = False) -> list[int]:
    """Return 1 … 9999 in order; `without_8000` gives the widely used variant that lacks one number."""
    return [n for n in range(1, LIMIT) if not (without_8000 and n == 8000)]


def tokens(which: Iterable[int] | None = None) -> list[str]:
    """Return numbers in words, each followed by a full stop; all of 1 … 9999 by default."""
    return [token for number in (numbers() if which is None else which) for token in (*words(number), SEPARATOR)]


def sequential_split() -> tuple[list[str], list[str]]:
    """Return the split of fastai's book (Howard & Gugger 2020, chapter 12): the last fifth is held out.

    It is taken of the text without 8000 and without its last full stop, cut into sequences of three tokens. Training
    ends shortly after 8000, so `nine thousand` never occurs in it: the split tests extrapolation.
    """
    text = tokens(numbers(without_8000=True))[:-1]
    cut = 3 * (4 * ((len(text) - 1) // 3) // 5)
    return text[:cut], text[cut:]


def diagonal_split(k: int = 2, nested: int | None = None) -> tuple[list[str], list[str]]:
    """Hold out one hundred in five, spread so that every digit in every place remains somewhere.

    A block b of 100 numbers, counted from 0, lies on the diagonal (b + ⌊b/10⌋) mod 5. Both parts are in order.

    Parameters
    ----------
    k : int in [0, 4]
        The diagonal that is held out.
    nested : int in [0, 4], optional
        Leave out diagonal k altogether and hold out this one of the others: for choosing settings.
    """
    if k not in range(5):
        raise ValueError(f"k must be one of 0 … 4, but it is {k!r}")
    if nested is not None and nested not in set(range(5)) - {k}:
        raise ValueError(f"nested must be one of 0 … 4 other than k = {k}, but it is {nested!r}")
    held = k if nested is None else nested
    diagonals = {n: (n // 100 + n // 1000) % 5 for n in numbers()}
    training = [n for n in numbers() if diagonals[n] not in (k, held)]
    return tokens(training), tokens([n for n in numbers() if diagonals[n] == held])


def vocab() -> Vocab:
    """Return the 30 tokens of Human Numbers, in order of first appearance in the stream; the full stop has id 1."""
    return Vocab.of(tokens())


@cache
def _values() -> dict[tuple[str, ...], int]:
    return {words(number): number for number in numbers()}


def parse(numeral: Sequence[str]) -> int | None:
    """Return the number that a sequence of words names, or None if it is no numeral from 1 to 9999."""
    return _values().get(tuple(numeral))


def numerals(text: Sequence[str]) -> list[list[str]]:
    """Split tokens at the full stops; what follows the last one is left out as unfinished."""
    out, current = [], []
    for token in text:
        if token == SEPARATOR:
            out.append(current)
            current = []
        else:
            current.append(token)
    return out
