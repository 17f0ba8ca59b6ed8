r"""Render mathematics to MathML while the book is built.

Browsers lay MathML out by themselves and screen readers read it, so equations need no script: only a math
font, and only on pages that have an equation. TeX that cannot be converted is a warning, and the book is
built with warnings as errors.
"""

import re
from html import escape

from docutils import nodes
from math_core import LatexError, LatexToMathML
from sphinx.locale import _
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

logger = logging.getLogger(__name__)
converter = LatexToMathML(fancy_error=False)

# The theme makes elements of this class reachable by keyboard when they are wider than the page.
SCROLLABLE = "pst-scrollable-table-container"


# Sphinx numbers equations. These would number their lines once more; these of the same name plus "ed" do not.
NUMBERING = re.compile(r"\\(begin|end)\{(align|gather)\}")


def render(node: nodes.Node, *, displaystyle: bool) -> str:
    """Return the MathML of a math node; on bad TeX warn and return the TeX itself."""
    tex = NUMBERING.sub(r"\\\1{\2ed}", node.astext())
    if displaystyle and r"\\" in tex and r"\begin" not in tex:
        tex = rf"\begin{{aligned}}{tex}\end{{aligned}}"
    try:
        return converter.convert_with_local_state(tex, displaystyle=displaystyle)
    except LatexError as error:
        logger.warning("cannot convert %r to MathML: %s", tex, error, location=node)
        return f"<code>{escape(tex)}</code>"


def visit_inline(translator, node: nodes.math) -> None:
    """Write an inline formula."""
    translator.body.append(translator.starttag(node, "span", "", CLASS="math notranslate nohighlight"))
    translator.body.append(render(node, displaystyle=False) + "</span>")
    raise nodes.SkipNode


def visit_display(translator, node: nodes.math_block) -> None:
    """Write a displayed formula, with its number where it has one."""
    translator.body.append(translator.starttag(node, "div", CLASS="math notranslate nohighlight"))
    if node["number"]:
        translator.body.append(f'<span class="eqno">({get_node_equation_number(translator, node)})')
        translator.add_permalink_ref(node, _("Link to this equation"))
        translator.body.append("</span>")
    translator.body.append(f'<div class="{SCROLLABLE}">{render(node, displaystyle=True)}</div></div>\n')
    raise nodes.SkipNode


def select(app, config) -> None:
    """Make this renderer the one that pages use."""
    config.html_math_renderer = "mathml"


def setup(app):
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_display, None))
    app.connect("config-inited", select)
    return {"version": "1.0", "parallel_read_safe": True, "parallel_write_safe": True}
