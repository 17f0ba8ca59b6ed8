"""Our diagrams as SVG, drawn step by step: what belongs to step n is a group with `data-step="n"`.

Time goes from left to right and depth upwards; the cell state is the straight line on top; a line has the colour of
what flows along it. A page shows the groups one after the other; elsewhere stand the drawings up to a step.
"""

from __future__ import annotations

import re

from lmkit.plots.escaping import escape
from lmkit.study.drawings import gates, networks, regularised, searching
from lmkit.study.drawings.drawing import Drawing
from lmkit.study.drawings.svg_canvas import WIDTH, SvgCanvas

_DRAWINGS: dict[str, Drawing] = networks.DRAWINGS | gates.DRAWINGS | regularised.DRAWINGS | searching.DRAWINGS

NAMES = tuple(_DRAWINGS)

_FONT = 'font-family="system-ui, -apple-system, Segoe UI, Roboto, DejaVu Sans, sans-serif"'
_WIDEST = 500  # px; wider, its words would be larger than those of the page
_INK, _MARGIN = "#1f2328", 10  # of a drawing that stands alone


def steps(name: str) -> int:
    """Return how many steps a drawing has.

    Raises
    ------
    ValueError
        If there is no drawing of this name.
    """
    return len(_drawing(name).steps)


def svg(name: str, upto: int | None = None) -> str:
    """Return a drawing for a page, in the page's colours.

    Parameters
    ----------
    name : str
        One of `NAMES`.
    upto : int from 1 to `steps(name)`, optional
        The last step that is drawn; all by default.

    Returns
    -------
    str
        An `<svg>` element: as wide as its place, at most 500 px. One `<g data-step="n">` for each step.

    Raises
    ------
    ValueError
        If there is no drawing of this name, or no such step.
    """
    drawing, last = _drawing(name), _last(name, upto)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {drawing.height:g}" role="img" '
        f'aria-label="{escape(alt(name, last))}" {_FONT} '
        f'style="display: block; width: 100%; max-width: {_WIDEST}px; height: auto">'
        f"{_groups(drawing, last)}</svg>"
    )


def standalone_svg(name: str, upto: int | None = None) -> str:
    """Return the same drawing as a file that needs nothing around it: literal colours, on white paper.

    Raises
    ------
    ValueError
        If there is no drawing of this name, or no such step.
    """
    drawing, last = _drawing(name), _last(name, upto)
    width, height = WIDTH + 2 * _MARGIN, drawing.height + 2 * _MARGIN
    box = f"{-_MARGIN} {-_MARGIN} {width} {height:g}"
    page = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" width="{_WIDEST}" '
        f'height="{_WIDEST * height / width:g}" {_FONT}><title>{escape(drawing.title)}</title>'
        f'<rect x="{-_MARGIN}" y="{-_MARGIN}" width="{width}" height="{height:g}" fill="#ffffff"/>'
        f"{_groups(drawing, last)}</svg>"
    )
    return _with_literal_colors(page)


def alt(name: str, upto: int | None = None) -> str:
    """Say what a drawing shows up to a step: its title, then one sentence for each step.

    Raises
    ------
    ValueError
        If there is no drawing of this name, or no such step.
    """
    drawing, last = _drawing(name), _last(name, upto)
    return f"{drawing.title}. {' '.join(words for words, _ in drawing.steps[:last])}"


def _groups(drawing: Drawing, last: int) -> str:
    groups = []
    for number, (_, draw) in enumerate(drawing.steps[:last], 1):
        canvas = SvgCanvas()
        draw(canvas)
        groups.append(f'<g data-step="{number}">{"".join(canvas.parts)}</g>')
    return "".join(groups)


def _with_literal_colors(page: str) -> str:
    """Replace each variable by its value in light, and the page's own ink by a dark one."""
    variable = re.compile(r"var\(--[\w-]+, (?P<value>#\w+|var\([^()]*\))\)")
    while variable.search(page):
        page = variable.sub(lambda match: match["value"], page)
    return page.replace("currentColor", _INK)


def _drawing(name: str) -> Drawing:
    if name not in _DRAWINGS:
        raise ValueError(f"name must be one of {', '.join(NAMES)}, but it is {name!r}")
    return _DRAWINGS[name]


def _last(name: str, upto: int | None) -> int:
    count = steps(name)
    if upto is None:
        return count
    if isinstance(upto, bool) or not isinstance(upto, int) or not 1 <= upto <= count:
        raise ValueError(f"upto must be from 1 to {count}, the steps of {name!r}, but it is {upto!r}")
    return upto
