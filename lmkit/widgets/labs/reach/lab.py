"""The reach lab: how far gradients reach back through a plain network and an LSTM, measured while sliders move."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import TypeVar

import torch
from torch import Tensor

from lmkit.analysis import gradients
from lmkit.decoding import uniform
from lmkit.rnn import LSTM, RNN, RNNBase
from lmkit.widgets.base.controls import SEED, Choice, Controls, Slider
from lmkit.widgets.base.lab import Lab
from lmkit.widgets.base.view import View
from lmkit.widgets.labs.reach import fallback

Layers = TypeVar("Layers", bound=RNNBase)
FARTHEST, WARM_UP = 100, 50  # steps back; inputs read before those that gradients are taken to
INPUT_SIZE, HIDDEN_SIZE = 8, 16
# Far above a radius of 2 a tanh network is chaotic: what processors round differently would grow as its gradient does.
CONTROLS = Controls(
    spectral_radius=Slider(
        "RNN: radius ρ", "The spectral radius of the plain network's recurrent matrix", 0.1, 2.0, step=0.05
    ),
    forget_bias=Slider(
        "LSTM: bias b", "The bias of the LSTM's forget gates: they start near σ(b)", -2.0, 6.0, step=0.25
    ),
    distance=Slider("Distance", "How many steps back the numbers are read off", 1, FARTHEST),
    nonlinearity=Choice("RNN: function", "What the plain network's units do to their sums", ("tanh", "relu")),
    input_scale=Slider("Input scale", "The standard deviation of the inputs", 0.05, 3.0, step=0.05),
    seed=dataclasses.replace(SEED, tooltip="Names the random weights and inputs"),
)


class ReachView(View, controls=CONTROLS):
    """Runs both networks and takes their gradients; `ReachLab` adds the controls."""


class ReachLab(Lab[ReachView]):
    """Measure how far a gradient reaches back; works with a kernel, and on a page without one.

    A plain recurrent network and an LSTM of 16 units with random weights read 151 random inputs of 8 numbers. What is
    shown is ‖∂h_T/∂x_{T−k}‖ (Frobenius) for the distances k = 0 … 100, divided by its value at k = 0.

    Parameters
    ----------
    spectral_radius : float in [0.1, 2]
        Of the plain network's recurrent matrix, which is scaled to it.
    forget_bias : float in [-2, 6]
        Of the LSTM's forget gates; its other biases are 0.
    distance : int in [1, 100]
        How many steps back the numbers are read off.
    nonlinearity : {"tanh", "relu"}
        The plain network's.
    input_scale : float in [0.05, 3]
        The standard deviation of the inputs.
    seed : int in [0, 2³²)
        Names the weights and the inputs.
    controls : sequence of str, optional
        The controls to show, among `CONTROLS`; by default all.

    Examples
    --------
    >>> ReachLab(forget_bias=3.0)
    ReachLab(spectral_radius=1.0, forget_bias=3.0, distance=20, nonlinearity='tanh', input_scale=1.0, seed=0)
    """

    def __init__(
        self,
        *,
        spectral_radius: float = 1.0,
        forget_bias: float = 1.0,
        distance: int = 20,
        nonlinearity: str = "tanh",
        input_scale: float = 1.0,
        seed: int = 0,
        controls: Sequence[str] | None = None,
    ):
        stored = CONTROLS.stored(
            spectral_radius=spectral_radius,
            forget_bias=forget_bias,
            distance=distance,
            nonlinearity=nonlinearity,
            input_scale=input_scale,
            seed=seed,
        )
        super().__init__(ReachView(**stored), CONTROLS, controls)

    def gradient_norms(self) -> dict[str, Tensor]:
        """Measure the norms by torch's autograd with the present settings, each (101,); the page shows the same."""
        settings = self.settings()
        del settings["distance"]
        rnn, lstm, x = networks(**settings)
        norms = {"RNN": gradients.jacobian_norms(rnn, x), "LSTM": gradients.jacobian_norms(lstm, x)}
        return {name: values[: FARTHEST + 1] / values[0] for name, values in norms.items()}

    def reach(self) -> dict[str, float]:
        """Return the first distance at which each gradient is below 1 % or above 100 times its value at distance 0."""
        return {name: gradients.reach(norms) for name, norms in self.gradient_norms().items()}

    def __repr__(self) -> str:
        return f"ReachLab({', '.join(f'{name}={value!r}' for name, value in self.settings().items())})"

    def picture(self) -> tuple[str, str]:
        """Draw both curves, and in words the reach of both networks."""
        return fallback.render(self.gradient_norms(), self.reach(), self.settings())


def networks(
    spectral_radius: float, forget_bias: float, nonlinearity: str, input_scale: float, seed: int
) -> tuple[RNN, LSTM, Tensor]:
    """Return the two networks and what they read, in float64; the browser builds the same from the same numbers.

    Returns
    -------
    rnn, lstm : RNN and LSTM of one layer
    x : Tensor (151, 8)
        The first 50 inputs are there to be forgotten: so early in a sequence, gradients are not yet typical.
    """
    draws = _Draws(seed)
    rnn = _drawn(RNN(INPUT_SIZE, HIDDEN_SIZE, nonlinearity=nonlinearity), draws)
    lstm = _drawn(LSTM(INPUT_SIZE, HIDDEN_SIZE), draws)
    x = draws.take((WARM_UP + FARTHEST + 1, INPUT_SIZE), input_scale * math.sqrt(3))
    with torch.no_grad():
        _, weight_hh, *_ = rnn.layer(0)
        weight_hh.copy_(gradients.with_spectral_radius(weight_hh, spectral_radius))
    gradients.set_forget_bias(lstm, forget_bias)
    return rnn, lstm, x


@torch.no_grad()
def _drawn(layers: Layers, draws: _Draws) -> Layers:
    """Draw weights as torch would begin with, uniform between −1/√H and 1/√H, but from our generator; biases of 0."""
    layers.double()
    for name, parameter in layers.named_parameters():
        parameter.copy_(draws.take(parameter.shape, HIDDEN_SIZE**-0.5) if name.startswith("weight") else 0 * parameter)
    return layers


class _Draws:
    """Random numbers between −scale and scale, one after the other, from the stream that a seed names."""

    def __init__(self, seed: int):
        self.seed, self.counter = seed, 0

    def take(self, shape: Sequence[int], scale: float) -> Tensor:
        count, start = math.prod(shape), self.counter
        self.counter += count
        drawn = [uniform(self.seed, counter) for counter in range(start, self.counter)]
        return scale * (2 * torch.tensor(drawn, dtype=torch.float64).reshape(*shape) - 1)
