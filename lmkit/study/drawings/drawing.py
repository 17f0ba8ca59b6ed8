"""What a drawing is made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lmkit.study.drawings.pen import Pen

Step = tuple[str, Callable[[Pen], None]]  # what it adds, in a sentence, and how it is drawn


@dataclass(frozen=True)
class Drawing:
    """A title, a height in the drawing's units, and its steps in order."""

    title: str
    height: float
    steps: tuple[Step, ...]
