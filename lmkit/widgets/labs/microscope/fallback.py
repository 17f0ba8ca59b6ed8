"""The microscope's picture: a heatmap of the chosen units, and their numbers in words, as torch computes them."""

from __future__ import annotations

from lmkit.plots.roles import color
from lmkit.widgets.base.svg import INK, MUTED, WIDTH, document, text
from lmkit.widgets.labs.microscope.look import Look

ROLES = {"c": "cell", "h": "hidden"}  # the gates have roles of their own names
LEFT, TOP, ROW, MOST = 56, 116, 26, 32  # pixels; the most tokens that fit


def render(title: str, look: Look, quantity: str, step: int) -> tuple[str, str]:
    """Draw the picture as an SVG document, and say in words what it shows; `step` counts from 1."""
    return svg(title, look, quantity, step), describe(title, look, step)


def describe(title: str, look: Look, step: int) -> str:
    """Return in words the numbers of every unit after one step, and the token that was read."""
    units = [
        f"unit {unit}: " + ", ".join(f"{name} {_number(float(look.values[name][row, step - 1]))}" for name in "figoch")
        for row, unit in enumerate(look.units)
    ]
    read = f"“{look.text}”"
    return f"{title}. The model reads {read}. After ‘{look.tokens[step - 1]}’, step {step}: {'; '.join(units)}."


def svg(title: str, look: Look, quantity: str, step: int) -> str:
    """Draw units down, time to the right, around the chosen step; what fills a cell grows with its number."""
    start = max(0, min(step - MOST // 2, len(look.tokens) - MOST))
    shown = range(start, min(start + MOST, len(look.tokens)))
    values = look.values[quantity]
    width = (WIDTH - LEFT - 12) / MOST
    parts = [text(16, 28, f"{title}, after each token", MUTED)]
    for place, t in enumerate(shown):
        x = LEFT + (place + 0.7) * width
        weight = ' font-weight="bold"' if t == step - 1 else ""
        turned = f'transform="rotate(-60 {x:.1f} {TOP - 6})" font-size="12"{weight}'
        parts.append(text(round(x, 1), TOP - 6, look.tokens[t], INK, turned))
    for row, unit in enumerate(look.units):
        y, full = TOP + row * ROW, max(1.0, float(values[row].abs().max()))  # a row's own scale, as on the page
        parts.append(text(LEFT - 8, y + 18, str(unit), INK, 'text-anchor="end" font-size="13"'))
        for place, t in enumerate(shown):
            parts += _cell(LEFT + place * width, y, width - 2, float(values[row, t]) / full, quantity)
    return document(parts, TOP + len(look.units) * ROW + 12)


def _cell(x: float, y: int, width: float, part: float, quantity: str) -> list[str]:
    hue, height = color(ROLES.get(quantity, quantity)), ROW - 2
    bar = round(abs(part) * height)
    top = y if part < 0 else y + height - bar
    return [
        f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="{height}" fill="{hue}" fill-opacity="0.12"/>',
        f'<rect x="{x:.1f}" y="{top}" width="{width:.1f}" height="{bar}" fill="{hue}"/>',
    ]


def _number(x: float) -> str:
    """Return two decimals with a true minus sign; zero has none."""
    return f"{x:.2f}".replace("-0.00", "0.00").replace("-", "−")
