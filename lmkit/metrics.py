"""Numbers about generated text: how varied it is, and how much it repeats itself."""

from __future__ import annotations

from collections.abc import Hashable, Sequence


def ngrams(tokens: Sequence[Hashable], n: int) -> list[tuple[Hashable, ...]]:
    """All runs of n ≥ 1 consecutive tokens, in order."""
    if n < 1:
        raise ValueError(f"n must be at least 1, but it is {n}")
    return [tuple(tokens[i : i + n]) for i in range(len(tokens) - n + 1)]


def distinct_n(texts: Sequence[Sequence[Hashable]], n: int) -> float:
    """The share of distinct n-grams among all n-grams of a set of texts, in (0, 1]; higher is more diverse.

    It falls as texts are added, so compare sets of equal size only.

    Source: Li et al. (2016), section 5. Chapter: Decoding.
    """
    grams = [gram for text in texts for gram in ngrams(text, n)]
    if not grams:
        raise ValueError(f"texts must hold at least one run of n = {n} tokens, but they hold none; give longer texts")
    return len(set(grams)) / len(grams)


def repetition(tokens: Sequence[Hashable], n: int = 4) -> float:
    """The share of a text's n-grams that it has written before, in [0, 1); 0 if it is shorter than n tokens."""
    grams = ngrams(tokens, n)
    return 1 - len(set(grams)) / len(grams) if grams else 0.0
