"""A text of your own: files or a folder, read as UTF-8, and divided into what is learned from and what is held out.

The division looks at names and sizes only, never at what the texts say, and it holds out whole documents where there
are several: a model that has read the first half of a novel has met its people.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from lmkit.files import StrPath, check_name, name_of, same_file
from lmkit.text import read_text

SHARE = 0.1  # of all characters, to be held out
LEAST = 20  # characters of a document, so that its tail is two
ENDING = ".txt"  # of the files of a folder that are read


@dataclass(frozen=True)
class OwnText:
    """Documents to train on, and others that are held out.

    Attributes
    ----------
    training, held_out : list of str
        Whole documents, or the two parts of a single one; lines end in a line feed.
    changes : list of str
        What was changed in reading them, in words, each with the file's name.
    how : str
        What is held out, for a card: "the last tenth", "macbeth.txt".
    """

    training: list[str]
    held_out: list[str]
    changes: list[str]
    how: str


@dataclass(frozen=True)
class _Document:
    path: Path
    text: str
    changes: list[str]


def load(paths: StrPath | Iterable[StrPath], held_out: StrPath | Iterable[StrPath] | None = None) -> OwnText:
    """Read texts, and divide them.

    Parameters
    ----------
    paths : path or paths
        Files, and folders, of which all files that end in .txt are read, at any depth, by name.
    held_out : path or paths, optional
        What to hold out; where a folder of `paths` holds these files, they are not trained on. By default, of several
        documents the last ones, until they make a tenth of all characters; of these, one that would take them beyond a
        half is trained on instead. Of a single document the last tenth, from the beginning of a line or word.

    Raises
    ------
    ValueError
        If a file cannot be read, is in another encoding, or has next to nothing in it; if a folder has no .txt file;
        if nothing would be left to train on; or if a text is trained on and held out.
    """
    given = _listed(paths)
    if not given:
        raise ValueError("paths must name at least one file or folder, but there is none; give a text")
    files = _files("paths", given)
    if held_out is not None:
        kept = _files("held_out", _listed(held_out))
        training, held = _read_all("paths", _without(files, kept, given)), _read_all("held_out", kept)
    else:
        documents = _read_all("paths", files)
        if len(documents) == 1:
            return _tail(documents[0])
        training, held = _last(documents)
    _check_apart([*training, *held])
    how = ", ".join(name_of(document.path.name) for document in held)
    changes = _changes([*training, *held])
    return OwnText([each.text for each in training], [each.text for each in held], changes, how)


def _listed(paths: StrPath | Iterable[StrPath]) -> list[Path]:
    given = [paths] if isinstance(paths, str) or not isinstance(paths, Iterable) else list(paths)
    return [Path(path) for path in given]


def _files(name: str, paths: Sequence[Path]) -> list[Path]:
    """Return the files of folders, and all others as they are, each once."""
    found: list[Path] = []
    for path in paths:
        check_name(name, path)
        files = [path]
        if path.is_dir():
            files = sorted(file for file in path.rglob(f"*{ENDING}") if file.is_file())
            if not files:
                raise ValueError(f"{name} must hold texts, but no file in {path} ends in {ENDING}; name its files")
        found += [file for file in files if not _is_of(file, found)]
    return found


def _without(files: Sequence[Path], kept: Sequence[Path], given: Sequence[Path]) -> list[Path]:
    """Return the files to train on: those that are held out may lie in a folder, but not be named as well."""
    if not kept:
        raise ValueError("held_out must name at least one file or folder, but there is none; leave it out for a tenth")
    for path in given:
        if not path.is_dir() and _is_of(path, kept):
            raise ValueError(f"held_out must not be trained on, but {path} is in paths, too; name it once")
    chosen = [file for file in files if not _is_of(file, kept)]
    if not chosen:
        raise ValueError("paths must hold a text to train on, but all of its files are held out; hold out fewer")
    return chosen


def _read_all(name: str, paths: Sequence[Path]) -> list[_Document]:
    return [_read(name, path) for path in paths]


def _read(name: str, path: Path) -> _Document:
    try:
        text, changes = read_text(path)
    except OSError as error:
        raise ValueError(f"{name} must be files that can be read, but {path} cannot: {error.strerror}") from error
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    if plain != text:
        changes = [*changes, "ends of lines made line feeds"]
    if len(plain.strip()) < LEAST:
        found = f"{len(plain.strip())} characters" if plain.strip() else "none"
        raise ValueError(f"{name} must hold at least {LEAST} characters each, but {path} has {found}; give more text")
    return _Document(path, plain, changes)


def _last(documents: Sequence[_Document]) -> tuple[list[_Document], list[_Document]]:
    """Hold out documents from the last one on; see `load`."""
    total = sum(len(document.text) for document in documents)
    held: list[_Document] = []
    size = 0
    for document in reversed(documents):
        if size < SHARE * total and size + len(document.text) <= total / 2:
            held.insert(0, document)
            size += len(document.text)
    return [document for document in documents if document not in held], held


def _tail(document: _Document) -> OwnText:
    """Hold out the last tenth of a document, from the beginning of a line, or else of a word, that is near."""
    text = document.text.strip()
    cut = len(text) - max(2, round(SHARE * len(text)))
    for sign in "\n ":
        place = text.rfind(sign, cut - len(text) // 20, cut) + 1
        if place > 0:
            cut = place
            break
    return OwnText([text[:cut]], [text[cut:]], _changes([document]), "the last tenth")


def _changes(documents: Sequence[_Document]) -> list[str]:
    return [f"{name_of(document.path.name)}: {change}" for document in documents for change in document.changes]


def _check_apart(documents: Sequence[_Document]) -> None:
    """Raise ValueError if two documents are one text."""
    first: dict[str, Path] = {}
    for document in documents:
        other = first.setdefault(document.text.strip(), document.path)
        if other != document.path:
            raise ValueError(f"texts must differ, but {other} and {document.path} are the same; leave one out")


def _is_of(path: Path, others: Iterable[Path]) -> bool:
    return any(same_file(path, other) for other in others)
