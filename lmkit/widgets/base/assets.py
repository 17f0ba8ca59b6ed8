"""What travels to the reader's browser besides code: the shipped models' bytes, and tables such as a grammar.

A built book carries each asset as a script in `_static/lmkit/` (`page_scripts`), and the models' bytes compressed
beside them (`page_weights`), a tenth smaller; in a notebook they are part of the widgets' state (`travelling`).
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from lmkit import pretrained
from lmkit.datasets import shakespeare, stories, translation
from lmkit.widgets.base import bundle

GRAMMAR, GERMAN, PLAYS, PIECES = "stories-grammar", "german-grammar", "four-plays", "pieces"
SCALAR = "training-scalar"  # the kernel of training without vector instructions
SAVING = "base/saving/files.js"  # makes files of labs: wanted only by those who save
_SCALAR = Path(__file__).resolve().parents[1] / "runtime" / "training" / "scalar" / "wasm.js"


@cache
def grammar() -> dict:
    """Return the grammar of Stories as its file has it."""
    return json.loads(stories.PATH.read_text(encoding="utf-8"))


@cache
def grammar_key() -> str:
    """Return a name for this version of the grammar."""
    return digest(stories.PATH.read_bytes())


@cache
def german() -> dict:
    """Return the German of Stories as its file has it."""
    return json.loads(translation.PATH.read_text(encoding="utf-8"))


@cache
def translation_tables() -> list[dict[str, str]]:
    """Return the names and versions of the two tables of which the truth of translations is made."""
    return [
        {"name": GRAMMAR, "key": grammar_key()},
        {"name": GERMAN, "key": digest(translation.PATH.read_bytes())},
    ]


@cache
def plays() -> dict[str, str]:
    """Return four plays of Shakespeare: three to train on and one held out."""
    return json.loads(shakespeare.FOUR_PLAYS.read_text(encoding="utf-8"))


@cache
def plays_key() -> str:
    """Return a name for this version of the plays."""
    return digest(shakespeare.FOUR_PLAYS.read_bytes())


@cache
def pieces() -> dict:
    """Return the tokenizer of the shipped model of Shakespeare: pieces of words, by byte-pair encoding."""
    return pretrained.load("shakespeare").vocab.config()


@cache
def pieces_key() -> str:
    """Return a name for this version of the pieces."""
    return digest(json.dumps(pieces()).encode())


@cache
def scalar() -> dict[str, str]:
    """Return the kernel of training for browsers without vector instructions; few are left, so it travels alone."""
    found = re.search(r'TRAINING_SCALAR = "([^"]+)"', _SCALAR.read_text(encoding="utf-8"))
    assert found
    return {"wasm": found[1]}


@cache
def scalar_key() -> str:
    """Return a name for this version of that kernel."""
    return digest(_SCALAR.read_bytes())


@cache
def saving() -> str:
    """Return a script with the modules that make files of labs, without those that every lab has."""
    known = bundle.modules("base/view.js")
    return bundle.script([module for module in bundle.modules(SAVING) if module not in known])


def saving_key() -> str:
    """Return the name of the module that makes files of labs, with its digest."""
    return bundle.modules(SAVING)[-1].name


TABLES: dict[str, Callable[[], dict]] = {
    GRAMMAR: grammar,
    GERMAN: german,
    PLAYS: plays,
    PIECES: pieces,
    SCALAR: scalar,
}


def tables() -> dict[str, dict]:
    """Return all tables that travel, by name."""
    return {name: make() for name, make in TABLES.items()}


def is_asset(name: str) -> bool:
    """Return whether a shipped model or a table has this name."""
    return name in TABLES or name in models()


def named(value: Any) -> Iterator[tuple[str, str]]:
    """Yield the names and versions of all shipped models and tables that a state names.

    A view names one as a dictionary with `name` and `key`, or as a pair of them in a dictionary of tables. What is
    `own` travels in the state itself.
    """
    if isinstance(value, list):
        for each in value:
            yield from named(each)
    elif isinstance(value, dict):
        name, key = value.get("name"), value.get("key")
        if isinstance(name, str) and isinstance(key, str) and not value.get("own") and is_asset(name):
            yield name, key
        for each, content in value.items():
            if isinstance(content, str) and each in TABLES:
                yield each, content
            else:
                yield from named(content)


def content(name: str) -> str | dict:
    """Return a table, or the bytes of a shipped model in base64: what a page has of an asset."""
    return TABLES[name]() if name in TABLES else base64.b64encode(model_bytes(name)).decode()


def digest(data: bytes) -> str:
    """Return a short name for a content: it tells the versions of an asset apart."""
    return hashlib.sha256(data).hexdigest()[:12]


def page_scripts() -> dict[str, str]:
    """Return the scripts that a built page loads from `_static/lmkit/`: file name to JavaScript text."""
    return {f"{name}.js": _script(name, content(name)) for name in [*models(), *TABLES]}


def page_weights() -> dict[str, bytes]:
    """Return the models' files as a built page fetches them from `_static/lmkit/`: file name to compressed bytes.

    They are compressed here, since few hosts compress what they take for binary. A name that ended in `.gz` would have
    some of them say so in a header, and the browser unpack it before the page does.
    """
    return {f"{name}.bin": gzip.compress(model_bytes(name), 9, mtime=0) for name in models()}


def models() -> list[str]:
    """Return the names of all shipped models, translators among them."""
    return pretrained.names() + pretrained.translator_names()


def model_bytes(name: str) -> bytes:
    """Return the file of a shipped model."""
    return pretrained.path_of(name).read_bytes()


def _script(name: str, content: object) -> str:
    written = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return f"globalThis.__lmkit.assets[{json.dumps(name)}]={written};\n"
