"""The picture that stands for the ablation lab where no script runs."""

from __future__ import annotations

from collections.abc import Mapping

from lmkit.plots.roles import color
from lmkit.widgets.base.svg import INK, MUTED, WIDTH, document, text

LEFT, TOP, LINE = 300, 60, 20
MOST = 30  # rows that are drawn

Measure = tuple[float, float | None]


def render(points: Mapping[str, Measure], label: str, chosen: str, rising: bool) -> tuple[str, str]:
    """Draw the picture: an SVG document, and what it says in words.

    Parameters
    ----------
    points : mapping from a combination's name to its mean and half its interval
    label : str
        What was measured.
    chosen : str
        The name of the present combination, which may not have been run.
    rising : bool
        Whether more is better.
    """
    names = sorted(points, key=lambda name: points[name][0], reverse=rising)
    ends = [value + side * (half or 0) for value, half in points.values() for side in (-1, 1)]
    low, high = min(ends), max(ends)

    def across(value: float) -> float:
        return round(LEFT + 20 + (value - low) / (high - low or 1) * (WIDTH - LEFT - 40), 1)

    shown = names[:MOST]
    rows = [part for n, name in enumerate(shown) for part in _row(name, points[name], TOP + LINE * n, across, chosen)]
    scale = [text(across(value), 44, f"{value:.2f}", MUTED, 'text-anchor="middle"') for value in (low, high)]
    title = text(16, 22, f"{label}, mean and 95 % interval over seeds")
    svg = document([title, *scale, *rows], TOP + LINE * len(shown))
    said = {name: f"{name}, {_written(points[name])}" for name in names}
    first, last = names[0], names[-1]
    words = f"{label} of {len(points)} combinations of parts. Best: {said[first]}; worst: {said[last]}."
    for name in dict.fromkeys(("none", "all", chosen)):
        if name in points and name not in (first, last):
            words += f" {said[name][0].upper()}{said[name][1:]}."
    return svg, words if chosen in points else f"{words} This combination was not run: {chosen}."


def _written(measure: Measure) -> str:
    value, half = measure
    return f"{value:.3f} ± {half:.3f}" if half else f"{value:.3f}"


def _row(name: str, measure: Measure, y: float, across, chosen: str) -> list[str]:
    value, half = measure
    now = name == chosen
    hue = color("chosen" if now else "model")
    bar = f'<path d="M{across(value - half)} {y}H{across(value + half)}" stroke="{hue}"/>' if half else ""
    short = name if len(name) < 38 else f"{name[:36]} …"
    weight = "bold" if now else "normal"
    label = text(LEFT, y + 5, short, INK if now else MUTED, f'text-anchor="end" font-weight="{weight}"')
    return [label, bar, f'<circle cx="{across(value)}" cy="{y}" r="{6 if now else 4}" fill="{hue}"/>']
