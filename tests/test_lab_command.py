"""`python -m lmkit lab`: a lab with its settings and its model as a file, and what is said of a wrong line."""

import inspect
import re
import shutil

import pytest

from lmkit import pretrained
from lmkit.__main__ import main
from lmkit.commands import saving_labs
from lmkit.widgets import LABS
from tests.test_translations import translator
from tests.widgets.standalone import saved


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """A function that runs the command on words; returns the status, what was said, and the page."""
    monkeypatch.chdir(tmp_path)

    def command(*words: str, out="lab.html"):
        status = main(["lab", *words, "--out", out])
        printed = capsys.readouterr()
        page = tmp_path / out
        return status, printed.out + printed.err, page.read_text("utf-8") if page.is_file() else None

    return command


def test_settings_reach_the_lab(run):
    words = "decoding --model stories --set temperature=.7 top_k=30 seed=5".split()
    texts = ["--set", "prompt=it was raining", "method=beam search", "show-entropy=true", "--title", "Warm & <cold>"]
    status, said, html = run(*words, *texts)
    assert status == 0 and re.match(r"lab\.html: DecodingLab, [\d,]+ KB; open it in a browser", said)
    view = saved.plan_of(html).view
    assert (view["temperature"], view["seed"], view["method_index"]) == (0.7, 5, 2)
    assert view["prompt"] == "it was raining" and view["show_entropy"] is True
    assert view["top_ks"][view["top_k_index"]] == 30
    assert [entry["name"] for entry in view["models"]] == ["stories"]
    assert "<title>Warm &amp; &lt;cold&gt;</title>" in html


def test_fragment_has_no_page_around_it(run):
    status, _, html = run("dropout", "--set", "p=0.2", "--fragment")
    assert status == 0 and html.startswith('<div class="lmkit-saved">') and "<html" not in html


def test_models_come_by_name_and_from_files(run, tmp_path):
    shipped = pretrained.load("human_numbers")
    shipped.model.decoder.bias.data[3] += 1  # another model, of the same words
    pretrained.save(tmp_path / "mine.safetensors", shipped.model, shipped.vocab, shipped.card)
    _, _, html = run("decoding", "--model", "human_numbers,stories")
    assert [entry["name"] for entry in saved.plan_of(html).view["models"]] == ["human_numbers", "stories"]
    status, said, html = run("decoding", "--model", "mine.safetensors")
    assert status == 0, said
    assert "human_numbers" not in re.findall(r'data-name="([^"]+)"', html), "its weights travel in the lab's own state"
    pretrained.save_translator(tmp_path / "words.safetensors", translator())
    status, said, html = run("translate", "--model", "words.safetensors")
    assert status == 0, said
    assert saved.plan_of(html).kind == "TranslateView"


@pytest.mark.parametrize(
    ("name", "missing"),
    [
        ("comparison", "points, truth, prompts"),
        ("fill_in", "answers"),
        ("unroll", "model"),
        ("quiz", "chapter"),
        ("flashcards", "chapter, section"),
    ],
)
def test_lab_says_what_it_needs(run, name, missing):
    status, said, html = run(name)
    assert (status, html) == (2, None) and missing in said


def test_every_lab_has_a_name():
    assert len(saving_labs.command_names()) == len(LABS)
    assert {"decoding", "beam_tree", "microscope", "fill_in", "quiz"} <= set(saving_labs.command_names())


def test_every_argument_that_can_be_written_is_known():
    """Numbers, texts, choices and lists of texts of all labs; what is left out needs Python."""
    left_out = {
        (kind.__name__, name)
        for kind in LABS.values()
        for name in inspect.signature(kind).parameters
        if name not in saving_labs._settable(kind)
    }
    names = {name for _, name in left_out}
    python_only = {"runs", "trained", "table", "points", "truth", "answers", "hints", "presets", "predict", "tokenizer"}
    assert names == python_only | {"model", "vocab", "translator", "clean"}


@pytest.mark.parametrize(
    ("text", "kinds", "value"),
    [
        (".7", ["float"], 0.7),
        ("3", ["float"], 3.0),
        ("3", ["int", "None"], 3),
        ("none", ["int", "None"], None),
        ("none", ["str"], "none"),
        ("True", ["bool"], True),
        ("never", ["bool", "str"], "never"),
        ("a, b,", ["Sequence[str]", "None"], ["a", "b"]),
        ("1, 2", ["str", "Sequence[int]"], "1, 2"),
        ("warm", ["float"], "warm"),
        ("1.5", ["int"], "1.5"),
    ],
)
def test_values_are_read_as_the_argument_takes_them(text, kinds, value):
    found = saving_labs.parsed(text, kinds)
    assert found == value and type(found) is type(value)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("decoding --set temperature=7", "temperature must be a number from 0.1 to 3.0, but it is 7.0"),
        ("decoding --set temperature=warm", "temperature must be a number from 0.1 to 3.0, but it is 'warm'"),
        ("decoding --set temperature=nan", "temperature must be a number from 0.1 to 3.0, but it is nan"),
        ("decoding --set tempratur=.7", "set must name an argument of DecodingLab.*; perhaps temperature"),
        ("decoding --set temperature", "set must be NAME=VALUE, but it is 'temperature'; write temperature=VALUE"),
        ("decoding --set seed=1 --set seed=2", "set must give each name once, but seed comes twice"),
        ("decoding --set model=stories", "set must leave model out.*; write --model stories"),
        ("decoding --set controls=heat", "controls must be among"),
        ("decoding --model nowhere", "nowhere"),
        ("dropout --model stories", "model must be left out for DropoutLab, which runs none"),
        ("dropout --title x --fragment", "title must have words and come without --fragment"),
        ("quiz --set chapter=lstn", "lstn"),
        ("dropout --out lab.txt", "out must end in .html or .htm, but it is lab.txt"),
        ("dropout --out nowhere/lab.html", "out must name a file in a folder that exists"),
        ("decoding --model mine.html --out mine.html", "must not be one file"),
    ],
)
def test_wrong_lines_are_told_and_nothing_is_written(tmp_path, monkeypatch, capsys, words, message):
    monkeypatch.chdir(tmp_path)
    shutil.copy(pretrained.path_of("human_numbers"), "mine.html")
    given = words.split() if "--out" in words else [*words.split(), "--out", "lab.html"]
    assert main(["lab", *given]) == 2
    assert re.search(message, capsys.readouterr().err)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.html"]
    assert (tmp_path / "mine.html").read_bytes() == pretrained.path_of("human_numbers").read_bytes()
