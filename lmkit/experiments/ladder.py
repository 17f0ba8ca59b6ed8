"""The ladder of the chapter on training, rung by rung: `python -m lmkit experiment ladder`.

Every step changes one thing. Learning rates are chosen for every network on a nested split (`rates`), from the same
four; what is judged are other seeds on other text. `fastbook` has the rungs of Howard & Gugger
(2020), chapter 12.

Sources: Howard & Gugger (2020), 12_nlp_dive.ipynb; Le, Jaitly & Hinton (2015) for the start.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from statistics import fmean, median
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from lmkit.datasets import human_numbers
from lmkit.experiments.fastbook import FASTBOOK, ROWS, SIZE, FastbookRecipe
from lmkit.experiments.numbers_judging import ABOUT, read_held_out, short, shortened
from lmkit.experiments.sweeps import texts
from lmkit.models import RecurrentLanguageModel
from lmkit.runs import Run
from lmkit.text import batchify, to_tensor
from lmkit.training import TrainConfig, detach_state, set_seed, train


def start_at_identity(model: RecurrentLanguageModel) -> RecurrentLanguageModel:
    """Let recurrent weights start as the identity and biases at zero (Le, Jaitly & Hinton 2015)."""
    with torch.no_grad():
        for name, weight in model.rnn.named_parameters():
            if "weight_hh" in name:
                nn.init.eye_(weight)
            elif "bias" in name:
                nn.init.zeros_(weight)
    return model


class BlindlyStateful(nn.Module):
    """A model (tokens, state) -> (logits, state) that begins every window in the state that its last call left."""

    def __init__(self, model: nn.Module):
        super().__init__()
        self.model, self.state = model, None

    def forward(self, tokens: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        """Return logits, and the state after tokens (N, L); the state that is handed in is not used."""
        logits, after = self.model(tokens, self.state)
        self.state = detach_state(after)
        return logits, after


def every_fifth_split() -> tuple[list[str], list[str]]:
    """Hold out every fifth block of a hundred numbers: all whose hundreds digit is 2 or 7."""
    numbers = human_numbers.numbers()
    parts = ([n for n in numbers if (n // 100 % 5 == 2) == held] for held in (False, True))
    training, held_out = (human_numbers.tokens(part) for part in parts)
    return training, held_out


WINDOW = 16  # unless a rung says otherwise


@dataclass(frozen=True, kw_only=True)
class LadderRecipe(TrainConfig):
    """A network and how it is trained; `order` and `carried` say how windows follow one another.

    With `order` "shuffled", windows come in a new order in every epoch; all rows of a window stay together.
    """

    about: ClassVar[str] = ABOUT

    window: int = WINDOW
    nonlinearity: str = "relu"
    num_layers: int = 1
    identity: bool = False
    split: str = "sequential"
    epochs: int = 15
    order: str = "text"

    def model(self) -> RecurrentLanguageModel:
        """Return a new network."""
        model = RecurrentLanguageModel(30, SIZE, SIZE, self.num_layers, nonlinearity=self.nonlinearity)
        return start_at_identity(model) if self.identity else model

    def run(self, seed: int, settings: dict[str, Any] | None = None) -> Run:
        """Train and judge one model."""
        torch.set_num_threads(1)
        set_seed(seed)
        training, held_out = rows_of(self.split)
        model = self.model()
        streams, steps = self._streams(training)
        learner = BlindlyStateful(model) if self.order == "shuffled" and self.carry_state else model
        losses: list[float] = []
        found: dict[str, Any] = {"diverged": False}
        try:
            history = train(learner, streams, steps=steps, progress=False, **self.options())
            each = steps // self.epochs
            losses = [fmean(history.losses[k * each : (k + 1) * each]) for k in range(self.epochs)]
            found |= {"median_norm": median(history.grad_norms), "largest_norm": max(history.grad_norms)}
        except ValueError:  # a loss or gradient is no longer finite; the weights are those before it
            found["diverged"] = True
        found |= read_held_out(model.eval(), held_out, None if self.carry_state else self.window)
        return Run(settings or {}, seed, [short(x) for x in losses], [], [], shortened(found))

    def _streams(self, training: Tensor) -> tuple[Iterator[Tensor], int]:
        columns = training.shape[1] - 1
        each = columns // self.window if self.loss_at == "last" else math.ceil(columns / self.window)
        if self.order == "text":
            return (training for _ in range(self.epochs)), self.epochs * each
        pieces = [training[:, k : k + self.window + 1] for k in range(0, columns, self.window)]
        orders = (torch.randperm(len(pieces)).tolist() for _ in range(self.epochs))
        return (pieces[k] for order in orders for k in order), self.epochs * each


def rows_of(split: str) -> tuple[Tensor, Tensor]:
    """Return the training and the held-out part of a split in rows (64, T)."""
    parts = every_fifth_split() if split == "every fifth" else texts(split)
    vocab = human_numbers.vocab()
    training, held_out = (batchify(to_tensor(vocab.ids(part)), ROWS) for part in parts)
    return training, held_out


# The experiment: which runs it is made of.

Job = tuple[LadderRecipe | FastbookRecipe, dict[str, Any], int]
SEEDS, NESTED_SEED = range(1, 6), 21
CANDIDATES = (0.001, 0.003, 0.01, 0.03)
THREE = LadderRecipe(window=3, loss_at="last", carry_state=False)
NETWORKS: dict[str, LadderRecipe] = {
    "three tokens": THREE,
    "carried state": replace(THREE, carry_state=True),
    "loss at every token": LadderRecipe(window=3),
    **{
        f"{layers} {kind} {start}": LadderRecipe(num_layers=layers, nonlinearity=kind, identity=start == "identity")
        for layers, kind, start in product((1, 2), ("relu", "tanh"), ("torch", "identity"))
    },
}
RATES: dict[str, float] = dict.fromkeys(NETWORKS, 0.003) | {
    "2 relu torch": 0.01,
    "2 relu identity": 0.01,
    "2 tanh torch": 0.01,
}  # the best of `rates`


def ladder() -> Iterator[Job]:
    """Small networks on Human Numbers, one change at a time, how windows follow one another, splits, fastai's rungs."""
    for name, lr in product(NETWORKS, CANDIDATES):
        settings = {"study": "rates", "network": name, "lr": lr}
        yield replace(NETWORKS[name], lr=lr, split="nested sequential"), settings, NESTED_SEED
    tuned = {name: replace(recipe, lr=RATES[name]) for name, recipe in NETWORKS.items()}
    plain = tuned["1 relu identity"]
    for seed in SEEDS:
        for name, recipe in tuned.items():
            yield recipe, {"study": "networks", "network": name}, seed
        for order, carried in (("text", False), ("shuffled", True), ("shuffled", False)):
            settings = {"study": "reading", "order": order, "carried": carried}
            yield replace(plain, order=order, carry_state=carried), settings, seed
        zeroed = replace(tuned["1 tanh identity"], carry_state=False)
        yield zeroed, {"study": "reading tanh", "order": "text", "carried": False}, seed
        for split in ("every fifth", "diagonal"):
            yield replace(plain, split=split), {"study": "splits", "split": split}, seed
        for name, rung in FASTBOOK.items():
            yield rung, {"study": "fastbook", "rung": name}, seed


EXPERIMENTS = {"ladder": ladder}
