"""What is changed for a while is given back, also when something fails in between."""

import os
from contextlib import suppress

import pytest
import torch
import torch.distributed as dist
from torch import nn

from lmkit.models import AWDLSTM
from lmkit.training import WeightAverage, evaluate, evaluate_with_cache, train
from lmkit.training.callbacks import Validate
from lmkit.training.modes import mode_of
from lmkit.training.optimizers import scaled_lr
from lmkit.training.parallel import ProcessGroup, distributed

TEXT = torch.arange(4 * 30).view(4, 30) ** 2 % 11


class Broken(AWDLSTM):
    """A model that fails at its third window, counted from the beginning."""

    def __init__(self):
        super().__init__(11, 6, 6)
        self.calls, self.modes = 0, []

    def with_activations(self, tokens, state=None):
        self.calls += 1
        self.modes.append(self.training)
        if self.calls == 3:
            raise RuntimeError("inside")
        return super().with_activations(tokens, state)


def modes(model):
    return [module.training for module in model.modules()]


def partly_frozen(model):
    """A model in training mode but for one of its parts, as some do who fine-tune."""
    model.train()
    model.rnn.eval()
    return model


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("fails", [False, True])
def test_every_part_of_a_model_gets_its_mode_back(training, fails):
    model = partly_frozen(AWDLSTM(11, 6, 6))
    before = modes(model)
    try:
        with mode_of(model, training=training):
            assert set(modes(model)) == {training}
            if fails:
                raise RuntimeError("inside")
    except RuntimeError:
        assert fails
    assert modes(model) == before
    assert set(before) == {False, True}


@pytest.mark.parametrize("function", [evaluate, evaluate_with_cache])
def test_evaluation_that_fails_leaves_the_mode_as_it_was(function):
    model = partly_frozen(Broken())
    before = modes(model)
    with pytest.raises(RuntimeError, match="inside"):
        function(model, TEXT, window=5)
    assert modes(model) == before and model.modes == [False] * 3


@pytest.mark.parametrize("training", [False, True])
def test_training_that_fails_leaves_the_mode_as_it_was(training):
    model = Broken().train(training)
    with pytest.raises(RuntimeError, match="inside"):
        train(model, [TEXT], steps=9, window=5, progress=False)
    assert set(modes(model)) == {training} and model.modes == [True] * 3


def test_training_ends_in_evaluation_mode():
    model = partly_frozen(AWDLSTM(11, 6, 6))
    train(model, [TEXT], steps=2, window=5, progress=False)
    assert not any(modes(model))


def test_average_that_is_swapped_in_is_swapped_out_after_an_error():
    layer = nn.Linear(2, 1)
    average = WeightAverage(layer, 0)
    average.start_if_non_monotone([1.0, 2.0])
    for value in (1.0, 3.0):
        nn.init.constant_(layer.weight, value)
        average.update()
    with pytest.raises(RuntimeError, match="inside"), average.swapped_in():
        assert layer.weight.tolist() == [[2.0, 2.0]]
        raise RuntimeError("inside")
    assert layer.weight.tolist() == [[3.0, 3.0]]


def test_validation_that_fails_leaves_the_weights_of_training(monkeypatch):
    model, seen = AWDLSTM(11, 6, 6), {}
    full = Validate.validate

    def failing(self, run):
        run.average.start_if_non_monotone([1.0, 2.0])
        if run.step == 3:
            seen["weights"] = [weight.detach().clone() for weight in model.parameters()]
            self.stream = torch.full((1, 3), -100)  # nothing to predict
        full(self, run)

    monkeypatch.setattr(Validate, "validate", failing)
    options = {"validation": TEXT, "validate_every": 1, "averaging": 0, "progress": False, "window": 5}
    with pytest.raises(ValueError, match="stream must hold a target that counts"):
        train(model, [TEXT], steps=9, **options)
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), seen["weights"], strict=True))


@pytest.mark.parametrize("rank", [0, 1, 2])
def test_generator_of_other_processes_comes_back_after_an_error(rank, monkeypatch):
    """Nobody is asked where the main process is: it may be waiting for something else, or gone."""
    monkeypatch.delattr(ProcessGroup, "broadcast")
    torch.manual_seed(7)
    before = torch.get_rng_state()
    with pytest.raises(RuntimeError, match="inside"), ProcessGroup(rank, 3).per_rank_rng():
        torch.rand(2)
        raise RuntimeError("inside")
    after = torch.get_rng_state()
    torch.manual_seed(7)
    if rank == 0:
        torch.rand(2)  # the main process goes on where it is
        assert torch.equal(after, torch.get_rng_state())
    else:
        assert torch.equal(after, before)


def test_generator_of_other_processes_goes_on_where_the_main_one_is(monkeypatch):
    told = torch.Generator().manual_seed(99).get_state()
    monkeypatch.setattr(ProcessGroup, "broadcast", lambda self, value: told)
    with ProcessGroup(1, 2).per_rank_rng():
        torch.rand(2)
    assert torch.equal(torch.get_rng_state(), told)


def interrupted_contexts(monkeypatch):
    """Every context of training that changes something, and what shows whether it is as it was."""
    model = partly_frozen(AWDLSTM(11, 6, 6))
    average = WeightAverage(model, 0)
    average.start_if_non_monotone([1.0, 2.0])
    average.update()
    nn.init.ones_(model.decoder.bias)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.3)
    monkeypatch.setattr(dist, "init_process_group", lambda backend: None)
    monkeypatch.setattr(dist, "destroy_process_group", lambda: None)
    for name, value in {"WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2"}.items():
        monkeypatch.setenv(name, value)
    return {
        "mode_of": (mode_of(model, training=True), lambda: modes(model)),
        "swapped_in": (average.swapped_in(), lambda: model.decoder.bias.tolist()),
        "scaled_lr": (scaled_lr([optimizer], 0.1), lambda: optimizer.param_groups[0]["lr"]),
        "per_rank_rng": (ProcessGroup(1, 2).per_rank_rng(), lambda: torch.get_rng_state().tolist()),
        "distributed": (distributed(), lambda: dict(os.environ)),
    }


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError, GeneratorExit])
@pytest.mark.parametrize("name", ["mode_of", "swapped_in", "scaled_lr", "per_rank_rng", "distributed"])
def test_every_context_that_is_interrupted_leaves_things_as_they_were(name, error, monkeypatch):
    context, look = interrupted_contexts(monkeypatch)[name]
    before = look()
    with suppress(error), context:
        if name != "distributed" or os.name == "posix":
            assert look() != before
        raise error
    assert look() == before


def test_training_that_is_interrupted_leaves_mode_rates_and_random_numbers_of_others(monkeypatch):
    """A reader stops a cell: the model keeps the weights it has, in the mode that it had."""
    model = partly_frozen(AWDLSTM(11, 6, 6))
    before = modes(model)

    def interrupted(self, run):
        if run.step == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(Validate, "validate", interrupted)
    options = {"validation": TEXT, "validate_every": 1, "averaging": 0, "progress": False, "window": 5}
    with pytest.raises(KeyboardInterrupt):
        train(model, [TEXT], steps=9, variable_window=True, **options)
    assert modes(model) == before
