"""What a shell sees of the command line: exit statuses, output in any locale, broken pipes, Ctrl-C, files apart."""

import errno
import io
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lmkit import __main__ as program
from lmkit import experiments, pretrained
from lmkit.__main__ import main
from lmkit.commands import generating, training
from lmkit.commands.options import EXIT_CODES
from lmkit.experiments import recipes
from tests.test_main import SMALL, SPLIT, TEXT

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "tests" / "example_cards.yml"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("a.txt").write_text(TEXT, encoding="utf-8")
    return tmp_path


def run(capsys, *arguments):
    try:
        status = main([str(argument) for argument in arguments])
    except SystemExit as left:
        status = left.code
    out, err = capsys.readouterr()
    return status, out, err


def train(capsys, *arguments):
    return run(capsys, "train", *SMALL, "--epochs", 1, *arguments)


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


# What is read is never replaced by what is written


@pytest.mark.parametrize(
    "arguments, complaint",
    [
        (
            "--text a.txt --out a.txt",
            "out and text must not be one file, .* they are a.txt and a.txt; give another out",
        ),
        ("--text a.txt --out ./a.txt", "out and text must not be one file"),
        ("--text a.txt --out link", "out and text must not be one file"),
        ("--text link --out a.txt", "out and text must not be one file"),
        ("--text hard --out a.txt", "out and text must not be one file"),
        ("--text a.txt --out A.TXT", "out and text must not be one file, also where upper and lower case are the same"),
        ("--text way/a.txt --out a.txt", "out and text must not be one file"),
        ("--text corpus.safetensors --out corpus.safetensors", "out and text must not be one file"),
        ("--text a.txt --checkpoint a.txt", "checkpoint and text must not be one file"),
        ("--text a.txt --out r --checkpoint r", "checkpoint and out must not be one file"),
        ("--text a.txt --out r --checkpoint R", "checkpoint and out must not be one file"),
        ("--text a.txt --checkpoint a.safetensors", "checkpoint and out must not be one file"),
        ("--text .b.part --out b", "out and text must not be one file"),
        ("--text .b.part --checkpoint b --out c", "checkpoint and text must not be one file"),
        ("--text .", "out must be given where the text has no name of its own, but it is .; give --out"),
        ("--text nowhere", "text must be files that can be read, but nowhere cannot: No such file or directory"),
        ("--text a.txt b.txt --out b.txt", "out and text 2 must not be one file"),
        ("--text a.txt --held-out b.txt --out b.txt", "out and held_out must not be one file"),
        ("--text a.txt --plot a.txt", "plot and text must not be one file"),
        ("--text a.txt --out x.png --plot x.png", "plot and out must not be one file"),
        ("--text a.txt --plot x.pdf", "plot must end in .png or .svg, but it is x.pdf; name another file"),
        ("--text a.txt --plot nowhere/x.png", "plot must name a file in a folder that exists"),
        ("--text a.txt --out stories", "out must not be called as a shipped model is, .* write stories.safetensors"),
        ("--text a.txt --out /proc/x.safetensors", "out must name a file that can be written, but /proc/x.safetensors"),
        ("--text a.txt --checkpoint /proc/x", "checkpoint must name a file that can be written, but /proc/x cannot"),
        ("--text a.txt --out way", "out must be a file, but way is a folder"),
        ("--text a.txt --checkpoint way", "checkpoint must be a file, but way is a folder"),
        ("--text a.txt --out nowhere/x", "out must name a file in a folder that exists, but it is nowhere/x; create"),
        ("--text a.txt --out a.txt/x", "out must name a file in a folder that exists"),
        ("--text a.txt --out /dev/null", "out must name an ordinary file, but /dev/null is a device or a pipe"),
        ("--text a.txt --out " + "x" * 300, "out must name a file that can be written, but .*: File name too long"),
        ("--recipe stories --out /proc/x", "out must name a file that can be written"),
    ],
)
def test_places_are_refused_before_training(capsys, folder, monkeypatch, arguments, complaint):
    Path("link").symlink_to("a.txt")
    os.link("a.txt", "hard")
    Path("way").symlink_to(".")
    shutil.copy("a.txt", "corpus.safetensors")
    shutil.copy("a.txt", ".b.part")
    before = contents(folder)
    monkeypatch.delattr(training, "train")
    monkeypatch.setattr(recipes, "RECIPES", {"stories": None})
    status, out, err = (
        train(capsys, *arguments.split()) if "--text" in arguments else run(capsys, "train", *arguments.split())
    )
    assert (status, out) == (2, "") and re.search(complaint, err), err
    assert contents(folder) == before


def test_every_text_has_a_place_of_its_own(capsys, folder):
    for name in ("vol.1", "vol.2", "corpus.safetensors", "noun", "b.txt"):
        shutil.copy("a.txt", name)
        before = Path(name).read_bytes()
        assert train(capsys, "--text", name)[0] == 0
        assert Path(name).read_bytes() == before
    made = {path.name for path in folder.glob("*.safetensors")}
    places = {"vol.1.safetensors", "vol.2.safetensors", "corpus.safetensors.safetensors", "noun.safetensors"}
    assert made == {"corpus.safetensors", "b.safetensors", *places}


def test_usual_place_is_not_taken_from_another_file(capsys, folder):
    shutil.copy("a.txt", "a")
    assert train(capsys, "--text", "a.txt")[0] == 0
    assert train(capsys, "--text", "a.txt", "--seed", 3)[0] == 0  # the same text once more
    before = contents(folder)
    rule = "out must be given where the usual place has a model of another text"
    status, _, err = train(capsys, "--text", "a")
    assert status == 2 and f"{rule}, but it is not, and a.safetensors is one; give --out" in err
    assert train(capsys, "--text", "a", "--out", "other")[0] == 0
    Path("other").unlink()
    Path("a.safetensors").write_text("my notes")
    for more in ([], ["--out", "a.safetensors"]):
        status, _, err = train(capsys, "--text", "a.txt", *more)
        assert status == 2 and "out must not replace a file that is no model, but a.safetensors cannot be read" in err
    Path("empty").touch()
    assert train(capsys, "--text", "a.txt", "--out", "empty")[0] == 0
    shutil.copy(pretrained.path_of("human_numbers"), "human_numbers.safetensors")
    assert run(capsys, "train", "--data", "human_numbers", *SMALL, "--epochs", 1)[0] == 2
    assert Path("a.txt").read_bytes() == before["a.txt"] and Path("a.safetensors").read_text() == "my notes"
    assert Path("human_numbers.safetensors").read_bytes() == pretrained.path_of("human_numbers").read_bytes()


@pytest.mark.parametrize("name", [b"caf\xe9.txt", b"\xff"])
def test_name_that_is_not_utf_8_is_refused_before_training(capsys, folder, monkeypatch, name):
    name = os.fsdecode(name)
    monkeypatch.delattr(training, "train")
    shutil.copy("a.txt", name)
    for argument, arguments in {"text": ("--text", name), "out": ("--text", "a.txt", "--out", name)}.items():
        status, _, err = train(capsys, *arguments)
        assert status == 2 and f"{argument} must have a name in UTF-8, but it is" in err and "rename it" in err


def test_text_comes_through_a_pipe_where_out_is_given(capsys, folder):
    for more, expected in (([], 2), (["--out", "new"], 0)):
        reader, writer = os.pipe()
        os.write(writer, TEXT.encode()[:60_000])
        os.close(writer)
        status, _, err = train(capsys, "--text", f"/dev/fd/{reader}", *more)
        os.close(reader)
        assert status == expected, err
    assert pretrained.load(folder / "new").card["data"].endswith("different), the last tenth held out")


def test_cards_are_not_replaced_by_their_deck(capsys, folder):
    shutil.copy(EXAMPLES, "example_cards.yml")
    Path("deck.apkg").symlink_to("example_cards.yml")
    status, _, err = run(capsys, "cards", "example_cards.yml", "--anki", "deck.apkg")
    assert status == 2 and "the deck and file 1 must not be one file" in err
    assert Path("example_cards.yml").read_bytes() == EXAMPLES.read_bytes()


@pytest.mark.parametrize("value", ["inf", "-inf", "nan", "-1", "1e300", "soon", "253402300800", "1e9999", "0x1"])
def test_time_that_is_none_is_refused(capsys, folder, monkeypatch, value):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", value)
    status, _, err = run(capsys, "cards", EXAMPLES, "--anki", "deck.apkg")
    assert (
        status == 2
        and f"SOURCE_DATE_EPOCH must be a number of seconds since 1970, up to 253402300799, but it is '{value}'" in err
    )
    assert not Path("deck.apkg").exists()


@pytest.mark.parametrize("value", ["", "0", "1700000000", "253402300799", "1.5"])
def test_time_is_taken(capsys, folder, monkeypatch, value):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", value)
    assert run(capsys, "cards", EXAMPLES, "--anki", "deck.apkg")[0] == 0


def test_experiments_have_parts_of_their_own(capsys, folder, monkeypatch):
    """`--out x.part` once was its own part, and `a.1` and `a.2` had one together."""
    from lmkit.experiments import making

    monkeypatch.setitem(experiments.EXPERIMENTS, "decay", lambda: iter([]))
    experiments.EXPERIMENTS["decay"].__doc__ = "None."
    parts = []
    monkeypatch.setattr(making, "_make_missing", lambda wanted, done, part, *more: (parts.append(part), part.touch()))
    for out in ("x.part", "a.1", "a.2", "runs.json"):
        assert run(capsys, "experiment", "decay", "--out", out, "--quiet")[0] == 0
        assert Path(out).is_file()
    assert len({*parts}) == 4 and not [part for part in parts if part.exists()]
    for out in (".", "nowhere/x", "/proc/x", "/dev/null", "a.txt"):
        assert run(capsys, "experiment", "decay", "--out", out)[0] == 2


# Names of models


@pytest.mark.parametrize("name", ["x.model", "folder/x", "x", "./x", "x.safetensors", "y z"])
def test_model_is_found_under_the_name_it_was_written_to(capsys, folder, name):
    Path("folder").mkdir()
    assert train(capsys, "--text", "a.txt", "--out", name)[0] == 0
    status, out, err = run(capsys, "generate", name, "the cat", "--max-new-tokens", 3)
    assert (status, err) == (0, "") and out.startswith("the cat | ")


@pytest.mark.parametrize(
    "name, complaint",
    [
        (
            "gpt",
            r"name must be one of the shipped models \[.*\], or the path of a model file, but it is 'gpt'; correct it",
        ),
        ("nowhere.model", "nowhere.model cannot be read: No such file or directory; correct its name"),
        ("folder/x", "folder/x cannot be read: No such file"),
        (".", ". cannot be read: Is a directory"),
        ("", " cannot be read: Is a directory|name must be one of"),
        ("a.txt", "a.txt cannot be read as a model file .*; get it or train it again"),
        ("/dev/null", "/dev/null cannot be read as a model file"),
        ("/dev/zero", "/dev/zero cannot be read as a model file"),
    ],
)
def test_model_that_is_none_is_named(capsys, folder, name, complaint):
    status, out, err = run(capsys, "generate", name, "the")
    assert (status, out) == (2, "") and re.search(complaint, err), err


# Exit statuses


def test_exit_statuses_are_told_by_every_help(capsys):
    for command in ([], *([name] for name in program.COMMANDS)):
        status, out, _ = run(capsys, *command, "--help")
        assert (
            status == 0
            and EXIT_CODES.partition(":")[0] in out
            and " ".join(EXIT_CODES.split()) in " ".join(out.split())
        )
    for code in (0, 1, 2, program.INTERRUPTED, program.NOBODY_READS):
        assert re.search(rf"\b{code}\b", EXIT_CODES)


@pytest.mark.parametrize(
    "error, status, message",
    [
        (ValueError("x must be y"), 2, "x must be y"),
        (FileNotFoundError(errno.ENOENT, "No such file or directory", "x"), 2, "x cannot be read: No such file"),
        (
            OSError(errno.ENOSPC, "No space left on device"),
            1,
            "the output could not be written: No space left on device",
        ),
        (OSError("a process was ended"), 1, "a process was ended"),
        (MemoryError(), 1, "memory ran out; choose smaller sizes"),
        (KeyboardInterrupt(), 130, "stopped"),
        (KeyboardInterrupt("stopped; x keeps it"), 130, "stopped; x keeps it"),
        (
            ZeroDivisionError("float division"),
            1,
            "this is a fault of lmkit: ZeroDivisionError: float division; with LMKIT_T",
        ),
        (BrokenPipeError(errno.EPIPE, "Broken pipe"), 141, ""),
    ],
)
def test_error_has_its_status_and_no_traceback(capsys, monkeypatch, error, status, message):
    def fail(*given, **named):
        raise error

    monkeypatch.setattr(generating.pretrained, "load", fail)
    found, out, err = run(capsys, "generate", "stories", "anna")
    assert (found, out) == (status, "") and "Traceback" not in err
    assert err.startswith(f"lmkit generate: {message}") if message else err == ""


def test_fault_is_shown_in_full_where_asked(capsys, monkeypatch):
    monkeypatch.setattr(generating.pretrained, "load", lambda name: 1 / 0)
    monkeypatch.setenv(program.TRACEBACK, "1")
    status, _, err = run(capsys, "generate", "stories", "anna")
    assert status == 1 and "Traceback" in err and "1 / 0" in err


# As a program


def shell(command, **variables):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", **variables}
    return subprocess.run(
        ["bash", "-c", command], env={k: v for k, v in environment.items() if v}, capture_output=True, timeout=300
    )


PYTHON = sys.executable


def test_output_in_a_poor_encoding_is_escaped(folder, monkeypatch):
    """Above all after training: the card has letters that the encoding lacks."""
    Path("größe.txt").write_text(TEXT.replace("cat", "café"), encoding="utf-8")
    for arguments, status, expected in (
        (
            ["train", "--text", "größe.txt", "--epochs", "1", *SMALL, *SPLIT, "--out", "é.model"],
            0,
            rb'"title": "gr\xf6\xdfe"',
        ),
        (["generate", "é.model", "the café", "--method", "greedy"], 0, rb"the caf\xe9 | "),
        (["generate", "é.model", "größe"], 2, rb"lmkit generate: text holds 'gr\xf6\xdfe', which is not among"),
        (["generate", "ü.model", "the"], 2, rb"lmkit generate: \xfc.model cannot be read: No such file"),
        (["train", "--text", "größe.txt", "--out", "\udce9"], 2, rb"out must have a name in UTF-8, but it is '\udce9'"),
    ):
        output = io.BytesIO()
        stream = io.TextIOWrapper(output, encoding="ascii", write_through=True)
        with monkeypatch.context() as patched:
            patched.setattr(sys, "stdout", stream)
            patched.setattr(sys, "stderr", stream)
            assert main(arguments) == status
        assert expected in output.getvalue()


@pytest.mark.slow
def test_training_in_a_locale_without_letters_ends_well(folder):
    Path("größe.txt").write_text(TEXT.replace("cat", "café"), encoding="utf-8")
    poor = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    train = shell(f"{PYTHON} -m lmkit train --text größe.txt --epochs 1 {' '.join(SMALL)}", **poor)
    assert (train.returncode, train.stderr) == (0, b"")
    assert b'"title": "gr\\xf6\\xdfe"' in train.stdout
    assert pretrained.load("größe.safetensors").card["data"].startswith("größe.txt: ")


def test_broken_pipe_ends_with_its_status(capsys, monkeypatch):
    reader, writer = os.pipe()
    os.close(reader)
    monkeypatch.setattr(sys, "stdout", os.fdopen(writer, "w"))
    assert main(["generate", "human_numbers", "one .", "--max-new-tokens", "2"]) == program.NOBODY_READS
    print("nor is there an error when the rest is written")
    sys.stdout.close()
    assert capsys.readouterr().err == ""


@pytest.mark.slow
def test_pipe_that_is_closed_and_disk_that_is_full_in_a_shell(folder):
    generate = f"{PYTHON} -m lmkit generate human_numbers 'one .' --max-new-tokens 20"
    told = shell(f"{generate} --count 400 | head -1; echo ${{PIPESTATUS[0]}}")
    line, status = told.stdout.decode().splitlines()
    assert line.startswith("one . | ") and status == str(program.NOBODY_READS) and told.stderr == b""
    told = shell(f"{generate} > /dev/full")
    assert told.returncode == 1
    assert told.stderr == b"lmkit generate: the output could not be written: No space left on device\n"
    told = shell(f"{generate} >&-")
    assert (told.returncode, told.stderr) == (0, b"")


# Ctrl-C


def interrupted(step, monkeypatch):
    """Let Ctrl-C be pressed as this step is recorded, in the midst of it."""
    from lmkit.training import History

    record = History.record

    def press(history, *given):
        if len(history.losses) == step - 1:
            signal.raise_signal(signal.SIGINT)
        return record(history, *given)

    monkeypatch.setattr(History, "record", press)


def test_interrupted_training_keeps_its_last_step_and_goes_on(capsys, folder, monkeypatch):
    command = ["train", "--text", "a.txt", "--epochs", 2, *SMALL, *SPLIT, "--weight-p", 0.2, "--checkpoint", "run"]
    with monkeypatch.context() as patched:
        interrupted(7, patched)
        status, out, err = run(capsys, *command)
    assert (status, out) == (130, "")
    assert err == "lmkit train: stopped; run keeps 7 of 22 steps; the same command goes on from there\n"
    assert {path.name for path in folder.iterdir()} == {"a.txt", "run"}
    handler = signal.getsignal(signal.SIGINT)
    assert run(capsys, *command)[0] == 0 and signal.getsignal(signal.SIGINT) is handler
    resumed = Path("a.safetensors").read_bytes()
    Path("run").unlink()
    assert run(capsys, *command)[0] == 0
    assert Path("a.safetensors").read_bytes() == resumed


def test_interrupted_training_without_a_checkpoint_says_that_nothing_is_kept(capsys, folder, monkeypatch):
    interrupted(3, monkeypatch)
    status, out, err = run(capsys, "train", "--text", "a.txt", *SMALL)
    assert (status, out) == (130, "")
    assert err == "lmkit train: stopped; nothing is kept; with --checkpoint FILE the run would be\n"
    assert [path.name for path in folder.iterdir()] == ["a.txt"]


def test_interrupt_while_torch_is_imported_is_quiet(capsys, monkeypatch):
    def press(name):
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(program, "import_module", press)
    assert run(capsys, "generate", "stories", "anna") == (130, "", "lmkit generate: stopped\n")


@pytest.mark.slow
def test_interrupted_program_ends_without_a_traceback(folder):
    command = [PYTHON, "-m", "lmkit", "train", "--text", "a.txt", "--epochs", "100000", *SMALL, "--checkpoint", "run"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while not Path("run").exists():
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=300)
    assert (process.returncode, out) == (130, b"")
    assert re.fullmatch(rb"lmkit train: stopped; run keeps \d+ of \d+ steps; the same command goes .*\n", err)
