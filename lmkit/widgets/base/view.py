"""The browser's half of a lab: an anywidget whose traits the controls are linked to."""

from __future__ import annotations

import anywidget

from lmkit.plots import roles
from lmkit.widgets.base import assets
from lmkit.widgets.base import bundle


class View(anywidget.AnyWidget):
    """The base of all views. Each has its code in `static/<name>.js` and its style in `static/<name>.css`::

        _esm, _css = View.code("counting"), View.style("counting")


    A view's traits are plain settings that travel to the browser, where everything is computed. Python computes
    nothing here; it only sends the assets that a live notebook's browser asks for.
    """

    def __init__(self, **traits):
        super().__init__(**traits)
        self.on_msg(self._answer)

    @staticmethod
    def code(name: str) -> str:
        """The browser's code of a view: `static/<name>.js` with all that it imports."""
        return bundle.bundle(f"{name}.js")

    @staticmethod
    def style(name: str) -> str:
        """The colours of roles, what all labs share, and `static/<name>.css`."""
        sheets = [(bundle.FOLDER / f"{part}.css").read_text(encoding="utf-8") for part in ("lab", name)]
        return roles.css() + "".join(sheets)

    def _answer(self, _, message: dict, __) -> None:
        """Send an asset that the browser needs."""
        name = message.get("need")
        if name == assets.GRAMMAR:
            self.send({"asset": name, "content": assets.grammar()})
        elif name:
            self.send({"asset": name}, buffers=[assets.model_bytes(name)])
