"""The picture that stands for the padding lab where no script runs."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from lmkit.plots.roles import color
from lmkit.widgets.base.svg import INK, LINE, MUTED, document, text
from lmkit.widgets.labs.padding.shares import ADDED, SOURCES
from lmkit.widgets.labs.padding.translating import Judged

TITLES = {"clean": "Padding masked", "faulty": "Padding read as words"}
COLUMNS = (380, 450, 520, 590)


def render(
    source: str, padding: int, judged: Mapping[str, Judged], shares: Sequence[Mapping[str, Any]]
) -> tuple[str, str]:
    """Draw the picture: an SVG document, and what it says in words.

    Parameters
    ----------
    source : str
    padding : int
    judged : mapping from "clean" and "faulty" to what became of the source
    shares : sequence of mappings
        What larger translators did, see `rows_of`; it may be empty.
    """
    told = [(f"“{source}” and {padding} words of padding", "", INK)]
    for name, found in judged.items():
        told.append((f"{TITLES[name]}: {' '.join(found.words)}", found.verdict, INK))
        if found.words != found.unpadded:
            told.append(("", f"Without padding: {' '.join(found.unpadded)}", color("model", text=True)))
    parts, y = [], 12
    for line, note, hue in told:
        for piece in textwrap.wrap(line, 76):
            parts.append(text(16, y := y + LINE, piece))
        for piece in textwrap.wrap(note, 76):
            parts.append(text(16, y := y + LINE, piece, MUTED if hue == INK else hue))
        y += 8
    if shares:
        parts += _table(shares, y + LINE)
        y += LINE * (len(shares) + 2)
    words = " ".join(filter(None, (part for line, note, _ in told for part in (line and f"{line}.", note))))
    return document(parts, y + 20), " ".join([words, *map(_told, shares)])


def _table(shares: Sequence[Mapping[str, Any]], y: float) -> list[str]:
    parts = [text(16, y, "possible, by words of padding", MUTED)]
    parts += [text(x, y, str(count), MUTED) for x, count in zip(COLUMNS, ADDED, strict=True)]
    for row in shares:
        y += LINE
        parts.append(text(16, y, f"{row['decoder']}, {row['name']}"))
        parts += [text(x, y, _percent(share)) for x, (share, *_) in zip(COLUMNS, row["shares"], strict=True)]
    return parts


def _told(row: Mapping[str, Any]) -> str:
    shares = ", ".join(
        f"{_percent(share)} with {count}" for (share, *_), count in zip(row["shares"], ADDED, strict=True)
    )
    start = f"Larger translators {row['decoder']}, padding {row['name']}"
    return f"{start}: of {SOURCES} sources {shares} words of padding."


def _percent(share: float) -> str:
    return f"{100 * share:.0f}\u202f%"
