"""The command that stores chapters: the same sources give the same file, byte for byte, without widgets."""

import json
from pathlib import Path

import nbformat
import pytest

from tests import extensions

ROOT = Path(__file__).parents[1]
CELLS = [
    "import matplotlib.pyplot as plt\nfrom lmkit.widgets import DropoutLab, Quiz",
    "import sys\nprint('one', end=' ')\nsys.stdout.flush()\nprint('two')\n3 + 4",
    "plt.plot([1, 3, 2]);",
    "DropoutLab()",
    "Quiz('dropout')",
    "import ipywidgets\nipywidgets.IntProgress()",
]
KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}


@pytest.fixture(scope="module")
def run_chapters():
    return extensions.load("run_chapters")


@pytest.fixture(scope="module")
def book(run_chapters, tmp_path_factory):
    """A folder with a chapter, run and stored once."""
    folder = tmp_path_factory.mktemp("book")
    write(folder / "chapter.ipynb", CELLS)
    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.setattr(run_chapters, "BOOK", folder)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    run_chapters.main([])
    yield folder
    monkeypatch.undo()


def write(path, cells):
    # Cells have random ids where none is given; a stored chapter keeps its own.
    made = [nbformat.v4.new_code_cell(source, id=f"cell-{number}") for number, source in enumerate(cells)]
    nbformat.write(nbformat.v4.new_notebook(cells=made, metadata=KERNEL), path)


def outputs(folder):
    notebook = nbformat.read(folder / "chapter.ipynb", as_version=4)
    return [[(o.output_type, sorted(o.get("data", {}))) for o in cell.outputs] for cell in notebook.cells]


def test_chapter_is_stored_with_what_a_reader_sees_without_a_kernel(book):
    text = (book / "chapter.ipynb").read_text(encoding="utf-8")
    assert "widget" not in json.dumps([o for cell in outputs(book) for o in cell])
    assert "__lmkit" not in text and "_anywidget_id" not in text
    assert outputs(book) == [
        [],
        [("stream", []), ("execute_result", ["text/plain"])],
        [("display_data", ["image/png", "text/plain"])],
        [("execute_result", ["text/html", "text/plain"])],
        [("execute_result", ["text/html", "text/plain"])],
        [],
    ]
    stored = nbformat.read(book / "chapter.ipynb", as_version=4)
    assert stored.cells[1].outputs[0].text == "one two\n"
    assert [cell.execution_count for cell in stored.cells] == list(range(1, len(CELLS) + 1))


def test_running_again_gives_the_same_bytes(run_chapters, book, capsys):
    before = (book / "chapter.ipynb").read_bytes()
    run_chapters.main(["chapter"])
    assert capsys.readouterr().out == "chapter: the same\n"
    assert (book / "chapter.ipynb").read_bytes() == before


def test_a_change_is_told_and_written_only_if_asked(run_chapters, book, capsys):
    path = book / "changed.ipynb"
    write(path, ["1 + 1"])
    before = path.read_bytes()
    with pytest.raises(SystemExit, match="not as stored: changed"):
        run_chapters.main(["changed", "--check"])
    assert path.read_bytes() == before
    run_chapters.main(["changed"])
    assert path.read_bytes() != before
    run_chapters.main(["changed", "--check"])
    assert capsys.readouterr().out == "changed: changed\n" * 2 + "changed: the same\n"
    path.unlink()


def test_a_chapter_that_fails_is_told_and_stays_as_it_is(run_chapters, book, capsys):
    path = book / "broken.ipynb"
    write(path, ["raise RuntimeError('not today')"])
    before = path.read_bytes()
    with pytest.raises(SystemExit, match="failed, nothing stored: broken"):
        run_chapters.main(["broken"])
    assert "broken: failed" in (out := capsys.readouterr().out) and "not today" in out
    assert path.read_bytes() == before
    path.unlink()


def test_an_unknown_chapter_is_named(run_chapters, book, capsys):
    with pytest.raises(SystemExit):
        run_chapters.main(["dragons"])
    assert "no chapter is called 'dragons'; there are chapter" in capsys.readouterr().err
