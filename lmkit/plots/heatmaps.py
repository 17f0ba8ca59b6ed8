"""Heatmaps of what gates and states do, unit by unit and step by step."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from numpy.typing import ArrayLike

from lmkit.plots.escaping import as_label
from lmkit.plots.roles import ROLES, color

# The smallest and the largest value that a role can have; a cell state is not bounded.
_RANGES = {"i": (0, 1), "f": (0, 1), "o": (0, 1), "g": (-1, 1), "hidden": (-1, 1), "cell": None}
_ALSO = {"h": "hidden", "c": "cell"}  # as equations call them
_ROOM = 10  # how many characters of words find room below an inch of a heatmap


def plot_gates(
    values: ArrayLike,
    tokens: Sequence[str],
    units: Sequence[int] | None = None,
    *,
    role: str = "f",
    ax: Axes | None = None,
) -> Axes:
    """Plot the values of a gate or a state: units downwards, time to the right, a colour bar beside them.

    A gate goes from white (0, closed) over its own colour to a darker one (1, open). What tanh has made, and the cell
    state, goes from orange (negative) over white (0) to blue (positive), which no common colour blindness confuses.

    Parameters
    ----------
    values : (L, H)
        One row per step, one column per unit, as in `LSTM.trace(x)["f"][layer, sequence].detach()`.
    tokens : sequence of L words
        What was read at each step.
    units : sequence of int in [0, H), optional
        The units to show, from top to bottom; all by default.
    role : "i", "f", "g", "o", "hidden" or "h", "cell" or "c"
        Whose values these are. It gives the range of the colours: 0 to 1 for gates, -1 to 1 for the candidate and the
        hidden state, and for the cell state as far on both sides as its largest value shown.
    ax : Axes, optional
        Where to draw; the current axes by default.

    Raises
    ------
    ValueError
        If an argument is not of its shape, a value is out of its role's range, or there is no such role or unit.
    """
    values = np.asarray(values, dtype=float)
    role = _ALSO.get(role, role)
    _check(values, tokens, role)
    units = list(range(values.shape[1])) if units is None else _checked_units(units, values.shape[1])
    shown = values.T[units]
    low, high = _RANGES[role] or _both_sides(shown)
    ax = ax or plt.gca()
    colours = sequential(role) if low == 0 else diverging()
    image = ax.imshow(
        shown, cmap=colours, vmin=low, vmax=high, aspect="auto", interpolation="nearest", gid=f"values-{role}"
    )
    _draw_axes(ax, tokens, units)
    bar = ax.figure.colorbar(image, ax=ax, label=ROLES[role]["label"], pad=0.02, fraction=0.06)
    bar.outline.set_visible(False)
    return ax


def sequential(role: str) -> LinearSegmentedColormap:
    """Return colours from white over those of a role to a darker one; their lightness falls all the way."""
    return LinearSegmentedColormap.from_list(f"lm-{role}", ["white", *_shades(role)])


def diverging() -> LinearSegmentedColormap:
    """Return colours from those of negative numbers over white to positive ones, darker towards both ends."""
    return LinearSegmentedColormap.from_list("lm-sign", [*reversed(_shades("negative")), "white", *_shades("positive")])


def _shades(role: str) -> list:
    """Return a bright, a middle and a dark shade."""
    middle = to_rgb(color(role))
    return [color(role, dark=True), middle, tuple(0.62 * channel for channel in middle)]


def _both_sides(shown: np.ndarray) -> tuple[float, float]:
    """Return a range around 0 that holds all values."""
    most = float(np.abs(shown).max()) or 1.0
    return -most, most


def _draw_axes(ax: Axes, tokens: Sequence[str], units: Sequence[int]) -> None:
    """Draw words below, numbers of units at the left (not too many), no grid over the colours."""
    crowded = len(tokens) * (max(map(len, tokens)) + 1) > _ROOM * ax.bbox.width / ax.figure.dpi
    ax.set_xticks(range(len(tokens)), [as_label(token) for token in tokens])
    if crowded:
        plt.setp(ax.get_xticklabels(), rotation=55, ha="right", rotation_mode="anchor")
    places = range(0, len(units), -(-len(units) // 16))
    ax.set_yticks(places, [str(units[place]) for place in places])
    ax.set_ylabel("unit")
    ax.tick_params(which="both", length=0)
    ax.grid(False)
    ax.spines[:].set(visible=True, color=color("muted"), linewidth=0.6)
    _draw_seams(ax, len(tokens), len(units))


def _draw_seams(ax: Axes, steps: int, units: int) -> None:
    """Draw white lines between the cells, where cells are large enough to be told apart one by one."""
    width, height = ax.bbox.width / ax.figure.dpi, ax.bbox.height / ax.figure.dpi
    if min(width / steps, height / units) < 0.1:
        return
    ax.set_xticks(np.arange(0.5, steps - 1), minor=True)
    ax.set_yticks(np.arange(0.5, units - 1), minor=True)
    ax.grid(True, which="minor", color="white", linewidth=1)


def _check(values: np.ndarray, tokens: Sequence[str], role: str) -> None:
    if role not in _RANGES:
        raise ValueError(f"role must be one of {', '.join(_RANGES)}, h or c, but it is {role!r}")
    if values.ndim != 2 or not values.size:
        raise ValueError(f"values must have shape (L, H), steps by units, but it is {values.shape}; index the others")
    if len(tokens) != len(values):
        raise ValueError(f"tokens must be one per step, {len(values)}, but there are {len(tokens)}; values are (L, H)")
    low, high = _RANGES[role] or (-np.inf, np.inf)
    outside = values[~((values >= low) & (values <= high) & np.isfinite(values))]
    if outside.size:
        rule = f"finite numbers from {low} to {high} for role {role!r}"
        raise ValueError(f"values must be {rule}, but one is {outside[0]:g}; give the values after σ or tanh")


def _checked_units(units: Sequence[int], count: int) -> list[int]:
    units = [int(unit) for unit in units]
    for unit in units:
        if not 0 <= unit < count:
            raise ValueError(f"units must be numbers from 0 to {count - 1}, but one is {unit}")
    if not units:
        raise ValueError("units must name at least one unit, but it is empty; leave it out to show all")
    return units
