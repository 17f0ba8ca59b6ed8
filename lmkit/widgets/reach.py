"""The reach lab: how far gradients reach back through a plain network and an LSTM, measured while sliders move."""

from __future__ import annotations

import math
from collections.abc import Sequence

import ipywidgets
import torch
import traitlets as T
from torch import Tensor

from lmkit import gradients
from lmkit.decoding import uniform
from lmkit.rnn import LSTM, RNN, RNNBase
from lmkit.widgets import reach_picture
from lmkit.widgets.lab import Lab, check_controls, check_number, described, number, places, slider
from lmkit.widgets.view import View

FARTHEST, WARM_UP = 100, 50  # steps back; inputs read before those that gradients are taken to
INPUT_SIZE, HIDDEN_SIZE = 8, 16
NONLINEARITIES = ("tanh", "relu")
# Far above a radius of 2 a tanh network is chaotic: what processors round differently would grow as its gradient does.
LIMITS = {
    "spectral_radius": (0.1, 2.0),
    "forget_bias": (-2.0, 6.0),
    "distance": (1, FARTHEST),
    "input_scale": (0.05, 3.0),
    "seed": (0, 2**32 - 1),
}
CONTROLS = ("spectral_radius", "forget_bias", "distance", "nonlinearity", "input_scale", "seed")


class ReachView(View):
    """Runs both networks and takes their gradients; `ReachLab` adds the controls."""

    _esm, _css = View.code("reach"), View.style("reach")

    spectral_radius = T.Float(1.0).tag(sync=True)
    forget_bias = T.Float(1.0).tag(sync=True)
    distance = T.Int(20, help="How many steps back the numbers are read off.").tag(sync=True)
    nonlinearity_index = T.Int(0, help="Place in NONLINEARITIES.").tag(sync=True)
    input_scale = T.Float(1.0).tag(sync=True)
    seed = T.Int(0).tag(sync=True)


class ReachLab(Lab):
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
        start = {
            "spectral_radius": spectral_radius,
            "forget_bias": forget_bias,
            "distance": distance,
            "input_scale": input_scale,
            "seed": seed,
        }
        for name, value in start.items():
            check_number(name, value, LIMITS[name], whole=name in ("distance", "seed"))
        if nonlinearity not in NONLINEARITIES:
            raise ValueError(f"nonlinearity must be one of {list(NONLINEARITIES)}, but it is {nonlinearity!r}")
        place = NONLINEARITIES.index(nonlinearity)
        shown = {name: _control(name, start.get(name, place)) for name in check_controls(controls, CONTROLS)}
        view = ReachView(**start, nonlinearity_index=place)
        super().__init__(view, shown, {"nonlinearity": ("index", "nonlinearity_index")})

    def settings(self) -> dict[str, float | int | str]:
        """The present settings, as the controls have them."""
        values = {name: self.value(name) for name in CONTROLS}
        values["nonlinearity"] = NONLINEARITIES[values["nonlinearity"]]
        # A slider in the browser counts its steps in binary: .9 comes back as .9000000000000001.
        return {name: round(value, 9) if isinstance(value, float) else value for name, value in values.items()}

    def measure(self) -> dict[str, Tensor]:
        """The norms that torch's autograd finds with the present settings, each (101,); the page shows the same."""
        settings = self.settings()
        del settings["distance"]
        rnn, lstm, x = networks(**settings)
        norms = {"RNN": gradients.jacobian_norms(rnn, x), "LSTM": gradients.jacobian_norms(lstm, x)}
        return {name: values[: FARTHEST + 1] / values[0] for name, values in norms.items()}

    def reach(self) -> dict[str, float]:
        """The first distance at which each gradient is below 1 % or above 100 times its value at distance 0."""
        return {name: gradients.reach(norms) for name, norms in self.measure().items()}

    def __repr__(self) -> str:
        return f"ReachLab({', '.join(f'{name}={value!r}' for name, value in self.settings().items())})"

    def picture(self) -> tuple[str, str]:
        """Both curves, and in words the reach of both networks."""
        return reach_picture.draw(self.measure(), self.reach(), self.settings())


def networks(
    spectral_radius: float, forget_bias: float, nonlinearity: str, input_scale: float, seed: int
) -> tuple[RNN, LSTM, Tensor]:
    """The two networks and what they read, in float64; the browser builds the same from the same numbers.

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
        rnn.weight_hh_l0.copy_(gradients.with_spectral_radius(rnn.weight_hh_l0, spectral_radius))
    gradients.set_forget_bias(lstm, forget_bias)
    return rnn, lstm, x


@torch.no_grad()
def _drawn(layers: RNNBase, draws: _Draws) -> RNNBase:
    """Weights as torch would begin with, uniform between −1/√H and 1/√H, but from our generator; biases of 0."""
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


def _control(name: str, value: float) -> ipywidgets.Widget:
    make = {
        "spectral_radius": lambda: slider(value, LIMITS[name], 0.05),
        "forget_bias": lambda: slider(value, LIMITS[name], 0.25),
        "distance": lambda: slider(value, LIMITS[name]),
        "nonlinearity": lambda: ipywidgets.RadioButtons(options=places(NONLINEARITIES), value=value),
        "input_scale": lambda: slider(value, LIMITS[name], 0.05),
        "seed": lambda: number(value, LIMITS[name]),
    }[name]
    classes = ("lmkit-switch",) if name == "nonlinearity" else ()
    return described(make(), *LABELS[name], *classes)


LABELS = {
    "spectral_radius": ("RNN: radius ρ", "The spectral radius of the plain network's recurrent matrix"),
    "forget_bias": ("LSTM: bias b", "The bias of the LSTM's forget gates: they start near σ(b)"),
    "distance": ("Distance", "How many steps back the numbers are read off"),
    "nonlinearity": ("RNN: function", "What the plain network's units do to their sums"),
    "input_scale": ("Input scale", "The standard deviation of the inputs"),
    "seed": ("Seed", "Names the random weights and inputs"),
}
