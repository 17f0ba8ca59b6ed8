"""The training lab's picture: what it is and how it is set, for places where nothing can be trained."""

from __future__ import annotations

from collections.abc import Mapping

from lmkit.widgets.base.svg import INK, LINE, MUTED, document, text

TITLE = "Train a small language model in your browser"
NOTE = "This page trains one where scripts run: a curve falls, and the texts that the model writes begin to make sense."
COLUMN = 330


def render(settings: Mapping[str, str]) -> tuple[str, str]:
    """Draw the settings in two columns; return an SVG document, and the same in words."""
    parts = [text(16, 30, TITLE, INK, 'font-weight="600"'), text(16, 30 + LINE, NOTE, MUTED, 'font-size="13"')]
    rows = -(-len(settings) // 2)
    for place, (label, value) in enumerate(settings.items()):
        x, y = 16 + COLUMN * (place // rows), 96 + LINE * (place % rows)
        parts += [text(x, y, label, MUTED), text(x + 120, y, value, INK)]
    listed = ", ".join(f"{label} {value}" for label, value in settings.items())
    return document(parts, 96 + LINE * rows), f"{TITLE}. {NOTE} It begins with: {listed}."
