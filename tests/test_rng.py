"""Random numbers that every language can reproduce, and tokens drawn with them."""

import itertools
import math
from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lmkit.decoding import draw, uniform
from tests.chi_square import assert_fits

INF = math.inf


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


@pytest.mark.parametrize(
    "numbers",
    [
        [uniform(0, t) for t in range(20_000)],
        [uniform(2**31, t) for t in range(20_000)],
        [uniform(s, 0) for s in range(20_000)],
        [uniform(s, s) for s in range(20_000)],
    ],
    ids=["one seed", "a large seed", "one place of many seeds", "diagonal"],
)
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
