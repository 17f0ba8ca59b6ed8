"""From a piece of the table to words: which entry is meant, how it is inflected, where each word comes from."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from lmkit.datasets.translation.source import Held, Node
from lmkit.datasets.translation.table import Entry, Part, Piece, Reference, Table

Links = tuple[int, ...]
Variants = dict[int, dict[str, str]]  # the fields of the chosen words, by the position of what they translate


class Written(NamedTuple):
    """A word, and the positions in the story that it comes from."""

    word: str
    links: Links


class Call(NamedTuple):
    """A part of the story that is still to be written, and positions that its own words come from as well."""

    node: Node
    section: str
    links: Links


class Lexeme(NamedTuple):
    """A word of the story that has an entry in the table."""

    position: int
    entry: Entry
    links: Links


class Wording:
    """Words that depend on choices.

    Attributes
    ----------
    needs : dict from int to Entry
        The entries to choose from, by position in the story.
    write : function from Variants to list of Written
        What is written once they are chosen.
    """

    __slots__ = ("needs", "write")

    def __init__(self, needs: dict[int, Entry], write: Callable[[Variants], list[Written]]):
        self.needs, self.write = needs, write


def wording(
    table: Table, piece: Piece, node: Node, case: str, links: Links
) -> list[Call] | list[Wording] | list[Written]:
    """Return what a piece of an order becomes at a part of a story: words at once where nothing is to be chosen.

    Parameters
    ----------
    table : Table
    piece : Piece
    node : Node
        The part of the story.
    case : str
        What `*` stands for.
    links : tuple of int
        Positions in the story that the words come from besides their own.
    """
    first = piece.parts[0]
    if first.stem.kind == "text" and not (piece.marks or first.endings):
        return [Written(first.stem.name, _united(_positions(first.links, node), links))]
    if not piece.marks and first.stem.kind == "child" and not first.endings:
        child = _child(node, first.stem)
        if lexeme_of(table, child) is None:
            return [Call(child, case if first.stem.field == "*" else first.stem.field, _positions(first.links, node))]
    parts = [_part(table, part, node, case, links) for part in piece.parts]
    whole = parts[0]
    if piece.marks:
        whole = _joined(parts, lambda words: side_by_side(words, piece.marks, table.contractions))
    single = {position: entry[0][1] for position, entry in whole.needs.items() if len(entry) == 1}
    needs = {position: entry for position, entry in whole.needs.items() if len(entry) > 1}
    return [Wording(needs, lambda chosen: whole.write(single | chosen))] if needs else whole.write(single)


def section_of(table: Table, rule: str, name: str) -> tuple[str, str]:
    """Return which section of a rule a name means, and which case; what is no section is the case."""
    return (name, "") if name in table.sections[rule] else ("", name)


def lexeme_of(table: Table, node: Node) -> Lexeme | None:
    """Return the entry of a part of a story, if it has one; a rule that leads to a rule with entries has that one's."""
    while True:
        alternative = table.rules[node.rule][node.source]
        if alternative.entry is not None:
            return Lexeme(node.start, alternative.entry, tuple(c for c in node.children if isinstance(c, int)))
        if alternative.sections or not isinstance(first := node.children[0], Node):
            return None
        node = first


def _part(table: Table, part: Part, node: Node, case: str, links: Links) -> Wording:
    """Return what one part of a piece becomes."""
    links = _united(_positions(part.links, node), links)
    lexeme, fixed = None, part.stem.name
    if part.stem.kind == "child":
        child = _child(node, part.stem)
        lexeme = lexeme_of(table, child)
        if lexeme is None:
            return _section(table, child, part.stem.field, links)
    elif part.stem.kind == "register":
        held = held_by(table, part.stem.name, node)
        if part.stem.field in table.forms:
            fixed = table.forms[part.stem.field][held.word][0]
        else:
            lexeme = Lexeme(held.position, table.registered[held.word], ())
    ending = _ending(table, part, node, case) if part.endings else None

    def write(variants: Variants) -> list[Written]:
        text = fixed
        if lexeme:
            fields = variants[lexeme.position]
            text = fields[part.stem.field or next(iter(fields))]
        if ending:
            text += ending.write(variants)[0].word
        # A word that ends in ~ comes from where the order says alone.
        own = _united(links, lexeme.links) if lexeme else links
        return [Written(w[:-1], links) if w[-1] == "~" else Written(w, own) for w in text.split()]

    needs = ({lexeme.position: lexeme.entry} if lexeme else {}) | (ending.needs if ending else {})
    return Wording(needs, write)


def _section(table: Table, node: Node, name: str, links: Links) -> Wording:
    """Return what a section of one order becomes that is written at once, to be joined with what follows."""
    section, case = section_of(table, node.rule, name)
    orders = table.rules[node.rule][node.source].sections.get(section, [])
    parts = [_part(table, piece.parts[0], node, case, links) for _, pieces in orders for piece in pieces]
    return _joined(parts, lambda words: [word for part in words for word in part])


def _ending(table: Table, part: Part, node: Node, star: str) -> Wording:
    """Return the ending of a part: by case and by gender, both of which may depend on a choice."""
    endings, reference = table.endings[part.endings], part.case
    assert reference is not None and part.whose is not None
    governor = lexeme_of(table, _child(node, reference)) if reference.kind == "child" else None
    case = star if reference.name == "*" else reference.name
    owner, gender = _owner(table, part.whose, node)

    def write(variants: Variants) -> list[Written]:
        found = variants[governor.position][reference.field] if governor else case
        return [Written(endings[found][variants[owner.position]["gender"] if owner else gender], ())]

    return Wording({x.position: x.entry for x in (governor, owner) if x}, write)


def _owner(table: Table, whose: Reference, node: Node) -> tuple[Lexeme | None, str]:
    """Return the word whose gender an ending has, or the gender where no choice decides it."""
    if whose.kind == "gender":
        return None, whose.name
    if whose.kind == "child":
        return lexeme_of(table, _child(node, whose)), ""
    held = [held_by(table, name, node) for name in whose.name.split(",")]
    if whose.field:
        return None, table.forms[whose.field][held[0].word][1]
    if len(held) > 1:  # several people are feminine if all of them are
        genders = {table.registered[word][0][1]["gender"] for word, _ in held}
        return None, "f" if genders == {"f"} else "m"
    return Lexeme(held[0].position, table.registered[held[0].word], ()), ""


def held_by(table: Table, register: str, node: Node) -> Held:
    """Return what a register holds at the end of a part of a story."""
    held = node.registers[table.grammar.registers.index(register)]
    if held is None:
        raise ValueError(f"register {register!r} must hold a word in {node.source!r}, but it is empty")
    return held


def _child(node: Node, reference: Reference) -> Node:
    child = node.children[reference.place]
    if not isinstance(child, Node):
        raise TypeError(f"symbol {reference.place} of {node.source!r} must be a rule, but it is a word")
    return child


def _positions(places: Links, node: Node) -> Links:
    """Return positions in the story of the words at some places of an alternative."""
    return tuple([child for child in map(node.children.__getitem__, places) if isinstance(child, int)])


def _united(links: Links, others: Links) -> Links:
    """Return all of two groups of positions, in order."""
    if not links or not others:
        return links or others
    return tuple(sorted({*links, *others}))


def _joined(parts: list[Wording], join: Callable[[list[list[Written]]], list[Written]]) -> Wording:
    needs = {position: entry for part in parts for position, entry in part.needs.items()}
    return Wording(needs, lambda variants: join([part.write(variants) for part in parts]))


def side_by_side(parts: list[list[Written]], marks: str, contractions: dict[str, str]) -> list[Written]:
    """Return the words of several parts, joined by `&`, or contracted by `+` where the language does so."""
    out = parts[0]
    for mark, right in zip(marks, parts[1:], strict=True):
        if out and right:
            (a, links), (b, others) = out[-1], right[0]
            joined = a + b if mark == "&" else contractions.get(f"{a} {b}")
            if joined:
                out, right = out[:-1], [Written(joined, _united(links, others)), *right[1:]]
        out = out + right
    return out
