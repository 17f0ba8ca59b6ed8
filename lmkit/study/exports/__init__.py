"""Cards for learning platforms: one source, and a file that Moodle, Canvas, Blackboard and others import.

::

    from lmkit import study
    from lmkit.study import exports

    report = exports.write_cards("cards.xml", study.load_all(["lstm"]), "moodle")
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

__all__ = ["FORMATS", "Change", "Format", "Report", "render", "validate", "write_cards"]


Writer = Callable[[list[Deck], str, str | None], tuple[bytes, Report]]


class Format(NamedTuple):
    """A format: its name, how its file's name ends, who reads it, and what writes decks with a title and an address."""

    name: str
    suffix: str
    readers: str
    render: Writer


def _of_questions(form: Form, write: Callable[[Iterable[Question], str], tuple[bytes, Report]]) -> Writer:
    """Return a writer of decks for a format that is written question by question."""

    def render_decks(decks: list[Deck], title: str, address: str | None) -> tuple[bytes, Report]:
        return write((question for deck in decks for question in to_questions(deck, form, title, address)), title)

    return render_decks


_ALL = (
    Format("moodle", ".xml", "Moodle", _of_questions(moodle_xml.FORM, moodle_xml.moodle_xml)),
    Format("gift", ".txt", "Moodle and others that read GIFT", _of_questions(gift.FORM, gift.gift)),
    Format("qti", ".zip", "Canvas, Blackboard and others that read QTI 2.1", _of_questions(qti_item.FORM, qti.qti)),
)
FORMATS = {found.name: found for found in _ALL}


def write_cards(
    path: StrPath, decks: Iterable[Deck], kind: str | Format, *, title: str = anki.NAMESPACE, address: str | None = None
) -> Report:
    """Write decks as a file for a learning platform.

    Parameters
    ----------
    path : path
        Where to; it must end as the format's files do. What stands there is replaced when the new file is whole.
    decks : iterable of Deck
        From `lmkit.study.load_all` or `lmkit.study.read_deck`.
    kind : str or Format
        One of `FORMATS`, or its name;
        or `lmkit.widgets.cards.scorm.FORMAT`, a quiz that runs by itself.
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
    decks: Iterable[Deck], kind: str | Format, *, title: str = anki.NAMESPACE, address: str | None = None
) -> tuple[bytes, Report]:
    """Return what `write` writes, the same bytes for the same cards, and the report."""
    found, title, address = _format(kind), anki.validate_title(title), anki.validate_address(address)
    return found.render(list(decks), title, address)


def validate(path: StrPath, kind: str | Format) -> Path:
    """Return a path where a file of this format can be written; raise ValueError if none can."""
    path, found = Path(path), _format(kind)
    if path.suffix != found.suffix:
        rule = f"the export's name must end in {found.suffix} for {found.name}, but it is {path.name!r}"
        raise ValueError(f"{rule}; write {path.stem}{found.suffix}")
    return check_place("the export", path)


def _format(kind: str | Format) -> Format:
    if isinstance(kind, Format):
        return kind
    if kind not in FORMATS:
        raise ValueError(f"kind must be one of {', '.join(FORMATS)}, but it is {kind!r}")
    return FORMATS[kind]
