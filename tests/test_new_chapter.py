"""A new chapter: begun by the command, it passes what every chapter must, and says what is left to fill in."""

import json
import os
import re
import shutil
import subprocess
import sys

import nbformat
import pytest
import yaml

from lmkit import study
from lmkit.study import decks
from tests import extensions
from tests.documents import ROOT

CHANGED = ("_toc.yml", "book/for_teachers.md", "lmkit/study/decks/chapters.yml")
TESTS = "chapters cards_in_book glossary figures_in_prose notation for_teachers whereabouts"
OF_IT = "my_topic or " + " or ".join(  # the tests of each chapter, and those that hold all of them together
    "chapters_are_the_books cards_fit_the_book part_of_the_syllabus length_does_not plans_add_up whereabouts".split()
)


@pytest.fixture(scope="module")
def script():
    return extensions.load("new_chapter")


def copy_into(folder):
    """Copy what the command reads and changes."""
    (folder / "book").mkdir()
    for path in [*(ROOT / "book").glob("*.ipynb"), ROOT / "book" / "for_teachers.md", ROOT / "_toc.yml"]:
        shutil.copy(path, folder / path.relative_to(ROOT))
    shutil.copytree(decks.FOLDER, folder / "lmkit" / "study" / "decks")
    return folder


@pytest.fixture
def book(tmp_path):
    return copy_into(tmp_path)


@pytest.fixture(scope="module")
def begun(tmp_path_factory, script):
    """A copy in which a chapter has been begun."""
    folder = copy_into(tmp_path_factory.mktemp("begun"))
    script.begin("my_topic2", "What's new: a test", "sampling", folder)
    return folder


def contents(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def lines_added(folder, name):
    old, new = ((root / name).read_text(encoding="utf-8").splitlines() for root in (ROOT, folder))
    return [line for line in new if line not in old], [line for line in old if line not in new]


def test_a_chapter_is_named_wherever_it_must_be(begun, book):
    before, after = contents(book), contents(begun)
    made = {"book/my_topic2.ipynb", "lmkit/study/decks/my_topic2.yml"}
    assert {name for name in after if after[name] != before.get(name)} == {*CHANGED, *made}
    assert lines_added(begun, "_toc.yml") == (["      - file: book/my_topic2"], [])
    titles = list(yaml.safe_load(after["lmkit/study/decks/chapters.yml"]).items())
    place = [name for name, _ in titles].index("sampling")
    assert titles[place + 1] == ("my_topic2", "What's new: a test")
    files = [entry["file"] for part in yaml.safe_load(after["_toc.yml"])["parts"] for entry in part["chapters"]]
    assert files[files.index("book/sampling") + 1] == "book/my_topic2"
    ((row,), lost) = lines_added(begun, "book/for_teachers.md")
    assert row.startswith("| {doc}`my_topic2` | ") and not lost


def test_notebook_and_cards_are_the_templates_under_another_name(begun):
    notebook = nbformat.read(begun / "book" / "my_topic2.ipynb", as_version=4)
    nbformat.validate(notebook)
    assert notebook.cells[0].source.startswith("# What's new: a test\n\n")
    assert notebook.metadata.syllabus == ["E1"]
    deck = study.read_deck(begun / "lmkit/study/decks/my_topic2.yml")
    assert all(card.id.startswith("my-topic2-") for card in deck.cards)
    assert [card.covers for card in deck.cards if card.covers] == [("E1",)]
    everything = (begun / "book" / "my_topic2.ipynb").read_text() + deck.source.path.read_text()
    assert "a_new_chapter" not in everything and "a-new-chapter" not in everything


def test_the_next_chapter_has_an_item_of_its_own(script, book):
    script.begin("first", None, None, book)
    script.begin("second", None, None, book)
    assert json.loads((book / "book" / "second.ipynb").read_text())["metadata"]["syllabus"] == ["E2"]
    assert "covers: [E2]" in (book / "lmkit/study/decks/second.yml").read_text()
    assert list(decks.titles(book / script.DECKS).items())[-2:] == [("first", "First"), ("second", "Second")]


@pytest.mark.parametrize(
    "name, title, after, complaint",
    [
        ("My_topic", None, None, "NAME must be small letters and digits, .* 'My_topic'; write it like my_topic"),
        ("", None, None, "NAME must be small letters"),
        ("my__topic", None, None, "NAME must be small letters"),
        ("2x", None, None, "NAME must be small letters"),
        ("../x", None, None, "NAME must be small letters"),
        ("chapters", None, None, "NAME must be new, but there is lmkit/study/decks/chapters.yml already"),
        ("taken", None, None, "NAME must be new, but there is book/taken.md already"),
        ("new", "", None, "TITLE must be words on one line"),
        ("new", "a\nb", None, "TITLE must be words on one line"),
        ("new", "The *best*", None, "TITLE must be words .* 'The \\*best\\*'; leave out what is no word"),
        ("new", "Dropout", None, "TITLE must be new, but a chapter is called 'Dropout' already"),
        ("new", None, "review", "AFTER must be a chapter, one of next_token, .* but it is 'review'"),
    ],
)
def test_what_cannot_be_is_told_and_nothing_is_written(script, book, name, title, after, complaint):
    (book / "book" / "taken.md").write_text("# Taken\n")
    before = contents(book)
    with pytest.raises(ValueError, match=complaint):
        script.begin(name, title, after, book)
    assert contents(book) == before


def test_a_list_without_the_chapter_before_is_told(script, book):
    toc = book / "_toc.yml"
    toc.write_text(toc.read_text().replace("      - file: book/lstm\n", ""))
    before = contents(book)
    with pytest.raises(ValueError, match="one line must be like '- file: book/lstm', but 0 are; restore it"):
        script.begin("new", None, "lstm", book)
    assert contents(book) == before


def test_what_is_left_is_told_until_all_is_written(script, book, capsys):
    script.begin("new", None, None, book)
    notebook, cards = book / "book/new.ipynb", book / "lmkit/study/decks/new.yml"
    script.tell("new", book)
    said = capsys.readouterr().out
    pencils = notebook.read_text(encoding="utf-8").count(script.PENCIL)
    assert said.count("book/new.ipynb, cell ") == pencils > 8
    questions = [place for place, line in enumerate(cards.read_text().splitlines(), 1) if line.startswith("  - id: ")]
    assert list(map(int, re.findall(r"^lmkit/study/decks/new\.yml:(\d+): card", said, re.M))) == questions

    notebook.write_text(notebook.read_text(encoding="utf-8").replace(script.PENCIL, ""), encoding="utf-8")
    cards.write_text(re.sub(r"question: ", "question: So, ", cards.read_text()))
    script.tell("new", book)
    assert capsys.readouterr().out.startswith("Nothing is left to fill in.\n")


def test_a_chapter_that_is_there_is_not_begun_again(script, capsys):
    with pytest.raises(SystemExit, match="NAME must be new, but there is book/lstm.ipynb already"):
        script.main(["lstm", "--title", "Another"])
    script.main(["lstm"])
    assert capsys.readouterr().out.startswith("Nothing is left to fill in.\n")


def test_no_chapter_of_the_book_is_left_to_fill_in(script):
    assert {name: left for name in study.chapters() if (left := list(script.left(name)))} == {}


def test_minutes_follow_the_chapters(book):
    minutes = extensions.load("minutes")
    page = book / minutes.PAGE
    as_it_is = page.read_bytes()
    page.write_text(
        re.sub(r"^(\| \{doc\}`lstm` \| )\d+(.* )\d+( \|)$", r"\g<1>1\g<2>2\3", page.read_text(), flags=re.M)
    )
    assert page.read_bytes() != as_it_is
    minutes.write(book)
    assert page.read_bytes() == as_it_is
    notebook = book / "book" / "lstm.ipynb"
    longer = nbformat.read(notebook, as_version=4)
    longer.cells.append(nbformat.v4.new_markdown_cell("word " * 600))
    nbformat.write(longer, notebook)
    minutes.write(book)
    old, new = (weeks(text) for text in (as_it_is.decode(), page.read_text(encoding="utf-8")))
    assert len(old) == 3 and [after - before for before, after in zip(old, new, strict=True)] == [3, 3, 3]


def weeks(page):
    """The minutes of the weeks, in all plans, that have the chapter on the LSTM."""
    rows = [row.split(" | ") for row in page.splitlines() if re.match(r"\| \d+ \| .*\{doc\}`lstm`", row)]
    return [int(row[2]) for row in rows]


# --- the whole command, in a copy of the repository -------------------------------------------------------------------


def run(folder, *words):
    environment = {**os.environ, "PYTHONPATH": str(folder), "OMP_NUM_THREADS": "1"}
    result = subprocess.run(
        [sys.executable, *words], cwd=folder, env=environment, capture_output=True, text=True, timeout=300
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.mark.slow
def test_a_new_chapter_passes_what_every_chapter_must(tmp_path):
    leave = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints", "*.pdf")
    for name in ("lmkit", "tests", "book", "third_party"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=leave)
    for name in ("_config.yml", "_toc.yml", "README.md", "CITATION.cff", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    said = run(tmp_path, "book/_ext/new_chapter.py", "my_topic", "--after", "lstm")
    assert "my_topic: changed\nreview: changed\nTo fill in (" in said
    run(tmp_path, "book/_ext/address.py")
    files = [f"tests/test_{name}.py" for name in TESTS.split()]
    found = run(tmp_path, "-m", "pytest", "-v", "-p", "no:cacheprovider", "-k", OF_IT, *files)
    assert len(re.findall(r"my_topic.* PASSED", found)) > 20
    check_outputs_of_the_template(tmp_path)


def check_outputs_of_the_template(folder):
    """The template stores what its cells put out, and that is what they put out; nbval compares, as for chapters."""
    template = (ROOT / "book/_ext/chapter_template/a_new_chapter.ipynb").read_text("utf-8")
    cells = [cell for cell in nbformat.reads(template, as_version=4).cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    renamed = template.replace("a_new_chapter", "my_topic").replace("a-new-chapter", "my-topic")
    (folder / "book" / "my_topic.ipynb").write_text(renamed, "utf-8")
    nbval = ["--nbval", "--nbval-current-env", "--nbval-sanitize-with", "tests/nbval.cfg", "book/my_topic.ipynb"]
    assert f"{len(cells)} passed" in run(folder, "-m", "pytest", "-p", "no:cacheprovider", *nbval)
