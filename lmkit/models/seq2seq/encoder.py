"""The encoder: it reads the source, and leaves a vector for every word and a state of the whole."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from lmkit.dropout import LockedDropout
from lmkit.rnn import check_sizes

CellState = tuple[Tensor, Tensor]  # h and c, each (N, H)


class Encoder(nn.Module):
    """An LSTM that reads sources of unequal length: one way, or one half from the left and the other from the right.

    The sequences are packed: the LSTM stops where a source ends, and reads no padding.

    Parameters
    ----------
    vocab_size, embedding_size, hidden_size : int
        V, E and H. Read both ways, H must be even: each direction has H / 2 units.
    two_way : bool
    input_p : float in [0, 1)
        Locked dropout of the embedded words.

    Source: Bahdanau, Cho & Bengio (2015), section 3.2 (with gated units of another kind).
    """

    def __init__(
        self, vocab_size: int, embedding_size: int, hidden_size: int, two_way: bool = True, input_p: float = 0.0
    ):
        super().__init__()
        check_sizes(vocab_size=vocab_size, embedding_size=embedding_size, hidden_size=hidden_size)
        if two_way and hidden_size % 2:
            raise ValueError(f"hidden_size must be even where two_way is True, but it is {hidden_size}; change either")
        self.embedding = nn.Embedding(vocab_size, embedding_size)
        self.dropout = LockedDropout(input_p)
        units = hidden_size // 2 if two_way else hidden_size
        self.rnn = nn.LSTM(embedding_size, units, batch_first=True, bidirectional=two_way)

    def forward(self, sources: Tensor, lengths: Tensor) -> tuple[Tensor, CellState]:
        """Read sources.

        Parameters
        ----------
        sources : Tensor of int64 (N, S)
            What stands behind the end of a source makes no difference, but must be an id.
        lengths : Tensor of int64 (N,)

        Returns
        -------
        outputs : Tensor (N, S, H), zeros behind the end
        state : (h, c), each (N, H): after the last word, and read from the right after the first
        """
        embedded = self.dropout(self.embedding(sources))
        packed = pack_padded_sequence(embedded, lengths, batch_first=True, enforce_sorted=False)
        packed, (h, c) = self.rnn(packed)
        outputs, _ = pad_packed_sequence(packed, batch_first=True, total_length=sources.shape[1])
        return outputs, (h.transpose(0, 1).flatten(1), c.transpose(0, 1).flatten(1))


class Bridge(nn.Module):
    """From the encoder's last state to the decoder's first: h₀ = tanh(W_h h + b_h), c₀ = W_c c + b_c.

    Parameters
    ----------
    hidden_size : int
        H.

    Source: Bahdanau, Cho & Bengio (2015), appendix A.2.2, who map the state that was read from the right.
    """

    def __init__(self, hidden_size: int):
        super().__init__()
        self.h = nn.Linear(hidden_size, hidden_size)
        self.c = nn.Linear(hidden_size, hidden_size)

    def forward(self, state: CellState) -> CellState:
        """Return the decoder's first state (h, c) for an encoder's last one, all (N, H)."""
        h, c = state
        return torch.tanh(self.h(h)), self.c(c)
