"""Where am I? A small script on every page marks what the reader has read, and the first page leads on from there.

The script is `lmkit/widgets/base/where/page.js` with what it imports. What a reader's answers mean is counted by a
second script, with the schedule and the names of all cards, which only those load who have answered some.
"""

import hashlib
import json
from pathlib import Path

from docutils import nodes

from lmkit import study
from lmkit.widgets.base import bundle

PAGE, ANSWERS = "base/where/page.js", "cards/review/counts.js"
CARD_IDS = "card-ids"  # as page.js names them


def card_ids() -> dict[str, dict[str, list[str]]]:
    """Return the names of all cards by chapter: those that its quiz asks, and the others."""
    return {
        deck.chapter: {
            "quiz": [card.id for card in deck.cards if card.in_quiz],
            "others": [card.id for card in deck.cards if not card.in_quiz],
        }
        for deck in study.load_all()
    }


def answers_script() -> str:
    """Return the script for readers who have answered cards."""
    asset = f"globalThis.__lmkit.assets[{json.dumps(CARD_IDS)}]={json.dumps(card_ids(), separators=(',', ':'))};\n"
    return bundle.script(bundle.modules(ANSWERS)) + asset


def page_script(answers: str) -> str:
    """Return the script for every page; `answers` is the address of the other, from the folder of lmkit's assets."""
    parts = bundle.modules(PAGE)
    counting = {"script": answers, "module": bundle.modules(ANSWERS)[-1].name}
    known = json.dumps({"chapters": list(study.chapters()), "answers": counting})
    return f'{bundle.script(parts)}__lmkit.require("{parts[-1].name}").start({known});\n'


def write_scripts(folder: Path) -> None:
    """Write both into a folder of the build, which Sphinx copies to `_static`."""
    code = folder / "lmkit" / "code"
    code.mkdir(parents=True, exist_ok=True)
    answers = answers_script()
    (code / "where-answers.js").write_text(answers, encoding="utf-8")
    version = hashlib.sha256(answers.encode()).hexdigest()[:8]
    (code / "where.js").write_text(page_script(f"code/where-answers.js?v={version}"), encoding="utf-8")


def stage(app, config) -> None:
    folder = Path(app.outdir).parent / "staged_whereabouts"
    write_scripts(folder)
    config.html_static_path.append(str(folder))


def sections(toc: nodes.Node) -> dict[str, str]:
    """Return the titles of a page's sections by their ids, from Sphinx's table of its contents."""
    links = [link for link in toc.findall(nodes.reference) if link.get("anchorname")]
    return {link["anchorname"].removeprefix("#"): link.astext() for link in links}


def chapters(env) -> list[dict]:
    """Return the chapters that are in the book, in order, each with its title and its sections."""
    folder = env.config.root_doc.rpartition("/")[0]
    documents = {name: f"{folder}/{name}" for name in study.chapters() if f"{folder}/{name}" in env.titles}
    return [
        {"name": name, "title": env.titles[document].astext(), "sections": sections(env.tocs[document])}
        for name, document in documents.items()
    ]


def add_table(app, pagename, templatename, context, doctree) -> None:
    """Give the first page the names of all chapters and sections: stored places are looked up among them."""
    if pagename == app.config.root_doc:
        table = json.dumps(chapters(app.env), ensure_ascii=False, separators=(",", ":")).replace("</", "<\\/")
        context["body"] += f'\n<script type="application/json" id="where-chapters">{table}</script>\n'


def setup(app):
    app.connect("config-inited", stage)
    app.add_js_file("lmkit/code/where.js", loading_method="defer")
    app.connect("html-page-context", add_table)
    return {"version": "1.0", "parallel_read_safe": True, "parallel_write_safe": True}
