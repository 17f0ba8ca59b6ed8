"""Whether texts of Human Numbers are right: each line a numeral, each numeral the one after the last."""

from __future__ import annotations

from collections.abc import Sequence

from lmkit.datasets import human_numbers

Text = Sequence[str]


def valid_numerals(texts: Sequence[Text]) -> float:
    """Return the share of lines, in [0, 1], that name a number from 1 to 9999; a line ends with a full stop.

    What follows the last full stop of a text is not counted. Raises ValueError if there is no line at all.
    """
    lines = [line for text in texts for line in human_numbers.numerals(text)]
    if not lines:
        raise ValueError("texts must hold at least one line that ends with a full stop, but they hold none")
    return sum(human_numbers.parse(line) is not None for line in lines) / len(lines)


def correct_successors(texts: Sequence[Text]) -> float:
    """Return the share of lines, in [0, 1], that name the number after the one of the line before.

    Only lines that follow a numeral from 1 to 9998 are asked about: after nonsense, or after 9999, nothing is right.
    An unfinished last line counts as wrong. Give texts with their prompts, so that the first line written is judged.
    """
    judged = [right for text in texts for right in _successors(text)]
    if not judged:
        raise ValueError("texts must hold a line after a numeral below 9999, but they hold none; include the prompts")
    return sum(judged) / len(judged)


def _successors(text: Text) -> list[bool]:
    numbers = [human_numbers.parse(line) for line in human_numbers.numerals(text)]
    if text and text[-1] != human_numbers.SEPARATOR:
        numbers.append(None)
    last = human_numbers.LIMIT - 1
    return [b == a + 1 for a, b in zip(numbers, numbers[1:], strict=False) if a is not None and a != last]
