"""A sheet as PDF, set by Typst: tagged for screen readers (PDF/UA-1), and the same bytes for the same sheet."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import matplotlib

from lmkit.study.exam.sheets import Sheet
from lmkit.study.exam.typesetting import quoted, typst_body

PAPERS = ("a4", "us-letter")
_PREAMBLE = """#set document(title: {title}, author: "", date: none)
#set page({paper}, margin: 2.2cm, numbering: "1 / 1", header: context if counter(page).get().first() > 1 [
  #text(size: 0.8em, fill: luma(80), {title})])
#set text(lang: "en", size: 10.5pt)
#set par(leading: 0.6em, spacing: 0.9em)
#set enum(spacing: 0.7em)
#set table(stroke: 0.5pt + luma(140), inset: (x: 0.7em, y: 0.4em))
#show table.cell.where(y: 0): strong
#show heading.where(level: 1): set text(size: 1.3em)
#show heading: set block(above: 1.2em, below: 0.8em)
#show raw.where(block: true): set block(width: 100%, fill: luma(244), inset: 0.6em)
#set image(fit: "contain")
"""


def check_typst() -> ModuleType:
    """Return Typst; raise ValueError that names the remedy where it is not installed."""
    try:
        import typst
    except ImportError:
        remedy = "`pip install typst`, or write HTML alone (--format html) and print it from a browser"
        raise ValueError(f"a PDF must be set by Typst, but the package typst is not installed; {remedy}") from None
    return typst


def to_pdf(sheet: Sheet, page: str = "a4") -> bytes:
    """Return a sheet as PDF.

    Parameters
    ----------
    sheet : Sheet
    page : str
        The size of its pages, one of `PAPERS`.

    Raises
    ------
    ValueError
        If Typst is not installed, or a formula has what cannot be set.
    """
    typst = check_typst()
    preamble = _PREAMBLE.format(title=quoted(sheet.title), paper=quoted(page))
    fonts = Path(matplotlib.get_data_path(), "fonts", "ttf")  # the words in drawings; others bring no font of their own
    return typst.compile(
        f"{preamble}\n{typst_body(sheet.body)}\n".encode(),
        format="pdf",
        pdf_standards=["ua-1"],
        font_paths=[str(fonts)],
        ignore_system_fonts=True,
    )
