"""Decoders: an LSTM that writes the target, with attention after its step, before it, or not at all.

Shape letters: N sentences, T target words, S source positions, E embedding, H hidden units, V target vocabulary.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn

from lmkit.dropout import LockedDropout
from lmkit.models.seq2seq.attention import Attention
from lmkit.models.seq2seq.encoder import CellState
from lmkit.rnn import LSTM, LSTMCell, check_sizes, lstm_step

Attend = Callable[[Tensor], Tensor]  # a query (N, H) to its context (N, H)
DecoderStep = Callable[[Tensor, Tensor, Tensor, Attend], tuple[Tensor, Tensor, Tensor]]


class Memory(NamedTuple):
    """The vectors (N, S, H) that an encoder leaves for attention, which of them are words (N, S), and their keys."""

    values: Tensor
    mask: Tensor
    keys: Tensor


class Decoder(nn.Module):
    """The base of all decoders: the words it reads, and the scores of the next word.

    The readout is the same for all kinds with attention, so that they differ in the moment alone. With s the state
    after a step and c its context::

        logits = W_o tanh(W_c [c; s]) + b

    Parameters
    ----------
    vocab_size, embedding_size, hidden_size : int
        V, E and H.
    attention : Attention, optional
    input_p, output_p : float in [0, 1)
        Locked dropout of embedded words, and of what the output layer reads.

    Source: Luong, Pham & Manning (2015), section 3 (the attentional hidden state; the bias is ours).
    """

    def __init__(
        self,
        vocab_size: int,
        embedding_size: int,
        hidden_size: int,
        attention: Attention | None = None,
        input_p: float = 0.0,
        output_p: float = 0.0,
    ):
        super().__init__()
        check_sizes(vocab_size=vocab_size, embedding_size=embedding_size, hidden_size=hidden_size)
        self.embedding = nn.Embedding(vocab_size, embedding_size)
        self.input_dropout, self.output_dropout = LockedDropout(input_p), LockedDropout(output_p)
        self.attention = attention
        if attention is not None:
            self.combine = nn.Linear(2 * hidden_size, hidden_size, bias=False)  # W_c
        self.output = nn.Linear(hidden_size, vocab_size)  # W_o and b

    def readout(self, hidden: Tensor, context: Tensor | None) -> Tensor:
        """Return logits (…, V) for states (…, H) and their contexts, which are None without attention."""
        if context is not None:
            hidden = torch.tanh(self.combine(torch.cat([context, hidden], dim=-1)))
        return self.output(self.output_dropout(hidden))

    def forward(self, inputs: Tensor, state: CellState, memory: Memory) -> tuple[Tensor, Tensor | None, CellState]:
        """Read the target's words, each before the one to predict (teacher forcing).

        Parameters
        ----------
        inputs : Tensor of int64 (N, T)
        state : (h, c), each (N, H)
        memory : Memory

        Returns
        -------
        logits : Tensor (N, T, V)
        weights : Tensor (N, T, S), or None without attention
        state : after the last step
        """
        raise NotImplementedError

    def stepper(self) -> DecoderStep:
        """Return a function that takes one step in evaluation; the input's share of a step is multiplied out now.

        Returns
        -------
        step : function (tokens, h, c, attend) -> (logits, h, c)
            tokens (N,), h and c (N, H); attend turns queries (N, H) into contexts (N, H), if there is attention.
        """
        raise NotImplementedError


class LuongDecoder(Decoder):
    """A decoder with attention after the step: first the LSTM moves on, then its new state looks at the source.

    Nothing of what it sees returns to the LSTM, so all steps of a target are computed at once. (The paper's input
    feeding would return it.) Without attention all that it knows of the source is the state in which it starts: the
    model of Sutskever, Vinyals & Le (2014).

    Parameters are those of `Decoder`.

    Source: Luong, Pham & Manning (2015), section 3.1 (without the input feeding of section 3.3).
    """

    def __init__(self, vocab_size: int, embedding_size: int, hidden_size: int, *args, **dropouts):
        super().__init__(vocab_size, embedding_size, hidden_size, *args, **dropouts)
        self.rnn = LSTM(embedding_size, hidden_size, batch_first=True, fused=True)

    def forward(self, inputs: Tensor, state: CellState, memory: Memory) -> tuple[Tensor, Tensor | None, CellState]:
        embedded, (h, c) = self.input_dropout(self.embedding(inputs)), state
        hidden, (h, c) = self.rnn(embedded, (h[None], c[None]))
        context, weights = self.attention(hidden, *memory) if self.attention else (None, None)
        return self.readout(hidden, context), weights, (h[0], c[0])

    def stepper(self) -> DecoderStep:
        weight_ih, weight_hh, bias_ih, bias_hh = self.rnn.layer(0)
        of_word = self.embedding.weight @ weight_ih.T + bias_ih + bias_hh  # (V, 4H)

        def step(tokens: Tensor, h: Tensor, c: Tensor, attend: Attend) -> tuple[Tensor, Tensor, Tensor]:
            h, c = lstm_step(of_word[tokens], weight_hh, h, c)
            return self.readout(h, attend(h) if self.attention else None), h, c

        return step


class BahdanauDecoder(Decoder):
    """A decoder with attention before the step: the old state looks at the source, then the LSTM reads what it saw.

    The LSTM's input is the word before and the context, [x; c].

    Parameters are those of `Decoder`; the attention must be given.

    Source: Bahdanau, Cho & Bengio (2015), section 3.1 (with another readout, see `Decoder`).
    """

    def __init__(self, vocab_size: int, embedding_size: int, hidden_size: int, attention: Attention, **dropouts):
        super().__init__(vocab_size, embedding_size, hidden_size, attention, **dropouts)
        self.attention: Attention = attention
        self.cell = LSTMCell(embedding_size + hidden_size, hidden_size)

    def forward(self, inputs: Tensor, state: CellState, memory: Memory) -> tuple[Tensor, Tensor | None, CellState]:
        steps = []
        for x in self.input_dropout(self.embedding(inputs)).unbind(dim=1):
            context, weights = self.attention(state[0][:, None], *memory)
            state = self.cell(torch.cat([x, context[:, 0]], dim=1), state)
            steps.append((state[0], context[:, 0], weights[:, 0]))
        hidden, context, weights = (torch.stack(parts, dim=1) for parts in zip(*steps, strict=True))
        return self.readout(hidden, context), weights, state

    def stepper(self) -> DecoderStep:
        cell = self.cell
        word, seen = cell.weight_ih.split([self.embedding.embedding_dim, cell.hidden_size], dim=1)
        of_word = self.embedding.weight @ word.T + cell.bias_ih + cell.bias_hh  # (V, 4H)

        def step(tokens: Tensor, h: Tensor, c: Tensor, attend: Attend) -> tuple[Tensor, Tensor, Tensor]:
            context = attend(h)
            h, c = lstm_step(torch.addmm(of_word[tokens], context, seen.T), cell.weight_hh, h, c)
            return self.readout(h, context), h, c

        return step


DECODERS: dict[str, type[Decoder]] = {"after": LuongDecoder, "before": BahdanauDecoder}
