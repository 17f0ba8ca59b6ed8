"""Counting models: which token followed each context in a text, and how often. Also called n-gram tables.

A table of context length n says of every run of n tokens what came next. On the text that it has counted nothing that
looks at n tokens can guess better (`ceiling`); on any other text it is silent wherever a context is new, unless longer
contexts lean on shorter ones (`SmoothedModel`). For long texts, and for the strongest smoothing, see
`lmkit.analysis.kneser_ney`.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

Context = tuple[str, ...]
Table = dict[Context, Counter[str]]


class Score(NamedTuple):
    """Measures of how well a model predicts the tokens of a text.

    Attributes
    ----------
    accuracy : float in [0, 1]
        The share of tokens that are the model's best guess; where it has none, the guess is wrong.
    cross_entropy : float ≥ 0
        The mean negative log-probability in nats per token; infinite if a token was given none.
    unseen : float in [0, 1]
        The share of tokens whose context the model has never counted.
    tokens : int
        How many tokens were predicted.
    """

    accuracy: float
    cross_entropy: float
    unseen: float
    tokens: int


def count(tokens: Sequence[str], context_length: int) -> Table:
    """Count how often each token follows each run of `context_length` tokens.

    Parameters
    ----------
    tokens : sequence of str, T tokens
    context_length : int ≥ 0
        n. The first n tokens have no whole context and are not counted as continuations.

    Returns
    -------
    dict from context, a tuple of n tokens, to a Counter of its continuations; T - n counts in all.

    Raises
    ------
    ValueError
        If `context_length` is below 0.
    """
    table: Table = {}
    for context, token in pairs(tokens, context_length):
        table.setdefault(context, Counter())[token] += 1
    return table


def pairs(tokens: Sequence[str], context_length: int) -> Iterator[tuple[Context, str]]:
    """Yield every token that has a whole context of `context_length` tokens, as (context, token)."""
    _check_context_length(context_length)
    for i in range(context_length, len(tokens)):
        yield tuple(tokens[i - context_length : i]), tokens[i]


def shares(counts: Mapping[str, int]) -> dict[str, float]:
    """Return counts divided by their sum, the largest first; equal ones stay in their order.

    These are the probabilities that make the counted text most probable (maximum likelihood).
    """
    total = sum(counts.values())
    if counts and not total:
        raise ValueError(f"counts must not all be 0, but they are {dict(counts)}")
    return {token: number / total for token, number in sorted(counts.items(), key=lambda item: -item[1])}


def score(table: Table, tokens: Sequence[str], context_length: int) -> Score:
    """Measure how well the shares of a table predict a text, each token from the `context_length` before it.

    Parameters
    ----------
    table : dict
        As `count` makes it with the same `context_length`.
    tokens : sequence of str
        More than `context_length` of them.
    context_length : int ≥ 0
        n.

    Raises
    ------
    ValueError
        If the text is too short to predict anything.
    """
    _check_long_enough(tokens, context_length)
    right = unseen = 0
    loss = 0.0
    for (context, token), times in Counter(pairs(tokens, context_length)).items():
        counts = table.get(context, Counter())
        unseen += times * (not counts)
        right += times * (bool(counts) and token == best_guess(counts))
        loss += times * surprise(counts, token)
    predicted = len(tokens) - context_length
    return Score(right / predicted, loss / predicted, unseen / predicted, predicted)


def best_guess(counts: Mapping[str, int]) -> str:
    """Return the most frequent continuation; the first that was counted among equals."""
    if not counts:
        raise ValueError("counts must hold at least one token, but there is none")
    return max(counts, key=counts.__getitem__)


def surprise(counts: Counter[str], token: str) -> float:
    """Return the negative log of a token's share, in nats; infinite where the token was never counted."""
    return math.log(counts.total() / counts[token]) if counts[token] else math.inf


def ceiling(tokens: Sequence[str], context_length: int) -> Score:
    """Return the best that any model can reach on this text if it sees only `context_length` tokens before each.

    Accuracy is at its highest and cross-entropy at its lowest for the table that was counted on the very same text: in
    every context no guess is right more often than the most frequent continuation, and no probabilities give the
    continuations a higher likelihood than their shares.
    """
    return score(count(tokens, context_length), tokens, context_length)


class SmoothedModel:
    """Counts in which each context leans on the one that is a token shorter; nothing has probability zero.

    A context adds to its own counts `strength` imagined ones, spread over the vocabulary as the shorter context would
    spread them, p(w | c) = (N(c w) + κ p(w | shorter c)) / (N(c) + κ); below the empty context all words are equal. A
    context that was never counted says what the shorter one says.

    Parameters
    ----------
    tokens : sequence of str
        The text to count.
    context_length : int ≥ 0
        n, the length of the longest context.
    vocab_size : int ≥ 1
        V, the number of words that may occur, counted or not.
    strength : float > 0
        κ, the number of imagined counts.

    References
    ----------
    MacKay and Peto 1995, "A hierarchical Dirichlet language model": the predictive distribution for a given κ.
    """

    def __init__(self, tokens: Sequence[str], context_length: int, vocab_size: int, strength: float = 1.0):
        found = len(set(tokens))
        if vocab_size < max(1, found):
            raise ValueError(f"vocab_size must count every word of tokens, which are {found}, but it is {vocab_size}")
        if not 0 < strength < math.inf:
            raise ValueError(f"strength must be a finite number above 0, but it is {strength}")
        _check_context_length(context_length)
        self.tables = [count(tokens, n) for n in range(context_length + 1)]
        self.vocab_size, self.strength = vocab_size, strength

    def prob(self, context: Sequence[str], token: str) -> float:
        """Return the probability of a token after a context, of which the last n tokens are used."""
        p = 1 / self.vocab_size
        for n, table in enumerate(self.tables[: len(context) + 1]):
            counts = table.get(tuple(context[len(context) - n :]))
            if counts is None:  # then no longer context was counted either
                return p
            p = (counts[token] + self.strength * p) / (counts.total() + self.strength)
        return p

    def cross_entropy(self, tokens: Sequence[str], context_length: int | None = None) -> float:
        """Return the mean negative log-probability (nats per token) of every token with a whole context before it.

        Contexts have the model's own `context_length`, or a shorter one, as if the model had no longer tables.
        """
        context_length = len(self.tables) - 1 if context_length is None else context_length
        _check_long_enough(tokens, context_length)
        losses = [-math.log(self.prob(context, token)) for context, token in pairs(tokens, context_length)]
        return sum(losses) / len(losses)


def _check_context_length(context_length: int) -> None:
    if context_length < 0:
        raise ValueError(f"context_length must be at least 0, but it is {context_length}")


def _check_long_enough(tokens: Sequence[str], context_length: int) -> None:
    if len(tokens) <= context_length:
        raise ValueError(
            f"tokens must hold more than context_length = {context_length} tokens, one to predict at least, but there "
            f"are {len(tokens)}; give a longer text or a shorter context"
        )
