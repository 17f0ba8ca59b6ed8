"""Recurrent cells: what happens at one time step, as plain functions, and the modules that own weights for them."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def check_sizes(**sizes: int) -> None:
    """Raise ValueError for the first size that is below 1; sizes are given by the names of the arguments."""
    for name, size in sizes.items():
        if size < 1:
            raise ValueError(f"{name} must be at least 1, but it is {size}")


def check_nonlinearity(nonlinearity: str) -> None:
    """Raise ValueError unless a plain recurrent network can use this nonlinearity."""
    if nonlinearity not in ("tanh", "relu"):
        raise ValueError(f"nonlinearity must be 'tanh' or 'relu', but it is {nonlinearity!r}")


def rnn_step(input_proj: Tensor, weight_hh: Tensor, h: Tensor, nonlinearity: str = "tanh") -> Tensor:
    """Take the part of a plain recurrent step that cannot be done for all time steps at once.

    Parameters
    ----------
    input_proj : Tensor (N, H)
        W_ih x + b_ih + b_hh: the input's share, with both biases.
    weight_hh : Tensor (H, H)
    h : Tensor (N, H)
    nonlinearity : "tanh" or "relu"

    Returns
    -------
    h' : Tensor (N, H)
    """
    squash = torch.tanh if nonlinearity == "tanh" else torch.relu
    return squash(torch.addmm(input_proj, h, weight_hh.T))


def lstm_gates(input_proj: Tensor, weight_hh: Tensor, h: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return the four gates of an LSTM step.

    Parameters
    ----------
    input_proj : Tensor (N, 4H)
        W_ih x + b_ih + b_hh for the gates i, f, g, o: the input's share, with both biases.
    weight_hh : Tensor (4H, H)
    h : Tensor (N, H)

    Returns
    -------
    i, f, g, o : Tensors (N, H)
        Input, forget and output gate between 0 and 1, the candidate g between -1 and 1.
    """
    i, f, g, o = torch.addmm(input_proj, h, weight_hh.T).chunk(4, dim=1)
    return torch.sigmoid(i), torch.sigmoid(f), torch.tanh(g), torch.sigmoid(o)


def lstm_step(input_proj: Tensor, weight_hh: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    """Take the part of an LSTM step that cannot be done for all time steps at once.

    Parameters
    ----------
    input_proj, weight_hh, h : as for `lstm_gates`
    c : Tensor (N, H)

    Returns
    -------
    h', c' : Tensors (N, H)
    """
    i, f, g, o = lstm_gates(input_proj, weight_hh, h)
    c = f * c + i * g
    return o * torch.tanh(c), c


def gru_step(input_proj: Tensor, weight_hh: Tensor, bias_hh: Tensor, h: Tensor) -> Tensor:
    """Take the part of a GRU step that cannot be done for all time steps at once.

    Parameters
    ----------
    input_proj : Tensor (N, 3H)
        W_ih x + b_ih for r, u and n: the input's share. The other bias stays with h, because r multiplies it.
    weight_hh : Tensor (3H, H)
    bias_hh : Tensor (3H,)
    h : Tensor (N, H)

    Returns
    -------
    h' : Tensor (N, H)
    """
    x_r, x_u, x_n = input_proj.chunk(3, dim=1)
    h_r, h_u, h_n = torch.addmm(bias_hh, h, weight_hh.T).chunk(3, dim=1)
    r, u = torch.sigmoid(x_r + h_r), torch.sigmoid(x_u + h_u)
    n = torch.tanh(x_n + r * h_n)
    return (1 - u) * n + u * h


class Cell(nn.Module):
    """The base of all cells: weights for `blocks` gates or candidates of H units each, stacked, as in `torch.nn`.

    Parameters
    ----------
    input_size : int
        E, the length of an input vector.
    hidden_size : int
        H, the length of a state vector.

    Attributes
    ----------
    weight_ih : (blocks · H, E), weight_hh : (blocks · H, H), bias_ih and bias_hh : (blocks · H,)
    """

    blocks = 1

    def __init__(self, input_size: int, hidden_size: int):
        super().__init__()
        check_sizes(input_size=input_size, hidden_size=hidden_size)
        self.input_size, self.hidden_size = input_size, hidden_size
        self.weight_ih = nn.Parameter(torch.empty(self.blocks * hidden_size, input_size))
        self.weight_hh = nn.Parameter(torch.empty(self.blocks * hidden_size, hidden_size))
        self.bias_ih = nn.Parameter(torch.empty(self.blocks * hidden_size))
        self.bias_hh = nn.Parameter(torch.empty(self.blocks * hidden_size))
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -(hidden_size**-0.5), hidden_size**-0.5)

    def zeros(self, x: Tensor) -> Tensor:
        """Return the state (N, H) before the first of the inputs x (N, E)."""
        return x.new_zeros(len(x), self.hidden_size)


class RNNCell(Cell):
    """One step of a plain recurrent network (Elman 1990).

    With x the input and h the hidden state::

        h' = tanh(W_ih x + b_ih + W_hh h + b_hh)

    Parameters
    ----------
    input_size, hidden_size : int
        E and H.
    nonlinearity : "tanh" or "relu"
    """

    def __init__(self, input_size: int, hidden_size: int, nonlinearity: str = "tanh"):
        super().__init__(input_size, hidden_size)
        check_nonlinearity(nonlinearity)
        self.nonlinearity = nonlinearity

    def forward(self, x: Tensor, h: Tensor | None = None) -> Tensor:
        """Take one step: x (N, E), h (N, H) or None for zeros; returns h' (N, H)."""
        h = self.zeros(x) if h is None else h
        input_proj = x @ self.weight_ih.T + self.bias_ih + self.bias_hh
        return rnn_step(input_proj, self.weight_hh, h, self.nonlinearity)


class LSTMCell(Cell):
    """One step of a long short-term memory (Hochreiter & Schmidhuber 1997; forget gate: Gers et al. 2000).

    With x the input, h the hidden state and c the cell state::

        i = σ(W_ii x + b_ii + W_hi h + b_hi)        input gate: what to write
        f = σ(W_if x + b_if + W_hf h + b_hf)        forget gate: what to keep
        g = tanh(W_ig x + b_ig + W_hg h + b_hg)     candidate: the new content
        o = σ(W_io x + b_io + W_ho h + b_ho)        output gate: what to show
        c' = f ⊙ c + i ⊙ g
        h' = o ⊙ tanh(c')

    Parameters and attributes are those of `Cell`, with four blocks in the order i, f, g, o.
    """

    blocks = 4

    def forward(self, x: Tensor, state: tuple[Tensor, Tensor] | None = None) -> tuple[Tensor, Tensor]:
        """Take one step: x (N, E), state (h, c) each (N, H) or None for zeros; returns (h', c')."""
        h, c = state or (self.zeros(x), self.zeros(x))
        input_proj = x @ self.weight_ih.T + self.bias_ih + self.bias_hh
        return lstm_step(input_proj, self.weight_hh, h, c)


class GRUCell(Cell):
    """One step of a gated recurrent unit (Cho et al. 2014).

    With x the input and h the hidden state::

        r = σ(W_ir x + b_ir + W_hr h + b_hr)            reset gate: what of the past the candidate sees
        u = σ(W_iu x + b_iu + W_hu h + b_hu)            update gate: what to keep
        n = tanh(W_in x + b_in + r ⊙ (W_hn h + b_hn))   candidate: the new content
        h' = (1 - u) ⊙ n + u ⊙ h

    As torch does, r is applied after the product with W_hn; in the paper it multiplies h before. Torch's documentation
    calls the update gate z.

    Parameters and attributes are those of `Cell`, with three blocks in the order r, u, n.
    """

    blocks = 3

    def forward(self, x: Tensor, h: Tensor | None = None) -> Tensor:
        """Take one step: x (N, E), h (N, H) or None for zeros; returns h' (N, H)."""
        h = self.zeros(x) if h is None else h
        input_proj = x @ self.weight_ih.T + self.bias_ih
        return gru_step(input_proj, self.weight_hh, self.bias_hh, h)
