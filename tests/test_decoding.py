"""Greedy decoding and sampling against exact probabilities and their own definition; batches against single prompts."""

import inspect
import math
from collections import Counter
from typing import NamedTuple

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lmkit import decoding
from lmkit.decoding import (
    Decoded,
    beam_search,
    contrastive_search,
    exact_search,
    filter_logits,
    generate,
    greedy,
    sample,
    uniform,
)
from lmkit.models import AWDLSTM, LSTMLanguageModel, RecurrentLanguageModel
from tests.chi_square import assert_fits
from tests.random_lm import RandomLM, assert_tells_the_truth

KEEP_ALL = {"temperature": 1.0, "top_k": None, "top_p": 1.0, "min_p": 0.0, "typical_p": 1.0}


@given(st.integers(0, 10**6), st.integers(1, 5), st.integers(1, 5))
def test_greedy_takes_the_most_probable_token_every_time(seed, vocab_size, length):
    lm = RandomLM(vocab_size, length, seed)
    decoded = greedy(lm, [0], length, eos_token_id=0)
    assert_tells_the_truth(lm, decoded)
    for end, token in enumerate(decoded.tokens):
        alternatives = [lm.log_probs([*decoded.tokens[:end], other])[-1] for other in range(vocab_size)]
        assert alternatives[token] == max(alternatives)
    assert len(decoded.tokens) == length or decoded.tokens[-1] == 0
    assert 0 not in decoded.tokens[:-1]
    assert lm.steps == len(decoded.tokens)  # one for the prompt, and none that is not needed


@pytest.mark.parametrize("decode", [greedy, sample, lambda *a: beam_search(*a)[0]])
def test_decoders_read_the_whole_prompt(decode):
    lm = RandomLM(3, 9)
    prompt = [0, 2, 1, 2]
    decoded = decode(lm, prompt, 5)
    whole = lm.log_probs(prompt[1:] + decoded.tokens)  # the lm does not look at the first token
    assert len(decoded.tokens) == 5
    assert decoded.log_probs == pytest.approx(whole[3:])


@pytest.mark.parametrize(
    "options, rule",
    [
        ({"num_beams": 0}, "num_beams must be a whole number of at least 1, but it is 0"),
        ({"num_beams": "4"}, "num_beams must be a whole number of at least 1, but it is '4'"),
        ({"max_length": 20}, "max_length must be left out, but it is 20; say max_new_tokens, which counts no prompt"),
        ({"min_length": 2}, "min_length must be left out, but it is 2; say min_new_tokens"),
        ({"temperature": "0.5", "do_sample": True}, "temperature must be a finite number above 0"),
        ({"top_p": None, "do_sample": True}, "top_p must be a number above 0 and at most 1, but it is None"),
        ({"min_p": "0", "do_sample": True}, "min_p must be a number from 0 to 1, but it is '0'"),
        ({"typical_p": True, "do_sample": True}, "typical_p must be a number above 0 and at most 1, but it is True"),
        ({"repetition_penalty": "2"}, "repetition_penalty must be a finite number above 0, but it is '2'"),
        ({"penalty_alpha": 0.6}, r"hidden must be given where a state is not h or \(h, c\)"),
        ({"penalty_alpha": "high"}, "penalty_alpha must be a number from 0 to 1, but it is 'high'"),
        ({"num_return_sequences": True}, "num_return_sequences must be a whole number of at least 1, but it is True"),
        ({"seed": [1], "do_sample": True}, "seed must be a whole number of at least 0"),
    ],
)
def test_generate_names_the_argument_that_is_wrong(options, rule):
    with pytest.raises(ValueError, match=rule):
        generate(RandomLM(3, 9), [0], 3, **options)


class Pair(NamedTuple):
    node: torch.Tensor
    other: torch.Tensor | None


NESTS = {  # how a state is packed, and how the nodes of a RandomLM are got out of it
    "tensor": (lambda node: node, lambda state: state),
    "tuple": (lambda node: (None, node), lambda state: state[1]),
    "list": (lambda node: [(node * 0.5, node), node], lambda state: state[0][1]),
    "dict": (lambda node: {"cache": [node], "length": None}, lambda state: state["cache"][0]),
    "named tuple": (lambda node: Pair(node, None), lambda state: state.node),
}


@pytest.mark.parametrize("nest", NESTS)
@pytest.mark.parametrize("name", ["greedy", "sample", "beam_search", "groups", "exact_search", "contrastive_search"])
def test_state_may_be_any_nest(name, nest):
    """Prompts of several lengths: rows are taken out, repeated and put together again."""
    decode, options = BATCHED[name]
    pack, unpack = NESTS[nest]
    lm = RandomLM(3, 7, seed=4)

    def nested(tokens, state):
        log_probs, node = lm(tokens, None if state is None else unpack(state))
        return log_probs, pack(node)

    plain = decode(lm, PROMPTS, 4, 1, **options)
    if "hidden" in options:
        options = {**options, "hidden": lambda state: directions(unpack(state))}
    assert decode(nested, PROMPTS, 4, 1, **options) == plain


@pytest.mark.parametrize("name", ["greedy", "sample", "beam_search", "groups", "exact_search", "contrastive_search"])
def test_state_may_be_none(name):
    """A model without a memory: what follows depends on the last token alone."""
    decode, options = BATCHED[name]
    if "hidden" in options:  # then there are states, but contrastive search takes what it is told of them
        options = {**options, "hidden": lambda state: torch.ones(1 if state is None else len(state), 2)[:1], "top_k": 1}
        assert decode(lambda tokens, state: (torch.zeros(len(tokens), 3), None), [0], 3, **options).tokens == [0] * 3
        return
    table = RandomLM(3, 1).table[1:]
    found = decode(lambda tokens, state: (table[tokens], None), PROMPTS, 4, 1, **options)
    assert found == decode(lambda tokens, state: (table[tokens], tokens), PROMPTS, 4, 1, **options)


def test_state_of_another_kind_is_refused():
    with pytest.raises(TypeError, match="state must be None, a tensor, or tuples, .* but it holds a float"):
        beam_search(lambda tokens, state: (torch.zeros(len(tokens), 3), (tokens, 0.5)), [0], 3)


MODELS = [
    LSTMLanguageModel(5, 4, 6, 2),
    AWDLSTM(5, 4, 4, weight_p=0.5, output_p=0.5),  # in training: decoders see it as it is in evaluation
    RecurrentLanguageModel(5, 4, 4, cell="gru"),
    RecurrentLanguageModel(5, 4, 4),
]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: type(model).__name__)
def test_decoders_take_a_model(model):
    step = model.stepper()
    for decode, options in [
        (greedy, {}),
        (sample, {"seed": 3}),
        (beam_search, {"num_beams": 3}),
        (exact_search, {}),
        (contrastive_search, {}),
        (generate, {"do_sample": True}),
    ]:
        for prompt in ([1, 2], [[1], [2, 3]]):
            assert decode(model, prompt, 4, 0, **options) == decode(step, prompt, 4, 0, **options)
    assert torch.equal(decoding.read_prompt(model, [1, 2])[0], decoding.read_prompt(step, [1, 2])[0])


@pytest.mark.parametrize("model", [torch.nn.Linear(3, 3), "stories", None])
def test_decoders_refuse_what_is_neither_step_nor_model(model):
    with pytest.raises(TypeError, match="step must be a step function or a model with a method stepper, but it is of"):
        greedy(model, [0])


def test_contrastive_search_finds_the_last_layers_hidden_states_by_itself():
    h, c = torch.randn(2, 3, 4), torch.randn(2, 3, 4)
    assert torch.equal(decoding.last_hidden((h, c)), h[:, 2]) and torch.equal(decoding.last_hidden(h), h[:, 2])
    for state in (None, h[0], [h], (None,)):
        with pytest.raises(ValueError, match="hidden must be given where a state is not"):
            decoding.last_hidden(state)


DEFAULTS = {
    greedy: {"min_new_tokens": 0, "repetition_penalty": 1.0, "no_repeat_ngram_size": 0, "suppress_tokens": None},
    sample: {
        **KEEP_ALL,
        "seed": 0,
        "min_new_tokens": 0,
        "repetition_penalty": 1.0,
        "no_repeat_ngram_size": 0,
        "suppress_tokens": None,
    },
    beam_search: {
        "num_beams": 5,
        "length_penalty": 1.0,
        "early_stopping": False,
        "num_beam_groups": 1,
        "diversity_penalty": 0.0,
        "min_new_tokens": 0,
        "repetition_penalty": 1.0,
        "no_repeat_ngram_size": 0,
        "suppress_tokens": None,
        "on_step": None,
    },
    exact_search: {"length_penalty": 0.0, "limit": 1_000_000},
    contrastive_search: {"penalty_alpha": 0.6, "top_k": 4, "hidden": decoding.last_hidden, "suppress_tokens": None},
    generate: {"do_sample": False, "num_return_sequences": 1},
}


@pytest.mark.parametrize("decode", DEFAULTS, ids=lambda decode: decode.__name__)
def test_defaults_are_those_that_users_know(decode):
    parameters = inspect.signature(decode).parameters.values()
    found = {p.name: p.default for p in parameters if p.default is not p.empty}
    assert found == {"max_new_tokens": 20, "eos_token_id": None, **DEFAULTS[decode]}
    assert all(p.kind is p.KEYWORD_ONLY for p in parameters if p.name in DEFAULTS[decode])


def constant(*probs):
    """A step function that always returns the very same tensor."""
    row = torch.tensor([probs], dtype=torch.float64).log()
    return lambda tokens, state: (row.expand(len(tokens), -1) if len(tokens) > 1 else row, tokens)


def test_end_token_is_forbidden_up_to_the_minimum_and_not_longer():
    step = constant(0.7, 0.2, 0.1)
    for least in range(4):
        for found in (
            greedy(step, [2], 5, 0, min_new_tokens=least),
            beam_search(step, [2], 5, 0, num_beams=1, min_new_tokens=least)[0],
            sample(step, [2], 5, 0, top_k=1, min_new_tokens=least),
        ):
            assert found.tokens == [1] * least + [0]
            assert found.log_probs == pytest.approx([math.log(0.2)] * least + [math.log(0.7)])


def test_steps_are_taken_only_while_they_are_needed():
    """One for each token of the prompt, and for each new token but the last."""
    calls = []

    def counted(tokens, state):
        calls.append(len(tokens))
        return constant(0.1, 0.5, 0.4)(tokens, state)

    for decode, expected in ((greedy, [1, 1, 1, 1]), (sample, [1, 1, 1, 1])):
        calls.clear()
        decode(counted, [2, 2], 3)
        assert calls == expected
    calls.clear()
    greedy(counted, [[2, 2], [2], [2, 2, 2]], 2)
    assert calls == [3, 2, 1, 3]
    calls.clear()
    greedy(counted, [[2], [2]], 4, 1)
    assert calls == [2]  # both end with their first token


def test_concat_rows_undoes_select_rows():
    state = {"h": (torch.arange(6).view(3, 2), None), "c": [torch.rand(3)]}
    parts = [decoding.select_rows(state, torch.tensor(rows)) for rows in ([0], [1, 2])]
    joined = decoding.concat_rows(parts)
    assert type(joined["h"]) is tuple and joined["h"][1] is None and type(joined["c"]) is list
    assert torch.equal(joined["h"][0], state["h"][0]) and torch.equal(joined["c"][0], state["c"][0])


def test_select_rows_keeps_the_kind_of_state():
    rows, part = torch.tensor([2, 0, 2]), torch.arange(6).view(3, 2)
    picked = decoding.select_rows([part, (part, part)], rows)
    assert type(picked) is list and type(picked[1]) is tuple
    assert all(torch.equal(p, part[rows]) for p in (picked[0], *picked[1]))


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"temperature": 0.6},
        {"top_k": 2},
        {"top_p": 0.8},
        {"temperature": 1.4, "top_k": 3, "top_p": 0.9},
        {"min_p": 0.3},
        {"typical_p": 0.6},
    ],
)
def test_samples_have_their_exact_probabilities(options):
    lm = RandomLM(4, 3, seed=2)
    settings = KEEP_ALL | options
    exact = {}
    for text in lm.texts(3, eos=1):
        node, p = 0, 1.0
        for token in text:
            p *= float(filter_logits(lm.table[node], *settings.values()).softmax(dim=-1)[token])
            node = node * 4 + token + 1
        exact[text] = p
    counts = Counter(tuple(decoded.tokens) for decoded in sample(lm, [[0]] * 4000, 3, 1, **options))
    assert math.isclose(sum(exact.values()), 1)
    assert_fits(counts, exact)


PROMPTS = [[0, 2, 1], [0], [0, 1], [0, 2, 1], [0, 0, 0, 2], [0, 1]]
BATCHED = {
    "greedy": (greedy, {}),
    "with rules": (greedy, {"min_new_tokens": 3, "repetition_penalty": 1.4, "no_repeat_ngram_size": 4}),
    "sample": (sample, {"top_k": 2, "temperature": 1.3}),
    "beam_search": (beam_search, {"num_beams": 3}),
    "exact_search": (exact_search, {"length_penalty": 0.5}),
    "beams with rules": (beam_search, {"num_beams": 2, "repetition_penalty": 1.4, "no_repeat_ngram_size": 4}),
    "groups": (beam_search, {"num_beams": 4, "num_beam_groups": 2, "diversity_penalty": 0.7}),
    "contrastive_search": (contrastive_search, {"hidden": lambda state: directions(state), "top_k": 3}),
}


def directions(nodes):
    """Something like hidden states: vectors that depend on the whole text so far."""
    angles = torch.stack([nodes * 0.7, nodes * 1.3 + 1], dim=1).double()
    return torch.cat([angles.sin(), angles.cos()], dim=1)


@pytest.mark.parametrize("name", BATCHED)
@pytest.mark.parametrize("seed", range(6))
def test_a_batch_gives_what_single_prompts_give(name, seed):
    """Prompts of several lengths, in no order, some twice; texts that end early and late."""
    decode, options = BATCHED[name]
    lm = RandomLM(3, 9, seed)
    found = decode(lm, PROMPTS, 6, 1, **options)
    seeds = [{"seed": row} if decode is sample else {} for row in range(len(PROMPTS))]
    singly = [decode(lm, p, 6, 1, **options, **own) for p, own in zip(PROMPTS, seeds, strict=True)]
    assert found == singly


def test_a_batch_of_one_is_a_list_of_one():
    lm = RandomLM(3, 6)
    assert greedy(lm, [[0, 1]], 4) == [greedy(lm, [0, 1], 4)]
    assert greedy(lm, torch.tensor([[0, 1]]), 4) == [greedy(lm, torch.tensor([0, 1]), 4)]


def test_seeds_may_be_given_one_by_one():
    lm = RandomLM(5, 5)
    texts = sample(lm, [[0]] * 3, 5, seed=[7, 2**32 - 1, 7])
    assert texts == [sample(lm, [0], 5, seed=seed) for seed in (7, 2**32 - 1, 7)]
    assert sample(lm, [[0]] * 2, 5, seed=2**32 - 1)[1] == sample(lm, [0], 5, seed=0)  # the stream after the last


@given(st.integers(0, 10**6), st.integers(0, 5))
def test_no_text_ends_before_its_minimum(seed, least):
    lm = RandomLM(3, 5, seed)
    for decode in (greedy, sample, lambda *a, **o: beam_search(*a, **o)[0]):
        decoded = decode(lm, [0], 5, 1, min_new_tokens=least)
        assert len(decoded.tokens) >= least
        assert decoded.log_probs == pytest.approx(lm.log_probs(decoded.tokens))


@given(st.integers(0, 10**6), st.integers(2, 3))
def test_no_run_of_n_tokens_comes_twice(seed, n):
    lm, prompt = RandomLM(4, 7, seed), [0, 2, 2, 1]
    for decode in (greedy, sample, lambda *a, **o: beam_search(*a, num_beams=2, **o)[0]):
        text = prompt + decode(lm, prompt, 5, no_repeat_ngram_size=n).tokens
        runs = [tuple(text[i : i + n]) for i in range(len(text) - n + 1)]
        assert len(set(runs)) == len(runs)


def test_a_repetition_penalty_takes_another_token():
    """By hand: after 0, token 1 has .6; once written, its log-probability counts twice, and .36 is less than .4."""
    step = lambda tokens, state: (torch.tensor([[1e-9, 0.6, 0.4]] * len(tokens)).log(), torch.zeros(len(tokens)))  # noqa: E731
    decoded = greedy(step, [0], 4, repetition_penalty=2.0)
    assert decoded.tokens == [1, 2, 1, 1]
    assert decoded.log_probs == pytest.approx([math.log(p) for p in (0.6, 0.4, 0.6, 0.6)])


def test_sample_uses_one_number_of_its_stream_for_each_token():
    lm = RandomLM(4, 5)
    decoded, node = sample(lm, [0], 5, seed=9, top_k=3), 0
    for t, token in enumerate(decoded.tokens):
        share = filter_logits(lm.table[node], top_k=3).softmax(dim=-1).cumsum(dim=-1)
        assert token == sum(float(c) <= uniform(9, t) for c in share)
        node = node * 4 + token + 1


def test_same_seed_gives_the_same_text():
    lm = RandomLM(5, 5)
    texts = [sample(lm, [0], 5, seed=seed) for seed in range(50)]
    torch.manual_seed(99)  # other generators have no say
    assert texts == [sample(lm, [0], 5, seed=seed) for seed in range(50)]
    assert len({tuple(text.tokens) for text in texts}) > 25


@given(st.integers(0, 10**6), st.sampled_from([{"top_k": 1}, {"top_p": 1e-9}, {"temperature": 1e-4}]))
def test_sampling_from_one_token_is_greedy_search(seed, options):
    lm = RandomLM(5, 4, seed)
    assert sample(lm, [0], 4, 1, seed=seed, **options) == greedy(lm, [0], 4, 1)


def test_sample_reports_the_probabilities_before_any_filter():
    lm = RandomLM(5, 4)
    assert_tells_the_truth(lm, sample(lm, [0], 4, temperature=0.5, top_k=2, top_p=0.9, seed=3))


@pytest.mark.parametrize(
    "call, rule",
    [
        (lambda step: greedy(step, []), "prompt must hold at least one token, but it is empty; use the end token"),
        (lambda step: sample(step, []), "prompt must hold at least one token"),
        (lambda step: beam_search(step, []), "prompt must hold at least one token"),
        (lambda step: greedy(step, [0], 0), "max_new_tokens must be a whole number of at least 1, but it is 0"),
        (lambda step: greedy(step, [0], 1.5), "max_new_tokens must be .* is 1.5"),
        (lambda step: sample(step, [0], -1), "max_new_tokens must be .* is -1"),
        (lambda step: beam_search(step, [0], 0), "max_new_tokens must be .* is 0"),
        (
            lambda step: beam_search(step, [0], num_beams=0),
            "num_beams must be a whole number of at least 1, but it is 0",
        ),
        (lambda step: beam_search(step, [0], num_beams=2.0), "num_beams must be .* is 2.0"),
        (
            lambda step: beam_search(step, [0], length_penalty=math.nan),
            "length_penalty must be a finite number, .* is nan",
        ),
        (lambda step: sample(step, [0], seed=-1), "seed must be a whole number from 0 to 2³² - 1, but it is -1"),
        (lambda step: sample(step, [0], seed=2**32), "seed must be .* is 4294967296"),
        (lambda step: sample(step, [0], seed=0.5), "seed must be .* is 0.5"),
        (lambda step: sample(step, [0], temperature=0.0), "temperature must be .* is 0.0"),
        (lambda step: sample(step, [0], top_k=0), "top_k must be .* is 0"),
        (lambda step: sample(step, [0], top_p=0.0), "top_p must be .* is 0.0"),
        (
            lambda step: sample(step, [[0], [0]], seed=[1]),
            "seed must be one number or 2, one for each prompt, .* are 1",
        ),
        (lambda step: greedy(step, [0], 4, no_repeat_ngram_size=1), "no_repeat_ngram_size must leave .* after 2 new"),
        (
            lambda step: beam_search(step, [0], 4, no_repeat_ngram_size=1),
            "no_repeat_ngram_size must leave .* after 2 new",
        ),
        (lambda step: greedy(step, [[0], []]), "prompt must hold at least one token"),
        (
            lambda step: greedy(step, [0], 4, min_new_tokens=5),
            "min_new_tokens must be at most max_new_tokens, 4, .* is 5",
        ),
        (lambda step: greedy(step, [0], 4, repetition_penalty=0.0), "repetition_penalty must be a finite .* is 0.0"),
        (lambda step: beam_search(step, [0], early_stopping="soon"), "early_stopping must be True, False or .*soon"),
        (lambda step: beam_search(step, [0], num_beam_groups=2), "num_beam_groups must be a divisor of .* is 2"),
        (lambda step: beam_search(step, [0], diversity_penalty=1.0), "diversity_penalty must be 0 where .* it is 1.0"),
        (
            lambda step: beam_search(step, [[0]] * 2, on_step=print),
            "on_step must be left out for a batch or several groups",
        ),
        (lambda step: exact_search(step, [0], length_penalty=math.inf), "length_penalty must be a finite .* is inf"),
        (lambda step: exact_search(step, [0], limit=0), "limit must be a whole number of at least 1, but it is 0"),
        (
            lambda step: contrastive_search(step, [0], hidden=directions, penalty_alpha=2),
            "penalty_alpha must be .* is 2",
        ),
        (lambda step: contrastive_search(step, [0], penalty_alpha=-0.1), "penalty_alpha must be .* is -0.1"),
        (lambda step: contrastive_search(step, [0], top_k=0), "top_k must be .* is 0"),
        (lambda step: contrastive_search(step, [0], 0), "max_new_tokens must be .* is 0"),
        (lambda step: exact_search(step, [0], 0), "max_new_tokens must be .* is 0"),
        (lambda step: greedy(step, [0], min_new_tokens=-1), "min_new_tokens must be .* is -1"),
        (lambda step: sample(step, [0], min_new_tokens=1), "min_new_tokens must be left out where eos.* None.* is 1"),
        (lambda step: greedy(step, [0], no_repeat_ngram_size=-1), "no_repeat_ngram_size must be .* is -1"),
        (lambda step: beam_search(step, [0], num_beams=2, num_beam_groups=0), "num_beam_groups must be .* is 0"),
        (
            lambda step: beam_search(step, [0], num_beams=2, num_beam_groups=2, diversity_penalty=-1.0),
            "diversity_penalty must be a finite number of at least 0, but it is -1.0",
        ),
        (
            lambda step: beam_search(step, [0], num_beams=2, num_beam_groups=2, diversity_penalty=math.inf),
            "diversity_penalty must be .* is inf",
        ),
        (
            lambda step: beam_search(step, [0], num_beams=2, num_beam_groups=2, on_step=print),
            "on_step must be left out",
        ),
        (lambda step: generate(step, [0], do_sample=True, seed=-1), "seed must be .* is -1"),
    ],
)
def test_decoders_refuse_what_they_cannot_use(call, rule):
    with pytest.raises(ValueError, match=rule):
        call(RandomLM(3, 3))


@pytest.mark.parametrize("decode", [greedy, sample, beam_search, exact_search])
@pytest.mark.parametrize("good_steps", [0, 2])
def test_decoders_refuse_a_step_that_returns_nan(decode, good_steps):
    lm = RandomLM(3, 5)

    def failing(tokens, state):
        log_probs, node = lm(tokens, state)
        return log_probs * (math.nan if lm.steps > good_steps else 1), node

    with pytest.raises(ValueError, match="step returned NaN log-probabilities; the model has diverged"):
        decode(failing, [0], 4)


def test_decoded_shows_its_tokens_and_score_only():
    assert repr(Decoded([1, 2], [-0.5, -0.5], -1.0)) == "Decoded(tokens=[1, 2], score=-1.0)"
