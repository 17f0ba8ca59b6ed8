"""What may stand in place of the weights that attention computes: to ask whether a decoder needs them.

Each kind is a function of weights (N, T, S) and a mask (N, S) that returns weights of the same shape, again 0 where the
mask forbids and with rows that sum to 1. Shape letters are those of `lmkit.models.seq2seq.attention`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from lmkit.decoding.rng import uniform
from lmkit.text import as_whole

Reweight = Callable[[Tensor, Tensor], Tensor]


def as_trained(weights: Tensor, mask: Tensor) -> Tensor:
    """Return the weights as they are."""
    return weights


def uniform_weights(weights: Tensor, mask: Tensor) -> Tensor:
    """Return the same weight for every word of a source, whatever the decoder asks for."""
    return (mask / mask.sum(dim=1, keepdim=True)).to(weights)[:, None].expand_as(weights)


def permuted_weights(weights: Tensor, mask: Tensor, seed: int = 0) -> Tensor:
    """Return the same weights at other words: one permutation of a source's positions, for all queries.

    The permutation depends on the seed and on the number of words alone: position k gets the weight of the position
    whose ``lmkit.decoding.uniform(seed, position)`` is the k-th smallest.
    """
    keys = torch.tensor(_numbers(seed, mask.shape[1]), dtype=torch.float64, device=mask.device)
    taken = torch.where(mask, keys, torch.inf).argsort(dim=1, stable=True)
    given = (~mask).to(torch.uint8).argsort(dim=1, stable=True)  # positions that hold a word come first, in order
    taken, given = (places[:, None].expand_as(weights) for places in (taken, given))
    return torch.zeros_like(weights).scatter(-1, given, weights.gather(-1, taken))


def hardest_weights(weights: Tensor, mask: Tensor) -> Tensor:
    """Return all weight at the word that had the most; of several such words, at the first."""
    return one_hot(weights.argmax(dim=-1), weights.shape[-1]).to(weights)


REWEIGHTINGS: dict[str, Reweight] = {
    "as trained": as_trained,
    "uniform": uniform_weights,
    "permuted": permuted_weights,
    "hardest": hardest_weights,
}


def reweighting(kind: str, seed: int = 0) -> Reweight:
    """Return the function of a kind; only "permuted" has a seed.

    Raises
    ------
    ValueError
        If there is no such kind, seed is out of range, or is given to a kind that draws nothing.
    """
    if kind not in REWEIGHTINGS:
        raise ValueError(f"weights must be one of {', '.join(map(repr, REWEIGHTINGS))}, but it is {kind!r}")
    number = as_whole(seed)
    if number is None or not 0 <= number < 2**32:
        raise ValueError(f"seed must be a whole number from 0 to 2³² - 1, but it is {seed!r}")
    if kind == "permuted":
        return partial(permuted_weights, seed=number)
    if seed != 0:
        raise ValueError(f"seed must be left out where weights is {kind!r}, which draws nothing, but it is {seed!r}")
    return REWEIGHTINGS[kind]


@lru_cache(maxsize=256)
def _numbers(seed: int, count: int) -> list[float]:
    return [uniform(seed, position) for position in range(count)]
