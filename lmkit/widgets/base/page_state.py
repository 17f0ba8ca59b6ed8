"""The state of a page's widgets without what it repeats: their code, and ids that are new each time.

Pages of the book and labs that are saved as a file take the code from elsewhere, and name widgets in the order of
their making, so that the same sources give the same page.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable

from lmkit.widgets.base import bundle

PACKAGE = "lmkit.widgets."

State = dict[str, dict]  # the models of a page, by id, in the order of their making


def entry_of(model: dict) -> str | None:
    """Return the folder of one of our views, such as ``labs/ribbon``; None for another widget."""
    kind = model["state"].get("_anywidget_id", "")
    return "/".join(kind.removeprefix(PACKAGE).split(".")[:-2]) if kind.startswith(PACKAGE) else None


def take_code(state: State) -> dict[str, str]:
    """Take code, assets and what is not set out of a state; return the folders of views, each with its first view's id.

    A view that another version of lmkit has stored keeps both: our code may not know what its state says.
    """
    views: dict[str, str] = {}
    for key, model in state.items():
        if (entry := entry_of(model)) and is_current(model, entry):
            views.setdefault(entry, key)
            model["state"]["_esm"] = bundle.start(f"{entry}/view.js")
            model["state"].pop("_css", None)
            model["state"].pop("assets", None)
        elif model["model_name"] == "LayoutModel":  # what is not set there is null, as it is by default
            model["state"] = {name: value for name, value in model["state"].items() if value is not None}
    named = {reference for model in state.values() for reference in model["state"].get("assets", {}).values()}
    for key in [key for key, model in state.items() if is_asset(model) and f"IPY_MODEL_{key}" not in named]:
        del state[key]
    return views


def is_asset(model: dict) -> bool:
    """Tell whether a model is a file that travels in the state (`travelling.Asset`)."""
    return "lmkit_asset" in model["state"]


def is_current(model: dict, entry: str) -> bool:
    """Tell whether a view was stored with the code that this version of lmkit has: its name says so."""
    path = f"{entry}/view.js"
    return (bundle.WIDGETS / path).is_file() and model["state"]["_esm"].endswith(bundle.start(path))


def rename(text: str, state: State, name: Callable[[int], str] = "w{}".format) -> str:
    """Return a text in which models have short names, by the order of their making."""
    names = {key: name(number) for number, key in enumerate(state)}
    return re.sub("|".join(names), lambda match: names[match[0]], text) if names else text


def number_labs(state: State) -> None:
    """Number the labs of each kind on a page, in the order of their making: links name them."""
    made = Counter()
    for toolbar in filter(None, (model["state"].get("toolbar") for model in state.values())):
        made[toolbar["lab"]] += 1
        toolbar["lab"] = f"{toolbar['lab']}-{made[toolbar['lab']]}"
