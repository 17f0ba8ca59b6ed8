"""The picture that stands for the ribbon lab where no script runs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lmkit.plots.roles import color
from lmkit.widgets.base.svg import INK, LINE, MUTED, WIDTH, document, text
from lmkit.widgets.labs.ribbon.filter_effect import FilterEffect

LEFT, RIGHT, TOP, UNIT = 44, WIDTH - 12, 64, 27
MOST_UP, MOST_DOWN = 24, 396  # words, the most that can come next and all there are
TICKS_UP, TICKS_DOWN = (20, 5, 1, 0), (1, 5, 20, 100)
TICKS_ALL = (10_000, 2_000, 500, 100, *TICKS_UP)
HATCH = (
    '<defs><pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse">'
    f'<path d="M-1 4L4 -1M2 7L7 2" stroke="{INK}"/></pattern></defs>'
)


@dataclass(frozen=True)
class Scale:
    """Heights by the logarithm of 1 + n; so many words have room above the axis, and so many below it."""

    up: int
    down: int

    @property
    def zero(self) -> float:
        """The y of the axis, in pixels."""
        return TOP + UNIT * math.log1p(self.up)

    @property
    def bottom(self) -> float:
        """The y below which nothing is drawn."""
        return self.zero + UNIT * math.log1p(self.down)

    def height(self, n: float, sign: int) -> float:
        """Return where a bar of n words ends that begins at the axis; up is 1, down is -1."""
        return round(self.zero - sign * UNIT * math.log1p(min(n, self.up if sign > 0 else self.down)), 1)


def render(
    measured: FilterEffect, method: str, settings: Mapping[str, float], story: str, size: int
) -> tuple[str, str]:
    """Draw the picture: an SVG document, and what it says in words.

    Parameters
    ----------
    measured : FilterEffect
    method : str
    settings : mapping from the names of `filter_logits` to values
    story : str
        The text.
    size : int
        Of the vocabulary.
    """
    given = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in settings.items())
    unit = "words" if measured.known.any() else "tokens"
    title = f"{method[0].upper()}{method[1:]}: {unit} kept at each of {len(measured.kept)} steps"
    summary = in_words(measured)
    head = [text(16, 24, f"{title} ({given})", MUTED), text(16, 24 + LINE, summary, INK)]
    drawn, bottom = _beside_truth(measured) if measured.known.any() else _alone(measured, size)
    return document([*head, *drawn], round(bottom) + 16), f"{title}, with {given}, of the text “{story}”. {summary}"


def in_words(measured: FilterEffect) -> str:
    """Return what the filter keeps per step in one sentence: with its errors, or with what it drops of the text."""
    kept = f"{float(measured.kept.double().mean()):.1f}"
    if not measured.known.any():
        dropped, steps = int((~measured.allowed).sum()), len(measured.allowed)
        share = f"{dropped} of the text’s own {steps} dropped ({100 * dropped / steps:.1f} %)"
        return f"{kept} tokens kept per step, {share}."
    errors = (measured.false_mass, measured.missed_mass)
    false_mass, missed_mass = (100 * float(values[measured.known].mean()) for values in errors)
    return f"{kept} words kept per step, false mass {false_mass:.2f} %, missed mass {missed_mass:.1f} %."


def _beside_truth(measured: FilterEffect) -> tuple[list[str], float]:
    scale = Scale(MOST_UP, MOST_DOWN)
    possible = (measured.right + measured.missing).tolist()
    note = "below the line: words that cannot come next, but are kept"
    parts = [HATCH, *_axes(scale, TICKS_UP, TICKS_DOWN), text(LEFT + 6, round(scale.bottom) - 4, note, MUTED)]
    parts += _columns(scale, possible, 1, f'fill="{color("truth")}" fill-opacity="0.22"')
    parts += _columns(scale, measured.right.tolist(), 1, f'fill="{color("kept")}"')
    parts += _columns(scale, measured.wrong.tolist(), -1, f'fill="url(#hatch)" stroke="{color("dropped")}"')
    return [*parts, _outline(scale, possible)], scale.bottom


def _alone(measured: FilterEffect, size: int) -> tuple[list[str], float]:
    """Draw what is kept, and a cross above every step whose own token is dropped."""
    scale = Scale(size, 0)
    parts = _axes(scale, [n for n in TICKS_ALL if n <= size], ())
    parts += _columns(scale, measured.kept.tolist(), 1, f'fill="{color("kept")}"')
    pitch = _pitch(len(measured.kept))
    places = [LEFT + (t + 0.5) * pitch for t in (~measured.allowed).nonzero()[:, 0].tolist()]
    crosses = "".join(f"M{x - 3:.1f} {TOP - 8}l6 6m0 -6l-6 6" for x in places)
    look = f'fill="none" stroke="{color("chosen")}" stroke-width="1.75"'
    note = text(LEFT, round(scale.zero) + 20, "× the text’s own token is dropped", MUTED)
    return [*parts, f'<path d="{crosses}" {look}/>', note] if crosses else parts, scale.bottom + LINE


def _axes(scale: Scale, ticks_up: Sequence[int], ticks_down: Sequence[int]) -> list[str]:
    parts = []
    for n, sign in [*((n, 1) for n in ticks_up), *((n, -1) for n in ticks_down)]:
        y = scale.height(n, sign)
        parts.append(f'<path d="M{LEFT} {y}H{RIGHT}" stroke="{INK if n == 0 else "#c8cdd3"}"/>')
        parts.append(text(LEFT - 8, y + 5, str(n), MUTED, 'text-anchor="end"'))
    return parts


def _pitch(steps: int) -> float:
    return (RIGHT - LEFT) / steps


def _columns(scale: Scale, numbers: Sequence[int], sign: int, look: str) -> list[str]:
    """Draw a path of bars from the axis, upwards or downwards."""
    pitch, zero = _pitch(len(numbers)), scale.zero
    bars = [
        f"M{LEFT + t * pitch + 0.5:.1f} {zero:.1f}V{scale.height(n, sign)}h{pitch - 1:.1f}V{zero:.1f}z"
        for t, n in enumerate(numbers)
        if n
    ]
    return [f'<path d="{"".join(bars)}" {look}/>'] if bars else []


def _outline(scale: Scale, possible: Sequence[int]) -> str:
    pitch = _pitch(len(possible))
    path = "L".join(f"{LEFT + t * pitch:.1f} {scale.height(n, 1)}h{pitch:.1f}" for t, n in enumerate(possible))
    return f'<path d="M{path}" fill="none" stroke="{color("truth")}" stroke-width="2"/>'
