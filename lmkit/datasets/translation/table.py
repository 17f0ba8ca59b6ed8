"""The table `german.json`, read: what every alternative of the grammar of Stories becomes in German.

An alternative becomes one of several orders. An order is a sequence of pieces, and a piece is one part or several that
are written together. `about` in the table describes the notation, and here it is taken apart, once, when the table is
loaded. `widgets/runtime/translators/translation_table.js` does the same in the page.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from lmkit.datasets.stories import Grammar
from lmkit.datasets.translation.source import LEFT_OUT, sentence_starts

Entry = list[tuple[float, dict[str, str]]]  # the words that one may choose, by field, and their probabilities
GENDERS = "mfnp"  # masculine, feminine, neuter, plural


class Reference(NamedTuple):
    """A thing that a part of an order refers to: a text, a part of the source by its place, a register, or a gender."""

    kind: str  # "text", "child", "register" or "gender"
    name: str = ""  # the text, the gender, or the registers with commas between
    place: int = -1  # of the part in the source alternative
    field: str = ""  # or section, or form


class Part(NamedTuple):
    """One part of a piece: a stem, an ending if it is inflected, and the places in the source that it comes from."""

    stem: Reference
    links: tuple[int, ...]
    endings: str = ""
    case: Reference | None = None
    whose: Reference | None = None


class Piece(NamedTuple):
    """Parts that are written together; `marks` stand between them, `+` where they contract and `&` where they join."""

    parts: tuple[Part, ...]
    marks: str


Order = tuple[float, tuple[Piece, ...]]


class Alternative(NamedTuple):
    """An alternative of the source and what it becomes: sections, each with its orders, or an entry with its fields."""

    symbols: tuple[str, ...]
    sections: dict[str, list[Order]]
    entry: Entry | None


class Table:
    """The German of Stories.

    Parameters
    ----------
    table : dict
        The content of `german.json`.
    grammar : Grammar
        That of Stories.
    """

    def __init__(self, table: dict[str, Any], grammar: Grammar):
        self.grammar = grammar
        self.contractions: dict[str, str] = table["contractions"]
        self.endings = {
            name: {
                case: dict(zip(GENDERS, [e.replace("-", "") for e in endings.split()], strict=False))
                for case, endings in cases.items()
            }
            for name, cases in table["endings"].items()
        }
        self.forms: dict[str, dict[str, tuple[str, str]]] = {
            form: {word: _form(value) for name, value in values.items() for word in grammar.words_of(name)}
            for form, values in table["forms"].items()
        }
        self.rules = {name: self._rule(name, table["rules"].get(name, {})) for name in grammar.rules}
        for name in sentence_starts(grammar):
            self.rules[name][LEFT_OUT] = Alternative((), {"": [(1.0, ())]}, None)
        self.sections = {
            name: {section for alternative in rule.values() for section in alternative.sections}
            for name, rule in self.rules.items()
        }
        self.registered = self._registered()

    def _rule(self, name: str, entries: dict[str, Any]) -> dict[str, Alternative]:
        """Return the alternatives of a rule by their source; a rule that is not in the table keeps the order."""
        fields: str = entries.get("/", "")
        out = {}
        for _, symbols in self.grammar.rules[name]:
            source = " ".join(symbols)
            target: Any = entries.get(source, source)
            sections = {} if fields else target if isinstance(target, dict) else {"": target}
            out[source] = Alternative(
                symbols,
                {section: self._orders(text, symbols) for section, text in sections.items()},
                _entry(fields, str(target)) if fields and symbols[0] not in self.grammar.rules else None,
            )
        return out

    def _registered(self) -> dict[str, Entry]:
        """Return the entry of every word that a register can hold."""
        symbols = {s for rule in self.grammar.rules.values() for _, symbols in rule for s in symbols}
        stored = {self.grammar.symbol(s).name for s in symbols if self.grammar.symbol(s).store}
        words = {word for name in stored if name in self.rules for word in self.grammar.words_of(name)}
        found = [(word, rule[word].entry) for rule in self.rules.values() for word in words & set(rule)]
        return {word: entry for word, entry in found if entry and "gender" in entry[0][1]}

    def _orders(self, text: str, symbols: tuple[str, ...]) -> list[Order]:
        return [(p, tuple(self._piece(t, symbols) for t in order.split())) for p, order in weighted(text)]

    def _piece(self, text: str, symbols: tuple[str, ...]) -> Piece:
        texts = re.split(r"[+&]", text)
        marks = "".join(re.findall(r"[+&]", text))
        return Piece(tuple(self._part(t, symbols) for t in texts), marks)

    def _part(self, text: str, symbols: tuple[str, ...]) -> Part:
        text, linked, places = text.partition("~")
        name, *inflection = [text] if len(text) == 1 else text.split(":")
        name, _, endings = name.rpartition(".") if inflection else (name, "", "")
        stem = self._reference(name, symbols)
        own = () if stem.kind == "child" else self._places_of(text, symbols)
        links = tuple(sorted(int(place) for place in places.split(",") if place)) if linked else own
        if not inflection:
            return Part(stem, links)
        case, whose = inflection
        governed = case not in ("nom", "acc", "dat", "gen", "*")
        return Part(
            stem,
            links,
            endings,
            self._reference(case, symbols) if governed else Reference("text", case),
            Reference("gender", whose) if whose in GENDERS else self._owner(whose, symbols),
        )

    def _reference(self, text: str, symbols: tuple[str, ...]) -> Reference:
        """Return what a stem or a case refers to."""
        name, _, field = text.partition(".") if len(text) > 1 else (text, "", "")
        if name.startswith("$") and len(name) > 1:
            return Reference("register", name[1:], field=field)
        if name.rstrip("'") in self.grammar.rules:
            return Reference("child", place=self._place(name, symbols), field=field)
        return Reference("text", text)

    def _owner(self, text: str, symbols: tuple[str, ...]) -> Reference:
        """Return whose gender an ending has."""
        name, _, form = text.partition(".")
        if name in self.grammar.rules:
            return Reference("child", place=self._place(name, symbols))
        return Reference("register", name, field=form)

    def _place(self, name: str, symbols: tuple[str, ...]) -> int:
        """Return the place of a part by its rule; an apostrophe asks for the second one."""
        bare = name.rstrip("'")
        places = [i for i, s in enumerate(symbols) if self.grammar.symbol(s).name == bare]
        return places[len(name) - len(bare)]

    def _places_of(self, text: str, symbols: tuple[str, ...]) -> tuple[int, ...]:
        """Return where a text comes from that does not say so: the register it names, or all the words."""
        kinds = [self.grammar.symbol(s) for s in symbols]
        if text.startswith("$") and len(text) > 1:
            return tuple(i for i, s in enumerate(symbols) if s.rpartition("=")[2] == text)
        return tuple(i for i, symbol in enumerate(kinds) if symbol.kind == "word")


def weighted(text: str) -> list[tuple[float, str]]:
    """Return the choices of a text, divided by `|`, and their probabilities."""
    found = [re.fullmatch(r"(?:(\d+) )?(.*)", choice.strip()) for choice in text.split("|")]
    choices = [(int(match[1] or 1), match[2]) for match in found if match]
    total = sum(weight for weight, _ in choices)
    return [(weight / total, choice) for weight, choice in choices]


def _entry(fields: str, text: str) -> Entry:
    names = fields.split("/")
    return [(p, dict.fromkeys(names, "") | dict(zip(names, v.split("/"), strict=False))) for p, v in weighted(text)]


def _form(text: str) -> tuple[str, str]:
    word, _, gender = text.partition("/")
    return word, gender
