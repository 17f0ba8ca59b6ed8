"""Recurrent cells and the layers over them, with the weights of `torch.nn`.

Parameters have torch's names, shapes and order, so a state dict goes either way. Shape letters: N batch, L length,
E input size, H hidden size, D number of layers.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


def check_sizes(**sizes: int) -> None:
    """Raise ValueError for the first size that is below 1; sizes are given by the names of the arguments."""
    for name, size in sizes.items():
        if size < 1:
            raise ValueError(f"{name} must be at least 1, but it is {size}")


class LSTMCell(nn.Module):
    """One step of a long short-term memory (Hochreiter & Schmidhuber 1997; forget gate: Gers et al. 2000).

    With x the input, h the hidden state and c the cell state::

        i = σ(W_ii x + b_ii + W_hi h + b_hi)        input gate: what to write
        f = σ(W_if x + b_if + W_hf h + b_hf)        forget gate: what to keep
        g = tanh(W_ig x + b_ig + W_hg h + b_hg)     candidate: the new content
        o = σ(W_io x + b_io + W_ho h + b_ho)        output gate: what to show
        c' = f ⊙ c + i ⊙ g
        h' = o ⊙ tanh(c')

    Parameters
    ----------
    input_size : int
        E, the length of an input vector.
    hidden_size : int
        H, the length of the hidden state and of the cell state.

    Attributes
    ----------
    weight_ih : (4H, E), weight_hh : (4H, H), bias_ih and bias_hh : (4H,)
        The four gates stacked in the order i, f, g, o, as in `torch.nn.LSTMCell`.
    """

    def __init__(self, input_size: int, hidden_size: int):
        super().__init__()
        check_sizes(input_size=input_size, hidden_size=hidden_size)
        self.input_size, self.hidden_size = input_size, hidden_size
        self.weight_ih = nn.Parameter(torch.empty(4 * hidden_size, input_size))
        self.weight_hh = nn.Parameter(torch.empty(4 * hidden_size, hidden_size))
        self.bias_ih = nn.Parameter(torch.empty(4 * hidden_size))
        self.bias_hh = nn.Parameter(torch.empty(4 * hidden_size))
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -(hidden_size**-0.5), hidden_size**-0.5)

    def forward(self, x: Tensor, state: tuple[Tensor, Tensor] | None = None) -> tuple[Tensor, Tensor]:
        """Take one step: x (N, E), state (h, c) each (N, H) or None for zeros; returns (h', c')."""
        h, c = state or (x.new_zeros(len(x), self.hidden_size),) * 2
        return lstm_step(x @ self.weight_ih.T + self.bias_ih + self.bias_hh, self.weight_hh, h, c)


def lstm_step(from_input: Tensor, weight_hh: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    """The part of an LSTM step that cannot be done for all time steps at once.

    Parameters
    ----------
    from_input : Tensor (N, 4H)
        W_x x + b for the gates i, f, g, o: the input's share, with both biases.
    weight_hh : Tensor (4H, H)
    h, c : Tensors (N, H)

    Returns
    -------
    h', c' : Tensors (N, H)
    """
    i, f, g, o = torch.addmm(from_input, h, weight_hh.T).chunk(4, dim=1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    h = torch.sigmoid(o) * torch.tanh(c)
    return h, c


class LSTM(nn.Module):
    """Layers of LSTM cells over a batch of sequences; the hidden states of one are the inputs of the next.

    Parameters
    ----------
    input_size, hidden_size : int
        E and H.
    num_layers : int ≥ 1
        D.
    batch_first : bool
        Whether sequences are (N, L, …) rather than (L, N, …).
    fused : bool
        Hand the same weights to torch's fused kernel: the same numbers in about half the time.

    Attributes
    ----------
    weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0, weight_ih_l1, … : as in `torch.nn.LSTM`
    """

    def __init__(self, input_size: int, hidden_size: int, num_layers: int = 1, *, batch_first=False, fused=False):
        super().__init__()
        check_sizes(input_size=input_size, hidden_size=hidden_size, num_layers=num_layers)
        self.input_size, self.hidden_size, self.num_layers = input_size, hidden_size, num_layers
        self.batch_first, self.fused = batch_first, fused
        for layer in range(num_layers):
            cell = LSTMCell(hidden_size if layer else input_size, hidden_size)
            for name, parameter in cell.named_parameters():
                self.register_parameter(f"{name}_l{layer}", parameter)

    def forward(self, x: Tensor, state: tuple[Tensor, Tensor] | None = None) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Read a batch of sequences.

        Parameters
        ----------
        x : Tensor (L, N, E), or (N, L, E) with `batch_first`
        state : (h, c), each (D, N, H), or None for zeros

        Returns
        -------
        output : Tensor (L, N, H) or (N, L, H), the last layer's hidden state at every step
        (h, c) : the state after the last step, each (D, N, H)
        """
        sequence = x.transpose(0, 1) if self.batch_first else x
        h, c = state or (x.new_zeros(self.num_layers, sequence.shape[1], self.hidden_size),) * 2
        output, h, c = (self._fused if self.fused else self._loop)(sequence, h, c)
        return (output.transpose(0, 1) if self.batch_first else output), (h, c)

    def layer(self, index: int) -> list[Tensor]:
        """The weights of one layer: weight_ih (4H, E or H), weight_hh (4H, H), bias_ih (4H,), bias_hh (4H,)."""
        return [getattr(self, f"{name}_l{index}") for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]

    def _loop(self, x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        last_h, last_c = [], []
        for layer in range(self.num_layers):
            weight_ih, weight_hh, bias_ih, bias_hh = self.layer(layer)
            from_input = x @ weight_ih.T + bias_ih + bias_hh  # the input's share, for all steps at once
            h_t, c_t, outputs = h[layer], c[layer], []
            for step in from_input:
                h_t, c_t = lstm_step(step, weight_hh, h_t, c_t)
                outputs.append(h_t)
            x = torch.stack(outputs)
            last_h.append(h_t)
            last_c.append(c_t)
        return x, torch.stack(last_h), torch.stack(last_c)

    def _fused(self, x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        weights = [w for layer in range(self.num_layers) for w in self.layer(layer)]
        return torch.lstm(x, (h, c), weights, True, self.num_layers, 0.0, self.training, False, False)
