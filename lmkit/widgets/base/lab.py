"""What all labs are: ipywidgets controls, linked in the browser to a view that computes there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import ipywidgets
from ipywidgets import Widget

from lmkit.widgets.base import svg
from lmkit.widgets.base.view import View


class Lab(ipywidgets.VBox):
    """Controls above a view; works with a kernel, and on a page without one.

    What displays a lab also gets a picture of it, for places where no script runs; subclasses draw it (`picture`).

    Parameters
    ----------
    view : View
        What computes and shows.
    controls : mapping from name to ipywidget
        In the order in which they stand. A control of the name `top_p` has the CSS class `lmkit-top-p`.
    links : mapping from a control's name to (its trait, the view's trait), optional
        What is not linked by "value" to the view's trait of the control's own name.

    Attributes
    ----------
    view : View
    controls : dict of str to ipywidget
    """

    def __init__(self, view: View, controls: Mapping[str, Widget], links: Mapping[str, tuple[str, str]] | None = None):
        self.view, self.controls, self._links = view, dict(controls), dict(links or {})
        for name, control in self.controls.items():
            control.add_class(f"lmkit-{name.replace('_', '-')}")
            source, target = self._link(name)
            ipywidgets.jslink((control, source), (view, target))  # in the browser: it also works without Python
        box = ipywidgets.VBox(list(self.controls.values()))
        box.add_class("lmkit-controls")
        super().__init__([box, view] if self.controls else [view])
        self.add_class("lmkit-lab")

    def value(self, name: str) -> Any:
        """The value of a control, or of the view where the lab shows no such control."""
        return self.controls[name].value if name in self.controls else getattr(self.view, self._link(name)[1])

    def _link(self, name: str) -> tuple[str, str]:
        return self._links.get(name, ("value", name))

    def picture(self) -> tuple[str, str]:
        """Return what stands for the lab where no script runs: an SVG document, and the same in words."""
        raise NotImplementedError

    def fallback(self) -> str:
        """Return that picture in HTML."""
        return svg.image(*self.picture())

    def _repr_mimebundle_(self, **kwargs) -> dict[str, str]:
        """Return the widget and its fallback: whoever cannot show the first shows the second."""
        return super()._repr_mimebundle_(**kwargs) | {"text/html": self.fallback()}


def check_controls(names: Iterable[str] | None, known: Sequence[str]) -> list[str]:
    """The controls to show, in the order of `known`: all of them for None; raises ValueError for an unknown one."""
    names = list(known if names is None else names)
    if unknown := [name for name in names if name not in known]:
        raise ValueError(f"controls must be among {list(known)}, but {unknown[0]!r} is not")
    return [name for name in known if name in names]


def described(control: Widget, label: str, tooltip: str, *classes: str) -> Widget:
    """Give a control its visible label and what it says when a pointer rests on it.

    Classes that `lab.css` knows: `lmkit-wide` (a row of its own), `lmkit-switch` (radio buttons as the keys of a
    switch), `lmkit-choice` (a slider among labels).
    """
    control.description, control.tooltip = label, tooltip
    for name in classes:
        control.add_class(name)
    return control


def places(labels: Iterable[str]) -> list[tuple[str, int]]:
    """Options whose value is their place: the browser knows the place only."""
    return [(label, place) for place, label in enumerate(labels)]


def slider(value: float, limits: tuple[float, float], step: float | None = None) -> Widget:
    """A slider for whole numbers, or, with a step, for others; a value off the grid of steps makes the grid finer."""
    low, high = limits
    if step is None:
        return ipywidgets.IntSlider(value, low, high)
    fine = abs(value / step - round(value / step)) > 1e-9  # a slider shows only values on its grid
    return ipywidgets.FloatSlider(value=value, min=low, max=high, step=0.01 if fine else step)


def number(value: int, limits: tuple[int, int]) -> Widget:
    """A field for a whole number."""
    return ipywidgets.BoundedIntText(value=value, min=limits[0], max=limits[1])


def check_number(name: str, value: Any, limits: tuple[float, float], whole: bool = False) -> None:
    """Raise ValueError unless a value is a number, or a whole one, within limits."""
    low, high = limits
    kind = int if whole else (int, float)
    if isinstance(value, kind) and not isinstance(value, bool) and low <= value <= high:
        return
    rule = f"of at least {low}" if high == float("inf") else f"from {low} to {high}"
    raise ValueError(f"{name} must be a {'whole ' if whole else ''}number {rule}, but it is {value!r}")
