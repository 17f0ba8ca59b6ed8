"""The training kernel computes torch's gradients: for every cell, shape and option, with the kernel's own masks."""

import math

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.widgets.runtime.training import driver

TOLERANCE = 1e-5
KINDS = [("lstm", "tanh"), ("gru", "tanh"), ("rnn", "tanh"), ("rnn", "relu")]


@pytest.fixture(scope="module")
def trainer(scripts):
    return driver.start(scripts)


@st.composite
def runs(draw):
    """Settings of any kind, for windows that are small enough to be computed in a moment."""
    cell, nonlinearity = draw(st.sampled_from(KINDS))
    hidden = draw(st.integers(1, 20))
    embedding = draw(st.one_of(st.just(hidden), st.integers(1, 20)))
    tied = draw(st.booleans()) and (cell == "lstm" or embedding == hidden)
    dropouts = {name: draw(st.sampled_from([0.0, 0.0, 0.3, 0.6])) for name in driver.DROPOUTS}
    return {
        "cell": cell,
        "nonlinearity": nonlinearity,
        "vocab_size": draw(st.integers(2, 40)),
        "embedding_size": embedding,
        "hidden_size": hidden,
        "num_layers": draw(st.integers(1, 3)),
        "tied": tied,
        "batch_size": draw(st.integers(1, 6)),
        "window": draw(st.integers(1, 8)),
        "alpha": draw(st.sampled_from([0.0, 2.0])),
        "beta": draw(st.sampled_from([0.0, 1.0])),
        "seed": draw(st.integers(0, 2**32 - 1)),
        **dropouts,
    }


def check(trainer, run, given_windows, monkeypatch):
    """Compare what each step of a run tells with torch's."""
    answer = trainer.evaluate(driver.RUN, {"settings": run, "windows": given_windows})
    state = None
    for window, step in zip(given_windows, answer["steps"], strict=True):
        wanted, loss, penalty, state = driver.gradients_of(run, step, window, state, monkeypatch)
        got, result = driver.tensors(step["gradients"]), step["result"]
        norm = math.sqrt(sum(gradient.square().sum().item() for gradient in wanted.values()))
        assert result["loss"] == pytest.approx(loss, rel=TOLERANCE, abs=1e-6)
        assert result["penalty"] == pytest.approx(penalty, rel=TOLERANCE, abs=1e-7)
        assert result["gradNorm"] == pytest.approx(norm, rel=TOLERANCE, abs=1e-7)
        assert got.keys() == wanted.keys()
        for name, gradient in wanted.items():
            assert (got[name] - gradient).norm() <= TOLERANCE * gradient.norm() + 1e-6 * norm + 1e-8, name


@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(run=runs(), data=st.data())
def test_gradients_are_torchs(trainer, monkeypatch, run, data):
    """Over two windows, the second of which goes on from the first one's state."""
    steps = data.draw(st.integers(1, run["window"]))
    seed, uncounted = data.draw(st.integers(0, 1000)), data.draw(st.sampled_from([0.0, 0.5]))
    check(trainer, run, driver.windows(run, 2, seed, uncounted, steps), monkeypatch)


@pytest.mark.parametrize(("cell", "nonlinearity"), KINDS)
@pytest.mark.parametrize("options", [{}, dict.fromkeys(driver.DROPOUTS, 0.2)], ids=["plain", "dropout"])
def test_gradients_of_models_as_in_the_book_are_torchs(trainer, monkeypatch, cell, nonlinearity, options):
    """Of the size that readers train: several blocks of every product, and the table of words."""
    run = {"cell": cell, "nonlinearity": nonlinearity, "vocab_size": 30, "embedding_size": 68, "hidden_size": 68}
    run |= {"num_layers": 1, "tied": True, "batch_size": 34, "window": 17, "alpha": 2, "beta": 1, **options}
    check(trainer, run, driver.windows(run, 2, seed=1), monkeypatch)


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
def test_gradients_with_a_large_vocabulary_are_torchs(trainer, monkeypatch, cell):
    """Larger than a window: the input's share is then computed for positions, not for words."""
    run = {"cell": cell, "vocab_size": 301, "embedding_size": 20, "hidden_size": 12, "num_layers": 2, "tied": False}
    run |= {"batch_size": 3, "window": 5, "embed_p": 0.4}
    check(trainer, run, driver.windows(run, 2, seed=2), monkeypatch)


def test_gradients_are_the_slopes_of_the_loss(trainer):
    """A second oracle that knows no torch: the loss at weights a little to each side of those that are there."""
    run = {"cell": "gru", "vocab_size": 5, "hidden_size": 3, "batch_size": 2, "window": 4, "lr": 1e-30, "clip": 1e9}
    window = driver.windows(run, 1, seed=3)
    start = trainer.evaluate(driver.RUN, {"settings": run, "windows": window})
    weights, gradients = start["steps"][0]["before"], start["steps"][0]["gradients"]
    rng, width = np.random.default_rng(0), 2e-2
    for name, stored in weights.items():
        direction = rng.choice([-1.0, 1.0], len(stored["values"]))

        def loss(factor, name=name, stored=stored, direction=direction):
            moved = {**stored, "values": (np.array(stored["values"]) + factor * width * direction).tolist()}
            answer = trainer.evaluate(
                driver.RUN, {"settings": run, "windows": window, "weights": {**weights, name: moved}}
            )
            return answer["steps"][0]["result"]["loss"]

        slope = (8 * (loss(1) - loss(-1)) - (loss(2) - loss(-2))) / (12 * width)  # exact up to the fourth power
        assert slope == pytest.approx(np.dot(gradients[name]["values"], direction), abs=2e-4), name


def test_masks_keep_the_share_that_they_should(trainer):
    """And scale what they keep; another step draws others."""
    run = {"vocab_size": 300, "hidden_size": 60, "num_layers": 2, "batch_size": 40, "window": 2, "cell": "lstm"}
    run |= dict(zip(driver.DROPOUTS, (0.1, 0.25, 0.5, 0.6, 0.75), strict=True))
    steps = trainer.evaluate(driver.RUN, {"settings": run, "windows": driver.windows(run, 2, seed=4)})["steps"]
    first, second = (driver.tensors(step["masks"]) for step in steps)
    p_of = {"word": 0.1, "input": 0.25, "weight_l0": 0.5, "weight_l1": 0.5, "hidden_l1": 0.6, "output": 0.75}
    assert first.keys() == p_of.keys()
    for name, p in p_of.items():
        mask = first[name]
        kept = mask[mask != 0]
        assert torch.allclose(kept, torch.tensor(1 / (1 - p)).double())
        deviation = math.sqrt(p * (1 - p) / mask.numel())
        assert abs(len(kept) / mask.numel() - (1 - p)) < 5 * deviation
        assert not torch.equal(mask, second[name])
    assert not torch.equal(first["weight_l0"], first["weight_l1"])
