"""What an export did with cards that its format cannot hold as they are."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Change(NamedTuple):
    """A card that did not go over as it is: its id, its kind, and what became of it."""

    card: str
    kind: str
    what: str

    def line(self) -> str:
        """Say it in a line."""
        return f"{self.card} ({self.kind}): {self.what}"


class Report(NamedTuple):
    """An account of what was written: how many cards went over, as how many questions, and what was changed.

    Attributes
    ----------
    cards : int
        Cards that are in the file.
    questions : int
        Questions in the file; more than cards where one card needs several.
    changes : tuple of Change
        Cards that are not there as they are in the book, those that are left out among them.
    """

    cards: int
    questions: int
    changes: tuple[Change, ...]

    def text(self) -> str:
        """Return a line for each change, in the cards' order."""
        return "".join(f"{change.line()}\n" for change in self.changes)

    def summary(self) -> list[str]:
        """Return a line for each kind of change, with the ids of its cards."""
        alike: dict[str, list[Change]] = {}
        for change in self.changes:
            alike.setdefault(change.what, []).append(change)
        return [f"{_count(changes)}: {what}: {', '.join(c.card for c in changes)}" for what, changes in alike.items()]


def _count(changes: Iterable[Change]) -> str:
    kinds = [change.kind for change in changes]
    named = sorted(set(kinds))
    return ", ".join(f"{kinds.count(kind)} {kind}" for kind in named)
