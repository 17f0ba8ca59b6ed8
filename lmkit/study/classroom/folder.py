"""A folder of exports: who is who, which files are one student's, and which cannot be read."""

from __future__ import annotations

import os
import re
import stat
import sys
import time
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from lmkit.files import StrPath, name_of
from lmkit.plots.escaping import showable
from lmkit.study.classroom.export import LONGEST_FILE, Answer, Export, ExportError, Response, read_export

DAY = 86_400_000  # ms


class First(NamedTuple):
    """A student's first answer to a card: whether it was right, and what it was, if the file says so."""

    right: bool
    response: Response | None


class Student(NamedTuple):
    """A student, and what this student did.

    Attributes
    ----------
    name : str
        As it was typed, or what the file is called; with the file where two have the same.
    files : tuple of str
        The student's files.
    firsts : dict of str to First
        The first answers, by the ids of cards.
    answers : int
        How many there are in all, repetitions too.
    days : int
        On how many days (UTC).
    begun, ended : int or None
        The times of the first and of the last answer, in ms since 1970.
    predictions, came_true : int
    """

    name: str
    files: tuple[str, ...]
    firsts: dict[str, First]
    answers: int
    days: int
    begun: int | None
    ended: int | None
    predictions: int
    came_true: int


class Class(NamedTuple):
    """The students of a folder; the files that could not be read, each with why; and what is odd."""

    students: tuple[Student, ...]
    skipped: dict[str, str]
    notes: tuple[str, ...]


class _File(NamedTuple):
    label: str
    name: str | None
    student: Student
    keys: np.ndarray  # a number for each answer, by which two files are compared


def read_class(folder: StrPath, now: int | None = None) -> Class:
    """Read every export in a folder and in the folders within it.

    Files that cannot be read are skipped, with the reason. Two files of one name that share answers, to the
    millisecond, are one student's, and are joined; two that share none are two students'.

    Parameters
    ----------
    folder : path
    now : int, optional
        In ms since 1970; the time of now unless given.

    Raises
    ------
    ValueError
        If it is no folder, or holds no export that can be read.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise ValueError(
            f"folder must be one with the files of a class, but {name_of(folder)} is none; correct its name"
        )
    now = int(time.time() * 1000) if now is None else now
    files: list[_File] = []
    skipped: dict[str, str] = {}
    notes: list[str] = []
    for path in _files(folder, skipped):
        label = showable(path.relative_to(folder).as_posix())
        try:
            export = read_export(_content(path), now)
        except ExportError as error:
            skipped[label] = str(error)
        except OSError as error:
            skipped[label] = f"it cannot be read: {error.strerror}; check who may read it"
        else:
            notes += [f"{label}: {note}" for note in export.notes]
            files.append(_file(label, export))
    if not files:
        raise ValueError(_nothing(folder, skipped))
    groups, more = _groups(files)
    students = [_student_of([files[place] for place in group], folder, now) for group in groups]
    named, twice = _told_apart(students)
    return Class(tuple(named), skipped, (*notes, *more, *twice))


def _nothing(folder: Path, skipped: dict[str, str]) -> str:
    rule = "folder must hold files that the Review page exports (.json)"
    if not skipped:
        return f"{rule}, but {name_of(folder)} has none; put them there"
    label, why = next(iter(skipped.items()))
    return f"{rule}, but none of the {len(skipped)} in {name_of(folder)} can be read; {label}: {why}"


def _files(folder: Path, skipped: dict[str, str]) -> Iterator[Path]:
    """Yield what is called an export, in the order of names; links are not followed, for they lead elsewhere."""

    def unreadable(error: OSError) -> None:
        label = showable(Path(error.filename).relative_to(folder).as_posix())
        skipped[label] = f"this folder cannot be read: {error.strerror}; check who may read it"

    for root, folders, names in os.walk(folder, onerror=unreadable):
        folders.sort()
        for name in sorted(names):
            path = Path(root, name)
            if not name.lower().endswith(".json") or name.startswith("."):
                continue
            if stat.S_ISREG(path.lstat().st_mode):
                yield path
            else:
                label = showable(path.relative_to(folder).as_posix())
                skipped[label] = "it is a link, a device or a pipe; copy the file itself there"


def _content(path: Path) -> bytes:
    """Return a file's bytes, but not more than one too many."""
    with path.open("rb") as file:
        return file.read(LONGEST_FILE + 1)


def _file(label: str, export: Export) -> _File:
    keys = np.fromiter((hash(answer[:3]) for answer in export.answers), np.int64, len(export.answers))
    name = export.name or showable(Path(label).with_suffix("").as_posix())
    return _File(label, export.name, _student(name, (label,), [export]), keys)


def _student(name: str, files: tuple[str, ...], exports: list[Export]) -> Student:
    """Return what a student did, by one file or several."""
    answers = _union(exports)
    firsts: dict[str, First] = {}
    for card, grade, _, response in answers:
        firsts.setdefault(sys.intern(card), First(grade > 1, response))
    best = max(exports, key=lambda export: export.predictions)
    return Student(
        name=name,
        files=files,
        firsts=firsts,
        answers=len(answers),
        days=len({answer.at // DAY for answer in answers}),
        begun=answers[0].at if answers else None,
        ended=answers[-1].at if answers else None,
        predictions=best.predictions,
        came_true=best.came_true,
    )


def _union(exports: list[Export]) -> list[Answer]:
    """Return the answers of all exports in the order of time, each once, with what was answered where one says it."""
    found: dict[tuple[int, str, int], Answer] = {}
    for export in exports:
        for answer in export.answers:
            key = (answer.at, answer.card, answer.grade)
            if key not in found or found[key].response is None:
                found[key] = answer
    return [found[key] for key in sorted(found)]


def _groups(files: list[_File]) -> tuple[list[list[int]], list[str]]:
    """Return which files are one student's, and a note on each pair of names that share answers."""
    owner = list(range(len(files)))

    def root(place: int) -> int:
        while owner[place] != place:
            owner[place] = place = owner[owner[place]]
        return place

    names = [{_plain(file.name)} if file.name else set() for file in files]
    notes = []
    for (one, other), count in sorted(_shared(files).items()):
        if count < 2 and count < min(len(files[one].keys), len(files[other].keys)):
            continue  # in a large class two students may answer within one millisecond
        first, second = sorted((root(one), root(other)))
        if len(names[first] | names[second]) > 1:
            share = f"{files[one].label} and {files[other].label} share {count} {'answer' if count == 1 else 'answers'}"
            notes.append(f"{share} to the millisecond under two names: one browser for two students, or a copy")
        else:
            owner[second] = first
            names[first] |= names[second]
    groups: dict[int, list[int]] = defaultdict(list)
    for place in range(len(files)):
        groups[root(place)].append(place)
    return list(groups.values()), notes


def _shared(files: list[_File]) -> Counter[tuple[int, int]]:
    """Return how many answers files share, by their places; of many files with one answer, neighbours are compared."""
    keys = np.concatenate([file.keys for file in files])
    owners = np.repeat(np.arange(len(files)), [len(file.keys) for file in files])
    order = np.lexsort((owners, keys))
    keys, owners = keys[order], owners[order]
    same = (keys[1:] == keys[:-1]) & (owners[1:] != owners[:-1])
    return Counter(zip(owners[:-1][same].tolist(), owners[1:][same].tolist(), strict=True))


def _student_of(files: list[_File], folder: Path, now: int) -> Student:
    if len(files) == 1:
        return files[0].student
    labels = tuple(file.label for file in files)
    name = next((file.name for file in files if file.name), None) or files[0].student.name
    return _student(name, labels, [read_export(_content(folder / label), now) for label in labels])


def _told_apart(students: Iterable[Student]) -> tuple[list[Student], list[str]]:
    """Return the students by name, with their files in the names that two have, and a note on each such name."""
    by_name: dict[str, list[Student]] = defaultdict(list)
    for student in students:
        by_name[_plain(student.name)].append(student)
    named, notes = [], []
    for plain in sorted(by_name, key=_natural):
        same = by_name[plain]
        if len(same) > 1:
            rule = f"{len(same)} students are called {same[0].name!r}, for their files share no answer"
            notes.append(f"{rule}: {', '.join(student.files[0] for student in same)}")
            same = [student._replace(name=f"{student.name} ({student.files[0]})") for student in same]
        named += same
    return named, notes


def _natural(name: str) -> list[tuple[int, str]]:
    """Return what sorts student 2 before student 10."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d{1,9})", name)]


def _plain(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())
