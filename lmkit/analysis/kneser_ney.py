"""Interpolated modified Kneser–Ney smoothing: the strongest of the models that only count.

An n-gram model of order N says how probable a token is after the N - 1 before it. Of every count a little is taken
away, the discount, and what is saved goes to the shorter context, whose counts are of another kind: not how often a
run of tokens was seen, but after how many different tokens. `Francisco` may be frequent, but it follows one word.

With c(hw) for the count of context h and token w, h' for h without its first token, and V tokens in all::

    p(w | h) = (c(hw) - D(c(hw))) / Σ c(h·) + γ(h) p(w | h')
    γ(h)     = (D₁ N₁(h·) + D₂ N₂(h·) + D₃ N₃(h·)) / Σ c(h·)

Nᵢ(h·) are the tokens that follow h with a count of 1, of 2, and of 3 or more. In the longest context c is the number
of times that hw was seen, in shorter ones the number of different tokens before it, where the beginning of a document
is one more. Below the empty context all tokens are equal, 1 / V. A context that was never seen says what h' says.

Each order has its own discounts, from the numbers nᵢ of n-grams that are counted i times::

    Dᵢ = i - (i + 1) Y nᵢ₊₁ / nᵢ,   Y = n₁ / (n₁ + 2 n₂)

They cannot be had where n₁, n₂ or n₃ is 0, and mean nothing unless 0 < Dᵢ ≤ i; an order of which that is true, such
as single characters, of which none is rare, uses `FALLBACK` instead, as KenLM can.

Source: Chen & Goodman (1999), equations 25 and 26; Heafield et al. (2013) for the counts of shorter contexts and the
equal distribution below them. See also `lmkit.analysis.counting`, whose tables can be read, and are slower.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray

from lmkit.text import as_whole

FALLBACK = (0.5, 1.0, 1.5)
Ids: TypeAlias = "Sequence[int] | NDArray[np.int64] | torch.Tensor"
Floats: TypeAlias = "NDArray[np.float64]"
Whole: TypeAlias = "NDArray[np.int64]"


class Table(NamedTuple):
    """All n-grams of one order, T of them, in the order of their keys.

    Attributes
    ----------
    keys : ndarray of int64, shape (T,)
        (the place of the first n - 1 tokens among the runs of n - 1) · V + the last token; so what follows one context
        stands together.
    probs : ndarray of float64, shape (T,)
        The probability of the last token after the others.
    left : ndarray of float64, shape (runs of n - 1,)
        γ of every context: how much of the shorter context's probability it leaves to a token that never followed it.
    """

    keys: Whole
    probs: Floats
    left: Floats


class KneserNey:
    """A model of token ids by counts, with interpolated modified Kneser–Ney smoothing.

    Parameters
    ----------
    order : int ≥ 1
        N, the length of the longest n-grams: a token is predicted from up to N - 1 before it.
    discounts : sequence of N triples of float, optional
        D₁, D₂ and D₃ of every order, the shortest first, 0 ≤ Dᵢ ≤ i; estimated from the text by default. With one
        number in all three places this is the original smoothing of Kneser and Ney, interpolated.

    Attributes
    ----------
    discounts : ndarray of float64, shape (N, 3)
        Those in use, once the model is fitted.
    vocab_size : int
        V.

    Raises
    ------
    ValueError
        If `order` is below 1, or a discount is out of range.
    """

    def __init__(self, order: int, discounts: Sequence[Sequence[float]] | None = None):
        if (as_whole(order) or 0) < 1:
            raise ValueError(f"order must be a whole number of at least 1, but it is {order!r}; give 1 or more")
        self.order = order
        self._given = None if discounts is None else _checked_discounts(discounts, order)
        self.discounts = np.zeros((order, 3))
        self.vocab_size = 0
        self.tables: list[Table] = []

    def fit(self, ids: Ids | Sequence[Ids], vocab_size: int) -> KneserNey:
        """Count a text, and return the model itself.

        Parameters
        ----------
        ids : sequence of int, or a sequence of such sequences
            One text, or several documents; no n-gram runs from one into the next. Arrays and tensors will do.
        vocab_size : int ≥ 1
            V; tokens that the text lacks share what the discounts save.

        Raises
        ------
        ValueError
            If there is no token, or one is not an id from 0 to V - 1.
        """
        if (as_whole(vocab_size) or 0) < 1:
            raise ValueError(f"vocab_size must be a whole number of at least 1, but it is {vocab_size!r}")
        documents = [_checked_ids(document, vocab_size) for document in _documents(ids)]
        tokens = np.concatenate(documents) if documents else np.zeros(0, np.int64)
        if not len(tokens):
            raise ValueError("ids must hold at least one token to count, but there is none; give a longer text")
        self.vocab_size, self.tables = vocab_size, []
        places = np.concatenate([np.arange(len(document)) for document in documents])
        self._count(tokens, places)
        return self

    def _count(self, tokens: Whole, places: Whole) -> None:
        """Make the tables; `places` are those of the tokens in their documents."""
        runs: Whole = np.zeros(len(tokens), np.int64)  # which run of n - 1 ends before each token; at first the empty
        grams, keys, first = self._grams(tokens, runs, places >= 0)
        shorter, suffixes = np.full(1, 1 / self.vocab_size), np.zeros(len(keys), np.int64)
        for n in range(1, self.order + 1):
            if n < self.order:
                runs = np.concatenate([[-1], grams[:-1]])
                longer, longer_keys, longer_first = self._grams(tokens, runs, places >= n)
                ends = grams[longer_first]  # each run of n + 1 without its first token
                counts = np.bincount(ends, minlength=len(keys))
                counts[np.unique(grams[places == n - 1])] += 1
            else:
                longer, longer_keys, longer_first, ends = grams, keys, first, suffixes
                counts = np.bincount(grams[grams >= 0], minlength=len(keys))
            given = None if self._given is None else self._given[n - 1]
            self.discounts[n - 1] = _discounts(counts) if given is None else given
            contexts = len(self.tables[-1].keys) if self.tables else 1
            table = _table(keys, counts, self.discounts[n - 1], shorter[suffixes], contexts, self.vocab_size)
            self.tables.append(table)
            grams, keys, first, shorter, suffixes = longer, longer_keys, longer_first, table.probs, ends

    def _grams(self, tokens: Whole, runs: Whole, whole: NDArray[np.bool_]) -> tuple[Whole, Whole, Whole]:
        """Number the n-grams that end at each token, -1 where a document is too young for one.

        Returns the numbers, the keys in their order, and a place where each n-gram ends.
        """
        where = np.flatnonzero(whole)
        keys, first, numbers = np.unique(
            runs[where] * self.vocab_size + tokens[where], return_index=True, return_inverse=True
        )
        grams = np.full(len(tokens), -1)
        grams[where] = numbers
        return grams, keys, where[first]

    def log_probs(self, ids: Ids) -> Floats:
        """Return the log-probability of every token of a text after up to N - 1 tokens before it.

        Parameters
        ----------
        ids : sequence of int, L tokens
            One text. Its first tokens have shorter contexts, as those of a document have in `fit`.

        Returns
        -------
        ndarray of float64, shape (L,)
            In nats.

        Raises
        ------
        ValueError
            If the model is not fitted, or a token is not an id.
        """
        self._check_fitted()
        tokens = _checked_ids(ids, self.vocab_size)
        probs = np.full(len(tokens), 1 / self.vocab_size)
        runs = np.zeros(len(tokens), np.int64)
        for table in self.tables:
            found = _find(table, runs, tokens, self.vocab_size)
            known = runs >= 0
            probs[known] *= table.left[runs[known]]
            probs[found >= 0] = table.probs[found[found >= 0]]
            runs = np.concatenate([[-1], found[:-1]]) if len(found) else found
        return np.log(probs)

    def distribution(self, context: Ids) -> Floats:
        """Return the probabilities of every token after a context, of which the last N - 1 tokens are used.

        Returns
        -------
        ndarray of float64, shape (V,)
            It sums to one.

        Raises
        ------
        ValueError
            If the model is not fitted, or a token is not an id.
        """
        self._check_fitted()
        tokens = _checked_ids(context, self.vocab_size)
        probs = np.full(self.vocab_size, 1 / self.vocab_size)
        for length, table in enumerate(self.tables[: len(tokens) + 1]):
            run = self._number(tokens[len(tokens) - length :])
            if run < 0:
                break
            start, stop = np.searchsorted(table.keys, [run * self.vocab_size, (run + 1) * self.vocab_size])
            probs *= table.left[run]
            probs[table.keys[start:stop] - run * self.vocab_size] = table.probs[start:stop]
        return probs

    def _number(self, tokens: Whole) -> int:
        """Return the number of a run of tokens among all of its length, or -1."""
        run = 0
        for table, token in zip(self.tables, tokens, strict=False):
            run = int(_find(table, np.array([run]), np.array([token]), self.vocab_size)[0])
        return run

    def _check_fitted(self) -> None:
        if not self.tables:
            raise ValueError("the model must be fitted before it is asked, but it is not; call fit first")


def choose_order(ids: Ids, vocab_size: int, most: int = 8, longest: int = 1_000_000) -> int:
    """Return the order, from 1 to `most`, that suits a text: the first that a longer one does not better.

    Orders are judged by the last tenth of the text, after all that stands before it, so nothing held out is asked.

    Parameters
    ----------
    ids : sequence of int
        The text to be counted; of a longer one only the last `longest` tokens are looked at.
    vocab_size : int ≥ 1
    most, longest : int ≥ 1

    Raises
    ------
    ValueError
        If there are fewer than two tokens, or one is not an id from 0 to `vocab_size` - 1.
    """
    tokens = _checked_ids(ids, vocab_size)[-longest:]
    if len(tokens) < 2:
        raise ValueError(f"ids must hold at least two tokens, one to judge by, but they hold {len(tokens)}; give more")
    cut = len(tokens) - max(1, len(tokens) // 10)

    def quality(order: int) -> float:
        return float(KneserNey(order).fit(tokens[:cut], vocab_size).log_probs(tokens)[cut:].sum())

    best = quality(1)
    for order in range(2, most + 1):
        found = quality(order)
        if found <= best:
            return order - 1
        best = found
    return most


def _table(keys: Whole, counts: Whole, discounts: Floats, shorter: Floats, contexts: int, vocab_size: int) -> Table:
    """Return the n-grams of one order with their probabilities, given those after the shorter contexts."""
    context = keys // vocab_size
    discount = np.concatenate([[0.0], discounts])[np.minimum(counts, 3)]
    total = np.bincount(context, counts, contexts)
    saved = np.bincount(context, discount, contexts)
    left = np.divide(saved, total, out=np.ones(contexts), where=total > 0)  # 1 where a document ends
    return Table(keys, (counts - discount) / total[context] + left[context] * shorter, left)


def _discounts(counts: Whole) -> Floats:
    """Return D₁, D₂ and D₃ of one order, or `FALLBACK` where the counts give none."""
    found = np.bincount(np.minimum(counts, 5), minlength=6)[1:5].astype(float)
    if not found[:3].all():
        return np.array(FALLBACK)
    y, i = found[0] / (found[0] + 2 * found[1]), np.arange(1, 4)
    discounts = i - (i + 1) * y * found[1:] / found[:3]
    return discounts if np.all((discounts > 0) & (discounts <= i)) else np.array(FALLBACK)


def _find(table: Table, runs: Whole, tokens: Whole, vocab_size: int) -> Whole:
    """Return the numbers of the n-grams that are these runs and tokens, or -1 where there is none."""
    keys = np.where(runs >= 0, runs * vocab_size + tokens, -1)
    found = np.searchsorted(table.keys, keys)
    found[found == len(table.keys)] = 0
    return np.where(table.keys[found] == keys, found, -1) if len(table.keys) else np.full(len(keys), -1)


def _documents(ids: Any) -> Sequence[Any]:
    """Return a list of documents, be it one text that was given, or several."""
    is_tensor = isinstance(ids, torch.Tensor)  # whose single numbers have a length, too
    several = len(ids) and not isinstance(ids, str) and (ids.ndim > 1 if is_tensor else hasattr(ids[0], "__len__"))
    return ids if several else [ids]


def _checked_ids(ids: Ids, vocab_size: int) -> Whole:
    """Return ids as an array; a text may hold millions, so they are checked all at once."""
    given = np.asarray(ids.cpu() if isinstance(ids, torch.Tensor) else ids)
    if not given.size:
        return np.zeros(0, np.int64)
    if given.ndim != 1 or given.dtype.kind not in "iu":
        raise ValueError(f"ids must be a row of whole numbers, but they are {ids!r:.60}; give token ids")
    if given.min() < 0 or given.max() >= vocab_size:
        wrong = given[(given < 0) | (given >= vocab_size)][0]
        raise ValueError(f"ids must be from 0 to {vocab_size - 1}, but one is {wrong}; give a larger vocab_size")
    return given.astype(np.int64)


def _checked_discounts(discounts: Sequence[Sequence[float]], order: int) -> Floats:
    given = np.asarray(discounts, dtype=float)
    if given.shape != (order, 3) or not np.all((given >= 0) & (given <= [1, 2, 3])):
        rule = f"discounts must be order = {order} triples with 0 ≤ Dᵢ ≤ i"
        raise ValueError(f"{rule}, but they are {discounts!r}; leave them out to have them estimated")
    return given
