"""What tells one line of a chart from another besides its colour: its marker, and its name at its end."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from lmkit.plots.roles import color

MARKERS = "osD^vP"
_GAP = 13.0  # the least distance between two labels, in points


def label_ends(ax: Axes, ends: Sequence[tuple[str, float, float, str]]) -> None:
    """Write (label, x, y, role) to the right of each point (x, y), moved up or down so that no label meets another."""
    ax.get_ylim()  # transData knows the new data only once the limits have been asked for
    heights = [ax.transData.transform((x, y))[1] * 72 / ax.figure.dpi for _, x, y, _ in ends]
    for (label, x, y, role), old, new in zip(ends, heights, _spread(heights), strict=True):
        ax.annotate(
            label,
            (x, y),
            xytext=(8, new - old),
            textcoords="offset points",
            va="center",
            color=color(role, text=True),
            annotation_clip=False,
        )


def _spread(heights: Sequence[float]) -> list[float]:
    """Return the nearest heights, in least squares, that keep their order and lie a gap apart.

    Less k gaps for the k-th, they need only rise: isotonic regression, by pooling neighbours that fall.
    """
    order = np.argsort(heights, kind="stable")
    steps = _GAP * np.arange(len(order))
    pools: list[list[float]] = []
    for height in np.asarray(heights, dtype=float)[order] - steps:
        pools.append([height])
        while len(pools) > 1 and np.mean(pools[-2]) > np.mean(pools[-1]):
            pools[-2:] = [pools[-2] + pools[-1]]
    risen = [float(np.mean(pool)) for pool in pools for _ in pool]
    moved = dict(zip(order.tolist(), risen + steps, strict=True))
    return [float(moved[k]) for k in range(len(order))]
