"""Charts of distributions and of measurements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle
from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib.axes import Axes

from lmkit.plots.escaping import as_label
from lmkit.plots.line_labels import MARKERS, label_ends
from lmkit.plots.roles import color

STYLE = Path(__file__).with_name("book.mplstyle")


def plot_next_token(
    tokens: Sequence[str],
    model: Sequence[float],
    truth: Sequence[float] | None = None,
    kept: Sequence[bool] | None = None,
    *,
    ax: Axes | None = None,
) -> Axes:
    """Plot next-token probabilities as horizontal bars, the first token on top.

    Parameters
    ----------
    tokens : sequence of str
        The tokens to show.
    model : sequence of float in [0, 1]
        The model's probability of each; drawn solid, or hatched and grey where a filter drops the token.
    truth : sequence of float in [0, 1], optional
        The true probability of each, marked with a diamond.
    kept : sequence of bool, optional
        What a filter keeps; all by default.
    ax : Axes, optional
        Where to draw; the current axes by default.
    """
    ax = ax or plt.gca()
    kept = [True] * len(tokens) if kept is None else list(kept)
    places = range(len(tokens))
    for label, wanted in (("model", True), ("model, dropped", False)):
        chosen = [i for i in places if kept[i] is wanted]
        if chosen:
            ax.barh(chosen, [model[i] for i in chosen], height=0.62, label=label, **_bar(wanted))
    if truth is not None:
        ax.plot(truth, list(places), "D", color=color("truth"), markeredgecolor="white", label="truth", zorder=3)
    ax.set_yticks(list(places), [as_label(token) for token in tokens])
    ax.invert_yaxis()
    ax.set_xlim(left=0)
    ax.set_xlabel("probability")
    ax.legend(loc="lower right")
    return ax


def plot_curves(
    x: Sequence[float],
    curves: Mapping[str, Sequence[float]],
    roles: Mapping[str, str] | None = None,
    *,
    ax: Axes | None = None,
) -> Axes:
    """Plot measurements over a setting, one marked line each, labelled at its end.

    Parameters
    ----------
    x : sequence of float
        The settings.
    curves : mapping from label to values, as many as settings
    roles : mapping from label to a visual role, optional
        The role whose colour a curve takes; "model" by default.
    ax : Axes, optional
        Where to draw; the current axes by default.
    """
    ax = ax or plt.gca()
    ends = []
    for (label, values), marker in zip(curves.items(), cycle(MARKERS), strict=False):
        role = (roles or {}).get(label, "model")
        ax.plot(x, values, marker=marker, color=color(role))
        ends.append((label, x[-1], values[-1], role))
    label_ends(ax, ends)
    return ax


def _bar(kept: bool) -> dict:
    if kept:
        return {"color": color("kept")}
    return {"facecolor": "none", "edgecolor": color("dropped"), "hatch": "////"}
