"""The best text there is, found without trying all: branch and bound."""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from lmkit.decoding.beams import beam_search
from lmkit.decoding.checks import check, check_count
from lmkit.decoding.prompts import Prompt, Step, checked_step, for_batches, join_rows, pick_rows, read_prompt
from lmkit.decoding.texts import Decoded

AT_ONCE = 64  # prefixes read in one step: a batch costs little more than one


@for_batches
def exact_search(
    step: Step,
    prompt: Prompt | Sequence[Prompt],
    max_new_tokens: int = 20,
    eos_token_id: int | None = None,
    *,
    length_penalty: float = 0.0,
    limit: int = 100_000,
) -> Decoded | list[Decoded]:
    """Find the text with the best score Σ log p / length^length_penalty, of all that end or reach `max_new_tokens`.

    Σ log p can only fall as a text grows. So a beginning whose score, at the length that flatters it most, is no better
    than that of a finished text need not be read; the others are, the most promising first.

    Parameters
    ----------
    step, prompt, max_new_tokens, eos_token_id : as for `greedy`
    length_penalty : float
        Far above 0 the bound is loose and the search long.
    limit : int ≥ 1
        How many beginnings may be read.

    Raises
    ------
    RuntimeError
        If `limit` beginnings have been read and a better text is still possible.

    Source: Stahlberg & Byrne (2019), section 2, with the best beginning first instead of depth first.
    Chapter: Beam search.
    """
    check("length_penalty", length_penalty, math.isfinite(length_penalty), "a finite number")
    check_count("limit", limit)
    return [_Hunt(step, max_new_tokens, eos_token_id, length_penalty).best(one, limit) for one in prompt]


@dataclass(frozen=True)
class _Prefix:
    """A beginning: its tokens with their log-probabilities, and the state before its last token (None for nothing)."""

    tokens: tuple[int, ...]
    log_probs: tuple[float, ...]
    total: float
    state: Any


class _Hunt:
    def __init__(self, step: Step, max_new_tokens: int, eos_token_id: int | None, length_penalty: float):
        self.step, self.end = step, eos_token_id
        self.most, self.length_penalty = max_new_tokens, length_penalty

    def best(self, prompt: Prompt, limit: int) -> Decoded:
        """Search from one prompt; what beam search finds is the mark to beat."""
        options = {"length_penalty": self.length_penalty, "early_stopping": "never"}
        self.found = beam_search(self.step, prompt, self.most, self.end, num_beams=4, **options)[0]
        self.open, self.count = [], 0
        log_probs, state = read_prompt(self.step, prompt)
        self.branch(_Prefix((), (), 0.0, None), log_probs[0], state)
        read = 0
        while batch := self.promising():
            read += len(batch)
            if read > limit:
                raise RuntimeError(
                    f"limit must be larger: after reading {limit} beginnings a text better than the best one found "
                    f"({self.found.score:.3f}) is still possible; or lower max_new_tokens or length_penalty"
                )
            tokens = torch.tensor([prefix.tokens[-1] for prefix in batch])
            log_probs, states = checked_step(self.step, tokens, join_rows([prefix.state for prefix in batch]))
            for row, prefix in enumerate(batch):
                self.branch(prefix, log_probs[row], pick_rows(states, torch.tensor([row])))
        return self.found

    def promising(self) -> list[_Prefix]:
        """The beginnings with the highest bounds, as long as these are above the best score found."""
        batch = []
        while self.open and len(batch) < AT_ONCE and -self.open[0][0] > self.found.score:
            batch.append(heapq.heappop(self.open)[-1])
        return batch

    def branch(self, prefix: _Prefix, log_probs: torch.Tensor, state: Any) -> None:
        """Extend a beginning by every token that may lead to a better text."""
        length = len(prefix.tokens) + 1
        totals = prefix.total + log_probs.double()
        final = length == self.most
        limits = totals / (length if final else self.kindest(length)) ** self.length_penalty
        for token in (limits > self.found.score).nonzero()[:, 0].tolist():
            total = float(totals[token])
            longer = _Prefix((*prefix.tokens, token), (*prefix.log_probs, float(log_probs[token])), total, state)
            if final or token == self.end:
                self.offer(longer, total / length**self.length_penalty)
            else:
                self.count += 1  # of equal bounds the first: prefixes cannot be compared
                heapq.heappush(self.open, (-float(limits[token]), self.count, longer))

    def kindest(self, length: int) -> int:
        """The length, of all that a text of `length` tokens may still get, at which its Σ log p would score best."""
        return self.most if self.length_penalty > 0 else length

    def offer(self, prefix: _Prefix, score: float) -> None:
        if score > self.found.score:
            self.found = Decoded(list(prefix.tokens), list(prefix.log_probs), score)
