"""Cut the font of equations down to the signs that this book's equations have: half of its bytes.

Equations are MathML by now, in pages and, for cards, in the state of widgets. Browsers draw a letter that stands alone
in italics, which are signs of their own.
"""

import logging
import re
from collections.abc import Iterable
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

FONT = "vendor/stix-two-math.woff2"
MATH = re.compile(r"<math\b.*?<\\?/math>", re.DOTALL)
TAG = re.compile(r"<[^>]*>")
ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")
REFERENCE = re.compile(r"&#(?:x([0-9a-fA-F]+)|(\d+));")
ASCII = set(range(0x20, 0x7F))  # always: a reader may find words and numbers in any equation
INVISIBLE = set(range(0x2061, 0x2065))
ITALICS = {0x61: 0x1D44E, 0x41: 0x1D434, 0x3B1: 0x1D6FC, 0x391: 0x1D6E2}  # the first letter, and the first in italics
LETTERS = {0x61: 26, 0x41: 26, 0x3B1: 25, 0x391: 25}
PLANCK = 0x210E  # the italic h
ROOT = re.compile(r"<m(?:sqrt|root)\b")  # no text in it has the sign that browsers draw


def signs(pages: Iterable[str]) -> set[int]:
    """Return the code points that equations on these pages need."""
    found = set(ASCII | INVISIBLE)
    for page in pages:
        for math in MATH.findall(page):
            found |= {ord("√")} if ROOT.search(math) else set()
            text = ESCAPE.sub(lambda code: chr(int(code[1], 16)), TAG.sub("", math))
            text = REFERENCE.sub(lambda code: chr(int(code[1], 16) if code[1] else int(code[2])), text)
            found |= {ord(sign) for sign in text.encode("utf-16", "surrogatepass").decode("utf-16")}
    return found | {italic(code) for code in found}


def italic(code: int) -> int:
    """Return the code point of a letter in italics; what is no letter stays."""
    if code == ord("h"):
        return PLANCK
    for first, count in LETTERS.items():
        if first <= code < first + count:
            return ITALICS[first] + code - first
    return code


def cut(path: Path, codes: set[int]) -> None:
    """Keep these signs, with all that makes them stretch and stack."""
    font = TTFont(path)
    options = subset.Options(layout_features=["ssty", "dtls"], hinting=False, name_IDs=[0, 1, 2, 4, 6, 13, 14])
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=codes)
    cutter.subset(font)
    font.flavor = "woff2"
    font.save(path)


def cut_font(app, exception) -> None:
    """Cut it after the last page is written."""
    if not exception and app.builder.name == "html":
        site = Path(app.outdir)
        cut(site / "_static" / FONT, signs(page.read_text("utf-8") for page in site.rglob("*.html")))


def setup(app):
    logging.getLogger("fontTools").setLevel(logging.WARNING)  # or it tells of each table, amid the build's own warnings
    app.connect("build-finished", cut_font, priority=600)
    return {"version": "1.0", "parallel_read_safe": True, "parallel_write_safe": True}
