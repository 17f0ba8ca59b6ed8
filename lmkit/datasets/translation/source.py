"""How an English story came about: every derivation that the grammar of Stories has for a text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from lmkit.datasets.stories import Grammar, Oracle, Symbol


class Held(NamedTuple):
    """A word that a register holds, and the position in the story at which it was named first."""

    word: str
    position: int


Registers = tuple[Held | None, ...]


class Node:
    """A part of a story: which alternative of which rule was written, and where.

    Attributes
    ----------
    rule, source : str
        The rule, and its alternative.
    start : int
        The position of its first word in the story.
    children : tuple of Node and int
        What its symbols became: parts, or positions of words.
    registers : tuple of Held or None
        What the registers held at its end.
    """

    __slots__ = ("children", "registers", "rule", "source", "start")

    def __init__(self, rule: str, source: str, start: int, children: tuple[Node | int, ...], registers: Registers):
        self.rule, self.source, self.start, self.children, self.registers = rule, source, start, children, registers


LEFT_OUT = ""  # the alternative of a part that a beginning of a story does not have


class SourceError(ValueError):
    """A text is not a story that the grammar can write."""


Derived = tuple[float, Node | int, int, Registers]  # probability, part, position after it, registers after it


class Parser:
    """Finds the derivations of stories, and of their beginnings: a part that starts a new sentence may be left out.

    Parameters
    ----------
    grammar : Grammar
        That of Stories.
    """

    def __init__(self, grammar: Grammar):
        self.grammar = grammar
        self._first = self._first_words()
        self._later = sentence_starts(grammar)

    def parse(self, tokens: Sequence[str]) -> list[tuple[float, Node]]:
        """Return the derivations of a story, each with the probability that a story comes about, or begins, so.

        Parameters
        ----------
        tokens : sequence of str
            A story, or its first sentences, without the end token.

        Raises
        ------
        SourceError
            If the grammar cannot write it; the message names the first word that does not fit.
        """
        start = self.grammar.start
        empty: Registers = (None,) * len(self.grammar.registers)
        found = [
            (p, node)
            for p, node, end, _ in self._derive(start.rest[0], tokens, 0, empty)
            if end == len(tokens) and isinstance(node, Node)
        ]
        if not found:
            raise SourceError(self._fault(tokens))
        return found

    def _derive(self, head: str, tokens: Sequence[str], position: int, registers: Registers) -> Iterator[Derived]:
        """Yield every way in which a symbol wrote the words from a position on."""
        symbol = self.grammar.symbol(head)
        if position == len(tokens):
            if symbol.name in self._later:
                yield 1.0, Node(symbol.name, LEFT_OUT, position, (), registers), position, registers
            return
        if symbol.kind != "rule":
            held = _held(symbol, position, registers, self.grammar)
            written = held.word if symbol.kind == "word" or not symbol.form else self._form(symbol, held)
            if written == tokens[position]:
                after = tuple(held if i in symbol.store else kept for i, kept in enumerate(registers))
                yield 1.0, position, position + 1, after
            return
        if tokens[position] not in self._first[symbol.name]:
            return
        banned = None if symbol.exclude is None else registers[symbol.exclude]
        for p, symbols in self.grammar.choices(head, banned and banned.word):
            dutiful = symbol.store or symbol.exclude is not None
            source = self.grammar.symbol(symbols[0]).name if dutiful else " ".join(symbols)
            for q, children, end, after in self._sequence(symbols, tokens, position, registers):
                yield p * q, Node(symbol.name, source, position, children, after), end, after

    def _sequence(
        self, symbols: tuple[str, ...], tokens: Sequence[str], position: int, registers: Registers
    ) -> Iterator[tuple[float, tuple[Node | int, ...], int, Registers]]:
        if not symbols:
            yield 1.0, (), position, registers
            return
        for p, child, middle, between in self._derive(symbols[0], tokens, position, registers):
            for q, others, end, after in self._sequence(symbols[1:], tokens, middle, between):
                yield p * q, (child, *others), end, after

    def _form(self, symbol: Symbol, held: Held) -> str:
        return self.grammar.forms[symbol.form][held.word]

    def _first_words(self) -> dict[str, set[str]]:
        """Return the words with which each rule can begin: what follows from the rules until nothing is added."""
        grammar = self.grammar
        first: dict[str, set[str]] = {name: set() for name in grammar.rules}
        heads = {name: {grammar.symbol(symbols[0]) for _, symbols in rule} for name, rule in grammar.rules.items()}
        stored = {
            word
            for rule in grammar.rules.values()
            for _, symbols in rule
            for symbol in map(grammar.symbol, symbols)
            if symbol.store and symbol.kind == "rule"
            for word in grammar.words_of(symbol.name)
        }
        grew = True
        while grew:
            grew = False
            for name, symbols in heads.items():
                size = len(first[name])
                for symbol in symbols:
                    if symbol.kind == "rule":
                        first[name] |= first[symbol.name]
                    elif symbol.kind == "register":
                        first[name] |= set(grammar.forms[symbol.form].values()) if symbol.form else stored
                    else:
                        first[name].add(symbol.name)
                grew |= len(first[name]) > size
        return first

    def _fault(self, tokens: Sequence[str]) -> str:
        """Return what is wrong with a text that the grammar cannot write."""
        oracle = Oracle(self.grammar)
        rule = "source must be a story that the grammar of Stories can write"
        for place, token in enumerate(tokens):
            possible = oracle.next()
            if not oracle.read(token):
                before = (
                    f"cannot follow {' '.join(tokens[max(0, place - 4) : place])!r}" if place else "begins no story"
                )
                return f"{rule}, but its word {place + 1}, {token!r}, {before}; {_some(possible)} can"
        where = f"ends too early, after {' '.join(tokens[-4:])!r}" if tokens else "is empty"
        return f"{rule}, but it {where}; {_some(oracle.next())} can follow"


def sentence_starts(grammar: Grammar) -> frozenset[str]:
    """Return the rules whose text always begins a sentence that is not the first: before each of them a story may end.

    Such a rule stands behind one that ends a sentence, or at the head of another such rule.
    """
    alternatives = [(name, symbols) for name, rule in grammar.rules.items() for _, symbols in rule]
    names = {symbol: grammar.symbol(symbol).name for _, symbols in alternatives for symbol in symbols}
    ending = {"."}
    while found := {
        name
        for name, rule in grammar.rules.items()
        if name not in ending and all(names[symbols[-1]] in ending for _, symbols in rule)
    }:
        ending |= found
    later = set(grammar.rules) - set(grammar.start.rest)
    while wrong := {
        names[symbol]
        for name, symbols in alternatives
        for before, symbol in zip((None, *symbols), symbols, strict=False)
        if names[symbol] in later and (names[before] not in ending if before else name not in later)
    }:
        later -= wrong
    return frozenset(later)


def _held(symbol: Symbol, position: int, registers: Registers, grammar: Grammar) -> Held:
    """Return what a symbol that is no rule writes or stands for."""
    if symbol.kind == "word":
        return Held(symbol.name, position)
    held = registers[grammar.registers.index(symbol.name)]
    if held is None:
        raise ValueError(f"register {symbol.name!r} must hold a word before it is written, but it is empty")
    return held


def _some(words: dict[str, float], most: int = 6) -> str:
    """Return the most probable of some words, as a list."""
    likely = sorted(words, key=lambda word: -words[word])
    return (", ".join(map(repr, likely[:most])) or "nothing") + (" or others" if len(likely) > most else "")
