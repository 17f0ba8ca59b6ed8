"""The build of one page alone: which pages come along, what is run again, and what is told."""

import os
import re
import shutil
import subprocess
import sys

import pytest
import yaml

from tests import extensions
from tests.documents import ROOT
from tests.site import book


@pytest.fixture(scope="module")
def script():
    return extensions.load("one_page")


@pytest.mark.parametrize("document", book.documents())
def test_every_page_can_be_built(script, document):
    assert script.document(document.removeprefix("book/")) == document
    contents = script.contents(document)
    files = [contents["root"], *(entry["file"] for entry in contents["chapters"])]
    assert set(files) == {"book/intro", document, "book/glossary", "book/bibliography"}
    assert len(files) == len(set(files))


def test_an_unknown_page_is_told_with_those_that_there_are(script):
    with pytest.raises(ValueError, match="CHAPTER must be a page of _toc.yml, one of .*lstm.* but it is 'lstms'"):
        script.document("lstms")
    with pytest.raises(SystemExit, match="CHAPTER must be a page of _toc.yml"):
        script.main(["lstms"])


def test_settings_are_the_books_but_for_what_is_run_and_told(script, tmp_path):
    ours, books = script.settings(tmp_path), yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    assert ours["execute"] == {**books["execute"], "execute_notebooks": "cache", "cache": str(tmp_path)}
    places = {name: str(ROOT / place) for name, place in books["sphinx"]["local_extensions"].items()}
    assert ours["sphinx"].pop("local_extensions") == places
    assert ours["sphinx"]["config"].pop("suppress_warnings") == script.ELSEWHERE
    for settings in (ours, books):
        settings.pop("execute")
    books["sphinx"].pop("local_extensions")
    assert ours == books


def test_runs_are_kept_until_lmkit_changes(script, tmp_path, monkeypatch):
    package = tmp_path / "lmkit"
    (package / "__pycache__").mkdir(parents=True)
    (package / "a.py").write_text("1")
    version = script.code_version
    monkeypatch.setattr(script, "code_version", lambda: version(package))
    folder = tmp_path / "page"
    cache = script.prepare("book/lstm", folder)
    cache.mkdir(parents=True)
    (folder / "_build").mkdir()
    (package / "__pycache__" / "a.pyc").write_text("made")
    assert script.prepare("book/sampling", folder) == cache and cache.is_dir()
    assert not (folder / "_build").exists()
    assert yaml.safe_load((folder / "toc.yml").read_text())["chapters"][0] == {"file": "book/sampling"}
    for change in (lambda: (package / "a.py").write_text("2"), lambda: (package / "a.py").rename(package / "b.py")):
        change()
        assert script.prepare("book/lstm", folder) != cache and not cache.exists()
        cache = script.prepare("book/lstm", folder)
        cache.mkdir()


def test_cards_that_do_not_fit_are_told_before_the_build(script, monkeypatch):
    monkeypatch.setattr(script.cards_in_book, "faults", lambda decks: ["lstm.yml:7: card 'x': section must be …"])
    monkeypatch.setattr(script, "build", pytest.fail)
    with pytest.raises(SystemExit, match="^lstm.yml:7: card 'x': section must be …$"):
        script.main(["lstm"])


@pytest.mark.slow
def test_a_page_is_built_with_its_labs(tmp_path):
    """The first page, which has a lab and comes with every other: in a copy, where nothing else is built."""
    leave = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints", "node_modules")
    for name in ("lmkit", "book", "third_party"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=leave)
    for name in ("_config.yml", "_toc.yml"):
        shutil.copy(ROOT / name, tmp_path)
    environment = {**os.environ, "PYTHONPATH": str(tmp_path), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "book/_ext/one_page.py", "intro"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    page = tmp_path / "_build" / "page" / "_build" / "html" / "book" / "intro.html"
    assert done.stdout == f"The page is here: {page.as_uri()}\n"
    html = page.read_text(encoding="utf-8")
    assert book.widget_views(html) and any("StoryView" in str(state) for state in book.widget_state(html).values())
    assert re.search(r'class="glossary-link[^"]*" href="glossary.html#term-', html)
