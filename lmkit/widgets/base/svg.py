"""The picture that stands for a lab where no JavaScript runs.

Numbers in it are rounded to what the eye can see, so that the stored picture is the same on any processor.
"""

from __future__ import annotations

import base64

from lmkit.plots.escaping import escape

WIDTH, LINE = 680, 24
INK, MUTED, PAPER = "#1f2328", "#62676e", "#ffffff"


def image(svg: str, alt: str) -> str:
    """Return an `<img>` with its alternative text."""
    source = base64.b64encode(svg.encode()).decode()
    source = f"data:image/svg+xml;base64,{source}"
    return f'<img class="lmkit-picture" alt="{escape(alt)}" src="{source}">'


def document(parts: list[str], height: float) -> str:
    """Return an SVG document of the usual width, on white paper."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        f'width="{WIDTH}" height="{height}" font-family="system-ui, sans-serif" font-size="15">'
        f'<rect width="100%" height="100%" fill="{PAPER}"/>'
        f"{''.join(parts)}</svg>"
    )


def text(x: float, y: float, content: str, fill: str = INK, more: str = "") -> str:
    """Return a line of text; `more` are further attributes."""
    return f'<text x="{x}" y="{y}" fill="{fill}" {more}>{escape(content)}</text>'
