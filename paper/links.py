"""Links of an edition: within it where their target is in it, to the book's address where it is not."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable

from paper.pages import Page
from paper.tree import SVG, Element, elements

OUTSIDE = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
IDS = ("aria-labelledby", "aria-describedby", "for", "headers")
ANSWERS = "answers"  # the key of the last page, to which all answers are gathered

# From the key of a page and an id in it, "" for its beginning, to an address within the edition.
Place = Callable[[str, str], str]


class Links:
    """Knows what there is to lead to: every id of every page, and the answers that were set apart."""

    def __init__(self, pages: Iterable[Page], address: str):
        self.address = address
        self.pages = {page.name: page for page in pages}
        self.ids = {page.name: {node.get("id") for node in page.section.iter() if node.get("id")} for page in pages}
        self.answers = {page.name: {answers.id for answers in page.answers} for page in pages}

    def resolved(self, page: Page, href: str, place: Place) -> str:
        """Return the address that a link of a page has in the edition."""
        if OUTSIDE.match(href):
            return href
        path, _, fragment = href.partition("#")
        target = posixpath.normpath(posixpath.join(posixpath.dirname(page.name), path)) if path else f"{page.name}.html"
        name = target.removesuffix(".html")
        if name not in self.pages:
            return f"{self.address}/{target}" + (f"#{fragment}" if fragment else "")
        if fragment in self.answers[name]:
            return place(ANSWERS, fragment)
        return place(self.pages[name].key, fragment if fragment in self.ids[name] else "")

    def resolve(self, page: Page, place: Place) -> None:
        """Rewrite all links of a page and of its answers."""
        for root in (page.section, *(part for answers in page.answers for part in answers.body)):
            for link in elements(root, "a"):
                if href := link.get("href"):
                    link.set("href", self.resolved(page, href, place))


def prefix_ids(root: Element, prefix: str) -> None:
    """Make ids unique in one document: each gets the prefix, and so does what refers to it, in drawings too."""
    own = {node.get("id"): f"{prefix}{node.get('id')}" for node in root.iter() if node.get("id")}
    for node in root.iter():
        if node.get("id"):
            node.set("id", own[node.get("id")])
        for attribute in IDS:
            if value := node.get(attribute):
                node.set(attribute, " ".join(own.get(name, name) for name in value.split()))
    for drawing in root.iter(f"{{{SVG}}}svg"):
        for node in drawing.iter(f"{{{SVG}}}*"):
            for attribute, value in node.attrib.items():
                node.set(attribute, re.sub(r"(?<=#)[\w.-]+", lambda match: own.get(match[0], match[0]), value))
