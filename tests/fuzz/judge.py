"""When two answers may differ: where noise as small as rounding would change the answer as well.

A difference counts as a fault unless the case is *near a tie*: of `TRIALS` repetitions of our own computation in
float64, each with other noise on the numbers that it is given, one at least gives another answer than without noise.
The noise is uniform, up to `UNITS` units in the last place of the type in which the two sides computed; on numbers
below 1, up to as much as on 1. Two sides that agree are never asked.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import torch
from torch import Tensor

TRIALS, UNITS = 40, 32
SAME, NEAR = "same", "near a tie"

Number = TypeVar("Number", float, Tensor)


class Jitter:
    """Adds noise to numbers; the same in the same order of calls."""

    def __init__(self, size: float, seed: int = 0):
        self.size = size
        self.generator = torch.Generator().manual_seed(seed)

    def __call__(self, number: Number) -> Number:
        """Return numbers with noise, tensors in float64."""
        exact = torch.as_tensor(number, dtype=torch.float64)
        noise = 2 * torch.rand(exact.shape, generator=self.generator, dtype=torch.float64) - 1
        noisy = exact + self.size * noise * exact.abs().clamp(min=1).nan_to_num(posinf=1)
        return noisy if isinstance(number, Tensor) else float(noisy)

    def share(self, number: float) -> float:
        """Return a share above 0 and at most 1 with noise; 0 and 1, which mean none and all, stay."""
        size = self.size * (2 * float(torch.rand((), generator=self.generator, dtype=torch.float64)) - 1)
        return number if number in (0, 1) else min(max(number + size * max(number, 1e-3), 1e-300), 1.0)


def judge(ours: Any, theirs: Any, again: Callable[[Jitter], Any], dtype: torch.dtype = torch.float32) -> str:
    """Return whether two answers are the same, or the case is near a tie.

    Parameters
    ----------
    ours, theirs : what `==` compares
    again : function of a Jitter
        Computes our answer once more, with noise.
    dtype : torch.dtype
        In which the two sides computed.

    Raises
    ------
    AssertionError
        If they differ, and noise does not change ours.
    """
    if ours == theirs:
        return SAME
    exact, size = again(Jitter(0.0)), UNITS * torch.finfo(dtype).eps
    if any(again(Jitter(size, seed)) != exact for seed in range(TRIALS)):
        return NEAR
    raise AssertionError(f"ours is {ours!r}, but theirs is {theirs!r}")
