"""Decoding: the tree of a beam search, and what top-k and top-p keep."""

from __future__ import annotations

from lmkit.study.drawings.drawing import Drawing
from lmkit.study.drawings.svg_canvas import THICK, THIN, SvgCanvas

# A language of two words, and what a beam of width 2 makes of it.
_FIRST = {"the": (0.6, 82), "a": (0.4, 206)}
_SECOND = {
    ("the", "dog"): (0.4, 0.24, 38, True),
    ("the", "cat"): (0.35, 0.21, 82, False),
    ("the", "bird"): (0.25, 0.15, 126, False),
    ("a", "dog"): (0.9, 0.36, 184, True),
    ("a", "cat"): (0.1, 0.04, 228, False),
}
_START, _ONE, _TWO = (28, 144), 124, 240
_BOX, _LEAF = (46, 28), (52, 28)


def _branch(
    canvas: SvgCanvas, start: tuple[float, float], end: tuple[float, float], role: str, width: float = THIN
) -> None:
    """Add a line from a box to one on its right, with a corner near the left one."""
    corner = start[0] + 14
    canvas.line([start, (corner, start[1]), (corner, end[1]), end], role, stroke_width=width)


def _first_words(canvas: SvgCanvas) -> None:
    for word, (prob, y) in _FIRST.items():
        _branch(canvas, (_START[0] + 24, _START[1]), (_ONE - 24, y), "muted")
        canvas.box((_ONE, y), _BOX, "kept", word)
        canvas.text((81, y - 7), f"{prob}")
    canvas.box(_START, _BOX, "input", "start")
    canvas.text((_ONE, 16), "word 1", "muted")


def _second_words(canvas: SvgCanvas) -> None:
    for (first, word), (prob, total, y, _) in _SECOND.items():
        _branch(canvas, (_ONE + 23, _FIRST[first][1]), (_TWO - 27, y), "muted")
        canvas.text((_TWO, y + 5), word)
        canvas.text((186, y - 7), f"{prob}")
        canvas.text((272, y + 5), f"{total:.2f}", anchor="start")
    canvas.text((_TWO, 16), "word 2", "muted")
    canvas.text((272, 16), "product", "muted", anchor="start")


def _prune(canvas: SvgCanvas) -> None:
    for _, _, y, kept in _SECOND.values():
        canvas.outline((_TWO, y), _LEAF, "kept" if kept else "dropped", THICK if kept else THIN, "" if kept else "4 3")
        canvas.text(
            (316, y + 5), "kept" if kept else "dropped", "kept" if kept else "dropped", anchor="start", bold=kept
        )


def _best(canvas: SvgCanvas) -> None:
    (_, top), (_, low) = _FIRST.values()
    leaf = _SECOND["a", "dog"][2]
    _branch(canvas, (_START[0] + 23, _START[1]), (_ONE - 24, low), "chosen", THICK)
    _branch(canvas, (_ONE + 23, low), (_TWO - 27, leaf), "chosen", THICK)
    canvas.text((362, leaf + 6), "★", "chosen", anchor="start")
    canvas.text((362, _SECOND["the", "dog"][2] + 5), "●", "greedy", anchor="start")
    canvas.text((2, 268), "★ the best: a dog, 0.4 × 0.9 = 0.36", "chosen", anchor="start")
    canvas.text((2, 288), "● greedy: the dog, 0.6 × 0.4 = 0.24", "greedy", anchor="start")


# Two distributions over eight words, most probable first.
_PANELS = {
    "peaked": (10, (0.70, 0.22, 0.03, 0.02, 0.01, 0.01, 0.005, 0.005)),
    "flat": (212, (0.20, 0.17, 0.15, 0.13, 0.11, 0.09, 0.08, 0.07)),
}
_PITCH, _BASE, _SCALE, _TALL = 22, 158, 160, 30
_K, _P = 3, 0.9


def nucleus_size(probs: tuple[float, ...], p: float) -> int:
    """Return how many of the most probable words it takes until their probabilities reach p."""
    total = 0.0
    for size, prob in enumerate(probs, 1):
        total += prob
        if total >= p:
            return size
    return len(probs)


def _bars(canvas: SvgCanvas) -> None:
    for name, (left, probs) in _PANELS.items():
        canvas.text((left + 4 * _PITCH, 16), f"a {name} distribution")
        for place, prob in enumerate(probs):
            height = max(1.2, _SCALE * prob)
            canvas.bar((left + place * _PITCH + 2, _BASE - height), (_PITCH - 5, height), "model")
        canvas.text((left + 11, _BASE - _SCALE * probs[0] - 6), f"{probs[0]:.1f}", "model")
        canvas.line([(left - 4, _BASE), (left + 8 * _PITCH, _BASE)], "muted", head=False, stroke_width=THIN)


def _cut(canvas: SvgCanvas, left: float, size: int, role: str, y: float, dash: str, words: str) -> None:
    """Add a line after so many bars, and a bracket below them that says what is kept."""
    x = left + size * _PITCH - 0.5
    canvas.line([(x, _TALL), (x, _BASE + 5)], role, head=False, dash=dash)
    canvas.line([(left + 2, y - 6), (left + 2, y), (x, y), (x, y - 6)], role, head=False, dash=dash)
    canvas.text((left + 2, y + 16), words, role, anchor="start")


def _top_k(canvas: SvgCanvas) -> None:
    for left, probs in _PANELS.values():
        _cut(
            canvas,
            left,
            _K,
            "by_top_k",
            _BASE + 18,
            "5 3",
            f"top-k, k = {_K}: {sum(probs[:_K]):.0%}".replace("%", " %"),
        )


def _top_p(canvas: SvgCanvas) -> None:
    for left, probs in _PANELS.values():
        size = nucleus_size(probs, _P)
        _cut(canvas, left, size, "by_top_p", _BASE + 56, "", f"top-p, p = {_P}: {size} words")


DRAWINGS = {
    "beam-tree": Drawing(
        "The tree of a beam search of width 2",
        298,
        (
            (
                "From the start two words are possible, “the” with probability 0.6 and “a” with 0.4; both are kept.",
                _first_words,
            ),
            (
                "Each kept text is extended by every word, and the probabilities are multiplied: the dog 0.24, the cat "
                "0.21, the bird 0.15, a dog 0.36, a cat 0.04.",
                _second_words,
            ),
            (
                "Of these five only the two most probable are kept, the dog and a dog; the "
                "others, dashed, are dropped.",
                _prune,
            ),
            (
                "The best text is a dog with 0.36; greedy decoding, which followed only “the”, ends with "
                "the dog and 0.24.",
                _best,
            ),
        ),
    ),
    "nucleus": Drawing(
        "What top-k and top-p keep of a peaked and of a flat distribution over eight words",
        244,
        (
            ("Bars in falling order: the peaked distribution begins with 0.7, the flat one with 0.2.", _bars),
            (
                "Top-k with k = 3, a dashed line: three words are kept in both, which are 95 % of the peaked "
                "distribution and 52 % of the flat one.",
                _top_k,
            ),
            (
                "Top-p with p = 0.9, a solid line: the smallest set that reaches 0.9, which is 2 words of the peaked "
                "distribution and 7 of the flat one.",
                _top_p,
            ),
        ),
    ),
}
