"""Where an AWD-LSTM drops, and what it ties."""

from __future__ import annotations

from lmkit.study.drawings.drawing import Drawing
from lmkit.study.drawings.pen import PLAIN, Pen

_COLUMNS, _LEFT = (150, 246, 342), 94
_SCORES, _CELLS, _VECTOR, _TOKEN = 50, (250, 150), 336, 380
_MASKS = {"input": (293, "embedding", "1011"), "hidden": (200, "hidden", "1101"), "output": (102, "hidden", "0111")}
_WEIGHTS = (("110", "101", "011"), ("011", "110", "101"))  # of both layers
_TOKENS = (".", "one", ".")


def _network(pen: Pen) -> None:
    for x, word in zip(_COLUMNS, _TOKENS, strict=True):
        pen.line([(x, _TOKEN - 13), (x, _VECTOR + 13)], "input")
        pen.line([(x, _VECTOR - 11), (x, _CELLS[0] + 20)], "embedding")
        pen.line([(x, _CELLS[0] - 18), (x, _CELLS[1] + 20)], "hidden")
        pen.line([(x, _CELLS[1] - 18), (x, _SCORES + 17)], "hidden")
        pen.text((x, _TOKEN + 5), word, "input", bold=True)
        pen.mask((x, _VECTOR), ["1111"], "embedding", 10)
        pen.box((x, _SCORES), (52, 30), "output", "$ŷ$")
        for y in _CELLS:
            pen.box((x, y), (52, 34), "hidden", "LSTM")
    for y in _CELLS:
        ends = [(_LEFT, _COLUMNS[0] - 27), *((a + 26, b - 27) for a, b in zip(_COLUMNS, _COLUMNS[1:], strict=False))]
        for start, end in [*ends, (_COLUMNS[2] + 26, 384)]:
            pen.line([(start, y), (end, y)], "hidden")
    pen.text((2, _TOKEN + 5), "word", "input", anchor="start")


def _embed(pen: Pen) -> None:
    for x in (_COLUMNS[0], _COLUMNS[2]):
        pen.mask((x, _VECTOR), ["0000"], "embedding", 10)
    pen.text((2, _VECTOR + 5), "embed_p", "embedding", anchor="start", bold=True)
    pen.mask((60, 412), ["0"], "dropped", 10)
    pen.text((72, 417), "a cross: dropped, that is, set to zero", "dropped", anchor="start")


def _mask(pen: Pen, part: str) -> None:
    y, role, kept = _MASKS[part]
    for x in _COLUMNS:
        pen.mask((x, y), [kept], role)
    pen.text((2, y + 5), f"{part}_p", role, anchor="start", bold=True)


def _input(pen: Pen) -> None:
    _mask(pen, "input")


def _weight(pen: Pen) -> None:
    for y, rows in zip(_CELLS, _WEIGHTS, strict=True):
        for x in _COLUMNS:
            pen.mask((x - 50, y), rows, "weight")
        pen.text((2, y + 5), "weight_p", "weight", anchor="start", bold=True)


def _hidden(pen: Pen) -> None:
    _mask(pen, "hidden")


def _output(pen: Pen) -> None:
    _mask(pen, "output")


def _tied(pen: Pen) -> None:
    side = _COLUMNS[2] + 26
    pen.line(
        [(side - 4, _VECTOR), (393, _VECTOR), (393, _SCORES), (side, _SCORES)],
        "weight",
        head=False,
        bold=PLAIN,
        dash="5 3",
    )
    pen.text((398, 22), "tied: one matrix for the embedding and for ŷ", "weight", anchor="end")


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
