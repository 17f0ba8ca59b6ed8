"""What the book's sources say should be on its pages."""

from __future__ import annotations

import ast
import json
import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import nbformat
import yaml

from lmkit.widgets import LABS

ROOT = Path(__file__).resolve().parents[2]
SITE = ROOT / "_build" / "html"
EXECUTED = ROOT / "_build" / "jupyter_execute"
SOURCES = ("_config.yml", "_toc.yml", "book", "lmkit", "third_party")
NO_SOURCES = {"__pycache__", ".ipynb_checkpoints", "node_modules"}

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
WIDGET_STATE = "application/vnd.jupyter.widget-state+json"
# What an output is shown as when it comes in several forms; the first that it has.
FORMS = {
    WIDGET_VIEW: "widget",
    "text/html": "html",
    "image/svg+xml": "image",
    "image/png": "image",
    "text/plain": "text",
}
REMOVES_OUTPUT = {"remove-cell", "remove_cell", "remove-output", "remove_output"}


@cache
def documents() -> list[str]:
    """The pages that the table of contents names, without suffix, in order."""
    contents = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    return list(_files(contents))


def _files(part: Any):
    """Walk through parts, chapters and sections."""
    if isinstance(part, list):
        for item in part:
            yield from _files(item)
    elif isinstance(part, dict):
        yield from (part[key] for key in ("root", "file") if key in part)
        for value in part.values():
            yield from _files(value) if isinstance(value, list) else ()


def source(document: str) -> Path:
    """The file from which a page is made."""
    found = [path for suffix in (".ipynb", ".md") if (path := ROOT / f"{document}{suffix}").is_file()]
    if len(found) != 1:
        raise FileNotFoundError(f"_toc.yml names {document}: one {document}.ipynb or .md must be there, not {found}")
    return found[0]


def notebooks() -> list[str]:
    """The pages that are made from notebooks."""
    return [document for document in documents() if source(document).suffix == ".ipynb"]


def teaching() -> list[str]:
    """Those that teach something of their own."""
    others = ("book/intro", "book/playground", "book/own_text", "book/review", "book/class_results")
    return [document for document in notebooks() if document not in others]


@cache
def notebook(document: str) -> nbformat.NotebookNode:
    """A notebook as it is stored."""
    return nbformat.read(source(document), as_version=4)


@cache
def executed(document: str) -> nbformat.NotebookNode:
    """A notebook as the build has run it."""
    return nbformat.read(EXECUTED / f"{document}.ipynb", as_version=4)


def code_cells(document: str) -> list[nbformat.NotebookNode]:
    """The cells of a notebook that hold code."""
    return [cell for cell in notebook(document).cells if cell.cell_type == "code" and cell.source.strip()]


def tags(cell: nbformat.NotebookNode) -> set[str]:
    return set(cell.metadata.get("tags", []))


def pages() -> list[str]:
    """The addresses of all pages that a reader can reach, below the site's root."""
    return [*(f"{document}.html" for document in documents()), "genindex.html", "search.html"]


def expected_counts(document: str) -> dict[str, int]:
    """How many cells, and outputs of each form, the page of a notebook must show."""
    counts = Counter({"cell": 0, **dict.fromkeys([*FORMS.values(), "stream"], 0)})
    for cell in (cell for cell in executed(document).cells if cell.cell_type == "code" and cell.source.strip()):
        counts["cell"] += not tags(cell) & {"remove-cell", "remove_cell"}
        if not tags(cell) & REMOVES_OUTPUT:
            counts.update(_shown_forms(cell.outputs))
    return dict(counts)


def _shown_forms(outputs: list[nbformat.NotebookNode]) -> list[str]:
    streams = {output.name for output in outputs if output.output_type == "stream"}  # merged into one each
    data = [output.data for output in outputs if output.output_type in ("display_data", "execute_result")]
    forms = [next((form for mime, form in FORMS.items() if mime in bundle), None) for bundle in data]
    return ["stream"] * len(streams) + [form for form in forms if form]


def build_faults() -> list[str]:
    """Why the built site cannot be tested: it is missing, incomplete, or older than what it is made from."""
    if missing := [page for page in pages() if not (SITE / page).is_file()]:
        return [f"{SITE} lacks {', '.join(missing)}: run `make book`"]
    built = (SITE / "searchindex.js").stat().st_mtime
    newer = [path for path in source_files() if path.stat().st_mtime > built]
    return [f"{path.relative_to(ROOT)} is newer than the built site: run `make book`" for path in newer[:3]]


def source_files() -> list[Path]:
    """Every file from which the site is made."""
    files = (path for name in SOURCES for path in [ROOT / name, *(ROOT / name).rglob("*")])
    return [path for path in files if path.is_file() and not NO_SOURCES & set(path.relative_to(ROOT).parts)]


def widget_state(html: str) -> dict[str, Any]:
    """The state of all widgets that a built page carries, by model id."""
    scripts = re.findall(rf'<script type="{re.escape(WIDGET_STATE)}">(.*?)</script>', html, re.DOTALL)
    return {key: model for script in scripts for key, model in json.loads(script)["state"].items()}


def widget_views(html: str) -> list[str]:
    """The model ids of the widgets that a built page shows, in order."""
    scripts = re.findall(rf'<script type="{re.escape(WIDGET_VIEW)}">(.*?)</script>', html, re.DOTALL)
    return [json.loads(script)["model_id"] for script in scripts]


def built_widgets(document: str) -> tuple[dict[str, Any], list[str]]:
    """The state of all widgets that a built page carries, and the model ids of those that it shows, in order."""
    html = (SITE / f"{document}.html").read_text(encoding="utf-8")
    return widget_state(html), widget_views(html)


def shown_labs(document: str) -> list[str]:
    """The names of the labs that the cells of a notebook show, in order: each is called at the end of its cell."""
    last = (ast.parse(source_of(cell)).body[-1:] for cell in code_cells(document))
    calls = (node.value for (node,) in filter(None, last) if isinstance(node, ast.Expr))
    called = (call.func.id for call in calls if isinstance(call, ast.Call) and isinstance(call.func, ast.Name))
    return [name for name in called if name in LABS]


@cache
def with_labs() -> list[str]:
    """The pages that show labs."""
    return [document for document in notebooks() if shown_labs(document)]


@cache
def with_new_labs() -> list[str]:
    """Those that show a kind of lab which no page before them shows: enough for what all labs of a kind share."""
    seen: set[str] = set()
    found = []
    for document in with_labs():
        if new := {*shown_labs(document)} - seen:
            found.append(document)
            seen |= new
    return found


def source_of(cell: nbformat.NotebookNode) -> str:
    """The Python of a cell, without lines that are for IPython or the shell."""
    return re.sub(r"^\s*[%!].*", "pass", cell.source, flags=re.MULTILINE)
