"""Repair markup of the tools below us that accessibility checkers reject."""

from __future__ import annotations

from typing import Any

from docutils import nodes
from docutils.writers._html_base import HTMLTranslator
from sphinx.application import Sphinx


def visit_citation(translator: Any, node: nodes.citation) -> None:
    """Write an entry of the bibliography as a list item: the role that docutils gives it is deprecated."""
    HTMLTranslator.visit_citation(translator, node)
    translator.body[-1] = translator.body[-1].replace('role="doc-biblioentry"', 'role="listitem"')


def depart_citation(translator: Any, node: nodes.citation) -> None:
    """End it."""
    HTMLTranslator.depart_citation(translator, node)


def connect(app: Sphinx) -> None:
    """Take part in a build."""
    app.add_node(nodes.citation, override=True, html=(visit_citation, depart_citation))
