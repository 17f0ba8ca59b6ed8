"""The page *From your text to a lab* as a reader runs it, with a text of their own; its file opens everywhere."""

from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest
from playwright.sync_api import expect

from lmkit import __main__ as program
from lmkit import pretrained
from tests.site import book
from tests.widgets.train.driver import shows
from tests.widgets.train.test_handover import opened

PAGE = "book/own_text"
PLACE = 'MINE = ""'  # where a reader writes the name of their file
LETTERS = "Liebe Zoë,\ngestern war es {} °C, und die Straße lag voller Äste.\nDein Jörg\n\n"


def written(folder: Path) -> Path:
    """A text in another language than the book's."""
    path = folder / "letters.txt"
    path.write_text("".join(LETTERS.format(degrees) for degrees in range(-9, 31)), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> dict:
    """What the cells leave behind, run in the folder of the reader's file."""
    path = written(tmp_path_factory.mktemp("reader"))
    names: dict = {}
    with pytest.MonkeyPatch.context() as patch, mpl.rc_context():
        patch.chdir(path.parent)
        for cell in book.code_cells(PAGE):
            exec(cell.source.replace(PLACE, f'MINE = "{path.name}"'), names)
        names["place"] = path.parent
    plt.close("all")
    return names


def test_one_line_of_the_page_names_the_reader_s_file():
    assert sum(cell.source.count(PLACE) for cell in book.code_cells(PAGE)) == 1


def test_the_file_lies_beside_the_text_and_holds_what_was_trained(run):
    loaded = pretrained.load(run["place"] / "letters.safetensors")
    assert loaded.vocab == run["vocab"] and "ß" in loaded.vocab and loaded.card["title"] == "letters"
    assert abs(run["again"] - run["network"]) < 0.02
    assert run["network"] < run["counted"][1]  # it has learned something


def test_the_command_continues_a_prompt_with_it(run, capsys):
    file = str(run["place"] / "letters.safetensors")
    assert program.main(["generate", file, "Liebe", "--top-p", "0.9", "--seed", "1"]) == 0
    assert capsys.readouterr().out.startswith("Liebe")


def test_the_playground_opens_it(run, view):
    page = shows(view)()
    opened(page, "letters.safetensors", (run["place"] / "letters.safetensors").read_bytes())
    told = page.locator(".lmkit-train-keep [role=status]")
    expect(told).to_contain_text(f"Opened: letters, LSTM of 64 units, {len(run['vocab'])} tokens")
    view.page.unroute_all()
