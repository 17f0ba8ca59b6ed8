"""A drawing: its title, its height and its steps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lmkit.study.drawings.svg_canvas import SvgCanvas

DrawingStep = tuple[str, Callable[[SvgCanvas], None]]  # what it adds, in a sentence, and how it is drawn


@dataclass(frozen=True)
class Drawing:
    """A title, a height in the drawing's units, and its steps in order."""

    title: str
    height: float
    steps: tuple[DrawingStep, ...]
