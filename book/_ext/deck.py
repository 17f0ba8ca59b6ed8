"""Check the cards, and build the deck for Anki with the book: pages link to ``_static/memory-and-chance.apkg``.

A broken card file, or a card that does not fit its chapter, fails the build with the file's name and the line.
"""

import shutil
from pathlib import Path

import cards_in_book
from sphinx.errors import ExtensionError

from lmkit import study
from lmkit.study import anki

NAME = "memory-and-chance.apkg"


def staging(app) -> Path:
    """Return the folder in which the build writes the deck."""
    return Path(app.outdir).parent / "staged_deck"


def write_deck(app, config) -> None:
    """Write the deck of all chapters, with links where the book's address is known, and have Sphinx copy it."""
    shutil.rmtree(staging(app), ignore_errors=True)
    staging(app).mkdir(parents=True)
    title = config.html_title.partition(":")[0]  # without the subtitle: Anki lists it beside a reader's other decks
    address = f"{config.html_baseurl.rstrip('/')}/book" if config.html_baseurl else None
    try:
        decks = study.load_all()
        if faults := cards_in_book.faults(decks):
            raise study.CardError(*faults)
        anki.write_deck(staging(app) / NAME, decks, title=title, address=address)
    except (ValueError, OSError) as error:
        raise ExtensionError(f"the Anki deck cannot be built: {error}") from error
    config.html_static_path.append(str(staging(app)))


def require_deck(app, exception) -> None:
    """Fail the build when the deck did not arrive among the static files."""
    if not exception and app.builder.format == "html" and not (Path(app.outdir) / "_static" / NAME).is_file():
        raise ExtensionError(f"_static/{NAME} was not copied: is it in exclude_patterns?")


def setup(app):
    app.connect("config-inited", write_deck)
    app.connect("build-finished", require_deck)
    return {"version": "1.0", "parallel_read_safe": True, "parallel_write_safe": True}
