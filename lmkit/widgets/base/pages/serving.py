"""Give every page the scripts and styles of its labs, once, from files of their own.

In a notebook a widget's state carries the widget's code. On a built page it carries one line that starts the
view; the modules come from ``_static/lmkit/code/``, a script for each folder, which a browser keeps for the next
page. Pages name widgets in the order of their making, so that the same sources give the same page.

A lab also brings a picture of itself (``text/html`` beside the widget): a page shows it where no script runs.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.util import logging

from lmkit.plots.escaping import escape
from lmkit.widgets.base import bundle, page_state, runtime_files, svg
from lmkit.widgets.base.pages import preload, staging
from lmkit.widgets.base.pages.staging import file_name

LOG = logging.getLogger(__name__)
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
STATE = re.compile(r'<script type="application/vnd\.jupyter\.widget-state\+json">(.*?)</script>', re.DOTALL)
RUNTIME = re.compile(r"\s*(<script\b[^>]*/static-widgets\.js[^>]*></script>)")
SERVED = f'_static/vendor/{runtime_files.ANYWIDGET}"/>'
DRAWN_HERE = ("@jupyter-widgets/base", "@jupyter-widgets/controls", "anywidget")

Scripts = Mapping[str, Mapping[str, str]]  # addresses and attributes, as MyST-NB's `nb_ipywidgets_js` has them


@dataclass
class Needed:
    """Folders of scripts that a page's widgets need, those of the first lab and those of the others, and style sheets.

    `view` is the id of the first lab's view, or that of the first view where the page has no lab.
    """

    view: str = ""
    first: list[str] = field(default_factory=list)
    later: list[str] = field(default_factory=list)
    sheets: list[str] = field(default_factory=list)


def state_of(page: str) -> page_state.State:
    """Return the models of a page's widgets, by id."""
    found = STATE.search(page)
    return json.loads(found[1])["state"] if found else {}


def not_ours(state: page_state.State) -> list[str]:
    """Return what the runtime that comes with lmkit does not draw, such as ``AccordionModel``."""
    drawn = runtime_files.content(runtime_files.PAGE).decode("utf-8")
    names = {
        model["model_name"]
        for model in state.values()
        if model["model_module"] not in DRAWN_HERE
        or (model["model_module"] == "@jupyter-widgets/controls" and f'"{model["model_name"]}"' not in drawn)
    }
    return sorted(names)


def without_code(state: page_state.State) -> Needed:
    """Take the code out of a page's state; return what it needs instead."""
    views = page_state.take_code(state)
    if not views:
        return Needed()
    folders = {entry: bundle.folders(f"{entry}/view.js") for entry in views}
    sheets = dict.fromkeys(sheet for entry in views for sheet in bundle.styles(f"{entry}/style.css"))
    first = next((entry for entry in views if entry.startswith("labs/")), next(iter(views)))
    others = set().union(*folders.values()) - set(folders[first])
    return Needed(views[first], sorted(folders[first]), sorted(others), list(sheets))


def tags(needed: Needed, root: str, code: Path, runtime: str) -> str:
    """Return the tags that load scripts and styles; their addresses name the version.

    `runtime` is the tag of what draws widgets. It starts when the first lab's scripts are there, and draws that lab.
    """

    def address(name: str) -> str:
        version = hashlib.sha256((code / name).read_bytes()).hexdigest()[:8]
        return f"{root}_static/lmkit/code/{name}?v={version}"

    def scripts(folders: list[str]) -> list[str]:
        return [f'<script defer="defer" src="{address(f"{file_name(folder)}.js")}"></script>' for folder in folders]

    first = [f'<meta name="first-view" content="{needed.view}"/>'] if needed.view else []
    links = [f'<link rel="stylesheet" href="{address(f"{file_name(sheet)}.css")}"/>' for sheet in needed.sheets]
    return "\n    ".join([*first, *links, *scripts(needed.first), runtime, *scripts(needed.later)])


def runtime_tags(state: page_state.State, root: str, own: str, others: Scripts) -> str:
    """Return the tags of what draws a page's widgets: lmkit's runtime, or `others` where it cannot draw them all."""
    if not not_ours(state):
        views = f'<link rel="preload" as="script" href="{root}{SERVED}'  # the runtime will ask for it
        return f"{views}\n    {own}"
    return "\n    ".join(
        "<script {}></script>".format(" ".join(f'{name}="{escape(str(value))}"' for name, value in named.items()))
        for named in ({**attributes, "src": address_from(root, address)} for address, attributes in others.items())
    )


def address_from(root: str, address: str) -> str:
    """Return an address that stands in `nb_ipywidgets_js`, as a page asks for it."""
    return address if re.match(r"(https?:)?//", address) else f"{root}_static/{address}"


def served(page: str, root: str, code: Path, others: Scripts) -> str:
    """Return a page whose widgets take their code from files; one that does so already stays as it is.

    Parameters
    ----------
    page : str
    root : str
        The way from the page to the site's root: "", or "../" as often as it takes.
    code : Path
        Where those files are.
    others : dict of str to dict
        The scripts that draw widgets of a page that lmkit's runtime cannot draw: addresses with their attributes.
    """
    found, runtime = STATE.search(page), RUNTIME.search(page)
    if not found or not runtime or SERVED in page:
        return page
    saved = json.loads(found[1])
    needed = without_code(saved["state"])
    page_state.number_labs(saved["state"])
    text = json.dumps(saved, separators=(",", ":")).replace("</", "<\\/")  # nothing in it may end the script element
    state = f'<script type="application/vnd.jupyter.widget-state+json">{text}</script>'
    drawing = runtime_tags(saved["state"], root, runtime[1], others)
    head = f"{tags(needed, root, code, drawing)}\n    {state}"
    page = RUNTIME.sub("", page[: found.start()]) + head + RUNTIME.sub("", page[found.end() :])
    page = page.replace("<title>", preload.tags(saved["state"], root) + "<title>", 1)  # before all style sheets
    return page_state.rename(page, saved["state"])


class Serving:
    """Has MyST-NB load lmkit's runtime, and rewrites the pages.

    Attributes
    ----------
    others : dict of str to dict
        What MyST-NB would have loaded: addresses with their attributes.
    """

    def __init__(self):
        self.others: dict[str, dict[str, str]] = {}

    def take_over(self, app: Sphinx, config: Config) -> None:
        """Have pages with widgets load lmkit's runtime."""
        self.others = config.nb_ipywidgets_js
        config.nb_ipywidgets_js = {staging.RUNTIME: {"defer": "defer"}}

    def serve(self, app: Sphinx, exception: Exception | None) -> None:
        """Rewrite the pages after the last one is written."""
        if exception or app.builder.format != "html":
            return
        site = Path(app.outdir)
        code = site / "_static" / staging.CODE
        for path in sorted(site.rglob("*.html")):
            name = path.relative_to(site)
            page = path.read_text("utf-8")
            if (rewritten := served(page, "../" * (len(name.parts) - 1), code, self.others)) == page:
                continue
            if "__lmkit.define" in rewritten:
                LOG.warning(
                    "%s holds labs that another version of lmkit stored: run its notebook again, and save it",
                    name.as_posix(),
                    type="lmkit",
                    subtype="version",
                )
            path.write_text(rewritten, "utf-8")


def add_pictures(app: Sphinx, doctree: nodes.document) -> None:
    """Before every lab, put its picture for readers without scripts."""
    for together in list(doctree.findall(nodes.container)):
        forms = {child.get("mime_type"): child for child in together if isinstance(child, nodes.Element)}
        if WIDGET_VIEW in forms and (picture := forms.get("text/html")):
            html = svg.as_text("".join(raw.astext() for raw in picture.findall(nodes.raw)))
            together.parent.insert(
                together.parent.index(together),
                nodes.raw("", f"<noscript>{html}</noscript>", format="html"),
            )


def connect(app: Sphinx) -> None:
    """Take part in a build."""
    serving = Serving()
    app.connect("config-inited", serving.take_over)
    app.connect("doctree-read", add_pictures)
    app.connect("build-finished", serving.serve, priority=400)
