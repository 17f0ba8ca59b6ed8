"""Filters and penalties against transformers' processors, which get the very same numbers.

The kept sets must be equal, and so must the logits that are kept.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from hypothesis import strategies as st
from torch import Tensor
from transformers.generation import (
    MinNewTokensLengthLogitsProcessor,
    MinPLogitsWarper,
    NoRepeatNGramLogitsProcessor,
    RepetitionPenaltyLogitsProcessor,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
    TypicalLogitsWarper,
)

from lmkit import decoding
from lmkit.decoding.constraints import Constraints
from tests.fuzz.judge import SAME, Jitter, judge
from tests.fuzz.target import target


def numbers(count: int, largest: float) -> st.SearchStrategy[list[float]]:
    """So many numbers between plus and minus `largest`: of random bytes, for these are drawn fast and seldom tie."""
    of_bytes = lambda data: (torch.frombuffer(bytearray(data), dtype=torch.int16) * (largest / 2**15)).tolist()  # noqa: E731
    return st.binary(min_size=2 * count, max_size=2 * count).map(of_bytes)


NASTY = st.floats(-100, 100, width=32) | st.just(-math.inf)  # ties, tiny and huge ones, and what a filter has dropped


@st.composite
def many_rows(draw: st.DrawFn) -> list[list[float]]:
    """One to sixteen rows of logits over one to sixteen tokens."""
    size, count = draw(st.integers(1, 16)), draw(st.integers(1, 16))
    flat = draw(numbers(size * count, 8))
    return [flat[row * size : (row + 1) * size] for row in range(count)]


ROWS = many_rows() | st.lists(NASTY, min_size=1, max_size=8).filter(lambda row: max(row) > -math.inf).map(
    lambda row: [row]
)
SHARES = st.floats(0.001, 1, exclude_max=True)  # 1 keeps all; transformers leaves the filter out then
TEMPERATURES = st.floats(0.05, 20)
TOP_KS = st.integers(1, 18)
PENALTIES = st.floats(0.2, 5)
TEXTS = st.lists(st.binary(min_size=16, max_size=16), min_size=1, max_size=10)  # of up to sixteen rows, byte by byte


def kept(row: Tensor) -> list[int]:
    return (row > -math.inf).nonzero()[:, 0].tolist()


def compare(ours: Callable[[Tensor, Jitter], Tensor], rows: Tensor, expected: Tensor) -> list[str]:
    """Compare what a filter makes of each row; `ours` is handed what adds noise to its settings, too."""

    def verdict(row: Tensor, one: Tensor, other: Tensor) -> str:
        if torch.equal(one, other):
            return SAME
        assert kept(one) != kept(other), f"ours is {one}, but theirs is {other}"
        return judge(kept(one), kept(other), lambda jitter: kept(ours(jitter(row[None]), jitter)[0]), rows.dtype)

    return [verdict(*each) for each in zip(rows, ours(rows, Jitter(0.0)), expected, strict=True)]


@target(bfloat16=1000, rows=ROWS, top_k=TOP_KS)
def top_k(rows, top_k, dtype):
    rows = torch.tensor(rows, dtype=dtype)
    return compare(lambda x, jitter: decoding.top_k_filter(x, top_k), rows, TopKLogitsWarper(top_k)(None, rows))


@target(bfloat16=1000, rows=ROWS, top_p=SHARES)
def top_p(rows, top_p, dtype):
    rows = torch.tensor(rows, dtype=dtype)
    ours = lambda x, jitter: decoding.top_p_filter(x, jitter.share(top_p))  # noqa: E731
    return compare(ours, rows, TopPLogitsWarper(top_p)(None, rows))


@target(bfloat16=1000, rows=ROWS, min_p=SHARES | st.just(0.0))
def min_p(rows, min_p, dtype):
    rows = torch.tensor(rows, dtype=dtype)
    ours = lambda x, jitter: decoding.min_p_filter(x, jitter.share(min_p))  # noqa: E731
    return compare(ours, rows, MinPLogitsWarper(min_p)(None, rows))


@target(bfloat16=1000, rows=ROWS, typical_p=SHARES)
def typical_p(rows, typical_p, dtype):
    rows = torch.tensor(rows, dtype=dtype)
    ours = lambda x, jitter: decoding.typical_filter(x, jitter.share(typical_p))  # noqa: E731
    return compare(ours, rows, TypicalLogitsWarper(typical_p)(None, rows))


@target(bfloat16=1000, rows=ROWS, temperature=TEMPERATURES)
def temperature(rows, temperature, dtype):
    rows = torch.tensor(rows, dtype=dtype)
    ours = lambda x, jitter: decoding.apply_temperature(x, temperature)  # noqa: E731
    return compare(ours, rows, TemperatureLogitsWarper(temperature)(None, rows))


@target(
    bfloat16=1000,
    rows=ROWS,
    temperature=TEMPERATURES,
    top_k=TOP_KS,
    top_p=SHARES,
    min_p=SHARES,
    typical_p=SHARES,
)
def all_in_order(rows, temperature, top_k, top_p, min_p, typical_p, dtype):
    expected = rows = torch.tensor(rows, dtype=dtype)
    warpers = [TemperatureLogitsWarper(temperature), TopKLogitsWarper(top_k), TopPLogitsWarper(top_p)]
    for warper in [*warpers, MinPLogitsWarper(min_p), TypicalLogitsWarper(typical_p)]:
        expected = warper(None, expected)

    def ours(x: Tensor, jitter: Jitter) -> Tensor:
        if not jitter.size:
            return decoding.filter_logits(x, temperature, top_k, top_p, min_p, typical_p)
        shares = [jitter.share(share) for share in (top_p, min_p, typical_p)]
        cooled = decoding.apply_temperature(x, temperature)  # is rounded, too, and where T is large x's noise is small
        return decoding.filter_logits(jitter(cooled), 1.0, top_k, *shares)

    return compare(ours, rows, expected)


def with_texts(rows: list[list[float]], texts: list[bytes], dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Return rows of logits, and a text for each."""
    tokens = torch.tensor([list(column) for column in texts]).T[: len(rows)]
    return torch.tensor(rows, dtype=dtype), tokens % len(rows[0])


@target(bfloat16=1000, rows=ROWS, texts=TEXTS, repetition_penalty=PENALTIES)
def repetition_penalty(rows, texts, repetition_penalty, dtype):
    rows, tokens = with_texts(rows, texts, dtype)
    expected = RepetitionPenaltyLogitsProcessor(repetition_penalty)(tokens, rows.clone())
    return compare(lambda x, _: decoding.apply_repetition_penalty(x, tokens, repetition_penalty), rows, expected)


@target(bfloat16=1000, rows=ROWS, texts=TEXTS, size=st.integers(1, 5))
def no_repeat_ngram_size(rows, texts, size, dtype):
    rows, tokens = with_texts(rows, texts, dtype)
    expected = NoRepeatNGramLogitsProcessor(size)(tokens, rows.clone())
    return compare(lambda x, _: decoding.no_repeat_ngram_filter(x, tokens, size), rows, expected)


@target(
    bfloat16=1000,
    rows=ROWS.filter(lambda rows: len(rows[0]) > 3),
    ends=st.lists(st.integers(0, 3), min_size=1, max_size=3, unique=True),
    least=st.integers(0, 6),
    length=st.integers(0, 7),
)
def min_new_tokens(rows, ends, least, length, dtype):
    rows, read = torch.tensor(rows, dtype=dtype), 2
    theirs = MinNewTokensLengthLogitsProcessor(read, least, ends, device="cpu")
    expected = theirs(torch.zeros(len(rows), read + length, dtype=torch.int64), rows.clone())
    constraints = Constraints(8, ends[0] if len(ends) == 1 else ends, least)
    return compare(lambda x, _: constraints.apply(x, None, length), rows, expected)
