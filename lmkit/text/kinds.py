"""Every kind of tokenizer by its name, as model files have them."""

from __future__ import annotations

from typing import Any

from lmkit.text.bpe import BPE
from lmkit.text.characters import Characters
from lmkit.text.tokenizer import Tokenizer
from lmkit.text.vocab import Vocab
from lmkit.text.words import Words

KINDS: dict[str, type[Tokenizer]] = {kind.kind: kind for kind in (Vocab, Characters, Words, BPE)}


def tokenizer_from_config(config: Any) -> Tokenizer:
    """Return the tokenizer that a `Tokenizer.config` describes.

    Raises
    ------
    ValueError
        If its kind or version is unknown, or its parts are not what that kind needs.
    """
    if not isinstance(config, dict):
        raise ValueError(f"tokenizer must be a table, but it is {config!r}")
    kind, version = config.get("kind"), config.get("version")
    if not isinstance(kind, str) or kind not in KINDS:
        raise ValueError(f"tokenizer's kind must be one of {', '.join(KINDS)}, but it is {kind!r}")
    made = KINDS[kind]
    if type(version) is not int or version != made.version:
        rule = f"tokenizer's version must be {made.version} for kind {kind!r}"
        raise ValueError(f"{rule}, but it is {version!r}; open it with the lmkit that wrote it")
    parts = {name: value for name, value in config.items() if name not in ("kind", "version")}
    for name, value in parts.items():
        if name != "unk" and not isinstance(value, list):
            raise ValueError(f"tokenizer's {name} must be a list, but it is {value!r}")
    try:
        return made(**parts)
    except TypeError as error:
        raise ValueError(f"tokenizer must have the parts of kind {kind!r}, but {error}") from None
