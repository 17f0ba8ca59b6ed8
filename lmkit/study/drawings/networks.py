"""Recurrent networks over time: unrolled, stacked, and with gradients that go back."""

from __future__ import annotations

from lmkit.study.drawings.drawing import Drawing
from lmkit.study.drawings.svg_canvas import THICK, SvgCanvas

_VECTOR, _CELL = (40, 28), (48, 36)

# The recurrent network: its rows from above, the column of the rolled one, those of the unrolled one and their words.
_OUT, _MIDDLE, _IN, _WORDS, _BELOW = 22, 98, 174, 238, 274
_ROLLED, _COLUMNS, _SIDE = 30, (142, 213, 284, 355), 21
_TOKENS = ("two", "hundred", "seventy", "eight")


def _column(canvas: SvgCanvas, x: float, t: str, word: str) -> None:
    """Add word, embedding, cell and output of a step, with the arrows between them."""
    canvas.line([(x, _WORDS - 14), (x, _IN + 16)], "input")
    canvas.line([(x, _IN - 15), (x, _MIDDLE + 20)], "embedding")
    canvas.line([(x, _MIDDLE - 19), (x, _OUT + 16)], "hidden")
    canvas.text((x, _WORDS), word, "input")
    canvas.box((x, _IN), _VECTOR, "embedding", f"$x_{t}$")
    canvas.box((x, _MIDDLE), (2 * _SIDE, 36), "hidden", "tanh")
    canvas.box((x, _OUT), _VECTOR, "output", f"$ŷ_{t}$")


def _weights_up(canvas: SvgCanvas, x: float) -> None:
    canvas.text((x + 7, _WORDS - 25), "$W_e$", "weight", anchor="start")
    canvas.text((x + 7, _IN - 34), "$W_ih$", "weight", anchor="start")
    canvas.text((x + 7, _OUT + 35), "$W_hy$", "weight", anchor="start")


def _rolled(canvas: SvgCanvas) -> None:
    _column(canvas, _ROLLED, "t", "$w_t$")
    _weights_up(canvas, _ROLLED)
    canvas.text((_ROLLED, _BELOW), "rolled")


def _loop(canvas: SvgCanvas) -> None:
    x, y = _ROLLED + _SIDE, _MIDDLE
    canvas.curve((x + 1, y - 9), (x + 34, y - 34), (x + 34, y + 34), (x + 2, y + 9), "hidden")
    canvas.text((x + 17, y - 24), "$h_t$", "hidden", anchor="start")
    canvas.text((x + 18, y + 34), "$W_hh$", "weight", anchor="start")


def _columns(canvas: SvgCanvas) -> None:
    canvas.text((88, _MIDDLE + 6), "=", bold=True)
    for t, (x, word) in enumerate(zip(_COLUMNS, _TOKENS, strict=True), 1):
        _column(canvas, x, str(t), word)
    canvas.text(((_COLUMNS[0] + _COLUMNS[-1]) / 2, _BELOW), "unrolled: time →")


def _arrows(canvas: SvgCanvas) -> None:
    starts = [_COLUMNS[0] - 46, *(x + _SIDE for x in _COLUMNS)]
    ends = [*(x - _SIDE - 1 for x in _COLUMNS), 399]
    for t, (start, end) in enumerate(zip(starts, ends, strict=True)):
        canvas.line([(start, _MIDDLE), (end, _MIDDLE)], "hidden")
        canvas.text(((start + end) / 2 - 1, _MIDDLE - 9), f"$h_{t}$", "hidden")


def _same_weights(canvas: SvgCanvas) -> None:
    for x in _COLUMNS:
        _weights_up(canvas, x)
    for x in _COLUMNS[:-1]:
        canvas.text((x + 36, _MIDDLE + 18), "$W_hh$", "weight")
    canvas.text((200, _BELOW + 26), "the same $W_e$, $W_ih$, $W_hh$ and $W_hy$ at every step", "weight")


# The stacked network: rows from above, columns.
_TOP, _SECOND, _FIRST, _BOTTOM, _STEPS = 26, 94, 170, 238, (140, 236, 332)


def _row(canvas: SvgCanvas, y: float, name: str) -> None:
    canvas.text((2, y + 5), name, "hidden", anchor="start", bold=True)
    for x in _STEPS:
        canvas.box((x, y), _CELL, "hidden", "RNN")


def _states(canvas: SvgCanvas, y: float) -> None:
    """Add the states that a row hands from step to step."""
    canvas.line([(82, y), (_STEPS[0] - 25, y)], "hidden")
    for t, x in enumerate(_STEPS, 1):
        end = x + 71 if t < 3 else 396
        canvas.line([(x + 24, y), (end, y)], "hidden")
        canvas.text(((x + 24 + end) / 2 - 2, y - 9), f"$h_{t}$", "hidden")


def _one_layer(canvas: SvgCanvas) -> None:
    _row(canvas, _FIRST, "layer 1")
    _states(canvas, _FIRST)
    for t, x in enumerate(_STEPS, 1):
        canvas.line([(x, _BOTTOM - 15), (x, _FIRST + 20)], "input")
        canvas.box((x, _BOTTOM), _VECTOR, "input", f"$x_{t}$")
    canvas.text((2, _BOTTOM + 5), "input", "input", anchor="start")


def _second_layer(canvas: SvgCanvas) -> None:
    _row(canvas, _SECOND, "layer 2")
    for t, x in enumerate(_STEPS, 1):
        canvas.line([(x, _FIRST - 19), (x, _SECOND + 20)], "hidden", stroke_width=THICK)
        canvas.text((x + 8, (_FIRST + _SECOND) / 2 + 4), f"$h_{t}$", "hidden", anchor="start")


def _second_states(canvas: SvgCanvas) -> None:
    _states(canvas, _SECOND)
    canvas.text((200, 280), "own weights for each layer, shared by all steps", "weight")


def _outputs(canvas: SvgCanvas) -> None:
    for t, x in enumerate(_STEPS, 1):
        canvas.line([(x, _SECOND - 19), (x, _TOP + 16)], "hidden")
        canvas.box((x, _TOP), _VECTOR, "output", f"$ŷ_{t}$")
    canvas.text((2, _TOP + 5), "output", "output", anchor="start")


# Back-propagation through time: rows from above, six columns in two windows.
_LOSS, _STATE, _READ, _TIMES, _BORDER = 28, 98, 164, (34, 96, 158, 242, 304, 366), 200


def _forward(canvas: SvgCanvas) -> None:
    for t, x in enumerate(_TIMES, 1):
        canvas.line([(x, _READ - 13), (x, _STATE + 18)], "input")
        canvas.box((x, _READ), (32, 26), "input", f"$x_{t}$")
        canvas.box((x, _STATE), (34, 32), "hidden", f"$h_{t}$")
        if t < 6:
            canvas.line([(x + 18, _STATE - 8), (_TIMES[t] - 19, _STATE - 8)], "hidden")
    for window, x in ((1, _TIMES[1]), (2, _TIMES[4])):
        canvas.text((x, 200), f"window {window}")
    _key(canvas, 226, "hidden", "", "forwards: the state")


def _losses(canvas: SvgCanvas) -> None:
    for t, x in enumerate(_TIMES, 1):
        canvas.line([(x - 6, _STATE - 17), (x - 6, _LOSS + 15)], "hidden")
        canvas.box((x, _LOSS), (32, 26), "output", f"$L_{t}$")


def _gradients(canvas: SvgCanvas) -> None:
    for t, x in enumerate(_TIMES):
        canvas.line([(x + 7, _LOSS + 14), (x + 7, _STATE - 18)], "chosen", dash="4 3")
        if t not in (2, 5):
            canvas.line([(_TIMES[t + 1] - 18, _STATE + 8), (x + 19, _STATE + 8)], "chosen", dash="4 3")
    _key(canvas, 248, "chosen", "4 3", "backwards: the gradient")


def _cut(canvas: SvgCanvas) -> None:
    for start, end in ((16, 46), (68, 84), (112, 210)):
        canvas.line([(_BORDER, start), (_BORDER, end)], "dropped", head=False, stroke_width=THICK, dash="2 4")
    canvas.text((_BORDER, 61), "detach", "dropped", bold=True)
    canvas.line([(_TIMES[3] - 18, _STATE + 8), (_BORDER + 7, _STATE + 8)], "chosen", head=False, dash="4 3")
    canvas.line([(_BORDER - 5, _STATE + 3), (_BORDER + 5, _STATE + 13)], "dropped", head=False, stroke_width=THICK)
    canvas.line([(_BORDER - 5, _STATE + 13), (_BORDER + 5, _STATE + 3)], "dropped", head=False, stroke_width=THICK)


def _key(canvas: SvgCanvas, y: float, role: str, dash: str, words: str) -> None:
    """Add a line of the key: an arrow of a kind, and what it stands for."""
    back = role == "chosen"
    canvas.line([(118, y), (86, y)] if back else [(86, y), (118, y)], role, dash=dash)
    canvas.text((128, y + 5), words, role, anchor="start")


DRAWINGS = {
    "recurrent-network": Drawing(
        "A recurrent network, rolled up and unrolled over four words",
        312,
        (
            (
                "Rolled up, one column from below: the word w_t, through the weights W_e its embedding x_t, through "
                "W_ih one cell, and through W_hy the output ŷ_t.",
                _rolled,
            ),
            ("A loop at the cell: the hidden state h_t goes back into the cell through the weights W_hh.", _loop),
            (
                "Unrolled: the same column four times from left to right, for the words two, hundred, seventy, eight.",
                _columns,
            ),
            (
                "Arrows from each cell to the next carry the states h_1, h_2, h_3; h_0 enters the first cell and h_4 "
                "leaves the last.",
                _arrows,
            ),
            ("The same weights W_e, W_ih, W_hh and W_hy stand at the arrows of every step.", _same_weights),
        ),
    ),
    "stacked-rnn": Drawing(
        "A recurrent network of two layers, unrolled over three steps",
        292,
        (
            (
                "Layer 1 is a recurrent network of its own: it reads the inputs x_1, x_2, x_3 and hands "
                "its state h on.",
                _one_layer,
            ),
            ("Its hidden states go up as well: they are the inputs of the cells of layer 2.", _second_layer),
            (
                "Layer 2 hands its own states to the right; each layer has its own weights, which all its steps share.",
                _second_states,
            ),
            ("Only the last layer has outputs, ŷ_1, ŷ_2, ŷ_3.", _outputs),
        ),
    ),
    "backprop-through-time": Drawing(
        "Truncated back-propagation through time, two windows of three steps",
        260,
        (
            (
                "Forwards: six states in a row, each from its input and the state before; the state also goes from "
                "window 1 into window 2.",
                _forward,
            ),
            ("Each state has a loss above it.", _losses),
            (
                "Backwards, dashed: from each loss the gradient goes down and then to the left, to the states before "
                "it in its window.",
                _gradients,
            ),
            ("Between the windows a dotted line, detach: the gradient ends there, while the state goes on.", _cut),
        ),
    ),
}
