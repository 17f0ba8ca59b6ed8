"""The training loop, with models that tell what they were handed, and perplexity, against closed forms."""

import itertools
import math
import random

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from lmkit.models import LSTMLanguageModel
from lmkit.text import Vocab, rows, to_tensor
from lmkit.training import IGNORED, History, evaluate, perplexity, repeat, set_seed, train

TEXT = "the cat sat on the mat . the dog sat on the cat . the mat was red . " * 12
TOKENS = TEXT.split()
VOCAB = Vocab.of(TOKENS)
STREAM = rows(to_tensor(VOCAB.ids(TOKENS)), 4)


class Uniform(nn.Module):
    """Finds every token equally likely."""

    def __init__(self, vocab_size):
        super().__init__()
        self.scores = nn.Parameter(torch.zeros(vocab_size))

    def forward(self, tokens, state=None):
        return self.scores.expand(*tokens.shape, -1), (torch.zeros(1),)


class Counting(Uniform):
    """Notes the states it is handed; its own state counts the tokens it has read."""

    def __init__(self, vocab_size):
        super().__init__(vocab_size)
        self.seen, self.modes = [], []

    def forward(self, tokens, state=None):
        self.seen.append(state)
        self.modes.append(self.training)
        logits, _ = super().forward(tokens)
        count = 0 if state is None else state[0]
        return logits, (count + tokens.shape[1] + 0 * self.scores.sum(),)


def small_model(seed=0):
    set_seed(seed)
    return LSTMLanguageModel(len(VOCAB), 16, 32)


def run(seed=0, streams=None, **options):
    model, settings = small_model(seed), {"steps": 30, "window": 6, "progress": False}
    return model, train(model, streams or itertools.repeat(STREAM), **settings | options)


def weights(model):
    return nn.utils.parameters_to_vector(model.parameters())


@pytest.mark.parametrize("optimizer", ["adamw", "muon"])
def test_training_learns_a_small_text(optimizer):
    model = small_model()
    before = evaluate(model, STREAM)
    streams, steps = repeat(STREAM, 40, 16)
    history = train(model, streams, steps=steps, window=16, optimizer=optimizer, progress=False)
    assert perplexity(before) > 7
    assert perplexity(evaluate(model, STREAM)) < 1.7
    assert np.mean(history.losses[-5:]) < 0.5 < history.losses[0]
    assert len(history.losses) == steps


def test_training_can_be_repeated_from_its_seed():
    (first, one), (second, two), (third, _) = run(1), run(1), run(2)
    assert torch.equal(weights(first), weights(second))
    assert one.losses == two.losses
    assert not torch.equal(weights(first), weights(third))


def test_training_carries_the_state_and_cuts_the_gradient():
    model = Counting(5)
    stream = torch.randint(5, (2, 10))
    train(model, [stream, stream], steps=99, window=4, progress=False)
    given_states = [None if state is None else int(state[0]) for state in model.seen]
    assert given_states == [None, 4, 8, None, 4, 8]  # from zero with each stream
    assert not any(state[0].requires_grad for state in model.seen if state is not None)
    assert all(model.modes) and not model.training


def test_carried_state_makes_a_difference():
    windows = [STREAM[:, i : i + 7] for i in range(0, STREAM.shape[1] - 7, 6)]  # the same windows, each from zero
    carried, _ = run(streams=[STREAM], steps=len(windows))
    reset, _ = run(streams=windows, steps=len(windows))
    assert (weights(carried) - weights(reset)).abs().max() > 1e-3


def test_carried_state_can_be_learned_from():
    """What to repeat stands further back than a window: only a carried state can tell."""
    first = torch.arange(2).repeat_interleave(16)[:, None]
    streams = lambda: (torch.cat([first, torch.full((32, 4), 2), first], dim=1) for _ in itertools.count())  # noqa: E731
    set_seed(0)
    model = LSTMLanguageModel(3, 8, 16)
    with torch.no_grad():
        model.rnn.bias_ih_l0[16:32] += 3  # memories that last from the start
    train(model, streams(), steps=600, window=5, progress=False)
    logits, _ = model(next(streams())[:, :-1])
    assert torch.equal(logits[:, -1].argmax(dim=1), first[:, 0])


def test_training_stops_after_the_steps_or_with_the_streams():
    model = Counting(5)
    stream = torch.randint(5, (2, 10))
    history = train(model, itertools.repeat(stream), steps=4, window=4, progress=False)
    assert len(history.losses) == 4
    assert history.tokens == 2 * (4 + 4 + 1 + 4)
    assert len(train(model, [stream], steps=50, window=4, progress=False).losses) == 3


def test_losses_are_recorded_before_their_update():
    _, history = run(steps=1)
    model = small_model()
    loss = F.cross_entropy(model(STREAM[:, :6])[0].flatten(0, 1), STREAM[:, 1:7].flatten())
    assert math.isclose(history.losses[0], float(loss.detach()), rel_tol=1e-5)


def test_progress_shows_the_perplexity(capsys):
    run(steps=3, progress=True)
    assert "perplexity" in capsys.readouterr().err
    run(steps=3)
    assert capsys.readouterr().err == ""


@given(st.integers(2, 50), st.integers(1, 70))
def test_perplexity_of_the_uniform_model_is_the_vocabulary_size(vocab_size, window):
    stream = torch.randint(vocab_size, (3, 40))
    assert math.isclose(perplexity(evaluate(Uniform(vocab_size), stream, window)), vocab_size, rel_tol=1e-5)


def test_perplexity_is_the_exponential():
    assert perplexity(0.0) == 1
    assert math.isclose(perplexity(1.5), math.e**1.5)
    assert perplexity(5000.0) == math.inf


@given(st.integers(1, 40))
def test_evaluation_does_not_depend_on_the_window(window):
    model = small_model().double()
    with torch.no_grad():
        logits = model(STREAM[:, :-1])[0].flatten(0, 1)
    expected = float(F.cross_entropy(logits, STREAM[:, 1:].flatten()))
    assert math.isclose(evaluate(model, STREAM, window), expected, rel_tol=1e-9)


def test_evaluation_leaves_out_padding():
    model = small_model().double()
    texts = [STREAM[0, :20], STREAM[1, :5], STREAM[2, :11]]
    padded = torch.full((3, 20), IGNORED)
    for row, text in zip(padded, texts, strict=True):
        row[: len(text)] = text
    losses = [evaluate(model, text[None]) * (len(text) - 1) for text in texts]
    assert math.isclose(evaluate(model, padded, window=7), sum(losses) / (19 + 4 + 10), rel_tol=1e-9)


def test_evaluation_changes_no_weight():
    model = small_model()
    before = weights(model).clone()
    evaluate(model, STREAM)
    assert torch.equal(weights(model), before)
    assert all(parameter.grad is None for parameter in model.parameters())


@given(st.integers(1, 4), st.integers(2, 30), st.integers(1, 12))
def test_repeat_knows_the_number_of_steps(epochs, width, window):
    stream = torch.randint(5, (2, width))
    streams, steps = repeat(stream, epochs, window)
    history = train(Uniform(5), streams, steps=steps + 3, window=window, progress=False)
    assert len(history.losses) == steps
    assert history.tokens == epochs * 2 * (width - 1)


def test_set_seed_seeds_all_generators():
    def draws():
        set_seed(3)
        return random.random(), np.random.rand(), torch.rand(2).tolist()

    assert draws() == draws()


def test_history_stops_at_a_loss_that_is_no_number():
    history = History()
    history.record(1.5, 10)
    for bad in (math.nan, math.inf):
        with pytest.raises(ValueError, match=f"loss must stay finite, but it is {bad} at step 1; lower lr"):
            history.record(bad, 10)
    assert (history.losses, history.tokens) == ([1.5], 10)


def test_training_stops_at_a_loss_that_is_no_number():
    model = small_model()
    with torch.no_grad():
        model.embedding.weight[0] = math.nan
    with pytest.raises(ValueError, match="loss must stay finite, but it is nan at step 0"):
        train(model, [STREAM], steps=5, progress=False)


def test_training_survives_a_huge_loss():
    model = Uniform(3)
    with torch.no_grad():
        model.scores[0] = -5000
    history = train(model, [torch.zeros(1, 4, dtype=torch.int64)], steps=1)
    assert history.losses == [pytest.approx(5000 + math.log(2))]


def test_streams_too_short_to_predict_are_refused():
    with pytest.raises(ValueError, match=r"stream must hold at least 2 tokens a row, .* \(2, 1\)"):
        train(small_model(), itertools.repeat(torch.zeros(2, 1, dtype=torch.int64)), steps=3, progress=False)
    with pytest.raises(ValueError, match="stream must hold at least 2 tokens a row"):
        evaluate(small_model(), torch.zeros(2, 1, dtype=torch.int64))
    with pytest.raises(ValueError, match="tokens must hold at least 2 × batch_size = 128 tokens, .* but it holds 100"):
        rows(torch.zeros(100, dtype=torch.int64), 64)


@pytest.mark.parametrize("name, value, rule", [
    ("steps", 0, "steps must be at least 1, but it is 0"),
    ("window", 0, "window must be at least 1, but it is 0"),
    ("lr", 0.0, "lr and clip must be above 0 .* they are lr 0.0, "),
    ("lr", math.nan, "lr and clip must be above 0 .* lr nan"),
    ("clip", -1.0, "lr and clip must be above 0 .* clip -1.0"),
    ("weight_decay", -0.5, "weight_decay at least 0, .* weight_decay -0.5"),
    ("optimizer", "sgd", "optimizer must be 'adamw' or 'muon', but it is 'sgd'"),
])  # fmt: skip
def test_training_refuses_what_it_cannot_use(name, value, rule):
    with pytest.raises(ValueError, match=rule):
        run(**{name: value})


@pytest.mark.parametrize("epochs, window, rule", [(0, 4, "epochs must be .* is 0"), (1, -1, "window must be .* is -1")])
def test_repeat_refuses_counts_below_1(epochs, window, rule):
    with pytest.raises(ValueError, match=rule):
        repeat(STREAM, epochs, window)
