"""Penalties, decay, windows of random lengths, averaging and the cache, each against its formula written out."""

import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn.functional import cross_entropy

from lmkit.models import AWDLSTM, RecurrentLanguageModel
from lmkit.text import batchify, windows
from lmkit.training import (
    IGNORE_INDEX,
    WeightAverage,
    activation_penalty,
    cache_probabilities,
    evaluate,
    evaluate_with_cache,
    is_non_monotone,
    repeat,
    repeat_shifted,
    set_seed,
    temporal_activation_penalty,
    train,
    variable_windows,
)

VOCAB = 7
STREAM = torch.arange(4 * 60).view(4, 60) ** 2 % 11 % VOCAB


def small_model(seed=0, **dropouts):
    set_seed(seed)
    return AWDLSTM(VOCAB, 6, 6, 2, **dropouts)


def run(model, streams=None, **options):
    settings = {"steps": 20, "window": 6, "progress": False, "lr": 0.01}
    return train(model, streams or itertools.repeat(STREAM), **settings | options)


# Penalties.

H = torch.tensor([[[1.0, -2.0], [0.5, 0.0], [0.5, 3.0]]])  # one sequence, three steps, two units


def test_activation_penalty_is_its_formula():
    assert float(activation_penalty(H, 2.0)) == pytest.approx(2 * (1 + 4 + 0.25 + 0 + 0.25 + 9) / 6)


def test_temporal_activation_penalty_is_its_formula():
    assert float(temporal_activation_penalty(H, 3.0)) == pytest.approx(3 * (0.25 + 4 + 0 + 9) / 4)


def test_a_window_of_two_steps_has_one_difference():
    assert float(temporal_activation_penalty(H[:, :2], 3.0)) == pytest.approx(3 * (0.25 + 4) / 2)


def test_a_window_of_one_step_has_no_differences():
    assert float(temporal_activation_penalty(H[:, :1], 3.0)) == 0


def test_penalties_are_part_of_the_gradient_and_not_of_the_loss():
    """One step of SGD from the gradient of cross-entropy + α mean h² + β mean Δh², written out."""
    model, twin = small_model(), small_model()
    history = run(
        model,
        steps=1,
        alpha=2.0,
        beta=1.0,
        optimizer="sgd",
        weight_decay=0.0,
        clip=math.inf,
        schedule="constant",
        lr=0.5,
    )
    x, y = next(windows(STREAM, 6))
    logits, _, (raw, dropped) = twin.with_activations(x)
    loss = cross_entropy(logits.flatten(0, 1), y.flatten())
    penalty = 2 * (dropped**2).mean() + ((raw[:, 1:] - raw[:, :-1]) ** 2).mean()
    (loss + penalty).backward()
    assert history.losses == pytest.approx([loss.item()])
    assert history.penalties == pytest.approx([penalty.item()])
    for ours, theirs in zip(model.parameters(), twin.parameters(), strict=True):
        assert torch.allclose(ours, theirs - 0.5 * theirs.grad, atol=1e-6)


def test_activation_penalty_sees_dropout_and_the_temporal_one_does_not():
    model, twin = small_model(output_p=0.5), small_model(output_p=0.5)
    set_seed(3)
    history = run(model, steps=1, alpha=2.0, beta=1.0)
    set_seed(3)
    raw, dropped = twin.train().with_activations(STREAM[:, :6])[2]
    assert (dropped == 0).any() and not (raw == 0).any()
    expected = 2 * (dropped**2).mean() + raw.diff(dim=1).square().mean()
    assert history.penalties == pytest.approx([expected.item()])


def test_penalties_pull_where_they_should():
    def shown(**options):
        model = small_model()
        run(model, steps=100, window=59, lr=0.05, weight_decay=0.0, **options)
        with torch.no_grad():
            h = model.with_activations(STREAM)[2].raw
        return float(h.square().mean()), float(h.diff(dim=1).square().mean())

    free, small, slow = shown(), shown(alpha=1.0), shown(beta=1.0)
    assert small[0] < 0.7 * free[0]
    assert slow[1] < 0.4 * free[1]


def test_penalties_need_a_model_that_tells_its_activations():
    with pytest.raises(ValueError, match="alpha and beta must be 0 for a RecurrentLanguageModel"):
        run(RecurrentLanguageModel(VOCAB, 4, 4), alpha=1.0)


@pytest.mark.parametrize("name", ["alpha", "beta", "weight_decay"])
def test_strengths_below_0_are_refused(name):
    with pytest.raises(ValueError, match=f"{name} must be at least 0, but it is -1"):
        run(small_model(), **{name: -1.0})


# Weight decay.


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_coupled_decay_is_a_term_of_the_loss(optimizer):
    """λ w in the gradient is the gradient of λ/2 Σ w²."""
    model, twin = small_model(), small_model()
    settings = {"lr": 0.01, "schedule": "constant", "clip": math.inf, "steps": 3, "window": 59}
    run(model, optimizer=optimizer, weight_decay=0.3, **settings)
    parameters = list(twin.parameters())
    theirs = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}[optimizer](parameters, lr=0.01)
    for _ in range(3):
        loss = cross_entropy(twin(STREAM[:, :-1])[0].flatten(0, 1), STREAM[:, 1:].flatten())
        loss = loss + 0.15 * sum((p**2).sum() for p in parameters)
        theirs.zero_grad()
        loss.backward()
        theirs.step()
    for ours, other in zip(model.parameters(), parameters, strict=True):
        assert torch.allclose(ours, other, atol=1e-5)


def test_decoupled_decay_is_apart_from_the_gradient():
    """Where nothing is learned every step multiplies a weight by 1 − lr · λ; Adam's coupled decay is a step of lr."""
    decoupled, coupled = ({"optimizer": name, "weight_decay": 0.5} for name in ("adamw", "adam"))
    for options, expected in ((decoupled, 0.8 * (1 - 0.01 * 0.5)), (coupled, 0.8 - 0.01)):
        model = Constant(0.8)
        train(model, [STREAM], steps=1, schedule="constant", lr=0.01, progress=False, **options)
        assert model.weight.item() == pytest.approx(expected, abs=1e-6)


class Constant(nn.Module):
    """Its weight has no say in what it predicts."""

    def __init__(self, value):
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(value))

    def forward(self, tokens, state=None):
        return torch.zeros(*tokens.shape, VOCAB) + 0 * self.weight, (torch.zeros(1),)


# Windows of random lengths, and rows from random places.


@given(width=st.integers(2, 300), window=st.integers(1, 40), seed=st.integers(0, 99))
def test_variable_windows_cover_the_text_once_and_in_order(width, window, seed):
    stream = torch.arange(2 * width).view(2, width)
    pairs = list(variable_windows(stream, window, torch.Generator().manual_seed(seed)))
    assert torch.equal(torch.cat([x for x, _ in pairs], dim=1), stream[:, :-1])
    assert torch.equal(torch.cat([y for _, y in pairs], dim=1), stream[:, 1:])
    assert all(x.shape[1] >= 5 for x, _ in pairs[:-1])


def test_variable_windows_have_the_lengths_that_were_asked_for():
    generator = torch.Generator().manual_seed(0)
    lengths = [x.shape[1] for x, _ in variable_windows(torch.zeros(1, 400_000), 70, generator)][:-1]
    halved = [length for length in lengths if length < 52.5]
    assert len(halved) / len(lengths) == pytest.approx(0.05, abs=0.01)
    whole = [length for length in lengths if length >= 52.5]
    assert np.mean(whole) == pytest.approx(69.5, abs=0.3)  # cut to whole steps
    assert np.std(whole) == pytest.approx(5, abs=0.3)


def test_short_windows_take_short_steps(monkeypatch):
    rates, lengths, step = [], [], torch.optim.SGD.step
    monkeypatch.setattr(torch.optim.SGD, "step", lambda self: (rates.append(self.param_groups[0]["lr"]), step(self)))
    model = small_model()
    forward = model.forward
    monkeypatch.setattr(model, "forward", lambda x, state=None: (lengths.append(x.shape[1]), forward(x, state))[1])
    run(model, optimizer="sgd", schedule="constant", lr=0.1, variable_window=True, window=10)
    assert len(set(lengths)) > 3
    assert rates == pytest.approx([0.1 * length / 10 for length in lengths])


@pytest.mark.parametrize("variable", [False, True])
def test_repeat_knows_the_number_of_steps_of_variable_windows(variable):
    set_seed(5)
    streams, steps = repeat(STREAM, 3, 8, variable_window=variable)
    history = run(small_model(5), streams, steps=10**6, window=8, variable_window=variable, schedule="constant")
    assert len(history.losses) == steps
    assert history.tokens == 3 * STREAM[:, 1:].numel()


def test_shifted_epochs_hold_the_same_text_from_other_places():
    set_seed(0)
    tokens = torch.arange(101)
    streams, steps = repeat_shifted(tokens, 4, 3, 7)
    cut = [stream.flatten() for stream in streams]
    assert steps == 3 * math.ceil(24 / 7)
    assert len({int(epoch[0]) for epoch in cut}) == 3
    for epoch in cut:
        assert torch.equal(epoch, (torch.arange(100) + epoch[0]) % 101)


@pytest.mark.parametrize("starts, variable", [(1, False), (3, False), (3, True)])
def test_rows_begin_anew_as_often_as_asked(starts, variable):
    model = Told(VOCAB)
    set_seed(2)
    streams, steps = repeat_shifted(STREAM.flatten(), 4, 2, 7, variable, starts=starts)
    history = run(model, streams, steps=10**6, window=7, variable_window=variable, schedule="constant")
    assert len(history.losses) == steps
    assert model.cold == 2 * starts
    assert history.tokens == 2 * 4 * (60 - starts)


class Told(Constant):
    """Counts how often it is called without a state."""

    cold = 0

    def __init__(self, vocab_size):
        super().__init__(0.0)

    def forward(self, tokens, state=None):
        self.cold += state is None
        return super().forward(tokens, state)


def test_validation_reads_whole_windows_where_training_varies_them():
    model = small_model()
    history = run(model, variable_window=True, validation=STREAM)
    assert history.validation[-1].cross_entropy == pytest.approx(evaluate(model, STREAM).cross_entropy, abs=1e-6)


# Averaging.


@pytest.mark.parametrize(
    "losses, interval, expected",
    [
        ([3], 0, False),
        ([3, 2], 0, False),
        ([2, 3], 0, True),
        ([2, 3], 1, False),
        ([2, 3, 3], 1, True),
        ([3, 2, 2.5, 2.5], 1, True),
        ([3, 2, 2.5], 1, False),
        ([3, 2, 1, 1.5, 1.6], 2, False),
        ([1, 2, 1], 0, False),
    ],
)
def test_trigger_compares_with_the_best_of_long_ago(losses, interval, expected):
    assert is_non_monotone(losses, interval) is expected


@given(losses=st.lists(st.integers(0, 9), min_size=1, max_size=12), interval=st.integers(0, 5))
def test_trigger_is_algorithm_1(losses, interval):
    """if t > n and v > min over l ∈ {0, …, t − n − 1} of logs[l], at the t-th check, counted from 0."""
    t, logs = len(losses) - 1, losses[:-1]
    expected = t > interval and losses[-1] > min(logs[: t - interval])
    assert is_non_monotone(losses, interval) is bool(expected)


def test_average_is_the_mean_of_the_weights_since_the_trigger():
    layer = nn.Linear(2, 1)
    averaging, seen = WeightAverage(layer, 0), []
    for step in range(6):
        with torch.no_grad():
            layer.weight.fill_(step**2)
        averaging.update()
        if averaging.started:
            seen.append(step**2)
        averaging.start_if_non_monotone([1.0, 2.0] if step == 1 else [1.0])
    assert seen == [4, 9, 16, 25]
    with averaging.swapped_in():
        assert torch.allclose(layer.weight, torch.full((1, 2), np.mean(seen)))
    assert torch.equal(layer.weight, torch.full((1, 2), 25.0))
    averaging.copy_to_model()
    assert torch.allclose(layer.weight, torch.full((1, 2), np.mean(seen)))


def test_nt_asgd_ends_with_the_average_and_measures_it():
    model = small_model()
    history = run(
        model, steps=60, optimizer="sgd", schedule="constant", lr=9.0, averaging=0, validation=STREAM, validate_every=1
    )
    plain = run(
        small_model(), steps=60, optimizer="sgd", schedule="constant", lr=9.0, validation=STREAM, validate_every=1
    )
    held, without = ([at.cross_entropy for at in each.validation] for each in (history, plain))
    begun = next(t for t in range(1, 60) if is_non_monotone(without[: t + 1], 0))
    assert history.losses == plain.losses  # training itself goes on unchanged
    assert held[: begun + 1] == without[: begun + 1]
    assert held[-1] != without[-1]
    assert held[-1] == pytest.approx(evaluate(model, STREAM, 6).cross_entropy, abs=1e-6)


def test_averaging_that_never_begins_changes_nothing():
    model, twin = small_model(), small_model()
    run(model, averaging=10**6, validation=STREAM, validate_every=1)
    run(twin)
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), twin.parameters(), strict=True))


def test_averaging_needs_held_out_text():
    with pytest.raises(ValueError, match="validation must be given where averaging is"):
        run(small_model(), averaging=5)


def test_negative_interval_is_refused():
    with pytest.raises(
        ValueError, match="averaging must be None or a whole number of at least 0, but it is -1; leave it out for None"
    ):
        run(small_model(), averaging=-1, validation=STREAM)


# The cache.


@torch.no_grad()
def slow_cache(model, stream, theta, lam, size):
    """One row, one token at a time, with a list of (hidden state, next word)."""
    total = right = 0
    for row in stream:
        logits, _, (h, _) = model.with_activations(row[None, :-1])
        memory = []
        for t, word in enumerate(row[1:].tolist()):
            p = logits[0, t].softmax(0)
            if memory:
                scores = torch.zeros(VOCAB)
                for key, known in memory[-size:]:
                    scores[known] += math.exp(theta * float(h[0, t] @ key))
                p = (1 - lam) * p + lam * scores / scores.sum()
            total -= math.log(float(p[word]))
            right += int(p.argmax()) == word
            memory.append((h[0, t], word))
    return total / stream[:, 1:].numel(), right / stream[:, 1:].numel()


@pytest.mark.parametrize("theta, lam, size, window", [(3, 0.2, 500, 64), (1, 0.7, 5, 4), (0, 0.5, 1, 1), (9, 0, 7, 3)])
def test_cache_is_the_loop_over_its_memory(theta, lam, size, window):
    model = small_model()
    run(model, steps=40)
    result = evaluate_with_cache(model, STREAM, theta=theta, lam=lam, size=size, window=window)
    loss, accuracy = slow_cache(model, STREAM, theta, lam, size)
    assert result.cross_entropy == pytest.approx(loss, abs=1e-5)
    assert result.accuracy == accuracy
    assert result.tokens == STREAM[:, 1:].numel()


def test_cache_of_no_weight_is_the_model():
    model = small_model().eval()
    assert evaluate_with_cache(model, STREAM, lam=0.0) == pytest.approx(evaluate(model, STREAM), abs=1e-6)


def test_cache_probabilities_sum_to_one_where_something_is_remembered():
    now, keys, words = torch.randn(2, 3, 4), torch.randn(2, 5, 4), torch.randint(VOCAB, (2, 5))
    seen = torch.tensor([[False] * 5, [True] * 5, [False, True, False, False, False]])
    p = cache_probabilities(now, keys, words, seen, 2.0, VOCAB)
    assert torch.allclose(p.sum(dim=-1), torch.tensor([[0.0, 1, 1]] * 2))
    assert torch.allclose(p[:, 2].max(dim=1).values, torch.ones(2))
    assert torch.equal(p[:, 2].argmax(dim=1), words[:, 1])


def test_cache_leaves_out_padding():
    model, padded = small_model().eval(), STREAM.clone()
    padded[2, 30:] = IGNORE_INDEX
    result = evaluate_with_cache(model, padded)
    parts = [evaluate_with_cache(model, padded[[r]][:, : 30 if r == 2 else 60]) for r in range(4)]
    assert result.tokens == sum(part.tokens for part in parts)
    expected = sum(part.cross_entropy * part.tokens for part in parts) / result.tokens
    assert result.cross_entropy == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    "name, value, rule",
    [
        ("theta", -1.0, "theta must be at least 0"),
        ("lam", 1.0, r"lam in \[0, 1\)"),
        ("size", 0, "size must be a whole number of at least 1"),
        ("window", 0, "window must be a whole number of at least 1"),
    ],
)
def test_cache_refuses_what_it_cannot_use(name, value, rule):
    with pytest.raises(ValueError, match=rule):
        evaluate_with_cache(small_model(), STREAM, **{name: value})


def test_cache_leaves_the_mode_as_it_was():
    model = small_model(output_p=0.5).train()
    assert evaluate_with_cache(model, STREAM) == evaluate_with_cache(model, STREAM)
    assert model.training


# Everything at once.


def test_awd_lstm_learns_a_small_text():
    model = small_model(embed_p=0.05, input_p=0.05, weight_p=0.1, hidden_p=0.1, output_p=0.1)
    before = evaluate(model, STREAM).cross_entropy
    streams, steps = repeat(STREAM, 60, 12, variable_window=True)
    run(
        model,
        streams,
        steps=steps,
        window=12,
        variable_window=True,
        alpha=0.1,
        beta=0.1,
        weight_decay=0.1,
        lr=0.03,
        averaging=3,
        validation=STREAM,
        validate_every=20,
    )
    assert evaluate(model, STREAM).cross_entropy < 0.75 * before


def test_rows_are_cut_from_the_place_where_the_epoch_begins():
    set_seed(1)
    streams, _ = repeat_shifted(torch.arange(50), 5, 2, 4)
    for stream in streams:
        assert torch.equal(stream, batchify(torch.arange(50).roll(-int(stream[0, 0])), 5))
