"""Layers, models, losses and optimizers against torch: values and gradients, of random shapes, layers and types.

Both sides compute the same sums in other orders. In float64 they agree to ten digits, in float32 to four; no case is
near a tie, for nothing is chosen.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable

import torch
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional as F
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from lmkit import dropout, rnn, training
from lmkit.models import AWDLSTM, LSTMLanguageModel, RecurrentLanguageModel
from lmkit.training.optimizers import make_optimizers
from lmkit.training.penalties import activation_penalty, temporal_activation_penalty
from tests.fuzz.target import target

TOLERANCES = {torch.float32: {"rtol": 1e-3, "atol": 1e-4}, torch.float64: {"rtol": 1e-9, "atol": 1e-10}}
DTYPES = st.sampled_from(list(TOLERANCES))
SIZES = st.integers(1, 6)
LAYERS = st.integers(1, 3)
SEEDS = st.integers(0, 2**31)
RATES = st.floats(0, 0.9)
KINDS = {"rnn": (rnn.RNN, nn.RNN), "lstm": (rnn.LSTM, nn.LSTM), "gru": (rnn.GRU, nn.GRU)}
CELLS = {"rnn": (rnn.RNNCell, nn.RNNCell), "lstm": (rnn.LSTMCell, nn.LSTMCell), "gru": (rnn.GRUCell, nn.GRUCell)}
KIND = st.sampled_from(list(KINDS))


def close(ours: Iterable[Tensor | None], theirs: Iterable[Tensor | None], dtype: torch.dtype) -> None:
    for one, other in zip(ours, theirs, strict=True):
        assert (one is None) == (other is None)
        if one is not None:
            torch.testing.assert_close(one, other, **TOLERANCES[dtype])


def flat(outputs: object) -> list[Tensor]:
    """Return all tensors of a nest of tuples, in order."""
    return [outputs] if isinstance(outputs, Tensor) else [tensor for part in outputs for tensor in flat(part)]


def compare(ours: Callable, theirs: Callable, inputs: list[Tensor], weights: tuple, dtype: torch.dtype) -> None:
    """Compare outputs, and the gradients of a random sum of them with respect to inputs and weights."""
    sides = []
    for function, parameters in zip((ours, theirs), weights, strict=True):
        leaves = [tensor.clone().requires_grad_() for tensor in inputs]
        outputs = flat(function(*leaves))
        generator = torch.Generator().manual_seed(1)
        factors = [torch.randn(out.shape, generator=generator, dtype=torch.float64).to(dtype) for out in outputs]
        total = sum((factor * out).sum() for factor, out in zip(factors, outputs, strict=True))
        gradients = torch.autograd.grad(total, [*leaves, *parameters], allow_unused=True)
        sides.append((outputs, gradients))
    for one, other in zip(*sides, strict=True):
        close(one, other, dtype)


@target(
    kind=KIND,
    n=SIZES,
    e=SIZES,
    h=SIZES,
    relu=st.booleans(),
    with_state=st.booleans(),
    dtype=DTYPES,
    seed=SEEDS,
    wanted=2000,
)
def cells(kind, n, e, h, relu, with_state, dtype, seed):
    torch.manual_seed(seed)
    options = {"nonlinearity": "relu"} if relu and kind == "rnn" else {}
    ours, theirs = (make(e, h, **options).to(dtype) for make in CELLS[kind])
    ours.load_state_dict(theirs.state_dict())
    state = [torch.randn(n, h, dtype=dtype) for _ in range(2 if kind == "lstm" else 1)] if with_state else []

    def call(cell: nn.Module) -> Callable:
        return lambda x, *state: cell(x, state if len(state) > 1 else state[0] if state else None)

    inputs = [torch.randn(n, e, dtype=dtype), *state]
    compare(call(ours), call(theirs), inputs, (list(ours.parameters()), list(theirs.parameters())), dtype)


@target(
    kind=KIND,
    sizes=st.tuples(SIZES, SIZES, SIZES, SIZES),
    num_layers=LAYERS,
    batch_first=st.booleans(),
    fused=st.booleans(),
    with_state=st.booleans(),
    dtype=DTYPES,
    seed=SEEDS,
    wanted=2000,
)
def layers(kind, sizes, num_layers, batch_first, fused, with_state, dtype, seed):
    torch.manual_seed(seed)
    length, n, e, h = sizes
    ours_kind, theirs_kind = KINDS[kind]
    theirs = theirs_kind(e, h, num_layers, batch_first=batch_first).to(dtype)
    ours = ours_kind(e, h, num_layers, batch_first=batch_first, fused=fused).to(dtype)
    ours.load_state_dict(theirs.state_dict())
    shape = (num_layers, n, h)
    state = [torch.randn(shape, dtype=dtype) for _ in range(2 if kind == "lstm" else 1)] if with_state else []

    def call(layer: nn.Module) -> Callable:
        return lambda x, *state: layer(x, state if len(state) > 1 else state[0] if state else None)

    inputs = [torch.randn(*((n, length) if batch_first else (length, n)), e, dtype=dtype), *state]
    compare(call(ours), call(theirs), inputs, (list(ours.parameters()), list(theirs.parameters())), dtype)


@target(shape=st.tuples(SIZES, SIZES, SIZES), p=RATES, dtype=DTYPES, seed=SEEDS, wanted=2000)
def dropouts(shape, p, dtype, seed):
    """The same seed draws the same masks: torch's own dropout, of ones in the shape that a mask has."""
    torch.manual_seed(seed)
    x = torch.randn(shape, dtype=dtype)
    words, vectors = nn.Embedding(9, shape[2]).to(dtype), torch.randint(9, shape[:2])

    def mask(*mask_shape: int) -> Tensor:
        torch.manual_seed(seed)
        return F.dropout(torch.ones(mask_shape, dtype=dtype), p)

    pairs = {
        "elements": (lambda: dropout.Dropout(p)(x), lambda: x * mask(*shape)),
        "locked": (lambda: dropout.LockedDropout(p)(x), lambda: x * mask(shape[0], 1, shape[2])),
        "weights": (lambda: dropout.drop_weights(x[0], p), lambda: x[0] * mask(*shape[1:])),
        "words": (
            lambda: dropout.EmbeddingDropout(p)(words, vectors),
            lambda: F.embedding(vectors, words.weight * mask(9, 1)),
        ),
    }
    for ours, theirs in pairs.values():
        torch.manual_seed(seed)
        found = ours()
        close([found], [theirs()], dtype)


@st.composite
def awd_models(draw: st.DrawFn) -> dict:
    """The arguments of an AWDLSTM."""
    names = ("embed_p", "input_p", "weight_p", "hidden_p", "output_p")
    sizes = {"vocab_size": draw(st.integers(2, 9)), "embedding_size": draw(SIZES), "hidden_size": draw(SIZES)}
    rates = {name: draw(st.just(0.0) | RATES) for name in names}
    return {**sizes, "num_layers": draw(LAYERS), **rates, "tied": draw(st.booleans()), "fused": draw(st.booleans())}


def awd_lstm_of_torch(model: AWDLSTM, tokens: Tensor, seed: int) -> tuple[Tensor, Tensor, Tensor]:
    """Do what an AWDLSTM does with `torch.nn` alone, masks in the order in which it draws them."""
    config, weights = model.config(), dict(model.named_parameters())
    dtype, (n, _) = model.decoder.bias.dtype, tokens.shape
    torch.manual_seed(seed)

    def mask(p: float, *shape: int) -> Tensor | float:
        return F.dropout(torch.ones(shape, dtype=dtype), p) if p else 1.0

    x = F.embedding(tokens, weights["embedding.weight"] * mask(config["embed_p"], config["vocab_size"], 1))
    x = x * mask(config["input_p"], n, 1, x.shape[2])
    states, d = [], config["num_layers"]
    recurrent = [weights[f"rnn.weight_hh_l{index}"] for index in range(d)]
    # Where nothing comes between layers, the fused kernel runs all of them at once: their weights are drawn first.
    together = model.rnn.fused and not config["hidden_p"]
    if together:
        recurrent = [w * mask(config["weight_p"], *w.shape) for w in recurrent]
    for index in range(d):
        if index and config["hidden_p"] and model.rnn.fused:
            dropped = recurrent[index] * mask(config["weight_p"], *recurrent[index].shape)
            x = x * mask(config["hidden_p"], n, 1, x.shape[2])
        else:
            w = recurrent[index]
            dropped = w if together else w * mask(config["weight_p"], *w.shape)
            x = x * mask(config["hidden_p"], n, 1, x.shape[2]) if index else x
        with torch.random.fork_rng():  # its own weights are not wanted, and their numbers are those of the next mask
            layer = nn.LSTM(x.shape[2], config["hidden_size"], batch_first=True).to(dtype)
        names = ("weight_ih", "bias_ih", "bias_hh")
        of_layer = {f"{name}_l0": weights[f"rnn.{name}_l{index}"] for name in names} | {"weight_hh_l0": dropped}
        x, state = functional_call(layer, of_layer, (x,))
        states.append(state)
    raw, x = x, x * mask(config["output_p"], n, 1, x.shape[2])
    if "projection.weight" in weights:
        x = F.linear(x, weights["projection.weight"])
    output = weights["embedding.weight"] if config["tied"] else weights["decoder.weight"]
    logits = F.linear(x, output, weights["decoder.bias"])
    return logits, raw, torch.cat([c for _, c in states])


@target(config=awd_models(), shape=st.tuples(SIZES, SIZES), dtype=DTYPES, seed=SEEDS, wanted=1000)
def awd_lstm(config, shape, dtype, seed):
    torch.manual_seed(seed)
    model = AWDLSTM(**config).to(dtype)
    tokens = torch.randint(config["vocab_size"], shape)

    def ours() -> tuple[Tensor, Tensor, Tensor]:
        torch.manual_seed(seed)
        logits, (_, c), activations = model.with_activations(tokens)
        return logits, activations.raw, c

    weights = list(model.parameters())
    compare(ours, lambda: awd_lstm_of_torch(model, tokens, seed), [], (weights, weights), dtype)


@target(
    kind=KIND,
    lengths=st.lists(st.integers(2, 7), min_size=1, max_size=4),
    sizes=st.tuples(st.integers(2, 7), SIZES, SIZES),
    num_layers=LAYERS,
    window=st.integers(1, 7),
    seed=SEEDS,
    wanted=1000,
)
def padded_rows(kind, lengths, sizes, num_layers, window, seed):
    """Rows of several lengths, padded with -100, against torch's packed sequences and its loss of every target."""
    torch.manual_seed(seed)
    v, e, h = sizes
    model = RecurrentLanguageModel(v, e, h, num_layers, cell=kind).double()
    theirs = KINDS[kind][1](e, h, num_layers, batch_first=True).double()
    theirs.load_state_dict(model.rnn.state_dict())
    rows = [torch.randint(v, (length,)) for length in lengths]
    stream = nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=-100)
    found = training.evaluate(model, stream, window)
    inputs = nn.utils.rnn.pad_sequence([model.embedding(row[:-1]) for row in rows], batch_first=True)
    counts = [length - 1 for length in lengths]
    packed = pack_padded_sequence(inputs, torch.tensor(counts), batch_first=True, enforce_sorted=False)
    outputs, _ = pad_packed_sequence(theirs(packed)[0], batch_first=True)
    logits = torch.cat([model.decoder(output[:count]) for output, count in zip(outputs, counts, strict=True)])
    targets = torch.cat([row[1:] for row in rows])
    close(
        [torch.tensor(found.cross_entropy, dtype=torch.float64)],
        [F.cross_entropy(logits, targets).detach()],
        torch.float64,
    )
    assert found.tokens == len(targets)
    assert round(found.accuracy * found.tokens) == int((logits.argmax(dim=1) == targets).sum())


@target(shape=st.tuples(SIZES, SIZES, SIZES), alpha=st.floats(0, 5), dtype=DTYPES, seed=SEEDS, wanted=1000)
def penalties(shape, alpha, dtype, seed):
    torch.manual_seed(seed)
    h = torch.randn(shape, dtype=dtype)
    mean = F.mse_loss(h, torch.zeros_like(h))
    change = F.mse_loss(h[:, 1:], h[:, :-1]) if shape[1] > 1 else torch.zeros((), dtype=dtype)
    ours = activation_penalty(h, alpha), temporal_activation_penalty(h, alpha)
    close(ours, (alpha * mean, alpha * change), dtype)


@target(
    kind=KIND,
    sizes=st.tuples(st.integers(2, 7), SIZES, SIZES, LAYERS),
    shape=st.tuples(SIZES, SIZES),
    lstm=st.booleans(),
    seed=SEEDS,
    wanted=1000,
)
def steppers(kind, sizes, shape, lstm, seed):
    """Reading token by token, as decoders do, against one pass over whole rows."""
    torch.manual_seed(seed)
    model = (LSTMLanguageModel(*sizes) if lstm else RecurrentLanguageModel(*sizes, cell=kind)).double()
    tokens = torch.randint(sizes[0], shape)
    step, state, found = model.stepper(), None, []
    for column in tokens.unbind(dim=1):
        log_probs, state = step(column, state)
        found.append(log_probs)
    logits, after = model(tokens)
    close(found, logits.log_softmax(dim=-1).unbind(dim=1), torch.float64)
    close([part.transpose(0, 1) for part in flat(state)], flat(after), torch.float64)


@target(
    optimizer=st.sampled_from(["adamw", "adam", "sgd", "muon"]),
    sizes=st.tuples(st.integers(2, 7), SIZES, SIZES, LAYERS),
    lr=st.floats(1e-4, 0.5),
    weight_decay=st.floats(0, 1),
    steps=st.integers(1, 4),
    seed=SEEDS,
    wanted=1000,
)
def optimizers(optimizer, sizes, lr, weight_decay, steps, seed):
    """Torch's classes, set by hand. Torch's Muon rounds to bfloat16, so both take its orthogonal updates in float64."""
    torch.manual_seed(seed)
    model = LSTMLanguageModel(*sizes).double()
    twin = copy.deepcopy(model)
    config = training.TrainConfig(optimizer=optimizer, lr=lr, weight_decay=weight_decay)
    pairs = zip(
        (model, twin), (make_optimizers(model, config), by_torch(twin, optimizer, lr, weight_decay)), strict=True
    )
    for one, all_optimizers in pairs:
        generator = torch.Generator().manual_seed(seed)
        for _ in range(steps):
            for parameter in one.parameters():
                parameter.grad = torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
            for each in all_optimizers:
                each.step()
    close(model.parameters(), twin.parameters(), torch.float64)


class ExactMuon(torch.optim.Optimizer):
    """Muon in float64 by singular values, with the defaults of `torch.optim.Muon`."""

    def __init__(self, parameters: Iterable[nn.Parameter], lr: float, weight_decay: float):
        super().__init__(parameters, {"lr": lr, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self) -> None:
        for group in self.param_groups:
            for weight in group["params"]:
                state, gradient = self.state[weight], weight.grad
                state["mean"] = 0.95 * state.get("mean", torch.zeros_like(gradient)) + 0.05 * gradient
                direction = 0.95 * state["mean"] + 0.05 * gradient
                u, s, vh = torch.linalg.svd(direction, full_matrices=False)
                s = s / s.norm().clamp(min=1e-7)
                for _ in range(5):
                    s = 3.4445 * s - 4.775 * s**3 + 2.0315 * s**5
                rate = 0.2 * max(weight.shape) ** 0.5 * group["lr"]
                weight.mul_(1 - group["lr"] * group["weight_decay"]).sub_(rate * (u * s) @ vh)


def by_torch(model: LSTMLanguageModel, name: str, lr: float, weight_decay: float) -> list[torch.optim.Optimizer]:
    """Return torch's optimizers for a model, each with its parameters by name."""
    options = {"lr": lr, "weight_decay": weight_decay}
    if name != "muon":
        kinds = {"adamw": torch.optim.AdamW, "adam": torch.optim.Adam, "sgd": torch.optim.SGD}
        return [kinds[name](model.parameters(), **options)]
    named = dict(model.named_parameters())
    matrices = [name for name in named if name.startswith(("rnn.weight", "projection"))]
    others = [parameter for name, parameter in named.items() if name not in matrices]
    return [
        ExactMuon([named[name] for name in matrices], **options),
        torch.optim.AdamW(others, betas=(0.9, 0.99), **options),
    ]
