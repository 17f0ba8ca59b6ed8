"""Files that are whole: written beside their place and then moved there, in places that are tried before long work.

Whenever a process ends, be it killed or the disk full, there is a whole file at the place: the old one, or the new.
"""

from __future__ import annotations

import os
import shutil
import stat
import unicodedata
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile

StrPath = str | os.PathLike[str]


class WriteError(OSError):
    """A file could not be written; what stood in its place is as it was."""


def atomic_write(path: StrPath, data: bytes, name: str = "the file") -> None:
    """Write a file so that there is always a whole one at `path`, the old or the new, whenever the process ends.

    Parameters
    ----------
    path : path
        A link stays one: what it leads to is replaced. A file that is replaced leaves its permissions to the new one.
    data : bytes
    name : str
        What an error calls the file.

    Raises
    ------
    WriteError
        If the file cannot be written; the old one is as it was, and nothing is left beside it.
    ValueError
        If the path is none, see `check_name`.
    """
    check_name(name, path)
    place = _place(path)
    beside = part_of(place)
    try:
        beside.unlink(missing_ok=True)  # of a process that was killed; or a link, which must not be followed
        with beside.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if place.exists():
            shutil.copymode(place, beside)
        os.replace(beside, place)
    except OSError as error:
        reason = f"but that failed: {error.strerror or error}"
        raise WriteError(f"{name} must be written to {path}, {reason}; choose another place") from error
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
    _sync_folder(place.parent)


def write_changed(path: StrPath, data: bytes, name: str = "the file") -> bool:
    """Write a file as `atomic_write` does, unless its bytes are there already; return whether they were not.

    A file that stays as it is keeps its time, so nothing that `make` derives from it is made again.

    Parameters
    ----------
    path, data, name : as for `atomic_write`

    Raises
    ------
    WriteError, ValueError
        As `atomic_write` does.
    """
    check_name(name, path)
    with suppress(OSError):  # what cannot be read is written, or the error of that is told
        if Path(path).read_bytes() == data:
            return False
    atomic_write(path, data, name)
    return True


def check_place(name: str, path: StrPath) -> Path:
    """Return a path where a file can be written, so that long work is not done in vain.

    Parameters
    ----------
    name : str
        The argument, for the error.
    path : path

    Raises
    ------
    ValueError
        If the path is a folder or a device, lies in no folder, or may not be written.
    """
    path = Path(path)
    check_name(name, path)
    try:
        place = _place(path)
        if place.is_dir():
            raise ValueError(f"{name} must be a file, but {path} is a folder; choose another name")
        if not place.parent.is_dir():
            raise ValueError(f"{name} must name a file in a folder that exists, but it is {path}; create the folder")
        if place.exists() and not stat.S_ISREG(place.stat().st_mode):
            raise ValueError(f"{name} must name an ordinary file, but {path} is a device or a pipe; choose another")
        if place.exists() and not os.access(place, os.W_OK):
            raise ValueError(f"{name} must name a file that may be changed, but {path} is read-only; choose another")
        part_of(place).unlink(missing_ok=True)
        TemporaryFile(dir=place.parent).close()
    except OSError as error:
        rule = "must name a file that can be written"
        raise ValueError(f"{name} {rule}, but {path} cannot: {error.strerror}; choose another place") from error
    return path


def check_folder(name: str, folder: StrPath) -> Path:
    """Return a folder that is there, or can be made in one that is.

    Raises
    ------
    ValueError
        If it is a file, lies in no folder, or may not be written.
    """
    folder = Path(folder)
    check_name(name, folder)
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"{name} must be a folder, but {folder} is a file; choose another name")
    check_place(name, folder / "lmkit" if folder.is_dir() else folder)
    return folder


def check_name(name: str, path: StrPath) -> None:
    """Raise ValueError for a path that not every program can handle and print: not UTF-8, or with NUL in it."""
    try:
        text = name_of(path)
    except UnicodeDecodeError:
        raise ValueError(f"{name} must have a name in UTF-8, but it is {str(path)!r}; rename it") from None
    if "\0" in text:
        raise ValueError(f"{name} must have a name without NUL, but it is {text!r}; rename it")


def name_of(path: StrPath) -> str:
    """Return a path as text, whatever the locale: in some, Python escapes the letters of a path."""
    return os.fsencode(path).decode()


def check_apart(inputs: dict[str, StrPath | None], outputs: dict[str, StrPath | None]) -> None:
    """Raise ValueError where an output would replace an input or another output.

    Parameters
    ----------
    inputs, outputs : dicts
        Paths, by the names of their arguments; None for one that is not given.
    """
    taken: dict[str, StrPath] = {}
    for name, path in {**inputs, **outputs}.items():
        if path is None:
            continue
        check_name(name, path)
        for other, there in taken.items() if name in outputs else ():
            if same_file(path, there) or same_file(part_of(_place(path)), there):
                rule = "must not be one file, also where upper and lower case are the same"
                raise ValueError(f"{name} and {other} {rule}, but they are {path} and {there}; give another {name}")
        taken[name] = path


def same_file(path: StrPath, other: StrPath) -> bool:
    """Return whether two paths lead to one file, or would if both existed on a disk that ignores case."""
    try:
        return os.path.samefile(path, other)
    except OSError:  # one does not exist
        return _plain(path) == _plain(other)


def part_of(path: Path) -> Path:
    """Return the path beside a file at which it is written."""
    return path.with_name(f".{path.name}.part")


def _place(path: StrPath) -> Path:
    """Return where a path leads: a link is followed, so that what it leads to is replaced, and not the link."""
    return Path(os.path.realpath(path))


def _plain(path: StrPath) -> str:
    return unicodedata.normalize("NFC", os.path.realpath(path)).casefold()


def _sync_folder(folder: Path) -> None:
    """Let the disk know a file's new name; where that cannot be done, the file is there all the same."""
    with suppress(OSError):
        if hasattr(os, "O_DIRECTORY"):  # not on Windows
            descriptor = os.open(folder, os.O_DIRECTORY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
