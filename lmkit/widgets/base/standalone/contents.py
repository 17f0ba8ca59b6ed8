"""What travels with a saved lab: the state of its widgets, and the models, tables and scripts that they name."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from ipywidgets import Widget
from ipywidgets.embed import dependency_state

from lmkit.plots.escaping import json_text
from lmkit.widgets.base import assets, page_state

DIGITS = 6  # of the digest that tells saved labs on one page apart


@dataclass(frozen=True)
class Contents:
    """A lab's part of a page.

    Attributes
    ----------
    state : str
        JSON as it can stand in a script element, the models of all widgets in it.
    view : str
        The id of the model that is shown.
    entries : list of str
        The folders of the views, such as ``labs/ribbon``.
    assets : dict of (str, str) to Any
        What is loaded on demand, as JSON can say it, by name and version: base64 text for bytes.
    """

    state: str
    view: str
    entries: list[str]
    assets: dict[tuple[str, str], Any]


def contents_of(lab: Widget, models: bool) -> Contents:
    """Return what travels with a lab; `models` says whether shipped models and their tables do.

    The ids in it are made of its content: the same settings give the same file.
    """
    found = Widget.get_manager_state(widgets=[]) | {"state": dependency_state([lab], drop_defaults=False)}
    saved = json.loads(json.dumps(found))  # the lab's own dictionaries stay as they are
    state: page_state.State = saved["state"]
    views = page_state.take_code(state)
    digest = hashlib.sha256(page_state.rename(json_text(saved), state).encode()).hexdigest()[:DIGITS]
    for toolbar in filter(None, (model["state"].get("toolbar") for model in state.values())):
        toolbar["lab"] = f"{toolbar['lab']}-{digest}"
    text = page_state.rename(json_text(saved), state, f"w{digest}-{{}}".format)
    view = page_state.rename(lab.model_id or "", state, f"w{digest}-{{}}".format)
    carried = {(name, key): assets.content(name) for name, key in assets.named(state)} if models else {}
    return Contents(text, view, list(views), carried | _saving(state))


def _saving(state: page_state.State) -> dict[tuple[str, str], str]:
    """Return the script that makes files of labs, where one has a toolbar."""
    if not any(model["state"].get("toolbar") for model in state.values()):
        return {}
    path, _, digest = assets.saving_key().partition("@")
    return {(path, digest): assets.saving()}
