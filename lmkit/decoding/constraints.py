"""Constraints that all decoders share: when a text ends, and which tokens may not come next."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

import torch
from torch import Tensor

from lmkit.decoding.filters import apply_repetition_penalty, check, check_count, no_repeat_ngram_filter
from lmkit.text import as_ids, as_whole

EndTokens = int | Iterable[int] | None  # the tokens after which a text ends: one, several or none


class NoTokenLeftError(ValueError):
    """No token may come next."""


@dataclass(frozen=True)
class Constraints:
    """Limits of a text's length, penalties on repetition, and tokens never written; the parameters are `greedy`'s.

    Attributes
    ----------
    ends : tuple of int
        The end tokens, each once, the lowest first.
    suppress_tokens : tuple of int
        The tokens that are never written, each once, the lowest first.
    """

    max_new_tokens: int
    eos_token_id: EndTokens
    min_new_tokens: int = 0
    repetition_penalty: float = 1.0
    no_repeat_ngram_size: int = 0
    suppress_tokens: Any = None
    ends: tuple[int, ...] = field(init=False)

    def __post_init__(self):
        most = check_count("max_new_tokens", self.max_new_tokens)
        least = check_count("min_new_tokens", self.min_new_tokens, least=0)
        check("min_new_tokens", self.min_new_tokens, least <= most, f"at most max_new_tokens, {most}")
        ends = _end_tokens(self.eos_token_id)
        rule = "left out where eos_token_id is None, for no token ends a text then"
        check("min_new_tokens", self.min_new_tokens, least == 0 or len(ends) > 0, rule)
        given = () if self.suppress_tokens is None else self.suppress_tokens
        suppressed = tuple(sorted(set(as_ids("suppress_tokens", given))))
        known = {"max_new_tokens": most, "min_new_tokens": least, "ends": ends, "suppress_tokens": suppressed}
        for name, value in known.items():
            object.__setattr__(self, name, value)

    @property
    def needs_history(self) -> bool:
        """True where what may come next depends on the words of the text so far."""
        return self.repetition_penalty != 1 or self.no_repeat_ngram_size != 0

    def check_vocab(self, log_probs: Tensor) -> None:
        """Raise ValueError if an end token or a suppressed one is not among the V of log-probabilities (…, V)."""
        as_ids("eos_token_id", self.ends, log_probs.shape[-1])
        as_ids("suppress_tokens", self.suppress_tokens, log_probs.shape[-1])

    def is_end(self, tokens: Tensor) -> Tensor:
        """Return which tokens are end tokens: a tensor of bool, shaped as they are."""
        found = [tokens == end for end in self.ends]
        return reduce(torch.logical_or, found) if found else torch.zeros_like(tokens, dtype=torch.bool)

    def apply(self, log_probs: Tensor, history: Tensor | None, length: int) -> Tensor:
        """Return what may come next after `length` new tokens: log-probabilities (N, V), penalised, or -inf.

        In the order of transformers: repetition penalty, no repeated n-grams, minimum length, suppressed tokens.

        Parameters
        ----------
        log_probs : Tensor (N, V)
        history : Tensor (N, L), or None where `needs_history` is False
            Prompt and new tokens, -1 where there is nothing.
        length : int ≥ 0
        """
        for _, rule in self._rules(history, length):
            log_probs = rule(log_probs)
        return log_probs

    def no_token_left(self, log_probs: Tensor, history: Tensor | None, length: int) -> NoTokenLeftError:
        """Return the error to raise where no token may come next, in any of some rows; it blames what forbids the last.

        Parameters are those of `apply`.
        """
        if not allows_a_token(log_probs):
            return nothing_follows(length)
        after = f"after {length} new ones"
        why = {
            "repetition_penalty": f"{self.repetition_penalty} makes all of them impossible {after}; make it smaller",
            "no_repeat_ngram_size": f"{self.no_repeat_ngram_size} forbids all of them {after}; make it larger, or "
            "max_new_tokens smaller",
            "min_new_tokens": f"{self.min_new_tokens} forbids to end {after}, when no other may come; make it smaller",
            "suppress_tokens": f"{list(self.suppress_tokens)} forbids all that may come {after}; allow one of them",
        }
        for name, rule in self._rules(history, length):
            log_probs = rule(log_probs)
            if not allows_a_token(log_probs):
                return NoTokenLeftError(f"{name} must leave a token, but {why[name]}")
        raise AssertionError("a token may come next")

    def _rules(self, history: Tensor | None, length: int) -> Iterator[tuple[str, Callable[[Tensor], Tensor]]]:
        """Yield what reshapes log-probabilities (N, V) after `length` new tokens, and the option that asks for it."""
        if history is not None:
            yield "repetition_penalty", lambda row: apply_repetition_penalty(row, history, self.repetition_penalty)
            yield "no_repeat_ngram_size", lambda row: no_repeat_ngram_filter(row, history, self.no_repeat_ngram_size)
        if length < self.min_new_tokens and self.ends:
            yield "min_new_tokens", lambda row: row.index_fill(1, torch.tensor(self.ends), -math.inf)
        if self.suppress_tokens:
            yield "suppress_tokens", lambda row: row.index_fill(1, torch.tensor(self.suppress_tokens), -math.inf)

    def initial_history(self, prompts: Sequence[list[int]]) -> Tensor | None:
        """Return the prompts, flush right in one tensor (N, L), -1 where a shorter one has nothing; None if unused."""
        if not self.needs_history:
            return None
        longest = max(map(len, prompts))
        return torch.tensor([[-1] * (longest - len(prompt)) + prompt for prompt in prompts])


def allows_a_token(log_probs: Tensor) -> bool:
    """Return whether in each row of log-probabilities (N, V) at least one token is possible."""
    return bool((log_probs.amax(dim=-1) > -math.inf).all())


def nothing_follows(length: int) -> NoTokenLeftError:
    """Return the error to raise where a step itself allows no token after `length` new ones."""
    return NoTokenLeftError(f"step must allow a token, but after {length} new ones all log-probabilities are -inf")


def _end_tokens(eos_token_id: Any) -> tuple[int, ...]:
    """Return the end tokens, each once, the lowest first."""
    if eos_token_id is None:
        return ()
    one = as_whole(eos_token_id)
    ids = as_ids("eos_token_id", eos_token_id if one is None else [one])
    check("eos_token_id", eos_token_id, len(ids) > 0, "an id or several, or None where no token ends a text")
    return tuple(sorted(set(ids)))
