"""The best text there is, found without trying all: branch and bound."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from lmkit.decoding.beams import beam_search, check_length_penalty
from lmkit.decoding.constraints import Constraints, EndTokens, NoTokenLeftError
from lmkit.decoding.filters import check_count
from lmkit.decoding.prompts import Decoded, StepFn, checked_step, for_batches, read_prompts
from lmkit.decoding.ranking import argmax
from lmkit.decoding.state import concat_rows, select_rows

CHUNK_SIZE = 4096  # prefixes read in one step: many more, and memory fills


@for_batches
def exact_search(
    step: StepFn,
    prompt: Sequence[list[int]],
    max_new_tokens: int = 20,
    eos_token_id: EndTokens = None,
    *,
    length_penalty: float = 0.0,
    limit: int = 1_000_000,
) -> list[Decoded]:
    """Find the text with the best score Σ log p / length^length_penalty, of all that end or reach `max_new_tokens`.

    Σ log p can only fall as a text grows. So a prefix whose score, at the length that flatters it most, is no better
    than that of a finished text need not be read. All others are, the short ones first: a beam search whose width sets
    itself. Of equally good texts it returns the one that four beams find, or else the one that it reads first.

    Parameters
    ----------
    step, prompt, max_new_tokens, eos_token_id : as for `greedy`
    length_penalty : float
        Far above 0 the bound is loose and the search long.
    limit : int ≥ 1
        How many prefixes may be read.

    Returns
    -------
    Decoded, or for a batch a list of them.

    Raises
    ------
    RuntimeError
        If `limit` prefixes have been read and a better text is still possible.

    Source: Stahlberg & Byrne (2019), section 2, with short prefixes first instead of depth first.
    Chapter: Beam search.
    """
    limit = check_count("limit", limit)
    constraints = Constraints(max_new_tokens, eos_token_id)
    check_length_penalty(length_penalty, constraints.max_new_tokens)
    searches = [BranchAndBound(step, one, constraints, length_penalty) for one in prompt]
    return [search.best(limit) for search in searches]


class BranchAndBound:
    """A search from one prompt: the best text found so far, and how all prefixes of one length came about.

    Parameters
    ----------
    step, prompt, length_penalty : as for `exact_search`
    constraints : Constraints
        Of which only the length of a text and its end tokens count.
    """

    def __init__(self, step: StepFn, prompt: list[int], constraints: Constraints, length_penalty: float):
        self.step, self.prompt = step, prompt
        self.max_new_tokens, self.ends = constraints.max_new_tokens, list(constraints.ends)
        self.length_penalty = length_penalty
        options = {"num_beams": 4, "length_penalty": length_penalty, "early_stopping": "never"}
        self.incumbent = Decoded([], [], -math.inf)  # to be beaten
        self.dead_end: NoTokenLeftError | None = None
        try:
            self.incumbent = beam_search(step, prompt, self.max_new_tokens, self.ends or None, **options)[0]
        except NoTokenLeftError as error:  # where beams come to no end, other texts may
            self.dead_end = error
        self.backpointers: list[tuple[Tensor, Tensor, Tensor]] = []  # for each length: parents, tokens, log p

    def best(self, limit: int) -> Decoded:
        """Go from length to length, with all prefixes that may still lead to a better text."""
        log_probs, state = read_prompts(self.step, [self.prompt])
        parents, tokens, model_log_probs = self.branch(log_probs, torch.zeros(1, dtype=torch.float64), 0)
        totals, state_rows, read = model_log_probs.double(), parents, 0
        while len(tokens):
            self.backpointers.append((parents, tokens, model_log_probs))
            read += len(tokens)
            if read > limit:
                raise RuntimeError(
                    f"limit must be larger: more than {limit} prefixes may lead to a text that scores better than "
                    f"the best one found ({self.incumbent.score:.3f}); or lower max_new_tokens or length_penalty"
                )
            parents, tokens, model_log_probs, state_rows, state = self.read(tokens, totals, state_rows, state)
            totals = totals[parents] + model_log_probs
        if self.dead_end and not self.incumbent.tokens:
            raise self.dead_end
        return self.incumbent

    def read(self, tokens: Tensor, totals: Tensor, state_rows: Tensor, state: Any) -> tuple[Any, ...]:
        """Read a token after each of these prefixes, a few thousand at a time, and branch.

        Parameters
        ----------
        tokens, totals, state_rows : Tensors (n,)
            The last token of each prefix, its Σ log p, and the row of `state` in which it was read so far.
        state : the model's, after all but these tokens

        Returns
        -------
        parents, tokens, model_log_probs, state_rows, state
            Of the longer prefixes. Only the states are kept that something goes on from.
        """
        longer, states, kept = [], [], 0
        for rows in torch.arange(len(tokens)).split(CHUNK_SIZE):
            log_probs, after = checked_step(self.step, tokens[rows], select_rows(state, state_rows[rows]))
            start = int(rows[0])
            parents, next_tokens, model_log_probs = self.branch(log_probs, totals[rows], start)
            alive, which = parents.unique(return_inverse=True)
            states.append(select_rows(after, alive))
            longer.append((parents + start, next_tokens, model_log_probs, which + kept))
            kept += len(alive)
        return *(torch.cat(parts) for parts in zip(*longer, strict=True)), concat_rows(states)

    def branch(self, log_probs: Tensor, totals: Tensor, start: int) -> tuple[Tensor, Tensor, Tensor]:
        """Extend prefixes by every token: what may lead to a better text, as parents, tokens and log p.

        `start` is the place of the first row among all prefixes of its length.
        """
        length = len(self.backpointers) + 1
        longer = totals[:, None] + log_probs.double()
        self.update_incumbent(longer, log_probs, start, length)
        bounds = longer / self.best_case_length(length) ** self.length_penalty
        if length == self.max_new_tokens:
            bounds[:] = -math.inf  # whole texts, which have been looked at
        else:
            bounds[:, self.ends] = -math.inf
        parents, tokens = (bounds > self.incumbent.score).nonzero(as_tuple=True)
        return parents, tokens, log_probs[parents, tokens]

    def best_case_length(self, length: int) -> int:
        """Return the length, of all that a text of `length` tokens may still get, at which its Σ log p scores best."""
        return self.max_new_tokens if self.length_penalty > 0 else length

    def update_incumbent(self, totals: Tensor, log_probs: Tensor, start: int, length: int) -> None:
        """Take the best text that is whole at this length, if it is the best so far; `start` is the first row."""
        if length == self.max_new_tokens:
            row, token = divmod(int(argmax(totals.flatten())), totals.shape[1])
        elif self.ends:
            row, end = divmod(int(argmax(totals[:, self.ends].flatten())), len(self.ends))
            token = self.ends[end]
        else:
            return
        score = float(totals[row, token]) / length**self.length_penalty
        if score > self.incumbent.score:
            tokens, model_log_probs, place = [token], [float(log_probs[row, token])], start + row
            for parents, all_tokens, all_log_probs in reversed(self.backpointers):
                tokens.append(int(all_tokens[place]))
                model_log_probs.append(float(all_log_probs[place]))
                place = int(parents[place])
            self.incumbent = Decoded(tokens[::-1], model_log_probs[::-1], score)
