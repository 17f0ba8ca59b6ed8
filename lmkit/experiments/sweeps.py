"""How the shipped runs were made: `python -m lmkit experiment NAME`.

Every run trains a language model on Human Numbers for 15 epochs with one thread, from the seed that names it, and is
measured on held-out text in 64 rows that start cold. `making` makes and keeps them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator
from dataclasses import asdict, dataclass, replace
from itertools import product
from statistics import fmean
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from lmkit.datasets import human_numbers
from lmkit.models import AWDLSTM
from lmkit.runs import BINS, Run
from lmkit.text import batchify, to_tensor
from lmkit.training import TrainConfig, evaluate, evaluate_with_cache, repeat, repeat_shifted, set_seed, train

EPOCHS, HELD_OUT_ROWS, MAX_PARAMETERS = 15, 64, 68_510
THETA, LAM = 3.0, 0.15  # of the cache


@dataclass(frozen=True, kw_only=True)
class Recipe(TrainConfig):
    """Everything that determines a run but its seed: the options of training, the text, the model and the cache.

    Dropout's five probabilities have `AWDLSTM`'s names. With `embedding_std` embeddings begin normal, as
    `nn.Embedding`'s do; else between −.1 and .1, as our models' do.
    """

    about: ClassVar[str] = f"Human Numbers, {EPOCHS} epochs; held-out text in {HELD_OUT_ROWS} rows that start cold"

    split: str = "sequential"
    hidden_size: int = 90
    num_layers: int = 1
    tied: bool = True
    embedding_std: float | None = None
    batch_size: int = 32
    shifted: bool = True
    starts: int = 1
    embed_p: float = 0.0
    input_p: float = 0.0
    weight_p: float = 0.0
    hidden_p: float = 0.0
    output_p: float = 0.0
    theta: float = THETA
    lam: float = LAM

    def run(self, seed: int, settings: dict[str, Any] | None = None) -> Run:
        """Train and evaluate one model; see `run`."""
        return run(self, seed, settings)


def texts(split: str) -> tuple[list[str], list[str]]:
    """Return the training and the held-out words of a split: "sequential", "diagonal", or one nested in these.

    Settings are chosen on nested splits of the training parts, so that nothing is chosen on the text that the figures
    are about: "nested sequential" holds out the last fifth of what is left, "nested diagonal" another diagonal.
    """
    if split == "diagonal":
        return human_numbers.diagonal_split()
    if split == "nested diagonal":
        return human_numbers.diagonal_split(2, nested=1)
    training, held_out = human_numbers.sequential_split()
    if split == "sequential":
        return training, held_out
    cut = 4 * len(training) // 5
    return training[:cut], training[cut:]


def run(recipe: Recipe, seed: int, settings: dict[str, Any] | None = None) -> Run:
    """Train and evaluate one model; a run is the same on machines with the same vector units."""
    torch.set_num_threads(1)
    set_seed(seed)
    vocab = human_numbers.vocab()
    training, held_out = (to_tensor(vocab.ids(part)) for part in texts(recipe.split))
    held_out = batchify(held_out, HELD_OUT_ROWS)
    model = _model(recipe, len(vocab))
    streams, steps = _streams(recipe, training)
    epoch = steps // EPOCHS
    options = replace(recipe, validate_every=epoch).options()
    history = train(model, streams, steps=steps, validation=held_out, progress=False, **options)
    validation = history.validation[: EPOCHS - 1] + history.validation[-1:]
    losses = [history.losses[k * epoch : (k + 1) * epoch] for k in range(EPOCHS)]
    return Run(
        settings if settings is not None else {},
        seed,
        [_rounded(fmean(part)) for part in losses],
        [_rounded(at.cross_entropy) for at in validation],
        [_rounded(at.accuracy) for at in validation],
        _final_measures(model, recipe, batchify(training, HELD_OUT_ROWS), held_out),
    )


def _model(recipe: Recipe, vocab_size: int) -> AWDLSTM:
    dropouts = {name: value for name, value in asdict(recipe).items() if name.endswith("_p")}
    size = recipe.hidden_size
    model = AWDLSTM(vocab_size, size, size, recipe.num_layers, tied=recipe.tied, **dropouts)
    if recipe.embedding_std is not None:
        nn.init.normal_(model.embedding.weight, std=recipe.embedding_std)
    if (count := sum(parameter.numel() for parameter in model.parameters())) > MAX_PARAMETERS:
        raise ValueError(
            f"hidden_size and num_layers must make {MAX_PARAMETERS:,} parameters at most, but make {count:,}"
        )
    return model


def _streams(recipe: Recipe, training: Tensor) -> tuple[Iterator[Tensor], int]:
    if recipe.shifted:
        settings = {"variable_window": recipe.variable_window, "starts": recipe.starts}
        return repeat_shifted(training, recipe.batch_size, EPOCHS, recipe.window, **settings)
    stream = batchify(training, recipe.batch_size)
    return repeat(stream, EPOCHS, recipe.window, variable_window=recipe.variable_window)


@torch.no_grad()
def _final_measures(model: AWDLSTM, recipe: Recipe, training: Tensor, held_out: Tensor) -> dict[str, Any]:
    plain, fitted = evaluate(model, held_out), evaluate(model, training)
    cached = evaluate_with_cache(model, held_out, theta=recipe.theta, lam=recipe.lam)
    h = model.with_activations(held_out)[2].raw
    recurrent = torch.cat([model.rnn.layer(index)[1].flatten() for index in range(model.num_layers)])
    shares = torch.histc(h, BINS, -1, 1) / h.numel()
    numbers = {
        "accuracy": plain.accuracy,
        "cross_entropy": plain.cross_entropy,
        "cached_accuracy": cached.accuracy,
        "cached_cross_entropy": cached.cross_entropy,
        "train_accuracy": fitted.accuracy,
        "train_cross_entropy": fitted.cross_entropy,
        "activation": float(h.square().mean().sqrt()),
        "change": float(h.diff(dim=1).square().mean().sqrt()),
        "saturated": float((h.abs() > 0.9).float().mean()),
        "weight": float(recurrent.square().mean().sqrt()),
    }
    short = {name: _rounded(value) for name, value in numbers.items()}
    return short | {"histogram": [round(share, 4) for share in shares.tolist()]}


def _rounded(value: float) -> float:
    """Return a value with four significant digits: what a run of one seed can say."""
    return float(f"{value:.4g}") if math.isfinite(value) else value


# The experiments: which runs they are made of.

Job = tuple[Recipe, dict[str, Any], int]
ALPHAS = BETAS = (0.0, 1.0, 2.0, 4.0)
DECAYS = (0.0, 0.1, 0.3, 1.0)
# What our recipes have in common.
BASE = Recipe(window=16, lr=0.02, warmup=0.1, optimizer="muon", weight_decay=0.7)
# The fastai book's protocol (Howard & Gugger 2020, chapter 12).
PEER = Recipe(
    hidden_size=64,
    num_layers=2,
    embedding_std=1.0,
    batch_size=64,
    window=16,
    shifted=False,
    lr=0.01,
    warmup=0.25,
    optimizer="adamw",
    weight_decay=0.1,
    output_p=0.4,
    alpha=2.0,
    beta=1.0,
    clip=math.inf,
)
# Ours, chosen on the nested splits; see `development`. Where the whole range of numbers has been seen, less decay and
# more TAR are better.
OURS = replace(BASE, input_p=0.05, output_p=0.1, alpha=2.0, beta=1.0)
OURS_DIAGONAL = replace(OURS, split="diagonal", weight_decay=0.3, beta=4.0)
SMALL = replace(BASE, batch_size=64, output_p=0.1, weight_decay=0.0)
# The ablation's model without any of its parts: two layers, and one unit less where the output has weights of its own,
# so that tied and untied models have the same budget.
BARE = replace(BASE, hidden_size=63, num_layers=2, tied=False, batch_size=64, weight_decay=0.0)
PARTS: dict[str, dict[str, Any]] = {
    "embed": {"embed_p": 0.02},
    "input": {"input_p": 0.05},
    "weight": {"weight_p": 0.05},
    "hidden": {"hidden_p": 0.05},
    "output": {"output_p": 0.1},
    "decay": {"weight_decay": 0.7},
    "ar": {"alpha": 2.0},
    "tar": {"beta": 1.0},
    "tied": {"tied": True, "hidden_size": 64},
    "variable": {"variable_window": True},
    "averaging": {"averaging": 1, "schedule": "constant", "lr": 0.01},
}


def regularisation() -> Iterator[Job]:
    """A grid over the strengths of AR, TAR and weight decay."""
    for seed, alpha, beta, decay in product(range(1, 4), ALPHAS, BETAS, DECAYS):
        settings = {"alpha": alpha, "beta": beta, "weight_decay": decay}
        yield replace(SMALL, **settings), settings, seed


def decay() -> Iterator[Job]:
    """Weight decay coupled to the gradient (Adam) beside decoupled decay (AdamW), both without AR and TAR."""
    for seed, coupled, strength in product(range(1, 9), (False, True), (0.001, 0.01, 0.1, 1.0)):
        settings = {"coupled": coupled, "weight_decay": strength}
        optimizer = "adam" if coupled else "adamw"
        yield replace(SMALL, weight_decay=strength, optimizer=optimizer), settings, seed


def optimizers() -> Iterator[Job]:
    """Weight decay, AR and TAR under AdamW and under Muon, and AR in two layers, all from the same seeds."""
    chosen = [(0.0, 0.0, 0.0), (2.0, 0.0, 0.0), (0.0, 2.0, 0.0), (0.0, 0.0, 0.1), (0.0, 0.0, 1.0), (2.0, 0.0, 1.0)]
    kinds = [(optimizer, 1, strengths) for optimizer in ("adamw", "muon") for strengths in chosen]
    kinds += [("muon", 2, strengths) for strengths in chosen[:2]]
    for seed, (optimizer, layers, (alpha, beta, decay)) in product(range(1, 6), kinds):
        options = {"optimizer": optimizer, "alpha": alpha, "beta": beta, "weight_decay": decay}
        network = {1: SMALL, 2: replace(SMALL, num_layers=2, hidden_size=64)}[layers]
        yield replace(network, **options), options | {"layers": layers}, seed


def sources() -> Iterator[Job]:
    """The settings of AR and TAR that sources disagree on, in the protocol of fastai's book."""
    for seed, (alpha, beta) in product(range(1, 13), ((0.0, 0.0), (1.0, 2.0), (2.0, 1.0))):
        yield replace(PEER, alpha=alpha, beta=beta), {"alpha": alpha, "beta": beta}, seed


def ablation() -> Iterator[Job]:
    """Every part of the AWD-LSTM alone, all but each, none and all."""
    everything = frozenset(PARTS)
    chosen = [frozenset(), everything, *({part} for part in PARTS), *(everything - {part} for part in PARTS)]
    for seed, present in product(range(1, 9), chosen):
        yield with_parts(present), {part: part in present for part in PARTS}, seed


# How strong a part is in `strengths`, beside its strength in the ablation.
STRENGTHS: dict[str, tuple[str, tuple[float, ...]]] = {
    "weight": ("weight_p", (0.2, 0.5)),
    "hidden": ("hidden_p", (0.2,)),
    "output": ("output_p", (0.2, 0.4)),
    "decay": ("weight_decay", (0.1,)),
}
# Models in which AR is added to nothing else, each differing from the one before in one thing: from the ablation's
# without its parts to that of `regularisation`.
COMPANIES: dict[str, Recipe] = {
    "two layers of 63": BARE,
    "two layers of 64, tied": replace(BARE, tied=True, hidden_size=64),
    "one layer of 90, tied": replace(BARE, tied=True, hidden_size=90, num_layers=1),
    "one layer of 90, tied, output dropout": SMALL,
}


def strengths() -> Iterator[Job]:
    """Parts of the AWD-LSTM, each alone, at other strengths than in the ablation."""
    for seed, (part, (option, values)) in product(range(1, 6), STRENGTHS.items()):
        for value in values:
            yield replace(BARE, **{option: value}), {"part": part, "strength": value}, seed


def company() -> Iterator[Job]:
    """What AR adds to four models, from the ablation's to that of the grid over strengths."""
    for seed, (name, recipe), alpha in product(range(1, 6), COMPANIES.items(), (0.0, 2.0)):
        yield replace(recipe, alpha=alpha), {"model": name, "alpha": alpha}, seed


def with_parts(present: Collection[str]) -> Recipe:
    """Return the recipe of the ablation with these of `PARTS`, and without the others."""
    changes = [PARTS[part] for part in PARTS if part in present]
    return replace(BARE, **{name: value for change in changes for name, value in change.items()})


def record() -> Iterator[Job]:
    """Settings in the manner of fastai's book and ours, on two splits; seeds on which nothing was chosen."""
    recipes = [("peer", PEER), ("ours", OURS), ("peer", replace(PEER, split="diagonal")), ("ours", OURS_DIAGONAL)]
    for seed, (name, recipe) in product(range(101, 111), recipes):
        yield recipe, {"name": name, "split": recipe.split}, seed


def development() -> Iterator[Job]:
    """One change of our settings at a time, on the nested splits: what they were chosen on."""
    changes = {
        "nested sequential": [
            {},
            {"starts": 4},
            {"optimizer": "adamw"},
            {"num_layers": 2, "hidden_size": 64},
            {"window": 32},
            {"weight_decay": 0.3},
            {"alpha": 0.0, "beta": 0.0},
            {"alpha": 1.0, "beta": 2.0},
            {"weight_p": 0.05},
            {"output_p": 0.3},
        ],
        "nested diagonal": [{}, {"weight_decay": 0.7}, {"beta": 1.0}, {"starts": 4}],
    }
    bases = {"nested sequential": OURS, "nested diagonal": OURS_DIAGONAL}
    for seed, split in product(range(21, 24), changes):
        for change in changes[split]:
            named = ", ".join(f"{name} {value}" for name, value in change.items()) or "ours"
            yield replace(bases[split], **change | {"split": split}), {"split": split, "change": named}, seed


EXPERIMENTS: dict[str, Callable[[], Iterator[Job]]] = {
    each.__name__: each
    for each in (regularisation, decay, optimizers, sources, ablation, strengths, company, record, development)
}
