"""Filters and penalties: functions of logits (…, V) that reshape a distribution, or cut tokens out by -inf."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor


def check(name: str, value: Any, holds: bool, rule: str) -> None:
    """Raise ValueError, which names the argument, the rule and the value, unless the rule holds."""
    if not holds:
        raise ValueError(f"{name} must be {rule}, but it is {value!r}")


def is_whole(value: Any) -> bool:
    """Return whether a value is an int, and not a bool."""
    return isinstance(value, int) and not isinstance(value, bool)


def check_count(name: str, value: Any, least: int = 1) -> None:
    """Raise ValueError unless a value is a whole number of at least `least`."""
    check(name, value, is_whole(value) and value >= least, f"a whole number of at least {least}")


def apply_temperature(logits: Tensor, temperature: float) -> Tensor:
    """Divide logits (…, V) by a temperature > 0: below 1 sharpens the distribution, above 1 flattens it.

    Source: Ackley, Hinton & Sejnowski (1985). Chapter: Greedy and sampling.
    """
    check("temperature", temperature, 0 < temperature < math.inf, "a finite number above 0; greedy is the limit 0")
    return logits if temperature == 1 else logits / temperature


def top_k_filter(logits: Tensor, top_k: int) -> Tensor:
    """Keep the k largest logits of each row, and all that tie with the k-th; set the others to -inf.

    Parameters
    ----------
    logits : Tensor (…, V)
    top_k : int ≥ 1
        A k above V keeps everything.

    Source: Fan, Lewis & Dauphin (2018). Chapter: Top-k and top-p.
    """
    check_count("top_k", top_k)
    index = max(logits.shape[-1] - top_k, 0)  # of the k-th largest, counted from the smallest
    kth = torch.from_numpy(np.partition(logits.detach().numpy(), index, axis=-1))[..., index, None]
    return logits.masked_fill(logits < kth, -math.inf)


def top_p_filter(logits: Tensor, top_p: float) -> Tensor:
    """Keep each row's nucleus, the smallest set of most probable tokens whose probabilities sum to p or more.

    The token that crosses p is kept, so at least one always is; the others are set to -inf.

    Parameters
    ----------
    logits : Tensor (…, V)
    top_p : float in (0, 1]

    Source: Holtzman et al. (2020). Chapter: Top-k and top-p.
    """
    check("top_p", top_p, 0 < top_p <= 1, "a number above 0 and at most 1")
    if top_p == 1:
        return logits
    # numpy sorts values alone, many times faster than torch, which also wants to know where they were.
    ordered = torch.from_numpy(np.sort(logits.detach().numpy(), axis=-1)).flip(-1)
    probs = ordered.softmax(dim=-1)
    before = probs.cumsum(dim=-1) - probs  # the mass of all more probable tokens
    size = (before < top_p).sum(dim=-1, keepdim=True).clamp(min=1)
    least = ordered.gather(-1, size - 1)
    drop = logits < least
    if (ordered.gather(-1, size.clamp(max=ordered.shape[-1] - 1)) == least).any():  # of equal tokens the first are kept
        ties, spare = logits == least, (~drop).sum(dim=-1, keepdim=True) - size
        drop |= ties & (ties.sum(dim=-1, keepdim=True) - ties.cumsum(dim=-1) < spare)
    return logits.masked_fill(drop, -math.inf)


def min_p_filter(logits: Tensor, min_p: float) -> Tensor:
    """Keep the tokens that are at least `min_p` times as probable as the most probable one; set the others to -inf.

    Parameters
    ----------
    logits : Tensor (…, V)
    min_p : float in [0, 1]
        0 keeps everything, 1 only the most probable token and those that tie with it.

    Source: Nguyen et al. (2024). Chapter: Top-k and top-p.
    """
    check("min_p", min_p, 0 <= min_p <= 1, "a number from 0 to 1")
    if min_p == 0:
        return logits
    probs = logits.softmax(dim=-1)
    return logits.masked_fill(probs < min_p * probs.amax(dim=-1, keepdim=True), -math.inf)


def typical_filter(logits: Tensor, typical_p: float) -> Tensor:
    """Keep the tokens whose surprisal -log p lies nearest to the entropy, until their probabilities reach `typical_p`.

    The token that crosses it is kept, and all that lie as near; the others are set to -inf.

    Parameters
    ----------
    logits : Tensor (…, V)
    typical_p : float in (0, 1]

    Source: Meister et al. (2023), section 5. Chapter: Top-k and top-p.
    """
    check("typical_p", typical_p, 0 < typical_p <= 1, "a number above 0 and at most 1")
    if typical_p == 1:
        return logits
    log_probs = logits.log_softmax(dim=-1)
    distance = (-log_probs - torch.special.entr(log_probs.exp()).sum(dim=-1, keepdim=True)).abs()
    near, order = distance.sort(dim=-1, stable=True)
    mass = log_probs.exp().gather(-1, order).cumsum(dim=-1)
    last = (mass < typical_p).sum(dim=-1, keepdim=True).clamp(max=logits.shape[-1] - 1)
    return logits.masked_fill(distance > near.gather(-1, last), -math.inf)


def filter_logits(
    logits: Tensor,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float = 1.0,
    min_p: float = 0.0,
    typical_p: float = 1.0,
) -> Tensor:
    """Apply temperature, top-k, top-p, min-p, then typical to logits (…, V); each works on what the one before left.

    Parameters
    ----------
    logits : Tensor (…, V)
    temperature : float > 0
    top_k : int ≥ 1, optional
        None keeps every token.
    top_p, typical_p : float in (0, 1]
        1 keeps every token.
    min_p : float in [0, 1]
        0 keeps every token.

    Returns
    -------
    Tensor (…, V)
        Logits divided by the temperature, -inf where a filter has removed the token.

    Raises
    ------
    ValueError
        If a logit is NaN or a setting is out of range.
    """
    if logits.amax().isnan():  # one NaN makes the maximum NaN
        raise ValueError("logits must be numbers, but some are NaN; the model has diverged or its weights are damaged")
    logits = apply_temperature(logits, temperature)
    if top_k is not None:
        logits = top_k_filter(logits, top_k)
    logits = top_p_filter(logits, top_p)
    return typical_filter(min_p_filter(logits, min_p), typical_p)


def apply_repetition_penalty(logits: Tensor, tokens: Tensor, repetition_penalty: float) -> Tensor:
    """Make tokens that a text already has less probable: divide their logits if positive, multiply them if negative.

    Adding a constant to all logits changes no probability, but it changes what this does. Decoders apply it to
    log-probabilities, which are all negative.

    Parameters
    ----------
    logits : Tensor (N, V)
    tokens : Tensor (N, L), int64
        The texts so far, prompts included; each token counts once. -1 stands for nothing.
    repetition_penalty : float > 0
        1 changes nothing; below 1 rewards repetition.

    Source: Keskar et al. (2019), section 4.1. Chapter: Greedy and sampling.
    """
    rule = "a finite number above 0"
    check("repetition_penalty", repetition_penalty, 0 < repetition_penalty < math.inf, rule)
    if repetition_penalty == 1:
        return logits
    penalised = torch.where(logits < 0, logits * repetition_penalty, logits / repetition_penalty)
    return torch.where(_marked(tokens, logits.shape[-1]), penalised, logits)


def no_repeat_ngram_filter(logits: Tensor, tokens: Tensor, no_repeat_ngram_size: int) -> Tensor:
    """Set to -inf every token that would complete a run of n tokens which the text already has.

    Parameters
    ----------
    logits : Tensor (N, V)
    tokens : Tensor (N, L), int64
        The texts so far, prompts included; -1 stands for nothing.
    no_repeat_ngram_size : int ≥ 0
        n; 0 forbids nothing.

    Source: Paulus, Xiong & Socher (2018), section 2.5. Chapter: Greedy and sampling.
    """
    check_count("no_repeat_ngram_size", no_repeat_ngram_size, least=0)
    n = no_repeat_ngram_size
    if n == 0 or tokens.shape[-1] < n:
        return logits
    runs = tokens.unfold(1, n, 1)  # (N, L - n + 1, n)
    latest = tokens[:, tokens.shape[-1] + 1 - n :]
    seen = (runs[..., :-1] == latest[:, None]).all(dim=-1) & (runs >= 0).all(dim=-1)
    return logits.masked_fill(_marked(torch.where(seen, runs[..., -1], -1), logits.shape[-1]), -math.inf)


def _marked(tokens: Tensor, vocab_size: int) -> Tensor:
    """Return, for each row, which tokens of the vocabulary are among `tokens` (N, L): bool (N, V); -1 is none."""
    marks = torch.zeros(len(tokens), vocab_size + 1, dtype=torch.bool)
    return marks.scatter_(1, torch.where(tokens < 0, vocab_size, tokens), True)[:, :vocab_size]
