"""Ids of tokens, wherever they are taken: end tokens in every form, and none that a vocabulary does not have."""

import math
from collections import deque

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lmkit.decoding import (
    apply_repetition_penalty,
    beam_search,
    contrastive_search,
    exact_search,
    generate,
    greedy,
    no_repeat_ngram_filter,
    read_prompt,
    sample,
    uniform,
)
from lmkit.metrics import text_log_probs
from lmkit.models import AWDLSTM, FixedContextRNN, LSTMLanguageModel
from lmkit.text import Vocab, as_ids, as_whole
from lmkit.training import evaluate, evaluate_with_cache, train
from tests.random_lm import RandomLM, diverse_beam_search, score

DECODERS = {
    "greedy": greedy,
    "sample": lambda *a, **o: sample(*a, seed=3, **o),
    "beams": lambda *a, **o: beam_search(*a, num_beams=2, **o),
    "groups": lambda *a, **o: beam_search(*a, num_beams=4, num_beam_groups=2, **o),
    "contrastive": lambda *a, **o: contrastive_search(*a, hidden=lambda node: node[:, None].float().cos(), **o),
    "exact": exact_search,
    "generate": generate,
    "generate, drawn": lambda *a, **o: generate(*a, do_sample=True, **o),
}
ONE = [
    2,
    np.int64(2),
    np.array(2),
    torch.tensor(2),
    [2],
    (2,),
    {2},
    frozenset([2]),
    torch.tensor([2]),
    [torch.tensor(2)],
]
SEVERAL = [[2, 0], (0, 2, 2), {0, 2}, torch.tensor([2, 0]), np.array([0, 2]), range(0, 3, 2), deque([2, 0])]
WRONG = ["2", "", True, [True], -1, [0, -1], 5, [1, 5], 1.7, [1.0], math.nan, [], (), torch.tensor([]), [[1]], {}]


@pytest.mark.parametrize("name", DECODERS)
def test_end_tokens_in_every_form_are_the_same(name):
    for forms in (ONE, SEVERAL):
        found = [DECODERS[name](RandomLM(5, 7, seed=2), [[0, 1], [1]], 6, form) for form in forms]
        assert all(each == found[0] for each in found)


@pytest.mark.parametrize("name", ["greedy", "sample", "beams", "generate"])
def test_minimum_length_keeps_every_end_token_away(name):
    found = DECODERS[name](RandomLM(3, 6, seed=5), [0], 5, [0, 2], min_new_tokens=3)
    best = found[0] if isinstance(found, list) else found
    assert set(best.tokens[:3]) == {1} and len(best.tokens) >= 4


@given(st.integers(0, 10**6), st.integers(1, 5))
def test_a_text_ends_with_the_first_of_several_end_tokens(seed, length):
    lm = RandomLM(5, length, seed)
    free, ended = greedy(lm, [0], length), greedy(lm, [0], length, (1, 3))
    stops = [place for place, token in enumerate(free.tokens) if token in (1, 3)]
    assert ended.tokens == (free.tokens[: stops[0] + 1] if stops else free.tokens)


@given(st.integers(0, 10**6), st.integers(3, 5), st.integers(1, 4), st.sampled_from([0.0, 1.0]))
def test_exact_search_with_several_end_tokens_finds_the_best_of_all(seed, vocab_size, length, length_penalty):
    lm = RandomLM(vocab_size, length, seed)
    texts = {cut(text, (0, 2)) for text in lm.texts(length, -1)}
    best = max(score(lm, text, length_penalty) for text in texts)
    assert exact_search(lm, [0], length, [2, 0], length_penalty=length_penalty).score == pytest.approx(best)


def cut(text, ends):
    return text[: next((place + 1 for place, token in enumerate(text) if token in ends), len(text))]


@given(st.integers(0, 10**6), st.integers(3, 5), st.integers(1, 4), st.integers(1, 4))
def test_one_end_token_in_a_list_is_the_search_with_that_token(seed, vocab_size, length, num_beams):
    lm = RandomLM(vocab_size, length, seed)
    options = {"length_penalty": 0.0, "early_stopping": "never", "num_beams": num_beams}
    expected = diverse_beam_search(lm, length, 1, 1, num_beams, 0.0, 0.0)[:num_beams]
    assert [one.tokens for one in beam_search(lm, [0], length, [1], **options)] == [text for _, text in expected]


@pytest.mark.parametrize("wrong", WRONG, ids=repr)
@pytest.mark.parametrize("name", DECODERS)
def test_what_cannot_be_an_end_token_is_refused(name, wrong):
    with pytest.raises(ValueError, match="eos_token_id must be "):
        DECODERS[name](RandomLM(5, 7), [0], 6, wrong)


PROMPTS = [
    [-1],
    [0, -1],
    [5],
    [1, 0, 5],
    [0.5],
    [1.0],
    ["a"],
    "abc",
    [True],
    [[0], [5]],
    [[0], [1, -1]],
    [None],
    3,
    None,
]


@pytest.mark.parametrize("wrong", [*PROMPTS, torch.tensor([0.5]), np.array([5]), {0, 1}], ids=repr)
@pytest.mark.parametrize("name", DECODERS)
def test_what_cannot_be_a_prompt_is_refused(name, wrong):
    for model in (RandomLM(5, 7), LSTMLanguageModel(5, 4, 4)):
        if name == "contrastive" and not isinstance(model, RandomLM):
            continue
        with pytest.raises(ValueError, match="prompt must be "):
            DECODERS[name](model, wrong, 6)


@pytest.mark.parametrize("wrong", [[-1], [5], [0, 7], "ab", []])
def test_what_cannot_be_read_is_refused(wrong):
    with pytest.raises(ValueError, match="prompt must (be|hold) "):
        read_prompt(LSTMLanguageModel(5, 4, 4), wrong)


def test_a_step_that_fails_for_another_reason_fails_so():
    def broken(tokens, state):
        raise IndexError("of its own")

    with pytest.raises(IndexError, match="of its own"):
        greedy(broken, [0])


@pytest.mark.parametrize(
    "prompt", [torch.tensor([0, 1]), np.array([0, 1]), (0, 1), range(2), [np.int64(0), torch.tensor(1)]]
)
def test_a_prompt_in_every_form_is_the_same(prompt):
    lm = RandomLM(5, 9)
    assert greedy(lm, prompt, 3) == greedy(lm, [0, 1], 3)
    assert greedy(lm, [prompt, prompt], 3) == [greedy(lm, [0, 1], 3)] * 2


@pytest.mark.parametrize("wrong", [[-100], [0, -1], [3], [1.7], [True], ["one"], 1, torch.tensor([0.0])], ids=repr)
def test_decode_refuses_what_is_no_word(wrong):
    with pytest.raises(ValueError, match="ids must be "):
        Vocab(["one", "two", "."]).decode(wrong)


def test_every_whole_number_counts_as_one():
    for value in (3, np.int64(3), np.uint8(3), np.array(3), torch.tensor(3), torch.tensor(3, dtype=torch.uint8)):
        assert as_whole(value) == 3 and type(as_whole(value)) is int
    for value in (3.0, True, np.bool_(True), torch.tensor(True), np.float32(3), "3", None, [3], np.array([3]), 3j):
        assert as_whole(value) is None
    assert as_ids("ids", iter([np.int64(1), 2])) == [1, 2]


NUMBERS = {"max_new_tokens": 4, "min_new_tokens": 2, "no_repeat_ngram_size": 3, "num_beams": 2, "num_beam_groups": 2}


@pytest.mark.parametrize("kind", [np.int64, np.uint8, torch.tensor])
def test_numbers_of_numpy_and_torch_are_whole_numbers(kind):
    lm = RandomLM(5, 9)
    plain = beam_search(lm, [0], eos_token_id=1, **NUMBERS)
    assert beam_search(lm, [0], eos_token_id=kind(1), **{name: kind(value) for name, value in NUMBERS.items()}) == plain
    drawn = generate(lm, [0], 4, do_sample=True, top_k=3, seed=7, num_return_sequences=2)
    options = {"top_k": kind(3), "seed": kind(7), "num_return_sequences": kind(2)}
    assert generate(lm, [0], kind(4), do_sample=True, **options) == drawn
    assert sample(lm, [[0]] * 2, 3, seed=[kind(1), 2]) == sample(lm, [[0]] * 2, 3, seed=[1, 2])
    assert exact_search(lm, [0], 3, limit=kind(100)) == exact_search(lm, [0], 3, limit=100)
    assert uniform(kind(200), kind(3)) == uniform(200, 3)


@pytest.mark.parametrize("tokens", [[[0, 5]], [[7, -1]]])
def test_rules_against_repetition_refuse_tokens_that_have_no_logit(tokens):
    with pytest.raises(ValueError, match="tokens must be ids, whole numbers from 0 to 4, but one is"):
        apply_repetition_penalty(torch.zeros(1, 5), torch.tensor(tokens), 2.0)
    with pytest.raises(ValueError, match="tokens must be ids, whole numbers from 0 to 4, but one is"):
        no_repeat_ngram_filter(torch.zeros(1, 5), torch.tensor(tokens), 1)


@pytest.mark.parametrize(
    "prompts, texts", [([[-1]], [[1]]), ([[1]], [[-100]]), ([[5]], [[1]]), ([[1]], [[0, 5]]), ([[1.5]], [[1]])]
)
def test_text_log_probs_refuse_what_is_no_token(prompts, texts):
    with pytest.raises(
        (ValueError, IndexError), match="(prompt|texts) must be ids, whole numbers|out of bounds|out of range"
    ):
        text_log_probs(RandomLM(5, 4), prompts, texts)


@pytest.mark.parametrize("wrong", [-1, -99, 6, 100])
@pytest.mark.parametrize("model", [AWDLSTM(6, 4, 4), FixedContextRNN(6, 4, 3)], ids=lambda model: type(model).__name__)
def test_training_and_evaluation_refuse_what_is_no_token(model, wrong):
    stream = torch.tensor([[0, 1, 2, 3], [1, wrong, -100, -100]])
    options = {"window": 3, "loss_at": "last" if isinstance(model, FixedContextRNN) else "every"}
    rule = f"stream must hold ids from 0 to 5, or -100 for a target that does not count, but one is {wrong};"
    with pytest.raises(ValueError, match=rule):
        train(model, [stream], steps=1, progress=False, **options)
    with pytest.raises(ValueError, match=rule):
        evaluate(model, stream, **options)
    if isinstance(model, AWDLSTM):
        with pytest.raises(ValueError, match=rule):
            evaluate_with_cache(model, stream)
