"""What the grammar of Stories says about texts: may they be, how probable are they, what could have come next."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import torch
from torch import Tensor

from lmkit.datasets import stories
from lmkit.text import Vocab

Story = Sequence[str]


def true_log_probs(texts: Sequence[Story], given: Sequence[Story] | None = None) -> Tensor:
    """Return the true log-probability (nats) that a story begins so; with its end token, that of the whole story.

    Parameters
    ----------
    texts : sequence of N sequences of str
    given : sequence of N sequences of str, optional
        The beginning of each text that was not written but handed out: the probability is then that of the rest,
        given this beginning.

    Returns
    -------
    Tensor (N,), float64; minus infinity where the grammar cannot have written a text.
    """
    given = [()] * len(texts) if given is None else given
    return torch.tensor([_given(text, prompt) for text, prompt in zip(texts, given, strict=True)], dtype=torch.float64)


def _given(text: Story, prompt: Story) -> float:
    if list(text[: len(prompt)]) != list(prompt):
        raise ValueError(f"texts must begin with what is given, but one does not begin with {' '.join(prompt)!r}")
    log_probs = _token_log_probs(tuple(text))
    if -math.inf in log_probs[: len(prompt)]:
        raise ValueError(f"given must hold beginnings of stories, but {' '.join(prompt)!r} is none")
    return sum(log_probs[len(prompt) :])


@lru_cache(maxsize=2048)
def _token_log_probs(text: tuple[str, ...]) -> list[float]:
    """Read a text with the grammar, and keep the answer: most texts are judged in several respects, one by one."""
    return stories.token_log_probs(text)


def grammatical_share(texts: Sequence[Story]) -> float:
    """Return the share of texts, in [0, 1], that the grammar could have written, to the last word."""
    return float(true_log_probs(_some(texts)).isfinite().double().mean())


def log_prob_per_token(texts: Sequence[Story], given: Sequence[Story] | None = None) -> float:
    """Return the true log-probability per token (nats) of the grammatical ones of `texts`; NaN if there is none.

    Ungrammatical texts would make it minus infinity; they are what `grammatical_share` counts. Where beginnings are
    `given`, they count neither as probability nor as tokens; of nothing but beginnings the answer is NaN too.
    """
    log_probs = true_log_probs(_some(texts), given)
    finite = log_probs.isfinite()
    written = torch.tensor([len(text) for text in texts]) - torch.tensor([len(prompt) for prompt in given or [()]])
    tokens = int(written[finite].sum())
    return float(log_probs[finite].sum()) / tokens if tokens else math.nan


def true_distributions(texts: Sequence[Story], vocab: Vocab | None = None) -> Tensor:
    """Return the true distribution of the next token at every position of true stories, one after the other.

    Parameters
    ----------
    texts : sequence of sequences of str
        Stories that the grammar could have written, end tokens included.
    vocab : Vocab, optional
        Gives the order of the columns; by default that of Stories.

    Returns
    -------
    Tensor (positions, V), float64
        Log-probabilities, minus infinity where a word cannot come next. Row t of a story stands before its token t.
    """
    vocab = vocab or stories.vocab()
    rows = [row for text in _some(texts) for row in _distributions(text)]
    log_p = torch.full((len(rows), len(vocab)), -math.inf, dtype=torch.float64)
    for place, row in enumerate(rows):
        log_p[place, vocab.ids(row)] = torch.tensor(list(row.values()), dtype=torch.float64).log()
    return log_p


def _distributions(text: Story) -> list[dict[str, float]]:
    oracle, rows = stories.Oracle(), []
    for place, token in enumerate(text):
        rows.append(oracle.next())
        if not oracle.read(token):
            raise ValueError(f"texts must be stories of the grammar, but it cannot write {token!r} at place {place}")
    return rows


def _some(texts: Sequence[Story]) -> Sequence[Story]:
    if not texts:
        raise ValueError("texts must hold at least one text, but there is none")
    return texts
