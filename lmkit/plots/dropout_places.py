"""Where an AWD-LSTM drops: five places, and what shares one draw of a mask."""

from __future__ import annotations

from collections.abc import Iterable

import matplotlib.pyplot as plt
from matplotlib.axes import Axes

from lmkit.plots.sketch import WORD, Point, Sketch

PARTS = ("embed", "input", "weight", "hidden", "output")

# Where things stand, in inches on a page 6.8 by 4.5.
_COLUMNS, _LEFT, _RIGHT = (2.3, 3.85, 5.4), 1.34, 6.7
_TOKEN, _VECTOR, _CELLS, _SCORES = 0.16, 0.86, (1.86, 2.98), 4.1
_MASKS = {"input": (1.35, "embedding", "1011"), "hidden": (2.42, "hidden", "1101"), "output": (3.54, "hidden", "0111")}
_NAMES = {"embed": 0.86, "input": 1.35, "weight": 1.86, "hidden": 2.42, "output": 3.54}
_WEIGHTS = ("110101011", "011110101")  # of both layers; 1 for a weight that is kept
_BOX, _CELL, _SQUARE = (0.62, 0.34), (0.86, 0.42), 0.115
_TOKENS, _DROPPED = (".", "one", ".", "two"), "."


def plot_dropout_places(*, highlight: Iterable[str] | str = (), ax: Axes | None = None) -> Axes:
    """Draw the five dropouts of an AWD-LSTM of two layers: time from left to right, depth upwards.

    A mask is a row of squares, with crosses for what it drops. It is the same at all steps, for it is drawn once for
    the sequence. A weight mask is a square of squares on the way of the hidden state. A dropped word has a vector of
    zeros wherever it occurs (Merity, Keskar & Socher 2018).

    Parameters
    ----------
    highlight : set of parts, or one of them
        Drawn in colour and thicker than the rest: "embed", "input", "weight", "hidden", "output".
    ax : Axes, optional
        Where to draw; the current axes by default. Made for 6.8 by 4.5 inches.

    Raises
    ------
    ValueError
        If there is no such part.
    """
    sketch = Sketch(ax or plt.gca(), PARTS, highlight)
    sketch.ax.set(xlim=(0, 6.8), ylim=(-0.06, 4.44), aspect="equal")
    for t, x in enumerate(_COLUMNS):
        _draw_reading(sketch, t, x)
        _draw_way_up(sketch, t, x)
        _draw_recurrence(sketch, t, x)
    for part, y in _NAMES.items():
        role = "weight" if part == "weight" else "embedding" if part in ("embed", "input") else "hidden"
        sketch.label((0.05, y), f"{part}_p", role, {part}, f"name-{part}", size=WORD, ha="left", chip=True)
    return sketch.ax


def _draw_reading(sketch: Sketch, t: int, x: float) -> None:
    """Draw a word and its vector, which is zero if the word is dropped."""
    word = _TOKENS[t]
    sketch.label((x, _TOKEN), word, "input", (), f"token-{t}", size=WORD, chip=True)
    sketch.line([(x, _TOKEN + 0.2), (x, _VECTOR - _BOX[1] / 2)], "input", (), f"up-token-{t}")
    if word == _DROPPED:
        sketch.box((x, _VECTOR), _BOX, "dropped", {"embed"}, f"vector-{t}", "0 0 0 0")
        _cross(sketch, (x, (_TOKEN + _VECTOR) / 2), 0.08, "dropped", "embed", f"vector-{t}-cross", bold=1.3)
    else:
        sketch.box((x, _VECTOR), _BOX, "embedding", {"embed"}, f"vector-{t}", "$x_t$")


def _draw_way_up(sketch: Sketch, t: int, x: float) -> None:
    """Draw cells and output of a step, with the masks between them."""
    floors = [_VECTOR + _BOX[1] / 2, *(y + _CELL[1] / 2 for y in _CELLS)]
    ceilings = [*(y - _CELL[1] / 2 for y in _CELLS), _SCORES - _BOX[1] / 2]
    for (part, (y, role, kept)), low, high in zip(_MASKS.items(), floors, ceilings, strict=True):
        sketch.line([(x, low), (x, high)], role, (), f"up-{part}-{t}")
        _draw_squares(sketch, (x, y), [kept], role, part, f"{part}-{t}")
    for layer, y in enumerate(_CELLS, 1):
        sketch.box((x, y), _CELL, "hidden", (), f"cell-{layer}-{t}", "LSTM")
    sketch.box((x, _SCORES), _BOX, "output", (), f"scores-{t}", "$\\hat y_t$")


def _draw_recurrence(sketch: Sketch, t: int, x: float) -> None:
    """Draw the hidden states that enter a step's cells, past the weights; the last step also sends its own on."""
    start = _COLUMNS[t - 1] + _CELL[0] / 2 if t else _LEFT
    for layer, (y, kept) in enumerate(zip(_CELLS, _WEIGHTS, strict=True), 1):
        sketch.line([(start, y), (x - _CELL[0] / 2, y)], "hidden", (), f"state-{layer}-{t}")
        middle = ((start + x - _CELL[0] / 2) / 2 - 0.03, y)
        _draw_squares(sketch, middle, [kept[:3], kept[3:6], kept[6:]], "weight", "weight", f"weight-{layer}-{t}")
        if t == len(_COLUMNS) - 1:
            sketch.line([(x + _CELL[0] / 2, y), (_RIGHT, y)], "hidden", (), f"state-{layer}-{t + 1}")


def _draw_squares(sketch: Sketch, at: Point, rows: list[str], role: str, part: str, gid: str) -> None:
    """Draw a mask around a point: full squares, and white ones with a cross for what is dropped."""
    for r, row in enumerate(rows):
        for c, kept in enumerate(row):
            x = at[0] + (c - (len(row) - 1) / 2) * _SQUARE
            y = at[1] - (r - (len(rows) - 1) / 2) * _SQUARE
            shape = sketch.box((x, y), (_SQUARE, _SQUARE), role, {part}, f"{gid}-{r}{c}")
            hue = sketch.hue(role, {part})
            shape.set(
                linewidth=0.8, facecolor=hue if kept == "1" else "white", edgecolor="white" if kept == "1" else hue
            )
            shape.set_boxstyle("square", pad=0)
            if kept == "0":
                _cross(sketch, (x, y), 0.036, role, part, f"{gid}-{r}{c}-cross")


def _cross(sketch: Sketch, at: Point, arm: float, role: str, part: str, gid: str, bold: float = 0.7) -> None:
    x, y = at
    for side in (1, -1):
        points = [(x - arm, y - side * arm), (x + arm, y + side * arm)]
        line = sketch.line(points, role, {part}, f"{gid}{'+' if side > 0 else '-'}", head=False, bold=bold)
        line.set_zorder(5)
