"""Constraints that all decoders share: when a text ends, and which tokens may not come next."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from lmkit.decoding.filters import apply_repetition_penalty, check, check_count, no_repeat_ngram_filter
from lmkit.decoding.prompts import Prompt


@dataclass(frozen=True)
class Constraints:
    """Limits of a text's length, and penalties on repetition; the parameters are `greedy`'s."""

    max_new_tokens: int
    eos_token_id: int | None
    min_new_tokens: int = 0
    repetition_penalty: float = 1.0
    no_repeat_ngram_size: int = 0

    def __post_init__(self):
        check_count("max_new_tokens", self.max_new_tokens)
        check_count("min_new_tokens", self.min_new_tokens, least=0)
        rule = f"at most max_new_tokens, {self.max_new_tokens}"
        check("min_new_tokens", self.min_new_tokens, self.min_new_tokens <= self.max_new_tokens, rule)

    @property
    def needs_history(self) -> bool:
        """True where what may come next depends on the words of the text so far."""
        return self.repetition_penalty != 1 or self.no_repeat_ngram_size != 0

    def apply(self, log_probs: Tensor, history: Tensor | None, length: int) -> Tensor:
        """Return what may come next after `length` new tokens: log-probabilities (N, V), penalised, or -inf.

        In the order of transformers: repetition penalty, no repeated n-grams, minimum length.

        Parameters
        ----------
        log_probs : Tensor (N, V)
        history : Tensor (N, L), or None where `needs_history` is False
            Prompt and new tokens, -1 where there is nothing.
        length : int ≥ 0
        """
        if history is not None:
            log_probs = apply_repetition_penalty(log_probs, history, self.repetition_penalty)
            log_probs = no_repeat_ngram_filter(log_probs, history, self.no_repeat_ngram_size)
        if length < self.min_new_tokens and self.eos_token_id is not None:
            log_probs = log_probs.clone()
            log_probs[:, self.eos_token_id] = -math.inf
        return log_probs

    def no_token_left(self, length: int) -> ValueError:
        """Return the error to raise where every token is forbidden."""
        return ValueError(
            f"no_repeat_ngram_size must leave a token, but {self.no_repeat_ngram_size} forbids all of them after "
            f"{length} new ones; make it larger, or max_new_tokens smaller"
        )

    def initial_history(self, prompts: Sequence[Prompt]) -> Tensor | None:
        """Return the prompts, flush right in one tensor (N, L), -1 where a shorter one has nothing; None if unused."""
        if not self.needs_history:
            return None
        longest = max(map(len, prompts))
        return torch.tensor([[-1] * (longest - len(prompt)) + [int(token) for token in prompt] for prompt in prompts])
