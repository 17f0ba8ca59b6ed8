"""Random numbers that are the same in Python and in a browser, and tokens drawn with them."""

from __future__ import annotations

import operator

import torch
from torch import Tensor

from lmkit.decoding.filters import check, check_logits, is_number


def uniform(seed: int, counter: int) -> float:
    """Return the `counter`-th number in [0, 1) of the stream named `seed`: the same in every language.

    A counter-based generator, with random access, in the manner of Salmon et al. (2011): the pair is hashed by two
    rounds of the 32-bit finaliser of MurmurHash3 (Appleby 2011), which needs 32-bit integers only.

    Parameters
    ----------
    seed, counter : int in [0, 2³²)
    """
    return _mix(_mix(operator.index(seed)) ^ operator.index(counter)) / 2**32  # ints, which never overflow


def _mix(x: int) -> int:
    x = (x + 0x9E3779B9) & 0xFFFFFFFF  # so that 0 does not stay 0
    x = (x ^ x >> 16) * 0x85EBCA6B & 0xFFFFFFFF
    x = (x ^ x >> 13) * 0xC2B2AE35 & 0xFFFFFFFF
    return x ^ x >> 16


def draw(logits: Tensor, u: float) -> int:
    """Return the token under which u falls when the probabilities of `logits` (V,) are laid end to end in id order.

    Raises
    ------
    ValueError
        If u is not in [0, 1), or the logits make no distribution: NaN or inf among them, or all -inf.
    """
    check("u", u, is_number(u) and 0 <= u < 1, "a number of at least 0 and below 1, such as uniform(seed, step)")
    check_logits(logits)
    return int(draw_rows(logits[None], [u]))


def draw_rows(logits: Tensor, numbers: list[float]) -> Tensor:
    """Return, for each row of logits (N, V), the token under which its number in [0, 1) falls: a tensor (N,) on CPU."""
    cumulative = logits.cpu().softmax(dim=-1, dtype=torch.float64).cumsum(dim=-1)
    targets = torch.tensor(numbers, dtype=torch.float64)[:, None] * cumulative[:, -1:]
    return torch.searchsorted(cumulative, targets, right=True)[:, 0].clamp_(max=logits.shape[-1] - 1)
