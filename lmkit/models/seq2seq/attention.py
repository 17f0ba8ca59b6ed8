"""Attention: how much of each source position goes into what a decoder reads.

A query scores every position of a memory, a softmax turns the scores into weights, and the context is the weighted sum
of the memory's vectors. The kinds differ in the score alone. Shape letters: N sentences, T queries for each, S source
positions, H hidden units.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from lmkit.models.seq2seq.reweighting import Reweight, as_trained
from lmkit.rnn import check_sizes


def length_mask(lengths: Tensor, size: int) -> Tensor:
    """Return which positions are real in rows of so many words: bool (N, size), from lengths (N,)."""
    return torch.arange(size, device=lengths.device) < lengths[:, None]


def attention_weights(scores: Tensor, mask: Tensor) -> Tensor:
    """Turn scores into weights: a softmax over the positions that the mask leaves.

    Parameters
    ----------
    scores : Tensor (N, T, S)
    mask : Tensor of bool (N, S)
        False for positions that hold no word.

    Returns
    -------
    Tensor (N, T, S)
        Each row sums to 1; weights that the mask forbids are exactly 0.

    Raises
    ------
    ValueError
        If the mask is not of this shape, or leaves nothing in a row.
    """
    n, _, s = scores.shape
    if mask.dtype != torch.bool or mask.shape != (n, s):
        given = f"it is of {mask.dtype} and shape {tuple(mask.shape)}"
        raise ValueError(
            f"mask must be of torch.bool and shape {(n, s)}, as scores {tuple(scores.shape)} ask, but {given}"
        )
    if not (left := mask.any(dim=1)).all():
        row = int(left.int().argmin())
        raise ValueError(f"mask must leave a position in every row, but row {row} has none; leave out empty sentences")
    return scores.masked_fill(~mask[:, None], -math.inf).softmax(dim=-1)


class Attention(nn.Module):
    """The base of all kinds: from a query to weights over a memory, and to the memory's weighted sum, the context.

    With q a query and h_j the memory's vector at position j::

        α_j = exp score(q, h_j) / Σ_k exp score(q, h_k)
        context = Σ_j α_j h_j

    Parameters
    ----------
    hidden_size : int
        H, the length of queries and of the memory's vectors.

    Attributes
    ----------
    reweight : function (weights, mask) -> weights
        What is done to the weights before they are used; see `EncoderDecoder.reweighted`.

    Source: Bahdanau, Cho & Bengio (2015), equations 5 and 6.
    """

    def __init__(self, hidden_size: int):
        super().__init__()
        check_sizes(hidden_size=hidden_size)
        self.hidden_size = hidden_size
        self.reweight: Reweight = as_trained

    def keys(self, memory: Tensor) -> Tensor:
        """Return what the scores need of a memory (N, S, H), which is the same for all queries: (N, S, H)."""
        return memory

    def scores(self, query: Tensor, keys: Tensor) -> Tensor:
        """Return the scores (N, T, S) of queries (N, T, H) and keys (N, S, H)."""
        raise NotImplementedError

    def forward(self, query: Tensor, memory: Tensor, mask: Tensor, keys: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Look at a memory.

        Parameters
        ----------
        query : Tensor (N, T, H)
        memory : Tensor (N, S, H)
        mask : Tensor of bool (N, S)
            As for `attention_weights`.
        keys : Tensor (N, S, H), optional
            What the method `keys` has made of the memory, where that is known already.

        Returns
        -------
        context : Tensor (N, T, H)
        weights : Tensor (N, T, S)
        """
        keys = self.keys(memory) if keys is None else keys
        weights = self.reweight(attention_weights(self.scores(query, keys), mask), mask)
        return weights @ memory, weights


class DotAttention(Attention):
    """Attention whose score is the inner product: score(q, h) = qᵀh; it has no weights of its own.

    Source: Luong, Pham & Manning (2015), section 3.1, "dot".
    """

    def scores(self, query: Tensor, keys: Tensor) -> Tensor:
        return query @ keys.mT


class ScaledDotAttention(Attention):
    """Attention whose score is the inner product in units of its spread: score(q, h) = qᵀh / √H.

    The inner product of two vectors of H independent numbers with variance 1 has variance H.

    Source: Vaswani et al. (2017), equation 1.
    """

    def scores(self, query: Tensor, keys: Tensor) -> Tensor:
        return query @ keys.mT / math.sqrt(self.hidden_size)


class GeneralAttention(Attention):
    """Attention whose score is an inner product after a learned map: score(q, h) = qᵀ W h.

    Parameters are those of `Attention`.

    Source: Luong, Pham & Manning (2015), section 3.1, "general".
    """

    def __init__(self, hidden_size: int):
        super().__init__(hidden_size)
        self.key = nn.Linear(hidden_size, hidden_size, bias=False)  # W

    def keys(self, memory: Tensor) -> Tensor:
        return self.key(memory)

    def scores(self, query: Tensor, keys: Tensor) -> Tensor:
        return query @ keys.mT


class AdditiveAttention(Attention):
    """Attention whose score is a small network: score(q, h) = vᵀ tanh(W q + U h).

    Parameters are those of `Attention`.

    Source: Bahdanau, Cho & Bengio (2015), appendix A.1.2.
    """

    def __init__(self, hidden_size: int):
        super().__init__(hidden_size)
        self.query = nn.Linear(hidden_size, hidden_size, bias=False)  # W
        self.key = nn.Linear(hidden_size, hidden_size, bias=False)  # U
        self.score = nn.Linear(hidden_size, 1, bias=False)  # v

    def keys(self, memory: Tensor) -> Tensor:
        return self.key(memory)

    def scores(self, query: Tensor, keys: Tensor) -> Tensor:
        mixed = torch.tanh(self.query(query)[:, :, None] + keys[:, None])  # (N, T, S, H)
        return self.score(mixed).squeeze(-1)


ATTENTIONS: dict[str, type[Attention]] = {
    "dot": DotAttention,
    "scaled_dot": ScaledDotAttention,
    "general": GeneralAttention,
    "additive": AdditiveAttention,
}
