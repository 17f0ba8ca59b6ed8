"""Small projects of somebody else, with one notebook of two labs; and the pages that tools make of it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from playwright.sync_api import Browser, Page, Route

from lmkit.widgets.base import runtime_files
from tests.site import book
from tests.site.lab import Lab, plans
from tests.widgets.decoding.driver import DecodingLab
from tests.widgets.dropout.test_page import Driver as DropoutLab

TEXT = "# Two labs\n\nSee $x^2 < 1$ and\n\n$$\\sum_i p_i = 1$$\n\n## A section"
CODE = (
    "from lmkit.widgets import DecodingLab, DropoutLab\nDecodingLab('stories', temperature=0.7, seed=3)",
    "DropoutLab(p=0.25)",
)
JUPYTER_BOOK = Path(sys.executable).with_name("jupyter-book")
METADATA = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
BOOK = {
    "_config.yml": "title: Mine\nsphinx:\n  extra_extensions: [lmkit.sphinx]\n",
    "_toc.yml": "format: jb-book\nroot: intro\nchapters:\n- file: labs\n",
    "intro.md": "# Mine\n\nNo lab here, but $x$.\n",
}
SPHINX = {
    "conf.py": 'extensions = ["myst_nb", "lmkit.sphinx"]\nmyst_enable_extensions = ["dollarmath"]\n'
    'nb_execution_mode = "off"\n',
    "index.md": "# Mine\n\n```{toctree}\nlabs\n```\n",
}


def notebook() -> nbformat.NotebookNode:
    """A notebook that nobody has run."""
    cells = [nbformat.v4.new_markdown_cell(TEXT), *map(nbformat.v4.new_code_cell, CODE)]
    return nbformat.v4.new_notebook(cells=cells, metadata=METADATA)


def executed() -> nbformat.NotebookNode:
    """The same with its outputs and the state of its widgets, as Jupyter stores them."""
    return NotebookClient(notebook(), resources={"metadata": {"path": str(book.ROOT)}}).execute()


def write(folder: Path, files: dict[str, str], cells: nbformat.NotebookNode) -> Path:
    """Write a project with a notebook, and return its folder."""
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    nbformat.write(cells, folder / "labs.ipynb")
    return folder


def run(*command: str | Path) -> str:
    """Run Python with these arguments and this lmkit, and return what it says; it must not fail."""
    settings = os.environ | {"PYTHONPATH": str(book.ROOT)}
    words = [sys.executable, *map(str, command)]
    done = subprocess.run(words, capture_output=True, text=True, env=settings, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def check_labs(page: Page, html: str) -> None:
    """Both labs are there and move: what they show by then is what Python computes."""
    found = plans(book.widget_state(html), book.widget_views(html))
    assert [plan.kind for plan in found] == ["DecodingView", "DropoutView"]
    labs: list[Lab] = [
        driver(page.locator(".lmkit-lab").nth(place), found[place])
        for place, driver in enumerate((DecodingLab, DropoutLab))
    ]
    for lab in labs:
        lab.wait_until_ready()
    labs[0].step_through("temperature", [3.0, 0.1])
    labs[1].step_through("p", [0.9, 0.0])


def answer(route: Route) -> None:
    """Stand in for the hosts from which upstream's pages load ipywidgets' manager: what we ship does its work.

    Other scripts of theirs, such as MathJax and RequireJS, are empty here.
    """
    name = route.request.url.partition("?")[0].rpartition("/")[2]
    known = {"embed-amd.js": runtime_files.PAGE, runtime_files.ANYWIDGET: runtime_files.ANYWIDGET}
    body = runtime_files.content(known[name]) if name in known else b""
    route.fulfill(body=body, content_type="text/javascript", headers={"Access-Control-Allow-Origin": "*"})


@contextmanager
def upstream(browser: Browser, path: Path) -> Iterator[Page]:
    """A page opened from a disk whose requests to other hosts are answered as above."""
    page = browser.new_page(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    page.route(lambda address: address.startswith("http"), answer)
    try:
        page.goto(path.resolve().as_uri())
        yield page
    finally:
        page.close()
