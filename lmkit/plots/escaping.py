"""Words as pictures and pages take them: with a sign for each character that no document may hold, and escaped."""

from __future__ import annotations

import html
import json
from typing import Any

# XML has no control characters but tab and line feed, no halves of characters, and not the last two of its first plane;
# Unicode draws the first 32 from U+2400 on.
_SIGNS = (
    {code: 0x2400 + code for code in range(0x20) if chr(code) not in "\t\n"}
    | {0x7F: 0x2421}
    | dict.fromkeys([*range(0x80, 0xA0), *range(0xD800, 0xE000), 0xFFFE, 0xFFFF], 0xFFFD)
)


def showable(text: str) -> str:
    """Return a text with a sign in place of each character that no document may hold: ␀ for NUL, � for half of one."""
    return text.translate(_SIGNS)


def escape(text: str) -> str:
    """Return a text as SVG and HTML have it, between tags and within quotes."""
    return html.escape(showable(text))


def script_text(code: str) -> str:
    """Return a script in which nothing ends, or opens anew, the element that it stands in."""
    return code.replace("</script", "<\\/script").replace("<!--", "<\\!--")


def json_text(value: Any) -> str:
    """Return JSON as it can stand in a script element: nothing in it ends that, whatever its texts are."""
    return showable(json.dumps(value, ensure_ascii=False, separators=(",", ":"))).replace("<", "\\u003c")


def unescape(markup: str) -> str:
    """Return a text from which entities were made, such as `&lt;`, without them."""
    return html.unescape(markup)


def as_label(word: str) -> str:
    """Return a word as matplotlib draws it, dollar signs included."""
    return showable(word).replace("$", r"\$")
