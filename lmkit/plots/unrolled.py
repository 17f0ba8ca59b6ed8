"""A recurrent network, rolled up into its one cell or unrolled over time."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import matplotlib.pyplot as plt
from matplotlib.axes import Axes

from lmkit.plots.escaping import as_label
from lmkit.plots.sketch import WORD, Part, Point, Sketch

_VECTOR, _HEIGHT = (0.44, 0.36), 0.44  # a vector's size and a cell's height, in inches
_AIR = 0.04  # between a shape and an arrow, in inches


def plot_rnn(
    num_layers: int = 1,
    steps: int = 4,
    *,
    tokens: Sequence[str] | None = None,
    unrolled: bool = True,
    highlight: Iterable[Part] | Part = (),
    outputs: str = "every",
    cell: str = "tanh",
    ax: Axes | None = None,
) -> Axes:
    """Draw a recurrent network: time from left to right, depth upwards, the same weights at every step.

    An arrow has the colour of what flows along it; the letter beside it is the weight that it is multiplied by, and
    equal letters are equal weights.

    Parameters
    ----------
    num_layers : int ≥ 1
        D. With more than one, layers are told apart by a number in brackets.
    steps : int ≥ 1
        How many steps are unrolled.
    tokens : sequence of `steps` or `steps` + 1 words, optional
        What is read, shown below an embedding at each step. One word more, and each output bears the word that it has
        to predict, the next one. Rolled, letters stand for the words.
    unrolled : bool
        Draw every step, or one cell with a loop. Drawn side by side, both have their cells at the same height.
    highlight : set of parts, or one of them
        Drawn in colour and thicker than the rest: a step's number from 1 on, "input", "embedding" (with tokens),
        "cell", "hidden", "output", "weights", one of the weights "W_e" (with tokens), "W_ih", "W_hh", "W_hy", or
        "layer 1", "layer 2", …
    outputs : "every" or "last"
        Which steps have an output.
    cell : str
        What to write into the cells.
    ax : Axes, optional
        Where to draw; the current axes by default. It needs about an inch of width for each step.

    Raises
    ------
    ValueError
        If a count is below 1, tokens are too few or too many, or there is no such part.
    """
    _check(num_layers, steps, tokens, outputs)
    network = _Network(ax or plt.gca(), num_layers, steps, tokens, unrolled, highlight, cell)
    for t in network.columns:
        network.draw_input(t)
        network.draw_layers(t)
        if outputs == "every" or t == network.columns[-1]:
            network.draw_output(t)
    return network.sketch.ax


class _Network:
    """Places of everything: columns are steps, rows from below are token, input, cells, output and target."""

    def __init__(
        self,
        ax: Axes,
        layers: int,
        steps: int,
        tokens: Sequence[str] | None,
        unrolled: bool,
        highlight: Iterable[Part] | Part,
        cell: str,
    ) -> None:
        self.layers, self.unrolled, self.cell_text = layers, unrolled, cell
        self.columns = range(1, steps + 1) if unrolled else range(1, 2)
        self.words, self.targets = _words(tokens, steps, unrolled)
        self.cell = (max(0.22 + 0.085 * len(cell), _HEIGHT), _HEIGHT)
        self.top = layers + 1.0
        self.sketch = Sketch(ax, self._parts(), highlight, inches=True)
        ax.set_xlim((0.25, steps + 0.75) if unrolled else (0.65, 1.9))
        ax.set_ylim(-0.92 if self.words else -0.3, self.top + (0.75 if self.targets else 0.3))

    def _parts(self) -> list[Part]:
        reading = ["embedding", "W_e"] if self.words else []
        layers = [f"layer {layer}" for layer in range(1, self.layers + 1)]
        steps = self.columns if self.unrolled else []
        return ["input", *reading, "cell", "hidden", "output", "weights", "W_ih", "W_hh", "W_hy", *layers, *steps]

    def index(self, t: int) -> str:
        """Return how a step is called in a formula and in the name of a thing drawn."""
        return str(t) if self.unrolled else "t"

    def formula(self, letter: str, layer: int = 0, t: int | None = None) -> str:
        """Return a letter with its step, and with its layer if there are several."""
        letter = re.sub(r"_(\w+)", r"_{\1}", letter) if t is None else f"{letter}_{{{self.index(t)}}}"
        return f"${letter}^{{({layer})}}$" if layer and self.layers > 1 else f"${letter}$"

    def draw_input(self, t: int) -> None:
        """Draw the input at the bottom, which is an embedding if there are tokens."""
        name, role = self.index(t), "embedding" if self.words else "input"
        self.sketch.box((t, 0), _VECTOR, role, {role, t}, f"{role}-{name}", self.formula("x", t=t))
        if self.words:
            at, word = (t, -0.76), self.words[t - 1]
            self.sketch.label(at, word, "input", {"input", t}, f"input-{name}", size=WORD, chip=True)
            self.draw_weight("W_e", at, (t, 0), (0.14, _VECTOR[1] / 2), "input", {t}, name)

    def draw_layers(self, t: int) -> None:
        """Draw the cells of a step from below, with what enters and leaves them."""
        for layer in range(1, self.layers + 1):
            mine, name = {f"layer {layer}", t}, f"{layer}-{self.index(t)}"
            below, height = ("hidden", _HEIGHT) if layer > 1 else ("embedding" if self.words else "input", _VECTOR[1])
            gaps = (height / 2, _HEIGHT / 2)
            self.draw_weight("W_ih", (t, layer - 1), (t, layer), gaps, below, mine, name, layer)
            self.sketch.box((t, layer), self.cell, "hidden", {"cell"} | mine, f"cell-{name}", self.cell_text)
            self.draw_state(t, layer) if self.unrolled else self.draw_loop(layer)

    def draw_output(self, t: int) -> None:
        """Draw the output at the top, and what it has to predict."""
        name, parts = self.index(t), {"output", t}
        gaps = (_HEIGHT / 2, _VECTOR[1] / 2)
        self.draw_weight("W_hy", (t, self.layers), (t, self.top), gaps, "hidden", {t}, name)
        self.sketch.box((t, self.top), _VECTOR, "output", parts, f"output-{name}", self.formula("\\hat y", t=t))
        if self.targets:
            word = self.targets[t - 1]
            self.sketch.label((t, self.top + 0.55), word, "output", parts, f"target-{name}", size=WORD, chip=True)

    def draw_weight(
        self, weight: str, start: Point, end: Point, gaps: Point, role: str, mine: set[Part], name: str, layer: int = 0
    ) -> None:
        """Draw an arrow upwards with its weight at its right, coloured as what flows, unless weights are meant."""
        parts = {"weights", weight} | mine
        self.arrow(start, end, gaps, self.flow(role, weight), parts, f"{weight}-{name}")
        middle = (end[0], (start[1] + end[1]) / 2)
        rise = 36 * (gaps[0] - gaps[1])  # the middle of what is seen of the arrow
        text = self.formula(weight, layer)
        self.sketch.label(middle, text, "weight", parts, f"{weight}-{name}-text", offset=(5, rise), ha="left")

    def draw_state(self, t: int, layer: int) -> None:
        """Draw the state that enters a cell, and the one that leaves the last."""
        half, mine = self.cell[0] / 2, {"hidden", f"layer {layer}", t}
        start, gap = (t - 1, half) if t > 1 else (0.3, -_AIR)
        middle, shift = ((start + t) / 2, layer), 0 if t > 1 else -36 * half
        gid = f"hidden-{layer}-{t - 1}"
        self.arrow(
            (start, layer), (t, layer), (gap, half), self.flow("hidden", "W_hh"), {"weights", "W_hh"} | mine, gid
        )
        self.draw_letters(middle, layer, t - 1, mine | {max(t - 1, 1)}, shift)
        self.draw_letters(middle, layer, t, mine, shift, weight=True)
        if t == self.columns[-1]:
            self.arrow((t, layer), (t + 0.7, layer), (half, -_AIR), "hidden", mine, f"hidden-{layer}-{t}")
            self.draw_letters((t + 0.35, layer), layer, t, mine, 36 * half)

    def draw_letters(
        self, at: Point, layer: int, t: int, parts: set[Part], right: float, weight: bool = False, ha: str = "center"
    ) -> None:
        """Draw the name of a state above its arrow, or of its weight below."""
        name = f"{layer}-{self.index(t)}"
        place = {"offset": (right, -4 if weight else 4), "ha": ha, "va": "top" if weight else "bottom"}
        if weight:
            text, parts, gid = (
                self.formula("W_hh", layer),
                parts - {"hidden"} | {"weights", "W_hh"},
                f"W_hh-{name}-text",
            )
            self.sketch.label(at, text, "weight", parts, gid, **place)
        else:
            self.sketch.label(at, self.formula("h", layer, t), "hidden", parts, f"hidden-{name}-text", **place)

    def draw_loop(self, layer: int) -> None:
        """Draw the state that leaves the cell and comes back one step later."""
        right, mine = self.cell[0] / 2 + _AIR, {"hidden", f"layer {layer}", 1}
        way = [(right, 0.1), (right + 0.65, 0.5), (right + 0.65, -0.5), (right, -0.1)]
        parts = {"weights", "W_hh"} | mine
        gid = f"hidden-{layer}-t"
        self.sketch.line(way, self.flow("hidden", "W_hh"), parts, gid, around=(1, layer), curved=True)
        for weight in (False, True):
            self.draw_letters((1, layer), layer, 1, mine, 72 * (right + 0.55), weight, ha="left")

    def flow(self, role: str, weight: str) -> str:
        """Return the role of an arrow that has a weight: what flows, unless weights are highlighted."""
        return "weight" if self.sketch.highlight & {"weights", weight} else role

    def arrow(self, start: Point, end: Point, gaps: Point, role: str, parts: set[Part], gid: str) -> None:
        self.sketch.between(start, end, (gaps[0] + _AIR, gaps[1] + _AIR), role, parts, gid)


def _words(tokens: Sequence[str] | None, steps: int, unrolled: bool) -> tuple[list[str], list[str]]:
    """Return what is read and what is to be predicted: words, or letters for words if the network is rolled up."""
    if tokens is None:
        return [], []
    has_targets = len(tokens) > steps
    if not unrolled:
        return ["$w_t$"], ["$w_{t+1}$"] if has_targets else []
    words = list(map(as_label, tokens))
    return words[:steps], words[1:] if has_targets else []


def _check(num_layers: int, steps: int, tokens: Sequence[str] | None, outputs: str) -> None:
    for name, count in {"num_layers": num_layers, "steps": steps}.items():
        if count < 1:
            raise ValueError(f"{name} must be at least 1, but it is {count}")
    if tokens is not None and len(tokens) not in (steps, steps + 1):
        raise ValueError(f"tokens must be {steps} words, one per step, or one more, but there are {len(tokens)}")
    if outputs not in ("every", "last"):
        raise ValueError(f"outputs must be 'every' or 'last', but it is {outputs!r}")
