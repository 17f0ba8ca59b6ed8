"""All translations of one derivation of a story: a network of states, of which only what is asked for is built.

What is still to be written is a list of items: words, parts of the story, and wordings, whose words depend on choices,
such as an article before a noun that may be *Laterne* or *Lampe*. A choice is remembered until the last word that
depends on it is written. The list and the choices together are a state.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from lmkit.datasets.translation.source import Node
from lmkit.datasets.translation.table import Piece, Table
from lmkit.datasets.translation.wording import Call, Links, Wording, Written, section_of, wording


class Forget(NamedTuple):
    """The place from which on a choice no longer matters."""

    position: int


Item = Written | Call | Wording | Forget
Choices = tuple[tuple[int, int], ...]  # positions in the story, and which of its entry's words each became


class Rest:
    """A list of what is still to be written: an item, and the rest after it. Equal lists are one object."""

    __slots__ = ("head", "tail")

    def __init__(self, head: Item, tail: Rest | None):
        self.head, self.tail = head, tail


State = tuple[Rest | None, Choices]
Transition = tuple[float, Written, State]


class Network:
    """The states of one derivation.

    Parameters
    ----------
    table : Table
    tree : Node
        The derivation.
    end : Written
        The end token.

    Attributes
    ----------
    start : State
    """

    def __init__(self, table: Table, tree: Node, end: Written):
        self.table = table
        self._rests: dict[tuple[Item, Rest | None], Rest] = {}
        self._orders: dict[Call, list[tuple[float, list[Item]]]] = {}
        self._transitions: dict[State, list[Transition]] = {}
        self.start: State = (self._push([Call(tree, "", ()), end], None), ())

    def transitions(self, state: State) -> list[Transition]:
        """Return every way to write the next word: probability, word, and state after it; empty after the end."""
        known = self._transitions.get(state)
        if known is None:
            known = self._transitions[state] = list(self._expand(*state))
        return known

    def _expand(self, rest: Rest | None, choices: Choices) -> Iterator[Transition]:
        if rest is None:
            return
        head, tail = rest.head, rest.tail
        if isinstance(head, Written):
            yield 1.0, head, _forgetting(tail, choices)
        elif isinstance(head, Forget):
            yield from self._expand(*_forgetting(rest, choices))
        elif isinstance(head, Call):
            for p, items in self._orders_of(head):
                for q, word, after in self._expand(self._push(items, tail), choices):
                    yield p * q, word, after
        else:
            for p, chosen in _choices(head, choices):
                variants = {at: head.needs[at][i][1] for at, i in chosen if at in head.needs}
                words = head.write(variants)
                for q, word, after in self._expand(self._push(words, tail), chosen):
                    yield p * q, word, after

    def _push(self, items: list[Item] | list[Written], tail: Rest | None) -> Rest | None:
        for item in reversed(items):
            key = (item, tail)
            if key not in self._rests:
                self._rests[key] = Rest(item, tail)
            tail = self._rests[key]
        return tail

    def _orders_of(self, call: Call) -> list[tuple[float, list[Item]]]:
        """Return what a part of the story becomes: orders and their probabilities."""
        if call not in self._orders:
            section, case = section_of(self.table, call.node.rule, call.section)
            orders = self.table.rules[call.node.rule][call.node.source].sections.get(section, [(1.0, ())])
            self._orders[call] = [(p, self._items(pieces, call.node, case, call.links)) for p, pieces in orders]
        return self._orders[call]

    def _items(self, pieces: tuple[Piece, ...], node: Node, case: str, links: Links) -> list[Item]:
        """Return the items of an order. A choice is forgotten after the last of them, unless a register keeps it."""
        items = [item for piece in pieces for item in wording(self.table, piece, node, case, links)]
        last = {position: i for i, item in enumerate(items) if isinstance(item, Wording) for position in item.needs}
        kept = {held.position for held in node.registers if held}
        out: list[Item] = []
        for i, item in enumerate(items):
            out.append(item)
            out += [Forget(position) for position, j in last.items() if i == j and position not in kept]
        return out


def _choices(item: Wording, choices: Choices) -> Iterator[tuple[float, Choices]]:
    """Yield every way to choose what an item needs and what is open still, with its probability."""
    made = {position for position, _ in choices}
    open_position = next((position for position in item.needs if position not in made), None)
    if open_position is None:
        yield 1.0, choices
        return
    for i, (p, _) in enumerate(item.needs[open_position]):
        for q, chosen in _choices(item, tuple(sorted((*choices, (open_position, i))))):
            yield p * q, chosen


def _forgetting(rest: Rest | None, choices: Choices) -> State:
    """Return the state in which choices that no longer matter are forgotten."""
    while rest is not None and isinstance(rest.head, Forget):
        position = rest.head.position
        choices = tuple(choice for choice in choices if choice[0] != position)
        rest = rest.tail
    return rest, choices
