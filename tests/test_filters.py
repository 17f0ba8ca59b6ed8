"""Filters against transformers' processors, on more than ten thousand distributions each, and against their rules."""

import inspect
import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers.generation import (
    MinPLogitsWarper,
    NoRepeatNGramLogitsProcessor,
    RepetitionPenaltyLogitsProcessor,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
    TypicalLogitsWarper,
)

from lmkit import decoding
from lmkit.decoding import filter_logits

INF = math.inf


def logits_rows(rows, vocab_size=60, seed=0):
    """Random rows from nearly flat to very sharp, in float64: no two logits tie, no threshold is hit exactly."""
    generator = torch.Generator().manual_seed(seed)
    sharpness = torch.linspace(0.1, 6, rows, dtype=torch.float64)[:, None]
    return sharpness * torch.randn(rows, vocab_size, dtype=torch.float64, generator=generator)


def warped(logits, *warpers):
    for warper in warpers:
        logits = warper(None, logits)
    return logits


def kept(logits):
    return [int(i) for i in (logits > -INF).nonzero()]


CASES = 12_000


@pytest.mark.parametrize(
    "ours, theirs, values",
    [
        (decoding.apply_temperature, TemperatureLogitsWarper, (0.1, 0.7, 1.0, 1.9, 50.0)),
        (decoding.top_k_filter, TopKLogitsWarper, (1, 2, 5, 20, 59, 60, 61, 1000)),
        (decoding.top_p_filter, TopPLogitsWarper, (0.01, 0.3, 0.5, 0.8, 0.9, 0.95, 0.999)),
        (decoding.min_p_filter, MinPLogitsWarper, (0.0, 0.001, 0.02, 0.1, 0.3, 0.9, 1.0)),
        (decoding.typical_filter, TypicalLogitsWarper, (0.01, 0.2, 0.5, 0.8, 0.9, 0.95, 0.999)),
    ],
)
def test_each_filter_is_that_of_transformers(ours, theirs, values):
    """Twelve thousand random distributions, each with one of the values: the same tokens kept, the same numbers."""
    for seed, value in enumerate(values):
        logits = logits_rows(-(-CASES // len(values)), seed=seed)
        assert torch.equal(ours(logits, value), warped(logits, theirs(value)))


def random_texts(rows, seed, vocab_size=60):
    """Texts of one length for a batch, whose words repeat; the words 0 to 9 are frequent."""
    generator = torch.Generator().manual_seed(seed)
    length = 1 + seed % 25
    frequent = torch.randint(0, 10, (rows, length), generator=generator)
    rare = torch.randint(0, vocab_size, (rows, length), generator=generator)
    return torch.where(torch.rand(rows, length, generator=generator) < 0.8, frequent, rare)


@pytest.mark.parametrize(
    "ours, theirs, values",
    [
        (decoding.apply_repetition_penalty, RepetitionPenaltyLogitsProcessor, (0.5, 1.0, 1.2, 3.0)),
        (decoding.no_repeat_ngram_filter, NoRepeatNGramLogitsProcessor, (1, 2, 3, 4)),
    ],
)
def test_each_rule_against_repetition_is_that_of_transformers(ours, theirs, values):
    """Twelve thousand texts; the logits are of both signs."""
    changed = 0
    for seed in range(48):
        logits, tokens = logits_rows(CASES // 48, seed=seed), random_texts(CASES // 48, seed)
        value = values[seed % len(values)]
        expected = theirs(value)(tokens, logits.clone())
        assert torch.equal(ours(logits, tokens, value), expected)
        changed += int((expected != logits).any(dim=-1).sum())
    assert changed > CASES / 4


@pytest.mark.parametrize("n", [1, 2, 3])
def test_a_place_without_a_token_never_counts(n):
    """Prompts of several lengths stand flush right: what is left of the shorter ones changes nothing."""
    tokens, logits = random_texts(200, seed=11), logits_rows(200)
    padded = torch.cat([torch.full((200, 5), -1), tokens], dim=1)
    for rule, value in ((decoding.no_repeat_ngram_filter, n), (decoding.apply_repetition_penalty, 1.0 + n)):
        assert torch.equal(rule(logits, padded, value), rule(logits, tokens, value))
    nothing = torch.full((200, 5), -1)
    assert torch.equal(decoding.no_repeat_ngram_filter(logits, nothing, n), logits)
    assert torch.equal(decoding.apply_repetition_penalty(logits, nothing, 2.0), logits)


def test_top_p_is_that_of_transformers_in_single_precision():
    """Logits in equal steps, and p half way between two sums of probabilities: rounding cannot move a token across."""
    generator = torch.Generator().manual_seed(0)
    for i, gap in enumerate(torch.linspace(0.02, 1, 5000, dtype=torch.float64)):
        exact = gap * torch.randperm(30, generator=generator)
        mass = exact.softmax(dim=-1).sort(descending=True).values.cumsum(dim=-1)
        size = i % 8 + 2
        top_p = float(mass[size - 2 : size].mean())
        ours = decoding.top_p_filter(exact[None].float(), top_p)
        assert torch.equal(ours, warped(exact[None].float(), TopPLogitsWarper(top_p)))
        assert (ours > -INF).sum() == size


@pytest.mark.parametrize("seed", range(40))
def test_filters_run_in_the_order_of_transformers(seed):
    """300 distributions for each of forty settings, all filters at once."""
    rng = np.random.default_rng(seed)
    settings = (
        rng.uniform(0.2, 3),
        int(rng.integers(1, 60)),
        rng.uniform(0.05, 1),
        rng.uniform(0, 0.3),
        rng.uniform(0.05, 1),
    )
    kinds = (TemperatureLogitsWarper, TopKLogitsWarper, TopPLogitsWarper, MinPLogitsWarper, TypicalLogitsWarper)
    logits = logits_rows(300, seed=seed)
    theirs = warped(logits, *(kind(value) for kind, value in zip(kinds, settings, strict=True)))
    ours = filter_logits(logits, *settings)
    assert torch.equal(ours > -INF, theirs > -INF)
    torch.testing.assert_close(ours.softmax(dim=-1), theirs.softmax(dim=-1), rtol=1e-12, atol=1e-15)


def test_order_of_filters_matters_here():
    """Temperature before the nucleus, and top-k before it: the nucleus is of what k left."""
    logits = torch.tensor([0.5, 0.3, 0.1, 0.1], dtype=torch.float64).log()
    assert kept(decoding.top_p_filter(logits, 0.6)) == [0, 1]
    assert kept(filter_logits(logits, top_k=2, top_p=0.6)) == [0]  # .5 of .8 is .625
    assert kept(filter_logits(logits, temperature=0.5, top_p=0.6)) == [0]  # .25 of .36 is .694


def test_top_k_keeps_all_that_tie_with_the_kth():
    logits = torch.tensor([1.0, 3.0, 1.0, 0.0, 1.0])
    assert kept(decoding.top_k_filter(logits, 2)) == [0, 1, 2, 4]
    assert torch.equal(decoding.top_k_filter(logits, 2), warped(logits[None], TopKLogitsWarper(2))[0])


def test_top_p_keeps_the_token_that_reaches_p_exactly_as_the_last():
    quarters = torch.zeros(4)
    sizes = {p: len(kept(decoding.top_p_filter(quarters, p))) for p in (0.25, 0.26, 0.5, 0.75, 0.76, 1)}
    assert sizes == {0.25: 1, 0.26: 2, 0.5: 2, 0.75: 3, 0.76: 4, 1: 4}
    assert kept(decoding.top_p_filter(quarters, 0.5)) == [0, 1]  # of equal tokens the first


@given(st.lists(st.floats(-20, 20), min_size=1, max_size=12), st.floats(1e-9, 1))
def test_top_p_keeps_a_smallest_set_of_mass_p(values, top_p):
    logits = torch.tensor(values, dtype=torch.float64)
    probs = logits.softmax(dim=-1)
    inside = decoding.top_p_filter(logits, top_p) > -INF
    assert inside.any()
    assert probs[inside].sum() > top_p - 1e-9
    assert probs[inside].sum() - probs[inside].min() < top_p + 1e-9
    assert probs[inside].min() >= max(probs[~inside].tolist(), default=0)


@given(st.lists(st.floats(-20, 20), min_size=1, max_size=12), st.floats(0, 1))
def test_min_p_keeps_what_is_near_enough_to_the_largest(values, min_p):
    probs = torch.tensor(values, dtype=torch.float64).softmax(dim=-1)
    inside = decoding.min_p_filter(probs.log(), min_p) > -INF
    assert inside[probs.argmax()]
    assert (probs[inside] >= min_p * probs.max() * (1 - 1e-9)).all()
    assert (probs[~inside] <= min_p * probs.max() * (1 + 1e-9)).all()


@given(st.lists(st.floats(-5, 5), min_size=2, max_size=12), st.floats(0.01, 0.99))
def test_typical_keeps_the_least_surprising_surprisals(values, typical_p):
    probs = torch.tensor(values, dtype=torch.float64).softmax(dim=-1)
    entropy = -(probs * probs.log()).sum()
    distance = (-probs.log() - entropy).abs()
    inside = decoding.typical_filter(probs.log(), typical_p) > -INF
    assert probs[inside].sum() > typical_p - 1e-9
    assert distance[inside].max() <= min(distance[~inside].tolist(), default=INF) + 1e-9
    inner = inside & (distance < distance[inside].max() - 1e-9)
    assert probs[inner].sum() < typical_p + 1e-9  # without the outermost it would be too little


def test_typical_keeps_all_where_rounding_leaves_less_mass_than_it_wants():
    """In float32 the probabilities of some of these rows sum up to less than 1 − 1e-7."""
    rows = torch.randn(400, 500, generator=torch.Generator().manual_seed(0))
    filtered = decoding.typical_filter(rows, 1 - 1e-7)
    distance = (torch.special.entr(rows.softmax(dim=-1)).sum(dim=-1, keepdim=True) + rows.log_softmax(dim=-1)).abs()
    order = distance.sort(dim=-1, stable=True).indices
    mass = rows.log_softmax(dim=-1).exp().gather(-1, order).cumsum(dim=-1)[:, -1]
    short = mass < 1 - 1e-7
    assert short.any()
    assert torch.equal(filtered[short], rows[short])


def test_filters_keep_everything_by_default():
    logits = torch.tensor([[0.0, -800.0, 30.0, -INF], [0.0, 0.0, 0.0, 0.0]])
    assert torch.equal(filter_logits(logits), logits)
    assert torch.equal(decoding.typical_filter(logits, 1), logits)
    parameters = inspect.signature(filter_logits).parameters.values()
    defaults = {p.name: p.default for p in parameters if p.default is not p.empty}
    assert defaults == {"temperature": 1.0, "top_k": None, "top_p": 1.0, "min_p": 0.0, "typical_p": 1.0}


def test_typical_may_drop_the_most_probable_token():
    """One token of .4 and thirty of .02: the entropy is 2.7 nats, and .4 is a surprisal of .9 only."""
    logits = torch.tensor([0.4] + [0.02] * 30, dtype=torch.float64).log()
    assert 0 not in kept(decoding.typical_filter(logits, 0.5))
    assert 0 in kept(decoding.top_p_filter(logits, 0.5))


@pytest.mark.parametrize("top_p", [1, 1.0])
def test_top_p_of_1_keeps_everything(top_p):
    logits = torch.tensor([[0.0, -800.0, 30.0], [0.0, -INF, 0.0]])
    assert torch.equal(decoding.top_p_filter(logits, top_p), logits)


@pytest.mark.parametrize("options", [{"top_p": 1e-12}, {"top_k": 1}, {"min_p": 1.0}, {"temperature": 1e-6}])
def test_one_token_at_least_is_kept(options):
    logits = logits_rows(200)
    filtered = filter_logits(logits, **options)
    assert torch.equal(filtered.argmax(dim=-1), logits.argmax(dim=-1))
    assert torch.equal(filtered.softmax(dim=-1).argmax(dim=-1), logits.argmax(dim=-1))
    assert options.keys() == {"temperature"} or ((filtered > -INF).sum(dim=-1) == 1).all()


def test_filters_work_on_rows_and_leave_their_input_alone():
    logits = logits_rows(24).view(2, 3, 4, -1)
    before = logits.clone()
    filtered = filter_logits(logits, 0.8, 10, 0.7, 0.01, 0.9)
    assert torch.equal(logits, before)
    for index in itertools.product(range(2), range(3), range(4)):
        assert torch.equal(filtered[index], filter_logits(logits[index], 0.8, 10, 0.7, 0.01, 0.9))


@pytest.mark.parametrize(
    "call, rule",
    [
        (lambda x: decoding.apply_temperature(x, 0), "temperature must be a finite number above 0.* is 0"),
        (lambda x: decoding.apply_temperature(x, -1.5), "temperature must be .* is -1.5"),
        (lambda x: decoding.apply_temperature(x, INF), "temperature must be .* is inf"),
        (lambda x: decoding.apply_temperature(x, math.nan), "temperature must be .* is nan"),
        (lambda x: decoding.top_k_filter(x, 0), "top_k must be a whole number of at least 1, but it is 0"),
        (lambda x: decoding.top_k_filter(x, -2), "top_k must be .* is -2"),
        (lambda x: decoding.top_k_filter(x, 2.5), "top_k must be .* is 2.5"),
        (lambda x: decoding.top_k_filter(x, True), "top_k must be .* is True"),
        (lambda x: decoding.top_p_filter(x, 0), "top_p must be a number above 0 and at most 1, but it is 0"),
        (lambda x: decoding.top_p_filter(x, 1.01), "top_p must be .* is 1.01"),
        (lambda x: decoding.top_p_filter(x, math.nan), "top_p must be .* is nan"),
        (lambda x: decoding.min_p_filter(x, -0.1), "min_p must be a number from 0 to 1, but it is -0.1"),
        (lambda x: decoding.min_p_filter(x, 1.5), "min_p must be .* is 1.5"),
        (lambda x: decoding.typical_filter(x, 0), "typical_p must be a number above 0 and at most 1, but it is 0"),
        (lambda x: decoding.apply_repetition_penalty(x, x.long(), 0), "repetition_penalty must be a finite .* is 0"),
        (lambda x: decoding.no_repeat_ngram_filter(x, x.long(), -1), "no_repeat_ngram_size must be .* is -1"),
        (lambda x: filter_logits(x, 0.5, 0), "top_k must be .* is 0"),
        (lambda x: filter_logits(x * math.nan), "logits must be numbers, but some are NaN; the model has diverged"),
    ],
)
def test_filters_refuse_what_they_cannot_use(call, rule):
    with pytest.raises(ValueError, match=rule):
        call(torch.zeros(2, 5))
