r"""Render mathematics to MathML while a site is built.

Browsers lay MathML out by themselves and screen readers read it, so equations need no script, which would come from
another host. TeX that cannot be converted is a warning. A project that names a renderer itself
(``html_math_renderer``) keeps it.
"""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from math_core import LatexError, LatexToMathML
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.locale import _
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

from lmkit.plots.escaping import escape

NAME = "mathml"
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
        logger.warning(
            "cannot convert %r to MathML: %s; write it in another way, or set html_math_renderer = 'mathjax'",
            *(tex, error),
            location=node,
            type="lmkit",
            subtype="math",
        )
        return f"<code>{escape(tex)}</code>"


def visit_inline(translator: Any, node: nodes.math) -> None:
    """Write an inline formula."""
    translator.body.append(translator.starttag(node, "span", "", CLASS="math notranslate nohighlight"))
    translator.body.append(render(node, displaystyle=False) + "</span>")
    raise nodes.SkipNode


def visit_display(translator: Any, node: nodes.math_block) -> None:
    """Write a displayed formula, with its number where it has one."""
    translator.body.append(translator.starttag(node, "div", CLASS="math notranslate nohighlight"))
    if node["number"]:
        translator.body.append(f'<span class="eqno">({get_node_equation_number(translator, node)})')
        translator.add_permalink_ref(node, _("Link to this equation"))
        translator.body.append("</span>")
    translator.body.append(f'<div class="{SCROLLABLE}">{render(node, displaystyle=True)}</div></div>\n')
    raise nodes.SkipNode


def select(app: Sphinx, config: Config) -> None:
    """Make this renderer the one that pages use, unless the project has chosen."""
    if config.html_math_renderer is None:
        config.html_math_renderer = NAME


def connect(app: Sphinx) -> None:
    """Take part in a build."""
    app.add_html_math_renderer(NAME, (visit_inline, None), (visit_display, None))
    app.connect("config-inited", select)
