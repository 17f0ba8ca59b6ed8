"""The browser's half of a lab: an anywidget whose traits the controls are linked to."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import ClassVar

import anywidget
import traitlets as T

from lmkit.plots import roles
from lmkit.widgets.base import assets, bundle, travelling
from lmkit.widgets.base.controls import Controls


class _ViewType(type(anywidget.AnyWidget)):
    """Gives a view the traits of its controls: `class RibbonView(View, controls=CONTROLS)`."""

    def __new__(cls, name: str, bases: tuple, namespace: dict, controls: Controls | None = None):
        return super().__new__(cls, name, bases, {**(controls.traits() if controls else {}), **namespace})

    def __init__(cls, name: str, bases: tuple, namespace: dict, controls: Controls | None = None):
        super().__init__(name, bases, dict(vars(cls)))


class View(anywidget.AnyWidget, metaclass=_ViewType):
    """The base of all views. Each has its code and its style in `view.js` and `style.css` beside its Python module.

    A view's traits are plain settings that travel to the browser, where everything is computed. Python computes
    nothing here; it only sends the assets that a live notebook's browser asks for besides those that came along.
    """

    _esm: ClassVar[str]
    _css: ClassVar[str]
    toolbar = T.Dict(help="What the toolbar knows of the lab's controls; nothing where there are none").tag(sync=True)
    assets = travelling.references()

    def __init__(self, **traits):
        kind = type(self)
        if "_esm" not in vars(kind):  # read when the first of its kind is made: importing lmkit reads no script
            colours = roles.css().replace(":root {", ":root, :host {", 1)  # in marimo a view is within a shadow root
            kind._esm, kind._css = bundle.esm(kind.file("view.js")), colours + bundle.style(kind.file("style.css"))
        super().__init__(**traits)
        self.on_msg(self._answer)

    def carry_assets(self) -> None:
        """Have everything travel with the view that it names by now, and what saves it."""
        found = dict(assets.named(self.get_state()))
        if self.toolbar:
            path, _, digest = assets.saving_key().partition("@")
            found[path] = digest
        self.assets = {name: travelling.asset(name, key) for name, key in found.items()}

    @classmethod
    def file(cls, name: str) -> str:
        """Return the path of a file of this view, from the folder of all widgets."""
        folder = Path(inspect.getfile(cls)).resolve().parent
        return (folder / name).relative_to(bundle.WIDGETS).as_posix()

    def _get_embed_state(self, drop_defaults: bool = False) -> dict:
        """Return the whole state, whatever is asked for: the view's code is a default, and no page knows it."""
        return super()._get_embed_state(drop_defaults=False)

    def _answer(self, _, message: dict, __) -> None:
        """Send an asset that the browser needs."""
        name = message.get("need")
        if name in assets.TABLES:
            self.send({"asset": name, "content": assets.content(name)})
        elif name == assets.SAVING:
            self.send({"asset": name, "content": assets.saving()})
        elif name:
            self.send({"asset": name}, buffers=[assets.model_bytes(name)])
