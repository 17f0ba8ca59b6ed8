"""A sheet as an HTML file that needs nothing around it, on a screen or on paper."""

from __future__ import annotations

from lmkit.plots.escaping import escape
from lmkit.study.exam.sheets import Sheet

_STYLE = """:root { color-scheme: light dark; }
body { max-width: 44rem; margin: 2rem auto; padding: 0 1rem; font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; }
h2, h3 { font-size: 1.05rem; margin: 1.8rem 0 0.4rem; }
.question { break-inside: avoid; }
.line { display: inline-block; width: 16rem; max-width: 60vw; height: 1.2em; border-bottom: 1px solid; }
.short { width: 8rem; }
.room { height: 5rem; }
.tall { height: 12rem; }
li { margin: 0.4rem 0; }
pre { overflow-x: auto; padding: 0.6rem; border: 1px solid; border-radius: 4px; font-size: 0.9rem; }
.why { margin-top: 0.2rem; font-size: 0.95em; }
.explanation { margin: 0.8rem 0; padding-left: 0.8rem; border-left: 3px solid; }
.source { font-size: 0.85rem; }
figure { margin: 1rem 0; }
figure svg { max-width: 100%; height: auto; }
table { border-collapse: collapse; }
th, td { padding: 0.2rem 0.8rem; border: 1px solid; text-align: left; }
@media print {
  @page { margin: 2cm; }
  body { max-width: none; margin: 0; padding: 0; font-size: 10.5pt; }
  .line { max-width: none; }
  .room { height: 4cm; }
  .tall { height: 9cm; }
}
"""


def to_html(sheet: Sheet) -> bytes:
    """Return a sheet as a whole HTML document."""
    head = (
        f'<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(sheet.title)}</title><style>\n{_STYLE}</style>"
    )
    body = f"<main>{sheet.body}</main>"
    return f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head><body>{body}</body></html>\n'.encode()
