"""An encoder and a decoder, unrolled over the words of a source and of its target."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import matplotlib.pyplot as plt
from matplotlib.axes import Axes

from lmkit.plots.escaping import as_label
from lmkit.plots.sketch import WORD, Part, Point, Sketch

_CELL, _BRIDGE, _CHIP = (0.44, 0.44), (0.66, 0.44), 0.17  # sizes of shapes, and half the height of a word, in inches
_AIR = 0.04  # between a shape and an arrow, in inches
_WORDS, _CELLS, _LOOKING = 0.0, 1.0, 2.0  # rows, from below; outputs are the topmost


def plot_seq2seq(
    source: Sequence[str],
    target: Sequence[str],
    *,
    attention: int | None = None,
    weights: Sequence[float] | None = None,
    forced: bool = True,
    highlight: Iterable[Part] | Part = (),
    ax: Axes | None = None,
) -> Axes:
    """Draw an encoder-decoder: the source is read from left to right, then the target is written.

    The state after the last word of the source goes over the bridge: the vector that tells the decoder of it. The
    decoder first reads the target's last word, the end token, and then each word before the one that it writes.

    Parameters
    ----------
    source, target : sequences of words
        As a model reads and writes them, with their end tokens.
    attention : int in [1, number of target words], optional
        The step of the decoder at which its look at the source is drawn. None for a decoder without attention.
    weights : sequence of numbers in [0, 1], optional
        How much the decoder looks at each word of the source; arrows are as thick as that.
    forced : bool
        Whether the decoder reads the true words (teacher forcing) or, with arrows that say so, its own.
    highlight : set of parts, or one of them
        Drawn in colour and thicker than the rest: "source", "encoder", "bridge", "decoder", "inputs", "outputs", and
        "attention" where there is one.
    ax : Axes, optional
        Where to draw; the current axes by default. It needs about three quarters of an inch of width for each word.

    Raises
    ------
    ValueError
        If a side has no words, there is no such step or part, or weights are not one for each word of the source.
    """
    _check(source, target, attention, weights)
    drawing = _Drawing(ax or plt.gca(), source, target, attention, highlight)
    drawing.draw_encoder()
    drawing.draw_decoder(forced)
    if attention is not None:
        drawing.draw_attention(attention, weights)
    return drawing.sketch.ax


class _Drawing:
    """Places of everything: columns are words of the source, the bridge, and words of the target."""

    def __init__(
        self,
        ax: Axes,
        source: Sequence[str],
        target: Sequence[str],
        attention: int | None,
        highlight: Iterable[Part] | Part,
    ) -> None:
        self.source, self.target = list(map(as_label, source)), list(map(as_label, target))
        self.bridge = len(source) + 1
        self.top = _LOOKING if attention is None else _LOOKING + 1
        parts = ["source", "encoder", "bridge", "decoder", "inputs", "outputs"]
        self.sketch = Sketch(ax, parts if attention is None else [*parts, "attention"], highlight, inches=True)
        ax.set_xlim(0.4, self.bridge + len(target) + 0.6)
        ax.set_ylim(-0.35, self.top + 0.35)

    def draw_encoder(self) -> None:
        """Draw the source and the cells that read it, and the way over the bridge."""
        for t, word in enumerate(self.source, 1):
            self.word((t, _WORDS), word, "input", {"source"}, f"source-{t}")
            self.arrow((t, _WORDS), (t, _CELLS), (_CHIP, 0.22), "input", {"source"}, f"source-{t}-arrow")
            self.sketch.box((t, _CELLS), _CELL, "hidden", {"encoder"}, f"encoder-{t}", f"$h_{{{t}}}$")
            if t > 1:
                self.arrow((t - 1, _CELLS), (t, _CELLS), (0.22, 0.22), "hidden", {"encoder"}, f"encoder-{t}-arrow")
        last, middle = (self.bridge - 1, _CELLS), (self.bridge, _CELLS)
        self.arrow(last, middle, (0.22, 0.33), "hidden", {"encoder", "bridge"}, "bridge-arrow")
        self.sketch.box(middle, _BRIDGE, "weight", {"bridge"}, "bridge", "bridge")

    def draw_decoder(self, forced: bool) -> None:
        """Draw the cells that write the target, what they read, and what they write."""
        for t, word in enumerate(self.target, 1):
            x, read = self.bridge + t, self.target[t - 2]
            self.word((x, _WORDS), read, "input", {"inputs"}, f"input-{t}")
            self.arrow((x, _WORDS), (x, _CELLS), (_CHIP, 0.22), "input", {"inputs"}, f"input-{t}-arrow")
            self.sketch.box((x, _CELLS), _CELL, "decoder", {"decoder"}, f"decoder-{t}", f"$s_{{{t}}}$")
            parts: set[Part] = {"decoder"} if t > 1 else {"decoder", "bridge"}
            gaps = (0.22 if t > 1 else 0.33, 0.22)
            self.arrow((x - 1, _CELLS), (x, _CELLS), gaps, "decoder", parts, f"decoder-{t}-arrow")
            self.arrow(
                (x, _CELLS), (x, self.top), (0.22, _CHIP), "decoder", {"decoder", "outputs"}, f"output-{t}-arrow"
            )
            self.word((x, self.top), word, "output", {"outputs"}, f"output-{t}")
            if t > 1 and not forced:
                ends = (x - 1, self.top), (x, _WORDS)
                self.arrow(*ends, (1.3 * _CHIP, 1.3 * _CHIP), "output", {"inputs", "outputs"}, f"own-{t}")

    def draw_attention(self, step: int, weights: Sequence[float] | None) -> None:
        """Draw how the decoder's state looks at the encoder's, and what it sees joins it."""
        x, middle = self.bridge + step, ((self.bridge - 1) / 2 + 0.5, _LOOKING)
        self.sketch.box(middle, (1.1, 0.44), "weight", {"attention"}, "attention", "attention")
        for t in range(1, self.bridge):
            bold = 1.0 if weights is None else 0.25 + 2.5 * weights[t - 1]
            start = (t, _CELLS + 0.3)
            self.sketch.line([start, middle], "hidden", {"attention"}, f"attention-{t}", head=False, bold=bold)
        across = [(x, _LOOKING - 0.25), (middle[0] + 0.8, _LOOKING - 0.25)]
        self.sketch.line(across, "decoder", {"attention"}, "attention-query")
        back = [(middle[0] + 0.8, _LOOKING + 0.1), (x, _LOOKING + 0.1)]
        self.sketch.line(back, "hidden", {"attention"}, "attention-context")

    def word(self, at: Point, text: str, role: str, parts: set[Part], gid: str) -> None:
        self.sketch.label(at, text, role, parts, gid, size=WORD, chip=True)

    def arrow(self, start: Point, end: Point, gaps: Point, role: str, parts: set[Part], gid: str) -> None:
        self.sketch.between(start, end, (gaps[0] + _AIR, gaps[1] + _AIR), role, parts, gid)


def _check(
    source: Sequence[str], target: Sequence[str], attention: int | None, weights: Sequence[float] | None
) -> None:
    for name, words in {"source": source, "target": target}.items():
        if not len(words):
            raise ValueError(f"{name} must have at least one word, but it has none; give its end token at least")
    if attention is not None and attention not in range(1, len(target) + 1):
        rule = f"the number of a target word, from 1 to {len(target)}, or None"
        raise ValueError(f"attention must be {rule}, but it is {attention!r}")
    if weights is not None and (attention is None or len(weights) != len(source)):
        given = "attention is None" if attention is None else f"there are {len(weights)}"
        raise ValueError(f"weights must be {len(source)}, one for each word of the source, with attention, but {given}")
