"""Where an AWD-LSTM drops, and what it ties."""

from __future__ import annotations

from lmkit.study.drawings.drawing import Drawing
from lmkit.study.drawings.svg_canvas import NORMAL, SvgCanvas

_COLUMNS, _LEFT = (150, 246, 342), 94
_SCORES, _CELLS, _VECTOR, _TOKEN = 50, (250, 150), 336, 380
_MASKS = {"input": (293, "embedding", "1011"), "hidden": (200, "hidden", "1101"), "output": (102, "hidden", "0111")}
_WEIGHTS = (("110", "101", "011"), ("011", "110", "101"))  # of both layers
_TOKENS = (".", "one", ".")


def _network(canvas: SvgCanvas) -> None:
    for x, word in zip(_COLUMNS, _TOKENS, strict=True):
        canvas.line([(x, _TOKEN - 13), (x, _VECTOR + 13)], "input")
        canvas.line([(x, _VECTOR - 11), (x, _CELLS[0] + 20)], "embedding")
        canvas.line([(x, _CELLS[0] - 18), (x, _CELLS[1] + 20)], "hidden")
        canvas.line([(x, _CELLS[1] - 18), (x, _SCORES + 17)], "hidden")
        canvas.text((x, _TOKEN + 5), word, "input", bold=True)
        canvas.mask((x, _VECTOR), ["1111"], "embedding", 10)
        canvas.box((x, _SCORES), (52, 30), "output", "$ŷ$")
        for y in _CELLS:
            canvas.box((x, y), (52, 34), "hidden", "LSTM")
    for y in _CELLS:
        ends = [(_LEFT, _COLUMNS[0] - 27), *((a + 26, b - 27) for a, b in zip(_COLUMNS, _COLUMNS[1:], strict=False))]
        for start, end in [*ends, (_COLUMNS[2] + 26, 384)]:
            canvas.line([(start, y), (end, y)], "hidden")
    canvas.text((2, _TOKEN + 5), "word", "input", anchor="start")


def _embed(canvas: SvgCanvas) -> None:
    for x in (_COLUMNS[0], _COLUMNS[2]):
        canvas.mask((x, _VECTOR), ["0000"], "embedding", 10)
    canvas.text((2, _VECTOR + 5), "embed_p", "embedding", anchor="start", bold=True)
    canvas.mask((60, 412), ["0"], "dropped", 10)
    canvas.text((72, 417), "a cross: dropped, that is, set to zero", "dropped", anchor="start")


def _mask(canvas: SvgCanvas, part: str) -> None:
    y, role, kept = _MASKS[part]
    for x in _COLUMNS:
        canvas.mask((x, y), [kept], role)
    canvas.text((2, y + 5), f"{part}_p", role, anchor="start", bold=True)


def _input(canvas: SvgCanvas) -> None:
    _mask(canvas, "input")


def _weight(canvas: SvgCanvas) -> None:
    for y, rows in zip(_CELLS, _WEIGHTS, strict=True):
        for x in _COLUMNS:
            canvas.mask((x - 50, y), rows, "weight")
        canvas.text((2, y + 5), "weight_p", "weight", anchor="start", bold=True)


def _hidden(canvas: SvgCanvas) -> None:
    _mask(canvas, "hidden")


def _output(canvas: SvgCanvas) -> None:
    _mask(canvas, "output")


def _tied(canvas: SvgCanvas) -> None:
    side = _COLUMNS[2] + 26
    canvas.line(
        [(side - 4, _VECTOR), (393, _VECTOR), (393, _SCORES), (side, _SCORES)],
        "weight",
        head=False,
        stroke_width=NORMAL,
        dash="5 3",
    )
    canvas.text((398, 22), "tied: one matrix for the embedding and for ŷ", "weight", anchor="end")


DRAWINGS = {
    "awd-lstm-places": Drawing(
        "An AWD-LSTM of two layers over three steps, and where it drops",
        424,
        (
            (
                "Below, each word has its embedding; two layers of LSTM cells stand above it, and the "
                "outputs ŷ on top.",
                _network,
            ),
            (
                "Embedding dropout, embed_p: the whole vector of a dropped word is zero wherever the word occurs, here "
                "the full stop.",
                _embed,
            ),
            (
                "Input dropout, input_p: a mask between the embedding and the first layer, the same at all steps.",
                _input,
            ),
            (
                "Weight dropout, weight_p (DropConnect): single hidden-to-hidden weights of each layer are zero, the "
                "same ones at all steps.",
                _weight,
            ),
            ("Hidden dropout, hidden_p: a mask between the two layers, the same at all steps.", _hidden),
            (
                "Output dropout, output_p: a mask between the last layer and the outputs, the same at all steps.",
                _output,
            ),
            ("Tied weights: the embedding and the output layer are one and the same matrix.", _tied),
        ),
    ),
}
