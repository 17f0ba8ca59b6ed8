"""What draws widgets on a page without a kernel: ipywidgets' own code, cut down, and anywidget's script.

`third_party/widgets` makes the first from its sources. anywidget's comes from the installed package, so that it is
always the version that wrote the page's widgets.
"""

from __future__ import annotations

from importlib import resources

PAGE, LAB, NOTICES = "static-widgets.js", "lab-widgets.js", "NOTICES.txt"
ANYWIDGET = "anywidget.js"


def page_files() -> dict[str, bytes]:
    """Return the files that a built page loads from its folder `_static/vendor`, by name, with their licences."""
    return {name: content(name) for name in (PAGE, ANYWIDGET, NOTICES)}


def content(name: str) -> bytes:
    """Return one of these files; `LAB` draws what labs are made of, and nothing else."""
    if name == ANYWIDGET:
        return (resources.files("anywidget") / "nbextension" / "index.js").read_bytes()
    return (resources.files("lmkit") / "vendor" / name).read_bytes()
