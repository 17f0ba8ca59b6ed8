"""An exam as files: papers, their key, and a table of the answers."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Sequence
from pathlib import Path

from lmkit import files
from lmkit.files import StrPath, atomic_write, check_place
from lmkit.study.exam import pdf, sheets
from lmkit.study.exam.page import to_html
from lmkit.study.exam.versions import Version

FORMATS = ("html", "pdf")
KEY, TABLE = "key", "answers.csv"
_COLUMNS = ("version", "question", "card", "chapter", "kind", "answer")


def file_names(versions: int, formats: Collection[str]) -> list[str]:
    """Return the names of the files that an exam of so many versions has."""
    papers = [f"paper-{letter}" for letter in sheets.LETTERS[:versions]]
    return [*(f"{name}.{suffix}" for name in [*papers, KEY] for suffix in formats), TABLE]


def check_folder(folder: StrPath, versions: int, formats: Collection[str]) -> Path:
    """Return a folder that an exam can be written to, before any work.

    Raises
    ------
    ValueError
        If it is a file, lies in no folder, may not be written, or holds papers of an exam that this would not replace.
    """
    folder, names = files.check_folder("out", folder), file_names(versions, formats)
    for name in names if folder.is_dir() else ():
        check_place("out", folder / name)
    there = sorted(path.name for path in folder.glob("*") if path.name.startswith(("paper-", f"{KEY}.")))
    if left := [name for name in there if name not in names]:
        rule = "out must not keep papers of another exam beside this one's"
        raise ValueError(f"{rule}, but {folder} has {left[0]}; move it away, or give another --out")
    return folder


def write_exam(
    versions: Sequence[Version], folder: StrPath, *, title: str, formats: Collection[str] = FORMATS, page: str = "a4"
) -> list[Path]:
    """Write the papers of an exam, its key and its table of answers into a folder, which is made if there is none.

    Parameters
    ----------
    versions : sequence of Version
    folder : path
    title : str
    formats : collection of str
        Of `FORMATS`.
    page : str
        The size of PDF pages, one of `lmkit.study.exam.pdf.PAPERS`.

    Returns
    -------
    list of Path
        What was written.

    Raises
    ------
    ValueError
        If Typst is wanted and not there, or a formula cannot be set.
    WriteError
        If a file cannot be written.
    """
    documents = {f"paper-{version.letter}": sheets.paper(version, title) for version in versions}
    documents[KEY] = sheets.key(versions, title)
    content = {
        f"{name}.{suffix}": to_html(sheet) if suffix == "html" else pdf.to_pdf(sheet, page)
        for name, sheet in documents.items()
        for suffix in formats
    }
    content[TABLE] = answer_table(versions)
    folder = Path(folder)
    folder.mkdir(exist_ok=True)
    for name, data in content.items():
        atomic_write(folder / name, data, name)
    return [folder / name for name in content]


def answer_table(versions: Sequence[Version]) -> bytes:
    """Return the answers of all versions as CSV, which also tells which card a question is."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(_COLUMNS)
    for version in versions:
        for asked in version.asked:
            card, deck = asked.question
            table.writerow([version.letter, asked.number, card.id, deck.chapter, card.kind, asked.answer()])
    return text.getvalue().encode()
