"""Checkpoints: a run that was killed goes on to the very losses and weights of one that was not."""

import importlib
import io
import os
import random
import shutil
import signal
import subprocess
import sys
from itertools import repeat
from pathlib import Path

import numpy as np
import pytest
import torch

from lmkit.models import AWDLSTM, FixedContextRNN, RecurrentLanguageModel
from lmkit.training import History, set_seed, train
from lmkit.training.callbacks import Validate
from lmkit.training.checkpoints import MAGIC, CheckpointError, RNGState, _serialize, fingerprint

ROOT = Path(__file__).parents[1]
TEXT = torch.arange(4 * 52).view(4, 52) ** 2 % 11  # 51 targets a row: no multiple of the windows below
HELD_OUT = torch.arange(40).view(2, 20) % 11
DROPOUTS = {"embed_p": 0.1, "input_p": 0.2, "weight_p": 0.3, "hidden_p": 0.2, "output_p": 0.1}
WATCHED = {"validation": HELD_OUT, "validate_every": 4}
RUNS = {  # settings of runs of 40 steps, 6 or so a stream; "model" and "seed" apart
    "plain": {},
    "dropout": {"model": DROPOUTS, "alpha": 2.0, "beta": 1.0},
    "muon": {"model": DROPOUTS, "optimizer": "muon", "schedule": "cosine"},
    "variable windows": {"model": {"weight_p": 0.2}, "variable_window": True, "schedule": "constant"},
    "averaging": {"optimizer": "sgd", "schedule": "constant", "lr": 3.0, "averaging": 0, **WATCHED},
    "everything": {
        "model": DROPOUTS,
        "alpha": 1.0,
        "variable_window": True,
        "averaging": 1,
        "optimizer": "muon",
        **WATCHED,
    },
    "adam": {"optimizer": "adam", "weight_decay": 0.001, **WATCHED},
    "state not carried": {"carry_state": False},
    "gru": {"model": "gru"},
    "without a state": {"model": "fixed", "window": 3, "loss_at": "last"},
}
EVERY = 5  # steps between checkpoints: in the middle of a stream, mostly


def build(which):
    if which == "gru":
        return RecurrentLanguageModel(11, 6, 8, cell="gru")
    return FixedContextRNN(11, 8, 3) if which == "fixed" else AWDLSTM(11, 6, 8, 2, **which)


def run(name, path=None, streams=None, **changes):
    """A run of that name from its beginning: the model, and its history."""
    settings = {"model": {}, "seed": 3, "steps": 40, "window": 8, "progress": False, **RUNS[name], **changes}
    set_seed(settings.pop("seed"))
    model = build(settings.pop("model"))
    return model, train(model, streams or repeat(TEXT), checkpoint=path, checkpoint_every=EVERY, **settings)


def everything_of(model, history):
    return {name: weight.tolist() for name, weight in model.state_dict().items()}, history


def kill():
    os.kill(os.getpid(), signal.SIGKILL)


def killed_run(name, path):
    """Be killed when the third stream is asked for."""

    def streams():
        yield from repeat(TEXT, 2)
        kill()

    run(name, path, streams())


def killed_while_writing(path):
    """Be killed where the third checkpoint is whole, but not in its place."""
    places, replace = iter([os.replace] * 2), os.replace
    os.replace = lambda *names: next(places, lambda *_: kill())(*names)
    try:
        run("everything", path)
    finally:
        os.replace = replace


def be_killed(folder):
    """Let children be killed, all at once; they share this process's imports, which take most of the time."""
    torch.set_num_threads(1)
    importlib.import_module("torch._dynamo")  # what the first step of an optimizer imports
    jobs = [lambda name=name: killed_run(name, folder / name) for name in RUNS]
    children = []
    for job in [*jobs, lambda: killed_while_writing(folder / "writing")]:
        if child := os.fork():
            children.append(child)
        else:
            job()
            os._exit(1)
    assert all(os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL for child in children)


@pytest.fixture(scope="module")
def killed(tmp_path_factory):
    """A folder with what killed runs have left."""
    folder = tmp_path_factory.mktemp("killed")
    program = f"from tests.test_checkpoints import *; be_killed(Path({str(folder)!r}))"
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True, timeout=120)
    return folder


@pytest.fixture
def left(killed, tmp_path):
    """A function: the path of a copy of what a killed run has left."""

    def copy(name):
        for file in [*killed.glob(f"{name}*"), *killed.glob(f".{name}*")]:
            shutil.copy(file, tmp_path)
        return tmp_path / name

    return copy


@pytest.mark.parametrize("name", RUNS)
def test_killed_run_goes_on_as_if_nothing_had_happened(left, name):
    whole = run(name)
    drawn = random.random(), np.random.rand(), torch.rand(2).tolist()
    resumed = run(name, left(name))
    assert everything_of(*resumed) == everything_of(*whole)
    assert len(resumed[1].losses) == 40
    assert (random.random(), np.random.rand(), torch.rand(2).tolist()) == drawn
    assert not resumed[0].training


def test_run_that_is_killed_while_it_writes_leaves_the_checkpoint_before(left, monkeypatch):
    steps, record = [], History.record
    monkeypatch.setattr(History, "record", lambda *given: steps.append(1) or record(*given))
    path = left("writing")
    part = path.with_name(".writing.part")
    assert part.exists()
    resumed = run("everything", path)
    assert len(steps) == 40 - EVERY  # one checkpoint was in its place besides that of the start
    assert everything_of(*resumed) == everything_of(*run("everything"))
    assert not part.exists()


@pytest.mark.parametrize("name", ["everything", "averaging", "plain"])
def test_finished_run_returns_at_once(tmp_path, monkeypatch, name):
    path = tmp_path / "run"
    first = run(name, path)
    assert everything_of(*first) == everything_of(*run(name))
    monkeypatch.delattr(History, "record")
    monkeypatch.delattr(Validate, "validate")
    assert everything_of(*run(name, path)) == everything_of(*first)
    assert [file.name for file in tmp_path.iterdir()] == ["run"]


def test_streams_that_ran_out_are_the_end(tmp_path):
    path = tmp_path / "run"
    first = run("averaging", path, [TEXT])
    assert 0 < len(first[1].losses) < 10
    assert everything_of(*run("averaging", path, [TEXT])) == everything_of(*first)


def test_progress_begins_where_the_run_stands(left, capsys):
    run("everything", left("writing"), progress=True)
    assert f"{EVERY}/40" in capsys.readouterr().err


@pytest.mark.parametrize(
    "changes, complaint",
    [
        ({"lr": 0.02}, "whose lr was 0.01, but now it is 0.02"),
        ({"steps": 41}, "whose steps was 40, but now it is 41"),
        ({"window": 9}, "whose window was 8"),
        ({"optimizer": "adamw"}, "whose optimizer was muon, but now it is adamw"),
        ({"alpha": 0.5}, "whose alpha was 1.0, but now it is 0.5"),
        ({"averaging": None}, "whose averaging was 1, but now it is None"),
        ({"seed": 4}, "whose weights at the start was"),
        ({"model": {**DROPOUTS, "weight_p": 0.4}}, "whose rnn.weight_p was 0.3, but now it is 0.4"),
        ({"model": {**DROPOUTS, "embed_p": 0.4}}, "whose embedding_dropout.p was 0.1, but now it is 0.4"),
        ({"streams": [TEXT[:, :50]]}, "whose first stream was"),
        ({"validation": HELD_OUT[:, :9]}, "whose held out text was"),
    ],
    ids=str,
)
def test_checkpoint_of_another_run_is_refused(left, changes, complaint):
    path = left("everything")
    before, written = path.read_bytes(), path.stat().st_mtime_ns
    with pytest.raises(CheckpointError) as refused:
        run("everything", path, **changes)
    assert complaint in str(refused.value)
    assert str(path) in str(refused.value)
    assert str(refused.value).endswith("or delete this one to begin anew")
    assert (path.read_bytes(), path.stat().st_mtime_ns) == (before, written)


def test_checkpoint_of_another_kind_of_model_is_refused(left):
    with pytest.raises(CheckpointError, match="whose model was AWDLSTM, but now it is RecurrentLanguageModel"):
        run("plain", left("plain"), model="gru")


def test_random_numbers_at_the_start_must_be_the_same(tmp_path):
    path, model = tmp_path / "run", build({})
    weights = {name: weight.clone() for name, weight in model.state_dict().items()}
    settings = {"steps": 3, "progress": False, "checkpoint": path}
    set_seed(1)
    train(model, [TEXT], **settings)
    model.load_state_dict(weights)
    set_seed(2)
    with pytest.raises(CheckpointError, match="whose random numbers at the start was"):
        train(model, [TEXT], **settings)


def test_settings_that_make_no_difference_may_change(left):
    set_seed(3)
    model = build({})
    history = train(model, repeat(TEXT), steps=40, window=8, checkpoint=str(left("plain")), checkpoint_every=9)
    assert everything_of(model, history) == everything_of(*run("plain"))


def test_numbers_of_numpy_are_as_good(left, tmp_path):
    numbers = {"lr": np.float64(0.01), "alpha": np.float32(0.5), "weight_decay": np.float64(0.1)}
    begun = run("plain", tmp_path / "run", [TEXT], **numbers)
    assert len(begun[1].losses) == 7
    expected = run("plain", lr=0.01, alpha=0.5, weight_decay=0.1)
    assert everything_of(*run("plain", tmp_path / "run", **numbers)) == everything_of(*expected)
    run("plain", left("plain"), lr=np.float64(0.01))
    with pytest.raises(CheckpointError, match="whose alpha was 0.5, but now it is 0.25"):
        run("plain", tmp_path / "run", **{**numbers, "alpha": np.float32(0.25)})


@pytest.mark.parametrize(
    "damage, complaint",
    [
        (lambda data: data[: len(data) // 2], "is damaged; delete it"),
        (lambda data: data[:-1], "is damaged; delete it"),
        (lambda data: data[: len(MAGIC) + 3], "is damaged; delete it"),
        (lambda data: data[:5000] + bytes([data[5000] ^ 1]) + data[5001:], "is damaged; delete it"),
        (lambda data: data + b"0", "is damaged; delete it"),
        (lambda data: b"", "is no checkpoint of this version of lmkit; give another file"),
        (lambda data: b"a letter to a friend", "is no checkpoint of this version of lmkit; give another file"),
        (lambda data: data.replace(MAGIC, b"lmkit checkpoint 1\n"), "is no checkpoint of this version"),
    ],
)
def test_damaged_file_is_refused_and_left_alone(left, damage, complaint):
    path = left("plain")
    path.write_bytes(damage(path.read_bytes()))
    before = path.read_bytes()
    with pytest.raises(CheckpointError) as refused:
        run("plain", path)
    assert f"checkpoint {path} {complaint}" in str(refused.value)
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == ["plain"]


class Trap:
    """Makes a file as it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def test_reading_a_checkpoint_runs_no_code(tmp_path):
    path, sprung = tmp_path / "run", tmp_path / "sprung"
    path.write_bytes(_serialize({"settings": Trap(sprung)}))
    with pytest.raises(CheckpointError, match="holds more than numbers and texts; give another file"):
        run("plain", path)
    assert not sprung.exists()
    torch.load(io.BytesIO(path.read_bytes()[len(MAGIC) + 32 :]), weights_only=False)
    assert sprung.exists()  # the trap works


@pytest.mark.parametrize(
    "options, complaint",
    [
        ({"checkpoint_every": 0}, "checkpoint_every must be a whole number of at least 1, but it is 0"),
        (
            {"checkpoint": Path("nowhere/run")},
            "checkpoint must name a file in a folder that exists, but it is nowhere/run",
        ),
    ],
)
def test_checkpoint_that_cannot_be_kept_is_refused(tmp_path, options, complaint):
    with pytest.raises(ValueError, match=complaint):
        train(build({}), [TEXT], steps=3, progress=False, **{"checkpoint": tmp_path / "run", **options})
    assert not list(tmp_path.iterdir())


def test_random_generators_go_on(tmp_path):
    set_seed(8)
    generators = RNGState()
    random.gauss(), np.random.randn(), torch.randn(1)  # each keeps half of a pair for later
    state = torch.load(io.BytesIO(packed_alone(generators.state_dict())), weights_only=True)

    def draws():
        numbers = random.random(), random.gauss(), np.random.randn(), *np.random.rand(700)
        return *numbers, *torch.rand(700).tolist(), *torch.randn(3).tolist()

    expected = draws()
    assert draws() != expected
    generators.load_state_dict(state)
    assert draws() == expected


def packed_alone(state):
    buffer = io.BytesIO()
    torch.save(state, buffer)
    return buffer.getvalue()


def test_fingerprint_tells_tensors_apart():
    a = torch.arange(6)
    others = [a.view(2, 3), a.int(), a.flip(0), a[:5], torch.cat([a, a])]
    assert len({fingerprint(a), *map(fingerprint, others), fingerprint(a[:3], a[3:]), fingerprint()}) == 8
    assert fingerprint(a.view(2, 3).T) == fingerprint(a.view(2, 3).T.contiguous())
