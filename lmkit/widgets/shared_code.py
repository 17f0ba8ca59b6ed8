"""Code that many widgets of one page have in common: it travels once, and each of them takes it from there."""

from __future__ import annotations

from functools import cache

import anywidget
import traitlets as T
from ipywidgets import widget_serialization

from lmkit.widgets import bundle
from lmkit.widgets.view import View


class Code(anywidget.AnyWidget):
    """Holds the browser's code and style of a kind of view. It shows nothing itself."""

    _esm = "export default {};"

    script = T.Unicode(help="An ES module, as anywidget takes it.").tag(sync=True)
    style = T.Unicode(help="A style sheet.").tag(sync=True)


class SharingView(View):
    """The base of views of which a page has many. They name their code where others have `_esm` and `_css`::

        _script, _style = View.code("study"), View.style("study")

    A notebook stores the code once for all of them, and a page loads it once.
    """

    _esm = bundle.bundle("shared_code.js")
    _script, _style = "", ""

    code_model = T.Instance(Code, help="What holds the code.").tag(sync=True, **widget_serialization)

    def __init__(self, **traits):
        super().__init__(code_model=_code(type(self)), **traits)


def _code(kind: type[SharingView]) -> Code:
    """The holder of a kind's code; a new one if somebody has closed it (`Widget.close_all`)."""
    holder = _made(kind)
    if holder.comm is None:
        _made.cache_clear()
        holder = _made(kind)
    return holder


@cache
def _made(kind: type[SharingView]) -> Code:
    return Code(script=kind._script, style=kind._style)
