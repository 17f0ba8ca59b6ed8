"""Penalties on activations: what a regulariser adds to the cross-entropy (Merity, McCann & Socher 2017)."""

from __future__ import annotations

from torch import Tensor


def activation_penalty(dropped: Tensor, alpha: float) -> Tensor:
    """Return activation regularisation, AR: α times the mean of the squared activations, which pulls them to 0.

    Parameters
    ----------
    dropped : Tensor (N, L, H)
        The last layer's hidden states as the output layer gets them: after dropout.
    alpha : float ≥ 0
        α; Merity et al. use 2.

    Notes
    -----
    The paper writes α L₂(m ⊙ h), a norm. The authors' code and fastai take the mean of squares, as here.
    """
    return alpha * dropped.square().mean()


def temporal_activation_penalty(raw: Tensor, beta: float) -> Tensor:
    """Return temporal activation regularisation, TAR: β times the mean squared change of hidden states per step.

    Parameters
    ----------
    raw : Tensor (N, L, H)
        The last layer's hidden states before dropout.
    beta : float ≥ 0
        β; Merity et al. use 1.

    Returns
    -------
    Tensor ()
        0 for a window of one step, which has no differences.
    """
    if raw.shape[1] < 2:
        return raw.new_zeros(())
    return beta * raw.diff(dim=1).square().mean()
