"""Layers of recurrent cells over a batch of sequences."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from lmkit.dropout import check_probability, drop_locked, drop_weights
from lmkit.rnn.cells import (
    Cell,
    GRUCell,
    LSTMCell,
    RNNCell,
    check_nonlinearity,
    check_sizes,
    gru_step,
    lstm_gates,
    lstm_step,
    rnn_step,
)

State = Tensor | tuple[Tensor, ...]  # h, or (h, c)
CellStep = Callable[..., tuple[Tensor, ...]]  # (input_proj, *state) -> new state


class RNNBase(nn.Module):
    """The base of `RNN`, `LSTM` and `GRU`: layers of cells, where the hidden states of one are the inputs of the next.

    Parameters
    ----------
    input_size, hidden_size : int
        E and H.
    num_layers : int ≥ 1
        D.
    batch_first : bool
        Whether sequences are (N, L, …) rather than (L, N, …).
    fused : bool
        Hand the same weights to torch's fused kernel: the same numbers in less time.
    weight_p : float in [0, 1)
        In training, the share of hidden-to-hidden weights that a forward pass does without: one draw for all of its
        time steps and rows (Merity et al. 2018). Gradients reach the parameters themselves.
    hidden_p : float in [0, 1)
        In training, locked dropout between one layer and the next: one mask for each sequence.

    Attributes
    ----------
    weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0, weight_ih_l1, … : as in `torch.nn`
    cell : the class whose weights a layer has
    state_names : what a state is made of
    """

    cell: type[Cell]
    state_names: tuple[str, ...] = ("h",)

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        *,
        batch_first: bool = False,
        fused: bool = False,
        weight_p: float = 0.0,
        hidden_p: float = 0.0,
    ):
        super().__init__()
        check_sizes(input_size=input_size, hidden_size=hidden_size, num_layers=num_layers)
        check_probability("weight_p", weight_p)
        check_probability("hidden_p", hidden_p)
        self.input_size, self.hidden_size, self.num_layers = input_size, hidden_size, num_layers
        self.batch_first, self.fused = batch_first, fused
        self.weight_p, self.hidden_p = weight_p, hidden_p
        for index in range(num_layers):
            cell = self.cell(hidden_size if index else input_size, hidden_size)
            for name, parameter in cell.named_parameters():
                self.register_parameter(f"{name}_l{index}", parameter)

    def forward(self, x: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Read a batch of sequences.

        Parameters
        ----------
        x : Tensor (L, N, E), or (N, L, E) with `batch_first`
        state : h (D, N, H), for LSTM (h, c), or None for zeros

        Returns
        -------
        output : Tensor (L, N, H) or (N, L, H), the last layer's hidden state at every step
        state : after the last step, as it was given

        Raises
        ------
        ValueError
            If x or the state has another shape.
        """
        sequence, before = self._checked(x, state)
        output, after = (self._fused if self.fused else self._loop)(sequence, before)
        return (output.transpose(0, 1) if self.batch_first else output), (
            after if len(self.state_names) > 1 else after[0]
        )

    def layer(self, index: int) -> list[Tensor]:
        """Return the weights of one layer as in its cell: weight_ih, weight_hh, bias_ih, bias_hh."""
        return [getattr(self, f"{name}_l{index}") for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]

    def dropped_weights(self, index: int) -> list[Tensor]:
        """Return a layer's weights for one forward pass: in training, some hidden-to-hidden weights are dropped."""
        weight_ih, weight_hh, bias_ih, bias_hh = self.layer(index)
        return [weight_ih, drop_weights(weight_hh, self.weight_p if self.training else 0.0), bias_ih, bias_hh]

    def recurrence(self, index: int) -> tuple[Tensor, Tensor, CellStep]:
        """Take one layer apart into what depends on its input alone and what depends on its state.

        In training the step has one draw of the dropped weights.

        Returns
        -------
        weight_ih, bias : Tensors
            The input's share of a step is `input_proj = x @ weight_ih.T + bias`; it needs no state, so it can be had
            for all time steps at once.
        step : function input_proj (N, …) and the tensors of the state, each (N, H), to a tuple of new ones
        """
        raise NotImplementedError

    def _checked(self, x: Tensor, state: State | None) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Return the input with L first, and the state as a tuple of tensors."""
        if x.dim() != 3 or x.shape[2] != self.input_size:
            wanted = f"({'N, L' if self.batch_first else 'L, N'}, {self.input_size})"
            raise ValueError(f"x must be of shape {wanted}, but its shape is {tuple(x.shape)}")
        sequence = x.transpose(0, 1) if self.batch_first else x
        shape = (self.num_layers, sequence.shape[1], self.hidden_size)
        if state is None:
            return sequence, (x.new_zeros(shape),) * len(self.state_names)
        parts = (state,) if isinstance(state, Tensor) else tuple(state)
        shapes = [tuple(part.shape) for part in parts]
        if shapes != [shape] * len(self.state_names):
            names = " and ".join(self.state_names)
            rule = f"{names} of shape (num_layers, N, hidden_size) = {shape}"
            raise ValueError(f"state must be {rule}, but its shapes are {shapes}; None stands for zeros")
        return sequence, parts

    def _loop(self, x: Tensor, state: tuple[Tensor, ...]) -> tuple[Tensor, tuple[Tensor, ...]]:
        last = []
        for index in range(self.num_layers):
            weight_ih, bias, step = self.recurrence(index)
            now, outputs = [part[index] for part in state], []
            x = self._between(x) if index else x
            for input_proj in x @ weight_ih.T + bias:  # the input's share, for all time steps at once
                now = step(input_proj, *now)
                outputs.append(now[0])
            x = torch.stack(outputs)
            last.append(now)
        return x, tuple(torch.stack(parts) for parts in zip(*last, strict=True))

    def _fused(self, x: Tensor, state: tuple[Tensor, ...]) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Run all layers in one call of the kernel, or one by one where something comes between them."""
        count = 1 if self.hidden_p and self.training else self.num_layers
        last = []
        for index in range(0, self.num_layers, count):
            weights = [weight for each in range(index, index + count) for weight in self.dropped_weights(each)]
            now = [part[index : index + count] for part in state]
            x = self._between(x) if index else x
            now = now if len(now) > 1 else now[0]
            x, *now = self._kernel()(x, now, weights, True, count, 0.0, self.training, False, False)
            last.append(now)
        return x, tuple(torch.cat(parts) for parts in zip(*last, strict=True))

    def _between(self, x: Tensor) -> Tensor:
        """Turn one layer's outputs (L, N, H) into the inputs of the next."""
        return drop_locked(x.transpose(0, 1), self.hidden_p).transpose(0, 1) if self.training else x

    def _kernel(self) -> Callable:
        """Return the function of torch that does all this at once."""
        raise NotImplementedError


class RNN(RNNBase):
    """Layers of plain recurrent cells (`RNNCell`): `output, h = layers(x, h)`.

    Parameters
    ----------
    nonlinearity : "tanh" or "relu"
    input_size, hidden_size, num_layers, options : as for `RNNBase`
    """

    cell = RNNCell

    def __init__(self, input_size: int, hidden_size: int, num_layers: int = 1, nonlinearity: str = "tanh", **options):
        super().__init__(input_size, hidden_size, num_layers, **options)
        check_nonlinearity(nonlinearity)
        self.nonlinearity = nonlinearity

    def recurrence(self, index: int) -> tuple[Tensor, Tensor, CellStep]:
        weight_ih, weight_hh, bias_ih, bias_hh = self.dropped_weights(index)
        nonlinearity = self.nonlinearity
        return weight_ih, bias_ih + bias_hh, lambda input_proj, h: (rnn_step(input_proj, weight_hh, h, nonlinearity),)

    def _kernel(self) -> Callable:
        return torch.rnn_tanh if self.nonlinearity == "tanh" else torch.rnn_relu


class LSTM(RNNBase):
    """Layers of LSTM cells (`LSTMCell`): `output, (h, c) = layers(x, (h, c))`; parameters as for `RNNBase`."""

    cell = LSTMCell
    state_names = ("h", "c")

    def recurrence(self, index: int) -> tuple[Tensor, Tensor, CellStep]:
        weight_ih, weight_hh, bias_ih, bias_hh = self.dropped_weights(index)
        return weight_ih, bias_ih + bias_hh, lambda input_proj, h, c: lstm_step(input_proj, weight_hh, h, c)

    def trace(self, x: Tensor, state: State | None = None) -> dict[str, Tensor]:
        """Return every gate and state of every layer at every step, without dropout.

        Parameters
        ----------
        x, state : as for `forward`

        Returns
        -------
        dict with the keys "i", "f", "g", "o", "c", "h"
            Each a Tensor (D, N, L, H), N before L with and without `batch_first`. At step t, "c" and "h" are the
            states after it, and the gates those that led there.
        """
        x, (h, c) = self._checked(x, state)
        traced = []
        for index in range(self.num_layers):
            weight_ih, weight_hh, bias_ih, bias_hh = self.layer(index)
            h_t, c_t, seen = h[index], c[index], []
            for input_proj in x @ weight_ih.T + (bias_ih + bias_hh):
                gates = lstm_gates(input_proj, weight_hh, h_t)
                h_t, c_t = lstm_step(input_proj, weight_hh, h_t, c_t)
                seen.append(torch.stack([*gates, c_t, h_t]))
            traced.append(torch.stack(seen, dim=2))  # (6, N, L, H)
            seen.clear()  # a long text takes much memory, and all layers are copied once more
            x = traced[-1][-1].transpose(0, 1)
        return dict(zip("ifgoch", torch.stack(traced, dim=1), strict=True))

    def _kernel(self) -> Callable:
        return torch.lstm


class GRU(RNNBase):
    """Layers of gated recurrent units (`GRUCell`): `output, h = layers(x, h)`; parameters as for `RNNBase`."""

    cell = GRUCell

    def recurrence(self, index: int) -> tuple[Tensor, Tensor, CellStep]:
        weight_ih, weight_hh, bias_ih, bias_hh = self.dropped_weights(index)
        return weight_ih, bias_ih, lambda input_proj, h: (gru_step(input_proj, weight_hh, bias_hh, h),)

    def _kernel(self) -> Callable:
        return torch.gru
