"""Language models as classes, and the step that decoders take with them.

Shape letters: N batch, L length, V vocabulary, E embedding, H hidden, D number of layers.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor, nn

from lmkit.dropout import EmbeddingDropout, LockedDropout, check_probability
from lmkit.rnn import GRU, LSTM, RNN, RNNBase, State, check_sizes

KINDS: dict[str, type[RNNBase]] = {"rnn": RNN, "gru": GRU, "lstm": LSTM}
ModelStep = Callable[[Tensor, State | None], tuple[Tensor, State]]
Config = dict[str, int | float | str | bool]  # the arguments of a model


class Activations(NamedTuple):
    """The last layer's hidden states (N, L, H), as they are and as dropout hands them to the output layer."""

    raw: Tensor
    dropped: Tensor


class FixedContextRNN(nn.Module):
    """The smallest recurrent model: read `context` tokens one by one, then predict the token that follows them.

    The same two matrices serve every step, so their number of weights does not depend on `context`::

        h = 0;  for each token:  h = relu(W (h + embedding) + b)

    Parameters
    ----------
    vocab_size, hidden_size : int
        V and H; an embedding is as long as the hidden state, to which it is added.
    context : int ≥ 1
        How many tokens to read.
    """

    def __init__(self, vocab_size: int, hidden_size: int, context: int):
        super().__init__()
        check_sizes(vocab_size=vocab_size, hidden_size=hidden_size, context=context)
        self.context = context
        self.embedding = nn.Embedding(vocab_size, hidden_size)
        self.hidden = nn.Linear(hidden_size, hidden_size)
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(self, tokens: Tensor) -> Tensor:
        """Read tokens (N, context); return logits (N, V) of the next token. Nothing is remembered between calls."""
        if tokens.shape[1] != self.context:
            raise ValueError(f"tokens must be {self.context} a row, but they are {tokens.shape[1]}")
        h = 0
        for t in range(self.context):
            h = torch.relu(self.hidden(h + self.embedding(tokens[:, t])))
        return self.output(h)


class RecurrentLanguageModel(nn.Module):
    """Embedding, recurrent layers of one kind, and an output layer.

    Parameters
    ----------
    vocab_size, embedding_size, hidden_size : int
        V, E and H.
    num_layers : int ≥ 1
        D.
    cell : "rnn", "gru" or "lstm"
        The kind of the recurrent layers.
    tied : bool
        Let the output layer share its weights with the embedding (Inan et al. 2017; Press & Wolf 2017); E and H must
        be equal then.
    nonlinearity : "tanh" or "relu"
        Of an "rnn"; the other kinds know only "tanh".
    fused : bool
        Run the layers on torch's fused kernel (the same numbers, faster).
    """

    def __init__(
        self,
        vocab_size: int,
        embedding_size: int,
        hidden_size: int,
        num_layers: int = 1,
        *,
        cell: str = "rnn",
        tied: bool = False,
        nonlinearity: str = "tanh",
        fused: bool = True,
    ):
        super().__init__()
        check_sizes(vocab_size=vocab_size, embedding_size=embedding_size)
        if cell not in KINDS:
            raise ValueError(f"cell must be one of {', '.join(map(repr, KINDS))}, but it is {cell!r}")
        if tied and embedding_size != hidden_size:
            sizes = f"embedding_size {embedding_size} and hidden_size {hidden_size}"
            raise ValueError(f"tied must be False where sizes differ, but {sizes} do; make them equal")
        if cell != "rnn" and nonlinearity != "tanh":
            raise ValueError(f"nonlinearity must be 'tanh' where cell is {cell!r}, but it is {nonlinearity!r}")
        self.vocab_size, self.embedding_size = vocab_size, embedding_size
        self.hidden_size, self.num_layers = hidden_size, num_layers
        self.cell, self.tied, self.nonlinearity = cell, tied, nonlinearity
        self.embedding = nn.Embedding(vocab_size, embedding_size)
        kind = partial(RNN, nonlinearity=nonlinearity) if cell == "rnn" else KINDS[cell]
        self.rnn: RNNBase = kind(embedding_size, hidden_size, num_layers, batch_first=True, fused=fused)
        self.decoder = nn.Linear(hidden_size, vocab_size)
        if tied:
            self.decoder.weight = self.embedding.weight
            nn.init.uniform_(self.embedding.weight, -0.1, 0.1)

    def forward(self, tokens: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Read tokens (N, L) from a state, h or (h, c) of shape (D, N, H); return logits (N, L, V), the new state."""
        output, after = self.rnn(self.embedding(tokens), state)
        return self.decoder(output), after

    def config(self) -> Config:
        """Return the arguments that build a model of the same class and shape."""
        names = ("vocab_size", "embedding_size", "hidden_size", "num_layers", "cell", "tied", "nonlinearity")
        return {name: getattr(self, name) for name in names}

    def stepper(self) -> ModelStep:
        """Return the model as decoders want it: a function that reads one token per row; see `stepper`."""
        return stepper(self.embedding.weight, self.rnn, self.decoder.weight, self.decoder.bias)


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
        logits, after, _ = self.with_activations(tokens, state)
        return logits, after

    def with_activations(self, tokens: Tensor, state: State | None = None) -> tuple[Tensor, State, Activations]:
        """Do the same as `forward`; return also the `Activations` behind it, which penalties and caches are about."""
        output, after = self.rnn(self.embedding(tokens), state)
        return self.decoder(self.projection(output)), after, Activations(output, output)

    def config(self) -> Config:
        """Return the arguments that build a model of the same class and shape."""
        return {name: getattr(self, name) for name in ("vocab_size", "embedding_size", "hidden_size", "num_layers")}

    def stepper(self) -> ModelStep:
        """Return the model as decoders want it: a function that reads one token per row; see `stepper`."""
        readout = self.decoder.weight
        if isinstance(self.projection, nn.Linear):
            readout = readout @ self.projection.weight  # (V, H)
        return stepper(self.embedding.weight, self.rnn, readout, self.decoder.bias)


class AWDLSTM(LSTMLanguageModel):
    """The language model of Merity, Keskar & Socher (2018): an LSTM with dropout in five places and tied weights.

    Parameters
    ----------
    vocab_size, embedding_size, hidden_size : int
        V, E and H.
    num_layers : int ≥ 1
        D.
    embed_p : float in [0, 1)
        Of whole words, see `EmbeddingDropout`.
    input_p, hidden_p, output_p : float in [0, 1)
        Locked dropout of the embedded words, between layers, and of what the output layer reads.
    weight_p : float in [0, 1)
        Of the hidden-to-hidden weights.
    tied : bool
        Let the output layer share its weights with the embedding: one tensor.
    fused : bool
        Run the layers on torch's fused kernel.

    Notes
    -----
    The dropouts have fastai's names; Merity et al. call them dropoute, dropouti, wdrop, dropouth and dropout. In their
    code, and in fastai's, the last layer is as wide as an embedding; here all are H wide, and a projection follows
    where E differs.

    Raises
    ------
    ValueError
        If a size is below 1 or a probability out of its range.
    """

    def __init__(
        self,
        vocab_size: int,
        embedding_size: int,
        hidden_size: int,
        num_layers: int = 1,
        *,
        embed_p: float = 0.0,
        input_p: float = 0.0,
        weight_p: float = 0.0,
        hidden_p: float = 0.0,
        output_p: float = 0.0,
        tied: bool = True,
        fused: bool = True,
    ):
        dropped = {"embed_p": embed_p, "input_p": input_p, "weight_p": weight_p, "hidden_p": hidden_p}
        for name, p in {**dropped, "output_p": output_p}.items():
            check_probability(name, p)
        super().__init__(vocab_size, embedding_size, hidden_size, num_layers, fused)
        self.rnn.weight_p, self.rnn.hidden_p = weight_p, hidden_p
        self.embedding_dropout = EmbeddingDropout(embed_p)
        self.input_dropout, self.output_dropout = LockedDropout(input_p), LockedDropout(output_p)
        self.tied = tied
        if not tied:
            self.decoder = nn.Linear(embedding_size, vocab_size)

    def config(self) -> Config:
        """Return the arguments that build a model of the same class and shape."""
        dropouts = {
            "embed_p": self.embedding_dropout.p,
            "input_p": self.input_dropout.p,
            "weight_p": self.rnn.weight_p,
            "hidden_p": self.rnn.hidden_p,
            "output_p": self.output_dropout.p,
        }
        return {**super().config(), **dropouts, "tied": self.tied}

    def with_activations(self, tokens: Tensor, state: State | None = None) -> tuple[Tensor, State, Activations]:
        embedded = self.embedding_dropout(self.embedding, tokens)
        raw, after = self.rnn(self.input_dropout(embedded), state)
        dropped = self.output_dropout(raw)
        return self.decoder(self.projection(dropped)), after, Activations(raw, dropped)


LanguageModel = LSTMLanguageModel | RecurrentLanguageModel  # an AWDLSTM is the former


@torch.no_grad()
def stepper(embedding: Tensor, layers: RNNBase, readout: Tensor, bias: Tensor) -> ModelStep:
    """Return a function that reads one token per row, for decoders.

    What does not depend on the state is multiplied out once: the embedding into the first layer's input weights. The
    function works on a snapshot: it does not see later changes of the weights.

    Parameters
    ----------
    embedding : Tensor (V, E)
    layers : RNNBase
    readout : Tensor (V, H)
    bias : Tensor (V,)
        From the last hidden state to the logits.

    Returns
    -------
    step : function (tokens, state) -> (log_probs, state)
        tokens (N,) int64, on any device; state h or (h, c), each tensor (N, D, H), or None at the start; log_probs
        (N, V), natural logarithms, in float32 at least. Rows come first and are independent, so a decoder may pick and
        repeat rows of the state.
    """
    layers, readout, bias = copy.deepcopy(layers).eval(), _by_columns(readout), bias.clone()
    for weight in layers.parameters():
        weight.data = _by_columns(weight)
    (weight_ih, bias_ih, _), *upper = parts = [layers.recurrence(d) for d in range(layers.num_layers)]
    table = embedding @ weight_ih.T + bias_ih  # (V, 4H for an LSTM): the input's share of the first layer's step
    steps, single = [step for _, _, step in parts], len(layers.state_names) == 1
    precise = torch.promote_types(table.dtype, torch.float32)

    @torch.inference_mode()
    def step(tokens: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        if state is None:
            old = (table.new_zeros(len(tokens), layers.num_layers, layers.hidden_size),) * len(layers.state_names)
        else:
            old = (state,) if isinstance(state, Tensor) else state
        input_proj, new = table.index_select(0, tokens.to(table.device)), []
        for d, layer_step in enumerate(steps):
            new.append(layer_step(input_proj, *(part[:, d] for part in old)))
            if d < len(upper):
                input_proj = torch.addmm(upper[d][1], new[-1][0], upper[d][0].T)
        log_probs = torch.log_softmax(torch.addmm(bias, new[-1][0], readout.T), dim=-1, dtype=precise)
        after = tuple(torch.stack(part, dim=1) for part in zip(*new, strict=True))
        return log_probs, (after[0] if single else after)

    return step


def _by_columns(weight: Tensor) -> Tensor:
    """Return a copy whose transpose lies in order in memory: products with few rows are faster."""
    return weight.detach().mT.contiguous().mT if weight.dim() == 2 else weight.detach().clone()
