"""Text files: their encodings, and words that look the same made the same."""

from __future__ import annotations

import codecs
import re
import unicodedata
from pathlib import Path

from lmkit.files import StrPath

ENCODINGS = {  # by what a file begins with; UTF-32's little-endian mark begins like UTF-16's
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}
BYTE_ORDER_MARK, ZERO_WIDTH_SPACE = "\ufeff", "\u200b"
# Marks that show nothing and belong to no word: soft hyphen, directions, word joiner. Joiners in words may stay.
INVISIBLE = dict.fromkeys([0xAD, 0x200E, 0x200F, *range(0x202A, 0x202F), 0x2060, *range(0x2066, 0x206A), 0xFEFF])
CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]")  # all but tabs and ends of lines


def read_text(path: StrPath) -> tuple[str, list[str]]:
    """Read a text file, and return with it what was changed, in words (see `normalise`).

    A file is UTF-8 unless it begins with the mark of UTF-16 or UTF-32.

    Raises
    ------
    ValueError
        If the file is in another encoding, or has control characters in it other than tabs and ends of lines.
    """
    path = Path(path)
    data = path.read_bytes()
    encoding = next((name for mark, name in ENCODINGS.items() if data.startswith(mark)), "UTF-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        wrong = f"{path} is not: {error.reason} at byte {error.start}, in line {line}"
        remedy = "save it as UTF-8, or convert it, from Latin-1 by `iconv -f LATIN1 -t UTF-8`"
        raise ValueError(f"a text must be {encoding}, but {wrong}; {remedy}") from None
    if found := CONTROL.search(text):
        line = text.count("\n", 0, found.start()) + 1
        remedy = "save it as UTF-8, if it is UTF-16" if found[0] == "\0" else "remove them"
        raise ValueError(
            f"a text must have no control characters, but {path} has {found[0]!r} in line {line}; {remedy}"
        )
    text, changes = normalise(text)
    return text, [f"read as {encoding}"] * (encoding != "UTF-8") + changes


def normalise(text: str) -> tuple[str, list[str]]:
    """Return a text in which words that look the same are the same, and what was changed, in words.

    A byte order mark and other invisible marks are dropped, zero-width spaces become spaces, and letters with accents
    are single characters where there are some (NFC). No-break spaces and all ends of lines are white space anyway.
    """
    changes = []
    if text.startswith(BYTE_ORDER_MARK):
        text = text[1:]
        changes.append("byte order mark dropped")
    if count := text.count(ZERO_WIDTH_SPACE):
        text = text.replace(ZERO_WIDTH_SPACE, " ")
        changes.append(f"{count} zero-width space{'s' * (count > 1)} made spaces")
    visible = text.translate(INVISIBLE) if not text.isascii() else text
    if count := len(text) - len(visible):
        changes.append(f"{count} invisible mark{'s' * (count > 1)} dropped")
    if not unicodedata.is_normalized("NFC", visible):
        visible = unicodedata.normalize("NFC", visible)
        changes.append("letters and their accents joined")
    return visible, changes
