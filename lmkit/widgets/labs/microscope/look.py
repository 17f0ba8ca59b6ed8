"""What the microscope lab computes of a text."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor


class Look(NamedTuple):
    """The numbers that the microscope shows, as Python computes them.

    Attributes
    ----------
    tokens : list of str, L of them
        As they are shown: white space in them is visible.
    units : list of int, U of them
    values : dict from "i", "f", "g", "o", "c", "h" to a Tensor (U, L): after each token
    log_probs : Tensor (L, V), natural logarithms: what follows each token
    text : str
        What the tokens are together.
    """

    tokens: list[str]
    units: list[int]
    values: dict[str, Tensor]
    log_probs: Tensor
    text: str
