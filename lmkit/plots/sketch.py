"""A pen for diagrams: boxes, nodes, arrows and labels that belong to named parts, in colour or muted.

Each thing drawn has a role, which gives its colour, and a set of parts it belongs to. If parts are highlighted, what
belongs to none of them is drawn thin and grey.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgb
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch, PathPatch
from matplotlib.path import Path
from matplotlib.text import Text
from matplotlib.transforms import Affine2D, ScaledTranslation, Transform

from lmkit.plots.roles import color

Part = str | int
Point = tuple[float, float]

THIN, PLAIN, THICK = 1.0, 1.6, 2.8  # widths of lines in points: muted, nothing highlighted, highlighted
LABEL, WORD = 13.0, 11.0  # sizes of text in points: formulas, words
_LINES, _SHAPES, _TEXT = 2, 3, 4  # what is drawn over what


def tint(role: str, strength: float = 0.1) -> str:
    """Return the colour of a role mixed with white, faint enough to write on."""
    red, green, blue = (1 - strength * (1 - channel) for channel in to_rgb(color(role)))
    return to_hex((red, green, blue))


class Sketch:
    """Draws parts of a diagram on axes without scales.

    Parameters
    ----------
    ax : Axes
    parts : iterable of str and int
        What may be highlighted.
    highlight : iterable of str and int, or one of them
        What is.
    inches : bool
        Whether the sizes of shapes are in inches, so that they stay as the distances between them change, or in the
        units of the data, so that the drawing is scaled as a whole.

    Raises
    ------
    ValueError
        If something is to be highlighted that is not among the parts.
    """

    def __init__(
        self, ax: Axes, parts: Iterable[Part], highlight: Iterable[Part] | Part = (), *, inches: bool = False
    ) -> None:
        self.ax, self.inches = ax, inches
        self.highlight = chosen_parts(highlight, list(parts))
        ax.set_axis_off()

    def is_muted(self, parts: Iterable[Part]) -> bool:
        """Return whether others are highlighted, but none of these."""
        return bool(self.highlight) and not self.highlight & set(parts)

    def hue(self, role: str, parts: Iterable[Part], text: bool = False) -> str:
        """Return the colour of a thing of this role that belongs to these parts."""
        return color("muted" if self.is_muted(parts) else role, text=text)

    def width(self, parts: Iterable[Part]) -> float:
        """Return the width of its lines, in points."""
        return PLAIN if not self.highlight else THIN if self.is_muted(parts) else THICK

    def box(self, at: Point, size: Point, role: str, parts: Iterable[Part], gid: str, text: str = "") -> FancyBboxPatch:
        """Draw a rounded box around a point, tinted unless it is muted, with text in it."""
        (width, height), muted = size, self.is_muted(parts)
        shape = FancyBboxPatch(
            (-width / 2, -height / 2),
            width,
            height,
            boxstyle=f"round,pad=0,rounding_size={min(min(size) / 5, 0.18)}",
            facecolor="white" if muted else tint(role),
            edgecolor=self.hue(role, parts),
            linewidth=self.width(parts),
            transform=self._around(at),
            zorder=_SHAPES,
            gid=gid,
        )
        self.ax.add_patch(shape)
        if text:
            self.label(at, text, role, parts, f"{gid}-text", size=LABEL if text.startswith("$") else WORD)
        return shape

    def node(self, at: Point, radius: float, role: str, parts: Iterable[Part], gid: str, sign: str) -> Circle:
        """Draw a circle that multiplies (sign "⊙", drawn as that sign) or adds ("+")."""
        hue, here = self.hue(role, parts), self._around(at)
        pen = {"edgecolor": hue, "linewidth": self.width(parts), "transform": here}
        circle = Circle((0, 0), radius, facecolor="white", zorder=_SHAPES, gid=gid, **pen)
        self.ax.add_patch(circle)
        if sign == "⊙":
            self.ax.add_patch(Circle((0, 0), radius / 3.2, color=hue, linewidth=0, zorder=_TEXT, transform=here))
        else:
            arm = 0.55 * radius
            cross = Path([(-arm, 0), (arm, 0), (0, -arm), (0, arm)], [Path.MOVETO, Path.LINETO] * 2)
            self.ax.add_patch(PathPatch(cross, zorder=_TEXT, **pen))
        return circle

    def line(
        self,
        points: Sequence[Point],
        role: str,
        parts: Iterable[Part],
        gid: str,
        *,
        head: bool = True,
        bold: float = 1,
        around: Point | None = None,
        curved: bool = False,
    ) -> FancyArrowPatch:
        """Draw an arrow (or line, without a head) along points of the data, or of a shape's own measure around one."""
        codes = [Path.MOVETO, *[Path.CURVE4 if curved else Path.LINETO] * (len(points) - 1)]
        way = {"path": Path(points, codes), "transform": self.ax.transData if around is None else self._around(around)}
        return self._arrow(way, role, parts, gid, head, bold)

    def between(
        self, start: Point, end: Point, gaps: Point, role: str, parts: Iterable[Part], gid: str
    ) -> FancyArrowPatch:
        """Draw a straight arrow between two points of the data that starts and ends gaps (in inches) away from them."""
        way = {"posA": start, "posB": end, "shrinkA": 72 * gaps[0], "shrinkB": 72 * gaps[1]}
        return self._arrow(way, role, parts, gid, head=True, bold=1)

    def _arrow(self, way: dict, role: str, parts: Iterable[Part], gid: str, head: bool, bold: float) -> FancyArrowPatch:
        arrow = FancyArrowPatch(
            **way,
            color=self.hue(role, parts),
            linewidth=bold * self.width(parts),
            capstyle="butt",
            joinstyle="round",
            arrowstyle="-|>,head_length=0.42,head_width=0.2" if head else "-",
            mutation_scale=11,
            gid=gid,
            clip_on=False,
            zorder=_LINES - (0.5 if self.is_muted(parts) else 0),
        )
        self.ax.add_patch(arrow)
        return arrow

    def label(
        self,
        at: Point,
        text: str,
        role: str,
        parts: Iterable[Part],
        gid: str,
        *,
        size: float = LABEL,
        offset: Point = (0, 0),
        ha: str = "center",
        va: str = "center",
        chip: bool = False,
    ) -> Text:
        """Write text at a point, moved by an offset in points; on a chip, so that even a full stop is a word."""
        pad = {"boxstyle": "round,pad=0.28", "linewidth": 0, "zorder": _SHAPES}
        behind = {**pad, "facecolor": tint("muted" if self.is_muted(parts) else role)}
        return self.ax.annotate(
            text,
            at,
            offset,
            textcoords="offset points",
            ha=ha,
            va=va,
            fontsize=size,
            gid=gid,
            zorder=_TEXT,
            color=self.hue(role, parts, text=True),
            annotation_clip=False,
            bbox=behind if chip else None,
        )

    def _around(self, at: Point) -> Transform:
        """Return the transform from a shape's own measure, with its middle at (0, 0), to the screen."""
        if self.inches:
            there = ScaledTranslation(*at, self.ax.transData)  # pyright: ignore[reportArgumentType]  # takes any Transform
            return self.ax.figure.dpi_scale_trans + there
        return Affine2D().translate(*at) + self.ax.transData


def chosen_parts(highlight: Iterable[Part] | Part, parts: Sequence[Part]) -> set[Part]:
    """Return what is to be highlighted, as a set.

    Raises
    ------
    ValueError
        If something in it is not among the parts.
    """
    chosen = {highlight} if isinstance(highlight, (str, int)) else set(highlight)
    for part in chosen:
        if part not in parts:
            names = ", ".join(map(repr, parts))
            raise ValueError(f"highlight must name parts of this drawing, but it names {part!r}; choose from {names}")
    return chosen
