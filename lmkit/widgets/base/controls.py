"""One row for each control of a lab: its trait, its check, its widget, its link and its label follow from it.

A lab writes them down once::

    CONTROLS = Controls(
        top_p=Slider("Top p", "Keep the fewest tokens whose probabilities reach p", 0.05, 1.0, step=0.05),
        method=Choice("Method", "How the next token is chosen", ("greedy", "sampling"), form="switch"),
    )

    class DecodingView(View, controls=CONTROLS): ...   # has the traits top_p and method_index

What is known only when a lab is made (the number of steps, a model's title) is filled in then: `CONTROLS.given`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ipywidgets
import traitlets as T
from ipywidgets.widgets.widget_description import DescriptionWidget

from lmkit.widgets.base.checks import check, check_choice, check_number, check_text, check_truth, checked_texts, is_same


def with_label(control: DescriptionWidget, label: str, tooltip: str, *classes: str) -> DescriptionWidget:
    """Give a control its visible label and what it says when a pointer rests on it.

    Classes that `lab.css` knows: `lmkit-wide` (a row of its own), `lmkit-switch` (radio buttons as the keys of a
    switch), `lmkit-choice` (a slider among labels).
    """
    control.description, control.tooltip = label, tooltip
    for name in classes:
        control.add_class(name)
    return control


def indexed_options(labels: Iterable[str]) -> list[tuple[str, int]]:
    """Return options whose value is their place: the browser knows the place only."""
    return [(label, place) for place, label in enumerate(labels)]


@dataclass(frozen=True, kw_only=True)
class Control:
    """The base of all rows; a row is one of the classes below.

    Attributes
    ----------
    label, tooltip : str
    wide : bool
        Whether the control has a row of the page for itself.
    shown : bool
        Whether it is shown where the caller names no controls.
    offered : bool
        Whether a lab can show it at all; otherwise the row is a setting of the view alone.
    """

    label: str
    tooltip: str
    wide: bool = False
    shown: bool = True
    offered: bool = True

    def trait_name(self, name: str) -> str:
        """Return the name of the view's trait that keeps the control's value."""
        return name

    @property
    def source(self) -> str:
        """The trait of the widget that is linked to the view's."""
        return "value"

    @property
    def classes(self) -> tuple[str, ...]:
        """The CSS classes of the widget; see `with_label`."""
        return ("lmkit-wide",) if self.wide else ()

    def trait(self) -> T.TraitType:
        """Return a new trait for the view."""
        raise NotImplementedError

    def check(self, name: str, value: Any) -> None:
        """Raise ValueError for a value that the control cannot have."""
        raise NotImplementedError

    def stored(self, value: Any) -> Any:
        """Return a value as the view keeps it."""
        return value

    def value(self, stored: Any) -> Any:
        """Return what the view keeps as Python says it."""
        return stored

    def limits(self) -> dict[str, Any]:
        """Return what the browser must know to check a value as the view keeps it: its type, its range."""
        raise NotImplementedError

    def make(self, stored: Any) -> DescriptionWidget:
        """Return a new widget, without its label."""
        raise NotImplementedError

    def widget(self, stored: Any) -> DescriptionWidget:
        """Return a new widget that stands at what the view keeps."""
        return with_label(self.make(stored), self.label, self.tooltip, *self.classes)


@dataclass(frozen=True)
class Slider(Control):
    """A slider for whole numbers, or, with a step, for others. A value off the grid of steps makes the grid finer."""

    label: str
    tooltip: str
    low: float
    high: float
    step: float | None = None

    def trait(self) -> T.TraitType:
        whole = self.step is None
        return T.Int(int(self.low), help=self.tooltip) if whole else T.Float(self.low, help=self.tooltip)

    def check(self, name: str, value: Any) -> None:
        check_number(name, value, self.low, self.high, whole=self.step is None)

    def stored(self, value: Any) -> Any:
        return int(value) if self.step is None else float(value)

    def limits(self) -> dict[str, Any]:
        return {"type": "float" if self.step else "int", "low": self.low, "high": self.high}

    def value(self, stored: Any) -> Any:
        # A slider in the browser counts its steps in binary: .9 comes back as .9000000000000001.
        return stored if self.step is None else round(float(stored), 9)

    def make(self, stored: Any) -> DescriptionWidget:
        if self.step is None:
            return ipywidgets.IntSlider(stored, int(self.low), int(self.high))
        fine = abs(stored / self.step - round(stored / self.step)) > 1e-9  # a slider shows only values on its grid
        return ipywidgets.FloatSlider(value=stored, min=self.low, max=self.high, step=0.01 if fine else self.step)


@dataclass(frozen=True)
class Number(Control):
    """A field for a whole number."""

    label: str
    tooltip: str
    low: int
    high: int

    def trait(self) -> T.TraitType:
        return T.Int(self.low, help=self.tooltip)

    def check(self, name: str, value: Any) -> None:
        check_number(name, value, self.low, self.high, whole=True)

    def stored(self, value: Any) -> int:
        return int(value)

    def limits(self) -> dict[str, Any]:
        return {"type": "int", "low": self.low, "high": self.high}

    def make(self, stored: Any) -> DescriptionWidget:
        return ipywidgets.BoundedIntText(value=stored, min=self.low, max=self.high)


SEED = Number("Seed", "Names the random numbers: the same seed, the same draw", 0, 2**32 - 1)


@dataclass(frozen=True)
class Toggle(Control):
    """A box to be ticked."""

    label: str
    tooltip: str

    def trait(self) -> T.TraitType:
        return T.Bool(help=self.tooltip)

    def check(self, name: str, value: Any) -> None:
        check_truth(name, value)

    def stored(self, value: Any) -> bool:
        return bool(value)

    def limits(self) -> dict[str, Any]:
        return {"type": "bool"}

    def make(self, stored: Any) -> DescriptionWidget:
        return ipywidgets.Checkbox(stored, indent=False)


@dataclass(frozen=True)
class TextField(Control):
    """A line of text, with texts to choose from where there are suggestions."""

    label: str
    tooltip: str
    suggestions: Sequence[str] | None = None

    def trait(self) -> T.TraitType:
        return T.Unicode(help=self.tooltip)

    def check(self, name: str, value: Any) -> None:
        check_text(name, value)

    def stored(self, value: Any) -> str:
        return str(value)

    def limits(self) -> dict[str, Any]:
        return {"type": "text"}

    def make(self, stored: Any) -> DescriptionWidget:
        if self.suggestions is None:
            return ipywidgets.Text(value=stored, continuous_update=True)
        return ipywidgets.Combobox(value=stored, options=tuple(self.suggestions), continuous_update=True)


_FORMS: dict[str, Callable[..., DescriptionWidget]] = {
    "switch": lambda **options: ipywidgets.RadioButtons(orientation="horizontal", **options),
    "radio": ipywidgets.RadioButtons,
    "list": ipywidgets.Dropdown,
    "slider": ipywidgets.SelectionSlider,
}


@dataclass(frozen=True)
class Choice(Control):
    """One of some options. The view keeps its place among them, in the trait `<name>_index`.

    Attributes
    ----------
    options : sequence of values, or mapping from values to what a reader sees
    form : {"switch", "list", "slider"}
        Radio buttons as the keys of a switch, a list that unfolds, or a slider among labels.
    """

    label: str
    tooltip: str
    options: Sequence[Any] | Mapping[Any, str] = ()
    form: str = "switch"

    def trait_name(self, name: str) -> str:
        return f"{name}_index"

    @property
    def source(self) -> str:
        return "index"

    @property
    def classes(self) -> tuple[str, ...]:
        own = {"switch": ("lmkit-switch",), "slider": ("lmkit-choice",)}
        return (*super().classes, *own.get(self.form, ()))

    @property
    def values(self) -> list[Any]:
        """The options as Python says them."""
        return list(self.options)

    @property
    def labels(self) -> list[str]:
        """The options as a reader sees them."""
        return [str(label) for label in (self.options.values() if isinstance(self.options, Mapping) else self.options)]

    def trait(self) -> T.TraitType:
        return T.Int(0, help=f"The place among the options: {self.tooltip}")

    def check(self, name: str, value: Any) -> None:
        check_choice(name, value, self.values)

    def stored(self, value: Any) -> int:
        return next(place for place, known in enumerate(self.values) if is_same(value, known))

    def limits(self) -> dict[str, Any]:
        return {"type": "int", "low": 0, "high": len(self.options) - 1}

    def value(self, stored: int) -> Any:
        check("the place of a choice", stored, 0 <= stored < len(self.options), f"from 0 to {len(self.options) - 1}")
        return self.values[stored]

    def make(self, stored: int) -> DescriptionWidget:
        return _FORMS[self.form](options=indexed_options(self.labels), value=stored)


class Controls(Mapping[str, Control]):
    """The rows of a lab, by name, in the order in which the controls stand."""

    def __init__(self, **rows: Control):
        self._rows = rows

    def __getitem__(self, name: str) -> Control:
        return self._rows[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def given(self, **changes: Mapping[str, Any]) -> Controls:
        """Return the rows with some attributes changed: `CONTROLS.given(step={"high": 12})`."""
        changed = {name: dataclasses.replace(self[name], **known) for name, known in changes.items()}
        return Controls(**{**self._rows, **changed})

    def traits(self) -> dict[str, T.TraitType]:
        """Return new traits for a view, by name; they travel to the browser."""
        return {row.trait_name(name): row.trait().tag(sync=True) for name, row in self.items()}

    def stored(self, **values: Any) -> dict[str, Any]:
        """Check values, and return the view's traits for them.

        Raises
        ------
        ValueError
            For a value that its control cannot have.
        """
        for name, value in values.items():
            self[name].check(name, value)
        return {self[name].trait_name(name): self[name].stored(value) for name, value in values.items()}

    def chosen(self, names: Iterable[str] | None) -> list[str]:
        """Return the names of the controls to show, in the rows' order; raise ValueError for an unknown one."""
        known = [name for name, row in self.items() if row.offered]
        wanted = [name for name in known if self[name].shown] if names is None else checked_texts("controls", names)
        if unknown := [name for name in wanted if name not in known]:
            raise ValueError(f"controls must be among {known}, but {unknown[0]!r} is not")
        return [name for name in known if name in wanted]
