"""Trained models and the files they travel in.

`load` gives a shipped language model, or one from a file, with its vocabulary and card; `save` writes a file.
`load_translator` and `save_translator` do so for encoder-decoders, whose files lie in a folder of their own.
`lmkit.pretrained.model_file` describes the format.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lmkit.files import StrPath, atomic_write
from lmkit.models import LanguageModel
from lmkit.pretrained.model_file import (
    BROWSER_FORMAT,
    FORMAT,
    HEADER_START,
    ModelFileError,
    check_start,
    from_bytes,
    runs_in_browser,
    to_bytes,
)
from lmkit.pretrained.trained import Pretrained, prompt_ids
from lmkit.pretrained.translator import Translator, translator_from_bytes, translator_to_bytes
from lmkit.text import END, Tokenizer

__all__ = [
    "BROWSER_FORMAT",
    "END",
    "FOLDER",
    "FORMAT",
    "TRANSLATORS",
    "ModelFileError",
    "Pretrained",
    "Translator",
    "from_bytes",
    "load",
    "load_translator",
    "names",
    "path_of",
    "prompt_ids",
    "runs_in_browser",
    "save",
    "save_translator",
    "to_bytes",
    "translator_from_bytes",
    "translator_names",
    "translator_to_bytes",
]

FOLDER = Path(__file__).parent
TRANSLATORS = FOLDER / "translators"


def names() -> list[str]:
    """Return the names of the language models that are shipped with lmkit."""
    return _stems(FOLDER)


def translator_names() -> list[str]:
    """Return the names of the encoder-decoders that are shipped with lmkit."""
    return _stems(TRANSLATORS)


def _stems(folder: Path) -> list[str]:
    return sorted(path.stem for path in folder.glob("*.safetensors"))


def path_of(name: str) -> Path:
    """Return the file of a shipped model of either kind; raise ValueError for an unknown name."""
    return _shipped(name, names() + translator_names())


def _shipped(name: str, wanted: Sequence[str]) -> Path:
    """Return the file of a shipped model; of an unknown one say which are wanted."""
    for folder in (FOLDER, TRANSLATORS):
        if name in _stems(folder):
            return folder / f"{name}.safetensors"
    rule = f"name must be one of the shipped models {list(wanted)}, or the path of a model file"
    raise ValueError(f"{rule}, but it is {name!r}; correct it")


def _found(name: StrPath, wanted: Sequence[str]) -> Path:
    """Return the file of a shipped model, or a path as it is."""
    path = Path(name)
    if isinstance(name, str) and (name in wanted or not (path.suffix or len(path.parts) > 1 or path.exists())):
        return _shipped(name, wanted)
    return path


def load(name: StrPath) -> Pretrained:
    """Load a shipped model by name (`names()` lists them), or any model file by its path.

    Parameters
    ----------
    name : str or path
        A string that is no shipped name is a path.

    Returns
    -------
    Pretrained
        The model, in evaluation mode and of the class that was saved, with its vocabulary and card.

    Raises
    ------
    ValueError
        For a word that is neither a shipped name nor a file.
    ModelFileError
        For a file that is damaged, of another version, or not a model file.
    """
    path = _found(name, names())
    return from_bytes(_content(path), source=str(path))


def save(
    path: StrPath,
    model: LanguageModel,
    vocab: Tokenizer,
    card: dict[str, Any] | None = None,
    quantise: bool = True,
) -> None:
    """Write a model file.

    Parameters
    ----------
    path : str or path
        `load` takes a string for a path unless it is a shipped name.
    model, vocab, card, quantise : as for `to_bytes`
    """
    atomic_write(path, to_bytes(model, vocab, card, quantise), "the model file")


def load_translator(name: StrPath) -> Translator:
    """Load a shipped encoder-decoder by name (`translator_names()` lists them), or any from a file by its path.

    Parameters, errors and what a string means are as for `load`.
    """
    path = _found(name, translator_names())
    return translator_from_bytes(_content(path), source=str(path))


def save_translator(path: StrPath, translator: Translator, quantise: bool = True) -> None:
    """Write an encoder-decoder with its vocabularies and card to a file.

    Parameters
    ----------
    path : str or path
    translator, quantise : as for `translator_to_bytes`
    """
    atomic_write(path, translator_to_bytes(translator, quantise), "the model file")


def _content(path: Path) -> bytes:
    """Return a model file's bytes; raise ModelFileError, without reading on, where it does not begin as one."""
    with path.open("rb") as file:
        start = file.read(HEADER_START)
        check_start(start, source=str(path))
        return start + file.read()
