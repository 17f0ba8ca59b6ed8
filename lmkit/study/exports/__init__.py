"""Cards for learning platforms: one source, and a file that Moodle, Canvas, Blackboard and others import.

::

    from lmkit import study
    from lmkit.study import exports

    report = exports.write("cards.xml", study.load_all(["lstm"]), "moodle")
    print(report.text())  # what the format could not hold as it is, card by card
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from lmkit.files import StrPath, atomic_write, check_place
from lmkit.study import anki
from lmkit.study.deck_file import Deck
from lmkit.study.exports import gift, moodle_xml, qti, qti_item
from lmkit.study.exports.questions import Form, Question, to_questions
from lmkit.study.exports.report import Change, Report

__all__ = ["FORMATS", "Change", "Format", "Report", "render", "validate", "write"]


class Format(NamedTuple):
    """A format: how its file's name ends, who reads it, how it has texts, and what writes it."""

    suffix: str
    readers: str
    form: Form
    write: Callable[[Iterable[Question], str], tuple[bytes, Report]]


FORMATS = {
    "moodle": Format(".xml", "Moodle", moodle_xml.FORM, moodle_xml.moodle_xml),
    "gift": Format(".txt", "Moodle and others that read GIFT", gift.FORM, gift.gift),
    "qti": Format(".zip", "Canvas, Blackboard and others that read QTI 2.1", qti_item.FORM, qti.qti),
}


def write(
    path: StrPath, decks: Iterable[Deck], kind: str, *, title: str = anki.NAMESPACE, address: str | None = None
) -> Report:
    """Write decks as a file for a learning platform.

    Parameters
    ----------
    path : path
        Where to; it must end as the format's files do. What stands there is replaced when the new file is whole.
    decks : iterable of Deck
        From `lmkit.study.load_all` or `lmkit.study.read_deck`.
    kind : str
        One of `FORMATS`.
    title : str
        The name of the category or package, which cards also name as their source.
    address : str, optional
        The folder of the chapters' pages (``https://…``); with it, feedback links to the sections.

    Returns
    -------
    Report
        How much was written, and what became of cards that the format cannot hold as they are.

    Raises
    ------
    ValueError
        If the path, the kind, the title or the address is not as it must be, or a formula cannot be shown.
    WriteError
        If the file cannot be written; what stood there is as it was.
    """
    place = validate(path, kind)
    content, report = render(decks, kind, title=title, address=address)
    atomic_write(place, content, "the export")
    return report


def render(
    decks: Iterable[Deck], kind: str, *, title: str = anki.NAMESPACE, address: str | None = None
) -> tuple[bytes, Report]:
    """Return what `write` writes, the same bytes for the same cards, and the report."""
    found, title, address = _format(kind), anki.validate_title(title), anki.validate_address(address)
    questions = (question for deck in decks for question in to_questions(deck, found.form, title, address))
    return found.write(questions, title)


def validate(path: StrPath, kind: str) -> Path:
    """Return a path where a file of this format can be written; raise ValueError if none can."""
    path, suffix = Path(path), _format(kind).suffix
    if path.suffix != suffix:
        raise ValueError(
            f"the export's name must end in {suffix} for {kind}, but it is {path.name!r}; write {path.stem}{suffix}"
        )
    return check_place("the export", path)


def _format(kind: str) -> Format:
    if kind not in FORMATS:
        raise ValueError(f"kind must be one of {', '.join(FORMATS)}, but it is {kind!r}")
    return FORMATS[kind]
