"""The picture that stands for the regularisation lab where no script runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lmkit.plots.roles import color
from lmkit.widgets.base.svg import LINE, MUTED, WIDTH, document, text

LEFT, RIGHT, TOP, BOTTOM = 50, WIDTH - 30, 70, 290
CURVES = {"train": ("training", "model"), "held_out": ("held-out", "validation")}


def render(
    setting: Mapping[str, float], chosen: Mapping[str, Any], plain: Mapping[str, Any], labels: Mapping[str, str]
) -> tuple[str, str]:
    """Draw the picture: an SVG document, and what it says in words.

    Parameters
    ----------
    setting : mapping from names to values
    chosen, plain : mapping
        The summaries of that setting's runs and of the unregularised ones, see `RegularisationLab.summary`.
    labels : mapping from a measure to what it is called
    """
    names = ", ".join(f"{name.replace('_', ' ')} {value:g}" for name, value in setting.items())
    title = f"Loss by epoch with {names}; dashed: without any"
    top = max(max(part[curve][0]) for part in (chosen, plain) for curve in CURVES)
    parts = [text(16, 26, title), *_axes(top, len(chosen["train"][0]))]
    for row, (curve, (label, role)) in enumerate(CURVES.items()):
        parts.append(_line(plain[curve][0], top, f'stroke="{color(role)}" stroke-width="1.5" stroke-dasharray="5 4"'))
        parts.append(_line(chosen[curve][0], top, f'stroke="{color(role)}" stroke-width="2.5"'))
        parts.append(text(RIGHT - 110, TOP + LINE * row, label, color(role, text=True), 'font-weight="600"'))
    lines = [f"{label}: {_told(chosen[name])}; without any {_told(plain[name])}" for name, label in labels.items()]
    parts += [text(16, BOTTOM + 50 + LINE * i, line) for i, line in enumerate(lines)]
    return document(parts, BOTTOM + 50 + LINE * len(lines)), f"{title}. {'; '.join(lines)}."


def _told(interval: Sequence[float]) -> str:
    mean, half = interval
    return f"{mean:.3f} ± {half:.3f}"


def _axes(top: float, epochs: int) -> list[str]:
    parts = [text(16, TOP - 16, "cross-entropy, nats per token", MUTED)]
    for level in range(int(top) + 1):
        y = _height(level, top)
        parts.append(f'<path d="M{LEFT} {y}H{RIGHT}" stroke="#c8cdd3"/>')
        parts.append(text(LEFT - 8, y + 5, str(level), MUTED, 'text-anchor="end"'))
    for epoch in sorted({1, 5, 10, epochs}):
        parts.append(text(_across(epoch - 1, epochs), BOTTOM + 20, str(epoch), MUTED, 'text-anchor="middle"'))
    return parts


def _line(losses: Sequence[float], top: float, style: str) -> str:
    path = "L".join(f"{_across(k, len(losses))} {_height(loss, top)}" for k, loss in enumerate(losses))
    return f'<path d="M{path}" fill="none" {style}/>'


def _across(k: int, count: int) -> int:
    return round(LEFT + 10 + k * (RIGHT - LEFT - 20) / max(count - 1, 1))


def _height(loss: float, top: float) -> int:
    return round(BOTTOM - loss / top * (BOTTOM - TOP))
