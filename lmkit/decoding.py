"""Decoding: from next-token distributions to text.

Filters are pure functions of logits. Decoders are handed a function `step` and never see a model::

    step(tokens, state) -> (log_probs, state)

`tokens` is an int64 tensor (N,), `state` whatever the step returned before (None at the start; a tensor, or a tuple
of tensors, with N first), `log_probs` a tensor (N, V) of natural logarithms. Names and semantics are those of the
transformers library: the filters run in the order temperature, top-k, top-p.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

Step = Callable[[Tensor, Any], tuple[Tensor, Any]]


def apply_temperature(logits: Tensor, temperature: float) -> Tensor:
    """Divide logits (…, V) by a temperature > 0: below 1 sharpens the distribution, above 1 flattens it.

    Source: Ackley, Hinton & Sejnowski (1985). Chapter: Decoding.
    """
    _check("temperature", temperature, 0 < temperature < math.inf, "a finite number above 0; greedy is the limit 0")
    return logits / temperature


def top_k_filter(logits: Tensor, top_k: int) -> Tensor:
    """Keep the k largest logits of each row, and all that tie with the k-th; set the others to -inf.

    Parameters
    ----------
    logits : Tensor (…, V)
    top_k : int ≥ 1
        A k above V keeps everything.

    Source: Fan, Lewis & Dauphin (2018). Chapter: Decoding.
    """
    _check_count("top_k", top_k)
    kth = logits.topk(min(top_k, logits.shape[-1]), dim=-1).values[..., -1:]
    return logits.masked_fill(logits < kth, -math.inf)


def top_p_filter(logits: Tensor, top_p: float) -> Tensor:
    """Keep each row's nucleus, the smallest set of most probable tokens whose probabilities sum to p or more.

    The token that crosses p is kept, so at least one always is; the others are set to -inf.

    Parameters
    ----------
    logits : Tensor (…, V)
    top_p : float in (0, 1]

    Source: Holtzman et al. (2020). Chapter: Decoding.
    """
    _check("top_p", top_p, 0 < top_p <= 1, "a number above 0 and at most 1")
    if top_p == 1:
        return logits
    ordered, order = logits.sort(dim=-1, descending=True, stable=True)
    probs = ordered.softmax(dim=-1)
    before = probs.cumsum(dim=-1) - probs  # the mass of all more probable tokens
    drop = before >= top_p
    drop[..., 0] = False
    return logits.masked_fill(torch.zeros_like(drop).scatter(-1, order, drop), -math.inf)


def filter_logits(logits: Tensor, temperature: float = 1.0, top_k: int | None = None, top_p: float = 1.0) -> Tensor:
    """Temperature, then top-k, then top-p on logits (…, V); raises ValueError if a logit is NaN."""
    if torch.isnan(logits).any():
        raise ValueError("logits must be numbers, but some are NaN; the model has diverged or its weights are damaged")
    logits = apply_temperature(logits, temperature)
    if top_k is not None:
        logits = top_k_filter(logits, top_k)
    return top_p_filter(logits, top_p)


def uniform(seed: int, counter: int) -> float:
    """The `counter`-th number in [0, 1) of the stream named `seed`: random access, the same in every language.

    A counter-based generator in the manner of Salmon et al. (2011): the pair is hashed by two rounds of the
    32-bit finaliser of MurmurHash3 (Appleby 2011), which needs 32-bit integers only.

    Parameters
    ----------
    seed, counter : int in [0, 2³²)
    """
    return _mix(_mix(seed) ^ counter) / 2**32


def _mix(x: int) -> int:
    x = (x + 0x9E3779B9) & 0xFFFFFFFF  # so that 0 does not stay 0
    x = (x ^ x >> 16) * 0x85EBCA6B & 0xFFFFFFFF
    x = (x ^ x >> 13) * 0xC2B2AE35 & 0xFFFFFFFF
    return x ^ x >> 16


def draw(logits: Tensor, u: float) -> int:
    """The token under which u falls when the probabilities of `logits` (V,) are laid end to end in id order."""
    cumulative = logits.double().softmax(dim=-1).cumsum(dim=-1)
    token = int(torch.searchsorted(cumulative, u * float(cumulative[-1]), right=True))
    return min(token, len(logits) - 1)


@dataclass
class Decoded:
    """Text that a decoder wrote after a prompt.

    Attributes
    ----------
    tokens : list of int
        The new tokens, without the prompt; the last is the end token if the decoder reached it.
    log_probs : list of float
        The model's own log-probability (nats, before any filter) of each new token.
    score : float
        Σ log p; for beam search divided by length^length_penalty.
    """

    tokens: list[int]
    log_probs: list[float] = field(repr=False)
    score: float

    @property
    def log_prob(self) -> float:
        """The model's log-probability of all new tokens together."""
        return sum(self.log_probs)


def greedy(step: Step, prompt: Sequence[int], max_new_tokens: int = 20, eos_token_id: int | None = None) -> Decoded:
    """Take the most probable token at every step.

    Parameters
    ----------
    step : function (tokens, state) -> (log_probs, state)
    prompt : non-empty sequence of int
        The tokens to continue.
    max_new_tokens : int ≥ 1
    eos_token_id : int, optional
        Stop after this token.
    """
    return _decode(step, prompt, max_new_tokens, eos_token_id, lambda log_probs, t: int(log_probs.argmax()))


def sample(
    step: Step,
    prompt: Sequence[int],
    max_new_tokens: int = 20,
    eos_token_id: int | None = None,
    *,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float = 1.0,
    seed: int = 0,
) -> Decoded:
    """Draw every token at random from the filtered distribution; with the defaults, pure sampling.

    Parameters
    ----------
    step, prompt, max_new_tokens, eos_token_id : as for `greedy`
    temperature : float > 0
    top_k : int ≥ 1, optional
    top_p : float in (0, 1]
    seed : int in [0, 2³²)
        Names the stream of random numbers; the token at step t is drawn with `uniform(seed, t)`.
    """
    _check("seed", seed, _is_whole(seed) and 0 <= seed < 2**32, "a whole number from 0 to 2³² - 1")

    def choose(log_probs: Tensor, t: int) -> int:
        return draw(filter_logits(log_probs, temperature, top_k, top_p), uniform(seed, t))

    return _decode(step, prompt, max_new_tokens, eos_token_id, choose)


def _decode(step, prompt, max_new_tokens, eos_token_id, choose: Callable[[Tensor, int], int]) -> Decoded:
    """Extend one text token by token, each chosen from the log-probabilities (V,) at step t."""
    _check_count("max_new_tokens", max_new_tokens)
    log_probs, state = read_prompt(step, prompt)
    tokens, scores = [], []
    for t in range(max_new_tokens):
        token = choose(log_probs[0], t)
        tokens.append(token)
        scores.append(float(log_probs[0, token]))
        if token == eos_token_id or t == max_new_tokens - 1:
            break
        log_probs, state = _checked_step(step, torch.tensor([token]), state)
    return Decoded(tokens, scores, sum(scores))


def read_prompt(step: Step, prompt: Sequence[int]) -> tuple[Tensor, Any]:
    """Read a prompt token by token; return the log-probabilities (1, V) of what follows, and the state."""
    if not len(prompt):
        raise ValueError("prompt must hold at least one token, but it is empty; use the end token for a new text")
    state = None
    for token in prompt:
        log_probs, state = _checked_step(step, torch.tensor([int(token)]), state)
    return log_probs, state


def _checked_step(step: Step, tokens: Tensor, state: Any) -> tuple[Tensor, Any]:
    log_probs, state = step(tokens, state)
    if torch.isnan(log_probs).any():
        raise ValueError("step returned NaN log-probabilities; the model has diverged or its weights are damaged")
    return log_probs, state


@dataclass
class _Hypothesis:
    """A text that beam search may still extend, and Σ log p of its tokens."""

    tokens: list[int]
    log_probs: list[float]
    total: float

    def extended(self, token: int, total: float) -> _Hypothesis:
        return _Hypothesis([*self.tokens, token], [*self.log_probs, total - self.total], total)

    def finished(self, length_penalty: float) -> Decoded:
        return Decoded(self.tokens, self.log_probs, self.total / len(self.tokens) ** length_penalty)


def beam_search(
    step: Step,
    prompt: Sequence[int],
    max_new_tokens: int = 20,
    eos_token_id: int | None = None,
    *,
    num_beams: int = 5,
    length_penalty: float = 1.0,
    early_stopping: bool = False,
) -> list[Decoded]:
    """Extend the `num_beams` most probable texts side by side, and rank those that end.

    A text that ends, or is cut at `max_new_tokens`, gets the score Σ log p / length^length_penalty, its end token
    counted. At each step the 2 · num_beams best extensions are looked at; of these the end tokens among the first
    num_beams finish a text, and the best num_beams others go on.

    Parameters
    ----------
    step, prompt, max_new_tokens, eos_token_id : as for `greedy`
    num_beams : int ≥ 1
        B. One beam is greedy search, if no end token, `early_stopping` or a `length_penalty` of at most 0 lets it
        stop where greedy search stops.
    length_penalty : float
        0 ranks by probability alone, which favours short texts; above 0 favours longer ones.
    early_stopping : bool
        Stop once B texts have ended. By default the search goes on until no running text can still beat the
        worst of them (what transformers calls "never").

    Returns
    -------
    list of Decoded, at most B, best score first.

    Source: Lowerre (1976); length normalisation: Wu et al. (2016). Chapter: Decoding.
    """
    _check_count("num_beams", num_beams)
    _check("length_penalty", length_penalty, math.isfinite(length_penalty), "a finite number")
    _check_count("max_new_tokens", max_new_tokens)
    log_probs, state = read_prompt(step, prompt)
    running, done = [_Hypothesis([], [], 0.0)], []
    for length in range(1, max_new_tokens + 1):
        running, parents, ended = _extend(running, log_probs, num_beams, eos_token_id)
        done += [hypothesis.finished(length_penalty) for hypothesis in ended]
        done = sorted(done, key=lambda d: -d.score)[:num_beams]
        if not running or _settled(done, running[0], length, max_new_tokens, num_beams, length_penalty, early_stopping):
            return done
        if length < max_new_tokens:
            tokens = torch.tensor([hypothesis.tokens[-1] for hypothesis in running])
            log_probs, state = _checked_step(step, tokens, pick_rows(state, torch.tensor(parents)))
    done += [hypothesis.finished(length_penalty) for hypothesis in running]
    return sorted(done, key=lambda d: -d.score)[:num_beams]


def _extend(running: list[_Hypothesis], log_probs: Tensor, num_beams: int, eos_token_id: int | None):
    """One step of beam search: the hypotheses that go on, the row each came from, and those that end."""
    vocab_size = log_probs.shape[-1]
    totals = torch.tensor([hypothesis.total for hypothesis in running], dtype=torch.float64)
    scores = (totals[:, None] + log_probs.double()).flatten()
    best = scores.topk(min(2 * num_beams, len(scores)))
    going, parents, ended = [], [], []
    for rank, (total, index) in enumerate(zip(best.values.tolist(), best.indices.tolist(), strict=True)):
        row, token = divmod(index, vocab_size)
        if total == -math.inf:
            break
        if token != eos_token_id and len(going) < num_beams:
            going.append(running[row].extended(token, total))
            parents.append(row)
        elif token == eos_token_id and rank < num_beams:
            ended.append(running[row].extended(token, total))
    return going, parents, ended


def _settled(done, best_running, length, max_new_tokens, num_beams, length_penalty, early_stopping) -> bool:
    """Whether no running hypothesis can enter the list of finished ones any more."""
    if len(done) < num_beams:
        return False
    # Σ log p can only fall; the length that would flatter it most is the longest or the next one.
    kindest = max_new_tokens if length_penalty > 0 else length + 1
    return early_stopping or done[-1].score >= best_running.total / kindest**length_penalty


def pick_rows(state: Any, rows: Tensor) -> Any:
    """The given rows of a state: a tensor with N first, or a tuple or list of such states."""
    if isinstance(state, Tensor):
        return state[rows]
    return type(state)(pick_rows(part, rows) for part in state)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _check(name: str, value: Any, holds: bool, rule: str) -> None:
    if not holds:
        raise ValueError(f"{name} must be {rule}, but it is {value!r}")


def _check_count(name: str, value: Any) -> None:
    _check(name, value, _is_whole(value) and value >= 1, "a whole number of at least 1")
