"""The best text there is, found without trying all: branch and bound."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from lmkit.decoding.beams import beam_search
from lmkit.decoding.checks import check, check_count
from lmkit.decoding.prompts import Prompt, Step, checked_step, for_batches, join_rows, pick_rows, read_prompt
from lmkit.decoding.texts import Decoded

AT_ONCE = 4096  # beginnings read in one step: many more, and memory fills


@for_batches
def exact_search(
    step: Step,
    prompt: Prompt | Sequence[Prompt],
    max_new_tokens: int = 20,
    eos_token_id: int | None = None,
    *,
    length_penalty: float = 0.0,
    limit: int = 1_000_000,
) -> Decoded | list[Decoded]:
    """Find the text with the best score Σ log p / length^length_penalty, of all that end or reach `max_new_tokens`.

    Σ log p can only fall as a text grows. So a beginning whose score, at the length that flatters it most, is no better
    than that of a finished text need not be read. All others are, the short ones first: a beam search whose width sets
    itself.

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

    Source: Stahlberg & Byrne (2019), section 2, with short beginnings first instead of depth first.
    Chapter: Beam search.
    """
    check("length_penalty", length_penalty, math.isfinite(length_penalty), "a finite number")
    check_count("limit", limit)
    return [_Hunt(step, one, max_new_tokens, eos_token_id, length_penalty).best(limit) for one in prompt]


class _Hunt:
    """A search from one prompt: the best text found so far, and how all beginnings of one length came about."""

    def __init__(self, step: Step, prompt: Prompt, most: int, end: int | None, length_penalty: float):
        self.step, self.prompt, self.most, self.end = step, prompt, most, end
        self.length_penalty = length_penalty
        options = {"length_penalty": length_penalty, "early_stopping": "never"}
        self.found = beam_search(step, prompt, most, end, num_beams=4, **options)[0]  # the mark to beat
        self.trail: list[tuple[Tensor, Tensor, Tensor]] = []  # for each length: parents, tokens, log p

    def best(self, limit: int) -> Decoded:
        """Go from length to length, with all beginnings that may still lead to a better text."""
        log_probs, state = read_prompt(self.step, self.prompt)
        parents, tokens, own = self.branch(log_probs, torch.zeros(1, dtype=torch.float64), 0)
        totals, places, read = own.double(), parents, 0
        while len(tokens):
            self.trail.append((parents, tokens, own))
            read += len(tokens)
            if read > limit:
                raise RuntimeError(
                    f"limit must be larger: more than {limit} beginnings may lead to a text that scores better than "
                    f"the best one found ({self.found.score:.3f}); or lower max_new_tokens or length_penalty"
                )
            parents, tokens, own, places, state = self.read(tokens, totals, places, state)
            totals = totals[parents] + own
        return self.found

    def read(self, tokens: Tensor, totals: Tensor, places: Tensor, state: Any) -> tuple[Tensor, ...]:
        """Read a token after each of these beginnings, a few thousand at a time, and branch.

        A beginning's state stands at its place in `state`. Only the states are kept that something goes on from.
        """
        found, states, kept = [], [], 0
        for rows in torch.arange(len(tokens)).split(AT_ONCE):
            log_probs, after = checked_step(self.step, tokens[rows], pick_rows(state, places[rows]))
            parents, longer, own = self.branch(log_probs, totals[rows], int(rows[0]))
            alive, which = parents.unique(return_inverse=True)
            states.append(pick_rows(after, alive))
            found.append((parents + rows[0], longer, own, which + kept))
            kept += len(alive)
        return *(torch.cat(parts) for parts in zip(*found, strict=True)), join_rows(states)

    def branch(self, log_probs: Tensor, totals: Tensor, start: int) -> tuple[Tensor, Tensor, Tensor]:
        """Extend beginnings by every token: what may lead to a better text, as parents, tokens and log p.

        `start` is the place of the first row among all beginnings of its length.
        """
        length = len(self.trail) + 1
        longer = totals[:, None] + log_probs.double()
        self.offer(longer, log_probs, start, length)
        bounds = longer / self.kindest(length) ** self.length_penalty
        if length == self.most:
            bounds[:] = -math.inf  # whole texts, which have been looked at
        elif self.end is not None:
            bounds[:, self.end] = -math.inf
        parents, tokens = (bounds > self.found.score).nonzero(as_tuple=True)
        return parents, tokens, log_probs[parents, tokens]

    def kindest(self, length: int) -> int:
        """The length, of all that a text of `length` tokens may still get, at which its Σ log p would score best."""
        return self.most if self.length_penalty > 0 else length

    def offer(self, totals: Tensor, log_probs: Tensor, start: int, length: int) -> None:
        """Take the best text that is whole at this length, if it is the best so far; `start` is the first row."""
        if length == self.most:
            row, token = divmod(int(totals.argmax()), totals.shape[1])
        elif self.end is not None:
            row, token = int(totals[:, self.end].argmax()), self.end
        else:
            return
        score = float(totals[row, token]) / length**self.length_penalty
        if score > self.found.score:
            tokens, own, place = [token], [float(log_probs[row, token])], start + row
            for parents, all_tokens, all_log_probs in reversed(self.trail):
                tokens.append(int(all_tokens[place]))
                own.append(float(all_log_probs[place]))
                place = int(parents[place])
            self.found = Decoded(tokens[::-1], own[::-1], score)
