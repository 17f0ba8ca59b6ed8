"""Hundreds of random command lines, made of the parsers' own options: each ends with a status, none in a fault."""

import random
import re
import shutil
from itertools import pairwise
from pathlib import Path

import pytest

from lmkit import experiments, pretrained
from lmkit.__main__ import _parser, main
from lmkit.commands import texts
from lmkit.datasets import human_numbers, shakespeare
from lmkit.experiments import making, recipes, translators
from tests import simulated_class
from tests.test_main import TEXT
from tests.test_translations import translator

ROOT = Path(__file__).parents[1]
NUMBERS = "0 1 2 3 5 8 -1 -3 12 99 2147483648 9223372036854775807 99999999999999999999 1.5 x".split()
REALS = "0 0.1 0.5 0.9 1 1.5 2 -1 nan inf -7 1e-40 1e300 1e-320 .03 abc".split()
FILES = (
    "a.txt empty.txt one.txt bom.txt latin.txt nul.txt folder folder/new new.safetensors a.model run . /proc/x".split()
)
FILES += [
    "/dev/null",
    "nowhere/x",
    "cards.yml",
    "deck.apkg",
    "",
    "größe",
    "x" * 300,
    "stories",
    "human_numbers",
    "a\0b",
]
WORDS = ["the cat", "one .", "one morning anna", "<eos>", "", "dragons", "\ufeffthe", "caf\udce9", "a\x07", "🦊"]
KNOWN = translator().source_vocab.words[2:5]
LEAST = {"--embedding-size": "4", "--hidden-size": "4", "--window": "8"}  # so that most lines get far in little time
BY_ARGUMENT = {  # what to draw values from; files unless said here
    **dict.fromkeys(("prompt", "title", "address"), WORDS),
    "lab": ["decoding", "dropout", "train", "comparison", "quiz", "flashcards", "nowhere"],
    "set": ["seed=3", "p=.5", "temperature=nan", "chapter=lstm", "controls=seed", "x", "=", "cell=", "seed=9e9"],
}
ENDINGS = {  # of a line, one of which is drawn
    "assignment": [["lstm"], ["--check", "truncation"], ["--format", "otter", "--out", "course"], []],
    "cards": [["--check"], ["--anki", "new.apkg"], ["example_cards.yml"], []],
    "lab": [["--out", "lab.html"], ["--out", "LAB.HTM"], ["--out", "a.txt"], ["--model", "a.model", "--out", "b.html"]],
}
SHARE = 0.06  # of the options stand on a line
LINES = 600
COMMANDS = "train generate translate generate train cards experiment exam class assignment words lab".split()


@pytest.fixture(scope="module")
def parsers():
    return _parser()._subparsers._group_actions[0].choices


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with files of many kinds, and little work: short texts, empty experiments, recipes that are done."""
    monkeypatch.chdir(tmp_path)
    for name, content in {
        "a.txt": TEXT.encode(),
        "empty.txt": b"",
        "one.txt": b"one",
        "bom.txt": b"\xef\xbb\xbf" + TEXT.encode(),
        "latin.txt": "größe ".encode("latin-1") * 99,
        "nul.txt": b"a\0b",
    }.items():
        Path(name).write_bytes(content)
    Path("folder").mkdir()
    shutil.copy(pretrained.path_of("human_numbers"), "a.model")
    pretrained.save_translator("words.model", translator())
    shutil.copy(ROOT / "tests" / "example_cards.yml", "example_cards.yml")
    Path("answers").mkdir()
    simulated_class.write(Path("answers"), 3, ["lstm"])
    monkeypatch.setattr(texts, "EPOCHS", 1)
    monkeypatch.setattr(texts, "STEPS", 2)
    monkeypatch.setattr(texts, "HELD_OUT_ROWS", 4)
    monkeypatch.setattr(shakespeare, "split", lambda: (TEXT, TEXT[:200]))
    parts = human_numbers.sequential_split()
    monkeypatch.setattr(human_numbers, "sequential_split", lambda: (parts[0][:600], parts[1][:200]))
    data, shipped = pretrained.path_of("human_numbers").read_bytes(), tmp_path / "folder" / "shipped"
    shutil.copytree(pretrained.FOLDER, shipped, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    monkeypatch.setattr(pretrained, "FOLDER", shipped)
    monkeypatch.setattr(pretrained, "TRANSLATORS", shipped / "translators")
    translates = Path("words.model").read_bytes()
    for name in recipes.RECIPES:
        made = translates if name in translators.RECIPES else data
        monkeypatch.setitem(recipes.RECIPES, name, lambda progress, made=made: made)
    monkeypatch.setattr(making, "FOLDER", tmp_path)
    for name in experiments.EXPERIMENTS:
        nothing = lambda: iter([])  # noqa: E731
        nothing.__doc__ = "Nothing."
        monkeypatch.setitem(making.EXPERIMENTS, name, nothing)
    return tmp_path


class Lines:
    """Draws command lines."""

    def __init__(self, parsers, seed):
        self.parsers, self.draw = parsers, random.Random(seed)

    def value(self, action):
        kind = getattr(action.type, "__name__", "str")
        if action.choices and self.draw.random() < 0.95:
            return self.draw.choice(list(action.choices))
        if action.option_strings and action.option_strings[0] in LEAST and self.draw.random() < 0.8:
            return LEAST[action.option_strings[0]]
        if kind == "whole":
            return self.draw.choice(NUMBERS[:6] if self.draw.random() < 0.6 else NUMBERS)
        if kind == "number":
            return self.draw.choice(REALS)
        return self.draw.choice(BY_ARGUMENT.get(action.dest, FILES))

    def words(self, action):
        several = {None: 1, 0: 0, "*": self.draw.randrange(3), "+": self.draw.randrange(1, 3)}
        values = [self.value(action) for _ in range(several.get(action.nargs, action.nargs))]
        return [*action.option_strings[:1], *values]

    def line(self, command):
        while too_long(words := self.any_line(command)):
            pass
        return words

    def any_line(self, command):
        words = [command]
        for action in self.parsers[command]._actions:
            wanted = 0.9 if not action.option_strings else SHARE
            if action.dest != "help" and self.draw.random() < wanted:
                words += self.words(action)
        if command == "train":
            source = self.draw.choice(
                ["--text a.txt", "--text bom.txt", "--data human_numbers", "--data stories", "--data shakespeare", ""]
            )
            words += source.split() + [word for pair in LEAST.items() if pair[0] not in words for word in pair]
            words += ["--quiet"] * (self.draw.random() < 0.9)
        elif command == "generate" and self.draw.random() < 0.6:
            words[1:3] = [self.draw.choice(["stories", "human_numbers", "shakespeare", "a.model"]), "one"]
        elif command == "translate" and self.draw.random() < 0.8:
            words = [command, "words.model", self.draw.choice(KNOWN), *(words[1:] if self.draw.random() < 0.8 else [])]
        elif command == "exam":
            words += [*self.draw.choice([["--chapters", "lstm"], ["--bank", "example_cards.yml"], []]), "--out", "exam"]
        elif command in ("class", "words") and self.draw.random() < 0.6:
            words[1:2] = ["answers" if command == "class" else self.draw.choice(["stories", "words.model", "a.model"])]
        elif command in ENDINGS:
            words += self.draw.choice(ENDINGS[command])
        return words


def too_long(words):
    """Whether a line asks for what would take hours, which it may; another one is drawn then."""
    most = {"--epochs": 8, "--steps": 99, "--max-new-tokens": 99, "--count": 99, "--num-beams": 99}
    asked = [(name, value) for name, value in pairwise(words) if name in most and re.fullmatch(r"\d+", value)]
    return any(most[name] < int(value) < 2**63 for name, value in asked)


def run_lines(parsers, folder, capsys, how_many, seed):
    """Run lines; return how often each status came, and which were done by each command."""
    lines, statuses, done = Lines(parsers, seed), {}, {}
    sources = {path: path.read_bytes() for path in folder.glob("*.txt") if path.stat().st_size}
    for place in range(how_many):
        command = COMMANDS[place % len(COMMANDS)]
        words = lines.line(command)
        for file in [*folder.glob("*.safetensors"), *folder.glob("run"), *folder.glob("*.apkg")]:
            if not file.is_dir():
                file.unlink()
        try:
            status = main(words)
        except SystemExit as left:
            status = left.code
        out, err = capsys.readouterr()
        assert status in (0, 2), (status, words, err)
        assert "Traceback" not in err and "fault of lmkit" not in err, (words, err)
        quiet, told = err == "" or "--quiet" not in words, re.search(r"^(lmkit|usage: )", err, re.MULTILINE)
        assert quiet if status == 0 else told, (words, err)
        assert out == "" or status == 0 or words[0] == "cards", (words, out)
        assert all(path.read_bytes() == content for path, content in sources.items()), words
        assert not [path for path in folder.iterdir() if path.name.endswith(".part")], words
        statuses[status] = statuses.get(status, 0) + 1
        done[words[0]] = done.get(words[0], 0) + (status == 0)
    return statuses, done


def test_random_command_lines_end_with_a_status(parsers, folder, capsys):
    statuses, _ = run_lines(parsers, folder, capsys, 30, 0)
    assert set(statuses) == {0, 2}


@pytest.mark.slow
def test_hundreds_of_random_command_lines_end_with_a_status(parsers, folder, capsys):
    statuses, done = run_lines(parsers, folder, capsys, LINES, 100)
    assert sum(statuses.values()) == LINES
    assert not [command for command in parsers if not done[command]], done
