"""Filters and decoders against transformers', against exhaustive search, and against exact probabilities."""

import itertools
import math
from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import GenerationMixin, PretrainedConfig, PreTrainedModel
from transformers.generation import TemperatureLogitsWarper, TopKLogitsWarper, TopPLogitsWarper
from transformers.modeling_outputs import CausalLMOutput

from lmkit import decoding
from lmkit.decoding import Decoded, beam_search, draw, filter_logits, greedy, sample, uniform
from lmkit.models import LSTMLanguageModel
from tests.chance import assert_fits

INF = math.inf
KEEP_ALL = {"temperature": 1.0, "top_k": None, "top_p": 1.0}


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


# Filters


@pytest.mark.parametrize("temperature", [0.1, 0.7, 1.0, 1.9, 50.0])
def test_temperature_is_that_of_transformers(temperature):
    logits, theirs = logits_rows(1000), TemperatureLogitsWarper(temperature)
    assert torch.equal(decoding.apply_temperature(logits, temperature), warped(logits, theirs))


@pytest.mark.parametrize("top_k", [1, 2, 5, 20, 59, 60, 61, 1000])
def test_top_k_is_that_of_transformers(top_k):
    logits = logits_rows(1000, seed=top_k)
    assert torch.equal(decoding.top_k_filter(logits, top_k), warped(logits, TopKLogitsWarper(top_k)))


@pytest.mark.parametrize("top_p", [0.01, 0.3, 0.5, 0.8, 0.9, 0.95, 0.999])
def test_top_p_is_that_of_transformers(top_p):
    logits = logits_rows(1000, seed=int(1000 * top_p))
    assert torch.equal(decoding.top_p_filter(logits, top_p), warped(logits, TopPLogitsWarper(top_p)))


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


@pytest.mark.parametrize("seed", range(20))
def test_filters_run_in_the_order_of_transformers(seed):
    rng = np.random.default_rng(seed)
    temperature, top_k, top_p = rng.uniform(0.2, 3), int(rng.integers(1, 60)), rng.uniform(0.05, 1)
    logits = logits_rows(300, seed=seed)
    theirs = warped(logits, TemperatureLogitsWarper(temperature), TopKLogitsWarper(top_k), TopPLogitsWarper(top_p))
    ours = filter_logits(logits, temperature, top_k, top_p)
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


@pytest.mark.parametrize("top_p", [1, 1.0])
def test_top_p_of_1_keeps_everything(top_p):
    logits = torch.tensor([[0.0, -800.0, 30.0], [0.0, -INF, 0.0]])
    assert torch.equal(decoding.top_p_filter(logits, top_p), logits)


@pytest.mark.parametrize("options", [{"top_p": 1e-12}, {"top_k": 1}, {"temperature": 1e-6}])
def test_one_token_at_least_is_kept(options):
    logits = logits_rows(200)
    filtered = filter_logits(logits, **options)
    assert torch.equal(filtered.argmax(dim=-1), logits.argmax(dim=-1))
    assert torch.equal(filtered.softmax(dim=-1).argmax(dim=-1), logits.argmax(dim=-1))
    assert options.keys() == {"temperature"} or ((filtered > -INF).sum(dim=-1) == 1).all()


def test_filters_work_on_rows_and_leave_their_input_alone():
    logits = logits_rows(24).view(2, 3, 4, -1)
    before = logits.clone()
    filtered = filter_logits(logits, 0.8, 10, 0.7)
    assert torch.equal(logits, before)
    for index in itertools.product(range(2), range(3), range(4)):
        assert torch.equal(filtered[index], filter_logits(logits[index], 0.8, 10, 0.7))


# Random numbers


def mixed(x):
    """Murmur3's finaliser in 32-bit arithmetic that wraps around by itself."""
    with np.errstate(over="ignore"):
        x = np.uint32(x) + np.uint32(0x9E3779B9)
        for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
            x = (x ^ (x >> np.uint32(shift))) * np.uint32(factor)
        return x ^ (x >> np.uint32(16))


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1))
def test_uniform_is_what_wrapping_arithmetic_gives(seed, counter):
    assert uniform(seed, counter) == float(mixed(mixed(seed) ^ np.uint32(counter))) / 2**32


def test_uniform_keeps_its_known_values():
    top = 2**32 - 1
    known = {(0, 0): 3553795876, (0, 1): 1273554988, (1, 0): 2339934983, (top, top): 1109688387}
    assert {pair: int(uniform(*pair) * 2**32) for pair in known} == known


@pytest.mark.parametrize("numbers", [
    [uniform(0, t) for t in range(20_000)], [uniform(2**31, t) for t in range(20_000)],
    [uniform(s, 0) for s in range(20_000)], [uniform(s, s) for s in range(20_000)],
], ids=["one seed", "a large seed", "one place of many seeds", "diagonal"])  # fmt: skip
def test_uniform_is_uniform_and_neighbours_are_independent(numbers):
    assert all(0 <= u < 1 for u in numbers)
    assert_fits(Counter(int(64 * u) for u in numbers), dict.fromkeys(range(64), 1 / 64))
    pairs = Counter((int(8 * u), int(8 * v)) for u, v in zip(numbers[::2], numbers[1::2], strict=True))
    assert_fits(pairs, dict.fromkeys(itertools.product(range(8), repeat=2), 1 / 64))


def test_streams_of_neighbouring_seeds_are_independent():
    pairs = Counter((int(8 * uniform(s, t)), int(8 * uniform(s + 1, t))) for s in range(0, 400, 2) for t in range(50))
    assert_fits(pairs, dict.fromkeys(itertools.product(range(8), repeat=2), 1 / 64))


def test_draw_gives_every_token_its_share_of_the_unit_interval():
    logits = torch.tensor([0.5, -1.0, -INF, 2.0, 0.5])
    n = 10_000
    counts = Counter(draw(logits, (j + 0.5) / n) for j in range(n))
    for token, p in enumerate(logits.double().softmax(dim=-1).tolist()):
        assert abs(counts[token] - n * p) <= 1


def test_draw_takes_tokens_in_the_order_of_their_ids():
    drawn = [draw(torch.zeros(4), u / 100) for u in range(100)]
    assert drawn == [u // 25 for u in range(100)]


@pytest.mark.parametrize("logits", [[-INF, 0.0, -INF], [-INF, -INF, 5.0], [700.0, -700.0, -INF]])
@pytest.mark.parametrize("u", [0.0, 1e-12, 0.5, 1 - 2**-32])
def test_draw_never_takes_a_token_that_was_dropped(logits, u):
    assert logits[draw(torch.tensor(logits), u)] == max(logits)


# Decoders on random texts: a step function whose every distribution depends on all tokens before


class Tree:
    """Random next-token distributions for every text of at most `depth` tokens over V words."""

    def __init__(self, vocab_size, depth, seed=0, sharpness=1.5):
        nodes = sum(vocab_size**d for d in range(depth + 1))
        generator = torch.Generator().manual_seed(seed)
        logits = sharpness * torch.randn(nodes, vocab_size, dtype=torch.float64, generator=generator)
        self.table, self.vocab_size, self.steps = logits.log_softmax(dim=-1), vocab_size, 0

    def __call__(self, tokens, state):
        self.steps += 1
        node = torch.zeros_like(tokens) if state is None else state * self.vocab_size + tokens + 1
        return self.table[node], node

    def log_probs(self, text):
        """The log-probability of every token of a text, looked up one by one."""
        node, out = 0, []
        for token in text:
            out.append(float(self.table[node, token]))
            node = node * self.vocab_size + token + 1
        return out

    def texts(self, length, eos):
        """All texts that end with `eos`, or are cut at `length`."""
        for text in itertools.product(range(self.vocab_size), repeat=length):
            end = text.index(eos) + 1 if eos in text else length
            if all(token == 0 for token in text[end:]):  # each once
                yield text[:end]


def score(tree, text, length_penalty):
    return sum(tree.log_probs(text)) / len(text) ** length_penalty


def assert_tells_the_truth(tree, decoded, length_penalty=0.0):
    assert decoded.log_probs == pytest.approx(tree.log_probs(decoded.tokens))
    assert decoded.log_prob == pytest.approx(sum(tree.log_probs(decoded.tokens)))
    assert decoded.score == pytest.approx(score(tree, decoded.tokens, length_penalty))


@given(st.integers(0, 10**6), st.integers(1, 5), st.integers(1, 5))
def test_greedy_takes_the_most_probable_token_every_time(seed, vocab_size, length):
    tree = Tree(vocab_size, length, seed)
    decoded = greedy(tree, [0], length, eos_token_id=0)
    assert_tells_the_truth(tree, decoded)
    for end, token in enumerate(decoded.tokens):
        alternatives = [tree.log_probs([*decoded.tokens[:end], other])[-1] for other in range(vocab_size)]
        assert alternatives[token] == max(alternatives)
    assert len(decoded.tokens) == length or decoded.tokens[-1] == 0
    assert 0 not in decoded.tokens[:-1]
    assert tree.steps == len(decoded.tokens)  # one for the prompt, and none that is not needed


@given(st.integers(0, 10**6), st.integers(2, 4), st.integers(1, 5), st.sampled_from([-1.0, 0.0, 0.5, 1.0, 2.0]))
def test_wide_beam_search_finds_what_exhaustive_search_finds(seed, vocab_size, length, length_penalty):
    tree = Tree(vocab_size, length, seed)
    expected = sorted(tree.texts(length, eos=1), key=lambda text: -score(tree, text, length_penalty))
    found = beam_search(tree, [0], length, 1, num_beams=vocab_size**length, length_penalty=length_penalty)
    assert [tuple(decoded.tokens) for decoded in found] == expected
    for decoded in found:
        assert_tells_the_truth(tree, decoded, length_penalty)
    assert math.isclose(sum(math.exp(decoded.log_prob) for decoded in found), 1)


@given(st.integers(0, 10**6), st.integers(2, 4), st.integers(1, 5), st.integers(1, 8), st.booleans(),
       st.sampled_from([None, 1]), st.sampled_from([-1.0, 0.0, 1.0, 2.0]))  # fmt: skip
def test_beam_search_ranks_distinct_texts_and_never_beats_the_best(
    seed, vocab_size, length, num_beams, early_stopping, eos, length_penalty
):
    tree = Tree(vocab_size, length, seed)
    options = {"num_beams": num_beams, "length_penalty": length_penalty, "early_stopping": early_stopping}
    found = beam_search(tree, [0], length, eos, **options)
    assert 1 <= len(found) <= num_beams
    assert len({tuple(decoded.tokens) for decoded in found}) == len(found)
    assert [d.score for d in found] == sorted((d.score for d in found), reverse=True)
    for decoded in found:
        assert_tells_the_truth(tree, decoded, length_penalty)
        assert len(decoded.tokens) == length or decoded.tokens[-1] == eos
        assert eos not in decoded.tokens[:-1]
    best = max(score(tree, text, length_penalty) for text in tree.texts(length, -1 if eos is None else eos))
    assert found[0].score <= best + 1e-9


@given(st.integers(0, 10**6), st.integers(1, 5), st.integers(1, 6), st.sampled_from([
    {"length_penalty": 0.0, "eos_token_id": 1}, {"length_penalty": -1.0, "eos_token_id": 1},
    {"length_penalty": 1.0, "eos_token_id": 1, "early_stopping": True}, {"length_penalty": 1.0},
]))  # fmt: skip
def test_one_beam_is_greedy_search(seed, vocab_size, length, options):
    tree = Tree(vocab_size, length, seed)
    (found,) = beam_search(tree, [0], length, num_beams=1, **options)
    expected = greedy(tree, [0], length, options.get("eos_token_id"))
    assert found.tokens == expected.tokens
    assert found.log_probs == pytest.approx(expected.log_probs)


def test_one_beam_reads_on_where_a_longer_text_may_score_better():
    """Greedy search ends with p = .5; the other branch is certain from then on: log .4 / 2 beats log .5 / 1."""
    after = {None: [0.1, 0.5, 0.4], 2: [0.0, 1.0, 0.0], 0: [1.0, 0.0, 0.0]}

    def step(tokens, state):
        rows = [after[None if state is None else int(token)] for token in tokens]
        return torch.tensor(rows, dtype=torch.float64).log(), torch.zeros(len(tokens))

    assert greedy(step, [0], 5, 1).tokens == [1]
    (found,) = beam_search(step, [0], 5, 1, num_beams=1)
    assert found.tokens == [2, 1]
    assert found.score == pytest.approx(math.log(0.4) / 2)


def test_early_stopping_ends_with_the_first_texts_that_end():
    tree = Tree(4, 6, seed=1)
    eager = beam_search(tree, [0], 6, 1, num_beams=3, early_stopping=True)
    eager_steps, tree.steps = tree.steps, 0
    patient = beam_search(tree, [0], 6, 1, num_beams=3)
    assert eager_steps < tree.steps
    assert patient[0].score >= eager[0].score


def test_beam_search_passes_over_what_is_impossible():
    def step(tokens, state):
        row = [0.0, 1.0, 0.0] if state is None else [0.5, 0.0, 0.5]
        return torch.tensor([row] * len(tokens)).log(), torch.zeros(len(tokens))

    found = beam_search(step, [0], 2, num_beams=5)
    assert sorted(decoded.tokens for decoded in found) == [[1, 0], [1, 2]]


@pytest.mark.parametrize("decode", [greedy, sample, lambda *a: beam_search(*a)[0]])
def test_decoders_read_the_whole_prompt(decode):
    tree = Tree(3, 9)
    prompt = [0, 2, 1, 2]
    decoded = decode(tree, prompt, 5)
    whole = tree.log_probs(prompt[1:] + decoded.tokens)  # the tree does not look at the first token
    assert len(decoded.tokens) == 5
    assert decoded.log_probs == pytest.approx(whole[3:])


def test_state_may_be_nested():
    tree = Tree(4, 5)

    def nested(tokens, state):
        log_probs, node = tree(tokens, None if state is None else state[0][1])
        return log_probs, [(torch.zeros(len(tokens), 2), node), node]

    plain = beam_search(tree, [0], 5, 1, num_beams=4)
    assert beam_search(nested, [0], 5, 1, num_beams=4) == plain


def test_pick_rows_keeps_the_kind_of_state():
    rows, part = torch.tensor([2, 0, 2]), torch.arange(6).view(3, 2)
    picked = decoding.pick_rows([part, (part, part)], rows)
    assert type(picked) is list and type(picked[1]) is tuple
    assert all(torch.equal(p, part[rows]) for p in (picked[0], *picked[1]))


# Sampling


@pytest.mark.parametrize("options", [
    {}, {"temperature": 0.6}, {"top_k": 2}, {"top_p": 0.8}, {"temperature": 1.4, "top_k": 3, "top_p": 0.9},
])  # fmt: skip
def test_samples_have_their_exact_probabilities(options):
    tree = Tree(4, 3, seed=2)
    settings = KEEP_ALL | options
    exact = {}
    for text in tree.texts(3, eos=1):
        node, p = 0, 1.0
        for token in text:
            p *= float(filter_logits(tree.table[node], *settings.values()).softmax(dim=-1)[token])
            node = node * 4 + token + 1
        exact[text] = p
    counts = Counter(tuple(sample(tree, [0], 3, 1, seed=seed, **options).tokens) for seed in range(4000))
    assert math.isclose(sum(exact.values()), 1)
    assert_fits(counts, exact)


def test_sample_uses_one_number_of_its_stream_for_each_token():
    tree = Tree(4, 5)
    decoded, node = sample(tree, [0], 5, seed=9, top_k=3), 0
    for t, token in enumerate(decoded.tokens):
        share = filter_logits(tree.table[node], top_k=3).softmax(dim=-1).cumsum(dim=-1)
        assert token == sum(float(c) <= uniform(9, t) for c in share)
        node = node * 4 + token + 1


def test_same_seed_gives_the_same_text():
    tree = Tree(5, 5)
    texts = [sample(tree, [0], 5, seed=seed) for seed in range(50)]
    torch.manual_seed(99)  # other generators have no say
    assert texts == [sample(tree, [0], 5, seed=seed) for seed in range(50)]
    assert len({tuple(text.tokens) for text in texts}) > 25


@given(st.integers(0, 10**6), st.sampled_from([{"top_k": 1}, {"top_p": 1e-9}, {"temperature": 1e-4}]))
def test_sampling_from_one_token_is_greedy_search(seed, options):
    tree = Tree(5, 4, seed)
    assert sample(tree, [0], 4, 1, seed=seed, **options) == greedy(tree, [0], 4, 1)


def test_sample_reports_the_probabilities_before_any_filter():
    tree = Tree(5, 4)
    assert_tells_the_truth(tree, sample(tree, [0], 4, temperature=0.5, top_k=2, top_p=0.9, seed=3))


# Against transformers' own loop, with one of our models inside


class Wrapped(PreTrainedModel, GenerationMixin):
    """A model of ours as transformers' `generate` wants it, reading the whole text at each step."""

    config_class = PretrainedConfig

    def __init__(self, model):
        super().__init__(PretrainedConfig(vocab_size=model.vocab_size, is_encoder_decoder=False))
        self.model = model
        self.post_init()

    def _init_weights(self, module):
        """Leave the weights as they are."""

    def prepare_inputs_for_generation(self, input_ids, attention_mask=None, **_):
        return {"input_ids": input_ids}

    def forward(self, input_ids, attention_mask=None, **_):
        return CausalLMOutput(logits=self.model(input_ids)[0])


EOS, MAX_NEW = 0, 12


def random_model(seed, eos_bias=1.0):
    """A language model with peaked distributions over 30 words, whose texts end now and then."""
    torch.manual_seed(seed)
    model = LSTMLanguageModel(30, 8, 16)
    with torch.no_grad():
        for parameter in model.parameters():
            torch.nn.init.normal_(parameter, std=0.9)
        model.decoder.bias[EOS] += eos_bias
    return model.eval()


def generated(model, prompt, **options):
    """Texts and scores by transformers."""
    fixed = {"max_new_tokens": MAX_NEW, "eos_token_id": EOS, "pad_token_id": EOS, "use_cache": False}
    out = Wrapped(model).generate(
        torch.tensor([prompt]), attention_mask=torch.ones(1, len(prompt)),
        return_dict_in_generate=True, output_scores=True, do_sample=False, **fixed, **options,
    )
    texts = [row[len(prompt) :].tolist() for row in out.sequences]
    return [text[: text.index(EOS) + 1] if EOS in text else text for text in texts], out


@pytest.mark.parametrize("seed", range(8))
def test_greedy_writes_what_transformers_writes(seed):
    model, prompt = random_model(seed), [3, 7, 1]
    (text,), _ = generated(model, prompt)
    assert greedy(model.stepper(), prompt, MAX_NEW, EOS).tokens == text


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("length_penalty", [-0.7, 0.0, 1.0, 2.0])
@pytest.mark.parametrize("num_beams", [2, 3, 5, 10])
def test_beam_search_finds_what_transformers_finds(num_beams, length_penalty, early_stopping):
    ended = 0
    for seed in range(6):
        model, prompt = random_model(seed, eos_bias=1.5 * seed), [3, 7, 1]
        texts, out = generated(
            model, prompt, num_beams=num_beams, num_return_sequences=num_beams, length_penalty=length_penalty,
            early_stopping=early_stopping or "never",
        )  # fmt: skip
        found = beam_search(
            model.stepper(), prompt, MAX_NEW, EOS,
            num_beams=num_beams, length_penalty=length_penalty, early_stopping=early_stopping,
        )  # fmt: skip
        assert [decoded.tokens for decoded in found] == texts
        assert [decoded.score for decoded in found] == pytest.approx(out.sequences_scores.tolist(), abs=1e-4)
        ended += sum(text[-1] == EOS for text in texts)
    assert ended > 0


# Bad input


@pytest.mark.parametrize("call, rule", [
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
    (lambda x: filter_logits(x, 0.5, 0), "top_k must be .* is 0"),
    (lambda x: filter_logits(x * math.nan), "logits must be numbers, but some are NaN; the model has diverged"),
])  # fmt: skip
def test_filters_refuse_what_they_cannot_use(call, rule):
    with pytest.raises(ValueError, match=rule):
        call(torch.zeros(2, 5))


@pytest.mark.parametrize("call, rule", [
    (lambda step: greedy(step, []), "prompt must hold at least one token, but it is empty; use the end token"),
    (lambda step: sample(step, []), "prompt must hold at least one token"),
    (lambda step: beam_search(step, []), "prompt must hold at least one token"),
    (lambda step: greedy(step, [0], 0), "max_new_tokens must be a whole number of at least 1, but it is 0"),
    (lambda step: greedy(step, [0], 1.5), "max_new_tokens must be .* is 1.5"),
    (lambda step: sample(step, [0], -1), "max_new_tokens must be .* is -1"),
    (lambda step: beam_search(step, [0], 0), "max_new_tokens must be .* is 0"),
    (lambda step: beam_search(step, [0], num_beams=0), "num_beams must be a whole number of at least 1, but it is 0"),
    (lambda step: beam_search(step, [0], num_beams=2.0), "num_beams must be .* is 2.0"),
    (lambda step: beam_search(step, [0], length_penalty=math.nan), "length_penalty must be a finite number, .* is nan"),
    (lambda step: sample(step, [0], seed=-1), "seed must be a whole number from 0 to 2³² - 1, but it is -1"),
    (lambda step: sample(step, [0], seed=2**32), "seed must be .* is 4294967296"),
    (lambda step: sample(step, [0], seed=0.5), "seed must be .* is 0.5"),
    (lambda step: sample(step, [0], temperature=0.0), "temperature must be .* is 0.0"),
    (lambda step: sample(step, [0], top_k=0), "top_k must be .* is 0"),
    (lambda step: sample(step, [0], top_p=0.0), "top_p must be .* is 0.0"),
])  # fmt: skip
def test_decoders_refuse_what_they_cannot_use(call, rule):
    with pytest.raises(ValueError, match=rule):
        call(Tree(3, 3))


@pytest.mark.parametrize("decode", [greedy, sample, beam_search])
@pytest.mark.parametrize("good_steps", [0, 2])
def test_decoders_refuse_a_step_that_returns_nan(decode, good_steps):
    tree = Tree(3, 5)

    def failing(tokens, state):
        log_probs, node = tree(tokens, state)
        return log_probs * (math.nan if tree.steps > good_steps else 1), node

    with pytest.raises(ValueError, match="step returned NaN log-probabilities; the model has diverged"):
        decode(failing, [0], 4)


def test_decoded_shows_its_tokens_and_score_only():
    assert repr(Decoded([1, 2], [-0.5, -0.5], -1.0)) == "Decoded(tokens=[1, 2], score=-1.0)"
