"""A sheet's HTML in the language of Typst. Every text goes there as a string, so nothing in it is a command."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from lmkit.study.exam.formulas import typst_formula

SVG = "http://www.w3.org/2000/svg"
_ENTITY = re.compile(r"&(?!(?:amp|lt|gt|quot|#\w+);)\w+;")


def typst_body(body: str) -> str:
    """Return a sheet's body as Typst sets it.

    Raises
    ------
    ValueError
        If there is an element that is not known here.
    """
    known = _ENTITY.sub(lambda entity: html.unescape(entity[0]), body)
    return _content(ElementTree.fromstring(f"<body>{known}</body>"))


def _content(node: Element) -> str:
    """Return what is between a node's tags."""
    return _text(node.text) + "".join(_element(child) + _text(child.tail) for child in node)


def _text(text: str | None) -> str:
    """Return a text with its white space joined; at its ends that is Typst's own, which does not begin a line."""
    if not text:
        return ""
    words = " ".join(text.split())
    if not words:
        return " "
    return f"{' ' * text[0].isspace()}#{quoted(words)}{' ' * text[-1].isspace()}"


def quoted(text: str) -> str:
    """Return a string of Typst."""
    return json.dumps(text, ensure_ascii=False)


def _element(node: Element) -> str:
    name = str(node.tag)
    if name not in _ELEMENTS:
        raise ValueError(f"a sheet must be of {', '.join(_ELEMENTS)}, but it has {name}; leave it out")
    return _ELEMENTS[name](node)


def _block(node: Element) -> str:
    match node.get("class", ""):
        case "room":
            return "#block(height: 4cm)"
        case "room tall":
            return "#block(height: 9cm)"
        case "why":
            return f"#block(above: 0.5em, inset: (left: 0.6em), text(size: 0.92em)[{_content(node)}])"
        case "explanation":
            return f"#block(inset: (left: 0.6em), stroke: (left: 1.5pt + luma(140)))[{_content(node)}]"
    return f"#block[{_content(node)}]"


def _paragraph(node: Element) -> str:
    if node.get("class") == "source":
        return f"#block(text(size: 0.8em, fill: luma(80))[{_content(node)}])"
    return f"\n\n{_content(node)}\n\n"


def _question(node: Element) -> str:
    keep = "false" if node.get("class") == "question" else "true"
    return f"#block(width: 100%, breakable: {keep}, above: 1.6em)[{_content(node)}]"


def _span(node: Element) -> str:
    kind = node.get("class", "")
    if kind.startswith("line"):
        return f"#box(width: {'4cm' if 'short' in kind else '8cm'}, height: 1.1em, stroke: (bottom: 0.5pt))"
    return _content(node)


def _numbered(node: Element) -> str:
    numbering = "A." if node.get("class") == "letters" else "1."
    return f"#enum(numbering: {quoted(numbering)}, {_entries(node)})"


def _entries(node: Element) -> str:
    return ", ".join(f"[{_content(child)}]" for child in node if child.tag == "li")


def _code(node: Element) -> str:
    return f"#raw({quoted(''.join(node.itertext()))})"


def _listing(node: Element) -> str:
    inner = node.find("code")
    language = "" if inner is None else inner.get("class", "").removeprefix("language-")
    lang = f", lang: {quoted(language)}" if language else ""
    return f"#raw({quoted(''.join(node.itertext()).rstrip())}, block: true{lang})"


def _table(node: Element) -> str:
    heads = ", ".join(f"[{_content(cell)}]" for cell in node.findall("thead/tr/*"))
    cells = ", ".join(f"[{_content(cell)}]" for cell in node.findall("tbody/tr/*"))
    count = len(node.findall("thead/tr/*"))
    return f"#table(columns: {count}, table.header({heads}), {cells})"


def _figure(node: Element) -> str:
    for part in node.iter():
        part.tag = part.tag.removeprefix(f"{{{SVG}}}")
    node[0].set("xmlns", SVG)
    drawing = ElementTree.tostring(node[0], encoding="unicode")
    alt = quoted(node.get("aria-label", ""))
    return f'#image(bytes({quoted(drawing)}), format: "svg", width: 10cm, alt: {alt})'


_ELEMENTS: dict[str, Callable[[Element], str]] = {
    **{f"h{level}": lambda node, level=level: f"#heading(level: {level})[{_content(node)}]" for level in range(1, 4)},
    "p": _paragraph,
    "div": _block,
    "blockquote": lambda node: f"#quote(block: true)[{_content(node)}]",
    "section": _question,
    "span": _span,
    "em": lambda node: f"#emph[{_content(node)}]",
    "strong": lambda node: f"#strong[{_content(node)}]",
    "code": _code,
    "pre": _listing,
    "ol": _numbered,
    "ul": lambda node: f"#list({_entries(node)})",
    "br": lambda node: "#linebreak()",
    "hr": lambda node: "#line(length: 100%)",
    "table": _table,
    "figure": _figure,
    "math": typst_formula,
}
