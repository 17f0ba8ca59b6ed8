"""How far gradients reach back through a recurrent network: norms by distance, Jacobians, and what bounds them.

Everything is measured by autograd. Shape letters: N batch, L length, E input size, H hidden, S state (H, or 2H for
h and c one after the other).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import torch
from torch import Tensor


class Recurrent(Protocol):
    """Recurrent layers or a cell, of lmkit or of torch."""

    hidden_size: int

    def __call__(self, x: Tensor, state: Any = None, /) -> Any: ...
    def named_parameters(self) -> Iterator[tuple[str, Tensor]]: ...


def gradient_norms(score: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """Measure how strongly a score depends on each input: ‖∂ score / ∂ x_{L−k}‖ for distances k = 0 … L−1.

    Parameters
    ----------
    score : function x (N, L, E) -> (N,)
        One number for each sequence, such as a loss at the last step. Rows must not influence each other.
    x : Tensor (N, L, E)
        Inputs, the last of them at distance 0; for a language model the embedded tokens.

    Returns
    -------
    Tensor (N, L)
    """
    x = x.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(score(x).sum(), x)
    return gradient.norm(dim=-1).flip(dims=[1])


def jacobian_norms(layers: Recurrent, x: Tensor) -> Tensor:
    """Return the Frobenius norm of ∂h_L/∂x_{L−k}, over all units of the last hidden state, for k = 0 … L−1.

    Parameters
    ----------
    layers : RNN, LSTM or GRU
        `layers(x)` returns the outputs and the state.
    x : Tensor (L, E)
        One sequence.

    Returns
    -------
    Tensor (L,)
    """
    _check_steps(x)
    rows = x.expand(layers.hidden_size, *x.shape)  # one copy of the sequence for each unit that is asked about
    batch_first = getattr(layers, "batch_first", False)

    def score(x: Tensor) -> Tensor:
        output = layers(x if batch_first else x.transpose(0, 1))[0]
        return (output[:, -1] if batch_first else output[-1]).diagonal()

    return gradient_norms(score, rows).square().sum(dim=0).sqrt()


def reach(norms: Tensor, low: float = 0.01, high: float = 100.0) -> float:
    """Return the first distance at which the gradient has vanished or exploded, compared with distance 0.

    Parameters
    ----------
    norms : Tensor (K,)
        Norms at the distances 0 … K−1; the first must be above 0.
    low, high : float
        Below `low` times the first norm it has vanished, above `high` times it has exploded.

    Returns
    -------
    float
        A distance, or infinity if the norms stay between the two.

    Raises
    ------
    ValueError
        If the first norm is 0, or low and high are not on both sides of 1.
    """
    if not 0 < low < 1 < high:
        raise ValueError(f"low must be between 0 and 1 and high above 1, but they are {low} and {high}")
    if not len(norms):
        raise ValueError("norms must hold at least that at distance 0, but they are empty")
    if not norms[0] > 0:
        raise ValueError(f"norms must start above 0, but norms[0] is {float(norms[0])}; is the score constant?")
    gain = norms / norms[0]
    outside = ((gain < low) | ~(gain <= high)).nonzero()  # not a number has left the band too
    return float(outside[0]) if len(outside) else math.inf


def step_jacobians(cell: Recurrent, x: Tensor, state: Tensor | None = None) -> Tensor:
    """Return the Jacobian ∂s_t/∂s_{t−1} of every step of a cell, along the path that the inputs lead it.

    Parameters
    ----------
    cell : RNNCell, GRUCell or LSTMCell
        (x (N, E), state) -> state, where the state is h or (h, c).
    x : Tensor (L, E)
    state : Tensor (S,), optional
        Where the path starts, by default at zeros. S is H, and 2H for an LSTM: h, then c.

    Returns
    -------
    Tensor (L, S, S)
        Row: component of the new state; column: component of the old one.
    """
    _check_steps(x)
    parts = 2 if isinstance(cell(x[:1]), tuple) else 1
    s = x.new_zeros(parts * cell.hidden_size) if state is None else state.detach()
    before = [s[None]]
    with torch.no_grad():
        for x_t in x[:-1, None]:
            before.append(_joined(cell(x_t, _parted(before[-1], parts))))
    steps = torch.cat(before).requires_grad_()  # all steps side by side, as a batch
    after = _joined(cell(x, _parted(steps, parts)))
    rows = [torch.autograd.grad(component.sum(), steps, retain_graph=True)[0] for component in after.unbind(dim=1)]
    return torch.stack(rows, dim=1)


def _check_steps(x: Tensor) -> None:
    if not len(x):
        raise ValueError(f"x must hold at least one step, but its shape is {tuple(x.shape)}")


def _parted(s: Tensor, parts: int) -> Tensor | tuple[Tensor, ...]:
    return s if parts == 1 else tuple(s.chunk(parts, dim=1))


def _joined(state: Tensor | tuple[Tensor, ...]) -> Tensor:
    return state if isinstance(state, Tensor) else torch.cat(state, dim=1)


def chain(jacobians: Tensor) -> Tensor:
    """Multiply out the chain rule from the last step back: J_L J_{L−1} … J_{L−k+1} for k = 0 … L.

    Parameters
    ----------
    jacobians : Tensor (L, S, S)
        Of step 1 first, as `step_jacobians` returns them.

    Returns
    -------
    Tensor (L + 1, S, S)
        Entry k is ∂s_L/∂s_{L−k}; entry 0 is the identity.
    """
    products = [torch.eye(jacobians.shape[-1], dtype=jacobians.dtype, device=jacobians.device)]
    for step in jacobians.flip(dims=[0]):
        products.append(products[-1] @ step)
    return torch.stack(products)


def spectral_radius(matrix: Tensor) -> float:
    """Return the largest absolute eigenvalue of a square matrix: the factor by which its powers grow."""
    if not matrix.numel():
        raise ValueError(f"matrix must have at least one row, but its shape is {tuple(matrix.shape)}")
    precise = matrix.detach().to(torch.promote_types(matrix.dtype, torch.float32))
    return float(torch.linalg.eigvals(precise).abs().max())


def with_spectral_radius(matrix: Tensor, radius: float) -> Tensor:
    """Return the matrix scaled so that its spectral radius is `radius` ≥ 0.

    Raises
    ------
    ValueError
        If the radius is negative, or the matrix has no eigenvalue but 0 to scale.
    """
    present = spectral_radius(matrix)
    if radius < 0 or present == 0:
        given = f"the radius is {radius} and the matrix has {present}"
        raise ValueError(f"radius must be at least 0 and that of the matrix above 0, but {given}")
    return matrix.detach() * (radius / present)


@torch.no_grad()
def set_forget_bias(lstm: Recurrent, bias: float) -> None:
    """Start every forget gate of an LSTM at σ(bias), in place (Gers et al. 2000; Jozefowicz et al. 2015).

    Parameters
    ----------
    lstm : LSTM, LSTMCell or a module of torch with the same parameters
        Of its two biases bias_ih gets the value and bias_hh zero, in the rows of the gate f.
    bias : float
    """
    rows = slice(lstm.hidden_size, 2 * lstm.hidden_size)
    for name, parameter in lstm.named_parameters():
        if name.startswith("bias"):
            parameter[rows] = bias if name.startswith("bias_ih") else 0.0


def half_life(forget_bias: float) -> float:
    """Return the steps in which a cell state falls to one half if the forget gate stays at σ(b): −ln 2 / ln σ(b)."""
    return math.log(2) / math.log1p(math.exp(-forget_bias))
