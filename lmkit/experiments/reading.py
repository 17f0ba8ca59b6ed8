"""Counting beside a network that has read the very same text: `python -m lmkit experiment same_text`.

Each seed tells stories of its own. A table with Kneser–Ney smoothing and a small LSTM read the first 10,000, 100,000
and 1,000,000 tokens of them, and both are judged on stories that neither has read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain, islice, product
from typing import Any, ClassVar

import torch
from torch import Tensor

from lmkit.analysis.kneser_ney import KneserNey, choose_order
from lmkit.datasets import stories
from lmkit.models import AWDLSTM
from lmkit.runs import Run
from lmkit.text import to_tensor
from lmkit.training import TrainConfig, evaluate, repeat_shifted, set_seed, train

FRESH_SEED, FRESH_TOKENS = 3, 10_000  # what everybody is judged on
FIRST_SEED = 100  # of the stories that are read: this plus the run's seed
SEEDS = range(1, 6)
LR, WINDOW = 0.01, 32  # of the network, which was hardly tuned


@dataclass(frozen=True, kw_only=True)
class ReadingRecipe(TrainConfig):
    """Everything that determines a run but its seed: the options of training, how much is read, and the network."""

    about: ClassVar[str] = f"Stories; judged on {FRESH_TOKENS:,} tokens of fresh ones"

    tokens: int = 100_000
    embedding_size: int = 96
    hidden_size: int = 96
    batch_size: int = 32
    epochs: int = 10
    dropout: float = 0.3
    lr: float = LR
    window: int = WINDOW

    def run(self, seed: int, settings: dict[str, Any] | None = None) -> Run:
        """Let a table and a network read the same text, and judge both."""
        torch.set_num_threads(1)
        set_seed(seed)
        vocab = stories.vocab()
        text, fresh = told(FIRST_SEED + seed, self.tokens), told(FRESH_SEED, FRESH_TOKENS)
        order = choose_order(text, len(vocab))
        table = KneserNey(order).fit(text, len(vocab))
        sizes = len(vocab), self.embedding_size, self.hidden_size
        model = AWDLSTM(*sizes, input_p=self.dropout / 2, output_p=self.dropout)
        streams, steps = repeat_shifted(text, self.batch_size, self.epochs, self.window)
        train(model, streams, steps=steps, progress=False, **self.options())
        end = to_tensor([vocab.id(stories.load_grammar().end)])
        measures = {
            "kneser_ney": -float(table.log_probs(fresh).mean()),
            "cross_entropy": evaluate(model, torch.cat([end, fresh])[None]).cross_entropy,
        }
        rounded = {name: float(f"{value:.4g}") for name, value in measures.items()}
        return Run(settings or {}, seed, [], [], [], rounded | {"order": order})


def told(seed: int, tokens: int) -> Tensor:
    """Return the ids of the first tokens of the stories of a seed."""
    return to_tensor(stories.vocab().ids(islice(chain.from_iterable(stories.stories(seed)), tokens)))


# Tried on stories of seeds 1 and 50, by those of 2 and 51; hardly tuned.
RECIPES = (
    ReadingRecipe(tokens=10_000, batch_size=8, epochs=15),
    ReadingRecipe(tokens=100_000),
    ReadingRecipe(tokens=1_000_000, epochs=2, dropout=0.1),
)
ReadingJob = tuple[ReadingRecipe, dict[str, Any], int]


def same_text() -> Iterator[ReadingJob]:
    """Counting with Kneser–Ney smoothing beside an LSTM that has read the same stories."""
    for seed, recipe in product(SEEDS, RECIPES):
        yield recipe, {"tokens": recipe.tokens}, seed


EXPERIMENTS: dict[str, Callable[[], Iterator[ReadingJob]]] = {"same_text": same_text}
