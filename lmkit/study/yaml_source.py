"""Card files as plain data that knows on which line it stands, so that an error can say where to look.

Every value in such a file is the text that is written there: `1:30`, `010`, `no` and `2024-05-01` are no numbers,
truths or dates in disguise. Which texts must be numbers, or true or false, the rules of the cards say.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

KeyPath = tuple[str | int | float, ...]  # the way to a value: ("cards", 3, "choices", 0, "why")

DEEPEST = 20  # lists and mappings within one another; those of a card are six
_UNSHOWABLE = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_PLAIN_TAGS = (None, "!", yaml.resolver.BaseResolver.DEFAULT_SCALAR_TAG)
_REMEDIES = {  # what helps, by words of what YAML's parser says
    "cannot start any token": "quote a text that begins with this character, and indent by spaces",
    "found another document": "remove its `---`",
    "end of stream": "close the quote or bracket that is open",
    "stream end": "close the quote or bracket that is open",
    "escape": "write \\\\ for a backslash, or quote by ' instead of \"",
}


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
    content : dict, list, str or None
        None for an empty file.
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
        tree = source._tree(source._text())
        source.content = None if tree is None else source._construct(tree, ())
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

    def _error_at(self, line: int, message: str) -> CardError:
        return CardError(f"{self.path.name}:{line + 1}: {message}")

    def _text(self) -> str:
        try:
            data = self.path.read_bytes()
        except OSError as error:
            raise CardError(
                f"{self.path}: the file must be readable, but: {error.strerror}; correct its name"
            ) from None
        try:
            return data.decode().replace("\r\n", "\n").replace("\r", "\n")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start)
            raise self._error_at(line, f"the file must be UTF-8 text: {error}; save it as UTF-8") from None

    def _tree(self, text: str) -> yaml.Node | None:
        """Return the nodes of a file's text."""
        if found := _UNSHOWABLE.search(text):
            raise self._error_at(text.count("\n", 0, found.start()), _unshowable(found[0]))
        loader = _Loader(text)
        try:
            return loader.get_single_node()
        except yaml.MarkedYAMLError as error:
            problem = error.problem or str(error)
            remedy = next((remedy for words, remedy in _REMEDIES.items() if words in problem), None)
            remedy = remedy or "quote a text that has ': ' or ' #' in it"
            marks = (error.context_mark, error.problem_mark) if "stream" in problem else (error.problem_mark,)
            line = next((mark.line for mark in marks if mark), loader.line)
            raise self._error_at(line, f"this is not YAML: {problem}; {remedy}") from None
        except (ValueError, OverflowError) as error:  # of an escaped character, or of a version's digits
            raise self._error_at(loader.line, f"this is not YAML: {error}; {_REMEDIES['escape']}") from None
        except _RefusedError as error:
            raise self._error_at(error.line, error.rule) from None

    def _construct(self, node: yaml.Node, keys: KeyPath) -> Any:
        self.lines[keys] = node.start_mark.line + 1
        if isinstance(node, yaml.SequenceNode):
            return [self._construct(child, (*keys, i)) for i, child in enumerate(node.value)]
        if isinstance(node, yaml.MappingNode):
            return self._construct_mapping(node, keys)
        if found := _UNSHOWABLE.search(node.value):
            raise self.error(keys, _unshowable(found[0]))
        return node.value

    def _construct_mapping(self, node: yaml.MappingNode, keys: KeyPath) -> dict[str, Any]:
        content: dict[str, Any] = {}
        for key, child in node.value:
            name = self._construct(key, (*keys, ""))
            line = key.start_mark.line
            if not isinstance(name, str):
                raise self._error_at(line, f"a key must be a text, but it is {name!r}; quote it")
            if name in content:
                raise self._error_at(line, f"a key must stand once, but {name!r} stands twice; remove one of them")
            content[name] = self._construct(child, (*keys, name))
            self.lines[(*keys, name)] = line + 1
            with suppress(ValueError):  # a number that a card has for a key is found by its value
                self.lines[(*keys, float(name))] = line + 1
        return content


class _RefusedError(Exception):
    """A value that YAML would take, but that a card file must not hold."""

    def __init__(self, event: yaml.Event, rule: str):
        self.line, self.rule = event.start_mark.line, rule


class _Loader(yaml.BaseLoader):
    """Reads every value as text, and refuses what would make it something else, or endless."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event = self.peek_event()
        if isinstance(event, yaml.AliasEvent):
            rule = f"an alias must be written out, but here is *{event.anchor}; repeat the text, or quote a leading *"
            raise _RefusedError(event, rule)
        if event.anchor is not None:  # whose name ends elsewhere in YAML 1.2
            raise _RefusedError(event, f"a value must have no anchor, but here is &{event.anchor}; quote a leading &")
        if event.tag not in _PLAIN_TAGS:
            raise _RefusedError(event, f"a value must have no tag, but here is {event.tag!r}; quote a leading !")
        if self.depth == DEEPEST:
            raise _RefusedError(event, f"values must be at most {DEEPEST} deep in one another; quote a leading [ or {{")
        self.depth += 1
        try:
            return super().compose_node(parent, index)
        finally:
            self.depth -= 1


def _unshowable(character: str) -> str:
    return f"a text must hold characters that can be shown, but here is U+{ord(character):04X}; remove it"
