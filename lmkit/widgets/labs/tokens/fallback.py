"""The tokens lab's picture: a text in boxes, one for each token."""

from __future__ import annotations

from collections.abc import Sequence

from lmkit.plots.roles import color
from lmkit.widgets.base.svg import INK, MUTED, WIDTH, document, text

CHARACTER, HEIGHT, GAP, MARGIN = 8.5, 26, 4, 16  # pixels; letters are set in one width, so that boxes fit them
_FONT = 'font-family="ui-monospace, monospace" font-size="14"'


def render(shown: Sequence[str], given: str, vocab_size: int, merges: Sequence, step: int) -> tuple[str, str]:
    """Draw the tokens as an SVG document, and say in words what it shows.

    Parameters
    ----------
    shown : sequence of str
        The tokens as a reader sees them.
    given : str
        The text that they make up.
    vocab_size : int
    merges : sequence of Merge
        All that change the text.
    step : int
        How many of them have been done.
    """
    size = f"{_counted(len(given), 'character')}, {_counted(len(given.encode()), 'byte')}"
    numbers = f"{_counted(len(shown), 'token')} of a vocabulary of {vocab_size:,}, {size}"
    done = f"{step} of {_counted(len(merges), 'merge')} done"
    made = merges[step - 1].merged if step else None
    boxes, bottom = _boxes(shown, 62, made)
    parts = [text(MARGIN, 28, numbers, INK), text(MARGIN, 50, f"{done}{_following(merges, step)}", MUTED), *boxes]
    return document(parts, bottom + MARGIN), f"{numbers}; {done}{_following(merges, step)}. {' | '.join(shown)}"


def _following(merges: Sequence, step: int) -> str:
    if step >= len(merges):
        return ""
    left, right, merged, *_ = merges[step]
    return f"; next: {left} + {right} → {merged}"


def _boxes(shown: Sequence[str], top: float, made: str | None) -> tuple[list[str], float]:
    """Set boxes in lines; return them, and where the last line ends."""
    parts, x = [], float(MARGIN)
    for token in shown:
        width = min(CHARACTER * len(token) + 8, WIDTH - 2 * MARGIN)
        if x + width > WIDTH - MARGIN:
            x, top = float(MARGIN), top + HEIGHT + GAP
        stroke = f'stroke="{color("chosen")}" stroke-width="2"' if token == made else f'stroke="{MUTED}"'
        parts += [
            f'<rect x="{x:.1f}" y="{top}" width="{width:.1f}" height="{HEIGHT}" rx="4" fill="none" {stroke}/>',
            text(round(x + width / 2, 1), top + 18, token, INK, f'text-anchor="middle" {_FONT}'),
        ]
        x += width + GAP
    return parts, top + HEIGHT


def _counted(count: int, unit: str) -> str:
    return f"{count:,} {unit}{'' if count == 1 else 's'}"
