"""Which words the German of Stories has: what every piece of the table can become."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from lmkit.datasets.translation.table import Entry, Part, Piece, Reference, Table
from lmkit.datasets.translation.wording import Written, side_by_side


class Lexicon:
    """The words that translations can have.

    Parameters
    ----------
    table : Table

    Attributes
    ----------
    words : set of str
        Without the end token.
    """

    def __init__(self, table: Table):
        self._table = table
        self._pieces = [
            (rule, section, piece, alternative.symbols)
            for rule, alternatives in table.rules.items()
            for alternative in alternatives.values()
            for section, orders in alternative.sections.items()
            for _, order in orders
            for piece in order
        ]
        self._cases = self._cases_called()
        written = self._sections_called()
        self.words = {
            word
            for rule, section, piece, symbols in self._pieces
            if (rule, section) in written
            for word in self._of_piece(piece, rule, symbols)
        }

    def _of_piece(self, piece: Piece, rule: str, symbols: tuple[str, ...]) -> Iterator[str]:
        if not piece.marks and self._called(piece.parts[0].stem, symbols):
            return  # the pieces of that rule say what it becomes
        for texts in product(*(self._of_part(part, rule, symbols) for part in piece.parts)):
            parts = [[Written(word, ()) for word in text.split()] for text in texts]
            yield from (word for word, _ in side_by_side(parts, piece.marks, self._table.contractions))

    def _of_part(self, part: Part, rule: str, symbols: tuple[str, ...]) -> set[str]:
        """Return what a part can become: texts of no, one or several words."""
        stems = self._stems(part.stem, symbols)
        if part.case is None or part.whose is None:
            return stems
        cases = self._cases[rule] if part.case.name == "*" else {part.case.name}
        if part.case.kind == "child":
            cases = {fields[part.case.field] for fields in self._fields(part.case, symbols)}
        endings, genders = self._table.endings[part.endings], self._genders(part.whose, symbols)
        return {stem + endings[case][gender] for stem in stems for case in cases for gender in genders}

    def _stems(self, stem: Reference, symbols: tuple[str, ...]) -> set[str]:
        if stem.kind == "text":
            return {stem.name}
        if stem.kind == "register" and stem.field in self._table.forms:
            return {word for word, _ in self._table.forms[stem.field].values()}
        if rule := self._called(stem, symbols):
            return self._sections(rule, stem.field)
        return {
            (each[stem.field] if stem.field else next(iter(each.values()))).replace("~", "")
            for each in self._fields(stem, symbols)
        }

    def _sections(self, rule: str, name: str) -> set[str]:
        """Return what a section can become that is joined with other words."""
        found = set()
        for alternative in self._table.rules[rule].values():
            for _, order in alternative.sections.get(name, [(1.0, ())]):
                parts = [self._of_part(piece.parts[0], rule, alternative.symbols) for piece in order]
                found |= {" ".join(texts) for texts in product(*parts)}
        return found

    def _fields(self, reference: Reference, symbols: tuple[str, ...]) -> list[dict[str, str]]:
        """Return the fields of all words that a child or a register can be."""
        grammar = self._table.grammar
        if reference.kind == "child":
            entries = self._entries(grammar.symbol(symbols[reference.place]).name)
        else:
            stored = {s for rule in grammar.rules.values() for _, others in rule for s in map(grammar.symbol, others)}
            place = grammar.registers.index(reference.name)
            entries = [e for s in stored if s.kind == "rule" and place in s.store for e in self._entries(s.name)]
        return [fields for entry in entries for _, fields in entry]

    def _entries(self, rule: str) -> list[Entry]:
        found = []
        for alternative in self._table.rules[rule].values():
            found += [alternative.entry] if alternative.entry else self._entries(alternative.symbols[0])
        return found

    def _genders(self, whose: Reference, symbols: tuple[str, ...]) -> set[str]:
        if whose.kind == "gender":
            return {whose.name}
        if whose.field:
            return {gender for _, gender in self._table.forms[whose.field].values()}
        first = whose._replace(name=whose.name.split(",")[0])
        return {fields["gender"] for fields in self._fields(first, symbols)}

    def _called(self, stem: Reference, symbols: tuple[str, ...]) -> str:
        """Return the rule of a stem that is a part with orders of its own, not an entry."""
        name = self._table.grammar.symbol(symbols[stem.place]).name if stem.kind == "child" else ""
        return name if name and self._table.sections[name] else ""

    def _sections_called(self) -> set[tuple[str, str]]:
        """Return the sections that are written by themselves, not only joined to other words."""
        found = {(self._table.grammar.start.rest[0], "")}
        for _, _, piece, symbols in self._pieces:
            stem = piece.parts[0].stem
            if not piece.marks and (rule := self._called(stem, symbols)):
                found.add((rule, stem.field if stem.field in self._table.sections[rule] else ""))
        return found

    def _cases_called(self) -> dict[str, set[str]]:
        """Return for every rule the cases in which it is called: what is called and is no section."""
        found: dict[str, set[str]] = {name: set() for name in self._table.rules}
        for _, _, piece, symbols in self._pieces:
            for part in piece.parts:
                rule = self._called(part.stem, symbols)
                if rule and part.stem.field not in self._table.sections[rule]:
                    found[rule].add(part.stem.field)
        return found
