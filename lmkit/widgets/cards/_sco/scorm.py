"""Quizzes as a package of SCORM 1.2: a page for each chapter, which runs by itself and tells the platform a score.

The page is the book's own quiz. The manifest follows the schemas `imscp_rootv1p1p2.xsd` and `adlcp_rootv1p2.xsd`, which
many packages bring along; what is said to the platform follows the run-time environment of SCORM 1.2 (`session.js`).
"""

from __future__ import annotations

from collections.abc import Iterable

from lmkit.plots import roles
from lmkit.plots.escaping import escape, json_text, script_text
from lmkit.study import Deck, card_to_json
from lmkit.study.exports import Change, Format, Report
from lmkit.study.exports.markup_text import tag
from lmkit.study.exports.package_file import package
from lmkit.widgets.base import bundle

PACKAGING = "http://www.imsproject.org/xsd/imscp_rootv1p1p2"
ADL = "http://www.adlnet.org/xsd/adlcp_rootv1p2"

LEFT_OUT = "was left out: a SCORM package is the quiz, and flashcards stand beside the text"
SELF_GRADED = "is judged by the reader, and does not count for the score"

_PAGE = """<!doctype html>
<html lang="en" data-lmkit-pages="{pages}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<main>
<h1>{title}</h1>
<div class="lmkit-lab"><div id="quiz"></div></div>
<noscript><p>This quiz needs JavaScript.</p></noscript>
</main>
<script type="application/json" id="cards">{cards}</script>
<script>{script}</script>
</body>
</html>
"""


def scorm(decks: Iterable[Deck], title: str, address: str | None) -> tuple[bytes, Report]:
    """Return decks as a SCORM 1.2 package, each with a quiz as a page of its own, and what was changed.

    Raises
    ------
    ValueError
        If no deck has a card for a quiz.
    """
    decks = list(decks)
    asked = [deck for deck in decks if deck.quiz()]
    if not asked:
        raise ValueError("chapters must have cards that are not flashcards, but these have none; choose others")
    files = {"imsmanifest.xml": _manifest(asked, title)}
    files |= {_file(deck): page(deck, address or "") for deck in asked}
    cards = sum(len(deck.quiz()) for deck in asked)
    return package(files), Report(cards, cards, tuple(_changes(decks)))


FORMAT = Format("scorm", ".zip", "platforms that run SCORM 1.2, each quiz with its score", scorm)


def _changes(decks: Iterable[Deck]) -> Iterable[Change]:
    for deck in decks:
        for card in deck.cards:
            if not card.in_quiz:
                yield Change(card.id, card.kind, LEFT_OUT)
            elif card.kind == "draw":
                yield Change(card.id, card.kind, SELF_GRADED)


def page(deck: Deck, pages: str) -> str:
    """Return the page of a chapter's quiz: one file with its script, its style and its cards."""
    cards = [card_to_json(card, deck) for card in deck.quiz()]
    script = bundle.script(bundle.modules(_relative("page.js")))
    name = bundle.modules(_relative("page.js"))[-1].name
    return _PAGE.format(
        pages=escape(pages),
        title=escape(f"{deck.title}: quiz"),
        style=roles.css() + bundle.style(_relative("style.css")),
        cards=json_text(cards),
        script=script_text(f'{script}globalThis.__lmkit.require("{name}").default.start();\n'),
    )


def _relative(file: str) -> str:
    return f"cards/_sco/{file}"


def _file(deck: Deck) -> str:
    return f"{deck.chapter}.html"


def _manifest(decks: list[Deck], title: str) -> str:
    items = (
        tag("item", tag("title", escape(deck.title)), identifier=f"item-{deck.chapter}", identifierref=_resource(deck))
        for deck in decks
    )
    resources = (
        tag(
            "resource",
            tag("file", href=_file(deck)),
            adlcp__scormtype="sco",
            identifier=_resource(deck),
            type="webcontent",
            href=_file(deck),
        )
        for deck in decks
    )
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tag(
        "manifest",
        tag("metadata", tag("schema", "ADL SCORM"), tag("schemaversion", "1.2")),
        tag(
            "organizations",
            tag("organization", tag("title", escape(title)), *items, identifier="book"),
            default="book",
        ),
        tag("resources", *resources),
        xmlns=PACKAGING,
        xmlns__adlcp=ADL,
        identifier="manifest",
        version="1.0",
    )


def _resource(deck: Deck) -> str:
    return f"quiz-{deck.chapter}"
