"""Formulas for the PDF: MathML, as `lmkit.study.markup` writes it, in the language of Typst."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from xml.etree.ElementTree import Element

APPLY, INVISIBLE = "\u2061", "\u2062\u2063\u2064"
_SELECTORS = dict.fromkeys(range(0xFE00, 0xFE10))  # of a glyph's form
_ACCENTS = {  # what stands above a letter, as a combining mark
    **dict.fromkeys("^ˆ\u0302", "\u0302"),
    **dict.fromkeys("~˜\u0303", "\u0303"),
    **dict.fromkeys("¯ˉ‾\u0304\u0305", "\u0304"),
    **dict.fromkeys("˙\u0307", "\u0307"),
    **dict.fromkeys("¨\u0308", "\u0308"),
    **dict.fromkeys("ˇ\u030c", "\u030c"),
    **dict.fromkeys("˘\u0306", "\u0306"),
    **dict.fromkeys("`\u0300", "\u0300"),
    **dict.fromkeys("´\u0301", "\u0301"),
    **dict.fromkeys("→\u20d7", "\u20d7"),
}
_LARGE = re.compile("[∏∐∑∫-∳⋀-⋃⨀-⨜]")  # sums and their like, which Typst spaces and enlarges itself
_SAID = {
    **dict.fromkeys(("msub", "munder"), "{}_{}"),
    **dict.fromkeys(("msup", "mover"), "{}^{}"),
    **dict.fromkeys(("msubsup", "munderover"), "{}_{}^{}"),
    "mfrac": "({})/({})",
    "msqrt": "√({})",
    "mroot": "{1}√({0})",
}
_LINES = {"\u0332": "overline", "_": "underline", "⏟": "underbrace", "⏞": "overbrace"}


def typst_formula(math: Element) -> str:
    """Return an equation as Typst sets it, with its text for who listens.

    Raises
    ------
    ValueError
        If there is an element that is not known here.
    """
    block = "true" if math.get("display") == "block" else "false"
    words = " ".join(linear(math).split())
    return f"#math.equation(block: {block}, alt: {json.dumps(words, ensure_ascii=False)}, ${_row(math)}$)"


def linear(node: Element) -> str:
    """Return a formula on a line, as one says it: ``W_ih x_t``."""
    if node.tag in ("mi", "mo", "mn", "mtext"):
        return (node.text or "").replace(APPLY, "").translate(_SELECTORS)
    parts = [linear(child) for child in node]
    if node.tag in ("mover", "munder") and parts[1] in {**_ACCENTS, **_LINES}:
        return parts[0] + _ACCENTS.get(parts[1], "")
    if node.tag == "mspace":
        return " " * bool(node.get("width"))
    if node.tag == "mtable":
        return "; ".join(parts)
    return _SAID[node.tag].format(*parts) if node.tag in _SAID else (", " * (node.tag == "mtr")).join(parts)


def _row(nodes: Iterable[Element]) -> str:
    """Return nodes side by side; Typst sets the spaces around texts, so there are none."""
    row = ""
    for part in filter(None, map(_node, nodes)):
        text = not row or row.endswith(('"', '")')) or part.startswith(('"', 'upright("'))
        row += part if text else f" {part}"
    return row


def _node(node: Element) -> str:
    if node.tag not in _NODES:
        raise ValueError(f"a formula must be of {', '.join(_NODES)}, but it has {node.tag}; write it in another way")
    return _NODES[node.tag](node)


def _letters(node: Element) -> str:
    text = (node.text or "").translate(_SELECTORS)
    if len(text) != 1:
        return f"upright({_quoted(text)})" if text else ""
    return f"upright({_sign(text)})" if node.get("mathvariant") == "normal" else _sign(text)


def _digits(node: Element) -> str:
    text = node.text or ""
    return text if re.fullmatch(r"\d+(\.\d+)?", text, re.ASCII) else _quoted(text)


def _operator(node: Element) -> str:
    text = (node.text or "").strip().translate(_SELECTORS)
    if text == APPLY:
        return _space(node.get("lspace", ""))
    if not text or text in INVISIBLE:
        return ""
    sign = _sign(text) if len(text) == 1 else f"op({_quoted(text)})"
    if size := node.get("minsize"):
        return f"lr(size: #{_em(size)}em, {sign})"
    left, right = node.get("lspace"), node.get("rspace")
    if left == "0" and right in (None, "0", "0.1667em") and not _LARGE.fullmatch(text):
        return " ".join(filter(None, [f'class("normal", {sign})', _space(right or "")]))
    return sign


def _fenced(node: Element) -> str:
    """Return a row; parentheses at its ends that may grow do."""
    children = list(node)
    grows = [child.tag == "mo" and child.get("stretchy") != "false" and not child.get("minsize") for child in children]
    if len(children) > 2 and grows[0] and grows[-1] and _is_fence(children[0]):
        return f"lr({_row(children)})"
    return _row(children)


def _is_fence(node: Element) -> bool:
    return (node.text or "") in ("(", "[", "{", "|", "‖", "⟨", "⌊", "⌈", "∣", "∥", "")


def _fraction(node: Element) -> str:
    above, below = map(_child, node)
    if node.get("linethickness") == "0":
        return f"mat(delim: #none, {above}; {below})"
    return f"frac({above}, {below})"


def _scripts(*names: str, limits: bool = False) -> Callable[[Element], str]:
    def attach(node: Element) -> str:
        base, *others = map(_child, node)
        scripts = ", ".join(f"{name}: {other}" for name, other in zip(names, others, strict=True))
        return f"attach({f'limits({base})' if limits else base}, {scripts})"

    return attach


def _marked(name: str) -> Callable[[Element], str]:
    """Return a function for what stands above a base, or below: an accent, a line, or another formula."""

    def marked(node: Element) -> str:
        base, mark = node
        sign = (mark.text or "").strip() if mark.tag == "mo" else ""
        if sign in _LINES:
            return f"{_LINES[sign]}({_child(base)})"
        if name == "t" and sign in _ACCENTS and node.get("accent") == "true":
            return f"accent({_child(base)}, {_sign(_ACCENTS[sign])})"
        return _scripts(name, limits=True)(node)

    return marked


def _table(node: Element) -> str:
    styles = " ".join(cell.get("style", "") for cell in node.iter("mtd"))
    if "text-align: right" in styles:  # equations below one another
        return " \\ ".join(" & ".join(_row(cell) for cell in row) for row in node)
    align = ", align: #left" if "text-align: left" in styles else ""
    rows = "; ".join(", ".join(_child(cell) for cell in row) for row in node)
    return f"mat(delim: #none{align}, {rows})"


def _child(node: Element) -> str:
    return _node(node) or '""'


def _space(width: str) -> str:
    return f"#h({_em(width)}em)" if _em(width) else ""


def _em(width: str) -> float:
    found = re.fullmatch(r"(-?[\d.]+)em", width)
    return float(found[1]) if found else 0.0


def _sign(character: str) -> str:
    return f"\\u{{{ord(character):x}}}"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


_NODES: dict[str, Callable[[Element], str]] = {
    "mi": _letters,
    "mn": _digits,
    "mo": _operator,
    "mtext": lambda node: _quoted(node.text or ""),
    "mspace": lambda node: _space(node.get("width", "")),
    "mrow": _fenced,
    "mstyle": _row,
    "mpadded": _row,
    "mtd": _row,
    "mphantom": lambda node: f"#hide[${_row(node)}$]",
    "mfrac": _fraction,
    "msqrt": lambda node: f"sqrt({_row(node)})",
    "mroot": lambda node: f"root({_child(node[1])}, {_child(node[0])})",
    "msub": _scripts("b"),
    "msup": _scripts("t"),
    "msubsup": _scripts("b", "t"),
    "munder": _marked("b"),
    "mover": _marked("t"),
    "munderover": _scripts("b", "t", limits=True),
    "mtable": _table,
}
