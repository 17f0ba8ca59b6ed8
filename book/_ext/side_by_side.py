"""Read chapters in several processes: each is run by a kernel of its own, and two cores take about half the time.

Sphinx has this as its option ``-j``, which jupyter-book does not pass on. There are ``JOBS`` processes, 2 if unset.
"""

import os

from sphinx.application import Sphinx

# They work on the whole book after it has been read, or on LaTeX only, but do not declare that this is safe.
UNDECLARED = ("sphinx_multitoc_numbering", "sphinx_jupyterbook_latex")


def declare(app: Sphinx, env, docnames: list[str]) -> None:
    """Let Sphinx read in parallel, and deal the documents out in turn, lest one process get all the long ones."""
    for name in UNDECLARED:
        if name in app.extensions:
            app.extensions[name].parallel_read_safe = True
    docnames[:] = docnames[::2] + docnames[1::2]


def setup(app: Sphinx) -> dict:
    app.parallel = int(os.environ.get("JOBS", "2"))
    app.connect("env-before-read-docs", declare)
    return {"version": "1.0", "parallel_read_safe": True, "parallel_write_safe": True}
