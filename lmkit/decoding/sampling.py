"""Decoders that choose one token after the other: greedy decoding and sampling."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

import torch
from torch import Tensor

from lmkit.decoding.constraints import Constraints, EndTokens, allows_a_token, nothing_follows
from lmkit.decoding.filters import check, reshape
from lmkit.decoding.prompts import Decoded, StepFn, checked_step, for_batches, read_prompts
from lmkit.decoding.ranking import argmax
from lmkit.decoding.rng import draw_rows, uniform
from lmkit.decoding.state import select_rows
from lmkit.text import as_ids, as_whole

NUM_SEEDS = 2**32


@for_batches
def greedy(
    step: StepFn,
    prompt: Sequence[list[int]],
    max_new_tokens: int = 20,
    eos_token_id: EndTokens = None,
    *,
    min_new_tokens: int = 0,
    repetition_penalty: float = 1.0,
    no_repeat_ngram_size: int = 0,
    suppress_tokens: Iterable[int] | None = None,
) -> list[Decoded]:
    """Take the most probable token at every step, of equally probable ones that with the lowest id.

    Parameters
    ----------
    step : function (tokens, state) -> (log_probs, state), or a model
        Anything with a method `stepper` counts as a model. It is asked once for each call: hand many calls the same
        ``model.stepper()``.
    prompt : non-empty sequence of int, or a batch of them
        The tokens to continue.
    max_new_tokens : int ≥ 1
    eos_token_id : int or several, optional
        Stop after this token, or after any of these: a list, tuple, set or tensor of ids.
    min_new_tokens : int in [0, max_new_tokens]
        The end token is not written before; without an end token there is nothing to wait with, and only 0 is allowed.
    repetition_penalty : float > 0
        See `apply_repetition_penalty`; 1 changes nothing.
    no_repeat_ngram_size : int ≥ 0
        See `no_repeat_ngram_filter`; 0 forbids nothing.
    suppress_tokens : iterable of int, optional
        Tokens that are never written, such as a vocabulary's `<unk>`; the others keep their proportions.

    Returns
    -------
    Decoded, or for a batch a list of them.

    Raises
    ------
    ValueError
        If an argument is out of its range, or no token may come next.
    """
    limits = (min_new_tokens, repetition_penalty, no_repeat_ngram_size, suppress_tokens)
    constraints = Constraints(max_new_tokens, eos_token_id, *limits)
    return _decode(step, prompt, constraints, lambda log_probs, rows, t: argmax(log_probs))


@for_batches
def sample(
    step: StepFn,
    prompt: Sequence[list[int]],
    max_new_tokens: int = 20,
    eos_token_id: EndTokens = None,
    *,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float = 1.0,
    min_p: float = 0.0,
    typical_p: float = 1.0,
    seed: int | Sequence[int] = 0,
    min_new_tokens: int = 0,
    repetition_penalty: float = 1.0,
    no_repeat_ngram_size: int = 0,
    suppress_tokens: Iterable[int] | None = None,
) -> list[Decoded]:
    """Draw every token at random from the filtered distribution; with the defaults, pure sampling.

    Parameters
    ----------
    step, prompt, max_new_tokens, eos_token_id : as for `greedy`
    temperature : float > 0
    top_k : int ≥ 1, optional
    top_p, typical_p : float in (0, 1]
    min_p : float in [0, 1]
    seed : int in [0, 2³²), or one for each prompt
        Names the stream of random numbers; the token at step t is drawn with `uniform(seed, t)`. The prompts of a batch
        get the seeds seed, seed + 1, …
    min_new_tokens, repetition_penalty, no_repeat_ngram_size, suppress_tokens : as for `greedy`

    Returns
    -------
    Decoded, or for a batch a list of them.
    """
    limits = (min_new_tokens, repetition_penalty, no_repeat_ngram_size, suppress_tokens)
    constraints = Constraints(max_new_tokens, eos_token_id, *limits)
    seeds = _seeds(seed, len(prompt))

    def choose(log_probs: Tensor, rows: list[int], t: int) -> Tensor:
        filtered = reshape(log_probs, temperature, top_k, top_p, min_p, typical_p)
        return draw_rows(filtered, [uniform(seeds[row], t) for row in rows])

    return _decode(step, prompt, constraints, choose)


def _seeds(seed: int | Sequence[int], count: int) -> list[int]:
    """Return a seed for each prompt."""
    if (first := as_whole(seed)) is not None:
        seeds = [(first + row) % NUM_SEEDS for row in range(count)]
    else:
        first, seeds = 0, as_ids("seed", seed, NUM_SEEDS)
    check("seed", seed, 0 <= first < NUM_SEEDS, "a whole number from 0 to 2³² - 1")
    if len(seeds) != count:
        raise ValueError(f"seed must be one number or {count}, one for each prompt, but there are {len(seeds)}")
    return seeds


def _decode(
    step: StepFn,
    prompts: Sequence[list[int]],
    constraints: Constraints,
    choose: Callable[[Tensor, list[int], int], Tensor],
) -> list[Decoded]:
    """Extend texts token by token: `choose` gets what may come next (n, V), the running rows, and the step t."""
    log_probs, state = read_prompts(step, prompts)
    constraints.check_vocab(log_probs)
    history = constraints.initial_history(prompts)
    tokens, scores = [[] for _ in prompts], [[] for _ in prompts]
    rows = list(range(len(prompts)))
    for t in range(constraints.max_new_tokens):
        allowed = constraints.apply(log_probs, history, t)
        if allowed is not log_probs and not allows_a_token(allowed):
            raise constraints.no_token_left(log_probs, history, t)
        chosen = choose(allowed, rows, t)
        model_log_probs = log_probs.gather(1, chosen[:, None])[:, 0].tolist()
        if -math.inf in model_log_probs:
            raise nothing_follows(t)
        for row, token, log_prob in zip(rows, chosen.tolist(), model_log_probs, strict=True):
            tokens[row].append(token)
            scores[row].append(log_prob)
        running = [i for i, row in enumerate(rows) if tokens[row][-1] not in constraints.ends]
        if not running or t == constraints.max_new_tokens - 1:
            break
        if len(running) < len(rows):
            rows, kept = [rows[i] for i in running], torch.tensor(running)
            chosen, state, history = select_rows((chosen, state, history), kept)
        if history is not None:
            history = torch.cat([history, chosen[:, None]], dim=1)
        log_probs, state = checked_step(step, chosen, state)
    return [Decoded(*written, sum(written[1])) for written in zip(tokens, scores, strict=True)]
