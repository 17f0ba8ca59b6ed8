"""Have a browser fetch the model of a page's first lab at once, beside the scripts that will ask for it."""

import json
from html import escape


def first_model(state: dict[str, dict]) -> tuple[str, str] | None:
    """Return the name and the version of the shipped model that the first lab with a model opens, if there is one.

    Parameters
    ----------
    state : dict
        The models of a page's widgets, in the order of their making.
    """
    for model in state.values():
        if (opened := _opened(model["state"])) and not opened["own"]:
            return opened["name"], opened["key"]
    return None


def _opened(state: dict) -> dict | None:
    """Return what a view opens at its start: one of several that it offers, or its only one."""
    if offered := state.get("models") or state.get("translators"):
        return offered[state.get("model_index", 0)]
    only = state.get("clean") or state.get("model")
    return only if isinstance(only, dict) and {"name", "key", "own"} <= only.keys() else None


def tags(state: dict[str, dict], root: str) -> str:
    """Return what stands in the head: the model's name, and a script that has its file fetched.

    The address is the one that `assets.js` builds. From a disk nothing can be fetched, and a browser would say so:
    there `assets.js` takes the script.
    """
    if not (found := first_model(state)):
        return ""
    name, version = found
    link = {"rel": "preload", "as": "fetch", "crossOrigin": "anonymous"}
    link["href"] = f"{root}_static/lmkit/{name}.bin?v={version}"
    script = f'document.head.append(Object.assign(document.createElement("link"), {json.dumps(link)}))'
    return (
        f'<meta name="first-model" content="{escape(name)}"/>\n'
        f'    <script>if (location.protocol.startsWith("http")) {script};</script>\n    '
    )
