"""Probes: what can be read off the states of a network, and what happens when they are changed.

A probe is a classifier that sees a state and nothing else. Its accuracy on states it was not fitted to tells how
much of a property the state holds *in the form that the probe can read*, here a weighted sum; whether the network
uses it, only a changed state can tell. Shape letters: N examples, H units. Chapter: The LSTM, gate by gate.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F


class Probe(NamedTuple):
    """A linear classifier of states: class 1 where w · x + b > 0, else class 0.

    Attributes
    ----------
    weight : Tensor (H,)
    bias : Tensor ()
    """

    weight: Tensor
    bias: Tensor

    def scores(self, x: Tensor) -> Tensor:
        """Return the log odds of class 1 for states (N, H): w · x + b, shape (N,)."""
        return x.to(self.weight.dtype) @ self.weight + self.bias

    def accuracy(self, x: Tensor, y: Tensor) -> float:
        """Return the share, in [0, 1], of states (N, H) whose class y (N,) the probe finds."""
        if not len(x):
            raise ValueError("x must hold at least one state, but there is none")
        return float(((self.scores(x) > 0) == (y > 0)).float().mean())

    def reflect(self, x: Tensor) -> Tensor:
        """Mirror the states in the plane that divides the classes: every score changes its sign.

        Of all changes that turn the scores s into -s it is the shortest: x - 2 s w / |w|².
        """
        return x - 2 * self.scores(x)[:, None] * self.weight / self.weight.square().sum()


def fit_probe(x: Tensor, y: Tensor, penalty: float = 0.01, max_iter: int = 100) -> Probe:
    """Fit a probe by logistic regression, with L-BFGS; the same numbers, the same probe.

    Parameters
    ----------
    x : Tensor (N, H)
        States.
    y : Tensor (N,) of 0 and 1
        Their classes.
    penalty : float > 0
        The loss is the mean cross-entropy + penalty / 2 · |w|². Without it the weights of classes that a plane
        divides would grow for ever.
    max_iter : int ≥ 1
        Steps of L-BFGS at most.

    Raises
    ------
    ValueError
        If x and y do not fit together, y holds one class only or anything but 0 and 1, or penalty is not positive.
    """
    _check(x, y)
    if not penalty > 0:
        raise ValueError(f"penalty must be above 0, but it is {penalty}; a small one such as 0.01 will do")
    x = x.detach().to(torch.promote_types(x.dtype, torch.float32))  # narrower types take no small steps
    y = y.to(x.dtype)
    weight, bias = x.new_zeros(x.shape[1], requires_grad=True), x.new_zeros((), requires_grad=True)
    optimizer = torch.optim.LBFGS([weight, bias], max_iter=max_iter, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimizer.zero_grad()
        value = F.binary_cross_entropy_with_logits(x @ weight + bias, y) + penalty / 2 * weight.square().sum()
        value.backward()
        return value

    with torch.enable_grad():
        optimizer.step(loss)
    return Probe(weight.detach(), bias.detach())


def unit_accuracies(x: Tensor, y: Tensor, x_test: Tensor | None = None, y_test: Tensor | None = None) -> Tensor:
    """Measure how well each unit by itself tells the classes apart.

    A unit's threshold is the middle between its means in the two classes, from x (N, H) and y (N,); its accuracy
    is counted on the test states (M, H) and classes (M,), or on x and y where there are none.

    Returns
    -------
    Tensor (H,), in [0, 1]
    """
    _check(x, y)
    if (x_test is None) != (y_test is None):
        raise ValueError("x_test and y_test must be given together, but one of them is missing")
    if x_test is None or y_test is None:
        x_test, y_test = x, y
    if not len(x_test):
        raise ValueError("x_test must hold at least one state, but there is none")
    one, zero = x[y > 0].mean(dim=0), x[y == 0].mean(dim=0)
    above = (x_test - (one + zero) / 2) * (one - zero).sign() > 0
    return (above == (y_test > 0)[:, None]).float().mean(dim=0)


def _check(x: Tensor, y: Tensor) -> None:
    """Raise ValueError unless x (N, H) and y (N,) are states and their classes, with both classes among them."""
    if x.ndim != 2 or y.shape != x.shape[:1]:
        raise ValueError(
            f"x must have shape (N, H) and y shape (N,), but they have {tuple(x.shape)} and {tuple(y.shape)}; "
            "give one class for every state"
        )
    if (classes := y.unique().tolist()) != [0, 1]:
        raise ValueError(f"y must hold the classes 0 and 1, both of them, but it holds {classes[:5]}")
