"""Card files as plain data that knows on which line it stands, so that an error can say where to look."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

Place = tuple[str | int, ...]  # how one gets to a value: ("cards", 3, "choices", 0, "why")


class CardError(ValueError):
    """Something is wrong with card files: the message has a line for each fault, with the file's name and the line.

    Attributes
    ----------
    faults : list of str
    """

    def __init__(self, *faults: str):
        self.faults = list(faults)
        super().__init__("\n".join(faults))

    @classmethod
    def joined(cls, errors: Iterable[CardError]) -> CardError:
        """One error with the faults of several."""
        return cls(*(fault for error in errors for fault in error.faults))


@dataclass
class Source:
    """What a YAML file holds.

    Attributes
    ----------
    path : Path
    content : dict, list or scalar
    lines : dict of Place to int
        The line, from 1, on which each value begins.
    """

    path: Path
    content: Any = None
    lines: dict[Place, int] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> Source:
        """Read a file; raises CardError where it is not UTF-8, no YAML, or has a key twice."""
        source = cls(path)
        loader = yaml.SafeLoader("")
        try:
            tree = yaml.compose(path.read_text(encoding="utf-8"), yaml.SafeLoader)
        except UnicodeDecodeError as error:
            raise CardError(f"{path.name}: the file must be UTF-8 text: {error}; save it as UTF-8") from None
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            line = 1 if mark is None else mark.line + 1
            problem = getattr(error, "problem", None) or str(error).splitlines()[0]
            raise CardError(
                f"{path.name}:{line}: this is not YAML: {problem}; quote a text that has ': ' or ' #' in it"
            ) from None
        source.content = source._plain(loader, tree, ())
        return source

    def line(self, place: Sequence[str | int]) -> int:
        """The line of a value; of what holds it, where it does not exist."""
        place = tuple(place)
        while place not in self.lines and place:
            place = place[:-1]
        return self.lines.get(place, 1)

    def error(self, place: Sequence[str | int], message: str) -> CardError:
        """An error that says where it is."""
        return CardError(f"{self.path.name}:{self.line(place)}: {message}")

    def _plain(self, loader: yaml.SafeLoader, node: yaml.Node | None, place: Place) -> Any:
        if node is None:
            return None
        self.lines[place] = node.start_mark.line + 1
        if isinstance(node, yaml.SequenceNode):
            return [self._plain(loader, child, (*place, i)) for i, child in enumerate(node.value)]
        if not isinstance(node, yaml.MappingNode):
            return loader.construct_object(node, deep=True)
        content = {}
        for key, child in node.value:
            name = loader.construct_object(key, deep=True)
            if not isinstance(name, str | int | float) or isinstance(name, bool):
                self.lines[place] = key.start_mark.line + 1
                raise self.error(place, f"a key must be a text or a number, but it is {name!r}; quote it")
            if name in content:
                self.lines[place] = key.start_mark.line + 1
                raise self.error(place, f"a key must stand once, but {name!r} stands twice; remove one of them")
            content[name] = self._plain(loader, child, (*place, name))
            self.lines[(*place, name)] = key.start_mark.line + 1
        return content
