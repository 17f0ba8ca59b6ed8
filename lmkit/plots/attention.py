"""Attention as a matrix: how much of each source word goes into each target word."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike

from lmkit.plots.escaping import as_label
from lmkit.plots.heatmaps import sequential
from lmkit.plots.roles import color

_SIDE = 0.84  # of the frame around a true link, in cells


def plot_attention(
    weights: ArrayLike,
    source: Sequence[str],
    target: Sequence[str],
    *,
    alignment: Sequence[Iterable[int]] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Plot attention weights: a row for each target word, from top to bottom, a column for each source word.

    A weight goes from white (0) to dark blue (1); each row sums to 1. Where the true alignment is known, a frame stands
    around every cell at which a row would be dark if attention were that alignment.

    Parameters
    ----------
    weights : (T, S)
        As of `EncoderDecoder.attention_of`; index the first of a batch.
    source : sequence of S words
    target : sequence of T words
        Each is the word that was predicted, not the one that was read, with these weights.
    alignment : sequence of T collections of int in [0, S), optional
        For each target word the positions in the source that it comes from, as a `translation.Pair` has them; none for
        a word that comes from nothing.
    ax : Axes, optional
        Where to draw; the current axes by default. It needs about a quarter of an inch for each word.

    Raises
    ------
    ValueError
        If an argument is not of its shape, a row is no distribution, or a link leads out of the source.
    """
    weights = np.asarray(weights, dtype=float)
    _check(weights, source, target, alignment)
    ax = ax or plt.gca()
    image = ax.imshow(weights, cmap=sequential("model"), vmin=0, vmax=1, interpolation="nearest", gid="weights")
    _draw_words(ax, source, target)
    for row, places in enumerate(alignment or ()):
        for place in places:
            _draw_frame(ax, place, row)
    bar = ax.figure.colorbar(image, ax=ax, label="attention weight", pad=0.02, fraction=0.05)
    bar.outline.set_visible(False)
    return ax


def _draw_words(ax: Axes, source: Sequence[str], target: Sequence[str]) -> None:
    """Draw the source's words on top and the target's at the left, and white lines between the cells."""
    ax.xaxis.tick_top()
    ax.set_xticks(range(len(source)), [as_label(word) for word in source])
    plt.setp(ax.get_xticklabels(), rotation=55, ha="left", rotation_mode="anchor")
    ax.set_yticks(range(len(target)), [as_label(word) for word in target])
    ax.set_xticks(np.arange(0.5, len(source) - 1), minor=True)
    ax.set_yticks(np.arange(0.5, len(target) - 1), minor=True)
    ax.tick_params(which="both", length=0)
    ax.grid(False)
    ax.grid(True, which="minor", color=color("muted"), linewidth=0.3)
    ax.spines[:].set(visible=True, color=color("muted"), linewidth=0.6)


def _draw_frame(ax: Axes, place: int, row: int) -> None:
    """Draw a frame around a cell, on white, so that it shows on a dark cell, too."""
    corner, side = (place - _SIDE / 2, row - _SIDE / 2), _SIDE
    for hue, width, name in (("white", 3.2, "halo"), (color("truth"), 1.8, "link")):
        pen = {"fill": False, "edgecolor": hue, "linewidth": width}
        ax.add_patch(Rectangle(corner, side, side, gid=f"{name}-{row}-{place}", **pen))


def _check(
    weights: np.ndarray, source: Sequence[str], target: Sequence[str], alignment: Sequence[Iterable[int]] | None
) -> None:
    if weights.ndim != 2 or not weights.size:
        rule = "weights must have shape (T, S), target by source words"
        raise ValueError(f"{rule}, but it is {weights.shape}; index the first of a batch")
    for name, words, count in (("source", source, weights.shape[1]), ("target", target, weights.shape[0])):
        if len(words) != count:
            raise ValueError(f"{name} must have a word for each of {count}, but has {len(words)}; weights are (T, S)")
    sums = weights.sum(axis=1)
    if not (weights >= 0).all() or not np.allclose(sums, 1, atol=1e-3):
        worst = int(np.nanargmax(np.abs(sums - 1))) if np.isfinite(sums).any() else 0
        rule = "weights must be at least 0, and each row must sum to 1"
        raise ValueError(f"{rule}, but row {worst} is {weights[worst].tolist()}; give them after the softmax")
    if alignment is not None:
        _check_alignment(alignment, weights.shape)


def _check_alignment(alignment: Sequence[Iterable[int]], shape: tuple[int, ...]) -> None:
    if len(alignment) != shape[0]:
        rule = f"alignment must say for each of {shape[0]} target words where it comes from"
        raise ValueError(f"{rule}, but says it for {len(alignment)}; give an empty one for words from nowhere")
    outside = [place for places in alignment for place in places if not 0 <= place < shape[1]]
    if outside:
        raise ValueError(f"alignment must hold positions from 0 to {shape[1] - 1}, but one is {outside[0]}")
