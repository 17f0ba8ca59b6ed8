"""Contrastive search: a probable token whose state does not resemble the states before it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from lmkit.decoding.constraints import Constraints, EndTokens, allows_a_token
from lmkit.decoding.filters import at_least_float32, check, check_count, is_number
from lmkit.decoding.prompts import Decoded, StepFn, check_known, checked_step, for_batches, read_prompts
from lmkit.decoding.ranking import argmax, top_k
from lmkit.decoding.state import concat_rows, select_rows


def last_hidden(state: Tensor | tuple[Tensor, ...]) -> Tensor:
    """Return the hidden vectors (N, H) of the last layer, in a state as the models of `lmkit.models` have it.

    Parameters
    ----------
    state : h, or (h, c), each Tensor (N, D, H)

    Raises
    ------
    ValueError
        For another state.
    """
    h = state[0] if isinstance(state, tuple) else state
    if not isinstance(h, Tensor) or h.dim() != 3:
        raise ValueError(f"hidden must be given where a state is not h or (h, c) of shape (N, D, H); it is {state!r}")
    return h[:, -1]


@for_batches
def contrastive_search(
    step: StepFn,
    prompt: Sequence[list[int]],
    max_new_tokens: int = 20,
    eos_token_id: EndTokens = None,
    *,
    hidden: Callable[[Any], Tensor] = last_hidden,
    penalty_alpha: float = 0.6,
    top_k: int = 4,
    suppress_tokens: Iterable[int] | None = None,
) -> list[Decoded]:
    """Take, of the k most probable tokens, the one with the highest score.

    The score is::

        (1 - α) p(token) - α max_j cos(h_token, h_j)

    where h_token is the model's hidden state after that token and h_j are those after all tokens before it, the
    prompt's included.

    Parameters
    ----------
    step, prompt, max_new_tokens, eos_token_id : as for `greedy`
    hidden : function of a state, optional
        Returns the hidden vectors (N, H) in a state that `step` has returned; by default `last_hidden`.
    penalty_alpha : float in [0, 1]
        α; 0 is greedy decoding.
    top_k : int ≥ 1
        k; a k above V tries every token.
    suppress_tokens : as for `greedy`

    Returns
    -------
    Decoded, or for a batch a list of them.

    Source: Su et al. (2022), equation 5. Chapter: Comparing decoders.
    """
    check("penalty_alpha", penalty_alpha, is_number(penalty_alpha) and 0 <= penalty_alpha <= 1, "a number from 0 to 1")
    top_k = check_count("top_k", top_k)
    constraints = Constraints(max_new_tokens, eos_token_id, suppress_tokens=suppress_tokens)
    texts, rows = [([], []) for _ in prompt], list(range(len(prompt)))
    contexts = _Contexts.read(step, prompt, hidden)
    constraints.check_vocab(contexts.log_probs)
    for length in range(constraints.max_new_tokens):
        allowed = constraints.apply(contexts.log_probs, None, length)
        if not allows_a_token(allowed):
            raise constraints.no_token_left(contexts.log_probs, None, length)
        contexts = replace(contexts, log_probs=allowed)
        chosen, log_probs, contexts = contexts.extended(step, hidden, penalty_alpha, top_k)
        for row, token, log_prob in zip(rows, chosen, log_probs, strict=True):
            texts[row][0].append(token)
            texts[row][1].append(log_prob)
        running = [i for i, token in enumerate(chosen) if token not in constraints.ends]
        if not running:
            break
        if len(running) < len(rows):
            rows, contexts = [rows[i] for i in running], contexts.selected(torch.tensor(running))
    return [Decoded(tokens, log_probs, sum(log_probs)) for tokens, log_probs in texts]


@dataclass(frozen=True)
class _Contexts:
    """N texts that have been read: what may follow, the state, and the directions of all hidden states so far."""

    log_probs: Tensor  # (N, V)
    state: Any
    directions: Tensor  # (N, L, H): unit vectors
    mask: Tensor  # (N, L): False where a shorter prompt has no state

    @classmethod
    def read(cls, step: StepFn, prompts: Sequence[list[int]], hidden: Callable[[Any], Tensor]) -> _Contexts:
        """Read prompts one by one, for the states on the way are wanted too."""
        ends, directions = [], []
        for prompt in prompts:
            states = [read_prompts(step, [prompt[:1]])]
            check_known(step, [prompt], states[0][0])
            for token in prompt[1:]:
                states.append(checked_step(step, torch.tensor([token]), states[-1][1]))
            ends.append(states[-1])
            directions.append(torch.cat([_direction(hidden(state)) for _, state in states]))
        mask = pad_sequence([torch.ones(len(one), dtype=torch.bool) for one in directions], batch_first=True)
        log_probs, states = zip(*ends, strict=True)
        return cls(torch.cat(log_probs), concat_rows(states), pad_sequence(directions, batch_first=True), mask)

    def selected(self, rows: Tensor) -> _Contexts:
        """Return some of the texts."""
        return _Contexts(*select_rows((self.log_probs, self.state, self.directions, self.mask), rows))

    def extended(
        self, step: StepFn, hidden: Callable[[Any], Tensor], penalty_alpha: float, k: int
    ) -> tuple[list[int], list[float], _Contexts]:
        """Try the k best tokens of every text; return those chosen, their log-probabilities, and the longer texts."""
        candidates = top_k(self.log_probs, k)[1].sort(dim=1).values  # by id: of equal scores the lowest id wins
        n, k = candidates.shape
        model_log_probs = self.log_probs.gather(1, candidates)
        copies = torch.arange(n).repeat_interleave(k)
        log_probs, states = checked_step(step, candidates.flatten(), select_rows(self.state, copies))
        ahead = _direction(hidden(states)).view(n, k, -1)
        similarity = (ahead @ self.directions.mT).masked_fill(~self.mask[:, None], -math.inf).amax(dim=-1)
        scores = (1 - penalty_alpha) * model_log_probs.exp() - penalty_alpha * similarity
        best = argmax(scores.masked_fill(model_log_probs == -math.inf, -math.inf))  # whatever their states
        rows = torch.arange(n)
        directions = torch.cat([self.directions, ahead[rows, best][:, None]], dim=1)
        mask = torch.cat([self.mask, torch.ones(n, 1, dtype=torch.bool)], dim=1)
        taken = rows * k + best
        longer = _Contexts(log_probs[taken], select_rows(states, taken), directions, mask)
        return candidates[rows, best].tolist(), model_log_probs[rows, best].tolist(), longer


def _direction(vectors: Tensor) -> Tensor:
    """Return vectors (N, H) scaled to length 1, where decoders compute."""
    return torch.nn.functional.normalize(vectors.to("cpu", at_least_float32(vectors)), dim=-1)
