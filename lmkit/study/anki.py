"""The cards as a deck for Anki, a program that asks them again when they are about to be forgotten.

Whoever imports a newer deck keeps what they have learned: Anki knows a note by its guid, a note type and a deck by
their numbers, and none of these depends on what a card says.
"""

from __future__ import annotations

import hashlib
import math
import os
import time
import zipfile
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import genanki

from lmkit.files import StrPath, atomic_write, check_place
from lmkit.plots.escaping import escape
from lmkit.plots.roles import color
from lmkit.study.card_sides import media_files, render_sides
from lmkit.study.cards import Card
from lmkit.study.deck_file import Deck
from lmkit.study.markup import anchor

SUFFIX = ".apkg"
LATEST = 253_402_300_799  # the end of the year 9999

# Never changed: Anki would take notes of another guid, with other fields, or of another type for new ones. The name is
# the book's when readers first imported its deck; it stays when the title does not.
NAMESPACE = "Memory and Chance"
TAG = "memory-and-chance"
FIELDS = ("Question", "Task", "Answer", "Explanation", "Picture", "Label", "Source", "Card")
_NOTE_TYPES = {
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
    path: StrPath,
    decks: Iterable[Deck],
    *,
    title: str = NAMESPACE,
    timestamp: float | None = None,
    address: str | None = None,
) -> int:
    """Write decks as a file that Anki imports.

    Parameters
    ----------
    path : path
        Where to; it must end in ``.apkg``. What stands there is replaced when the new file is whole.
    decks : iterable of Deck
        From `lmkit.study.load_all` or `lmkit.study.read_deck`; each becomes a deck below the title's.
    title : str
        The name under which Anki lists them, and which cards name as their source. It is no part of what notes are
        known by: with another title, a reader's progress stays.
    timestamp : float, optional
        When it was made, in seconds since 1970: the environment variable ``SOURCE_DATE_EPOCH`` if set, else now. A
        later deck updates an earlier one. The same cards and the same timestamp make the same bytes.
    address : str, optional
        The folder of the chapters' pages (``https://…``); with it, cards link to their sections,
        ``<address>/<chapter>.html#<section>``.

    Returns
    -------
    int
        How many notes were written.

    Raises
    ------
    ValueError
        If the path, the title, the timestamp or the address is not as it must be.
    WriteError
        If the file cannot be written; what stood there is as it was.
    """
    path, address, title = validate_path(path), validate_address(address), validate_title(title)
    timestamp = validate_timestamp(timestamp)
    decks = list(decks)
    anki_decks = [_anki_deck(deck, title, address) for deck in decks]
    media = {name: svg for deck in decks for card in deck.cards for name, svg in media_files(card).items()}
    content = _package_bytes(anki_decks, media, timestamp)
    atomic_write(path, content, "the deck")
    return sum(len(deck.notes) for deck in anki_decks)


def validate_path(path: StrPath) -> Path:
    """Return the path of a deck that can be written there; raise ValueError if none can."""
    path = Path(path)
    if path.suffix != SUFFIX:
        raise ValueError(f"the deck's name must end in {SUFFIX}, but it is {path.name!r}; write {path.stem}{SUFFIX}")
    return check_place("the deck", path)


def validate_title(title: str) -> str:
    """Return a title that Anki reads as one deck's name; raise ValueError if it would not."""
    if not title.strip() or "::" in title:
        raise ValueError(f"title must be a name without '::', which Anki reads as a deck in a deck, not {title!r}")
    return title.strip()


def validate_timestamp(timestamp: float | None) -> float:
    """Return seconds since 1970 that Anki can count; None stands for ``SOURCE_DATE_EPOCH`` if set, else for now."""
    variable = os.environ.get("SOURCE_DATE_EPOCH") or time.time()
    name, given = ("SOURCE_DATE_EPOCH", variable) if timestamp is None else ("timestamp", timestamp)
    try:
        seconds = float(given)
    except (ValueError, OverflowError):
        seconds = math.nan
    if not 0 <= seconds <= LATEST:
        rule = f"must be a number of seconds since 1970, up to {LATEST}"
        raise ValueError(f"{name} {rule}, but it is {given!r}; leave it out for the time of now")
    return seconds


def validate_address(address: str | None) -> str | None:
    """Return an address without a slash at its end; raise ValueError if it is none of the web."""
    if address is None:
        return None
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.netloc or any(sign in address for sign in " \"'<>"):
        raise ValueError(f"address must be that of the pages, https://…, but it is {address!r}")
    return address.rstrip("/")


def guid(card: Card) -> str:
    """Return the id by which Anki knows the card's note: it depends on nothing but the card's id."""
    return genanki.guid_for(NAMESPACE, card.id)


def _anki_deck(deck: Deck, title: str, address: str | None) -> genanki.Deck:
    result = genanki.Deck(_deck_id(deck.chapter), f"{title}::{_deck_name(deck)}")
    for due, card in enumerate(deck.cards):
        result.add_note(_note(card, deck, due, source_line(card, deck, title, address)))
    return result


def _deck_name(deck: Deck) -> str:
    return deck.title if deck.number is None else f"{deck.number:02} {deck.title}"  # Anki sorts decks by name


def _note(card: Card, deck: Deck, due: int, source: str) -> genanki.Note:
    values = {**render_sides(card)._asdict(), "source": source, "card": card.id}
    tags = [f"chapter::{deck.chapter}", f"kind::{card.kind}", *(f"syllabus::{known}" for known in card.covers)]
    if card.lab:
        tags.append("lab")
    return genanki.Note(
        model=_model(card.kind),
        fields=[values[field.lower()] for field in FIELDS],
        tags=[f"{TAG}::{tag}" for tag in tags],
        guid=guid(card),
        due=due,
    )


def source_line(card: Card, deck: Deck, title: str, address: str | None) -> str:
    """Name the chapter and the section that teach a card, with a link where the address is known."""
    name = escape(f"{title}, {_deck_name(deck)}: {card.section.replace('`', '')}")
    if address is None:
        return name
    return f'<a href="{escape(address)}/{deck.chapter}.html#{anchor(card.section)}">{name}</a>'


def _model(kind: str) -> genanki.Model:
    number, name, _ = next(note_type for note_type in _NOTE_TYPES.values() if kind in note_type[2])
    style = _STYLE
    for word, role in _ROLES.items():
        style = style.replace(word, color(role, text=True))
    night = "".join(
        f".nightMode .{name} {{ color: {color(role, dark=True)}; }}\n"
        for name, role in (("label", "model"), ("source", "muted"), ("right", "accuracy"), ("wrong", "f"))
    )
    return genanki.Model(
        number,
        f"{NAMESPACE}: {name}",
        fields=[{"name": field} for field in FIELDS],
        templates=[{"name": "Card", "qfmt": _FRONT, "afmt": _BACK}],
        css=style + night + f".nightMode summary {{ color: {color('muted', dark=True)}; }}\n",
    )


def _deck_id(chapter: str) -> int:
    """Return the number by which Anki knows a deck, made of its chapter's name."""
    digest = hashlib.sha256(f"{NAMESPACE}: {chapter}".encode()).digest()
    return (1 << 30) + int.from_bytes(digest[:4], "big") % (1 << 30)


def _package_bytes(decks: list[genanki.Deck], media: dict[str, str], timestamp: float) -> bytes:
    """Return the file's content, the same bytes for the same cards: it holds neither a clock's time nor a path."""
    package, content = BytesIO(), BytesIO()
    with TemporaryDirectory() as folder:
        files = [Path(folder, name) for name in sorted(media)]
        for file in files:
            file.write_text(media[file.name], encoding="utf-8")
        genanki.Package(decks, [str(file) for file in files]).write_to_file(package, timestamp=timestamp)
    with zipfile.ZipFile(package) as source, zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(entry, source.read(name))
    return content.getvalue()
