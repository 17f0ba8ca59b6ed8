"""Number pairs: numbers in words and in digits, the smallest translation that there is.

*two hundred seventy eight* is 2 7 8, and the other way round: a text is read to its end before the first token of
another is written. The words are those of Human Numbers, from 1 to 999,999. A part is held out by value, by blocks of
a hundred on a diagonal, or by length, so that a model can be asked how it goes on where it has not been.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable, Sequence
from typing import Literal, NamedTuple

from lmkit.datasets import human_numbers
from lmkit.text import Vocab

LIMIT = 1_000_000
END = "<eos>"
DIGITS = [str(digit) for digit in range(10)]


class NumberPair(NamedTuple):
    """A number in two languages.

    Attributes
    ----------
    source, target : list of str
        Words and digits, or digits and words, each with the end token.
    """

    source: list[str]
    target: list[str]


def words(number: int) -> list[str]:
    """Return a number from 1 to 999,999 in words: 12,078 is twelve thousand seventy eight."""
    if not (isinstance(number, int) and 1 <= number < LIMIT):
        raise ValueError(f"number must be a whole number from 1 to {LIMIT - 1}, but it is {number!r}")
    thousands, rest = divmod(number, 1000)
    before = [*human_numbers.words(thousands), "thousand"] if thousands else []
    return before + (list(human_numbers.words(rest)) if rest else [])


def digits(number: int) -> list[str]:
    """Return the digits of a number, each a token."""
    return list(str(number))


def pairs(numbers: Iterable[int], to: Literal["digits", "words"] = "digits") -> list[NumberPair]:
    """Return numbers as pairs of texts.

    Parameters
    ----------
    numbers : iterable of int in [1, 999,999]
    to : "digits" or "words"
        The language of the targets; the sources are in the other one.
    """
    if to not in ("digits", "words"):
        raise ValueError(f"to must be 'digits' or 'words', but it is {to!r}")
    found = [NumberPair([*words(number), END], [*digits(number), END]) for number in numbers]
    return found if to == "digits" else [NumberPair(target, source) for source, target in found]


def parse(tokens: Sequence[str]) -> int | None:
    """Return the number that digits or words name, with the end token or without; None if they name none."""
    text = list(tokens[:-1] if tokens[-1:] == [END] else tokens)
    if text and set(text) <= set(DIGITS):
        return int("".join(text)) if text[0] != "0" and len(text) < len(str(LIMIT)) else None
    thousands, mark, rest = _parted(text)
    high = human_numbers.parse(thousands) if mark else 0
    low = human_numbers.parse(rest) if rest else 0
    if high is None or low is None or high >= 1000 or low >= 1000:
        return None
    return 1000 * high + low or None


def value_split(share: float = 0.2, seed: int = 0, limit: int = 10_000) -> tuple[list[int], list[int]]:
    """Hold out a share of the numbers from 1 to `limit` - 1, drawn at random; both parts are in order."""
    if not 0 < share < 1:
        raise ValueError(f"share must be between 0 and 1, but it is {share!r}")
    numbers = range(1, _checked(limit))
    held = set(random.Random(seed).sample(numbers, round(share * len(numbers))))
    return _divided(numbers, held)


def diagonal_split(k: int = 2) -> tuple[list[int], list[int]]:
    """Hold out one hundred in five of 1 … 9999, as `human_numbers.diagonal_split` does.

    A block b of 100 numbers, counted from 0, is held out if (b + ⌊b/10⌋) mod 5 is k; both parts are in order.
    """
    if k not in range(5):
        raise ValueError(f"k must be one of 0 … 4, but it is {k!r}")
    numbers = human_numbers.numbers()
    return _divided(numbers, {n for n in numbers if (n // 100 + n // 1000) % 5 == k})


def length_split(
    held_out: Collection[int] = (5,), trained: Collection[int] = (1, 2, 3, 4, 6), per_length: int = 5000, seed: int = 0
) -> tuple[list[int], list[int]]:
    """Hold out numbers by how many digits they have.

    Parameters
    ----------
    held_out, trained : collections of int in [1, 6]
        Lengths in digits; none is in both.
    per_length : int ≥ 1
        How many numbers of a length are drawn, without repeats; all of them where there are no more.
    seed : int

    Returns
    -------
    training, held_out : lists of int
        In order.
    """
    both = [*held_out, *trained]
    if not held_out or not trained or len(set(both)) < len(both) or not set(both) <= set(range(1, 7)):
        raise ValueError(
            "held_out and trained must be lengths from 1 to 6 digits, none of them twice, "
            f"but they are {held_out!r} and {trained!r}"
        )
    if per_length < 1:
        raise ValueError(f"per_length must be at least 1, but it is {per_length!r}")
    rng = random.Random(seed)
    drawn = {length: _of_length(length, per_length, rng) for length in range(1, 7)}
    first, second = ([n for length in sorted(lengths) for n in drawn[length]] for lengths in (trained, held_out))
    return first, second


def word_vocab() -> Vocab:
    """Return the 30 tokens of numbers in words: the end token with id 0, and the words as they appear in order."""
    return Vocab([END, *(w for w in human_numbers.vocab().words if w != human_numbers.SEPARATOR)])


def digit_vocab() -> Vocab:
    """Return the 11 tokens of numbers in digits: the end token with id 0, and the digits."""
    return Vocab([END, *DIGITS])


def _of_length(length: int, most: int, rng: random.Random) -> list[int]:
    numbers = range(10 ** (length - 1), 10**length)
    return sorted(rng.sample(numbers, min(most, len(numbers))))


def _divided(numbers: Iterable[int], held: set[int]) -> tuple[list[int], list[int]]:
    inside: tuple[list[int], list[int]] = ([], [])
    for number in numbers:
        inside[number in held].append(number)
    return inside


def _checked(limit: int) -> int:
    if not (isinstance(limit, int) and 10 <= limit <= LIMIT):
        raise ValueError(f"limit must be a whole number from 10 to {LIMIT}, but it is {limit!r}")
    return limit


def _parted(text: list[str]) -> tuple[list[str], bool, list[str]]:
    """Return what stands before and after the word thousand, and whether it is there."""
    if "thousand" not in text:
        return [], False, text
    place = text.index("thousand")
    return text[:place], True, text[place + 1 :]
