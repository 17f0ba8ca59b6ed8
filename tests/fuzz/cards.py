"""Card files against a second parser, ruamel.yaml, which follows YAML 1.2.

What our loader takes must mean the same there, text by text; what it refuses it must refuse by a CardError, whose
faults each tell a line.
"""

from __future__ import annotations

import re
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from lmkit import study
from lmkit.study.yaml_source import CardError, YamlSource
from tests.fuzz.target import target

EXAMPLES = (Path(__file__).parents[1] / "example_cards.yml").read_text(encoding="utf-8")
SCALARS = st.sampled_from(
    "no Yes on ~ null .inf .nan 010 0x1F 0o17 1_000 1.10 1e3 1:30 2024-05-01 = << * & ! ? - | > %a @a `a "
    "'it''s' \"a\\tb\" \"\\u00e9\" \"\\/\" *a &a !a !!str [] {} [a,b] {a: b} a#b a:b #a ''".split()
)
SIGNS = st.text(st.sampled_from("ab01 :#'\"|>-?&*!%@`[]{},\\\t\n~=<é\x85\u2028\ufeff\xa0😀\x07"), max_size=12)
PIECES = SCALARS | SIGNS
TEMPLATES = st.sampled_from(
    [
        "a: {0}\nb: {1}\n",
        "- {0}\n- {1}\n",
        "a: [{0}, {1}]\n",
        "a: {{x: {0}, y: {1}}}\n",
        "? {0}\n: {1}\n",
        "a: |{0}\n  {1}\n",
    ]
    + [
        "a: >{0}\n  {1}\n\n  b\n",
        "a: '{0}'\nb: \"{1}\"\n",
        "{0}: {1}\n",
        "a:\n  - {0}\n  -\n    b: {1}\n",
        "a: {0}\n   {1}\n",
        "{0}{1}",
    ]
)


@cache
def folder() -> Path:
    """A folder for one card file, which goes with this process."""
    place = tempfile.TemporaryDirectory()
    folder.place = place
    return Path(place.name)


def written(text: str) -> Path:
    path = folder() / "example_cards.yml"
    path.write_bytes(text.encode())
    return path


def told(error: CardError) -> None:
    """Check that every fault tells file and line."""
    assert error.faults
    for fault in error.faults:
        assert re.match(r"example_cards\.yml:[1-9]\d*: \S", fault), fault


def by_second_parser(text: str) -> Any:
    """Return a file's content as ruamel.yaml reads it, every value as its text."""
    return YAML(typ="base", pure=True).load(text)


def compare(text: str) -> Any:
    """Compare what both read; return None where ours refuses the file."""
    try:
        ours = YamlSource.read(written(text)).content
    except CardError as error:
        told(error)
        return None
    try:
        theirs = by_second_parser(text)
    except YAMLError as error:
        raise AssertionError(f"ours reads {ours!r}, but the other parser says: {error}") from None
    assert ours == theirs, f"ours is {ours!r}, but theirs is {theirs!r}"
    return ours


@target(template=TEMPLATES, pieces=st.tuples(PIECES, PIECES))
def values(template, pieces):
    """Small files with odd values in every style and place."""
    compare(template.format(*pieces))


@target(
    edits=st.lists(st.tuples(st.integers(0, len(EXAMPLES)), st.integers(0, 8), PIECES), min_size=1, max_size=3),
    wanted=2000,
)
def decks(edits):
    """The example cards, in which something was replaced: refused, or read as the other parser reads them."""
    text = EXAMPLES
    for place, length, piece in edits:
        text = text[:place] + piece + text[place + length :]
    content = compare(text)
    try:
        deck = study.read_deck(written(text))
    except CardError as error:
        told(error)
        return
    for card, entry in zip(deck.cards, content["cards"], strict=True):
        for keys, shown in card.texts():
            value = entry
            for key in keys:
                value = value[int(key)] if isinstance(value, list) else find(value, key)
            assert shown == value.strip(), (keys, shown, value)


def find(mapping: dict[str, Any], key: Any) -> Any:
    """Return a value whose key is a text, or the number that it stands for."""
    return mapping[key] if key in mapping else next(value for name, value in mapping.items() if float(name) == key)
