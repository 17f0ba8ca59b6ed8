"""A Sphinx extension: labs of lmkit on the pages of any Jupyter Book 1, or Sphinx project with MyST-NB.

In the ``conf.py`` of a Sphinx project, or in the ``_config.yml`` of a Jupyter Book::

    extensions = ["myst_nb", "lmkit.sphinx"]

    sphinx:
      extra_extensions: [lmkit.sphinx]

Pages then load what draws their labs, the labs' code and their models from the site's own ``_static``, each once for a
page, and ask no other host for anything. Equations become MathML, labs have a picture for readers without scripts, and
what a page would still load from elsewhere is a warning (``lmkit.elsewhere``). There is nothing to set.
"""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

from lmkit.widgets import LABS
from lmkit.widgets.base import page_state
from lmkit.widgets.base.pages import elsewhere, markup, mathml, serving, staging

__all__ = ["setup"]


def is_lab(text: str) -> bool:
    """Tell by the text that stands for a widget whether it is a lab, rather than a quiz or another widget."""
    found = LABS.get(text.partition("(")[0])
    return found is not None and found.__module__.startswith(f"{page_state.PACKAGE}labs.")


def widen_labs(app: Sphinx, doctree: nodes.document) -> None:
    """Give the cells of labs the class that Sphinx Book Theme has for what reaches into the margin.

    A page without sections has none, and the theme's script would look for it there.
    """
    if not any(isinstance(section.parent, nodes.section) for section in doctree.findall(nodes.section)):
        return
    for cell in doctree.findall(nodes.container):
        if "cell" not in cell["classes"]:
            continue
        texts = (node.astext() for node in cell.findall(nodes.Element) if node.get("mime_type") == "text/plain")
        if any(map(is_lab, texts)):
            cell["classes"].append("full-width")


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect all parts with the build; Sphinx calls it.

    Raises
    ------
    sphinx.errors.ExtensionError
        When the build begins, if the project does not have MyST-NB.
    """
    for part in (staging, mathml, markup, serving, elsewhere):
        part.connect(app)
    app.connect("doctree-read", widen_labs)
    return {
        "version": "1",
        "env_version": staging.code_version(),
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
