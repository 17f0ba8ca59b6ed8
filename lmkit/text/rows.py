"""From one long stream of ids to the rows and windows that a recurrent model reads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor


def batchify(tokens: Tensor, batch_size: int) -> Tensor:
    """Cut one long token stream into `batch_size` rows that are read side by side.

    Row r continues where row r - 1 ended, so the state that a model has after a window of columns is the
    right state to start the next window with: what truncated back-propagation through time needs. The
    tokens left over at the end are dropped.

    Parameters
    ----------
    tokens : Tensor of int64, shape (T,)
    batch_size : int ≥ 1
        N, the number of rows.

    Returns
    -------
    Tensor of int64, shape (N, T // N)

    Raises
    ------
    ValueError
        If the stream is too short to give every row one token to read and one to predict.
    """
    if batch_size < 1:
        raise ValueError(f"batch_size must be at least 1, but it is {batch_size}; give 1 or more")
    length = len(tokens) // batch_size
    if length < 2:
        raise ValueError(
            f"tokens must hold at least 2 × batch_size = {2 * batch_size} tokens, one to read and one to predict "
            f"in every row, but it holds {len(tokens)}; give a longer stream or a smaller batch_size"
        )
    return tokens[: batch_size * length].view(batch_size, length)


def windows(stream: Tensor, length: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Walk over rows in windows of `length` columns, each with its targets one step ahead.

    Parameters
    ----------
    stream : Tensor of int64, shape (N, T)
        Rows, as `batchify` makes them; T ≥ 2.
    length : int ≥ 1
        L, the number of steps gradients flow back. The last window may be shorter.

    Yields
    ------
    x, y : Tensors of int64, shape (N, L)
        The tokens to read and, at each step, the token that follows.

    Raises
    ------
    ValueError
        If `length` is below 1, or the rows have nothing to predict.
    """
    if length < 1:
        raise ValueError(f"length must be at least 1, but it is {length}; give 1 or more")
    if stream.shape[1] < 2:
        raise ValueError(
            "stream must hold at least 2 tokens a row, one to read and one to predict, "
            f"but its shape is {tuple(stream.shape)}; give longer rows"
        )
    for start in range(0, stream.shape[1] - 1, length):
        stop = min(start + length, stream.shape[1] - 1)
        yield stream[:, start:stop], stream[:, start + 1 : stop + 1]


def to_tensor(ids: Sequence[int]) -> Tensor:
    """Return a list of ids as the int64 tensor that models and `batchify` take."""
    return torch.tensor(ids, dtype=torch.int64)
