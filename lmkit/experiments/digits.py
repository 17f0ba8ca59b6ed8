"""Which units carry the thousands digit of Human Numbers: `python -m lmkit experiment digits`.

LSTMs of different seeds count. In the middle of a number, some units of their cell state are given the values that they
have in another number, and the model reads on: does the next number begin with its own digit, or with the other's?
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from lmkit.datasets import human_numbers
from lmkit.experiments.english import significant
from lmkit.experiments.recipes import chrono_init, number_runs
from lmkit.models import LSTMLanguageModel
from lmkit.runs import Run
from lmkit.training import TrainConfig, set_seed, train

COUNTS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64)  # of units that are transplanted
RANKING, PAIRS, DRAWS = 300, 300, 5  # numbers that units are ranked on, pairs that are judged, random choices of units
VOCAB = human_numbers.vocab()
WINDOW = 64  # steps of a window of training
DIGITS = [VOCAB.id(human_numbers.words(digit)[0]) for digit in range(1, 10)]


@dataclass(frozen=True, kw_only=True)
class DigitsRecipe(TrainConfig):
    """Everything that determines a model but its seed: the options of training and the sizes."""

    about: ClassVar[str] = "runs of consecutive numbers in words, from all over 1 … 9999"

    embedding_size: int = 64
    hidden_size: int = 64
    batch_size: int = 16
    window: int = WINDOW
    steps: int = 1500

    def run(self, seed: int, settings: dict[str, Any] | None = None) -> Run:
        """Train and judge one model."""
        measures = significant(judge(self.train(seed), seed))
        return Run(settings or {}, seed, [], [], [], measures)

    def train(self, seed: int) -> LSTMLanguageModel:
        """Train the model of a seed, in the way of the one that is shipped."""
        torch.set_num_threads(1)
        set_seed(seed)
        model = LSTMLanguageModel(len(VOCAB), self.embedding_size, self.hidden_size)
        chrono_init(model, 40)
        streams = number_runs(seed, self.batch_size, self.window)
        train(model, streams, steps=self.steps, progress=False, **self.options())
        return model.eval()


def drawn_numbers(count: int, seed: int) -> list[int]:
    """Return random numbers of four digits whose next one has the same thousands digit."""
    rng = random.Random(seed)
    numbers = (rng.randrange(1100, 9999) for _ in range(10 * count))
    return [number for number in numbers if number % 1000 < 999][:count]


@torch.no_grad()
def states(model: LSTMLanguageModel, numbers: list[int]) -> list[tuple[Tensor, Tensor]]:
    """Return the states (h, c) after "… thousand" of every number, three numbers having been counted before."""
    found = []
    for number in numbers:
        before = human_numbers.tokens(range(number - 3, number))
        ids = VOCAB.ids([human_numbers.SEPARATOR, *before, *human_numbers.words(number)[:2]])
        found.append(model.rnn(model.embedding(torch.tensor([ids])))[1])
    return found


@torch.no_grad()
def next_digits(model: LSTMLanguageModel, numbers: list[int], middles: list[tuple[Tensor, Tensor]]) -> Tensor:
    """Return the thousands digits of the next numbers, the rest of every number being read from a state."""
    found = []
    for number, state in zip(numbers, middles, strict=True):
        ids = VOCAB.ids([*human_numbers.words(number)[2:], human_numbers.SEPARATOR])
        output, _ = model.rnn(model.embedding(torch.tensor([ids])), state)
        found.append(model.decoder(model.projection(output[0, -1]))[DIGITS].argmax() + 1)
    return torch.stack(found)


def ranked(model: LSTMLanguageModel, numbers: list[int]) -> tuple[list[int], Tensor]:
    """Return the units, those first whose tanh c differs most between digits, and the nine means of all (9, H)."""
    c = torch.stack([c[0, 0] for _, c in states(model, numbers)]).tanh()
    digits = torch.tensor(numbers) // 1000
    means = torch.stack([c[digits == digit].mean(dim=0) for digit in range(1, 10)])
    return means.var(dim=0).argsort(descending=True).tolist(), means


def judge(model: LSTMLanguageModel, seed: int) -> dict[str, Any]:
    """Measure, for every count k, how often the digit can be read off k units, and written by transplanting them.

    The units are ranked on numbers that are not judged. "rest" are all units but the first k, "random" k units drawn
    among all; all shares are of the same pairs of numbers with different digits.
    """
    order, means = ranked(model, drawn_numbers(RANKING, 2 * seed))
    numbers, rng = drawn_numbers(2 * PAIRS, 2 * seed + 1), random.Random(seed)
    middles, digits = states(model, numbers), torch.tensor(numbers) // 1000
    right = next_digits(model, numbers, middles) == digits
    donors = torch.tensor(rng.sample(range(len(numbers)), len(numbers)))
    judged = (digits != digits[donors]).nonzero()[:PAIRS, 0].tolist()
    hosts = [numbers[i] for i in judged]
    wanted, c = digits[donors[judged]], torch.stack([middles[i][1][0, 0] for i in judged]).tanh()

    def moved(units: list[int]) -> float:
        mixed = [transplanted(middles[i], middles[int(donors[i])], units) for i in judged]
        return float((next_digits(model, hosts, mixed) == wanted).double().mean())

    def read(units: list[int]) -> float:
        nearest = torch.cdist(c[:, units], means[:, units]).argmin(dim=1) + 1
        return float((nearest == digits[judged]).double().mean())

    by_count: dict[str, Callable[[int], float]] = {
        "read": lambda k: read(order[:k]),
        "moved": lambda k: moved(order[:k]),
        "rest": lambda k: moved(order[k:]),
        "random": lambda k: sum(moved(rng.sample(order, k)) for _ in range(DRAWS)) / DRAWS,
    }
    counts = [k for k in COUNTS if k <= len(order)]
    shares = {name: [share(k) for k in counts] for name, share in by_count.items()}
    return {"right": float(right.double().mean()), "pairs": len(judged), "counts": counts, **shares}


def transplanted(host: tuple[Tensor, Tensor], donor: tuple[Tensor, Tensor], units: list[int]) -> tuple[Tensor, Tensor]:
    """Return the host's state with the donor's values in some units of its cell state."""
    h, c = host
    c = c.clone()
    c[..., units] = donor[1][..., units]
    return h, c


DigitsJob = tuple[DigitsRecipe, dict[str, Any], int]


def digits() -> Iterator[DigitsJob]:
    """Units of the cell state that carry a digit: read off, and transplanted, in models of ten seeds."""
    for seed in range(1, 11):
        yield DigitsRecipe(lr=0.02, optimizer="muon"), {}, seed


EXPERIMENTS: dict[str, Callable[[], Iterator[DigitsJob]]] = {"digits": digits}
