"""The ladder of the chapter on training, rung by rung: `python -m lmkit experiment ladder`.

Every step changes one thing. Learning rates are chosen for every network on a nested split (`rates`), from the same
four; what is judged are other seeds on other text. `fastbook` rebuilds the ladder of chapter 12 of Howard & Gugger
(2020) from its notebook, with controls between its rungs.

Sources: Howard & Gugger (2020), 12_nlp_dive.ipynb; Le, Jaitly & Hinton (2015) for the start.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from statistics import fmean, median
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from lmkit.datasets import human_numbers
from lmkit.experiments.sweeps import texts
from lmkit.models import FixedContextRNN, RecurrentLanguageModel
from lmkit.runs import Run
from lmkit.text import batchify, to_tensor, windows
from lmkit.training import TrainConfig, detach_state, evaluate, set_seed, train

ROWS, SIZE, STOP = 64, 64, "."


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

    about: ClassVar[str] = "Human Numbers; held-out text in 64 rows that start cold, scored at every token"

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
        return Run(settings or {}, seed, [_short(x) for x in losses], [], [], _shortened(found))

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


# What is measured.


@torch.no_grad()
def read_held_out(model: nn.Module, held_out: Tensor, reach: int | None = None) -> dict[str, Any]:
    """Return how a model does at every token of rows (N, T), and where it is wrong.

    Parameters
    ----------
    model : Module
        (tokens, state) -> (logits, state)
    held_out : Tensor of int64 (N, T)
    reach : int, optional
        With 3, the model is asked with three tokens before each target, as the lowest rung is trained.

    Returns
    -------
    dict
        `accuracy` and `cross_entropy` with the state carried; the same `zeroed_` before every window of 16, and
        `zeroed_by_place`, the loss at its places; and `mistakes`.
    """
    if reach == 3:
        return _asked_of_three(model, held_out)
    carried, zeroed = evaluate(model, held_out), evaluate(model, held_out, 16, carry_state=False)
    logits, targets = model(held_out[:, :-1])[0], held_out[:, 1:]
    places: list[list[float]] = [[] for _ in range(16)]
    for x, y in windows(held_out, 16):
        losses = cross_entropy(model(x)[0].transpose(1, 2), y, reduction="none").mean(dim=0)
        for place, loss in enumerate(losses.tolist()):
            places[place].append(loss)
    return {
        "accuracy": carried.accuracy,
        "cross_entropy": carried.cross_entropy,
        "zeroed_accuracy": zeroed.accuracy,
        "zeroed_cross_entropy": zeroed.cross_entropy,
        "zeroed_by_place": [fmean(losses) for losses in places],
        **mistakes(held_out[:, :-1], logits.argmax(dim=2), targets),
    }


def _asked_of_three(model: nn.Module, held_out: Tensor) -> dict[str, Any]:
    asked = held_out.unfold(1, 4, 1).flatten(0, 1)
    logits, read, targets = model(asked[:, :3])[0][:, -1], asked[:, 2], asked[:, 3]
    right = (logits.argmax(dim=1) == targets).float().mean()
    found = {"accuracy": float(right), "cross_entropy": float(cross_entropy(logits, targets))}
    return found | mistakes(read, logits.argmax(dim=1), targets)


def mistakes(read: Tensor, guesses: Tensor, came: Tensor) -> dict[str, Any]:
    """Return the accuracy after a full stop and elsewhere, and the three most frequent mistakes with their shares."""
    vocab = human_numbers.vocab()
    stop, right = read == vocab.ids([STOP])[0], guesses == came
    pairs = zip(read[~right].tolist(), came[~right].tolist(), strict=True)
    counts = Counter((vocab.words[a], vocab.words[b]) for a, b in pairs)
    return {
        "after_stop": float(right[stop].float().mean()),
        "elsewhere": float(right[~stop].float().mean()),
        "worst": [[a, b, _short(n / counts.total())] for (a, b), n in counts.most_common(3)],
    }


def _shortened(measures: dict[str, Any]) -> dict[str, Any]:
    return {name: [*map(_short, x)] if name == "zeroed_by_place" else _short(x) for name, x in measures.items()}


def _short(value: Any) -> Any:
    return float(f"{value:.4g}") if isinstance(value, float) and math.isfinite(value) else value


# The ladder of fastai's book, rebuilt.


class LoopedRNN(FixedContextRNN):
    """h = relu(W (h + embedding) + b) with a state that goes in and out, as `LMModel3` and `LMModel4` there."""

    def forward(self, tokens: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:  # pyright: ignore[reportIncompatibleMethodOverride]  # a state as well
        """Read tokens (N, L); return logits (N, L, V) and the state (N, H)."""
        h = self.embedding.weight.new_zeros(len(tokens), SIZE) if state is None else state
        outputs = []
        for x in self.embedding(tokens).unbind(dim=1):
            h = torch.relu(self.hidden(h + x))
            outputs.append(self.output(h))
        return torch.stack(outputs, dim=1), h


@dataclass(frozen=True, kw_only=True)
class FastbookRecipe:
    """A rung of the ladder of fastai's book: its network, data, epochs and rate, by AdamW and one cycle."""

    about: ClassVar[str] = LadderRecipe.about

    network: str
    window: int
    epochs: int
    lr: float
    loss_at: str = TrainConfig.loss_at
    carry_state: bool = TrainConfig.carry_state
    shuffled: bool = False

    def run(self, seed: int, settings: dict[str, Any] | None = None) -> Run:
        """Train and judge one model."""
        torch.set_num_threads(1)
        set_seed(seed)
        model = DESIGNS[self.network]()
        batches, held_out = self.batches()
        optimizer = torch.optim.AdamW(model.parameters(), lr=self.lr, betas=(0.95, 0.99), eps=1e-5, weight_decay=0.01)
        steps = self.epochs * len(batches)
        scheduler = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, self.lr, steps, pct_start=0.25, final_div_factor=4000, max_momentum=0.95
        )
        losses = []
        for _ in range(self.epochs):
            order = torch.randperm(len(batches)).tolist() if self.shuffled else range(len(batches))
            done = []
            for loss, *_ in self._losses(model, [batches[k] for k in order]):
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                scheduler.step()
                done.append(float(loss.detach()))
            losses.append(_short(fmean(done)))
        return Run(settings or {}, seed, losses, [], [], _shortened(self._judged(model, held_out)))

    def batches(self) -> tuple[list[Tensor], list[Tensor]]:
        """Return batches (64, L + 1) for training and held-out text, cut as the notebook cuts them."""
        ids = to_tensor(human_numbers.vocab().ids(human_numbers.tokens(human_numbers.numbers(without_8000=True))[:-1]))
        pieces = ids.unfold(0, self.window + 1, self.window)
        cut = 4 * len(pieces) // 5
        if not self.carry_state:  # in the order of the text
            parts = [list(part.split(ROWS)) for part in (pieces[:cut], pieces[cut:])]
        else:  # row r goes on in row r
            parts = []
            for part in (pieces[:cut], pieces[cut:]):
                length = len(part) // ROWS
                parts.append(list(part[: ROWS * length].view(ROWS, length, -1).unbind(dim=1)))
        return parts[0], parts[1]

    def _losses(self, model: nn.Module, batches: Sequence[Tensor]) -> Iterator[tuple[Tensor, Tensor, Tensor, Tensor]]:
        """Yield the loss of each batch, and what was read, guessed and came where the loss looks."""
        state = None
        for batch in batches:
            x, y = batch[:, :-1], batch[:, 1:]
            logits, state = model(x, state)
            state = detach_state(state) if self.carry_state else None
            if self.loss_at == "last":
                logits, x, y = logits[:, -1:], x[:, -1:], y[:, -1:]
            yield cross_entropy(logits.flatten(0, 1), y.flatten()), x, logits.argmax(dim=2), y

    @torch.no_grad()
    def _judged(self, model: nn.Module, held_out: Sequence[Tensor]) -> dict[str, Any]:
        losses, *parts = zip(*self._losses(model, held_out), strict=True)
        read, guesses, came = (torch.cat([part.flatten() for part in each]) for each in parts)
        sizes = [len(batch) for batch in held_out]
        mean = sum(float(loss) * n for loss, n in zip(losses, sizes, strict=True)) / sum(sizes)
        found = {"accuracy": float((guesses == came).float().mean()), "cross_entropy": mean}
        return found | mistakes(read, guesses, came)


DESIGNS: dict[str, Callable[[], nn.Module]] = {
    "looped": lambda: LoopedRNN(30, SIZE, 3),
    "one relu layer": lambda: RecurrentLanguageModel(30, SIZE, SIZE, nonlinearity="relu"),
    "one tanh layer": lambda: RecurrentLanguageModel(30, SIZE, SIZE),
    "two tanh layers": lambda: RecurrentLanguageModel(30, SIZE, SIZE, 2),
}


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

# The rungs of the notebook, and what lies between them: its fourth changes the layer, its start and the depth at once.
SECOND = FastbookRecipe(network="looped", window=3, epochs=10, lr=3e-3, loss_at="last")
THIRD = replace(SECOND, window=16, epochs=15, loss_at="every")
FIRST = replace(SECOND, epochs=4, lr=1e-3, carry_state=False)
FASTBOOK: dict[str, FastbookRecipe] = {
    "looped": FIRST,
    "stateful": SECOND,
    "every token": THIRD,
    "two layers": replace(THIRD, network="two tanh layers"),
    "looped, batches shuffled": replace(FIRST, shuffled=True),
    "every token, one relu layer": replace(THIRD, network="one relu layer"),
    "every token, one tanh layer": replace(THIRD, network="one tanh layer"),
}


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
