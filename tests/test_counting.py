"""Counting models against a recount by hand, against closed forms, and against figures counted elsewhere."""

import math
import re
from collections import Counter

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lmkit.analysis import counting
from lmkit.datasets import human_numbers, stories

texts = st.lists(st.sampled_from("abc"), min_size=1, max_size=30)
lengths = st.integers(0, 4)


def recount(tokens, context):
    """What follows a context, found by searching the text for it at every place."""
    n = len(context)
    return Counter(tokens[i + n] for i in range(len(tokens) - n) if tuple(tokens[i : i + n]) == context)


@given(texts, lengths)
def test_count_is_a_search_at_every_place(tokens, n):
    table = counting.count(tokens, n)
    contexts = {tuple(tokens[i : i + n]) for i in range(len(tokens) - n)}
    assert table == {context: recount(tokens, context) for context in contexts}
    assert sum(counts.total() for counts in table.values()) == max(0, len(tokens) - n)


def test_count_of_a_text_that_can_be_counted_by_eye():
    tokens = "the cat sat . the cat ran . the dog sat .".split()
    assert counting.count(tokens, 0) == {(): Counter(tokens)}
    assert counting.count(tokens, 2) == {
        ("the", "cat"): Counter(sat=1, ran=1),
        ("cat", "sat"): Counter({".": 1}),
        ("cat", "ran"): Counter({".": 1}),
        ("sat", "."): Counter(the=1),
        (".", "the"): Counter(cat=1, dog=1),
        ("ran", "."): Counter(the=1),
        ("the", "dog"): Counter(sat=1),
        ("dog", "sat"): Counter({".": 1}),
    }


@given(st.dictionaries(st.text(min_size=1), st.integers(1, 50), min_size=1))
def test_shares_are_proportional_and_sorted(counts):
    shares = counting.shares(counts)
    assert math.isclose(sum(shares.values()), 1)
    assert all(math.isclose(shares[token] * sum(counts.values()), n) for token, n in counts.items())
    assert list(shares) == sorted(counts, key=lambda token: (-counts[token], list(counts).index(token)))


@given(st.lists(st.integers(1, 9), min_size=2, max_size=5), st.data())
def test_shares_have_the_highest_likelihood(numbers, data):
    """No other distribution over the same words makes the counts more probable."""
    weights = data.draw(st.lists(st.floats(0.01, 1), min_size=len(numbers), max_size=len(numbers)))
    shares = counting.shares(dict(enumerate(numbers)))

    def log_likelihood(p):
        return sum(n * math.log(p[i]) for i, n in enumerate(numbers))

    other = {i: weight / sum(weights) for i, weight in enumerate(weights)}
    assert log_likelihood(shares) >= log_likelihood(other) - 1e-9


@given(texts, texts, lengths)
def test_score_is_that_of_a_walk_over_the_text(counted, read, n):
    read = read + ["a"] * (n + 1)
    table = counting.count(counted, n)
    right, losses, unseen = 0, [], 0
    for i in range(n, len(read)):
        follows = recount(counted, tuple(read[i - n : i]))
        guess = max(follows, key=follows.get) if follows else None
        right += guess == read[i]
        unseen += not follows
        losses.append(-math.log(follows[read[i]] / sum(follows.values())) if follows[read[i]] else math.inf)
    score = counting.score(table, read, n)
    assert score.tokens == len(losses)
    assert score.accuracy == right / len(losses)
    assert score.unseen == unseen / len(losses)
    assert score.cross_entropy == pytest.approx(sum(losses) / len(losses), abs=1e-12)


def test_cross_entropy_is_that_of_torch():
    tokens = human_numbers.tokens(range(1, 300))
    vocab = human_numbers.vocab()
    ids = torch.tensor(vocab.ids(tokens))
    counts = torch.zeros(len(vocab), len(vocab), dtype=torch.float64)
    counts.index_put_((ids[:-1], ids[1:]), torch.tensor(1.0, dtype=torch.float64), accumulate=True)
    log_probs = (counts / counts.sum(dim=1, keepdim=True)).log()
    expected = torch.nn.functional.nll_loss(log_probs[ids[:-1]], ids[1:])
    assert counting.ceiling(tokens, 1).cross_entropy == pytest.approx(float(expected), rel=1e-12)


@given(texts, texts, lengths)
def test_no_table_beats_the_ceiling(tokens, others, n):
    tokens = tokens + ["b"] * (n + 1)
    ceiling = counting.ceiling(tokens, n)
    score = counting.score(counting.count(others, n), tokens, n)
    assert ceiling.unseen == 0
    assert ceiling.accuracy >= score.accuracy
    assert ceiling.cross_entropy <= score.cross_entropy + 1e-12


CEILINGS = {1: 0.217, 2: 0.473, 3: 0.474, 4: 0.486, 5: 0.541, 6: 0.641, 7: 1.0, 8: 1.0}


@pytest.mark.parametrize("without_8000", [False, True])
@pytest.mark.parametrize("context_length", CEILINGS)
def test_ceilings_of_human_numbers_are_those_counted_elsewhere(context_length, without_8000):
    tokens = human_numbers.tokens(human_numbers.numbers(without_8000))
    ceiling = counting.ceiling(tokens, context_length)
    assert ceiling.accuracy == pytest.approx(CEILINGS[context_length], abs=6e-4)
    assert (ceiling.cross_entropy == 0) == (context_length >= 7)


def test_seven_tokens_occur_once_in_human_numbers():
    tokens = human_numbers.tokens()
    assert len(counting.count(tokens, 7)) == len(tokens) - 7
    assert len(counting.count(tokens, 6)) < len(tokens) - 6


@given(texts, lengths, st.floats(0.1, 10), st.lists(st.sampled_from("abcd"), max_size=5))
def test_smoothed_probabilities_are_a_distribution(tokens, n, strength, context):
    model = counting.SmoothedModel(tokens, n, vocab_size=4, strength=strength)
    probs = [model.prob(context, token) for token in "abcd"]
    assert math.isclose(sum(probs), 1)
    assert min(probs) > 0


def smoothed(tokens, context, token, vocab_size, strength):
    """The recursion as it is written down."""
    shorter = smoothed(tokens, context[1:], token, vocab_size, strength) if context else 1 / vocab_size
    follows = recount(tokens, tuple(context))
    return (follows[token] + strength * shorter) / (sum(follows.values()) + strength)


@given(texts, lengths, st.floats(0.1, 10), st.lists(st.sampled_from("abcd"), max_size=5), st.sampled_from("abcd"))
def test_smoothed_probability_is_the_recursion(tokens, n, strength, context, token):
    model = counting.SmoothedModel(tokens, n, vocab_size=4, strength=strength)
    last = context[len(context) - min(n, len(context)) :]
    assert model.prob(context, token) == pytest.approx(smoothed(tokens, last, token, 4, strength), rel=1e-12)


def test_smoothing_nothing_is_adding_one():
    """One imagined count for each of V words is the oldest smoothing there is."""
    model = counting.SmoothedModel(list("aab"), 0, vocab_size=3, strength=3)
    assert [model.prob([], token) for token in "abc"] == [pytest.approx(p) for p in (3 / 6, 2 / 6, 1 / 6)]


def test_weak_smoothing_approaches_the_ceiling():
    tokens = human_numbers.tokens(range(1, 200))
    model = counting.SmoothedModel(tokens, 2, vocab_size=30, strength=1e-9)
    assert model.cross_entropy(tokens) == pytest.approx(counting.ceiling(tokens, 2).cross_entropy, abs=1e-6)


@given(texts, texts, lengths)
def test_a_shorter_context_is_that_of_a_smaller_model(tokens, read, n):
    read = read + ["a"] * (n + 1)
    model = counting.SmoothedModel(tokens, 4, vocab_size=4)
    smaller = counting.SmoothedModel(tokens, n, vocab_size=4)
    assert model.cross_entropy(read, n) == pytest.approx(smaller.cross_entropy(read))


def test_smoothed_model_is_no_better_than_the_truth():
    """On fresh stories the mean loss cannot be below the grammar's own, chance aside."""
    supply = stories.stories(seed=1)
    counted = [token for _ in range(300) for token in next(supply)]
    read = [token for _ in range(100) for token in next(supply)]
    model = counting.SmoothedModel(counted, 2, vocab_size=len(stories.vocab()))
    truth = -sum(map(stories.log_prob, split(read))) / len(read)
    assert truth < model.cross_entropy(read) < math.log(len(stories.vocab()))


def split(tokens):
    """Stories, each with its end token."""
    out = [[]]
    for token in tokens:
        out[-1].append(token)
        if token == stories.load_grammar().end:
            out.append([])
    return out[:-1]


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: counting.count("ab", -1), "context_length must be at least 0, but it is -1"),
        (lambda: counting.ceiling("ab", 2), "tokens must hold more than context_length = 2 tokens"),
        (lambda: counting.SmoothedModel("abc", 1, 2), "vocab_size must count every word of tokens, which are 3"),
        (lambda: counting.SmoothedModel("abc", 1, 3, 0), "strength must be a finite number above 0, but it is 0"),
        (lambda: counting.SmoothedModel("abc", 1, 3).cross_entropy("a"), "tokens must hold more than"),
    ],
)
def test_errors_name_the_argument_and_the_remedy(call, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        call()
