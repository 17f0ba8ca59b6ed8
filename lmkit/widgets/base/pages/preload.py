"""Have a browser fetch the model of a page's first lab at once, beside the scripts that will ask for it."""

from __future__ import annotations

import json

from lmkit.plots.escaping import escape


def first_model(state: dict[str, dict]) -> dict | None:
    """Return the shipped model that the first lab with a model opens, as its view names it, if there is one.

    Parameters
    ----------
    state : dict
        The models of a page's widgets, in the order of their making.
    """
    opened = (_opened(model["state"]) for model in state.values())
    return next((model for model in opened if model and not model["own"]), None)


def _opened(state: dict) -> dict | None:
    """Return what a view opens at its start: one of several that it offers, or its only one."""
    for offered, chosen in (("models", "model_index"), ("translators", "sees_index")):
        if state.get(offered):
            return state[offered][state.get(chosen, 0)]
    only = state.get("clean") or state.get("model")
    return only if isinstance(only, dict) and {"name", "key", "own"} <= only.keys() else None


def tags(state: dict[str, dict], root: str) -> str:
    """Return what stands in the head: the name of the model, and what has its file and the tables of its truth fetched.

    The addresses are those that `assets.js` builds. From a disk nothing can be fetched, and a browser would say so:
    there `assets.js` takes the script.
    """
    if not (model := first_model(state)):
        return ""
    folder = f"{root}_static/lmkit"
    link = {"rel": "preload", "as": "fetch", "crossOrigin": "anonymous"}
    link["href"] = f"{folder}/{model['name']}.bin?v={model['key']}"
    script = f'document.head.append(Object.assign(document.createElement("link"), {json.dumps(link)}))'
    truth = model["truth"] or []
    tables = [truth] if isinstance(truth, dict) else truth
    return "\n    ".join(
        [
            f'<meta name="first-model" content="{escape(model["name"])}"/>',
            f'<script>if (location.protocol.startsWith("http")) {script};</script>',
            *(
                f'<link rel="preload" as="script" href="{folder}/{name}.js?v={key}"/>'
                for name, key in map(_named, tables)
            ),
            "",
        ]
    )


def _named(table: dict) -> tuple[str, str]:
    return table["name"], table["key"]
