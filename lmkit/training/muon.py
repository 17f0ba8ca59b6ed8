"""Muon: an optimizer for hidden weight matrices, whose updates it makes orthogonal."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import reduce
from typing import Any

import torch
from torch import Tensor


def orthogonalized(matrix: Tensor, coefficients: tuple[float, float, float], steps: int, eps: float = 1e-7) -> Tensor:
    """Return a matrix with the same singular vectors, whose singular values are all near 1.

    With X₀ = matrix / ‖matrix‖, every Newton–Schulz step is X ← aX + bXXᵀX + cXXᵀXXᵀX, which takes each singular value
    s to as + bs³ + cs⁵ (Jordan et al. 2024). Such a step multiplies X by a polynomial P of its Gram matrix G = XᵀX; so
    only G, the smaller of the two Gram matrices, is iterated here, G ← PGP, and X multiplied once, by all of the P.

    Parameters
    ----------
    matrix : Tensor (A, B)
        Of float32, or of float64 and then computed in it. Narrower types are computed in float32.
    coefficients : (a, b, c)
    steps : int ≥ 1
    eps : float
        The least norm that is divided by.

    Returns
    -------
    Tensor (A, B)
    """
    a, b, c = coefficients
    is_wide = matrix.shape[0] < matrix.shape[1]
    x = matrix.mT if is_wide else matrix
    x = x.to(torch.promote_types(x.dtype, torch.float32))
    x = x / x.norm().clamp(min=eps)
    gram = x.mT @ x
    factors = []
    for _ in range(steps):
        if factors:
            gram = factors[-1] @ gram @ factors[-1]
        factor = torch.addmm(gram, gram, gram, beta=b, alpha=c)  # P = aI + bG + cG²
        factor.diagonal().add_(a)
        factors.append(factor)
    x = x @ reduce(torch.matmul, factors)
    return x.mT if is_wide else x


class Muon(torch.optim.Muon):
    """`torch.optim.Muon`, computed in float32 where torch takes bfloat16.

    Processors without bfloat16 emulate it, many times slower, and it rounds so coarsely that runs on different machines
    soon differ. The arguments, their checks and the state are torch's.

    References
    ----------
    Jordan et al. 2024, https://kellerjordan.github.io/posts/muon/; the rate "match_rms_adamw": Liu et al. 2025,
    https://arxiv.org/abs/2502.16982.
    """

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:
        """Update all parameters that have a gradient; return what the closure returns, if there is one."""
        loss = None if closure is None else torch.enable_grad()(closure)()
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    self._update(parameter, parameter.grad, group)
        return loss

    def _update(self, parameter: Tensor, gradient: Tensor, group: dict[str, Any]) -> None:
        state, momentum = self.state[parameter], group["momentum"]
        if "momentum_buffer" not in state:
            state["momentum_buffer"] = torch.zeros_like(gradient)
        average = state["momentum_buffer"].lerp_(gradient, 1 - momentum)
        direction = gradient.lerp(average, momentum) if group["nesterov"] else average
        update = orthogonalized(direction, group["ns_coefficients"], group["ns_steps"], group["eps"])
        parameter.mul_(1 - group["lr"] * group["weight_decay"])
        rate = group["lr"] * _rate_factor(group["adjust_lr_fn"], *parameter.shape)
        most = torch.finfo(parameter.dtype).max  # a larger factor torch refuses; this one ends the training, too
        parameter.add_(update.to(parameter.dtype), alpha=-min(rate, most))


def _rate_factor(adjust_lr_fn: str | None, rows: int, columns: int) -> float:
    """Return what makes updates of matrices of all shapes alike; or, with "match_rms_adamw", as large as AdamW's."""
    if adjust_lr_fn == "match_rms_adamw":
        return 0.2 * math.sqrt(max(rows, columns))
    return math.sqrt(max(1, rows / columns))
