"""Give every page the scripts and styles of its labs, once, from files of their own.

In a notebook a widget's state carries the widget's code. On a page of the book it carries one line that starts the
view; the modules come from ``_static/lmkit/code/``, a script for each folder, which a browser keeps for the next
page. Pages name widgets in the order of their making, so that the same sources give the same page.

A lab also brings a picture of itself (``text/html`` beside the widget): a page shows it where no script runs. And its
cell is wider than the text where the page has a margin: for the class ``full-width`` the theme puts away what is there.
"""

import hashlib
import json
import re
from dataclasses import dataclass, field
from pathlib import Path

import preload
from docutils import nodes
from sphinx.errors import ExtensionError

from lmkit.widgets import LABS
from lmkit.widgets.base import bundle, page_state, svg
from lmkit.widgets.runtime.kernel import build as kernel

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
STATE = re.compile(r'<script type="application/vnd\.jupyter\.widget-state\+json">(.*?)</script>', re.DOTALL)
RUNTIME = re.compile(r"\s*(<script\b[^>]*/static-widgets\.js[^>]*></script>)")
VIEW_ID = re.compile(r'"model_id": ?"(\w+)"')


def file_name(path: str) -> str:
    """Return the name under which a folder's script or a style sheet is staged."""
    return path.removesuffix(".css").replace("/", "-")


def write_code(folder: Path) -> None:
    """Write the scripts and styles that pages load: called while assets are staged."""
    for path, targets in kernel.SCRIPTS.items():
        if not kernel.belongs(path.read_text(encoding="utf-8"), targets):
            raise ExtensionError(f"{path}: not compiled from the C sources in {kernel.FOLDER}; run `make kernel`")
    folder.mkdir(parents=True)
    for place in sorted({path.parent for path in bundle.WIDGETS.rglob("*.js")}):
        name = place.relative_to(bundle.WIDGETS).as_posix()
        (folder / f"{file_name(name)}.js").write_text(bundle.folder_script(name), encoding="utf-8")
    for path in sorted(bundle.WIDGETS.rglob("*.css")):
        name = path.relative_to(bundle.WIDGETS).as_posix()
        (folder / f"{file_name(name)}.css").write_text(bundle.styles(name)[name], encoding="utf-8")


@dataclass
class Needed:
    """What a page's widgets need: the folders of the first lab's scripts, those of the others, and style sheets.

    `view` is the id of the first lab's view, or that of the first view where the page has no lab.
    """

    view: str = ""
    first: list[str] = field(default_factory=list)
    later: list[str] = field(default_factory=list)
    sheets: list[str] = field(default_factory=list)


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
    views = f'<link rel="preload" as="script" href="{root}_static/vendor/anywidget.js"/>'  # the runtime will ask for it
    return "\n    ".join([*first, *links, *scripts(needed.first), views, runtime, *scripts(needed.later)])


def served(page: str, root: str, code: Path) -> str:
    """Return a page whose widgets take their code from files; `root` is the way from the page to the site's root."""
    found = STATE.search(page)
    if not found:
        return page
    saved = json.loads(found[1])
    needed = without_code(saved["state"])
    page_state.number_labs(saved["state"])
    text = json.dumps(saved, separators=(",", ":")).replace("</", "<\\/")  # nothing in it may end the script element
    state = f'<script type="application/vnd.jupyter.widget-state+json">{text}</script>'
    runtime = RUNTIME.search(page)
    head = f"{tags(needed, root, code, runtime[1] if runtime else '')}\n    {state}"
    page = RUNTIME.sub("", page[: found.start()]) + head + RUNTIME.sub("", page[found.end() :])
    page = page.replace("<title>", preload.tags(saved["state"], root) + "<title>", 1)  # before all style sheets
    return page_state.rename(page, saved["state"])


def serve_code(app, exception) -> None:
    """Rewrite the pages after the last one is written."""
    if exception or app.builder.format != "html":
        return
    site = Path(app.outdir)
    for path in sorted(site.rglob("*.html")):
        root = "../" * (len(path.relative_to(site).parts) - 1)
        page = path.read_text("utf-8")
        if (rewritten := served(page, root, site / "_static" / "lmkit" / "code")) != page:
            if "export default {" in rewritten or "__lmkit.define" in rewritten:
                raise ExtensionError(
                    f"{path.relative_to(site)} holds the code of a widget: is its view in lmkit.widgets?"
                )
            path.write_text(rewritten, "utf-8")


def add_pictures(app, doctree) -> None:
    """Before every lab, put its picture for readers without scripts."""
    for together in list(doctree.findall(nodes.container)):
        forms = {child.get("mime_type"): child for child in together if isinstance(child, nodes.Element)}
        if WIDGET_VIEW in forms and (picture := forms.get("text/html")):
            html = svg.as_text("".join(raw.astext() for raw in picture.findall(nodes.raw)))
            together.parent.insert(
                together.parent.index(together),
                nodes.raw("", f"<noscript>{html}</noscript>", format="html"),
            )


def is_lab(text: str) -> bool:
    """Tell by the text that stands for a widget whether it is a lab, rather than a quiz or another widget."""
    found = LABS.get(text.partition("(")[0])
    return found is not None and found.__module__.startswith(f"{page_state.PACKAGE}labs.")


def widen_labs(app, doctree) -> None:
    """Give the cells of labs the theme's class for what reaches into the margin."""
    for cell in doctree.findall(lambda node: isinstance(node, nodes.container) and "cell" in node["classes"]):
        texts = (node.astext() for node in cell.findall(nodes.Element) if node.get("mime_type") == "text/plain")
        if any(map(is_lab, texts)):
            cell["classes"].append("full-width")


def setup(app):
    app.connect("doctree-read", add_pictures)
    app.connect("doctree-read", widen_labs)
    app.connect("build-finished", serve_code, priority=400)
    return {"version": "1.0", "parallel_read_safe": True, "parallel_write_safe": True}
