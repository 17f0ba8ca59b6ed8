"""Decoders that choose one token after the other: greedy decoding and sampling."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from lmkit.decoding.chance import draw_rows, uniform
from lmkit.decoding.checks import check, is_whole
from lmkit.decoding.filters import filter_logits
from lmkit.decoding.prompts import Prompt, Step, checked_step, for_batches, pick_rows, read_prompts
from lmkit.decoding.rules import Rules
from lmkit.decoding.texts import Decoded

SEEDS = 2**32


@for_batches
def greedy(
    step: Step,
    prompt: Prompt | Sequence[Prompt],
    max_new_tokens: int = 20,
    eos_token_id: int | None = None,
    *,
    min_new_tokens: int = 0,
    repetition_penalty: float = 1.0,
    no_repeat_ngram_size: int = 0,
) -> Decoded | list[Decoded]:
    """Take the most probable token at every step.

    Parameters
    ----------
    step : function (tokens, state) -> (log_probs, state)
    prompt : non-empty sequence of int, or a batch of them
        The tokens to continue.
    max_new_tokens : int ≥ 1
    eos_token_id : int, optional
        Stop after this token.
    min_new_tokens : int in [0, max_new_tokens]
        The end token is not written before.
    repetition_penalty : float > 0
        See `apply_repetition_penalty`; 1 changes nothing.
    no_repeat_ngram_size : int ≥ 0
        See `no_repeat_ngram_filter`; 0 forbids nothing.

    Returns
    -------
    Decoded, or for a batch a list of them.
    """
    rules = Rules(max_new_tokens, eos_token_id, min_new_tokens, repetition_penalty, no_repeat_ngram_size)
    return _decode(step, prompt, rules, lambda log_probs, rows, t: log_probs.argmax(dim=-1))


@for_batches
def sample(
    step: Step,
    prompt: Prompt | Sequence[Prompt],
    max_new_tokens: int = 20,
    eos_token_id: int | None = None,
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
) -> Decoded | list[Decoded]:
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
    min_new_tokens, repetition_penalty, no_repeat_ngram_size : as for `greedy`

    Returns
    -------
    Decoded, or for a batch a list of them.
    """
    rules = Rules(max_new_tokens, eos_token_id, min_new_tokens, repetition_penalty, no_repeat_ngram_size)
    seeds = _seeds(seed, len(prompt))

    def choose(log_probs: Tensor, rows: list[int], t: int) -> Tensor:
        filtered = filter_logits(log_probs, temperature, top_k, top_p, min_p, typical_p)
        return draw_rows(filtered, [uniform(seeds[row], t) for row in rows])

    return _decode(step, prompt, rules, choose)


def _seeds(seed: int | Sequence[int], count: int) -> list[int]:
    """A seed for each prompt."""
    for one in seed if isinstance(seed, Sequence) else [seed]:
        check("seed", one, is_whole(one) and 0 <= one < SEEDS, "a whole number from 0 to 2³² - 1")
    if not isinstance(seed, Sequence):
        return [(seed + row) % SEEDS for row in range(count)]
    if len(seed) != count:
        raise ValueError(f"seed must be one number or {count}, one for each prompt, but there are {len(seed)}")
    return list(seed)


def _decode(
    step: Step, prompts: Sequence[Prompt], rules: Rules, choose: Callable[[Tensor, list[int], int], Tensor]
) -> list[Decoded]:
    """Extend texts token by token: `choose` gets what may come next (n, V), the rows that go on, and the step t."""
    log_probs, state = read_prompts(step, prompts)
    texts = rules.first_texts(prompts)
    tokens, scores = [[] for _ in prompts], [[] for _ in prompts]
    rows = list(range(len(prompts)))
    for t in range(rules.max_new_tokens):
        allowed = rules.apply(log_probs, texts, t)
        if rules.look_back and (allowed == -math.inf).all(dim=-1).any():
            raise rules.stuck(t)
        chosen = choose(allowed, rows, t)
        own = log_probs.gather(1, chosen[:, None])[:, 0]
        for row, token, log_prob in zip(rows, chosen.tolist(), own.tolist(), strict=True):
            tokens[row].append(token)
            scores[row].append(log_prob)
        going = [i for i, row in enumerate(rows) if tokens[row][-1] != rules.eos_token_id]
        if not going or t == rules.max_new_tokens - 1:
            break
        if len(going) < len(rows):
            rows = [rows[i] for i in going]
            kept = torch.tensor(going)
            chosen, state = chosen[kept], pick_rows(state, kept)
            texts = texts if texts is None else texts[kept]
        if texts is not None:
            texts = torch.cat([texts, chosen[:, None]], dim=1)
        log_probs, state = checked_step(step, chosen, state)
    return [Decoded(*written, sum(written[1])) for written in zip(tokens, scores, strict=True)]
