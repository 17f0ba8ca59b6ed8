"""The picture that stands for the dropout lab where no script runs."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from lmkit.plots.roles import color
from lmkit.widgets.base.svg import INK, MUTED, WIDTH, document, text

LOW, HIGH, BIN = -8.0, 12.0, 0.5  # the middles of the first and last bin, and their distance
HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 300, 40, WIDTH - 30, 70, 246


def histogram(outputs: Tensor) -> list[int]:
    """Count how many outputs fall into each bin; those farther out are in the first and the last (41 numbers)."""
    # The small number lets what lies on an edge fall on the same side however a processor rounds.
    places = ((outputs - LOW) / BIN + 0.5 + 1e-9).floor().long()
    last = round((HIGH - LOW) / BIN)
    return places.clamp(0, last).bincount(minlength=last + 1).tolist()


def render(
    outputs: Tensor, predicted: tuple[float, float], carried: tuple[float, float], settings: Mapping[str, object]
) -> tuple[str, str]:
    """Draw the picture: an SVG document, and what it says in words.

    Parameters
    ----------
    outputs : Tensor (M,)
        The layer's output under each mask.
    predicted : (mean, variance)
    carried : (measured, expected)
        The share of memories that reach the last step.
    settings : mapping from names to values
    """
    given = ", ".join(f"{name} {value}" for name, value in settings.items() if name not in ("seed", "draw"))
    mean, variance = float(outputs.mean()), float(outputs.var(correction=0))
    title = f"The output under {len(outputs):,} masks"
    found = (
        f"mean {_rounded(mean)} (formula {_rounded(predicted[0])}), "
        f"variance {_rounded(variance)} (formula {_rounded(predicted[1])})"
    )
    parts = [text(16, 24, title, INK), text(16, 46, found, MUTED), *_bars(histogram(outputs)), *_axis()]
    x = round(_across(mean), 1)
    parts.append(f'<path d="M{x} {TOP - 8}V{BOTTOM}" stroke="{INK}" stroke-width="1.5" stroke-dasharray="4 3"/>')
    words = f"{title}, with {given}: {found}. {carried[0]:.1%} of memories reach the end, expected {carried[1]:.1%}."
    return document(parts, HEIGHT), words


def _rounded(value: float) -> str:
    return f"{value + 0.0:.2f}".replace("-", "−")


def _across(value: float) -> float:
    return LEFT + (value - LOW + BIN / 2) / (HIGH - LOW + BIN) * (RIGHT - LEFT)


def _bars(counts: list[int]) -> list[str]:
    parts, highest, wide = [], max(counts), BIN / (HIGH - LOW + BIN) * (RIGHT - LEFT)
    for place, count in enumerate(counts):
        x, tall = _across(LOW + (place - 0.5) * BIN), count / highest * (BOTTOM - TOP)
        if count:
            size = f'width="{wide - 1:.1f}" height="{tall:.1f}"'
            parts.append(f'<rect x="{x:.1f}" y="{BOTTOM - tall:.1f}" {size} fill="{color("output")}"/>')
    return parts


def _axis() -> list[str]:
    marks = [
        text(round(_across(value), 1), BOTTOM + 20, str(value).replace("-", "−"), MUTED, 'text-anchor="middle"')
        for value in range(int(LOW), int(HIGH) + 1, 4)
    ]
    label = text((LEFT + RIGHT) // 2, BOTTOM + 42, "output", MUTED, 'text-anchor="middle"')
    return [f'<path d="M{LEFT} {BOTTOM}H{RIGHT}" stroke="#c8cdd3"/>', *marks, label]
