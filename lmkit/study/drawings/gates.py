"""The inside of one LSTM cell."""

from __future__ import annotations

from lmkit.study.drawings.drawing import Drawing
from lmkit.study.drawings.svg_canvas import THICK, SvgCanvas

# Columns of the boxes; then the sum, the way of the hidden state, and where x meets h.
_GATES = {
    "f": ("forget", "σ", 83),
    "i": ("input", "σ", 160),
    "g": ("candidate", "tanh", 237),
    "o": ("output", "σ", 314),
}
_ADD, _OUT, _JOIN = 198.5, 362, 58
# Rows: the cell state, i ⊙ g, o ⊙ tanh c, the boxes, the hidden state.
_CELL, _MEET, _SHOW, _BOXES, _BUS = 56, 116, 130, 186, 240
_RADIUS = 9


def _cell_state(canvas: SvgCanvas) -> None:
    canvas.frame((42, 26), (332, 228), "muted")
    canvas.line([(2, _CELL), (398, _CELL)], "cell", stroke_width=THICK)
    canvas.text((20, _CELL - 9), "$c_t−1$", "cell")
    canvas.text((386, _CELL - 9), "$c_t$", "cell")
    canvas.text((2, _CELL + 18), "cell", "cell", anchor="start")
    canvas.text((2, _CELL + 33), "state", "cell", anchor="start")


def _inputs(canvas: SvgCanvas) -> None:
    canvas.line([(2, _BUS), (_JOIN, _BUS)], "hidden", head=False)
    canvas.line([(_JOIN, 280), (_JOIN, _BUS)], "input", head=False)
    canvas.line([(_JOIN, _BUS), (_GATES["f"][2], _BUS)], "input", head=False)
    canvas.text((20, _BUS - 9), "$h_t−1$", "hidden")
    canvas.text((2, _BUS + 28), "hidden", "hidden", anchor="start")
    canvas.text((2, _BUS + 43), "state", "hidden", anchor="start")
    canvas.text((_JOIN + 6, _BUS + 36), "$x_t$", "input", anchor="start")


def _boxes(canvas: SvgCanvas) -> None:
    canvas.line([(_JOIN, _BUS), (_GATES["o"][2], _BUS)], "input", head=False)
    for gate, (name, function, x) in _GATES.items():
        canvas.line([(x, _BUS), (x, _BOXES + 26)], "input")
        canvas.box((x, _BOXES), (73, 50), gate)
        canvas.text((x, _BOXES - 5), name, gate)
        canvas.text((x, _BOXES + 15), function, gate)


def _forget(canvas: SvgCanvas) -> None:
    x = _GATES["f"][2]
    canvas.line([(x, _BOXES - 25), (x, _CELL + _RADIUS + 1)], "f")
    canvas.node((x, _CELL), "cell", "⊙")
    canvas.text((x + 6, 120), "$f_t$", "f", anchor="start")
    canvas.text(((x + _ADD) / 2, _CELL - 10), "$f_t$ ⊙ $c_t−1$", "cell")


def _add(canvas: SvgCanvas) -> None:
    left, right = _GATES["i"][2], _GATES["g"][2]
    canvas.line([(left, _BOXES - 25), (left, _MEET), (_ADD - _RADIUS - 1, _MEET)], "i")
    canvas.line([(right, _BOXES - 25), (right, _MEET), (_ADD + _RADIUS + 1, _MEET)], "g")
    canvas.line([(_ADD, _MEET - _RADIUS), (_ADD, _CELL + _RADIUS + 1)], "cell")
    canvas.node((_ADD, _MEET), "cell", "⊙")
    canvas.node((_ADD, _CELL), "cell", "+")
    canvas.text((_ADD + 7, 92), "$i_t$ ⊙ $g_t$", "cell", anchor="start")
    canvas.text((left - 6, 146), "$i_t$", "i", anchor="end")
    canvas.text((right + 6, 146), "$g_t$", "g", anchor="start")


def _show(canvas: SvgCanvas) -> None:
    x = _GATES["o"][2]
    canvas.line([(x, _CELL), (x, 79)], "cell")
    canvas.box((x, 91), (44, 24), "cell", "tanh")
    canvas.line([(x, 103), (x, _SHOW - _RADIUS - 1)], "cell")
    canvas.line([(x, _BOXES - 25), (x, _SHOW + _RADIUS + 1)], "o")
    canvas.node((x, _SHOW), "hidden", "⊙")
    canvas.line([(x + _RADIUS, _SHOW), (_OUT, _SHOW), (_OUT, _BUS), (398, _BUS)], "hidden")
    canvas.text((x - 6, 156), "$o_t$", "o", anchor="end")
    canvas.text((386, _BUS - 9), "$h_t$", "hidden")


DRAWINGS = {
    "lstm-cell": Drawing(
        "One step of an LSTM cell",
        290,
        (
            ("The cell state is a straight line on top, from c_(t−1) on the left to c_t on the right.", _cell_state),
            ("The hidden state h_(t−1) enters at the bottom left and meets the input x_t from below.", _inputs),
            (
                "Four boxes look at both: forget gate f, input gate i, candidate g and output gate o; the gates are "
                "sigmoids, the candidate is a tanh.",
                _boxes,
            ),
            ("The forget gate f_t goes up to the cell state and multiplies it entry by entry (⊙).", _forget),
            (
                "The input gate i_t and the candidate g_t are multiplied (⊙), and the product is added (+) "
                "to the cell state.",
                _add,
            ),
            (
                "The new cell state goes down through tanh, is multiplied (⊙) by the output gate o_t, and leaves at "
                "the bottom right as h_t.",
                _show,
            ),
        ),
    ),
}
