"""Dropout in its forms: single activations, whole sequences, whole words, and recurrent weights.

All of them multiply by a random mask that is 0 with probability p and 1/(1 − p) otherwise (Srivastava et al. 2014, in
the form that compensates in training). So the expected value stays what it is without dropout, and nothing is left to
do in evaluation: the modules then return what they are given. They differ in what shares one draw of the mask.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional


def check_probability(name: str, p: float) -> None:
    """Raise ValueError unless p is a probability of dropping that leaves something."""
    if not 0 <= p < 1:
        raise ValueError(f"{name} must be at least 0 and below 1, but it is {p}; 0 drops nothing")


def keep_mask(shape: Sequence[int], p: float, like: Tensor) -> Tensor:
    """Draw a random mask: 0 with probability p, else 1/(1 − p).

    Parameters
    ----------
    shape : sequence of int
    p : float in [0, 1)
        The probability of each entry to be dropped, independently.
    like : Tensor
        The mask has its dtype and device.
    """
    return like.new_empty(*shape).bernoulli_(1 - p).div_(1 - p)


def drop(x: Tensor, p: float) -> Tensor:
    """Zero every number of x with probability p, and divide the others by 1 − p: element dropout.

    Its mean over masks is x, its variance x² p/(1 − p).

    Raises
    ------
    ValueError
        If p is not in [0, 1).
    """
    check_probability("p", p)
    return x * keep_mask(x.shape, p, x) if p else x


def drop_locked(x: Tensor, p: float) -> Tensor:
    """Drop with one mask for each sequence, the same at all time steps: variational dropout (Gal & Ghahramani 2016).

    Parameters
    ----------
    x : Tensor (N, L, H)
        The mask is drawn for (N, 1, H).
    p : float in [0, 1)
    """
    check_probability("p", p)
    return x * keep_mask((x.shape[0], 1, x.shape[2]), p, x) if p else x


def drop_weights(weight: Tensor, p: float) -> Tensor:
    """Zero every weight with probability p, and divide the others by 1 − p: DropConnect (Wan et al. 2013).

    Merity et al. (2018) apply it to the hidden-to-hidden weights of an LSTM, once per forward pass, so the same weights
    are missing at all time steps and for the whole batch. The gradient reaches the weights that were kept.
    """
    return drop(weight, p)


class Dropout(nn.Module):
    """A kind of dropout as a layer: active in training, and nothing in evaluation.

    Parameters
    ----------
    p : float in [0, 1)
        The probability of being dropped.

    Raises
    ------
    ValueError
        If p is out of its range.
    """

    def __init__(self, p: float):
        super().__init__()
        check_probability("p", p)
        self.p = p

    def forward(self, x: Tensor) -> Tensor:
        """Return x of any shape with dropout in training, and as it is in evaluation."""
        return drop(x, self.p) if self.training else x

    def extra_repr(self) -> str:
        """Return what stands between the brackets where the module is printed."""
        return f"p={self.p}"


class LockedDropout(Dropout):
    """Dropout with one mask per sequence: x (N, L, H) -> (N, L, H); see `drop_locked`.

    fastai calls it RNNDropout.
    """

    def forward(self, x: Tensor) -> Tensor:
        return drop_locked(x, self.p) if self.training else x


class EmbeddingDropout(Dropout):
    """Dropout of whole words: a dropped word has the zero vector wherever it occurs in this forward pass.

    Gal & Ghahramani (2016); Merity et al. (2018), section 4.3. The mask is (V, 1), so it is drawn over the vocabulary.
    """

    def forward(self, embedding: nn.Embedding, tokens: Tensor) -> Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]  # modules may differ in their inputs
        """Return the vectors (N, L, E) of tokens (N, L)."""
        weight = embedding.weight
        if self.training and self.p:
            weight = weight * keep_mask((len(weight), 1), self.p, weight)
        return functional.embedding(tokens, weight)
