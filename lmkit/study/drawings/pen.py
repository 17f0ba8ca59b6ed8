"""A pen that writes SVG: boxes, nodes, lines with heads, masks and labels, in the colours of roles.

On a page a colour is the theme's (`var(--lm-<role>)`), with the light value where there is none. There are no ids and
no markers, so that any number of drawings may stand on one page.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from html import escape

from lmkit.plots.roles import color

Point = tuple[float, float]

WIDTH = 400  # of every drawing, in its own units; a page shows it 306 to 500 px wide
WORD, LETTER = 14.4, 16.4  # sizes of text: 14.4 units are 11 px on a phone
THIN, PLAIN, THICK = 1.2, 1.8, 2.8
PAPER = "var(--lmkit-paper, var(--pst-color-background, #ffffff))"
_HEAD, _WING = 8.0, 4.2  # length and half the width of an arrow's head

_DOWN = 4  # from a letter's line to that of its index

_FORMULA = re.compile(r"\$[^$]+\$")


def shade(role: str) -> str:
    """The colour of a role's shapes, as CSS."""
    return f"var(--lm-{role}, {color(role)})"


def ink(role: str | None) -> str:
    """The colour of a role's text, as CSS; without a role it is the page's."""
    return f"var(--lm-{role}-text, {color(role, text=True)})" if role else "currentColor"


class Pen:
    """Collects the parts of a drawing; y goes down, points are (x, y) in the drawing's units."""

    def __init__(self) -> None:
        self.parts: list[str] = []

    def box(self, at: Point, size: Point, role: str, text: str = "", *, bold: float = PLAIN, dash: str = "") -> None:
        """A rounded box around a point, tinted, with text in its middle; what lies under it is hidden."""
        (x, y), (width, height) = at, size
        place = f'x="{_n(x - width / 2)}" y="{_n(y - height / 2)}" width="{_n(width)}" height="{_n(height)}" rx="5"'
        line = f"stroke: {shade(role)}; stroke-width: {bold}{f'; stroke-dasharray: {dash}' if dash else ''}"
        self.parts.append(f'<rect {place} style="fill: {PAPER}"/>')
        self.parts.append(f'<rect {place} style="fill: {shade(role)}; fill-opacity: 0.12; {line}"/>')
        if text:
            self.text((x, y), text, role, middle=True)

    def outline(self, at: Point, size: Point, role: str, bold: float, dash: str) -> None:
        """The edge of a rounded box around a point."""
        (x, y), (width, height) = at, size
        place = f'x="{_n(x - width / 2)}" y="{_n(y - height / 2)}" width="{_n(width)}" height="{_n(height)}" rx="5"'
        line = f"fill: none; stroke: {shade(role)}; stroke-width: {bold}"
        self.parts.append(f'<rect {place} style="{line}{f"; stroke-dasharray: {dash}" if dash else ""}"/>')

    def frame(self, corner: Point, size: Point, role: str) -> None:
        """A large faint box behind other things."""
        place = f'x="{_n(corner[0])}" y="{_n(corner[1])}" width="{_n(size[0])}" height="{_n(size[1])}" rx="12"'
        style = f"fill: {shade(role)}; fill-opacity: 0.06; stroke: {shade(role)}; stroke-width: 1"
        self.parts.append(f'<rect {place} style="{style}"/>')

    def bar(self, corner: Point, size: Point, role: str) -> None:
        """A filled rectangle."""
        place = f'x="{_n(corner[0])}" y="{_n(corner[1])}" width="{_n(size[0])}" height="{_n(size[1])}"'
        self.parts.append(f'<rect {place} style="fill: {shade(role)}"/>')

    def node(self, at: Point, role: str, sign: str, radius: float = 9) -> None:
        """A circle that multiplies entry by entry (⊙) or adds (+)."""
        x, y = _n(at[0]), _n(at[1])
        line = f"stroke: {shade(role)}; stroke-width: {PLAIN}"
        self.parts.append(f'<circle cx="{x}" cy="{y}" r="{_n(radius)}" style="fill: {PAPER}; {line}"/>')
        if sign == "⊙":
            self.parts.append(f'<circle cx="{x}" cy="{y}" r="2.8" style="fill: {shade(role)}"/>')
        else:
            self.parts.append(f'<path d="M{_n(at[0] - 5)} {y}h10M{x} {_n(at[1] - 5)}v10" style="fill: none; {line}"/>')

    def line(
        self, points: Sequence[Point], role: str, *, head: bool = True, bold: float = PLAIN, dash: str = ""
    ) -> None:
        """A line along points, ending in an arrow's head or not."""
        *before, end = points
        angle = math.atan2(end[1] - before[-1][1], end[0] - before[-1][0])
        stop = (end[0] - 6 * math.cos(angle), end[1] - 6 * math.sin(angle)) if head else end
        way = "L".join(f"{_n(x)} {_n(y)}" for x, y in [*before, stop])
        self._stroke(f"M{way}", role, bold, dash)
        if head:
            self._head(end, angle, role)

    def curve(self, start: Point, bend: Point, back: Point, end: Point, role: str) -> None:
        """A curved arrow through two points of control."""
        angle = math.atan2(end[1] - back[1], end[0] - back[0])
        stop = (end[0] - 6 * math.cos(angle), end[1] - 6 * math.sin(angle))
        way = " ".join(f"{_n(x)} {_n(y)}" for x, y in (bend, back, stop))
        self._stroke(f"M{_n(start[0])} {_n(start[1])}C{way}", role, PLAIN, "")
        self._head(end, angle, role)

    def mask(self, at: Point, rows: Sequence[str], role: str, side: float = 8) -> None:
        """Squares around a point: full where a row has 1, empty with a cross for what is dropped."""
        width, height = side * len(rows[0]), side * len(rows)
        left, top = at[0] - width / 2, at[1] - height / 2
        whole = f'x="{_n(left - 1)}" y="{_n(top - 1)}" width="{_n(width + 2)}" height="{_n(height + 2)}"'
        self.parts.append(f'<rect {whole} style="fill: {PAPER}"/>')
        places = [(left + c * side, top + r * side, kept) for r, row in enumerate(rows) for c, kept in enumerate(row)]
        full = "".join(_square(x + 0.5, y + 0.5, side - 1) for x, y, kept in places if kept == "1")
        crosses = "".join(_crossed(x + 0.9, y + 0.9, side - 1.8) for x, y, kept in places if kept == "0")
        if full:
            self.parts.append(f'<path d="{full}" style="fill: {shade(role)}"/>')
        if crosses:
            self.parts.append(f'<path d="{crosses}" style="fill: none; stroke: {shade(role)}; stroke-width: 1"/>')

    def text(
        self,
        at: Point,
        content: str,
        role: str | None = None,
        *,
        anchor: str = "middle",
        middle: bool = False,
        bold: bool = False,
    ) -> None:
        """A line of words and formulas (`$h_t$`), which stands on a point or has its middle there."""
        size = LETTER if _FORMULA.fullmatch(content) else WORD
        y = at[1] + (0.34 * WORD if middle else 0)
        weight = ' font-weight="600"' if bold else ""
        self.parts.append(
            f'<text x="{_n(at[0])}" y="{_n(y)}" text-anchor="{anchor}"{weight} font-size="{_n(size)}" '
            f'style="fill: {ink(role)}">{_spans(content)}</text>'
        )

    def _stroke(self, way: str, role: str, bold: float, dash: str) -> None:
        style = f"fill: none; stroke: {shade(role)}; stroke-width: {bold}; stroke-linejoin: round"
        self.parts.append(f'<path d="{way}" style="{style}{f"; stroke-dasharray: {dash}" if dash else ""}"/>')

    def _head(self, end: Point, angle: float, role: str) -> None:
        x, y = end
        back = (x - _HEAD * math.cos(angle), y - _HEAD * math.sin(angle))
        side = (_WING * math.sin(angle), -_WING * math.cos(angle))
        corners = [end, (back[0] + side[0], back[1] + side[1]), (back[0] - side[0], back[1] - side[1])]
        way = "L".join(f"{_n(a)} {_n(b)}" for a, b in corners)
        self.parts.append(f'<path d="M{way}z" style="fill: {shade(role)}"/>')


def _square(x: float, y: float, side: float) -> str:
    """The way around a square."""
    return f"M{_n(x)} {_n(y)}h{_n(side)}v{_n(side)}h{_n(-side)}z"


def _crossed(x: float, y: float, side: float) -> str:
    """The same with its diagonals."""
    return f"{_square(x, y, side)}l{_n(side)} {_n(side)}m0 {_n(-side)}l{_n(-side)} {_n(side)}"


def _spans(content: str) -> str:
    """Words, and letters in italics with what stands below them, as SVG."""
    spans, down = [], 0
    for piece in re.split(r"(\$[^$]+\$)", content):
        letter, _, below = piece.strip("$").partition("_") if piece.startswith("$") else (piece, "", "")
        if letter:
            slant = ' font-style="italic"' if piece.startswith("$") else ""
            spans.append(f"<tspan{slant}{_shift(-down)}>{escape(letter, quote=False)}</tspan>")
            down = 0
        if below:
            slant = ' font-style="italic"' if below.isalpha() else ""
            spans.append(f'<tspan{_shift(_DOWN)} font-size="{_n(WORD)}"{slant}>{escape(below, quote=False)}</tspan>')
            down = _DOWN
    return "".join(spans)


def _shift(dy: float) -> str:
    return f' dy="{_n(dy)}"' if dy else ""


def _n(number: float) -> str:
    """A number as short as it can be said to a hundredth."""
    return f"{round(number, 2) + 0.0:g}"
