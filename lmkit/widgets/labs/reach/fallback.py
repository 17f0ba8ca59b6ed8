"""The picture that stands for the reach lab where no script runs."""

from __future__ import annotations

import math
from collections.abc import Mapping

from torch import Tensor

from lmkit.plots.roles import color
from lmkit.widgets.base.svg import MUTED, WIDTH, document, text

HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 340, 60, WIDTH - 90, 40, 290
DECADES = (-8, 4)
NAMES = {"RNN": ("plain RNN", "rnn"), "LSTM": ("LSTM", "lstm")}


def render(norms: Mapping[str, Tensor], reach: Mapping[str, float], settings: Mapping[str, object]) -> tuple[str, str]:
    """Draw the picture: an SVG document, and what it says in words.

    Parameters
    ----------
    norms : mapping from "RNN" and "LSTM" to Tensor (K,)
        Norms at the distances 0 … K−1, relative to the first.
    reach : mapping from the same names to a distance or infinity
    settings : mapping from names to values
    """
    title = "Norm of the gradient against distance, relative to distance 0"
    given = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in settings.items() if name != "distance")
    lines = [part for name, values in norms.items() for part in _line(name, values.tolist())]
    svg = document([text(16, 24, title, MUTED), *_axes(len(next(iter(norms.values()))) - 1), *lines], HEIGHT)
    found = "; ".join(f"{NAMES[name][0]}: {_in_words(value, norms[name])}" for name, value in reach.items())
    return svg, f"{title}, with {given}. Reach of the {found}."


def _in_words(reach: float, norms: Tensor) -> str:
    if reach == math.inf:
        return f"more than {len(norms) - 1} steps"
    return f"{reach:.0f} steps, then {'above 100' if norms[int(reach)] > 1 else 'below 1 %'}"


def _axes(farthest: int) -> list[str]:
    parts = []
    for decade in range(DECADES[0], DECADES[1] + 1, 2):
        y = _height(10.0**decade)
        parts.append(f'<path d="M{LEFT} {y}H{RIGHT}" stroke="#c8cdd3"/>')
        parts.append(text(LEFT - 8, y + 5, f"1e{decade}" if decade else "1", MUTED, 'text-anchor="end"'))
    for k in range(0, farthest + 1, 20):
        x = LEFT + k * (RIGHT - LEFT) / farthest
        parts.append(text(round(x), BOTTOM + 20, str(k), MUTED, 'text-anchor="middle"'))
    return [*parts, text((LEFT + RIGHT) // 2, BOTTOM + 42, "distance (steps back)", MUTED, 'text-anchor="middle"')]


def _height(norm: float) -> float:
    part = (math.log10(norm) - DECADES[0]) / (DECADES[1] - DECADES[0])
    return round(BOTTOM - part * (BOTTOM - TOP), 1)


def _line(name: str, norms: list[float]) -> list[str]:
    """Draw the line as far as it stays in the picture, and its name: the RNN's before its end if it can, else after."""
    label, role = NAMES[name]
    points = []
    for k, norm in enumerate(norms):
        if not 10.0 ** DECADES[0] <= norm <= 10.0 ** DECADES[1]:
            break
        points.append((round(LEFT + k * (RIGHT - LEFT) / (len(norms) - 1), 1), _height(norm)))
    path = "L".join(f"{x} {y}" for x, y in points)
    dashes = ' stroke-dasharray="7 3"' if name == "RNN" else ""
    x, y = points[-1]
    before = name == "RNN" and LEFT + 110 < x < RIGHT  # farther left the name would stand on the axis
    at, more = (x - 20, 'text-anchor="end"') if before else (x + 8, "")
    return [
        f'<path d="M{path}" fill="none" stroke="{color(role)}" stroke-width="2.5"{dashes}/>',
        text(round(at, 1), round(max(y + 4, TOP + 14), 1), label, color(role, text=True), more),
    ]
