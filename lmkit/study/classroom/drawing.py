"""Plots of a class's results, in the book's style."""

from __future__ import annotations

from io import BytesIO

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from lmkit.plots.charts import STYLE
from lmkit.plots.escaping import as_label
from lmkit.plots.roles import color
from lmkit.study.classroom.results import Results

NAMED = 8  # items that are named in the plot


def plot_items(results: Results, *, ax: Axes | None = None) -> Axes:
    """Plot each item's discrimination over its difficulty; those that discriminate least are named."""
    ax = ax or plt.gca()
    found = [
        (item.difficulty, item.discrimination, card.id)
        for (card, _), item in zip(results.cards, results.items(), strict=True)
        if not np.isnan(item.discrimination)
    ]
    ax.axhline(0, color=color("muted"), linewidth=0.8)
    if found:
        ax.plot([d for d, _, _ in found], [r for _, r, _ in found], "o", color=color("model"))
    for difficulty, discrimination, name in sorted(found, key=lambda one: one[1])[:NAMED]:
        label = as_label(name)
        ax.annotate(label, (difficulty, discrimination), (4, -3), textcoords="offset points", fontsize=7)
    ax.set_xlim(-0.02, 1.02)
    ax.set_ylim(-1.05, 1.05)
    ax.set_xlabel("share right at the first try")
    ax.set_ylabel("discrimination")
    return ax


def plot_students(results: Results, *, ax: Axes | None = None) -> Axes:
    """Plot how many students have which share of right first answers."""
    ax = ax or plt.gca()
    scores = results.scores
    answered = np.sum(~np.isnan(scores), axis=1)
    shares = np.nansum(scores, axis=1)[answered > 0] / answered[answered > 0]
    ax.hist(shares, bins=np.linspace(0, 1, 11).tolist(), color=color("model"), edgecolor="white")
    ax.set_xlim(0, 1)
    ax.set_xlabel("share right at the first try")
    ax.set_ylabel("students")
    return ax


def pictures(results: Results) -> dict[str, bytes]:
    """Return both plots as PNG, by the names of their files."""
    drawn = {}
    for name, plot in (("items.png", plot_items), ("students.png", plot_students)):
        with plt.style.context(STYLE):
            figure, ax = plt.subplots()
            plot(results, ax=ax)
            data = BytesIO()
            figure.savefig(data, format="png", metadata={"Software": None})
            plt.close(figure)
        drawn[name] = data.getvalue()
    return drawn
