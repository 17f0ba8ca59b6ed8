"""Contrastive search: a probable token whose state does not resemble the states before it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from lmkit.decoding.checks import check, check_count
from lmkit.decoding.prompts import Prompt, Step, checked_step, for_batches, join_rows, pick_rows, read_prompt
from lmkit.decoding.rules import Rules
from lmkit.decoding.texts import Decoded


@for_batches
def contrastive_search(
    step: Step,
    prompt: Prompt | Sequence[Prompt],
    max_new_tokens: int = 20,
    eos_token_id: int | None = None,
    *,
    hidden: Callable[[Any], Tensor],
    penalty_alpha: float = 0.6,
    top_k: int = 4,
) -> Decoded | list[Decoded]:
    """Of the k most probable tokens take the one with the highest

        (1 - α) p(token) - α max_j cos(h_token, h_j)

    where h_token is the model's hidden state after that token and h_j are those after all tokens before it, the
    prompt's included.

    Parameters
    ----------
    step, prompt, max_new_tokens, eos_token_id : as for `greedy`
    hidden : function of a state
        The hidden vectors (N, H) in a state that `step` has returned; for an LSTM of ours
        ``lambda state: state[0][:, -1]``.
    penalty_alpha : float in [0, 1]
        α; 0 is greedy decoding.
    top_k : int ≥ 1
        k; a k above V tries every token.

    Returns
    -------
    Decoded, or for a batch a list of them.

    Source: Su et al. (2022), equation 5. Chapter: Comparing decoders.
    """
    check("penalty_alpha", penalty_alpha, 0 <= penalty_alpha <= 1, "a number from 0 to 1")
    check_count("top_k", top_k)
    rules = Rules(max_new_tokens, eos_token_id)
    texts, rows = [([], []) for _ in prompt], list(range(len(prompt)))
    contexts = _Contexts.read(step, prompt, hidden)
    for _ in range(rules.max_new_tokens):
        chosen, log_probs, contexts = contexts.extended(step, hidden, penalty_alpha, top_k)
        for row, token, log_prob in zip(rows, chosen, log_probs, strict=True):
            texts[row][0].append(token)
            texts[row][1].append(log_prob)
        going = [i for i, token in enumerate(chosen) if token != eos_token_id]
        if not going:
            break
        if len(going) < len(rows):
            rows, contexts = [rows[i] for i in going], contexts.picked(torch.tensor(going))
    return [Decoded(tokens, log_probs, sum(log_probs)) for tokens, log_probs in texts]


@dataclass(frozen=True)
class _Contexts:
    """N texts that have been read: what may follow, the state, and the directions of all hidden states so far."""

    log_probs: Tensor  # (N, V)
    state: Any
    directions: Tensor  # (N, L, H): unit vectors
    filled: Tensor  # (N, L): False where a shorter prompt has no state

    @classmethod
    def read(cls, step: Step, prompts: Sequence[Prompt], hidden: Callable[[Any], Tensor]) -> _Contexts:
        """Read prompts one by one, for the states on the way are wanted too."""
        ends, directions = [], []
        for prompt in prompts:
            states = [read_prompt(step, prompt[:1])]
            for token in prompt[1:]:
                states.append(checked_step(step, torch.tensor([int(token)]), states[-1][1]))
            ends.append(states[-1])
            directions.append(torch.cat([_direction(hidden(state)) for _, state in states]))
        filled = pad_sequence([torch.ones(len(one), dtype=torch.bool) for one in directions], batch_first=True)
        log_probs, states = zip(*ends, strict=True)
        return cls(torch.cat(log_probs), join_rows(states), pad_sequence(directions, batch_first=True), filled)

    def picked(self, rows: Tensor) -> _Contexts:
        """Some of the texts."""
        tensors = (part[rows] for part in (self.log_probs, self.directions, self.filled))
        log_probs, directions, filled = tensors
        return _Contexts(log_probs, pick_rows(self.state, rows), directions, filled)

    def extended(self, step: Step, hidden: Callable, penalty_alpha: float, top_k: int):
        """Try the k best tokens of every text; return those chosen, their log-probabilities, and the longer texts."""
        n, k = len(self.log_probs), min(top_k, self.log_probs.shape[-1])
        values, tokens = self.log_probs.topk(k)
        copies = torch.arange(n).repeat_interleave(k)
        log_probs, states = checked_step(step, tokens.flatten(), pick_rows(self.state, copies))
        ahead = _direction(hidden(states)).view(n, k, -1)
        likeness = (ahead @ self.directions.mT).masked_fill(~self.filled[:, None], -math.inf).amax(dim=-1)
        best = ((1 - penalty_alpha) * values.exp() - penalty_alpha * likeness).argmax(dim=1)
        rows = torch.arange(n)
        directions = torch.cat([self.directions, ahead[rows, best][:, None]], dim=1)
        filled = torch.cat([self.filled, torch.ones(n, 1, dtype=torch.bool)], dim=1)
        taken = rows * k + best
        longer = _Contexts(log_probs[taken], pick_rows(states, taken), directions, filled)
        return tokens[rows, best].tolist(), values[rows, best].tolist(), longer


def _direction(vectors: Tensor) -> Tensor:
    return torch.nn.functional.normalize(vectors, dim=-1)
