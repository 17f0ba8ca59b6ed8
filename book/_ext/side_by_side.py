"""Read chapters in several processes: each is run by a kernel of its own, and two cores take about half the time.

Sphinx has this as its option ``-j``, which jupyter-book does not pass on. There are ``JOBS`` processes, 2 if unset.
Sphinx would deal each of them its share of the chapters at the start, and then wait for the one that got the long
ones. Here each takes the next chapter when it is done with one: first those that LONGEST names, then by length.
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


def in_turn(lengths: dict[str, tuple[int, int]], processes: int) -> list[str]:
    """Order documents such that Sphinx takes the longest first: as many as there are processes, then from the end."""
    longest = sorted(lengths, key=lengths.get, reverse=True)
    return longest[:processes] + longest[processes:][::-1]


def length(app: Sphinx, document: str) -> tuple[int, int]:
    """Tell roughly how long a document runs: whether it is known to be of the longest, and how many cells it has."""
    longest = os.environ.get("LONGEST", "").split()
    with open(app.env.doc2path(document), "rb") as file:
        return document.rpartition("/")[2] in longest, file.read().count(CODE)


def declare(app: Sphinx, env, docnames: list[str]) -> None:
    """Let Sphinx read in parallel, document by document."""
    for name in UNDECLARED:
        if name in app.extensions:
            app.extensions[name].parallel_read_safe = True
    docnames[:] = in_turn({name: length(app, name) for name in docnames}, app.parallel)


def setup(app: Sphinx) -> dict:
    app.parallel = int(os.environ.get("JOBS", "2"))
    builders.make_chunks = one_by_one
    app.connect("env-before-read-docs", declare)
    return {"version": "1.0", "parallel_read_safe": True, "parallel_write_safe": True}
