"""A page with one lab alone, without a book or a notebook around it, so that figures do not hang on chapters.

A stand-in for anywidget's model takes the place of the controls: to move a slider is to set a trait.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from lmkit.widgets import DecodingLab
from lmkit.widgets.base import assets
from lmkit.widgets.base.lab import Lab
from lmkit.widgets.base.view import View
from tests.widgets.view_harness import packed, script_of

NAME = "lab.html"
TOKENS = 40
BODY = """<!doctype html><html lang="en" data-content_root="./"><meta charset="utf-8"><title>lab</title>
<link rel="stylesheet" href="lab.css"><div class="lmkit-lab"><div class="lmkit-controls"></div><div id="view"></div>
</div><script src="_static/lmkit/lab/lab.js"></script></html>"""


def write(folder: Path, **settings) -> list[Path]:
    """Write the page of a decoding lab with Stories and 40 new tokens; return the files that it asks for."""
    lab = DecodingLab("stories", max_new_tokens=TOKENS, **settings)
    return write_lab(folder, lab, ("stories", assets.GRAMMAR))


def write_lab(folder: Path, lab: Lab, names: Iterable[str]) -> list[Path]:
    """Write the page of a lab that needs these assets into a folder; return the files that it asks for."""
    own = set(lab.view.traits(sync=True)) - set(View.class_traits()) - {"_anywidget_id", "_css", "_esm"}
    state = packed({name: getattr(lab.view, name) for name in own})
    contents = {
        NAME: BODY,
        "lab.css": lab.view._css,
        "_static/lmkit/lab/lab.js": f"{script_of(lab.view.file('view.js'))}start({json.dumps(state)}, {{}});",
        **{f"_static/lmkit/{name}.js": assets.page_scripts()[f"{name}.js"] for name in names},
    }
    for name, text in contents.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in contents]
