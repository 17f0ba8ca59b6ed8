"""Charts of what was measured while training: losses step by step, and how far gradients reach."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike

from lmkit.plots.line_labels import MARKERS, label_ends
from lmkit.plots.roles import ROLES, color


def plot_losses(
    losses: ArrayLike,
    validation: Sequence[Sequence[float]] | None = None,
    *,
    smooth: int | None = None,
    accuracy: bool = False,
    role: str = "model",
    label: str = "training",
    ax: Axes | None = None,
) -> Axes:
    """Plot the loss of every step, light; its running mean, strong; and what was measured on held-out text.

    The running mean looks as far ahead as back, m_t = mean(loss_(t-s), …, loss_(t+s)): unlike a mean of past values
    alone it does not lag behind a falling loss.

    Parameters
    ----------
    losses : sequence of float
        Cross-entropies in nats per token, one per step; drawn at steps 1, 2, …
    validation : sequence of (step, cross_entropy) or (step, cross_entropy, accuracy), optional
        Drawn as diamonds.
    smooth : int ≥ 0, optional
        s, how many steps before and after are averaged; a fortieth of all steps by default. The mean is drawn where
        it has all of them, so not for the first and the last s steps. 0 draws one line, the losses themselves.
    accuracy : bool
        Draw the third number of each validation row too, a fraction, in percent on an axis of its own at the right.
    role : str
        The visual role whose colour the losses take: to compare models, draw each on the same axes with its own.
    label : str
        What the legend calls the losses.
    ax : Axes, optional
        Where to draw; the current axes by default.

    Raises
    ------
    ValueError
        If there is no loss, `smooth` is out of its range, or a validation row lacks a number.
    """
    losses = np.asarray(losses, dtype=float)
    rows = _validation_rows(validation, 3 if accuracy else 2)
    if losses.ndim != 1 or not losses.size:
        raise ValueError(f"losses must be one number per step, at least one, but their shape is {losses.shape}")
    smooth = len(losses) // 40 if smooth is None else smooth
    if not 0 <= 2 * smooth < len(losses):
        rule = f"at least 0 and below half of the {len(losses)} steps"
        raise ValueError(f"smooth must be {rule}, but it is {smooth}; 0 draws the losses themselves")
    ax = ax or plt.gca()
    _draw_losses(ax, losses, smooth, color(role), label)
    if rows.size:
        _draw_points(ax, rows[:, 0], rows[:, 1], "validation", "D")
    ax.set_xlabel("step")
    ax.set_ylabel("cross-entropy (nats per token)")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=7, steps=[1, 2, 5, 10]))
    ax.grid(True, axis="y")
    right = _draw_accuracy(ax, rows) if accuracy and rows.size else None
    _legend(ax, right)
    return ax


def plot_reach(
    distances: Sequence[int],
    norms: Mapping[str, ArrayLike],
    roles: Mapping[str, str] | None = None,
    *,
    ax: Axes | None = None,
) -> Axes:
    """Plot norms of gradients against how many steps back they reach, on a logarithmic axis; ends are named.

    Parameters
    ----------
    distances : sequence of int
        How many steps back.
    norms : mapping from label to norms, as many as distances, each at least 0
        A norm of exactly 0 has no place on a logarithmic axis: the line has a gap there.
    roles : mapping from label to a visual role, optional
        The role whose colour a line takes; by default the one that is called as the label ("LSTM": lstm), else "model".
    ax : Axes, optional
        Where to draw; the current axes by default.

    Raises
    ------
    ValueError
        If there are not as many norms as distances, or a norm is negative.
    """
    ax = ax or plt.gca()
    ends = []
    for k, (label, values) in enumerate(norms.items()):
        values, role = _checked_norms(label, values, len(distances)), _role_of(label, roles)
        every = max(1, len(distances) // 10)
        ax.plot(distances, values, MARKERS[k % len(MARKERS)] + "-", markevery=every, color=color(role), label=label)
        ends += [_end(label, distances, values, role)] if (values > 0).any() else []
    ax.set_yscale("log", nonpositive="mask")
    ax.set_xlabel("distance (steps back)")
    ax.set_ylabel("norm of the gradient")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
    ax.grid(True, axis="y")
    label_ends(ax, ends)
    return ax


def running_mean(values: np.ndarray, reach: int) -> np.ndarray:
    """Average each of values (T,) with its `reach` neighbours on both sides, where it has them: (T - 2 reach,)."""
    width = 2 * reach + 1
    return np.convolve(values, np.full(width, 1 / width), mode="valid")


def _validation_rows(validation: Sequence[Sequence[float]] | None, numbers: int) -> np.ndarray:
    rows = [tuple(row) for row in validation] if validation is not None else []
    for row in rows:
        if not numbers <= len(row) <= 3:
            needed = "(step, cross_entropy, accuracy)" if numbers == 3 else "(step, cross_entropy[, accuracy])"
            raise ValueError(f"validation must hold rows {needed}, but one is {row}")
    return np.array([row[:numbers] for row in rows], dtype=float).reshape(-1, numbers)


def _draw_losses(ax: Axes, losses: np.ndarray, smooth: int, hue: str, label: str) -> None:
    steps = np.arange(1, len(losses) + 1)
    if smooth == 0 or len(losses) == 1:
        marker = "o" if len(losses) == 1 else None
        ax.plot(steps, losses, color=hue, marker=marker, label=label, gid="losses")
        return
    ax.plot(steps, losses, color=hue, alpha=0.3, linewidth=0.8, gid="losses")
    ax.plot(steps[smooth:-smooth], running_mean(losses, smooth), color=hue, label=label, gid="running-mean")


def _draw_points(ax: Axes, steps: np.ndarray, values: np.ndarray, role: str, marker: str) -> None:
    ax.plot(
        steps,
        values,
        marker,
        color=color(role),
        markeredgecolor="white",
        markersize=8,
        label=role,
        gid=role,
        zorder=3,
        linestyle="--" if role == "accuracy" else "none",
        linewidth=1.2,
        clip_on=role != "accuracy",
    )


def _draw_accuracy(ax: Axes, rows: np.ndarray) -> Axes:
    right = ax.twinx()
    _draw_points(right, rows[:, 0], 100 * rows[:, 2], "accuracy", "s")
    right.set_ylim(0, 100)
    right.set_ylabel("accuracy (%)", color=color("accuracy", text=True))
    right.tick_params(axis="y", labelcolor=color("accuracy", text=True))
    right.spines["right"].set_visible(True)
    right.grid(False)
    return right


def _legend(ax: Axes, right: Axes | None) -> None:
    """Put a row above the axes, where no curve can run into it."""
    handles, labels = ax.get_legend_handles_labels()
    more = right.get_legend_handles_labels() if right else ([], [])
    ax.legend(
        handles + more[0],
        labels + more[1],
        loc="lower left",
        bbox_to_anchor=(0, 1),
        ncols=4,
        borderaxespad=0.2,
        handletextpad=0.6,
        columnspacing=1.6,
    )


def _checked_norms(label: str, values: ArrayLike, count: int) -> np.ndarray:
    values = np.asarray(values, dtype=float)
    if values.shape != (count,):
        raise ValueError(f"norms must have one value per distance, {count}, but {label!r} has shape {values.shape}")
    if (values < 0).any():
        raise ValueError(f"norms must be at least 0, but {label!r} has {values.min()}; take the norm of each gradient")
    return values


def _role_of(label: str, roles: Mapping[str, str] | None) -> str:
    named = label.lower() if label.lower() in ROLES else "model"
    return (roles or {}).get(label, named)


def _end(label: str, x: Sequence[float], values: np.ndarray, role: str) -> tuple[str, float, float, str]:
    """Return the last point of a line that a logarithmic axis can show."""
    last = int(np.flatnonzero(values > 0)[-1])
    return label, x[last], values[last], role
