"""Fifty steps of every optimizer and schedule go where torch's, and lmkit's Muon, go."""

import pytest
import torch

from tests.widgets.runtime.training import driver

STEPS = 50
SHAPES = {
    "tied LSTM": {"cell": "lstm", "vocab_size": 20, "embedding_size": 16, "hidden_size": 16, "tied": True},
    "projection": {"cell": "lstm", "vocab_size": 9, "embedding_size": 6, "hidden_size": 20, "tied": True},
    "wide input": {"cell": "rnn", "vocab_size": 7, "embedding_size": 40, "hidden_size": 12, "tied": False},
    "untied GRU": {"cell": "gru", "vocab_size": 30, "embedding_size": 10, "hidden_size": 12, "tied": False},
}


@pytest.fixture(scope="module")
def trainer(scripts):
    return driver.start(scripts)


def both(trainer, shape, dtype=torch.float64, **options):
    """Return what the page and lmkit make of the same start: weights, losses, rates."""
    run = {**SHAPES[shape], "num_layers": 1, "batch_size": 4, "window": 5, "steps": STEPS, **options}
    given = driver.windows(run, STEPS, seed=5)
    page = trainer.evaluate(driver.TRAIN, {"settings": run, "windows": given})
    known = driver.trained(run, driver.tensors(page["before"]), given, dtype)
    results = page["results"]
    return (driver.tensors(page["after"]), [r["loss"] for r in results], [r["lr"] for r in results]), known, run


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adamw"])
def test_weights_are_torchs_after_fifty_steps(trainer, shape, optimizer):
    lr = 0.5 if optimizer == "sgd" else 0.01
    (weights, losses, _), (known, known_losses, _), _ = both(
        trainer, shape, optimizer=optimizer, lr=lr, weight_decay=0.1, clip=0.3, schedule="constant"
    )
    assert losses == pytest.approx(known_losses, rel=2e-5)
    for name, weight in known.items():
        assert driver.distance(weights[name], weight) < 2e-4, name


@pytest.mark.parametrize("shape", SHAPES)
def test_weights_are_those_of_lmkits_muon_after_fifty_steps(trainer, shape):
    """As near to Muon in double precision as lmkit's in single precision is: orthogonalising makes rounding grow."""
    options = {"optimizer": "muon", "lr": 0.01, "weight_decay": 0.1, "schedule": "constant"}
    (weights, losses, _), (known, known_losses, _), run = both(trainer, shape, **options)
    given = driver.windows(run, STEPS, seed=5)
    start = trainer.evaluate(driver.TRAIN, {"settings": run, "windows": []})["before"]
    single, _, _ = driver.trained(run, driver.tensors(start), given, torch.float32)
    assert losses == pytest.approx(known_losses, rel=1e-5)
    for name, weight in known.items():
        allowed = 5 * driver.distance(single[name].double(), weight) + 2e-4
        assert driver.distance(weights[name], weight) < allowed < 0.01, name


@pytest.mark.parametrize("schedule", ["constant", "cosine", "one-cycle"])
@pytest.mark.parametrize("warmup", [0.02, 0.3])
def test_rates_are_torchs(trainer, schedule, warmup):
    """A warm-up of .02 of 50 steps is the one in which the rate rises for no step."""
    options = {"optimizer": "adamw", "lr": 0.02, "schedule": schedule, "warmup": warmup}
    (weights, _, rates), (known, _, known_rates), _ = both(trainer, "tied LSTM", **options)
    assert rates == pytest.approx(known_rates, rel=1e-6, abs=1e-12)
    assert (len(set(rates)) == 1) == (schedule == "constant")
    for name, weight in known.items():
        assert driver.distance(weights[name], weight) < 2e-4, name


def test_rate_stays_after_the_schedule(trainer):
    run = {"vocab_size": 5, "hidden_size": 4, "batch_size": 1, "window": 1, "steps": 3, "lr": 1}
    given = driver.windows(run, 6, seed=1)
    rates = [r["lr"] for r in trainer.evaluate(driver.TRAIN, {"settings": run, "windows": given})["results"]]
    assert rates[3:] == [rates[2]] * 3 == [pytest.approx(1 / 25 / 1e4)] * 3


def test_gradient_that_is_small_enough_is_not_clipped(trainer):
    run = {"vocab_size": 5, "hidden_size": 4, "batch_size": 2, "window": 3, "schedule": "constant", "optimizer": "sgd"}
    given = driver.windows(run, 1, seed=1)

    def after(clip):
        page = trainer.evaluate(driver.TRAIN, {"settings": {**run, "clip": clip}, "windows": given})
        return page["results"][0], driver.tensors(page["after"])

    free, weights = after(float("inf"))
    norm = free["gradNorm"]
    same, unclipped = after(2 * norm)
    less, clipped = after(norm / 2)
    assert (free["clipped"], same["clipped"], less["clipped"]) == (False, False, True)
    assert all(torch.equal(weights[name], unclipped[name]) for name in weights)
    assert not all(torch.equal(weights[name], clipped[name]) for name in weights)
