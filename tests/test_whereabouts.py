"""The script on every page that marks what was read, and what the build tells it of the book."""

import gzip
import json
import re
import subprocess

import pytest
from docutils import nodes

from lmkit import study
from lmkit.widgets.base import bundle
from tests import extensions
from tests.widgets.node import executable

MOST_BYTES = 9_000  # gzipped: every page loads it


@pytest.fixture(scope="module")
def whereabouts():
    return extensions.load("whereabouts")


@pytest.fixture(scope="module")
def code(whereabouts, tmp_path_factory):
    folder = tmp_path_factory.mktemp("static")
    whereabouts.write_scripts(folder)
    return folder / "lmkit" / "code"


def test_every_page_loads_little_and_nothing_of_the_review(code):
    script = (code / "where.js").read_text(encoding="utf-8")
    assert len(gzip.compress(script.encode())) <= MOST_BYTES
    assert "tsFsrs" not in script and "LabView" not in script
    assert "tsFsrs" in (code / "where-answers.js").read_text(encoding="utf-8")


def test_every_card_is_counted_once_in_its_chapter(whereabouts):
    ids = whereabouts.card_ids()
    assert list(ids) == study.chapters()
    for deck in study.load_all():
        assert ids[deck.chapter]["quiz"] == [card.id for card in deck.quiz()]
        assert sorted(sum(ids[deck.chapter].values(), [])) == sorted(card.id for card in deck.cards)


def test_scripts_fit_together(whereabouts, code, tmp_path):
    """The page's script names the module that the other brings: with it, answers to a real chapter are counted."""
    started = re.search(r"\.start\((\{.*\})\);\n$", (code / "where.js").read_text(encoding="utf-8"))
    known = json.loads(started[1])
    assert known["chapters"] == study.chapters()
    address, version = known["answers"]["script"].split("?v=")
    assert (code.parent / address).is_file() and re.fullmatch("[0-9a-f]{8}", version)
    first = study.load("lstm").quiz()[0].id
    log = {"format": "memory-and-chance reviews", "version": 1, "reviews": [[first, 3, 1_700_000_000_000]]}
    program = (
        (code.parent / address).read_text(encoding="utf-8")
        + f'const {{ countsOf }} = __lmkit.require("{known["answers"]["module"]}");\n'
        + f"const found = countsOf({json.dumps(json.dumps(log))}, __lmkit.assets['card-ids'], Date.now());\n"
        + "console.log(JSON.stringify([...found]));"
    )
    (tmp_path / "counts.cjs").write_text(program, encoding="utf-8")
    done = subprocess.run([executable(), tmp_path / "counts.cjs"], capture_output=True, text=True)
    asked = len(study.load("lstm").quiz())
    assert json.loads(done.stdout) == [["lstm", {"right": 1, "answered": 1, "asked": asked, "due": 1}]], done.stderr


def test_asset_has_the_name_that_the_script_looks_for(whereabouts):
    source = (bundle.WIDGETS / whereabouts.PAGE).read_text(encoding="utf-8")
    assert f'const CARD_IDS = "{whereabouts.CARD_IDS}";' in source


def test_sections_are_read_from_the_table_of_contents(whereabouts):
    toc = nodes.bullet_list()
    for anchor, title in (("", "The chapter"), ("#by-hand", "By hand"), ("#h_n", "output or h_n?")):
        toc += nodes.reference("", title, anchorname=anchor, refuri="x")
    assert whereabouts.sections(toc) == {"by-hand": "By hand", "h_n": "output or h_n?"}
