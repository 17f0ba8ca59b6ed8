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
from tests.fuzz.judge import NEAR, Jitter, judge
from tests.fuzz.target import target


def numbers(count: int, largest: float) -> st.SearchStrategy[list[float]]:
    """So many numbers between plus and minus `largest`: of random bytes, for these are drawn fast and seldom tie."""
    of_bytes = lambda data: (torch.frombuffer(bytearray(data), dtype=torch.int16) * (largest / 2**15)).tolist()  # noqa: E731
    return st.binary(min_size=2 * count, max_size=2 * count).map(of_bytes)


NASTY = st.floats(-100, 100, width=32) | st.just(-math.inf)  # ties, tiny and huge ones, and what a filter has dropped
LOGITS = st.one_of(
    st.integers(1, 16).flatmap(lambda size: numbers(size, 8)),
    st.lists(NASTY, min_size=1, max_size=8).filter(lambda row: max(row) > -math.inf),
)
SHARES = st.floats(0.001, 1, exclude_max=True)  # 1 keeps all; transformers leaves the filter out then
TEMPERATURES = st.floats(0.05, 20)
TOP_KS = st.integers(1, 14)
PENALTIES = st.floats(0.2, 5)
TEXTS = st.lists(st.integers(0, 11), min_size=1, max_size=10)


def kept(logits: Tensor) -> list[int]:
    return (logits > -math.inf).nonzero()[:, -1].tolist()


def compare(ours: Callable, theirs: Callable, logits: list[float], value: float, dtype: torch.dtype) -> str:
    """Compare a filter `ours(logits, value)` with a warper `theirs`, on one row."""
    row = torch.tensor([logits], dtype=dtype)
    found, expected = ours(row, value), theirs(None, row.clone())

    def again(jitter: Jitter) -> list[int]:
        noisy = value if isinstance(value, int) else jitter.share(value)
        return kept(ours(jitter(row), noisy))

    verdict = judge(kept(found), kept(expected), again, dtype)
    assert verdict == NEAR or torch.equal(found, expected), f"ours is {found}, but theirs is {expected}"
    return verdict


@target(bfloat16=1000, logits=LOGITS, top_k=TOP_KS)
def top_k(logits, top_k, dtype):
    return compare(decoding.top_k_filter, TopKLogitsWarper(top_k), logits, top_k, dtype)


@target(bfloat16=1000, logits=LOGITS, top_p=SHARES)
def top_p(logits, top_p, dtype):
    return compare(decoding.top_p_filter, TopPLogitsWarper(top_p), logits, top_p, dtype)


@target(bfloat16=1000, logits=LOGITS, min_p=SHARES | st.just(0.0))
def min_p(logits, min_p, dtype):
    return compare(decoding.min_p_filter, MinPLogitsWarper(min_p), logits, min_p, dtype)


@target(bfloat16=1000, logits=LOGITS, typical_p=SHARES)
def typical_p(logits, typical_p, dtype):
    return compare(decoding.typical_filter, TypicalLogitsWarper(typical_p), logits, typical_p, dtype)


@target(bfloat16=1000, logits=LOGITS, temperature=TEMPERATURES)
def temperature(logits, temperature, dtype):
    row = torch.tensor([logits], dtype=dtype)
    assert torch.equal(decoding.apply_temperature(row, temperature), TemperatureLogitsWarper(temperature)(None, row))


@target(
    bfloat16=1000,
    logits=LOGITS,
    temperature=TEMPERATURES,
    top_k=TOP_KS,
    top_p=SHARES,
    min_p=SHARES,
    typical_p=SHARES,
)
def all_in_order(logits, temperature, top_k, top_p, min_p, typical_p, dtype):
    row = torch.tensor([logits], dtype=dtype)
    warpers = [TemperatureLogitsWarper(temperature), TopKLogitsWarper(top_k), TopPLogitsWarper(top_p)]
    expected = row.clone()
    for warper in [*warpers, MinPLogitsWarper(min_p), TypicalLogitsWarper(typical_p)]:
        expected = warper(None, expected)
    found = decoding.filter_logits(row, temperature, top_k, top_p, min_p, typical_p)

    def again(jitter: Jitter) -> list[int]:
        shares = [jitter.share(share) for share in (top_p, min_p, typical_p)]
        return kept(decoding.filter_logits(jitter(row), temperature, top_k, *shares))

    verdict = judge(kept(found), kept(expected), again, dtype)
    assert verdict == NEAR or torch.equal(found, expected), f"ours is {found}, but theirs is {expected}"
    return verdict


def with_text(logits: list[float], text: list[int], dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Return a row of logits, and a row of tokens that it has."""
    return torch.tensor([logits], dtype=dtype), torch.tensor([text]) % len(logits)


@target(bfloat16=1000, logits=LOGITS, text=TEXTS, repetition_penalty=PENALTIES)
def repetition_penalty(logits, text, repetition_penalty, dtype):
    row, tokens = with_text(logits, text, dtype)
    found = decoding.apply_repetition_penalty(row, tokens, repetition_penalty)
    expected = RepetitionPenaltyLogitsProcessor(repetition_penalty)(tokens, row.clone())
    assert torch.equal(found, expected), f"ours is {found}, but theirs is {expected}"


@target(bfloat16=1000, logits=LOGITS, text=TEXTS, size=st.integers(1, 5))
def no_repeat_ngram_size(logits, text, size, dtype):
    row, tokens = with_text(logits, text, dtype)
    found = decoding.no_repeat_ngram_filter(row, tokens, size)
    expected = NoRepeatNGramLogitsProcessor(size)(tokens, row.clone())
    assert torch.equal(found, expected), f"ours is {found}, but theirs is {expected}"


@target(
    bfloat16=1000,
    logits=LOGITS.filter(lambda row: len(row) > 3),
    ends=st.lists(st.integers(0, 3), min_size=1, max_size=3, unique=True),
    least=st.integers(0, 6),
    length=st.integers(0, 7),
)
def min_new_tokens(logits, ends, least, length, dtype):
    row, read = torch.tensor([logits], dtype=dtype), 2
    found = Constraints(8, ends[0] if len(ends) == 1 else ends, least).apply(row, None, length)
    theirs = MinNewTokensLengthLogitsProcessor(read, least, ends, device="cpu")
    expected = theirs(torch.zeros(1, read + length, dtype=torch.int64), row.clone())
    assert torch.equal(found, expected), f"ours is {found}, but theirs is {expected}"
