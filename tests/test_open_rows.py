"""Rows that allow nothing or too much: tiny temperatures, -inf throughout, NaN, inf; and options that forbid all."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lmkit.decoding import (
    apply_temperature,
    beam_search,
    contrastive_search,
    draw,
    exact_search,
    filter_logits,
    generate,
    greedy,
    sample,
)

INF = math.inf
TYPES = [torch.float64, torch.float32, torch.bfloat16, torch.float16]


@pytest.mark.parametrize("dtype", TYPES, ids=str)
@pytest.mark.parametrize("temperature", [5e-324, 1e-300, 1e-40, 1e-38, 1e-9, 1e-4])
def test_the_smallest_temperatures_take_the_largest_logits(temperature, dtype):
    """Their limit is greedy; of several largest logits each is as probable as the others."""
    rows = torch.tensor([[-90.0, -3.0, -80.0], [-80.0, -90.0, -80.0], [0.0, -INF, -7.0], [300.0, 900.0, 1.0]])
    probs = filter_logits(rows.to(dtype), temperature).softmax(dim=-1)
    assert probs.tolist() == [[0, 1, 0], [0.5, 0, 0.5], [1, 0, 0], [0, 1, 0]]


@given(
    st.lists(st.one_of(st.floats(allow_nan=False, allow_infinity=False), st.just(-INF)), min_size=1, max_size=6),
    st.floats(0, exclude_min=True, allow_infinity=False),
)
def test_a_temperature_makes_no_row_of_numbers_impossible(row, temperature):
    logits = torch.tensor(row, dtype=torch.float64)
    if logits.amax() == -INF:
        return
    probs = apply_temperature(logits, temperature).softmax(dim=-1)
    assert float(probs.sum()) == pytest.approx(1) and float(probs.amax()) == float(probs[logits.argmax()])
    assert (probs[logits == -INF] == 0).all()


@pytest.mark.parametrize(
    "row, rule",
    [
        ([INF, 0.0, 0.0], "logits must be below inf, but some are inf"),
        ([-INF, -INF, -INF], "logits must leave a token, but a row of them is -inf throughout"),
        ([0.0, math.nan, 0.0], "logits must be numbers, but some are NaN"),
        ([INF, math.nan, 0.0], "logits must be numbers, but some are NaN"),
    ],
)
@pytest.mark.parametrize("dtype", TYPES, ids=str)
def test_rows_that_make_no_distribution_are_refused(row, rule, dtype):
    logits = torch.tensor(row, dtype=dtype)
    for call in (lambda: draw(logits, 0.5), lambda: filter_logits(logits), lambda: filter_logits(logits[None], 0.5)):
        with pytest.raises(ValueError, match=rule):
            call()
    with pytest.raises(ValueError, match=rule):
        filter_logits(torch.stack([torch.zeros(3, dtype=dtype), logits]))


@pytest.mark.parametrize("u", [-0.1, 1.0, math.nan, "0.5", None, True])
def test_draw_refuses_what_is_no_number_from_0_to_1(u):
    with pytest.raises(ValueError, match="u must be a number of at least 0 and below 1"):
        draw(torch.zeros(3), u)


def chain(allowed):
    """A step that allows the given tokens after each token, {last: [next, …]}; its states are all alike."""

    def step(tokens, state):
        rows = torch.full((len(tokens), 4), -INF)
        for row, token in zip(rows, tokens.tolist(), strict=True):
            row[allowed.get(token, [])] = -math.log(max(len(allowed.get(token, [])), 1))
        return rows, torch.ones(len(tokens), 1, 2)

    return step


CONSTRAINED = {  # those that know constraints
    "greedy": lambda *a, **o: greedy(*a, **o),
    "sample": lambda *a, **o: sample(*a, temperature=0.7, top_p=0.9, **o),
    "one beam": lambda *a, **o: beam_search(*a, num_beams=1, **o),
    "beams": lambda *a, **o: beam_search(*a, num_beams=3, **o),
    "groups": lambda *a, **o: beam_search(*a, num_beams=4, num_beam_groups=2, **o),
    "generate": lambda *a, **o: generate(*a, **o),
    "generate, drawn": lambda *a, **o: generate(*a, do_sample=True, num_return_sequences=2, **o),
}
ALL = {
    **CONSTRAINED,
    "contrastive": lambda *a, **o: contrastive_search(*a, penalty_alpha=1.0, top_k=3, **o),
    "exact": lambda *a, **o: exact_search(*a, **o),
}
BATCHES = [[0], [[3, 0], [0]]]


@pytest.mark.parametrize("prompt", BATCHES)
@pytest.mark.parametrize("name", CONSTRAINED)
def test_all_decoders_blame_a_minimum_that_a_text_cannot_have(name, prompt):
    """After 0 comes 1, after 1 only the end, 2."""
    step = chain({0: [1], 1: [2], 3: [0]})
    with pytest.raises(
        ValueError, match="min_new_tokens must leave a token, but 3 forbids to end after 1 new ones, when"
    ):
        CONSTRAINED[name](step, prompt, 5, 2, min_new_tokens=3)
    assert "2]" in str(CONSTRAINED[name](step, prompt, 5, 2, min_new_tokens=1))


@pytest.mark.parametrize("prompt", BATCHES)
@pytest.mark.parametrize("name", CONSTRAINED)
def test_all_decoders_blame_the_option_that_forbids_the_last_token(name, prompt):
    step = chain({0: [0], 3: [0]})
    with pytest.raises(
        ValueError, match="no_repeat_ngram_size must leave a token, but 2 forbids all of them after 1 new"
    ):
        CONSTRAINED[name](step, prompt, 5, 2, no_repeat_ngram_size=2, repetition_penalty=1.5)
    with pytest.raises(ValueError, match="repetition_penalty must leave a token, but 1e.308 makes all of them imposs"):
        CONSTRAINED[name](chain({0: [0, 3], 3: [0, 3]}), [3, 0], 5, 2, no_repeat_ngram_size=9, repetition_penalty=1e308)


@pytest.mark.parametrize("prompt", BATCHES)
@pytest.mark.parametrize("name", ALL)
def test_all_decoders_say_when_a_step_allows_nothing(name, prompt):
    step = chain({0: [1], 3: [0]})
    with pytest.raises(
        ValueError, match="step must allow a token, but after 1 new ones all log-probabilities are -inf"
    ):
        ALL[name](step, prompt, 4, 2)


@pytest.mark.parametrize("name", ALL)
def test_all_decoders_refuse_what_is_no_log_probability(name):
    for value, rule in [(INF, "step must return log-probabilities"), (math.nan, "step returned NaN log-probabilities")]:
        rows = torch.tensor([[0.0, value, 0.0]])
        with pytest.raises(ValueError, match=rule):
            ALL[name](
                lambda tokens, state, rows=rows: (rows.expand(len(tokens), 3), torch.ones(len(tokens), 1, 2)), [0], 3
            )


def test_exact_search_finds_a_text_where_all_beams_come_to_an_end():
    """Nine tokens look better than the tenth, but nothing follows them."""

    def step(tokens, state):
        first = torch.tensor([0.1] * 9 + [0.05]).log()
        rows = [first if state is None else torch.full((10,), -INF if token < 9 else -2.0) for token in tokens.tolist()]
        return torch.stack(rows), tokens

    with pytest.raises(ValueError, match="step must allow a token, but after 1 new ones"):
        beam_search(step, [0], 2, num_beams=4)
    assert exact_search(step, [0], 2).tokens == [9, 0]


def test_contrastive_search_writes_nothing_impossible():
    """The impossible token's state resembles nothing; the possible one is the more probable."""
    hidden = torch.eye(3)

    def step(tokens, state):
        return torch.tensor([[0.0, -INF, -INF]] * len(tokens)), tokens

    found = contrastive_search(step, [0], 3, hidden=lambda tokens: hidden[tokens], penalty_alpha=1.0, top_k=3)
    assert found.tokens == [0, 0, 0] and found.log_probs == [0.0] * 3


@pytest.mark.parametrize("length_penalty", [1e6, -1e6, 400.0, "1", None, math.nan])
@pytest.mark.parametrize("decode", [beam_search, exact_search])
def test_a_length_penalty_that_no_score_can_have_is_refused(decode, length_penalty):
    with pytest.raises(
        ValueError, match="length_penalty must be a finite number, from -304 to 304 where max_new_tokens is"
    ):
        decode(chain({0: [0, 1], 1: [1]}), [0], 10, length_penalty=length_penalty)
