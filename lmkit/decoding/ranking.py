"""Largest values, with one rule for ties in every decoder: of equal values the one with the lowest index wins."""

from __future__ import annotations

from torch import Tensor


def argmax(values: Tensor) -> Tensor:
    """Return where each row of values (…, V) is largest, a tensor (…,); of equal ones the first, as torch promises."""
    return values.argmax(dim=-1)


def top_k(values: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """Return the k largest of each row and their indices, largest first, of equal ones the lowest index first.

    `torch.topk` orders equal values as it likes, and may take any of those that tie with the k-th.

    Parameters
    ----------
    values : Tensor (…, V)
    k : int ≥ 1
        A k above V takes all.

    Returns
    -------
    values, indices : Tensors (…, min(k, V))
    """
    size = values.shape[-1]
    largest, indices = values.topk(min(k + 1, size))  # one more shows whether the k-th has an equal behind it
    if (largest[..., 1:] == largest[..., :-1]).any():
        largest, indices = values.sort(dim=-1, descending=True, stable=True)
    return largest[..., :k], indices[..., :k]
