"""Read chapters in several processes: each is run by a kernel of its own, and two cores take about half the time.

Sphinx has this as its option ``-j``, which jupyter-book does not pass on. There are ``JOBS`` processes, 2 if unset.
Sphinx would deal each of them its share of the chapters at the start, and then wait for the one that got the long
ones. Here each takes the next chapter when it is done with one, the long ones first.
"""

import os

from sphinx import builders
from sphinx.application import Sphinx

# They work on the whole book after it has been read, or on LaTeX only, but do not declare that this is safe.
UNDECLARED = ("sphinx_multitoc_numbering", "sphinx_jupyterbook_latex")
CODE = b'"cell_type": "code"'


def one_by_one(documents: list[str], _) -> list[list[str]]:
    """Divide documents among processes: every one is a task of its own."""
    return [[document] for document in documents]


def in_turn(lengths: dict[str, int], processes: int) -> list[str]:
    """Order documents such that Sphinx takes the longest first: as many as there are processes, then from the end."""
    longest = sorted(lengths, key=lengths.get, reverse=True)
    return longest[:processes] + longest[processes:][::-1]


def code_cells(app: Sphinx, document: str) -> int:
    """Count the code cells of a document, by which one can tell roughly how long it runs."""
    with open(app.env.doc2path(document), "rb") as file:
        return file.read().count(CODE)


def declare(app: Sphinx, env, docnames: list[str]) -> None:
    """Let Sphinx read in parallel, document by document."""
    for name in UNDECLARED:
        if name in app.extensions:
            app.extensions[name].parallel_read_safe = True
    docnames[:] = in_turn({name: code_cells(app, name) for name in docnames}, app.parallel)


def setup(app: Sphinx) -> dict:
    app.parallel = int(os.environ.get("JOBS", "2"))
    builders.make_chunks = one_by_one
    app.connect("env-before-read-docs", declare)
    return {"version": "1.0", "parallel_read_safe": True, "parallel_write_safe": True}
