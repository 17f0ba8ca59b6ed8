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
    sizes = {"embedding_size": embedding_size, "hidden_size": hidden_size, "num_layers": num_layers}
    check_room(weights + activations, {**sizes, "batch_size": rows, "window": window}, vocab_size)


def check_pairs_memory(
    vocab_sizes: tuple[int, int], embedding_size: int, hidden_size: int, *, optimizer: str, rows: int, length: int
) -> None:
    """Raise ValueError if the least that training on pairs takes is more than this machine has.

    Parameters
    ----------
    vocab_sizes : (int, int)
        Of source and target.
    embedding_size, hidden_size : as for `EncoderDecoder`
    optimizer : str
    rows, length : int
        How many pairs are read at once, and how long a target is at least.
    """
    source, target = vocab_sizes
    weights = source * embedding_size + target * (embedding_size + hidden_size)
    weights += hidden_size * (8 * embedding_size + 10 * hidden_size)
    activations = rows * length * (2 * target + 6 * hidden_size)
    sizes = {"embedding_size": embedding_size, "hidden_size": hidden_size, "batch_size": rows}
    check_room(COPIES[optimizer] * weights + activations, sizes, source + target)


def check_room(count: int, sizes: dict[str, int], num_words: int) -> None:
    """Raise ValueError if this machine has no room for so many numbers, which come of these sizes."""
    least, there = 4 * count, physical_memory()
    if there is not None and least > there:
        *names, last = sizes
        *values, end = sizes.values()
        needed = f"but training takes {least / 1e9:,.1f} GB with sizes {', '.join(map(str, values))} and {end} and "
        raise ValueError(
            f"{', '.join(names)} and {last} must leave memory enough, {there / 1e9:,.1f} GB, {needed}"
            f"{num_words:,} words; choose smaller ones"
        )


def physical_memory() -> int | None:
    """Return the bytes of this machine's memory, or None if it does not tell."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):  # not on Windows
        return None
