"""The picture that stands for the length lab where no script runs."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from lmkit.plots.roles import color
from lmkit.widgets.base.svg import LINE, MUTED, WIDTH, document, text
from lmkit.widgets.labs.length.wording import Group, percent, span

CURVES = {"attention": ("with attention", "model", ""), "without": ("without", "one_vector", 'stroke-dasharray="6 4"')}
LEFT, RIGHT = 60, WIDTH - 30
HEIGHT = 220
TICKS = (10, 20, 30, 50, 100)


def render(point: Mapping[str, Any], groups: Sequence[Group], longest: int | None) -> tuple[str, str]:
    """Draw the picture: an SVG document, and what it says in words.

    Parameters
    ----------
    point : mapping
        What the runs of a setting did, see `LengthLab.summary`.
    groups : sequence of (int, int)
    longest : int or None
        The longest source in training; None for whole stories.
    """
    lines = textwrap.wrap(point["words"], 84)
    parts = [text(16, 26 + LINE * n, line) for n, line in enumerate(lines)]
    top = 26 + LINE * len(lines) + 40
    places = [_across(math.sqrt(low * high), groups) for low, high in groups]
    parts += _axes(top, groups)
    if longest is not None:
        x = _across(longest + 0.5, groups)
        parts.append(f'<path d="M{x} {top}V{top + HEIGHT}" stroke="{MUTED}" stroke-dasharray="2 3"/>')
        parts.append(text(x + 6, top + 36, f"trained up to {longest} words", MUTED))
    for n, (name, (label, role, dashes)) in enumerate(CURVES.items()):
        parts.append(text(RIGHT, top - 40 + 20 * n, label, color(role, text=True), 'text-anchor="end"'))
        parts += _curve(point[name], places, top, color(role), dashes)
    words = [point["words"], *(_told(label, point[name], groups) for name, (label, *_) in CURVES.items())]
    return document(parts, top + HEIGHT + 60), " ".join(words)


def _told(label: str, curve: Mapping[str, Sequence[float]], groups: Sequence[Group]) -> str:
    shares = (f"{span(group)}: {percent(mean)}" for group, mean in zip(groups, curve["mean"], strict=True))
    return f"{label[0].upper()}{label[1:]}, mean over seeds: {', '.join(shares)}."


def _axes(top: float, groups: Sequence[Group]) -> list[str]:
    parts = [text(16, top - 14, "possible translations", MUTED)]
    for share in (0, 0.5, 1):
        y = _up(share, top)
        parts.append(f'<path d="M{LEFT} {y}H{RIGHT}" stroke="#c8cdd3"/>')
        parts.append(text(LEFT - 8, y + 5, percent(share), MUTED, 'text-anchor="end"'))
    for words in TICKS:
        x = _across(words, groups)
        parts.append(
            text(x, top + HEIGHT + 20, str(words), MUTED, f'text-anchor="{"end" if words > 99 else "middle"}"')
        )
    return [*parts, text(RIGHT, top + HEIGHT + 44, "words of the source", MUTED, 'text-anchor="end"')]


def _curve(curve: Mapping[str, Sequence[float]], places: Sequence[int], top: float, hue: str, dashes: str) -> list[str]:
    path = "L".join(f"{x} {_up(mean, top)}" for x, mean in zip(places, curve["mean"], strict=True))
    parts = [f'<path d="M{path}" fill="none" stroke="{hue}" stroke-width="2" {dashes}/>']
    for x, mean, low, high in zip(places, curve["mean"], curve["low"], curve["high"], strict=True):
        parts.append(f'<path d="M{x} {_up(low, top)}V{_up(high, top)}" stroke="{hue}"/>')
        parts.append(f'<circle cx="{x}" cy="{_up(mean, top)}" r="4" fill="{hue}"/>')
    return parts


def _across(words: float, groups: Sequence[Group]) -> int:
    low, high = math.log(groups[0][0]), math.log(groups[-1][1])
    return round(LEFT + (math.log(words) - low) / (high - low) * (RIGHT - LEFT))


def _up(share: float, top: float) -> int:
    return round(top + (1 - share) * HEIGHT)
