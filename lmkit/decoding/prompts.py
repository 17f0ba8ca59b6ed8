"""Prompts, one or a batch, and the state of a model that has read them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

import torch
from torch import Tensor

Step = Callable[[Tensor, Any], tuple[Tensor, Any]]
Prompt = Sequence[int]


def for_batches(decode: Callable) -> Callable:
    """Let a decoder of a batch, `decode(step, prompts, …) -> list`, take a single prompt too, and return one result."""

    @wraps(decode)
    def decoder(step: Step, prompt: Prompt | Sequence[Prompt], *args, **options):
        if is_batch(prompt):
            return decode(step, prompt, *args, **options)
        return decode(step, [prompt], *args, **options)[0]

    return decoder


def is_batch(prompt: Prompt | Sequence[Prompt]) -> bool:
    """Whether this is a sequence of prompts, and not one prompt."""
    return len(prompt) > 0 and not isinstance(prompt[0], int) and getattr(prompt[0], "ndim", 1) > 0


def read_prompt(step: Step, prompt: Prompt) -> tuple[Tensor, Any]:
    """Read a prompt token by token; return the log-probabilities (1, V) of what follows, and the state."""
    return read_prompts(step, [prompt])


def read_prompts(step: Step, prompts: Sequence[Prompt]) -> tuple[Tensor, Any]:
    """Read prompts of any lengths side by side; return the log-probabilities (N, V) of what follows, and the state."""
    for prompt in prompts:
        if not len(prompt):
            raise ValueError("prompt must hold at least one token, but it is empty; use the end token for a new text")
    order = sorted(range(len(prompts)), key=lambda row: -len(prompts[row]))
    texts = [[int(token) for token in prompts[row]] for row in order]
    log_probs, state, read = None, None, []  # `read`: what the shorter ones have come to, shortest first
    for place in range(len(texts[0])):
        going = sum(len(text) > place for text in texts)
        if log_probs is not None and going < len(log_probs):
            rows = torch.arange(len(log_probs))
            read.append((log_probs[going:], pick_rows(state, rows[going:])))
            state = pick_rows(state, rows[:going])
        log_probs, state = checked_step(step, torch.tensor([text[place] for text in texts[:going]]), state)
    if not read:
        return log_probs, state
    pieces = [(log_probs, state), *reversed(read)]
    back = torch.tensor(order).argsort()
    joined = join_rows([piece for _, piece in pieces])
    return torch.cat([piece for piece, _ in pieces])[back], pick_rows(joined, back)


def checked_step(step: Step, tokens: Tensor, state: Any) -> tuple[Tensor, Any]:
    """One step; raises ValueError where it returns NaN."""
    log_probs, state = step(tokens, state)
    if log_probs.amax().isnan():  # one NaN makes the maximum NaN
        raise ValueError("step returned NaN log-probabilities; the model has diverged or its weights are damaged")
    return log_probs, state


def pick_rows(state: Any, rows: Tensor) -> Any:
    """The given rows of a state: a tensor with N first, or a tuple or list of such states."""
    if isinstance(state, Tensor):
        return state.index_select(0, rows)
    return type(state)(pick_rows(part, rows) for part in state)


def join_rows(states: Sequence[Any]) -> Any:
    """States of the same shape, one below the other."""
    if isinstance(states[0], Tensor):
        return torch.cat(states)
    return type(states[0])(join_rows(parts) for parts in zip(*states, strict=True))
