"""Markdown of the cards as HTML: with MathML for pages, with TeX for Anki, which has MathJax."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import cache

from markdown_it import MarkdownIt
from math_core import LatexError, LatexToMathML
from mdit_py_plugins.dollarmath import dollarmath_plugin

from lmkit.plots.escaping import escape, showable

_PARAGRAPH = re.compile(r"<p>((?:(?!<p>).)*)</p>", re.DOTALL)


def to_page(text: str) -> str:
    r"""Return HTML with formulas as MathML; a single paragraph comes without its ``<p>``.

    Emphasis, code, lists, ``$x$`` and ``$$x$$`` are understood; HTML, links and pictures in the text stay text.

    Raises
    ------
    ValueError
        If a formula is not TeX that math-core knows.
    """
    return _render(text, _mathml)


def to_anki(text: str) -> str:
    r"""Return HTML with formulas as ``\(x\)`` and ``\[x\]``; a single paragraph comes without its ``<p>``."""
    return _render(text, _tex)


def anchor(heading: str) -> str:
    """Return the id that a heading has on its page: what docutils makes of it."""
    plain = unicodedata.normalize("NFKD", heading.lower()).encode("ascii", "ignore").decode()
    return re.sub(r"^[-0-9]+|-+$", "", re.sub(r"[^a-z0-9]+", "-", plain))


def _render(text: str, formula: Callable[[str, dict], str]) -> str:
    html = _parser(formula).render(showable(text)).strip()
    whole = _PARAGRAPH.fullmatch(html)
    return whole[1] if whole else html


@cache
def _parser(formula: Callable[[str, dict], str]) -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False}).disable(["link", "image", "autolink", "reference", "html_block"])
    return parser.use(dollarmath_plugin, renderer=formula, double_inline=True)


def _mathml(tex: str, options: dict) -> str:
    try:
        return LatexToMathML(fancy_error=False).convert_with_local_state(tex, displaystyle=options["display_mode"])
    except LatexError as error:
        raise ValueError(f"a formula must be TeX that can be shown, but {tex!r} is not: {error}") from None


def _tex(tex: str, options: dict) -> str:
    return rf"\[{escape(tex)}\]" if options["display_mode"] else rf"\({escape(tex)}\)"
