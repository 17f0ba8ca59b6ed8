"""A canvas that writes SVG: boxes, nodes, arrows, masks and labels, in the colours of roles.

On a page a colour is the theme's (`var(--lm-<role>)`), with the light value where there is none. There are no ids and
no markers, so that any number of drawings may stand on one page.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from lmkit.plots.escaping import escape
from lmkit.plots.roles import color

Point = tuple[float, float]

WIDTH = 400  # of every drawing, in its own units; a page shows it 306 to 500 px wide
TEXT_SIZE, FORMULA_SIZE = 14.4, 16.4  # sizes of text: 14.4 units are 11 px on a phone
THIN, NORMAL, THICK = 1.2, 1.8, 2.8
PAPER = "var(--lmkit-paper, var(--pst-color-background, #ffffff))"
_ARROW_LENGTH, _ARROW_HALF_WIDTH = 8.0, 4.2  # length and half the width of an arrow's head

_SUBSCRIPT_SHIFT = 4  # from a letter's line to that of its index

_FORMULA = re.compile(r"\$[^$]+\$")


def shape_color(role: str) -> str:
    """Return the colour of a role's shapes, as CSS."""
    return f"var(--lm-{role}, {color(role)})"


def text_color(role: str | None) -> str:
    """Return the colour of a role's text, as CSS; without a role it is the page's."""
    return f"var(--lm-{role}-text, {color(role, text=True)})" if role else "currentColor"


class SvgCanvas:
    """Collect the parts of a drawing; y goes down, points are (x, y) in the drawing's units."""

    def __init__(self) -> None:
        self.parts: list[str] = []

    def box(
        self, center: Point, size: Point, role: str, text: str = "", *, stroke_width: float = NORMAL, dash: str = ""
    ) -> None:
        """Add a rounded, tinted box with text in its middle; it hides what lies under it."""
        rect, edge = _rect(_corner(center, size), size, radius=5), _stroke(role, stroke_width, dash)
        self.parts.append(f'<rect {rect} style="fill: {PAPER}"/>')
        self.parts.append(f'<rect {rect} style="fill: {shape_color(role)}; fill-opacity: 0.12; {edge}"/>')
        if text:
            self.text(center, text, role, middle=True)

    def outline(self, center: Point, size: Point, role: str, stroke_width: float, dash: str) -> None:
        """Add the edge of a rounded box."""
        rect = _rect(_corner(center, size), size, radius=5)
        self.parts.append(f'<rect {rect} style="fill: none; {_stroke(role, stroke_width, dash)}"/>')

    def frame(self, corner: Point, size: Point, role: str) -> None:
        """Add a large faint box, to stand behind other things."""
        style = f"fill: {shape_color(role)}; fill-opacity: 0.06; {_stroke(role, 1)}"
        self.parts.append(f'<rect {_rect(corner, size, radius=12)} style="{style}"/>')

    def bar(self, corner: Point, size: Point, role: str) -> None:
        """Add a filled rectangle."""
        self.parts.append(f'<rect {_rect(corner, size)} style="fill: {shape_color(role)}"/>')

    def node(self, center: Point, role: str, sign: str, radius: float = 9) -> None:
        """Add a circle that multiplies entry by entry (⊙) or adds (+)."""
        x, y, edge = _fmt(center[0]), _fmt(center[1]), _stroke(role, NORMAL)
        self.parts.append(f'<circle cx="{x}" cy="{y}" r="{_fmt(radius)}" style="fill: {PAPER}; {edge}"/>')
        if sign == "⊙":
            self.parts.append(f'<circle cx="{x}" cy="{y}" r="2.8" style="fill: {shape_color(role)}"/>')
        else:
            cross = f"M{_fmt(center[0] - 5)} {y}h10M{x} {_fmt(center[1] - 5)}v10"
            self.parts.append(f'<path d="{cross}" style="fill: none; {edge}"/>')

    def line(
        self, points: Sequence[Point], role: str, *, head: bool = True, stroke_width: float = NORMAL, dash: str = ""
    ) -> None:
        """Add a line along points, with an arrowhead at its end or without."""
        *before, end = points
        angle = math.atan2(end[1] - before[-1][1], end[0] - before[-1][0])
        stop = (end[0] - 6 * math.cos(angle), end[1] - 6 * math.sin(angle)) if head else end
        way = "L".join(f"{_fmt(x)} {_fmt(y)}" for x, y in [*before, stop])
        self._path(f"M{way}", role, stroke_width, dash)
        if head:
            self._arrowhead(end, angle, role)

    def curve(self, start: Point, control1: Point, control2: Point, end: Point, role: str) -> None:
        """Add an arrow along a cubic Bézier curve."""
        angle = math.atan2(end[1] - control2[1], end[0] - control2[0])
        stop = (end[0] - 6 * math.cos(angle), end[1] - 6 * math.sin(angle))
        bend = " ".join(f"{_fmt(x)} {_fmt(y)}" for x, y in (control1, control2, stop))
        self._path(f"M{_fmt(start[0])} {_fmt(start[1])}C{bend}", role, NORMAL, "")
        self._arrowhead(end, angle, role)

    def mask(self, center: Point, rows: Sequence[str], role: str, side: float = 8) -> None:
        """Add squares around a point: full where a row has 1, empty with a cross for what is dropped."""
        size = (side * len(rows[0]), side * len(rows))
        left, top = _corner(center, size)
        self.parts.append(f'<rect {_rect((left - 1, top - 1), (size[0] + 2, size[1] + 2))} style="fill: {PAPER}"/>')
        cells = [(left + c * side, top + r * side, kept) for r, row in enumerate(rows) for c, kept in enumerate(row)]
        full = "".join(_square(x + 0.5, y + 0.5, side - 1) for x, y, kept in cells if kept == "1")
        crosses = "".join(_crossed(x + 0.9, y + 0.9, side - 1.8) for x, y, kept in cells if kept == "0")
        if full:
            self.parts.append(f'<path d="{full}" style="fill: {shape_color(role)}"/>')
        if crosses:
            self.parts.append(f'<path d="{crosses}" style="fill: none; {_stroke(role, 1)}"/>')

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
        """Add a line of words and formulas (`$h_t$`), which stands on a point or has its middle there."""
        size = FORMULA_SIZE if _FORMULA.fullmatch(content) else TEXT_SIZE
        y = at[1] + (0.34 * TEXT_SIZE if middle else 0)
        weight = ' font-weight="600"' if bold else ""
        self.parts.append(
            f'<text x="{_fmt(at[0])}" y="{_fmt(y)}" text-anchor="{anchor}"{weight} font-size="{_fmt(size)}" '
            f'style="fill: {text_color(role)}">{_spans(content)}</text>'
        )

    def _path(self, commands: str, role: str, stroke_width: float, dash: str) -> None:
        style = f"fill: none; {_stroke(role, stroke_width)}; stroke-linejoin: round{_dashes(dash)}"
        self.parts.append(f'<path d="{commands}" style="{style}"/>')

    def _arrowhead(self, end: Point, angle: float, role: str) -> None:
        x, y = end
        back = (x - _ARROW_LENGTH * math.cos(angle), y - _ARROW_LENGTH * math.sin(angle))
        side = (_ARROW_HALF_WIDTH * math.sin(angle), -_ARROW_HALF_WIDTH * math.cos(angle))
        corners = [end, (back[0] + side[0], back[1] + side[1]), (back[0] - side[0], back[1] - side[1])]
        way = "L".join(f"{_fmt(a)} {_fmt(b)}" for a, b in corners)
        self.parts.append(f'<path d="M{way}z" style="fill: {shape_color(role)}"/>')


def _corner(center: Point, size: Point) -> Point:
    return center[0] - size[0] / 2, center[1] - size[1] / 2


def _rect(corner: Point, size: Point, *, radius: int = 0) -> str:
    """Return the attributes of a rectangle, rounded where a radius is given."""
    place = f'x="{_fmt(corner[0])}" y="{_fmt(corner[1])}" width="{_fmt(size[0])}" height="{_fmt(size[1])}"'
    return f'{place} rx="{radius}"' if radius else place


def _stroke(role: str, width: float, dash: str = "") -> str:
    return f"stroke: {shape_color(role)}; stroke-width: {width}{_dashes(dash)}"


def _dashes(dash: str) -> str:
    return f"; stroke-dasharray: {dash}" if dash else ""


def _square(x: float, y: float, side: float) -> str:
    """Return the path around a square."""
    return f"M{_fmt(x)} {_fmt(y)}h{_fmt(side)}v{_fmt(side)}h{_fmt(-side)}z"


def _crossed(x: float, y: float, side: float) -> str:
    """Return the path around a square and along its diagonals."""
    return f"{_square(x, y, side)}l{_fmt(side)} {_fmt(side)}m0 {_fmt(-side)}l{_fmt(-side)} {_fmt(side)}"


def _spans(content: str) -> str:
    """Return words, and letters in italics with their subscripts, as SVG."""
    spans, down = [], 0
    for piece in re.split(r"(\$[^$]+\$)", content):
        letter, _, below = piece.strip("$").partition("_") if piece.startswith("$") else (piece, "", "")
        if letter:
            slant = ' font-style="italic"' if piece.startswith("$") else ""
            spans.append(f"<tspan{slant}{_shift(-down)}>{escape(letter)}</tspan>")
            down = 0
        if below:
            slant = ' font-style="italic"' if below.isalpha() else ""
            size = f' font-size="{_fmt(TEXT_SIZE)}"'
            spans.append(f"<tspan{_shift(_SUBSCRIPT_SHIFT)}{size}{slant}>{escape(below)}</tspan>")
            down = _SUBSCRIPT_SHIFT
    return "".join(spans)


def _shift(dy: float) -> str:
    return f' dy="{_fmt(dy)}"' if dy else ""


def _fmt(number: float) -> str:
    """Write a number as short as it can be said to a hundredth."""
    return f"{round(number, 2) + 0.0:g}"
