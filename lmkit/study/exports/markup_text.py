"""Elements of XML and HTML as text, with every value escaped and nothing that XML may not hold."""

from __future__ import annotations

import re

from lmkit.plots.escaping import escape, unescape
from lmkit.study.markup import to_page

_NAMED = re.compile(r"&(?!(?:amp|lt|gt|quot|apos);)([A-Za-z][A-Za-z0-9]*;)")
_BLOCK_IN_LINE = re.compile(r'<div class="math inline">(.*?)</div>', re.DOTALL)
_SPACE_IN_ATTRIBUTE = {"\n": "&#10;", "\t": "&#9;"}  # else a reader takes each for a space


def tag(name: str, /, *content: str, **attributes: str) -> str:
    """Return an element around content that is markup already; two underscores in an attribute's name are a colon."""
    written = "".join(f' {key.replace("__", ":")}="{_in_quotes(value)}"' for key, value in attributes.items())
    return f"<{name}{written}>{''.join(content)}</{name}>" if content else f"<{name}{written}/>"


def _in_quotes(value: str) -> str:
    return "".join(_SPACE_IN_ATTRIBUTE.get(sign, sign) for sign in escape(value))


def to_xhtml(text: str) -> str:
    """Return a card's Markdown as HTML with MathML that is also XML: no entity but its own five, no block in a line."""
    page = _NAMED.sub(lambda found: unescape(f"&{found[1]}"), to_page(text))
    return _BLOCK_IN_LINE.sub(r'<span class="math inline">\1</span>', page)


def plain_text(markup: str) -> str:
    """Return markup without its tags, as a title or a list takes it."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", markup)).split())


def number_text(value: float) -> str:
    """Return a number as every platform reads it: 8933, 0.375 or 1e-05; no digit is lost."""
    return repr(value).removesuffix(".0")
