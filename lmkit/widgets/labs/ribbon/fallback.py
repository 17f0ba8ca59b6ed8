"""The picture that stands for the ribbon lab where no script runs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from lmkit.plots.roles import color
from lmkit.widgets.base.svg import INK, LINE, MUTED, WIDTH, document, text
from lmkit.widgets.labs.ribbon.filter_effect import FilterEffect

LEFT, RIGHT, TOP, UNIT = 44, WIDTH - 12, 64, 27
MOST_UP, MOST_DOWN = 24, 396  # words, the most that can come next and all there are
ZERO = TOP + UNIT * math.log1p(MOST_UP)
BOTTOM = ZERO + UNIT * math.log1p(MOST_DOWN)
HATCH = (
    '<defs><pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse">'
    f'<path d="M-1 4L4 -1M2 7L7 2" stroke="{INK}"/></pattern></defs>'
)


def render(measured: FilterEffect, method: str, settings: Mapping[str, float], story: str) -> tuple[str, str]:
    """Draw the picture: an SVG document, and what it says in words.

    Parameters
    ----------
    measured : FilterEffect
    method : str
    settings : mapping from the names of `filter_logits` to values
    story : str
        The text.
    """
    given = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in settings.items())
    title = f"{method[0].upper()}{method[1:]}: words kept at each of {len(measured.kept)} steps"
    summary = in_words(measured)
    possible = (measured.right + measured.missing).tolist()
    parts = [text(16, 24, f"{title} ({given})", MUTED), text(16, 24 + LINE, summary, INK), HATCH, *_axes()]
    parts += _columns(possible, 1, f'fill="{color("truth")}" fill-opacity="0.22"')
    parts += _columns(measured.right.tolist(), 1, f'fill="{color("kept")}"')
    parts += _columns(measured.wrong.tolist(), -1, f'fill="url(#hatch)" stroke="{color("dropped")}"')
    parts.append(_outline(possible))
    return document(parts, round(BOTTOM) + 16), f"{title}, with {given}, of the text “{story}”. {summary}"


def in_words(measured: FilterEffect) -> str:
    """Return kept words, false and missed mass per step, in one sentence."""
    kept = f"{float(measured.kept.double().mean()):.1f} words kept per step"
    if not measured.known.any():
        return f"{kept}."
    errors = (measured.false_mass, measured.missed_mass)
    false_mass, missed_mass = (100 * float(values[measured.known].mean()) for values in errors)
    return f"{kept}, false mass {false_mass:.2f} %, missed mass {missed_mass:.1f} %."


def _axes() -> list[str]:
    parts = []
    for n, sign in [(20, 1), (5, 1), (1, 1), (0, 1), (1, -1), (5, -1), (20, -1), (100, -1)]:
        y = _height(n, sign)
        parts.append(f'<path d="M{LEFT} {y}H{RIGHT}" stroke="{INK if n == 0 else "#c8cdd3"}"/>')
        parts.append(text(LEFT - 8, y + 5, str(n), MUTED, 'text-anchor="end"'))
    note = "below the line: words that cannot come next, but are kept"
    return [*parts, text(LEFT + 6, round(BOTTOM) - 4, note, MUTED)]


def _height(n: float, sign: int) -> float:
    return round(ZERO - sign * UNIT * math.log1p(min(n, MOST_UP if sign > 0 else MOST_DOWN)), 1)


def _columns(numbers: Sequence[int], sign: int, look: str) -> list[str]:
    """Draw a path of bars from the axis, upwards or downwards."""
    pitch = (RIGHT - LEFT) / len(numbers)
    bars = [
        f"M{LEFT + t * pitch + 0.5:.1f} {ZERO:.1f}V{_height(n, sign)}h{pitch - 1:.1f}V{ZERO:.1f}z"
        for t, n in enumerate(numbers)
        if n
    ]
    return [f'<path d="{"".join(bars)}" {look}/>'] if bars else []


def _outline(possible: Sequence[int]) -> str:
    pitch = (RIGHT - LEFT) / len(possible)
    path = "L".join(f"{LEFT + t * pitch:.1f} {_height(n, 1)}h{pitch:.1f}" for t, n in enumerate(possible))
    return f'<path d="M{path}" fill="none" stroke="{color("truth")}" stroke-width="2"/>'
