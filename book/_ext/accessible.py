"""Repair markup of the tools below us that accessibility checkers reject."""

from docutils import nodes
from docutils.writers._html_base import HTMLTranslator


def visit_citation(translator, node: nodes.citation) -> None:
    """Write an entry of the bibliography as a list item: the role that docutils gives it is deprecated."""
    HTMLTranslator.visit_citation(translator, node)
    translator.body[-1] = translator.body[-1].replace('role="doc-biblioentry"', 'role="listitem"')


def depart_citation(translator, node: nodes.citation) -> None:
    HTMLTranslator.depart_citation(translator, node)


def setup(app):
    app.add_node(nodes.citation, override=True, html=(visit_citation, depart_citation))
    return {"version": "1.0", "parallel_read_safe": True, "parallel_write_safe": True}
