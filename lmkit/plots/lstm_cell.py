"""The inside of one LSTM cell."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

import matplotlib.pyplot as plt
from matplotlib.axes import Axes

from lmkit.plots.sketch import LABEL, WORD, Sketch, tint

GATES = {"f": ("forget gate", "σ"), "i": ("input gate", "σ"), "g": ("candidate", "tanh"), "o": ("output gate", "σ")}
PARTS = ("i", "f", "g", "o", "c", "h", "x", "additive path")
VALUES = ("i", "f", "g", "o", "c_prev", "c", "h_prev", "h")

# Where things stand, in inches on a page 6.8 wide.
_COLUMN = {"f": 1.40, "i": 2.47, "g": 3.54, "o": 4.61}
_ADD, _OUT = (_COLUMN["i"] + _COLUMN["g"]) / 2, 5.62  # the columns of the sum and of the hidden state's way down
_CELL, _TANH, _MEET, _SHOW, _GATE, _BUS = 2.95, 2.52, 2.16, 1.74, 1.24, 0.52  # rows: the cell state, its tanh, i ⊙ g,
# o ⊙ tanh c, the gates, the hidden state
_EDGE, _END, _JOIN = (0.66, 6.14), (0.06, 6.74), 0.8  # the cell's borders; where states come from and go to; h meets x
_BOX, _NODE = (1.0, 0.56), 0.13


def plot_lstm_cell(
    *, highlight: Iterable[str] | str = (), values: Mapping[str, float] | None = None, ax: Axes | None = None
) -> Axes:
    r"""Draw one step of an LSTM: the cell state is the line on top, the hidden state leaves at the bottom right.

    Four boxes look at h_(t-1) and x_t: the forget gate f, the input gate i, the candidate g and the output gate o. Then

    c_t = f_t ⊙ c_(t-1) + i_t ⊙ g_t,  h_t = o_t ⊙ tanh(c_t)

    (Hochreiter & Schmidhuber 1997, with the forget gate of Gers, Schmidhuber & Cummins 2000). A line has the colour of
    what flows along it; ⊙ multiplies entry by entry, + adds.

    Parameters
    ----------
    highlight : set of parts, or one of them
        Drawn in colour and thicker than the rest: "f", "i", "g", "o" (a box and what leaves it), "c" (the cell state),
        "h" (the hidden state that comes and the one that goes), "x" (the input), "additive path" (from c_(t-1) to c_t,
        and what is added on the way).
    values : mapping from part to number, optional
        Numbers to print, those of one unit: "f", "i", "g", "o", "c_prev", "c", "h_prev", "h". The products that
        follow from them are printed too.
    ax : Axes, optional
        Where to draw; the current axes by default. Made for 6.8 by 3.5 inches.

    Raises
    ------
    ValueError
        If there is no such part.
    """
    values = {part: float(value) for part, value in (values or {}).items()}
    for part in values.keys() - set(VALUES):
        raise ValueError(f"values must be given for parts of the cell, but one is for {part!r}; choose from {VALUES}")
    sketch = Sketch(ax or plt.gca(), PARTS, highlight)
    sketch.ax.set(xlim=(0, 6.8), ylim=(-0.06, 3.4), aspect="equal")
    _draw_body(sketch)
    _draw_inputs(sketch)
    _draw_gates(sketch)
    _draw_cell_state(sketch)
    _draw_hidden_state(sketch)
    _write_states(sketch, values)
    _write_products(sketch, values)
    for gate in GATES:
        _write_gate(sketch, gate, values.get(gate))
    return sketch.ax


def _draw_body(sketch: Sketch) -> None:
    """Draw the border of the cell, behind everything."""
    left, right = _EDGE
    body = sketch.box(((left + right) / 2, 1.77), (right - left, 3.06), "muted", set(), "body")
    body.set(facecolor=tint("muted", 0.05), linewidth=1, zorder=0)


def _draw_inputs(sketch: Sketch) -> None:
    """Draw what the four boxes look at: the hidden state from the left, the input from below, then both as one."""
    sketch.line([(_END[0], _BUS), (_JOIN, _BUS)], "hidden", {"h"}, "h-in", head=False)
    sketch.line([(_JOIN, -0.04), (_JOIN, _BUS)], "input", {"x"}, "x-in", head=False)
    sketch.line([(_JOIN, _BUS), (_COLUMN["o"], _BUS)], "input", {"h", "x"}, "gate-inputs", head=False)
    for gate, x in _COLUMN.items():
        bottom = _GATE - _BOX[1] / 2 - 0.02
        sketch.line([(x, _BUS), (x, bottom)], "input", {"h", "x"}, f"{gate}-in")


def _draw_gates(sketch: Sketch) -> None:
    """Draw four boxes with their names and functions, and what leaves them."""
    top, side = _GATE + _BOX[1] / 2, _NODE + 0.02
    ways = {
        "f": [(_CELL - side,)],
        "i": [(_MEET,), (_ADD - side, _MEET)],
        "g": [(_MEET,), (_ADD + side, _MEET)],
        "o": [(_SHOW,), (_OUT - side, _SHOW)],
    }
    for gate, way in ways.items():
        x = _COLUMN[gate]
        points = [(x, top), *((x, p[0]) if len(p) == 1 else p for p in way)]
        sketch.box((x, _GATE), _BOX, gate, {gate}, f"gate-{gate}")
        sketch.line(points, gate, {gate}, f"{gate}-out")


def _draw_cell_state(sketch: Sketch) -> None:
    """Draw the straight line on top, where the old state is scaled and something is added."""
    line, gap = {"c", "additive path"}, _NODE + 0.02
    forget, add = (_COLUMN["f"], _CELL), (_ADD, _CELL)
    stops = [_END[0], forget[0] - gap], [forget[0] + gap, _ADD - gap], [_ADD + gap, _END[1]]
    for k, (start, end) in enumerate(stops):
        sketch.line([(start, _CELL), (end, _CELL)], "cell", line, f"c-{k}", bold=1.5)
    added = {"i", "g", "additive path"}
    sketch.line([(_ADD, _MEET + _NODE), (_ADD, _CELL - gap)], "cell", added, "added")
    sketch.node((_ADD, _MEET), _NODE, "cell", added, "node-i-g", "⊙")
    sketch.node(forget, _NODE, "cell", line | {"f"}, "node-f-c", "⊙")
    sketch.node(add, _NODE, "cell", line, "node-add", "+")


def _draw_hidden_state(sketch: Sketch) -> None:
    """Draw the way from the cell state through tanh and the output gate to the right."""
    sketch.line([(_OUT, _CELL), (_OUT, _TANH + 0.15)], "cell", {"h"}, "c-down")
    sketch.box((_OUT, _TANH), (0.56, 0.28), "cell", {"h"}, "tanh", "tanh")
    sketch.line([(_OUT, _TANH - 0.14), (_OUT, _SHOW + _NODE + 0.02)], "cell", {"h"}, "tanh-out")
    sketch.node((_OUT, _SHOW), _NODE, "hidden", {"h", "o"}, "node-o-c", "⊙")
    sketch.line([(_OUT, _SHOW - _NODE), (_OUT, _BUS), (_END[1], _BUS)], "hidden", {"h"}, "h-out")


def _write_gate(sketch: Sketch, gate: str, value: float | None) -> None:
    """Write name and function in a gate's box; beside its arrow its letter, with its number if it has one."""
    name, function = GATES[gate]
    x, top = _COLUMN[gate], _GATE + _BOX[1] / 2
    sketch.label((x, _GATE + 0.13), name, gate, {gate}, f"gate-{gate}-name", size=10)
    sketch.label((x, _GATE - 0.13), function, gate, {gate}, f"gate-{gate}-function", size=WORD + (function == "σ") * 3)
    at, ha = {
        "f": ((x + 0.07, 2.42), "left"),
        "i": ((x - 0.06, top + 0.24), "right"),
        "g": ((x + 0.06, top + 0.24), "left"),
        "o": ((x + 0.02, _SHOW + 0.13), "left"),
    }[gate]
    text = f"${gate}_t$" if value is None else f"${gate}_t = {_number(value)}$"
    sketch.label(at, text, gate, {gate}, f"{gate}-text", ha=ha, size=LABEL if value is None else 12)


def _write_states(sketch: Sketch, values: Mapping[str, float]) -> None:
    """Write the names of the states at the cell's borders, with their numbers."""
    for key, text, word, at, role, parts in (
        ("c_prev", "c_{t-1}", "cell\nstate", (0.34, _CELL), "cell", {"c", "additive path"}),
        ("c", "c_t", "", (6.42, _CELL), "cell", {"c", "additive path"}),
        ("h_prev", "h_{t-1}", "hidden\nstate", (0.34, _BUS), "hidden", {"h"}),
        ("h", "h_t", "", (6.42, _BUS), "hidden", {"h"}),
    ):
        sketch.label(at, f"${text}$", role, parts, f"{key}-text", offset=(0, 5), va="bottom")
        if key in values:
            text = f"${_number(values[key])}$"
            sketch.label(at, text, role, parts, f"{key}-value", offset=(0, -6), va="top", size=12)
        elif word:
            sketch.label(at, word, role, parts, f"{key}-word", offset=(0, -6), va="top", size=9.5)
    sketch.label((_JOIN, 0.08), "$x_t$", "input", {"x"}, "x-text", offset=(5, 0), ha="left")


def _write_products(sketch: Sketch, values: Mapping[str, float]) -> None:
    """Write what is kept, added and shown: as formulas, or as numbers where these follow from the values."""
    v = {**dict.fromkeys(VALUES, math.nan), **values}
    for gid, formula, value, at, parts, ha in (
        (
            "kept",
            r"f_t \odot c_{t-1}",
            v["f"] * v["c_prev"],
            ((_COLUMN["f"] + _ADD) / 2, _CELL + 0.15),
            {"c", "additive path", "f"},
            "center",
        ),
        (
            "added",
            r"i_t \odot g_t",
            v["i"] * v["g"],
            (_ADD + 0.08, (_CELL + _MEET) / 2),
            {"i", "g", "additive path"},
            "left",
        ),
        ("shown", "", math.tanh(v["c"]), (_OUT - 0.07, (_TANH + _SHOW) / 2 + 0.03), {"h"}, "right"),
    ):
        text = formula if math.isnan(value) else _number(value)
        if text:
            sketch.label(at, f"${text}$", "cell", parts, f"{gid}-text", ha=ha, size=12)


def _number(value: float) -> str:
    """Return two decimals; a zero has no sign."""
    return f"{round(float(value), 2) + 0.0:.2f}"
