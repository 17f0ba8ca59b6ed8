"""The cards as a deck for Anki, a program that asks them again when they are about to be forgotten.

Whoever imports a newer deck keeps what they have learned: Anki knows a note by its guid, a kind of note and a deck by
their numbers, and none of these depends on what a card says.
"""

from __future__ import annotations

import hashlib
import os
import time
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from html import escape
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import genanki

from lmkit.plots.roles import color
from lmkit.study.cards import Card
from lmkit.study.decks import Deck, anchor, chapters
from lmkit.study.faces import faces, pictures

TITLE = "Memory and Chance"
SUFFIX = ".apkg"

# Never changed: Anki would take notes with other fields, or of a kind with another number, for new ones.
FIELDS = ("Question", "Task", "Answer", "Explanation", "Picture", "Label", "Source", "Card")
_KINDS = {
    "question": (1_482_730_001, "question", ("flashcard", "fill", "number", "order")),
    "choices": (1_482_730_002, "choices", ("single", "multiple")),
    "drawing": (1_482_730_003, "drawing", ("draw",)),
}

_FRONT = """<div class="label">{{Label}}</div>
<div class="question">{{Question}}</div>
{{#Task}}<div class="task">{{Task}}</div>{{/Task}}
<div class="source">{{Source}}</div>"""

_BACK = """<div class="label">{{Label}}</div>
<div class="question">{{Question}}</div>
{{#Task}}<details class="task"><summary>What was asked</summary>{{Task}}</details>{{/Task}}
<hr id="answer">
<div class="answer">{{Answer}}</div>
{{#Explanation}}<div class="explanation">{{Explanation}}</div>{{/Explanation}}
{{#Picture}}<div class="picture">{{Picture}}</div>{{/Picture}}
<div class="source">{{Source}}</div>"""

_STYLE = """.card { max-width: 38rem; margin: 0 auto; padding: 0.75rem; text-align: left; font: 18px/1.5 system-ui,
  sans-serif; color: #1f2328; background: #ffffff; }
.card.nightMode, .nightMode .card { color: #e3e6e9; background: #1c1f23; }
.label { font-size: 0.85em; color: LABEL; }
.question { font-weight: 600; margin: 0.25rem 0 0.75rem; }
.source { margin-top: 1.25rem; font-size: 0.8em; color: MUTED; }
li { margin: 0.4rem 0; }
ol.choices { list-style: upper-alpha; }
.why { font-size: 0.95em; }
.right { color: RIGHT; font-weight: 600; }
.wrong { color: WRONG; font-weight: 600; }
.gap { border-bottom: 2px solid; padding: 0 0.6em; font-weight: 600; }
.explanation { margin-top: 0.75rem; border-left: 3px solid; padding-left: 0.75rem; }
pre { overflow-x: auto; font-size: 0.9em; }
summary { color: MUTED; font-size: 0.85em; }
img { max-width: 100%; height: auto; background: #ffffff; border-radius: 6px; }
.nightMode img { filter: invert(0.9) hue-rotate(180deg); } /* dark paper, and each role keeps its hue */
"""
_ROLES = {"LABEL": "model", "MUTED": "muted", "RIGHT": "accuracy", "WRONG": "f"}


def write_deck(
    path: Path | str, decks: Iterable[Deck], *, timestamp: float | None = None, address: str | None = None
) -> int:
    """Write the cards of chapters as a file that Anki imports.

    Parameters
    ----------
    path : path
        Where to; it must end in ``.apkg``. What stands there is replaced when the new file is whole.
    decks : iterable of Deck
        From `lmkit.study.load_all`; each becomes a deck below "Memory and Chance".
    timestamp : float, optional
        When it was made, in seconds since 1970: the environment variable ``SOURCE_DATE_EPOCH`` if set, else now. A
        later deck updates an earlier one. The same cards and the same timestamp make the same bytes.
    address : str, optional
        Where the book is published (``https://…``); with it, cards link to their sections.

    Returns
    -------
    int
        How many notes were written.

    Raises
    ------
    ValueError
        If the path or the address is not as it must be.
    OSError
        If the file cannot be written.
    """
    path, address = checked_path(path), checked_address(address)
    if timestamp is None:
        timestamp = float(os.environ.get("SOURCE_DATE_EPOCH") or time.time())
    decks = list(decks)
    made = [_deck(deck, address) for deck in decks]
    media = {name: svg for deck in decks for card in deck.cards for name, svg in pictures(card).items()}
    content = _package(made, media, timestamp)
    with _written_beside(path) as file:
        file.write(content)
    return sum(len(deck.notes) for deck in made)


def checked_path(path: Path | str) -> Path:
    """The path of a deck that can be written there; raises ValueError if it cannot be one."""
    path = Path(path)
    if path.suffix != SUFFIX:
        raise ValueError(f"the deck's name must end in {SUFFIX}, but it is {path.name!r}; write {path.stem}{SUFFIX}")
    if path.is_dir():
        raise ValueError(f"the deck must be a file, but {path} is a folder; choose another name")
    if not path.parent.is_dir():
        raise ValueError(f"the deck's folder must exist, but {path.parent} is none; make it first")
    return path


def checked_address(address: str | None) -> str | None:
    """An address without a slash at its end; raises ValueError if it is none of the web."""
    if address is None:
        return None
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.netloc or any(sign in address for sign in " \"'<>"):
        raise ValueError(f"address must be that of the published book, https://…, but it is {address!r}")
    return address.rstrip("/")


def guid(card: Card) -> str:
    """What Anki knows the card's note by: it depends on nothing but the card's id."""
    return genanki.guid_for(TITLE, card.id)


def _deck(deck: Deck, address: str | None) -> genanki.Deck:
    name = f"{_place(deck):02} {deck.title}"
    made = genanki.Deck(_number(deck.chapter), f"{TITLE}::{name}")
    for due, card in enumerate(deck.cards):
        made.add_note(_note(card, deck, due, address))
    return made


def _note(card: Card, deck: Deck, due: int, address: str | None) -> genanki.Note:
    sides = faces(card)._asdict()
    values = {**sides, "source": _source(card, deck, address), "card": card.id}
    tags = [f"chapter::{deck.chapter}", f"kind::{card.kind}", *(f"syllabus::{known}" for known in card.covers)]
    return genanki.Note(
        model=_model(card.kind),
        fields=[values[field.lower()] for field in FIELDS],
        tags=[f"memory-and-chance::{tag}" for tag in tags],
        guid=guid(card),
        due=due,
    )


def _source(card: Card, deck: Deck, address: str | None) -> str:
    """The chapter and the section that teach it."""
    where = escape(f"{TITLE}, {_place(deck):02} {deck.title}: {card.section.replace('`', '')}")
    if address is None:
        return where
    return f'<a href="{escape(address)}/book/{deck.chapter}.html#{anchor(card.section)}">{where}</a>'


def _place(deck: Deck) -> int:
    """The chapter's number, 0 for one that is not in the book."""
    known = chapters()
    return known.index(deck.chapter) + 1 if deck.chapter in known else 0


def _model(kind: str) -> genanki.Model:
    number, name, _ = next(model for model in _KINDS.values() if kind in model[2])
    style = _STYLE
    for word, role in _ROLES.items():
        style = style.replace(word, color(role, text=True))
    night = "".join(
        f".nightMode .{name} {{ color: {color(role, dark=True)}; }}\n"
        for name, role in (("label", "model"), ("source", "muted"), ("right", "accuracy"), ("wrong", "f"))
    )
    return genanki.Model(
        number,
        f"{TITLE}: {name}",
        fields=[{"name": field} for field in FIELDS],
        templates=[{"name": "Card", "qfmt": _FRONT, "afmt": _BACK}],
        css=style + night + f".nightMode summary {{ color: {color('muted', dark=True)}; }}\n",
    )


def _number(chapter: str) -> int:
    """A deck's number, made of its chapter's name."""
    digest = hashlib.sha256(f"{TITLE}: {chapter}".encode()).digest()
    return (1 << 30) + int.from_bytes(digest[:4], "big") % (1 << 30)


def _package(decks: list[genanki.Deck], media: dict[str, str], timestamp: float) -> bytes:
    """The file's content, with the same bytes for the same cards: no clock and no folder speaks in it."""
    made, content = BytesIO(), BytesIO()
    with TemporaryDirectory() as folder:
        files = [Path(folder, name) for name in sorted(media)]
        for file in files:
            file.write_text(media[file.name], encoding="utf-8")
        genanki.Package(decks, [str(file) for file in files]).write_to_file(made, timestamp=timestamp)
    with zipfile.ZipFile(made) as source, zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(entry, source.read(name))
    return content.getvalue()


@contextmanager
def _written_beside(path: Path) -> Iterator:
    """A file to write to, which takes the place of `path` once it is whole, and is gone if it never is."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with beside.open("xb") as file:
            yield file
        beside.replace(path)
    except OSError as error:
        reason = error.strerror or error
        raise OSError(f"the deck must be written to {path}, but that failed: {reason}; choose another place") from error
    finally:
        beside.unlink(missing_ok=True)
