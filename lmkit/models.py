"""Language models: from the tokens so far to a distribution over the next.

Shape letters: N batch, L length, V vocabulary, E embedding, H hidden, D number of layers.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from lmkit.rnn import LSTM, check_sizes, lstm_step

State = tuple[Tensor, Tensor]
Step = Callable[[Tensor, State | None], tuple[Tensor, State]]


class LSTMLanguageModel(nn.Module):
    """Embedding, LSTM layers, and an output layer that shares its weights with the embedding.

    With tied weights (Inan et al. 2017; Press & Wolf 2017) the score of a word is the inner product of its
    embedding with the hidden state; a linear projection brings H down to E where they differ.

    Parameters
    ----------
    vocab_size, embedding_size, hidden_size : int
        V, E and H.
    num_layers : int ≥ 1
        D.
    fused : bool
        Run the layers on torch's fused kernel (the same numbers, faster).
    """

    def __init__(self, vocab_size: int, embedding_size: int, hidden_size: int, num_layers: int = 1, fused: bool = True):
        super().__init__()
        check_sizes(vocab_size=vocab_size, embedding_size=embedding_size)
        self.vocab_size, self.embedding_size = vocab_size, embedding_size
        self.hidden_size, self.num_layers = hidden_size, num_layers
        self.embedding = nn.Embedding(vocab_size, embedding_size)
        self.rnn = LSTM(embedding_size, hidden_size, num_layers, batch_first=True, fused=fused)
        same = hidden_size == embedding_size
        self.projection = nn.Identity() if same else nn.Linear(hidden_size, embedding_size, bias=False)
        self.decoder = nn.Linear(embedding_size, vocab_size)
        self.decoder.weight = self.embedding.weight
        nn.init.uniform_(self.embedding.weight, -0.1, 0.1)
        nn.init.zeros_(self.decoder.bias)

    def forward(self, tokens: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Read tokens (N, L) from a state (h, c), each (D, N, H); return logits (N, L, V) and the new state."""
        output, state = self.rnn(self.embedding(tokens), state)
        return self.decoder(self.projection(output)), state

    def config(self) -> dict[str, int]:
        """The arguments that build a model of the same shape."""
        return {name: getattr(self, name) for name in ("vocab_size", "embedding_size", "hidden_size", "num_layers")}

    @torch.no_grad()
    def stepper(self) -> Step:
        """The model as decoders want it: a function that reads one token per row.

        What does not depend on the state is multiplied out once: the embedding into the first layer's input
        weights, and the projection into the output weights. The function works on a snapshot: it does not see
        later changes of the weights.

        Returns
        -------
        step : function (tokens, state) -> (log_probs, state)
            tokens (N,) int64; state a pair of tensors (N, D, H), or None at the start; log_probs (N, V), natural
            logarithms. Rows are independent, so a decoder may pick and repeat rows of the state.
        """
        layers = [self.rnn.layer(d) for d in range(self.num_layers)]
        weight_ih, _, bias_ih, bias_hh = layers[0]
        table = self.embedding.weight @ weight_ih.T + bias_ih + bias_hh  # (V, 4H)
        readout, bias = self.decoder.weight.clone(), self.decoder.bias.clone()
        if isinstance(self.projection, nn.Linear):
            readout = readout @ self.projection.weight  # (V, H)
        weights_hh = [weight_hh.clone() for _, weight_hh, _, _ in layers]
        upper = [(w.clone(), b + b_hh) for w, _, b, b_hh in layers[1:]]

        @torch.inference_mode()
        def step(tokens: Tensor, state: State | None = None) -> tuple[Tensor, State]:
            h, c = state or (table.new_zeros(len(tokens), self.num_layers, self.hidden_size),) * 2
            from_input, hs, cs = table[tokens], [], []
            for d, weight_hh in enumerate(weights_hh):
                h_d, c_d = lstm_step(from_input, weight_hh, h[:, d], c[:, d])
                hs.append(h_d)
                cs.append(c_d)
                if d < len(upper):
                    from_input = torch.addmm(upper[d][1], h_d, upper[d][0].T)
            log_probs = torch.log_softmax(torch.addmm(bias, h_d, readout.T), dim=-1)
            return log_probs, (torch.stack(hs, dim=1), torch.stack(cs, dim=1))

        return step
