"""What all labs are: ipywidgets controls, linked in the browser to a view that computes there."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from typing import Any, Generic, TypeVar

import ipywidgets
from ipywidgets.widgets.widget_description import DescriptionWidget

from lmkit.files import StrPath, atomic_write, check_place
from lmkit.plots.escaping import escape
from lmkit.widgets.base import assets, svg
from lmkit.widgets.base.checks import check, check_truth
from lmkit.widgets.base.controls import Choice, Controls
from lmkit.widgets.base.standalone import document
from lmkit.widgets.base.standalone.contents import contents_of
from lmkit.widgets.base.view import View

V = TypeVar("V", bound=View)


class Lab(ipywidgets.VBox, Generic[V]):
    """Controls above a view; works with a kernel, and on a page without one.

    What displays a lab also gets a picture of it, for places where no script runs; subclasses draw it (`picture`).

    Parameters
    ----------
    view : View
        What computes and shows; the controls begin where its traits stand.
    rows : Controls
        A control of the name `top_p` has the CSS class `lmkit-top-p`.
    shown : iterable of str, optional
        The names of the controls to show; by default all whose rows say so.

    Attributes
    ----------
    view : View
    rows : Controls
    controls : dict of str to ipywidget
        Those that are shown, in the order in which they stand.
    """

    def __init__(self, view: V, rows: Controls | None = None, shown: Iterable[str] | None = None):
        self.view, self.rows = view, Controls() if rows is None else rows
        self.controls: dict[str, DescriptionWidget] = {}
        for name in self.rows.chosen(shown):
            row, trait = self.rows[name], self.rows[name].trait_name(name)
            self.controls[name] = control = row.widget(getattr(view, trait))
            control.add_class(f"lmkit-{name.replace('_', '-')}")
            ipywidgets.jslink((control, row.source), (view, trait))  # in the browser: it also works without Python
        box = ipywidgets.VBox(list(self.controls.values()))
        box.add_class("lmkit-controls")
        super().__init__([box, view] if self.controls else [view])
        self.add_class("lmkit-lab")
        if self.controls:
            self.view.toolbar = self._toolbar()
        self.view.carry_assets()

    def value(self, name: str) -> Any:
        """Return where a control stands, or the view where the lab shows no such control."""
        row = self.rows[name]
        if name in self.controls:
            return row.value(getattr(self.controls[name], row.source))
        return row.value(getattr(self.view, row.trait_name(name)))

    def settings(self) -> dict[str, Any]:
        """Return the present settings, as the controls have them, by the names of the lab's arguments."""
        return {name: self.value(name) for name in self.rows}

    def follow(self, trait: str, target: str, *names: str) -> None:
        """Have a trait of some controls follow one that the view sets: a slider's `max`, the `options` of a list.

        Those of the controls that the lab does not show are left out. With the target "display" it is the CSS display.
        """
        for control in (self.controls[name] for name in names if name in self.controls):
            place, attribute = (control.layout, target) if target == "display" else (control, target)
            setattr(place, attribute, getattr(self.view, trait))
            ipywidgets.jslink((self.view, trait), (place, attribute))
        if target == "max" and self.controls:
            known = self.view.toolbar["controls"]
            rows = [{**row, "high": trait} if row["name"] in names else row for row in known]
            self.view.toolbar = {**self.view.toolbar, "controls": rows, "version": self._version(rows)}

    def _toolbar(self) -> dict[str, Any]:
        """Return what a link needs: the lab's kind, which a page of the book numbers, and its controls.

        The version tells whether a link was copied from a lab with the same controls.
        """
        rows = [
            {
                "name": name,
                "label": self.rows[name].label,
                "trait": self.rows[name].trait_name(name),
                **self.rows[name].limits(),
                "start": getattr(self.view, self.rows[name].trait_name(name)),
            }
            for name in self.controls
        ]
        kind = self.view.file("view.js").split("/")[-2]
        return {"lab": kind, "version": self._version(rows), "controls": rows, "saving": assets.saving_key()}

    def _version(self, rows: list[dict[str, Any]]) -> str:
        options = {name: row.labels for name, row in self.rows.items() if isinstance(row, Choice)}
        fixed = [{key: value for key, value in row.items() if key != "start"} for row in rows]
        return hashlib.sha256(json.dumps([fixed, options]).encode()).hexdigest()[:8]

    def picture(self) -> tuple[str, str]:
        """Return what stands for the lab where no script runs: an SVG document, and the same in words."""
        raise NotImplementedError

    def fallback(self) -> str:
        """Return that picture in HTML; where controls hold by now what cannot be drawn, a message."""
        try:
            return svg.image(*self.picture())
        except ValueError as error:
            return f'<p class="lmkit-problem">{escape(str(error))}</p>'

    def save_html(
        self, path: StrPath, *, title: str | None = None, fragment: bool = False, models: bool = True
    ) -> None:
        """Save the lab, as it stands, as one HTML file that works by itself: from a disk, without a network.

        Parameters
        ----------
        path : path
            Where to write; a file that is there is replaced.
        title : str, optional
            What stands above the lab; by default the kind of the lab.
        fragment : bool
            Write markup for a page of your own instead of a whole page. It has no title; its colours are dark where
            the page's root element has the attribute ``data-theme="dark"``.
        models : bool
            Whether the shipped models and tables that the lab names travel with it. A second fragment on a page finds
            those of the first; a lab that finds none says so. A model of your own always travels.

        Raises
        ------
        ValueError
            If `path` is no place for a file, `title` is no text or empty, or `title` comes with `fragment`.
        WriteError
            If the file cannot be written; what stood in its place is as it was.

        Notes
        -----
        In a frame of another page it tells that page how high it is, with the message
        ``{"type": "lmkit-height", "height": …}``, in pixels.
        """
        check_truth("fragment", fragment)
        check_truth("models", models)
        if title is not None:
            check("title", title, isinstance(title, str) and bool(title.strip()), "a text with words")
            check("title", title, not fragment, "left out of a fragment, which has none")
        check_place("path", path)
        atomic_write(path, self._html(title, fragment, models).encode(), "the page")

    def _html(self, title: str | None, fragment: bool, models: bool) -> str:
        contents = contents_of(self, models)
        if fragment:
            return document.fragment(contents, self.fallback())
        kind = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(self).__name__).capitalize()
        return document.page(contents, self.fallback(), title or kind)

    def _repr_mimebundle_(self, **kwargs) -> dict[str, str]:
        """Return the widget and its fallback: whoever cannot show the first shows the second."""
        return (super()._repr_mimebundle_(**kwargs) or {}) | {"text/html": self.fallback()}
