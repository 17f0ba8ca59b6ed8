"""What travels to the reader's browser besides code: the shipped models' bytes and the grammar of Stories.

A built book carries each asset as a script in `_static/lmkit/` (`page_scripts`); in a live notebook the view
asks Python.
"""

from __future__ import annotations

import base64
import hashlib
import json
from functools import cache

from lmkit import pretrained
from lmkit.datasets import stories

GRAMMAR = "stories-grammar"


@cache
def grammar() -> dict:
    """Return the grammar of Stories as its file has it."""
    return json.loads(stories.PATH.read_text(encoding="utf-8"))


@cache
def grammar_key() -> str:
    """Return a name for this version of the grammar."""
    return digest(stories.PATH.read_bytes())


def digest(data: bytes) -> str:
    """Return a short name for a content: it tells the versions of an asset apart."""
    return hashlib.sha256(data).hexdigest()[:12]


def page_scripts() -> dict[str, str]:
    """Return the scripts that a built page loads from `_static/lmkit/`: file name to JavaScript text."""
    scripts = {name: _script(name, base64.b64encode(model_bytes(name)).decode()) for name in pretrained.names()}
    return {f"{name}.js": text for name, text in {**scripts, GRAMMAR: _script(GRAMMAR, grammar())}.items()}


def model_bytes(name: str) -> bytes:
    """Return the file of a shipped model."""
    return pretrained.path_of(name).read_bytes()


def _script(name: str, content: object) -> str:
    written = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return f"globalThis.__lmkit.assets[{json.dumps(name)}]={written};\n"
