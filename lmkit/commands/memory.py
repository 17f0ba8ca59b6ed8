"""Whether a model fits into memory: asked before it is built, for a machine that runs out of it ends the program."""

from __future__ import annotations

import os

COPIES = {"adamw": 4, "adam": 4, "sgd": 2, "muon": 3}  # of every weight: itself, its gradient, the optimizer's


def num_parameters(vocab_size: int, embedding_size: int, hidden_size: int, num_layers: int) -> int:
    """Return the number of parameters of an `AWDLSTM`, reckoned without building it."""
    first = 4 * hidden_size * (embedding_size + hidden_size + 2)
    upper = (num_layers - 1) * 4 * hidden_size * (2 * hidden_size + 2)
    projection = embedding_size * hidden_size if embedding_size != hidden_size else 0
    return vocab_size * (embedding_size + 1) + first + upper + projection


def check_memory(
    vocab_size: int,
    embedding_size: int,
    hidden_size: int,
    num_layers: int,
    *,
    optimizer: str,
    rows: int,
    window: int,
) -> None:
    """Raise ValueError if the least that training takes is more than this machine has.

    Parameters
    ----------
    vocab_size, embedding_size, hidden_size, num_layers : as for `AWDLSTM`
    optimizer : str
    rows, window : int
        How many tokens are read at once: this many rows, each for so many steps.
    """
    weights = COPIES[optimizer] * num_parameters(vocab_size, embedding_size, hidden_size, num_layers)
    activations = rows * window * (2 * vocab_size + 6 * hidden_size * num_layers)
    least, there = 4 * (weights + activations), physical_memory()
    if there is not None and least > there:
        sizes = "embedding_size, hidden_size, num_layers, batch_size and window"
        needed = f"but training takes {least / 1e9:,.1f} GB with sizes {embedding_size}, {hidden_size}, {num_layers}, "
        raise ValueError(
            f"{sizes} must leave memory enough, {there / 1e9:,.1f} GB, {needed}{rows} and {window} and "
            f"{vocab_size:,} words; choose smaller ones"
        )


def physical_memory() -> int | None:
    """Return the bytes of this machine's memory, or None if it does not tell."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):  # not on Windows
        return None
