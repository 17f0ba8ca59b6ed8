"""Link the first mention of every glossary term on a page to its entry, while the page is written.

Chapters stay free of such links: what a term is, and under which names it is found, the glossary alone says. Below a
definition, comments of the source say more: ``% also: tokens`` lists further forms, ``% unlinked`` keeps an everyday
word from being linked, ``% unlinked: name`` one of an entry's names, and ``% not: vocabulary cards`` a phrase in which
the word means something else. A page with ``glossary-links: false`` at its top has no such links, and the glossary
itself none either.
"""

import re
from functools import lru_cache
from typing import NamedTuple

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util.osutil import relative_uri

# Running text is what stands in a paragraph, and within none of these.
NO_TEXT = (
    nodes.title,
    nodes.reference,
    nodes.literal,
    nodes.literal_block,
    nodes.math,
    nodes.math_block,
    nodes.raw,
    nodes.caption,
    nodes.legend,
    nodes.table,
    nodes.citation,
    nodes.citation_reference,
    nodes.footnote,
    nodes.footnote_reference,
    nodes.topic,
    nodes.term,
    addnodes.pending_xref,
    addnodes.glossary,
    addnodes.toctree,
)
OUTPUT = "cell_output"
COMMENT = re.compile(r"(also|not|unlinked)(?::(.*))?", re.DOTALL)

# How the few formulas that stand in a first sentence are written in a tooltip, which knows plain text only.
PLAIN = {
    r"\alpha": "α",
    r"\beta": "β",
    r"\theta": "θ",
    r"\lambda": "λ",
    r"\eta": "η",
    r"\rho": "ρ",
    r"\sigma": "σ",
    r"\nabla": "∇",
    r"\leftarrow": "←",
    r"\odot": "⊙",
    r"\cdot": "·",
    r"\sum": "Σ",
    r"\dots": "…",
    r"\|": "‖",
    "-": "−",
}
DROPPED = re.compile(r"\\(operatorname|mathrm|text|big|tilde|lVert|rVert|[,;! ])|[{}\\]")


class Entry(NamedTuple):
    """One entry of the glossary: where it stands, its forms in running text, what is none, and its first sentence."""

    anchor: str
    forms: list[str]
    none: list[str]
    sentence: str


class glossary_word(nodes.inline):
    """A linked word with a tooltip.

    The tooltip is not the link's own: a screen reader would read the sentence out at every link.
    """


def plain(tex: str) -> str:
    """Return a simple formula in plain text."""
    for command, sign in PLAIN.items():
        tex = tex.replace(command, sign)
    return DROPPED.sub("", tex)


def first_sentence(definition: nodes.definition) -> str:
    """Return the first sentence of a definition in plain text, without the link to the chapter."""
    links = (addnodes.pending_xref, nodes.reference)
    parts = [child for child in definition[0] if not isinstance(child, links)]
    text = "".join(plain(part.astext()) if isinstance(part, nodes.math) else part.astext() for part in parts)
    sentence = re.split(r"(?<=[.?!])\s(?=[A-Z“])", " ".join(text.split()))[0]
    return sentence if sentence[-1] in ".?!" else sentence.rstrip(" :") + "."


def comments(item: nodes.definition_list_item) -> list[tuple[str, list[str]]]:
    """Read the comments below an entry: what each says, and of which forms."""
    found = []
    for comment in item.findall(nodes.comment):
        said = COMMENT.fullmatch(comment.astext().strip())
        if not said:
            rule = "a comment must be 'also: …', 'not: …', 'unlinked' or 'unlinked: …'"
            raise ValueError(f"glossary, {item[0].astext()!r}: {rule}, not {comment.astext()!r}")
        found.append((said[1], [" ".join(form.split()) for form in (said[2] or "").split(",") if form.strip()]))
    return found


def entry_of(item: nodes.definition_list_item) -> Entry:
    """Read an entry and the comments below it."""
    names = [child.astext() for child in item if isinstance(child, nodes.term)]
    said = comments(item)
    unlinked = [listed or names for what, listed in said if what == "unlinked"]
    kept = [name for name in names if not any(name in listed for listed in unlinked)]
    also, none = ([form for what, listed in said if what == kind for form in listed] for kind in ("also", "not"))
    return Entry(item[0]["ids"][0], kept + also, none, first_sentence(item[-1]))


def entries(doctree: nodes.document) -> list[Entry]:
    """Read all entries of a glossary."""
    return [
        entry_of(item)
        for part in doctree.findall(addnodes.glossary)
        for item in part.findall(nodes.definition_list_item)
    ]


class Linker:
    """Finds terms in text: whole words only, and of several terms at one place the longest.

    A form that begins with a small letter is found with a capital, too, as at the beginning of a sentence.
    """

    def __init__(self, glossary: list[Entry]):
        self.by_form = {form: entry for entry in glossary for form in entry.forms}
        self.by_form |= {phrase: None for entry in glossary for phrase in entry.none}
        longest_first = sorted(self.by_form, key=len, reverse=True)
        self.pattern = re.compile(rf"(?<![\w-])(?:{'|'.join(map(self._written, longest_first))})(?![\w-])")

    @staticmethod
    def _written(form: str) -> str:
        """The pattern of a form: in any line breaks, and with either apostrophe."""
        pattern = r"\s+".join(re.escape(word) for word in form.split()).replace("’", "['’]")
        first = form[0]
        return f"[{first}{first.upper()}]{pattern[1:]}" if first.islower() else pattern

    def entry(self, found: str) -> Entry | None:
        """The entry of a form as it was found; None for a phrase that is no mention."""
        form = " ".join(found.split()).replace("'", "’")
        return self.by_form[form if form in self.by_form else form[0].lower() + form[1:]]

    def link(self, doctree: nodes.document, address: str) -> int:
        """Link first mentions in a document; return how many there are. `address` is that of the glossary."""
        done = set()
        for paragraph in doctree.findall(nodes.paragraph):
            if in_running_text(paragraph):
                join_texts(paragraph)
                for text in list(paragraph.findall(nodes.Text)):
                    if in_running_text(text.parent) and (parts := self.linked(text, address, done)):
                        place = next(i for i, child in enumerate(text.parent) if child is text)
                        text.parent[place : place + 1] = parts
        return len(done)

    def linked(self, text: nodes.Text, address: str, done: set[str]) -> list[nodes.Node]:
        """The parts that take a text's place; none if nothing is to be linked. `done` grows by what was linked."""
        parts, end = [], 0
        for found in self.pattern.finditer(text):
            entry = self.entry(found[0])
            if entry and entry.anchor not in done:
                done.add(entry.anchor)
                parts += [nodes.Text(text[end : found.start()]), reference(found[0], entry, address)]
                end = found.end()
        return [part for part in [*parts, nodes.Text(text[end:])] if part.astext()] if parts else []


def reference(word: str, entry: Entry, address: str) -> nodes.reference:
    """Return the link of a word to its entry."""
    inner = glossary_word("", word, title=entry.sentence)
    return nodes.reference("", "", inner, internal=True, refuri=f"{address}#{entry.anchor}", classes=["glossary-link"])


def in_running_text(node: nodes.Node | None) -> bool:
    """Tell whether a node and all around it may hold running text."""
    while node is not None:
        if isinstance(node, NO_TEXT) or OUTPUT in node.get("classes", ()):
            return False
        node = node.parent
    return True


def join_texts(paragraph: nodes.paragraph) -> None:
    """Make one text of neighbouring ones, so that a term may run over the end of a line."""
    for parent in [paragraph, *paragraph.findall(nodes.Inline)]:
        for i in range(len(parent.children) - 1, 0, -1):
            first, second = parent.children[i - 1 : i + 1]
            if isinstance(first, nodes.Text) and isinstance(second, nodes.Text):
                parent[i - 1 : i + 1] = [nodes.Text(first + second)]


def glossary_page(app: Sphinx) -> str | None:
    """Return the page on which terms are defined, if there is one."""
    objects = app.env.get_domain("std").objects
    return next((page for (kind, _), (page, _) in objects.items() if kind == "term"), None)


@lru_cache(maxsize=1)
def linker_of(app: Sphinx, page: str) -> Linker:
    """Read the glossary, once in a process."""
    return Linker(entries(app.env.get_doctree(page)))


def link_terms(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Link a page's terms when all pages have been read, and the glossary is known."""
    glossary = glossary_page(app)
    if glossary in (None, page) or app.builder.format != "html":
        return
    if app.env.metadata[page].get("glossary-links") in (False, "false", "False"):
        return
    address = relative_uri(app.builder.get_target_uri(page), app.builder.get_target_uri(glossary))
    linker_of(app, glossary).link(doctree, address)


def visit_word(translator, node: glossary_word) -> None:
    translator.body.append(translator.starttag(node, "span", "", title=node["title"]))


def depart_word(translator, node: glossary_word) -> None:
    translator.body.append("</span>")


def setup(app: Sphinx) -> dict:
    app.add_node(glossary_word, html=(visit_word, depart_word))
    app.connect("doctree-resolved", link_terms)
    return {"version": "1.0", "parallel_read_safe": True, "parallel_write_safe": True}
