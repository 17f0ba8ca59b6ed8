"""States of models, as decoders see them: None, a tensor with N first, or tuples, lists and dicts of such states."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from typing import Any

import torch
from torch import Tensor


def select_rows(state: Any, rows: Tensor) -> Any:
    """Return the given rows of a state, in the given order; a row may be taken several times.

    Parameters
    ----------
    state : None, Tensor (N, …), or a tuple, list or dict of states
    rows : Tensor of int64

    Returns
    -------
    A state of the same structure.
    """
    return map_state(lambda tensor: tensor.index_select(0, rows.to(tensor.device)), state)


def concat_rows(states: Sequence[Any]) -> Any:
    """Return one state with the rows of all of these, one below the other; they must have one structure."""
    return map_state(lambda *tensors: torch.cat(tensors), *states)


def map_state(function: Callable[..., Tensor], first: Any, *others: Any) -> Any:
    """Apply a function to the tensors that stand at the same place of states of one structure."""
    if first is None:
        return None
    if isinstance(first, Tensor):
        return function(first, *others)
    if isinstance(first, dict):
        mapped = copy(first)  # a defaultdict is not made of pairs alone
        mapped.update({key: map_state(function, part, *(o[key] for o in others)) for key, part in first.items()})
        return mapped
    if isinstance(first, (tuple, list)):
        parts = [map_state(function, *parts) for parts in zip(first, *others, strict=True)]
        return type(first)(*parts) if hasattr(first, "_fields") else type(first)(parts)
    kind = type(first).__name__
    raise TypeError(f"state must be None, a tensor, or tuples, lists and dicts of them, but it holds a {kind}")
