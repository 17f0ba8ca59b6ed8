"""How far one distribution lies from another: a decoder's, q, from the true one, p.

Per step, both are tensors (…, V) of natural log-probabilities of the next token, minus infinity where a token is
impossible. For whole texts it is enough to know both log-probabilities of texts drawn from q.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from lmkit.decoding import HasStepper, StepFn, as_step_fn, select_rows
from lmkit.decoding.prompts import check_known, checked_step, prompt_of
from lmkit.text import as_ids


class Estimate(NamedTuple):
    """A mean over a sample, and the standard error of that mean."""

    value: float
    error: float


def total_variation(log_q: Tensor, log_p: Tensor) -> Tensor:
    """Return TV = ½ Σ |q − p|, in [0, 1]: the largest difference in probability that any event can have.

    Parameters
    ----------
    log_q, log_p : Tensor (…, V)

    Returns
    -------
    Tensor (…,), float64, on the CPU; the same holds for the other distances.
    """
    log_q, log_p = _pair(log_q, log_p)
    return (log_q.exp() - log_p.exp()).abs().sum(dim=-1) / 2


def kl_divergence(log_q: Tensor, log_p: Tensor) -> Tensor:
    """Return KL(q‖p) = Σ q log(q / p) in nats, from 0 to infinity.

    Infinite where q gives anything to a token that is impossible under p. For a decoder's q and the truth p that is
    so as soon as q leaks; the other direction, KL(p‖q), is infinite as soon as a filter drops a true token.

    Source: Kullback & Leibler (1951).
    """
    log_q, log_p = _pair(log_q, log_p)
    terms = log_q.exp() * (log_q - log_p)
    return torch.where(log_q == -math.inf, 0.0, terms).sum(dim=-1).clamp(min=0)  # rounding may fall below 0


def jensen_shannon(log_q: Tensor, log_p: Tensor) -> Tensor:
    """Return JS = ½ KL(q‖m) + ½ KL(p‖m) with m = (q + p) / 2, in nats, from 0 to ln 2; it is always finite.

    Source: Lin (1991), with equal weights.
    """
    log_q, log_p = _pair(log_q, log_p)
    log_m = torch.logaddexp(log_q, log_p) - math.log(2)
    return (kl_divergence(log_q, log_m) + kl_divergence(log_p, log_m)) / 2


def false_mass(log_q: Tensor, log_p: Tensor) -> Tensor:
    """Return the probability, in [0, 1], that q gives to tokens that are impossible under p."""
    log_q, log_p = _pair(log_q, log_p)
    return torch.where(log_p == -math.inf, log_q.exp(), 0.0).sum(dim=-1)


def missed_mass(log_q: Tensor, log_p: Tensor) -> Tensor:
    """Return the true probability, in [0, 1], of the tokens that q never writes: what a filter has thrown away."""
    return false_mass(log_p, log_q)


DISTANCES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "total variation": total_variation,
    "KL(q‖p)": kl_divergence,
    "KL(p‖q)": lambda log_q, log_p: kl_divergence(log_p, log_q),
    "Jensen-Shannon": jensen_shannon,
    "false mass": false_mass,
    "missed mass": missed_mass,
}


def step_distances(logits: Tensor, log_p: Tensor) -> dict[str, float]:
    """Return every distance of `DISTANCES` at every position, averaged over the positions.

    Parameters
    ----------
    logits : Tensor (…, V)
        The decoder's, after its filters: what `decoding.filter_logits` returns.
    log_p : Tensor (…, V)
        The true log-probabilities at the same positions, as from `true_distributions`.

    Chapter: Comparing decoders.
    """
    if not logits.numel():
        raise ValueError(f"logits must hold at least one position, but their shape is {[*logits.shape]}")
    log_q = logits.to("cpu", torch.float64).log_softmax(dim=-1)
    return {name: float(distance(log_q, log_p).mean()) for name, distance in DISTANCES.items()}


def text_total_variation(log_q: Tensor, log_p: Tensor) -> Estimate:
    """Estimate the total variation between two distributions of whole texts, from texts drawn from q, without bias.

    Σ_x max(0, q(x) − p(x)) is the total variation, and the same as the mean over x ~ q of max(0, 1 − p(x) / q(x)).

    Parameters
    ----------
    log_q, log_p : Tensor (N,)
        Both log-probabilities of N ≥ 2 texts drawn from q; for p, minus infinity where a text is impossible.

    Returns
    -------
    Estimate
        In [0, 1]. A text of q = 0 counts 0: none can be drawn, but rounding may move a token across the edge of a
        filter between drawing and reckoning.

    Chapter: Comparing decoders.
    """
    log_q, log_p = _drawn(log_q, log_p)
    ratio = torch.where(log_q == -math.inf, math.inf, (log_p - log_q).exp())
    return _estimate((1 - ratio).clamp(min=0))


def text_kl_divergence(log_q: Tensor, log_p: Tensor) -> Estimate:
    """Estimate KL(q‖p) of whole texts, in nats: the mean of log q − log p over texts drawn from q.

    Parameters and returns are those of `text_total_variation`. Infinite as soon as one text is impossible under p.
    An estimate may fall below 0, which the divergence never does.
    """
    log_q, log_p = _drawn(log_q, log_p)
    if (log_p == -math.inf).any():
        return Estimate(math.inf, math.nan)
    return _estimate(log_q - log_p)


@torch.no_grad()
def text_log_probs(
    step: StepFn | HasStepper,
    prompts: Sequence[Sequence[int]],
    texts: Sequence[Sequence[int]],
    reshape: Callable[[Tensor], Tensor] = lambda logits: logits,
) -> Tensor:
    """Return log q of finished texts, the q from which a sampler with filters drew them.

    All texts are read side by side, each after its prompt; before a token of a text is read, its log-probability is
    taken from the reshaped distribution.

    Parameters
    ----------
    step : function (tokens, state) -> (log_probs, state), or a model
        As for `decoding`.
    prompts, texts : sequences of N sequences of int
        No prompt may be empty; texts do not include theirs.
    reshape : function from Tensor (N, V) to Tensor (N, V)
        The filters, such as ``lambda logits: decoding.filter_logits(logits, top_p=0.9)``.

    Returns
    -------
    Tensor (N,), float64

    Raises
    ------
    ValueError
        If prompts and texts are not equally many, there are none, a prompt is empty, or a token is not the id of one.
    """
    step = as_step_fn(step)
    if len(prompts) != len(texts):
        raise ValueError(f"prompts must be as many as texts, but they are {len(prompts)} and {len(texts)}")
    if not len(texts):
        raise ValueError("texts must hold at least one text, but there is none")
    if not all(map(len, prompts)):
        raise ValueError("prompts must hold at least one token each, but one is empty; use the end token")
    ids = [[prompt_of(prompt, step), as_ids("texts", text)] for prompt, text in zip(prompts, texts, strict=True)]
    rows = [[*prompt, *text] for prompt, text in ids]
    longest_first = sorted(range(len(rows)), key=lambda n: -len(rows[n]))
    starts = torch.tensor([len(prompts[n]) for n in longest_first])
    tokens = pad_sequence([torch.tensor(rows[n]) for n in longest_first], batch_first=True)
    lengths = [len(rows[n]) for n in longest_first]
    total, state = torch.zeros(len(rows), dtype=torch.float64), None
    for t in range(1, tokens.shape[1]):
        count = sum(length > t for length in lengths)  # of texts that go on; the others are read no further
        log_probs, state = checked_step(step, tokens[:count, t - 1], select_rows(state, torch.arange(count)))
        if t == 1:
            check_known(step, rows, log_probs, "texts")
        written = starts[:count] <= t
        if not written.any():  # the prompts are still being read
            continue
        log_q = reshape(log_probs[written]).double().log_softmax(dim=-1)
        total[:count][written] += log_q.gather(-1, tokens[:count][written, t, None])[:, 0]
    return total[torch.tensor(longest_first).argsort()]


def _pair(log_q: Tensor, log_p: Tensor) -> tuple[Tensor, Tensor]:
    if log_q.shape != log_p.shape:
        raise ValueError(f"log_q and log_p must have one shape, but they have {[*log_q.shape]} and {[*log_p.shape]}")
    return log_q.to("cpu", torch.float64), log_p.to("cpu", torch.float64)


def _drawn(log_q: Tensor, log_p: Tensor) -> tuple[Tensor, Tensor]:
    log_q, log_p = _pair(log_q, log_p)
    if log_q.dim() != 1 or len(log_q) < 2:
        raise ValueError(f"log_q must hold one number for each of two or more texts, but its shape is {[*log_q.shape]}")
    return log_q, log_p


def _estimate(values: Tensor) -> Estimate:
    return Estimate(float(values.mean()), float(values.std() / math.sqrt(len(values))))
