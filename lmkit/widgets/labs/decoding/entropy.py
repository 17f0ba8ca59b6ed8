"""How open each choice of a decoded text was, and how much the chosen tokens surprise: the mirror of `entropy.js`."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from lmkit import decoding
from lmkit.datasets import stories
from lmkit.decoding import Decoded
from lmkit.widgets.base.model_options import ModelOption
from lmkit.widgets.labs.decoding.settings import Settings


class Choice(NamedTuple):
    """One new token's choice; all in nats.

    Attributes
    ----------
    own : float
        The entropy of the model's own distribution.
    left : float
        The entropy of what temperature and filters made of it: the distribution that the token was drawn from.
    surprisal : float
        -log p of the token, under the model's own distribution.
    truth : float or None
        The entropy of the true distribution; None where it is not known.
    """

    own: float
    left: float
    surprisal: float
    truth: float | None


def choices(option: ModelOption, settings: Settings, best: Decoded) -> list[Choice]:
    """Return the choices of all new tokens of a decoded text."""
    prompt = option.trained.prompt_ids(settings.prompt)
    log_probs, state = decoding.read_prompt(option.step, prompt)
    truths = _truths(option, prompt, best) if option.has_truth() else [None] * len(best.tokens)
    made = []
    for token, log_prob, truth in zip(best.tokens, best.log_probs, truths, strict=True):
        own = option.allowed(log_probs[0])
        left = decoding.filter_logits(own, **settings.filters)
        made.append(Choice(entropy(own), entropy(left), -log_prob, truth))
        log_probs, state = option.step(torch.tensor([token]), state)
    return made


def entropy(logits: Tensor) -> float:
    """Return the entropy of the distribution of logits (V,), in nats."""
    return float(torch.special.entr(logits.double().softmax(dim=-1)).sum())


def _truths(option: ModelOption, prompt: list[int], best: Decoded) -> list[float | None]:
    """Return the true entropy before every new token; None from where the grammar cannot have written the text."""
    words, end, oracle = option.trained.vocab.words, option.trained.eos_token_id, stories.Oracle()
    for token in prompt[prompt[0] == end :]:
        oracle = _read(oracle, words[token])
    truths = []
    for token in best.tokens:
        true = oracle.next()
        truths.append(stories.entropy(true) if true else None)
        oracle = _read(oracle, words[token])
    return truths


def _read(oracle: stories.Oracle, word: str) -> stories.Oracle:
    """Return the oracle after one more word; after the end token a new story begins."""
    possible = oracle.read(word)
    return stories.Oracle() if possible and word == oracle.grammar.end else oracle
