"""The ladder experiment: what each rung changes, how windows follow one another, and where rates were chosen."""

import math
from dataclasses import asdict, replace
from itertools import pairwise

import pytest
import torch
from torch import nn

from lmkit import runs
from lmkit.datasets import human_numbers
from lmkit.experiments import ladder
from lmkit.experiments.fastbook import FASTBOOK, LoopedRNN
from lmkit.experiments.ladder import (
    NETWORKS,
    RATES,
    BlindlyStateful,
    LadderRecipe,
    every_fifth_split,
    rows_of,
    start_at_identity,
)
from lmkit.experiments.numbers_judging import read_held_out
from lmkit.models import FixedContextRNN, RecurrentLanguageModel
from lmkit.training import evaluate, set_seed

CLIMB = ["three tokens", "carried state", "loss at every token", "1 relu torch", "1 relu identity", "2 relu identity"]


@pytest.mark.parametrize("lower, upper", list(pairwise(CLIMB)))
def test_every_rung_changes_one_thing_but_its_rate(lower, upper):
    below, above = asdict(NETWORKS[lower]), asdict(NETWORKS[upper])
    assert len([name for name in below if below[name] != above[name]]) == 1


def test_rates_are_the_best_on_the_nested_split():
    shipped = runs.load("ladder")
    for network, rate in RATES.items():
        tried = shipped.where(study="rates", network=network)
        best = max(tried, key=lambda run: (run.measures["accuracy"], -run.settings["lr"]))
        assert best.settings["lr"] == rate
    judged_seeds = {run.seed for run in shipped.runs if run.settings["study"] != "rates"}
    assert judged_seeds == set(ladder.SEEDS) and ladder.NESTED_SEED not in judged_seeds


def test_rates_are_tried_on_text_that_is_not_judged():
    jobs = [(recipe, settings) for recipe, settings, _ in ladder.ladder() if settings["study"] == "rates"]
    assert {recipe.split for recipe, _ in jobs} == {"nested sequential"}


def test_identity_start_hands_a_state_back():
    model = start_at_identity(RecurrentLanguageModel(30, 8, 8, 2, nonlinearity="relu"))
    nn.init.zeros_(model.embedding.weight)
    state = torch.rand(2, 3, 8)
    for layer in (0, 1):
        nn.init.zeros_(getattr(model.rnn, f"weight_ih_l{layer}"))
    assert torch.equal(model(torch.zeros(3, 5, dtype=torch.int64), state)[1], state)


def test_blindly_stateful_model_goes_on_from_whatever_it_read():
    model = RecurrentLanguageModel(30, 8, 8)
    blind, (first, second) = BlindlyStateful(model), torch.randint(30, (2, 4, 6))
    blind(first)
    _, state = model(first)
    torch.testing.assert_close(blind(second)[0], model(second, state)[0])
    assert not blind.state.requires_grad


def test_every_fifth_split_hides_two_hundreds():
    training, held_out = every_fifth_split()
    assert "two hundred" not in " ".join(training) and "two hundred" in " ".join(held_out)
    assert len(training) + len(held_out) == len(human_numbers.tokens())


@pytest.mark.parametrize("order, carried", [("text", True), ("text", False), ("shuffled", True), ("shuffled", False)])
def test_run_reads_each_window_once_an_epoch(order, carried):
    recipe = LadderRecipe(epochs=1, order=order, carry_state=carried)
    streams, steps = recipe._streams(rows_of("sequential")[0])
    windows = list(streams)
    if order == "shuffled":
        assert len(windows) == steps == 50
        training = rows_of("sequential")[0]
        read = sorted(tuple(window[:, 0].tolist()) for window in windows)
        assert read == sorted(tuple(training[:, k].tolist()) for k in range(0, 787, 16))


def test_measures_are_those_of_evaluate_and_add_up():
    set_seed(2)
    model, (_, held_out) = RecurrentLanguageModel(30, 8, 8).eval(), rows_of("sequential")
    found, carried = read_held_out(model, held_out), evaluate(model, held_out)
    assert found["accuracy"] == pytest.approx(carried.accuracy)
    assert found["zeroed_cross_entropy"] == pytest.approx(
        evaluate(model, held_out, 16, carry_state=False).cross_entropy, rel=1e-5
    )
    stops = float((held_out[:, :-1] == human_numbers.vocab().ids(["."])[0]).float().mean())
    assert found["accuracy"] == pytest.approx(stops * found["after_stop"] + (1 - stops) * found["elsewhere"], abs=1e-5)


def test_three_tokens_are_all_that_is_asked_of_the_lowest_rung():
    model, (_, held_out) = RecurrentLanguageModel(30, 8, 8).eval(), rows_of("sequential")
    found = read_held_out(model, held_out, 3)
    with torch.no_grad():
        right = [
            (model(held_out[:, t - 3 : t])[0][:, -1].argmax(dim=1) == held_out[:, t]).float().mean()
            for t in range(3, held_out.shape[1])
        ]
    assert found["accuracy"] == pytest.approx(float(torch.stack(right).mean()), abs=1e-5)


def test_looped_network_is_the_fixed_one_with_a_state():
    looped, fixed = LoopedRNN(30, ladder.SIZE, 3), FixedContextRNN(30, ladder.SIZE, 3)
    fixed.load_state_dict(looped.state_dict())
    tokens = torch.randint(30, (5, 6))
    torch.testing.assert_close(looped(tokens[:, :3])[0][:, -1], fixed(tokens[:, :3]))
    _, state = looped(tokens[:, :3])
    torch.testing.assert_close(looped(tokens[:, 3:], state)[0], looped(tokens)[0][:, 3:])


def test_notebooks_batches_go_on_where_the_last_one_stopped():
    training, held_out = FASTBOOK["stateful"].batches()
    assert len(training) == 262 and len(held_out) == 65
    assert all(torch.equal(before[:, -1], after[:, 0]) for before, after in pairwise(training))
    assert len(FASTBOOK["looped"].batches()[0]) == math.ceil(16824 / 64)


@pytest.mark.parametrize("recipe", [FASTBOOK["looped, batches shuffled"], FASTBOOK["every token, one tanh layer"]])
def test_notebooks_run_can_be_made_again(recipe):
    short = replace(recipe, epochs=1)
    first, second = short.run(1, {"a": 1}), short.run(1, {"a": 1})
    assert first == second and first.measures["cross_entropy"] < math.log(30)


def test_run_that_diverges_says_so():
    found = LadderRecipe(epochs=1, lr=1e4, clip=math.inf, identity=True).run(1)
    assert found.measures["diverged"] and 0 <= found.measures["accuracy"] < 0.5


def test_shipped_runs_are_complete():
    shipped = runs.load("ladder")
    for run in shipped.runs:
        measures = run.measures
        assert 0 <= measures["accuracy"] <= 1 and len(measures["worst"]) == 3
        if not measures.get("diverged"):
            assert len(run.train_loss) == (
                4 if "looped" in str(run.settings) else 10 if "stateful" in str(run.settings) else 15
            )
