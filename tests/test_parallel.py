"""Training in two processes beside training in one with the whole batch."""

import contextlib
import importlib
import os
import subprocess
import sys
import traceback
from itertools import repeat
from pathlib import Path

import pytest
import torch
import torch.distributed as dist

from lmkit import pretrained
from lmkit.__main__ import main
from lmkit.models import AWDLSTM
from lmkit.training import IGNORE_INDEX, distributed, set_seed, train
from lmkit.training.parallel import ProcessGroup, current

ROOT = Path(__file__).parents[1]
TEXT = torch.arange(4 * 52).view(4, 52) ** 2 % 11
PADDED = TEXT.clone()
PADDED[2, 30:], PADDED[3] = IGNORE_INDEX, IGNORE_INDEX  # the second of two processes has fewer targets, and once none
HELD_OUT = torch.arange(40).view(2, 20) % 11
TEXT_OF_CATS = "the cat sat on the mat . the dog sat on the cat . the mat was red . <eos> " * 20
# Words apart, and no dropout: masks would differ in two processes.
MODEL = "--tokenizer split --embedding-size 8 --hidden-size 12"
SMALL = [*MODEL.split(), "--batch-size", "4", "--window", "8", "--epochs", "9"]
DROPOUTS = {"embed_p": 0.1, "input_p": 0.2, "weight_p": 0.3, "hidden_p": 0.2, "output_p": 0.1}
SURE = {  # runs without chance in the model, which are the same in two processes as in one
    "plain": {},
    "penalties": {"alpha": 2.0, "beta": 1.0},
    "padded": {"text": PADDED, "clip": 0.05},
    "everything": {
        "variable_window": True,
        "averaging": 0,
        "validation": HELD_OUT,
        "validate_every": 3,
        "optimizer": "muon",
        "schedule": "cosine",
        "lr": 0.03,
        "beta": 0.5,
    },
}
RUNS = {
    **SURE,
    "dropout": {"model": DROPOUTS, "alpha": 1.0},
    "twins": {"model": DROPOUTS, "text": TEXT[:2].repeat(2, 1)},  # both processes read the same
    "sure twins": {"text": TEXT[:2].repeat(2, 1)},
}


def run(name, path=None, streams=9, **changes):
    """A run of that name, with numbers so exact that what sums are rounded to makes no difference."""
    settings = {"steps": 24, "window": 8, "progress": False, "text": TEXT, **RUNS[name], **changes}
    text = settings.pop("text")
    set_seed(3)
    model = AWDLSTM(11, 6, 8, 2, **settings.pop("model", {})).double()
    history = train(model, repeat(text, streams), checkpoint=path, checkpoint_every=5, **settings)
    return {"weights": model.state_dict(), "history": history.state_dict(), "drawn": torch.rand(3)}


def work(folder):
    """Do what each of two processes does."""
    with distributed() as processes:
        found = {name: run(name) for name in RUNS}
        path = folder / "checkpoint"
        found["broken off"] = run("dropout", path, streams=2)
        found["gone on"] = run("dropout", path)
        found["processes"] = [processes.rank, processes.world_size, current() == processes]
        found["gathered"] = processes.gather(processes.rank * 10)
        found["sums"] = processes.all_reduce(processes.rank, 0.5)
        found["broadcast"] = processes.broadcast(f"from {processes.rank}")
        found["interface"] = os.environ["GLOO_SOCKET_IFNAME"]
    found["alone again"] = current() == ProcessGroup()
    torch.save(found, folder / f"{processes.rank}.pt")


def ask_for_odd_rows(folder):
    """Let the command line refuse a batch that two processes cannot share."""
    text = folder / "cats.txt"
    text.write_text(TEXT_OF_CATS)
    with (folder / f"{os.environ['RANK']}.err").open("w") as complaints, contextlib.redirect_stderr(complaints):
        status = main(["train", "--text", str(text), *SMALL, "--batch-size", "3", "--quiet"])
    assert status == 2


def in_two_processes(job, folder):
    """Do a job in two forks of this process, which find each other as those that torchrun starts do."""
    store = dist.TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False)
    meeting = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(store.port), "TORCHELASTIC_USE_AGENT_STORE": "True"}
    children = []
    for rank in range(2):
        if child := os.fork():
            children.append(child)
            continue
        os.environ.update(meeting, WORLD_SIZE="2", LOCAL_WORLD_SIZE="2", RANK=str(rank))
        try:
            job(folder)
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
    assert [os.waitpid(child, 0)[1] for child in children] == [0, 0]


def do_all(folder):
    """Do all jobs, which share this process's imports: those take most of the time."""
    torch.set_num_threads(1)
    importlib.import_module("torch._dynamo")  # what the first step of an optimizer imports
    for job in (work, ask_for_odd_rows):
        in_two_processes(job, folder)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with what two processes have left."""
    folder = tmp_path_factory.mktemp("parallel")
    program = f"from tests.test_parallel import *; do_all(Path({str(folder)!r}))"
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True, timeout=240)
    return folder


@pytest.fixture(scope="module")
def found(folder):
    """The results of two processes, in the order of ranks."""
    return [torch.load(folder / f"{rank}.pt", weights_only=True) for rank in range(2)]


@pytest.mark.parametrize("name", SURE)
def test_two_processes_train_as_one_with_the_whole_batch(found, name):
    alone, (first, _) = run(name), found
    for curve in ("losses", "penalties", "grad_norms"):
        assert first[name]["history"][curve] == pytest.approx(alone["history"][curve], rel=1e-6, abs=1e-12)
    assert first[name]["history"]["tokens"] == alone["history"]["tokens"]
    assert len(first[name]["history"]["validation"]) == len(alone["history"]["validation"])
    for here, there in zip(first[name]["history"]["validation"], alone["history"]["validation"], strict=True):
        assert here == pytest.approx(there, rel=1e-6)
    torch.testing.assert_close(first[name]["weights"], alone["weights"], rtol=1e-5, atol=1e-7)
    assert torch.equal(first[name]["drawn"], alone["drawn"])


@pytest.mark.parametrize("name", [*RUNS, "gone on"])
def test_both_processes_come_to_the_same(found, name):
    first, second = (there[name] for there in found)
    assert first["history"] == second["history"]
    assert all(torch.equal(weight, second["weights"][key]) for key, weight in first["weights"].items())
    assert torch.equal(first["drawn"], second["drawn"])  # and go on with the same random numbers


def test_masks_differ_between_processes(found):
    """Two processes that read the same are one process that reads it, unless chance sets them apart."""
    for name, same in (("sure twins", True), ("twins", False)):
        half = run(name, text=TEXT[:2])["history"]["losses"]
        assert (found[0][name]["history"]["losses"] == pytest.approx(half, rel=1e-6)) is same


def test_run_of_two_processes_goes_on_from_its_checkpoint(found):
    first = found[0]
    assert 0 < len(first["broken off"]["history"]["losses"]) < 24 == len(first["gone on"]["history"]["losses"])
    assert first["gone on"]["history"] == first["dropout"]["history"]
    assert all(torch.equal(w, first["dropout"]["weights"][key]) for key, w in first["gone on"]["weights"].items())


def test_processes_know_each_other(found):
    assert [there["processes"] for there in found] == [[0, 2, True], [1, 2, True]]
    assert [there["gathered"] for there in found] == [[0, 10], []]
    assert [there["sums"] for there in found] == [[1.0, 1.0]] * 2
    assert [there["broadcast"] for there in found] == ["from 0"] * 2
    assert all(there["alone again"] and there["interface"].startswith("lo") for there in found)


def test_rows_are_shared_out():
    shares = [ProcessGroup(rank, 3).shard(torch.arange(12).view(6, 2)) for rank in range(3)]
    assert [share.shape for share in shares] == [(2, 2)] * 3
    assert torch.equal(torch.cat(shares).flatten(), torch.arange(12))


@pytest.mark.parametrize("count, size", [(2, 3), (4, 6), (3, 2)])
def test_rows_that_cannot_be_shared_evenly_are_refused(count, size):
    rule = f"batch_size must be a multiple of the number of processes, {count}, but it is {size}; change either"
    with pytest.raises(ValueError, match=rule):
        ProcessGroup(0, count).shard(torch.zeros(size, 2))


def test_process_that_is_alone_needs_no_group(monkeypatch):
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    with distributed() as processes:
        assert processes == current() == ProcessGroup() == ProcessGroup(0, 1)
        assert processes.is_main
    assert processes.all_reduce(1, 2.5) == [1, 2.5]
    assert processes.broadcast("a") == "a"
    assert processes.gather("a") == ["a"]
    state = torch.get_rng_state()
    with processes.per_rank_rng():
        assert torch.equal(torch.get_rng_state(), state)


def test_other_processes_draw_other_masks(monkeypatch):
    monkeypatch.setattr(ProcessGroup, "broadcast", lambda self, value: value)
    drawn = []
    for rank in range(3):
        torch.manual_seed(5)
        with ProcessGroup(rank, 3).per_rank_rng():
            drawn.append(tuple(torch.rand(3).tolist()))
    torch.manual_seed(5)
    assert drawn[0] == tuple(torch.rand(3).tolist())
    assert len(set(drawn)) == 3


@pytest.mark.slow
def test_torchrun_trains_in_two_processes(tmp_path, capsys):
    text, alone = tmp_path / "cats.txt", tmp_path / "alone.safetensors"
    text.write_text(TEXT_OF_CATS)
    assert main(["train", "--text", str(text), "--out", str(alone), *SMALL]) == 0
    capsys.readouterr()
    options = ["--validate-every", "20", "--checkpoint", str(tmp_path / "run")]
    out = torchrun("lmkit", "train", "--text", str(text), *SMALL, *options)
    lines = out.splitlines()
    assert [line[:5] for line in lines].count("wrote") == 1  # one of them speaks
    assert lines.count("step 20 writes:") == 1
    assert any(line.startswith("after 20 steps: held-out perplexity ") for line in lines), out
    one, two = pretrained.load(alone), pretrained.load(text.with_suffix(".safetensors"))
    assert two.card["command"].startswith(f"torchrun --nproc-per-node 2 -m lmkit train --text {text.name} ")
    assert two.card["metrics"] == pytest.approx(one.card["metrics"], rel=0.02)
    torch.testing.assert_close(two.model.state_dict(), one.model.state_dict(), rtol=0, atol=0.05)
    assert (tmp_path / "run").exists()


def torchrun(*arguments):
    """Run a module in two processes on this machine; return what they print. None outlives this call."""
    launcher = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2"]
    meeting = ["--rdzv-backend", "c10d", "--rdzv-endpoint", "127.0.0.1:0", "--local-addr", "127.0.0.1", "-m"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    with subprocess.Popen([*launcher, *meeting, *arguments], cwd=ROOT, env=environment, **pipes) as started:
        try:
            out, err = started.communicate(timeout=240)
        finally:
            started.terminate()  # if it still runs: it ends the processes that it has started, then itself
    assert started.returncode == 0, err
    return out


def test_command_line_refuses_rows_that_two_processes_cannot_share(folder):
    complaints = [(folder / f"{rank}.err").read_text() for rank in range(2)]
    rule = "batch_size must be a multiple of the number of processes, 2, but it is 3; change either"
    assert complaints == [f"lmkit train: {rule}\n", ""]  # one of them speaks
    assert not (folder / "cats.safetensors").exists()
