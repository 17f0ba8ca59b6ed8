"""Recurrent cells and the layers over them, with the weights of `torch.nn`.

What a cell does at one time step is a plain function: `rnn_step`, `lstm_step`, `gru_step`. The cells RNNCell, LSTMCell
and GRUCell own weights for it; the layers RNN, LSTM and GRU apply it to every step of a batch of sequences.

Parameters have torch's names, shapes and order, so a state dict goes either way. Shape letters: N batch, L length,
E input size, H hidden size, D number of layers.
"""

from lmkit.rnn.cells import Cell, GRUCell, LSTMCell, RNNCell, check_sizes, gru_step, lstm_gates, lstm_step, rnn_step
from lmkit.rnn.layers import GRU, LSTM, RNN, RNNBase, State

__all__ = [
    "GRU",
    "LSTM",
    "RNN",
    "Cell",
    "GRUCell",
    "LSTMCell",
    "RNNBase",
    "RNNCell",
    "State",
    "check_sizes",
    "gru_step",
    "lstm_gates",
    "lstm_step",
    "rnn_step",
]
