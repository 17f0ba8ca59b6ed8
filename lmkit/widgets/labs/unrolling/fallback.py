"""The unrolling lab's picture: the last few steps, with strips of hidden units, drawn from Python's own reading."""

from __future__ import annotations

from collections.abc import Sequence

from lmkit.plots.roles import color
from lmkit.text import Vocab
from lmkit.widgets.base.svg import INK, MUTED, document, text

COLUMNS, PITCH, STRIP = 7, 88, 120  # the most steps drawn, and the sizes of a step and a strip, in pixels
_MIDDLE = 'text-anchor="middle"'


def render(readings: Sequence, step: int, vocab: Vocab) -> tuple[str, str]:
    """Draw the picture as an SVG document, and say in words what it shows."""
    shown = readings[max(0, step - COLUMNS) : step]
    title = f"A recurrent network after step {step} of {len(readings)}"
    parts = [text(16, 28, f"{title}: token, hidden state, and what it expects", MUTED)]
    for place, reading in enumerate(shown):
        parts += _column(60 + PITCH * place, reading, vocab, last=place == len(shown) - 1)
    return document(parts, 100 + STRIP + 60), describe(title, shown, vocab)


def describe(title: str, shown: Sequence, vocab: Vocab) -> str:
    """Return in words what the picture shows."""
    if not shown:
        return f"{title}: nothing has been read, and its hidden state is zero."
    read = " ".join(reading.token for reading in shown)
    return f"{title}. It has just read “{read}”. Most probable next: {', '.join(_expected(shown[-1], vocab, 3))}."


def _column(x: float, reading, vocab: Vocab, last: bool) -> list[str]:
    top, hidden, ink = 76, reading.h[-1].tolist(), INK if last else MUTED
    word, percent = _expected(reading, vocab, 1)[0].split(" ", 1)
    frame = f'fill="none" stroke="{color("hidden")}" stroke-width="{2.5 if last else 1}"'
    arrow = f'<path d="M{x + 30} {top + STRIP / 2}h{PITCH - 60}" stroke="{color("hidden")}"/>'
    return [
        text(x, 52, word, ink, _MIDDLE),
        text(x, 68, percent, MUTED, f'{_MIDDLE} font-size="12"'),
        *_bars(x, top, hidden),
        f'<rect x="{x - 30}" y="{top}" width="60" height="{STRIP}" {frame}/>',
        *([] if last else [arrow]),
        text(x, top + STRIP + 30, reading.token, ink, _MIDDLE),
    ]


def _bars(x: float, top: float, values: Sequence[float]) -> list[str]:
    """Draw units from top to bottom: a bar to the right is above zero, one to the left below."""
    height, most = STRIP / len(values), max(1.0, *map(abs, values))
    bars = []
    for unit, value in enumerate(values):
        length = round(28 * value / most)  # whole pixels: the same on any processor
        role = "positive" if length > 0 else "negative"
        place = f'x="{min(x, x + length)}" y="{top + unit * height:.2f}" width="{abs(length)}" height="{height:.2f}"'
        bars += [f'<rect {place} fill="{color(role)}"/>'] if length else []
    return bars


def _expected(reading, vocab: Vocab, count: int) -> list[str]:
    """Return the most probable next words with their percentages."""
    top = reading.probs.sort(descending=True, stable=True).indices[:count].tolist()
    return [f"{vocab.words[token]} {round(100 * float(reading.probs[token]))} %" for token in top]
