"""Paths are strings or anything with `__fspath__`, wherever the package takes one."""

import inspect
import re
from importlib import import_module
from pathlib import Path

import pytest
import torch

from lmkit import experiments, files, pretrained, study, text, training
from lmkit.datasets import own
from lmkit.experiments import making
from lmkit.models import LSTMLanguageModel
from lmkit.models.seq2seq import EncoderDecoder
from lmkit.runs import Run, Runs
from lmkit.study import anki, decks
from lmkit.text import Vocab
from tests import test_pair_training
from tests.documents import ROOT
from tests.test_pretrained import AnyPath

EXAMPLES = ROOT / "tests" / "example_cards.yml"
VOCAB = Vocab(["a", "b", "c"])
MORE = ("lmkit.files", "lmkit.study.anki")  # not on the API page, but written to or read from by its names


def model():
    return LSTMLanguageModel(3, 4, 4)


def train(path, folder):
    training.train(model(), [torch.tensor([[0, 1, 2]])], steps=1, checkpoint=path(folder / "run"), progress=False)
    return folder / "run"


def train_pairs(path, folder):
    test_pair_training.run(steps=1, checkpoint=path(folder / "run"))
    return folder / "run"


def save(path, folder):
    pretrained.save(path(folder / "x.model"), model(), VOCAB)
    return folder / "x.model"


def load(path, folder):
    save(str, folder)
    return pretrained.load(path(folder / "x.model")).vocab == VOCAB


def save_translator(path, folder):
    end = Vocab(["<eos>", "a", "b"])
    translator = pretrained.Translator(EncoderDecoder(3, 3, 4, 8), end, end, {})
    pretrained.save_translator(path(folder / "x.model"), translator)
    return folder / "x.model"


def load_translator(path, folder):
    save_translator(str, folder)
    return len(pretrained.load_translator(path(folder / "x.model")).target_vocab) == 3


def write_runs(path, folder):
    Runs({}, [Run({}, 1, [], [], [], {})]).write(path(folder / "runs.json"))
    return folder / "runs.json"


def read_runs(path, folder):
    write_runs(str, folder)
    return len(Runs.read(path(folder / "runs.json")).runs) == 1


def make(path, folder):
    experiments.make("decay", path(folder / "decay.json"), progress=False)
    return folder / "decay.json"


def deck(path, folder):
    anki.write_deck(path(folder / "deck.apkg"), [study.read_deck(EXAMPLES)])
    return folder / "deck.apkg"


def written(path, folder):
    files.atomic_write(path(folder / "file"), b"x")
    return folder / "file"


def own_text(path, folder):
    (folder / "a.txt").write_text("a text of one's own that is long enough")
    (folder / "b.txt").write_text("another text that is held out as a whole")
    found = own.load(path(folder / "a.txt"), held_out=path(folder / "b.txt"))
    return len(found.training) == len(found.held_out) == 1


def read_text(path, folder):
    (folder / "a.txt").write_text("a b")
    return text.read_text(path(folder / "a.txt")) == ("a b", [])


TAKING = {  # each public function that takes a path, and a use of it: gives the file it wrote, or that it was right
    "pretrained.save": save,
    "pretrained.load": load,
    "pretrained.save_translator": save_translator,
    "pretrained.load_translator": load_translator,
    "text.read_text": read_text,
    "datasets.own.load": own_text,
    "training.train": train,
    "training.train_pairs": train_pairs,
    "runs.Runs.write": write_runs,
    "runs.Runs.read": read_runs,
    "experiments.make": make,
    "study.chapters": lambda path, folder: study.chapters(path(decks.FOLDER)) == study.chapters(),
    "study.load_all": lambda path, folder: study.load_all(["lstm"], path(decks.FOLDER)) == study.load_all(["lstm"]),
    "study.read_deck": lambda path, folder: len(study.read_deck(path(EXAMPLES)).cards) > 1,
    "study.read_decks": lambda path, folder: len(study.read_decks([path(EXAMPLES)])) == 1,
    "study.anki.write_deck": deck,
    "study.anki.validate_path": lambda path, folder: anki.validate_path(path(folder / "a.apkg")) == folder / "a.apkg",
    "files.atomic_write": written,
    "files.write_changed": lambda path, folder: files.write_changed(path(folder / "file"), b"x"),
    "files.check_place": lambda path, folder: files.check_place("out", path(folder / "new")) == folder / "new",
    "files.check_folder": lambda path, folder: files.check_folder("out", path(folder / "new")) == folder / "new",
    "files.check_name": lambda path, folder: files.check_name("out", path(folder / "new")) is None,
    "files.name_of": lambda path, folder: files.name_of(path(folder)) == str(folder),
    "files.same_file": lambda path, folder: files.same_file(path(folder), folder),
    "files.check_apart": lambda path, folder: files.check_apart({"a": path(folder)}, {"b": path(EXAMPLES)}) is None,
}
INSIDE = {"files.part_of"}  # takes what `Path` made


def public_modules():
    names = re.findall(r"^\.\. automodule:: (lmkit\S*)$", (ROOT / "book" / "api.md").read_text("utf-8"), re.MULTILINE)
    return sorted({*names, *MORE})


def signatures(thing, name):
    """What is public in a module or class, with its signature."""
    for part, value in vars(thing).items():
        value = value.__func__ if isinstance(value, classmethod | staticmethod) else value
        if part.startswith("_") or not str(getattr(value, "__module__", "")).startswith("lmkit"):
            continue
        if inspect.isclass(value) and not inspect.isclass(thing):
            yield from signatures(value, f"{name}.{part}")
        elif inspect.isfunction(value):
            yield f"{name}.{part}".removeprefix("lmkit."), value


def public_functions():
    """Functions and methods that are described under the name of the module in which they were written."""
    for module in public_modules():
        for name, function in signatures(import_module(module), module):
            if function.__module__.startswith(module) and not name.startswith("widgets") and name not in INSIDE:
                yield name, [str(each.annotation) for each in inspect.signature(function).parameters.values()]


def test_table_has_every_public_function_that_takes_a_path():
    paths = {
        name for name, annotations in public_functions() if any(re.search(r"(?<!Key)Path", a) for a in annotations)
    }
    assert paths == set(TAKING)


def test_nothing_public_asks_for_a_path_of_one_class():
    for name, annotations in public_functions():
        assert not [a for a in annotations if re.search(r"\bPath\b", a)], name


@pytest.mark.parametrize("kind", [str, Path, AnyPath])
@pytest.mark.parametrize("name", TAKING)
def test_path_may_be_a_string_a_path_or_like_one(name, kind, tmp_path, monkeypatch):
    nothing = lambda: iter([])  # noqa: E731
    nothing.__doc__ = "Nothing."
    monkeypatch.setitem(making.EXPERIMENTS, "decay", nothing)
    done = TAKING[name](kind, tmp_path)
    assert done is True or done.is_file()
