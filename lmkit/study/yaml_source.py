"""Card files as plain data that knows on which line it stands, so that an error can say where to look."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

KeyPath = tuple[str | int | float, ...]  # how one gets to a value: ("cards", 3, "choices", 0, "why")


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
        """Return one error with the faults of several."""
        return cls(*(fault for error in errors for fault in error.faults))


@dataclass
class YamlSource:
    """The content of a YAML file, and its lines.

    Attributes
    ----------
    path : Path
    content : dict, list or scalar
    lines : dict of KeyPath to int
        The line, from 1, on which each value begins.
    """

    path: Path
    content: Any = field(default=None, repr=False)
    lines: dict[KeyPath, int] = field(default_factory=dict, repr=False)

    @classmethod
    def read(cls, path: Path) -> YamlSource:
        """Read a file; raise CardError where it cannot be read, is not UTF-8, no YAML, or has a key twice."""
        source = cls(path)
        try:
            tree = yaml.compose(path.read_text(encoding="utf-8"), yaml.SafeLoader)
        except OSError as error:
            raise CardError(f"{path}: the file must be readable, but: {error.strerror}; correct its name") from None
        except UnicodeDecodeError as error:
            raise CardError(f"{path.name}: the file must be UTF-8 text: {error}; save it as UTF-8") from None
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            line = 1 if mark is None else mark.line + 1
            problem = getattr(error, "problem", None) or str(error).splitlines()[0]
            raise CardError(
                f"{path.name}:{line}: this is not YAML: {problem}; quote a text that has ': ' or ' #' in it"
            ) from None
        source.content = source._construct(yaml.SafeLoader(""), tree, ())
        return source

    def line(self, keys: Sequence[str | int | float]) -> int:
        """Return the line of a value; of what holds it, where it does not exist."""
        keys = tuple(keys)
        while keys not in self.lines and keys:
            keys = keys[:-1]
        return self.lines.get(keys, 1)

    def fault(self, keys: Sequence[str | int | float], message: str) -> str:
        """Return a message behind the file's name and the line of a value."""
        return f"{self.path.name}:{self.line(keys)}: {message}"

    def error(self, keys: Sequence[str | int | float], message: str) -> CardError:
        """Return an error that says where it is."""
        return CardError(self.fault(keys, message))

    def _construct(self, loader: yaml.SafeLoader, node: yaml.Node | None, keys: KeyPath) -> Any:
        if node is None:
            return None
        self.lines[keys] = node.start_mark.line + 1
        if isinstance(node, yaml.SequenceNode):
            return [self._construct(loader, child, (*keys, i)) for i, child in enumerate(node.value)]
        if isinstance(node, yaml.MappingNode):
            return self._construct_mapping(loader, node, keys)
        return loader.construct_object(node, deep=True)

    def _construct_mapping(self, loader: yaml.SafeLoader, node: yaml.MappingNode, keys: KeyPath) -> dict:
        content = {}
        for key, child in node.value:
            name, line = loader.construct_object(key, deep=True), key.start_mark.line + 1
            if not isinstance(name, str | int | float) or isinstance(name, bool):
                self.lines[keys] = line
                raise self.error(keys, f"a key must be a text or a number, but it is {name!r}; quote it")
            if name in content:
                self.lines[keys] = line
                raise self.error(keys, f"a key must stand once, but {name!r} stands twice; remove one of them")
            content[name] = self._construct(loader, child, (*keys, name))
            self.lines[(*keys, name)] = self.lines[(*keys, str(name))] = line  # a number may stand for a text
        return content
