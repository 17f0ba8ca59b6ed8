"""Shipped models, tables and scripts as part of the widgets' own state: once for all labs of a notebook that name them.

They travel with the state wherever it goes: from Python to a live notebook, into a notebook file that keeps its
widgets, and onto pages that others make of it, with nbconvert or `ipywidgets.embed`.
"""

from __future__ import annotations

import json
from typing import Any

import ipywidgets
import traitlets as T
from ipywidgets import widget_serialization

from lmkit.widgets.base import assets

_MADE: dict[tuple[str, str], Asset] = {}


class Asset(ipywidgets.Widget):
    """A file that labs load on demand. It has no view; views find it by their trait `assets`."""

    lmkit_asset = T.Unicode(help="The name of a shipped model, a table or a script").tag(sync=True)
    key = T.Unicode(help="Tells versions apart").tag(sync=True)
    is_table = T.Bool(help="Whether it is JSON").tag(sync=True)
    content = T.Bytes(help="A model's file, or a text in UTF-8: JSON, or a script").tag(sync=True)


def references() -> Any:
    """Return the trait in which a view has its assets, by name."""
    return T.Dict(help="What the view may load, by name, where no file has it").tag(sync=True, **widget_serialization)


def asset(name: str, key: str) -> Asset:
    """Return the one widget with this content."""
    made = _MADE.get((name, key))
    if made is None or made.comm is None:  # it was closed, as `Widget.close_all` does
        made = _MADE[name, key] = Asset(lmkit_asset=name, key=key, is_table=name in assets.TABLES, content=_bytes(name))
    return made


def _bytes(name: str) -> bytes:
    if name == assets.SAVING:
        return assets.saving().encode()
    return json.dumps(assets.content(name)).encode() if name in assets.TABLES else assets.model_bytes(name)
