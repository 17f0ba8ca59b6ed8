"""What the ribbon lab computes of a filter."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor


class FilterEffect(NamedTuple):
    """Effects of a filter at each of L steps; the page computes the same. Words are the model's tokens.

    Attributes
    ----------
    kept : Tensor (L,), int64
        Words that the filter keeps.
    right, wrong, missing : Tensor (L,), int64
        Kept words that can come next, kept words that cannot, and dropped words that can.
    false_mass : Tensor (L,)
        The probability that the filtered distribution gives to words that cannot come next.
    missed_mass : Tensor (L,)
        The true probability of the words that are dropped.
    allowed : Tensor (L,), bool
        Whether the text's own word is kept.
    known : Tensor (L,), bool
        Whether the truth is known: not after a word that the grammar cannot write, and nowhere of a model that does
        not speak Stories. All but `kept` and `allowed` are 0 there.
    """

    kept: Tensor
    right: Tensor
    wrong: Tensor
    missing: Tensor
    false_mass: Tensor
    missed_mass: Tensor
    allowed: Tensor
    known: Tensor
