"""Pages as trees of elements: XHTML, with MathML and SVG in their own name spaces."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import html5lib
from lxml import etree

HTML, SVG, MATHML = "http://www.w3.org/1999/xhtml", "http://www.w3.org/2000/svg", "http://www.w3.org/1998/Math/MathML"
XMLNS = "http://www.w3.org/2000/xmlns/"
ARTICLE = re.compile(r'<article class="bd-article">(.*)</article>', re.DOTALL)
Element = etree._Element


def parse(text: str) -> Element:
    """Return a `div` that holds a piece of HTML, read as browsers that run no script do."""
    document = html5lib.parse(f"<!doctype html><body><div>{text}</div></body>", treebuilder="lxml")
    return _unprefixed(document.getroot().find(f"{{{HTML}}}body/{{{HTML}}}div"))


def _unprefixed(node: Element, parent: Element | None = None) -> Element:
    """Return a copy without prefixes, which not every e-reader knows."""
    attributes = {name: value for name, value in node.attrib.items() if not name.startswith(f"{{{XMLNS}}}")}
    spaces = {None: etree.QName(node).namespace}
    if parent is None:
        copy = etree.Element(node.tag, attributes, spaces)
    else:
        copy = etree.SubElement(parent, node.tag, attributes, spaces)
    copy.text, copy.tail = node.text, node.tail
    for child in node:
        if isinstance(child.tag, str):
            _unprefixed(child, copy)
        elif child.tail:  # behind a comment
            append(copy, child.tail)
    return copy


def article(page: Path) -> Element:
    """Return the text of a built page: the section with its first heading."""
    found = ARTICLE.search(page.read_text("utf-8"))
    if not found:
        raise ValueError(f"a built page must have an article, but {page.name} has none; build the book again")
    return parse(found[1])


def make(tag: str, *children: Element | str, **attributes: str) -> Element:
    """Return an element of XHTML; `class_` is its class."""
    named = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}
    node = etree.Element(f"{{{HTML}}}{tag}", named, {None: HTML})
    for child in children:
        append(node, child)
    return node


def append(node: Element, child: Element | str) -> None:
    """Append an element or a text."""
    if not isinstance(child, str):
        node.append(child)
    elif len(node):
        node[-1].tail = (node[-1].tail or "") + child
    else:
        node.text = (node.text or "") + child


def elements(root: Element, *tags: str) -> list[Element]:
    """Return the elements of XHTML below a root that have one of these tags, in order; without tags, all."""
    names = [f"{{{HTML}}}{tag}" for tag in tags] or [f"{{{HTML}}}*"]
    return [node for node in root.iter(*names) if node is not root]


def classes(node: Element) -> list[str]:
    return node.get("class", "").split()


def by_class(root: Element, *names: str) -> list[Element]:
    """Return the elements below a root that have all these classes."""
    return [node for node in root.iter(f"{{{HTML}}}*") if node is not root and set(names) <= set(classes(node))]


def above(node: Element) -> Iterator[Element]:
    """Yield what an element stands in, from the inside."""
    return node.iterancestors()


def remove(node: Element) -> None:
    """Take an element away; the text behind it stays."""
    put_before(node, node.tail or "")
    node.tail = None
    node.getparent().remove(node)


def put_before(node: Element, text: str) -> None:
    """Put a text where an element begins."""
    if (previous := node.getprevious()) is not None:
        previous.tail = (previous.tail or "") + text
    else:
        parent = node.getparent()
        parent.text = (parent.text or "") + text


def replace(node: Element, *others: Element) -> None:
    """Put others in the place of an element."""
    for other in others:
        node.addprevious(other)
    remove(node)


def unwrap(node: Element) -> None:
    """Put what an element holds in its place."""
    put_before(node, node.text or "")
    for child in list(node):
        node.addprevious(child)
    remove(node)


def text_of(node: Element) -> str:
    """Return the text of an element with single spaces."""
    return " ".join("".join(node.itertext()).split())


def serialised(node: Element) -> str:
    """Return a tree as XML that browsers and e-readers read as XHTML."""
    return etree.tostring(node, encoding="unicode", with_tail=False)
