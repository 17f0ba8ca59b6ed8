"""Measures of texts without a known truth, against direct formulas, hand counts and what must hold."""

import math
import random
from collections import Counter
from itertools import islice

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lmkit import metrics
from lmkit.analysis.kneser_ney import KneserNey
from lmkit.datasets import stories
from lmkit.metrics import frontier

SHARES = st.lists(st.integers(0, 9), min_size=5, max_size=5).filter(any)


# Bits, surprisal, words.


def test_words_keep_what_is_inside_them():
    found = metrics.words("'Tis o'er, TO-MORROW--and to-morrow; Café no. 2! the king's men'")
    assert found == ["tis", "o'er", "to-morrow", "and", "to-morrow", "café", "no", "the", "king's", "men"]


def test_bits_per_character_of_a_fair_coin_and_of_longer_tokens():
    assert metrics.bits_per_character(math.log(2), tokens=10, characters=10) == pytest.approx(1)
    probs = [0.5, 0.25, 0.125]  # three tokens that spell twelve characters: 1 + 2 + 3 bits
    loss = -sum(map(math.log, probs)) / 3
    assert metrics.bits_per_character(loss, tokens=3, characters=12) == pytest.approx(0.5)
    for tokens, characters in ((0, 1), (1, 0)):
        with pytest.raises(ValueError, match="at least 1, but they are 0"):
            metrics.bits_per_character(1.0, tokens, characters)


def test_surprisal_excess_is_nothing_for_what_a_model_samples():
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(20_000, 7, generator=generator, dtype=torch.float64).log_softmax(-1)
    entropies = -(logits.exp() * logits).sum(-1)
    drawn = torch.multinomial(logits.exp(), 1, generator=generator)
    own = metrics.surprisal_excess(logits.gather(1, drawn)[:, 0], entropies)
    assert abs(own) < 0.03  # bits; the standard error is .008
    assert metrics.surprisal_excess(logits.max(-1).values, entropies) < -0.5
    assert metrics.surprisal_excess([math.log(0.25)], [math.log(2)]) == pytest.approx(1)
    for log_probs, entropy in (([], []), ([0.0], [0.0, 1.0])):
        with pytest.raises(ValueError, match="equally many, and one at least"):
            metrics.surprisal_excess(log_probs, entropy)


def test_spelling_counts_by_hand():
    texts, known = ["The king sang, the kng", "Sat the ki"], {"the", "king", "sat"}
    assert metrics.spelling(texts, known) == pytest.approx(5 / 8)
    assert metrics.spelling(texts, known, cut=True) == pytest.approx(5 / 6)
    assert metrics.spelling(["The king."], known, cut=True) == 1  # its end touches no word
    with pytest.raises(ValueError, match="at least one word"):
        metrics.spelling(["king"], known, cut=True)


# Zipf's law and n-grams.


@pytest.mark.parametrize("exponent", [0.5, 1.0, 1.5])
def test_zipf_finds_the_exponent_of_a_power_law(exponent):
    tokens = [rank for rank in range(1, 101) for _ in range(round(10_000 * rank**-exponent))]
    random.Random(0).shuffle(tokens)
    assert metrics.zipf(tokens) == pytest.approx(exponent, abs=0.01)
    assert metrics.zipf(tokens, first=5, last=50) == pytest.approx(exponent, abs=0.01)


@given(tokens=st.lists(st.integers(0, 8), min_size=12).filter(lambda tokens: len(set(tokens)) > 2))
def test_zipf_is_the_slope_of_least_squares(tokens):
    points = [(math.log(r), math.log(c)) for r, (_, c) in enumerate(Counter(tokens).most_common(), 1)]
    mean_x, mean_y = (sum(axis) / len(points) for axis in zip(*points, strict=True))
    slope = sum((x - mean_x) * (y - mean_y) for x, y in points) / sum((x - mean_x) ** 2 for x, _ in points)
    assert metrics.zipf(tokens) == pytest.approx(-slope, abs=1e-9)


@pytest.mark.parametrize(
    ("tokens", "first", "last"), [("a", 1, None), ("abc", 0, None), ("abc", 3, None), ("abc", 2, 2)]
)
def test_zipf_needs_two_ranks(tokens, first, last):
    with pytest.raises(ValueError, match="at least two ranks"):
        metrics.zipf(tokens, first, last)


@given(a=st.text("abc", min_size=2, max_size=30), b=st.text("abc", min_size=2, max_size=30), n=st.integers(1, 2))
def test_ngram_divergence_is_that_of_the_formula(a, b, n):
    p, q = (Counter(text[i : i + n] for i in range(len(text) - n + 1)) for text in (a, b))
    expected = 0.0
    for counts in (p, q):
        for gram, count in counts.items():
            share = count / counts.total()
            expected += share * math.log(share / ((p[gram] / p.total() + q[gram] / q.total()) / 2)) / 2
    assert metrics.ngram_divergence([a], [b], n) == pytest.approx(expected, abs=1e-9)


def test_ngram_divergence_of_equal_and_of_unlike_texts():
    assert metrics.ngram_divergence(["abab", "ba"], ["ba", "abab"], 2) == pytest.approx(0)
    assert metrics.ngram_divergence(["ab"], [["c", "d"]], 2) == pytest.approx(math.log(2))
    for name, sets in (("texts", (["a"], ["ab"])), ("held_out", (["ab"], ["a"]))):
        with pytest.raises(ValueError, match=f"{name} must hold at least one run of n = 2"):
            metrics.ngram_divergence(*sets, 2)


# Another model's judgement.


def test_judge_is_kneser_ney_over_characters():
    judge = metrics.Judge(["the cat sat", "the rat"], order=4)
    ids = {sign: i for i, sign in enumerate(" acehrst")}
    model = KneserNey(4).fit([[ids[c] for c in text] for text in ("the cat sat", "the rat")], len(ids) + 1)
    log_probs = model.log_probs([ids.get(c, len(ids)) for c in "the zat"])
    assert judge.bits_per_character(["the zat"]) == pytest.approx(-log_probs.mean() / math.log(2))
    after = judge.bits_per_character(["zat", ""], prompts=["the ", "a"])
    assert after == pytest.approx(-log_probs[4:].mean() / math.log(2))


def test_judge_prefers_what_it_knows():
    judge = metrics.Judge("the cat sat on the mat and the cat sat on the hat " * 4)
    assert judge.bits_per_character(["the cat sat"]) < 1 < judge.bits_per_character(["xyzzyxqwv"])
    with pytest.raises(ValueError, match="prompts must be as many as texts"):
        judge.bits_per_character(["the"], [])
    with pytest.raises(ValueError, match="at least 1, but they are 0"):
        judge.bits_per_character([""])


# The frontier between two distributions.


def area_by_sums(p, q, scale):
    """One trapezoid at a time, each divergence term by term."""
    corners = [(1.0, 0.0)]
    for step in range(25):
        weight = 1e-6 + (1 - 2e-6) * step / 24
        r = [weight * a + (1 - weight) * b for a, b in zip(p, q, strict=True)]
        kl_q, kl_p = (sum(a * math.log(a / m) for a, m in zip(each, r, strict=True) if a) for each in (q, p))
        corners.append((math.exp(-scale * kl_q), math.exp(-scale * kl_p)))
    corners.append((0.0, 1.0))
    pairs = zip(corners, corners[1:], strict=False)
    return sum((x1 - x2) * (y1 + y2) / 2 for (x1, y1), (x2, y2) in pairs)


def shares(counts):
    return np.array(counts) / sum(counts)


@given(p=SHARES, q=SHARES, scale=st.floats(0.5, 8))
def test_frontier_area_is_that_of_the_formula(p, q, scale):
    p, q = shares(p), shares(q)
    area = metrics.frontier_area(p, q, scale)
    assert area == pytest.approx(area_by_sums(p, q, scale), abs=1e-12)
    assert area == pytest.approx(metrics.frontier_area(q, p, scale), abs=1e-12)
    assert 0 <= area <= 1 + 1e-12


@pytest.mark.parametrize(
    ("p", "q", "area"),  # by the curve and the area of mauve-text 0.4.0, with its scale of 5
    [
        ([0.5, 0.25, 0.125, 0.125], [0.25, 0.25, 0.25, 0.25], 0.9128889235610789),
        ([0.7, 0.1, 0.1, 0.1], [0.1, 0.1, 0.1, 0.7], 0.21906168496212094),
        ([0.4, 0.3, 0.2, 0.1], [0.38, 0.31, 0.2, 0.11], 0.9999944520957316),
    ],
)
def test_frontier_area_is_that_of_the_authors_program(p, q, area):
    assert metrics.frontier_area(p, q) == pytest.approx(area, abs=1e-12)


@given(p=SHARES)
def test_frontier_of_equal_distributions_is_one_and_of_apart_ones_near_nothing(p):
    assert metrics.frontier_area(shares(p), shares(p)) == pytest.approx(1)
    apart = metrics.frontier_area([*shares(p), *[0] * 5], [*[0] * 5, *shares(p)])
    assert apart < 0.01


@pytest.mark.parametrize(
    ("p", "q", "scale", "rule"),
    [([1.0], [0.5, 0.5], 5, "same things"), ([0.5, 0.4], [0.5, 0.5], 5, "distributions"), ([1], [1], 0, "scale")],
)
def test_frontier_says_what_it_needs(p, q, scale, rule):
    with pytest.raises(ValueError, match=rule):
        metrics.frontier_area(p, q, scale)


# Sets of texts.


def blobs(counts, seed):
    """Points around far corners, so many around each."""
    rng = np.random.default_rng(seed)
    corners = np.repeat(100 * np.eye(len(counts)), counts, axis=0)
    return corners + rng.normal(size=corners.shape)


def test_clusters_that_cannot_be_missed_are_found():
    p, q = [30, 20, 5, 10], [5, 10, 40, 10]
    expected = metrics.frontier_area(*(shares([count + 0.5 for count in each]) for each in (p, q)))
    assert metrics.mauve_like(blobs(p, 0), blobs(q, 1), num_clusters=4) == pytest.approx(expected, abs=1e-12)
    tensors = (torch.from_numpy(blobs(each, i)) for i, each in enumerate((p, q)))
    assert metrics.mauve_like(*tensors, num_clusters=4) == pytest.approx(expected, abs=1e-12)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 1000), k=st.integers(1, 6))
def test_every_point_is_in_the_cluster_whose_mean_is_nearest(seed, k):
    points = np.random.default_rng(seed).normal(size=(40, 3))
    labels = frontier._clusters(points, k, seed)
    means = {j: points[labels == j].mean(axis=0) for j in set(labels.tolist())}
    for point, label in zip(points, labels.tolist(), strict=True):
        assert label == min(means, key=lambda j: ((point - means[j]) ** 2).sum())


def test_points_all_alike_make_no_trouble():
    assert metrics.mauve_like(np.ones((10, 3)), np.ones((10, 3))) == pytest.approx(1)


def test_equal_sets_score_one_and_unlike_ones_next_to_nothing():
    draw = random.Random(0)

    def texts(alphabet, count=60):
        return ["".join(draw.choice(alphabet) for _ in range(80)) for _ in range(count)]

    people, others, strange = texts("abcde"), texts("abcde"), texts("vwxyz")
    of_people, of_others, of_strange = (metrics.ngram_features(each, n=2) for each in (people, others, strange))
    assert metrics.mauve_like(of_people, of_people) == pytest.approx(1)
    assert metrics.mauve_like(of_people, of_people[::-1]) == pytest.approx(1)
    same, unlike = metrics.mauve_like(of_people, of_others), metrics.mauve_like(of_people, of_strange)
    assert unlike < 0.1 < 0.7 < same
    assert metrics.mauve_like(of_people, of_others) == same  # the seed decides all


def test_shuffled_letters_and_loops_are_told_from_a_text():
    """Of features with many small axes the large ones decide: those in which the texts differ."""
    text = " ".join(" ".join(story) for story in islice(stories.stories(seed=1), 600))
    draw = random.Random(0)
    people, others = ([text[i : i + 300] for i in draw.sample(range(len(text) - 300), 120)] for _ in range(2))
    shuffled = ["".join(draw.sample(each, len(each))) for each in others]
    loops = [each[:20] * 15 for each in others]
    scores = [
        metrics.mauve_like(metrics.ngram_features(people), metrics.ngram_features(each))
        for each in (others, shuffled, loops)
    ]
    assert scores[0] > 0.7 and max(scores[1:]) < 0.1


def test_ngram_features_count_every_ngram_once():
    text = "abracadabra"
    (row,) = metrics.ngram_features([text], n=2, size=4096)
    counts = Counter(text[i : i + 2] for i in range(len(text) - 1))
    length = math.sqrt(sum(count**2 for count in counts.values()))
    assert sorted(row[row > 0]) == pytest.approx(sorted(count / length for count in counts.values()))
    assert not metrics.ngram_features(["a"], n=2).any()
    assert metrics.ngram_features([["ab", "c"]], n=2) @ metrics.ngram_features([["a", "bc"]], n=2).T == 0


@pytest.mark.parametrize(
    ("p", "q", "clusters", "rule"),
    [
        (np.ones((9, 2)), np.ones((9, 3)), None, "of one kind, but their rows are 2 and 3 long"),
        (np.ones(9), np.ones((9, 3)), None, "p_features must be a table"),
        (np.ones((9, 2)), np.full((9, 2), np.nan), None, "q_features must be a table of finite"),
        (np.ones((9, 2)), np.ones((9, 2)), 19, "from 2 to the number of texts"),
        (np.ones((9, 2)), np.ones((9, 2)), 1, "from 2 to the number of texts"),
    ],
)
def test_sets_of_texts_that_cannot_be_compared(p, q, clusters, rule):
    with pytest.raises(ValueError, match=rule):
        metrics.mauve_like(p, q, clusters)
    with pytest.raises(ValueError, match="size must be at least 1"):
        metrics.ngram_features(["a"], size=0)
