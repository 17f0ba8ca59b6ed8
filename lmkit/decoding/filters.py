"""Filters and penalties: functions of logits (…, V) that reshape a distribution, or cut tokens out by -inf."""

from __future__ import annotations

import math
from numbers import Real
from typing import Any

import numpy as np
import torch
from torch import Tensor

from lmkit.text import as_ids, as_whole


def check(name: str, value: Any, holds: bool, rule: str) -> None:
    """Raise ValueError, which names the argument, the rule and the value, unless the rule holds."""
    if not holds:
        raise ValueError(f"{name} must be {rule}, but it is {value!r}")


def check_count(name: str, value: Any, least: int = 1) -> int:
    """Return a value as an int; raise ValueError unless it is a whole number of at least `least`."""
    count = as_whole(value)
    if count is None or count < least:
        raise ValueError(f"{name} must be a whole number of at least {least}, but it is {value!r}")
    return count


def is_number(value: Any) -> bool:
    """Return whether a value is a number, and not a bool; NumPy's numbers count, and tensors do not."""
    return isinstance(value, (float, Real)) and not isinstance(value, bool)  # float first: a class is asked sooner


def check_logits(logits: Tensor) -> None:
    """Raise ValueError unless every row of logits (…, V) makes a distribution: no NaN or inf, and not -inf only."""
    largest = logits.amax(dim=-1)  # one NaN makes it NaN
    if _all_finite(largest):
        return
    if largest.isnan().any():
        raise ValueError("logits must be numbers, but some are NaN; the model has diverged or its weights are damaged")
    if (largest == math.inf).any():
        raise ValueError("logits must be below inf, but some are inf; -inf is for tokens that must not come")
    raise ValueError("logits must leave a token, but a row of them is -inf throughout; allow a token in every row")


def apply_temperature(logits: Tensor, temperature: float) -> Tensor:
    """Divide logits (…, V) by a temperature > 0: below 1 sharpens the distribution, above 1 flattens it.

    Where the largest quotients would not fit their type, each row is first shifted so that its largest logit is 0. That
    changes no probability, and the smallest temperatures leave the largest logits alone.

    Source: Ackley, Hinton & Sejnowski (1985). Chapter: Greedy and sampling.
    """
    rule = "a finite number above 0; greedy is the limit 0"
    check("temperature", temperature, is_number(temperature) and 0 < temperature < math.inf, rule)
    if temperature == 1:
        return logits
    divided = logits / temperature
    if temperature > 1 or _all_finite(divided.amax(dim=-1)):
        return divided
    limits = torch.finfo(logits.dtype)
    shifted = logits - logits.amax(dim=-1, keepdim=True).clamp(limits.min, limits.max)
    return torch.where(shifted == 0, shifted, shifted / temperature)  # 0, even if the temperature rounds to 0


def top_k_filter(logits: Tensor, top_k: int) -> Tensor:
    """Keep the k largest logits of each row, and all that tie with the k-th; set the others to -inf.

    Parameters
    ----------
    logits : Tensor (…, V)
    top_k : int ≥ 1
        A k above V keeps everything.

    Source: Fan, Lewis & Dauphin (2018). Chapter: Top-k and top-p.
    """
    index = max(logits.shape[-1] - check_count("top_k", top_k), 0)  # of the k-th largest, counted from the smallest
    return logits.masked_fill(logits < _ascending(logits, index)[..., index, None], -math.inf)


def top_p_filter(logits: Tensor, top_p: float) -> Tensor:
    """Keep each row's nucleus, the smallest set of most probable tokens whose probabilities sum to p or more.

    The token that crosses p is kept, so at least one always is; the others are set to -inf.

    Parameters
    ----------
    logits : Tensor (…, V)
    top_p : float in (0, 1]

    Source: Holtzman et al. (2020). Chapter: Top-k and top-p.
    """
    check("top_p", top_p, is_number(top_p) and 0 < top_p <= 1, "a number above 0 and at most 1")
    if top_p == 1:
        return logits
    ordered = _ascending(logits).flip(-1)
    probs = ordered.softmax(dim=-1, dtype=at_least_float32(logits))
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
    check("min_p", min_p, is_number(min_p) and 0 <= min_p <= 1, "a number from 0 to 1")
    if min_p == 0:
        return logits
    probs = logits.softmax(dim=-1, dtype=at_least_float32(logits))
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
    check("typical_p", typical_p, is_number(typical_p) and 0 < typical_p <= 1, "a number above 0 and at most 1")
    if typical_p == 1:
        return logits
    log_probs = logits.log_softmax(dim=-1, dtype=at_least_float32(logits))
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
        If a logit is NaN or inf, a row is -inf throughout, or a setting is out of range.
    """
    check_logits(logits)
    return reshape(logits, temperature, top_k, top_p, min_p, typical_p)


def reshape(
    logits: Tensor, temperature: float, top_k: int | None, top_p: float, min_p: float, typical_p: float
) -> Tensor:
    """Do what `filter_logits` does, to logits that have been checked."""
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
    holds = is_number(repetition_penalty) and 0 < repetition_penalty < math.inf
    check("repetition_penalty", repetition_penalty, holds, rule)
    if repetition_penalty == 1:
        return logits
    penalised = torch.where(logits < 0, logits * repetition_penalty, logits / repetition_penalty)
    return torch.where(_marked(tokens, logits), penalised, logits)


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
    n = check_count("no_repeat_ngram_size", no_repeat_ngram_size, least=0)
    if n == 0 or tokens.shape[-1] < n:
        return logits
    runs = tokens.unfold(1, n, 1)  # (N, L - n + 1, n)
    latest = tokens[:, tokens.shape[-1] + 1 - n :]
    seen = (runs[..., :-1] == latest[:, None]).all(dim=-1) & (runs >= 0).all(dim=-1)
    return logits.masked_fill(_marked(torch.where(seen, runs[..., -1], -1), logits), -math.inf)


def _all_finite(values: Tensor) -> bool:
    """Return whether no value is NaN or infinite; for one of each row, as here, sooner than by further tensors."""
    return all(map(math.isfinite, values.flatten().tolist()))


def at_least_float32(values: Tensor) -> torch.dtype:
    """Return the type in which probabilities are added up: that of the values, or float32 for narrower ones."""
    return torch.promote_types(values.dtype, torch.float32)


def _ascending(logits: Tensor, place: int | None = None) -> Tensor:
    """Return every row sorted; where a place is given, only what stands there is sure.

    On the processor numpy sorts values alone, many times faster than torch, which also wants to know where they were.
    """
    values = logits.detach()
    if not values.is_cpu:
        return values.sort(dim=-1).values
    numbers = (values.float() if values.dtype == torch.bfloat16 else values).numpy()  # numpy has no bfloat16
    ordered = np.sort(numbers, axis=-1) if place is None else np.partition(numbers, place, axis=-1)
    return torch.from_numpy(ordered).to(values.dtype)


def _marked(tokens: Tensor, logits: Tensor) -> Tensor:
    """Return, for each row, which tokens of the vocabulary are among `tokens` (N, L): bool (N, V); -1 is none."""
    vocab_size = logits.shape[-1]
    marks = torch.zeros(len(tokens), vocab_size + 1, dtype=torch.bool, device=logits.device)
    try:
        return marks.scatter_(1, tokens.clamp(min=-1).to(logits.device) + 1, True)[:, 1:]
    except RuntimeError:
        as_ids("tokens", tokens.clamp(min=0).flatten(), vocab_size)
        raise
