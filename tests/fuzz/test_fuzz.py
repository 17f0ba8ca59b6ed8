"""The fuzzing itself: a few cases of every target, faults that are found, and what is printed."""

import re
from concurrent.futures import Future

import pytest
import torch
from hypothesis import strategies as st

from lmkit import decoding
from tests.fuzz import __main__ as program
from tests.fuzz.target import MODULES, TARGETS, Target, load, run

load(*MODULES)
FEW = 2


@pytest.mark.parametrize("name", TARGETS)
def test_two_sides_are_alike(name):
    tally = run(TARGETS[name], FEW, seed=0, shrink=False)
    assert tally.fault is None, tally.fault
    assert tally.cases >= 1


# --- a fault is found ---------------------------------------------------------------------------------------------


def one_more(logits, top_k):
    return kept(logits, top_k + 1)


kept = decoding.top_k_filter
FAULTS = {
    "filters.top_k float32": (decoding, "top_k_filter", one_more),
    "decoders.greedy float32": (decoding.sampling, "argmax", lambda values: values.argmin(dim=-1)),
    "layers.dropouts": (torch.Tensor, "bernoulli_", lambda mask, p: mask.fill_(1)),
    "engine.uniform": (decoding, "uniform", lambda seed, counter: 0.5),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_found(name, monkeypatch):
    monkeypatch.setattr(*FAULTS[name])
    tally = run(TARGETS[name], 30, seed=1, shrink=False)
    assert "Failing test case" in tally.fault


@pytest.mark.slow  # each process imports torch
def test_processes_share_the_targets(capsys):
    assert program.main(["--minutes", "0.001", "--seed", "3", "--only", "cards.values", "--jobs", "2"]) == 0
    printed = capsys.readouterr().out
    assert "seed 3" in printed
    assert re.search(r"cards\.values +(50|100) cases alike", printed), printed


class Here:
    """In the place of a pool of processes: everything is done at once, and here."""

    def __init__(self, *args, **kwargs):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *args):
        pass

    def submit(self, function, *args):
        future = Future()
        future.set_result(function(*args))
        return future


def test_a_fault_is_told_with_the_smallest_case(capsys, monkeypatch):
    def fails_from_12_on(number):
        assert number < 12, "too large"

    monkeypatch.setitem(TARGETS, "toy", Target("toy", fails_from_12_on, {"number": st.integers()}, 10_000))
    monkeypatch.setattr(program, "ProcessPoolExecutor", Here)
    assert program.main(["--minutes", "1", "--seed", "5", "--only", "toy"]) == 1
    printed = capsys.readouterr().out
    assert "seed 5" in printed and "'number': 12" in printed and "too large" in printed
    assert "make fuzz SEED=5 ONLY='toy'" in printed
