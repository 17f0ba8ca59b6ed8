"""Kneser–Ney against a second model written straight from the formulas, against nltk's, and against what must hold."""

import math
import random
from collections import Counter, defaultdict

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from nltk.lm import KneserNeyInterpolated, Vocabulary
from nltk.lm.counter import NgramCounter
from nltk.util import everygrams

from lmkit.analysis.kneser_ney import FALLBACK, KneserNey
from lmkit.datasets import shakespeare

V = 4
DOCUMENTS = st.lists(st.lists(st.integers(0, V - 2), max_size=30), min_size=1, max_size=4).filter(any)
CONTEXTS = st.lists(st.integers(0, V - 1), max_size=6)


class Slow:
    """The formulas of Chen and Goodman, one count at a time; a token more than the text has, V - 1, is never seen."""

    def __init__(self, documents, order, vocab_size, discounts=None):
        self.order, self.vocab_size = order, vocab_size
        seen, before = Counter(), defaultdict(set)
        for document in documents:
            for i in range(len(document)):
                for n in range(1, min(order, i + 1) + 1):
                    gram = tuple(document[i - n + 1 : i + 1])
                    seen[gram] += 1
                    before[gram].add(document[i - n] if i >= n else "beginning")
        self.counts = {gram: times if len(gram) == order else len(before[gram]) for gram, times in seen.items()}
        self.after = defaultdict(list)
        for gram, times in self.counts.items():
            self.after[gram[:-1]].append(times)
        self.discounts = discounts or [self.estimate(n) for n in range(1, order + 1)]

    def estimate(self, n):
        n1, n2, n3, n4 = (sum(len(g) == n and c == i for g, c in self.counts.items()) for i in (1, 2, 3, 4))
        if 0 in (n1, n2, n3):
            return FALLBACK
        y = n1 / (n1 + 2 * n2)
        found = (1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3)
        return found if all(0 < d <= i for i, d in enumerate(found, 1)) else FALLBACK

    def prob(self, token, context):
        context = tuple(context)[max(0, len(context) - self.order + 1) :]
        shorter = self.prob(token, context[1:]) if context else 1 / self.vocab_size
        followers = self.after.get(context)
        if not followers:
            return shorter
        d1, d2, d3 = self.discounts[len(context)]

        def discount(count):
            return (0, d1, d2, d3)[min(count, 3)]

        count = self.counts.get((*context, token), 0)
        saved = sum(map(discount, followers))
        return (count - discount(count) + saved * shorter) / sum(followers)


@settings(max_examples=50, deadline=None)
@given(documents=DOCUMENTS, order=st.integers(1, 5), context=CONTEXTS)
def test_model_is_that_of_the_formulas(documents, order, context):
    fast, slow = KneserNey(order).fit(documents, V), Slow(documents, order, V)
    np.testing.assert_allclose(fast.discounts, slow.discounts, rtol=1e-12)
    expected = [slow.prob(token, context) for token in range(V)]
    np.testing.assert_allclose(fast.distribution(context), expected, rtol=1e-12)


@settings(max_examples=50, deadline=None)
@given(documents=DOCUMENTS, order=st.integers(1, 5), text=CONTEXTS)
def test_log_probs_are_those_of_the_distributions(documents, order, text):
    model = KneserNey(order).fit(documents, V)
    one_by_one = [math.log(model.distribution(text[:i])[token]) for i, token in enumerate(text)]
    np.testing.assert_allclose(model.log_probs(text), one_by_one, rtol=1e-12)


@settings(max_examples=50, deadline=None)
@given(documents=DOCUMENTS, order=st.integers(1, 6), context=CONTEXTS)
def test_distributions_sum_to_one_and_leave_nothing_out(documents, order, context):
    probs = KneserNey(order).fit(documents, V).distribution(context)
    assert probs.sum() == pytest.approx(1, abs=1e-12) and (probs > 0).all()


def longer_text(seed=0, length=400, vocab_size=6):
    """A text of which the next token depends on the one before, so that all kinds of counts occur."""
    draw = random.Random(seed)
    text = [0]
    for _ in range(length):
        text.append((text[-1] * 2 + draw.choice([0, 0, 0, 1, 1, 3])) % vocab_size)
    return text


def test_discounts_of_a_longer_text_are_estimated():
    text = longer_text()
    model, slow = KneserNey(4).fit(text, 7), Slow([text], 4, 7)
    np.testing.assert_allclose(model.discounts, slow.discounts, rtol=1e-12)
    assert any(tuple(row) != FALLBACK for row in model.discounts) and tuple(model.discounts[0]) == FALLBACK


def test_a_single_discount_gives_the_model_of_nltk():
    """Without discounts of single tokens, which nltk does not smooth; a first token stands for the beginning."""
    text, order, discount = longer_text(1, length=120), 4, 0.6
    words = ["beginning", *map(str, text)]
    counts = NgramCounter([list(everygrams(words, max_len=order))])
    theirs = KneserNeyInterpolated(order, discount, vocabulary=Vocabulary(words), counter=counts)
    ours = KneserNey(order, [(0, 0, 0), *[(discount,) * 3] * (order - 1)]).fit(text, 6)
    for i in range(1, len(text) - 1):
        context = text[max(0, i - order + 1) : i]
        for token in range(6):
            expected = theirs.unmasked_score(str(token), tuple(map(str, context)))
            assert ours.distribution(context)[token] == pytest.approx(expected, abs=1e-12)


def test_longest_contexts_count_times_and_shorter_ones_what_came_before():
    """San Francisco: 2 is frequent, but only after 1; 3 is rarer, and follows two different tokens."""
    text = [1, 2, 0, 1, 2, 0, 1, 2, 0, 3, 1, 3]
    model = KneserNey(2).fit(text, 4)
    assert model.tables[0].probs[2] < model.tables[0].probs[3]
    assert model.distribution([1])[2] > model.distribution([1])[3]


def test_no_run_of_tokens_goes_from_one_document_into_the_next():
    apart, joined = KneserNey(2).fit([[0, 1], [2, 3]], 4), KneserNey(2).fit([0, 1, 2, 3], 4)
    np.testing.assert_array_equal(apart.distribution([1]), apart.distribution([]))
    assert joined.distribution([1])[2] > joined.distribution([])[2]


def test_documents_may_be_lists_arrays_or_tensors():
    rows = [[0, 1, 2, 1], [2, 1]]
    expected = KneserNey(3).fit(rows, 3).log_probs([0, 1, 2])
    for kind in (np.array, torch.tensor, tuple):
        found = KneserNey(3).fit([kind(row) for row in rows], 3).log_probs(kind([0, 1, 2]))
        np.testing.assert_array_equal(found, expected)
    assert KneserNey(3).fit(np.array(rows[0]), 3).log_probs([]).shape == (0,)


def test_orders_beyond_the_text_and_large_vocabularies_are_no_matter():
    text = [10**6 - 1, 5, 10**6 - 1, 5]
    model = KneserNey(12).fit(text, 10**6)
    assert model.log_probs(text)[-1] > math.log(0.2)
    assert model.distribution(text * 4).sum() == pytest.approx(1, abs=1e-9)


@pytest.mark.slow
def test_real_english_is_as_hard_as_another_program_found_it():
    """Held-out plays by characters: 2.236 bits each for n = 5, measured with a program that is no part of this one."""
    plays = shakespeare.plays()
    signs = np.unique([ord(sign) for sign in set().union(*plays.values())])
    codes = {name: np.frombuffer(text.encode("utf-32-le"), np.uint32) for name, text in plays.items()}
    ids = {name: np.searchsorted(signs, each) for name, each in codes.items()}
    model = KneserNey(5).fit([each for name, each in ids.items() if name not in shakespeare.HELD_OUT], len(signs))
    log_probs = np.concatenate([model.log_probs(ids[name]) for name in shakespeare.HELD_OUT])
    assert -log_probs.mean() / math.log(2) == pytest.approx(2.236, abs=0.003)


@pytest.mark.parametrize("counts", ["no ones", "no twos", "no threes", "out of range"])
def test_discounts_that_cannot_be_had_are_those_of_the_fallback(counts):
    times = {"no ones": [2, 3, 4], "no twos": [1, 3, 4], "no threes": [1, 2, 4], "out of range": [1, 2, 3, 3, 3, 3]}
    text = [token for token, count in enumerate(times[counts]) for _ in range(count)]
    assert tuple(KneserNey(1).fit(text, 9).discounts[0]) == FALLBACK


@pytest.mark.parametrize(
    ("make", "rule"),
    [
        (lambda: KneserNey(0), "order must be a whole number of at least 1, but it is 0"),
        (lambda: KneserNey(2, [(0.5, 0.5, 0.5)]), "2 triples"),
        (lambda: KneserNey(1, [(1.5, 1, 1)]), "0 ≤ Dᵢ ≤ i"),
        (lambda: KneserNey(2).fit([], 3), "at least one token"),
        (lambda: KneserNey(2).fit([[], []], 3), "at least one token"),
        (lambda: KneserNey(2).fit([0, 3], 3), "from 0 to 2, but one is 3"),
        (lambda: KneserNey(2).fit([0, -1], 3), "from 0 to 2, but one is -1"),
        (lambda: KneserNey(2).fit([0.5], 3), "row of whole numbers"),
        (lambda: KneserNey(2).fit("text", 3), "row of whole numbers"),
        (lambda: KneserNey(2).fit([0], 0), "vocab_size must be"),
        (lambda: KneserNey(2).log_probs([0]), "call fit first"),
        (lambda: KneserNey(2).distribution([0]), "call fit first"),
        (lambda: KneserNey(2).fit([0, 1], 2).log_probs([2]), "from 0 to 1, but one is 2"),
    ],
)
def test_what_is_refused(make, rule):
    with pytest.raises(ValueError, match=rule):
        make()
