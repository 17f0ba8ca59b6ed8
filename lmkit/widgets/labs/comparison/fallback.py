"""The picture that stands for the comparison lab where no script runs."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

from lmkit.plots.roles import color
from lmkit.widgets.base.svg import INK, LINE, MUTED, WIDTH, document, text

LEFT, RIGHT, TOP, BOTTOM = 70, WIDTH - 150, 40, 300
SHAPES = {"temperature": "▲", "top_k": "■", "top_p": "●", "min_p": "▼", "typical_p": "✚", "num_beams": "✖"}
ROLES = {"num_beams": "by_beams"}
TURNED = ("self_bleu",)  # less is more diverse: the axis runs the other way


def render(
    points: Mapping,
    truth: Mapping,
    axes: tuple[str, str],
    titles: tuple[str, str],
    labels: Mapping[str, str],
    setting: Mapping[str, float],
    first_text: str,
) -> tuple[str, str]:
    """Draw the picture: an SVG document, and what it says in words.

    Parameters
    ----------
    points : mapping from strategy to mapping from value to mapping from measure to (mean, half its interval)
    truth : mapping from measure to (mean, half its interval)
    axes : names of the measures across and up
    titles : what the axes are called
    labels : mapping from strategy to its name
    setting : mapping from the chosen strategy to its value
    first_text : str
        A text decoded there.
    """
    ((strategy, value),) = setting.items()
    across = (RIGHT, LEFT) if axes[0] in TURNED else (LEFT, RIGHT)
    x, y = (
        _scale([found[axis][0] for found in _all(points, truth)], ends)
        for axis, ends in zip(axes, (across, (BOTTOM, TOP)), strict=True)
    )
    chosen = points[strategy][value]
    ring = f'<circle cx="{x(chosen[axes[0]][0])}" cy="{y(chosen[axes[1]][0])}" r="11" fill="none" stroke="{INK}"/>'
    ends = [[extreme(found[axis][0] for found in _all(points, truth)) for extreme in (min, max)] for axis in axes]
    parts = [*_frame(titles, ends[0], ends[1], x, y), *_curves(points, axes, labels, x, y), ring]
    at = x(truth[axes[0]][0]), y(truth[axes[1]][0])
    parts.append(text(*at, "◆", color("truth"), 'text-anchor="middle" dominant-baseline="central" font-size="20"'))
    parts.append(text(RIGHT + 20, TOP + LINE * len(points) + 12, "◆ the truth", color("truth", text=True)))
    caption = f"{labels[strategy]} {value}: {first_text}"
    lines = textwrap.wrap(caption, 82)
    parts += [text(16, BOTTOM + 60 + LINE * i, line, INK, 'font-size="14"') for i, line in enumerate(lines)]
    svg = document(parts, BOTTOM + 60 + LINE * len(lines))
    return svg, _in_words(points, truth, axes, titles, labels, caption)


def _all(points: Mapping, truth: Mapping) -> list[Mapping]:
    return [truth, *(found for curve in points.values() for found in curve.values())]


def _scale(values: list[float], ends: tuple[float, float]):
    """Return the map from a measure to pixels, rounded: the picture is the same on any processor."""
    low, high = min(values), max(values)
    span = (high - low) or 1.0
    return lambda value: round(ends[0] + (value - low + 0.05 * span) / (1.1 * span) * (ends[1] - ends[0]))


def _frame(titles: tuple[str, str], x_ends: list[float], y_ends: list[float], x, y) -> list[str]:
    """Draw the axes, with their lowest and highest values marked."""
    across, up = titles
    parts = [
        f'<path d="M{LEFT} {TOP}V{BOTTOM}H{RIGHT}" fill="none" stroke="#c8cdd3"/>',
        text((LEFT + RIGHT) // 2, BOTTOM + 24, across, MUTED, 'text-anchor="middle"'),
        text(16, TOP - 14, up, MUTED),
    ]
    parts += [text(x(end), BOTTOM + 24, _short(end), MUTED, 'text-anchor="middle"') for end in x_ends]
    return parts + [text(LEFT - 8, y(end) + 5, _short(end), MUTED, 'text-anchor="end"') for end in y_ends]


def _short(value: float) -> str:
    return f"{value:.2f}".replace("-", "−")


def _curves(points: Mapping, axes: tuple[str, str], labels: Mapping[str, str], x, y) -> list[str]:
    parts = []
    for row, (strategy, curve) in enumerate(points.items()):
        role, shape = ROLES.get(strategy, f"by_{strategy}"), SHAPES[strategy]
        places = [(x(found[axes[0]][0]), y(found[axes[1]][0])) for found in curve.values()]
        path = "L".join(f"{a} {b}" for a, b in places)
        parts.append(f'<path d="M{path}" fill="none" stroke="{color(role)}" stroke-width="1.5"/>')
        more = 'text-anchor="middle" dominant-baseline="central" font-size="11"'
        parts += [text(a, b, shape, color(role), more) for a, b in places]
        parts.append(text(RIGHT + 20, TOP + 8 + LINE * row, f"{shape} {labels[strategy]}", color(role, text=True)))
    return parts


def _in_words(points, truth, axes, titles, labels, caption: str) -> str:
    def place(found: Mapping) -> str:
        return ", ".join(f"{title} {found[axis][0]:.2f}" for title, axis in zip(titles, axes, strict=True))

    ends = []
    for strategy, curve in points.items():
        (first, a), *_, (last, b) = [*curve.items(), *curve.items()]
        ends.append(f"{labels[strategy]} from {first} ({place(a)}) to {last} ({place(b)})")
    plane = f"Decoders in a plane of {titles[0]} and {titles[1]}"
    return f"{plane}: {'; '.join(ends)}; the truth at {place(truth)}. {caption}"
