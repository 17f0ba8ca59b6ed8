"""The picture that stands for a lab where no JavaScript runs.

Numbers in it are rounded to what the eye can see, so that the stored picture is the same on any processor.
"""

from __future__ import annotations

import base64
import re
from urllib.parse import quote

from lmkit.plots.escaping import escape

_DRAWING = re.compile(r"data:image/svg\+xml;base64,([\w+/=]+)")
_SAFE = (
    " !$'()*+,/:;=?@[]<>{|}"  # besides letters and digits: all that needs no escape in an attribute and in an address
)
WIDTH, LINE = 680, 24
INK, MUTED, PAPER = "#1f2328", "#62676e", "#ffffff"


def image(svg: str, alt: str) -> str:
    """Return an `<img>` with its alternative text."""
    source = base64.b64encode(svg.encode()).decode()
    source = f"data:image/svg+xml;base64,{source}"
    return f'<img class="lmkit-picture" alt="{escape(alt)}" src="{source}">'


def as_text(html: str) -> str:
    """Return HTML whose drawings are written as text, not in base64: compressed it is half as long."""

    def source(found: re.Match) -> str:
        return f"data:image/svg+xml,{quote(base64.b64decode(found[1]).decode('utf-8'), safe=_SAFE)}"

    return _DRAWING.sub(source, html)


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
