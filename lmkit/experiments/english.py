"""What decoders do with real English: `python -m lmkit experiment english`.

Models of Shakespeare's plays are trained, one for each seed, and continue speeches of plays that were held out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Any, ClassVar

import torch

from lmkit.datasets import shakespeare
from lmkit.experiments import english_judging as judging
from lmkit.experiments.english_judging import DECODERS, PEOPLE, PEOPLE_ELSEWHERE, Reader
from lmkit.models import LSTMLanguageModel
from lmkit.runs import Run
from lmkit.text import BPE, to_tensor
from lmkit.training import TrainConfig, repeat_shifted, set_seed, train

BEAMS, PENALTIES = (1, 5, 10, 20), (0.0, 1.0)
SEEDS = range(1, 6)


@dataclass(frozen=True, kw_only=True)
class EnglishRecipe(TrainConfig):
    """Everything that determines a model but its seed: the options of training, the tokens, the sizes."""

    about: ClassVar[str] = "Shakespeare's plays, of which four were held out; their speeches are continued"

    vocab_size: int = 1024
    embedding_size: int = 128
    hidden_size: int = 256
    batch_size: int = 32
    steps: int = 2400

    def run(self, seed: int, settings: dict[str, Any] | None = None) -> Run:
        """Judge the model of a seed in the way that settings say: a study by its name, and what it takes."""
        given = dict(settings or {"study": "quality"})
        study = judging.STUDIES[given.pop("study")]
        measures = significant(study(reader(self, seed), seed, **given))
        return Run(settings or {}, seed, [], [], [], measures)


BASE = EnglishRecipe(lr=0.02, optimizer="muon")


@cache
def reader(recipe: EnglishRecipe, seed: int) -> Reader:
    """Return the model of a recipe and a seed, trained once in a process."""
    torch.set_num_threads(1)
    set_seed(seed)
    training, _ = shakespeare.split()
    tokenizer = BPE.train(training, recipe.vocab_size)
    tokens = to_tensor(tokenizer.encode(training))
    model = LSTMLanguageModel(len(tokenizer), recipe.embedding_size, recipe.hidden_size)
    epochs = 1 + recipe.steps * recipe.batch_size * recipe.window // len(tokens)
    streams, most = repeat_shifted(tokens, recipe.batch_size, epochs, recipe.window)
    train(model, streams, steps=min(recipe.steps, most), progress=False, **recipe.options())
    return Reader(model.eval(), tokenizer)


def significant(value: Any) -> Any:
    """Return numbers with five significant digits, in lists and tables, too: a run of one seed says no more."""
    if isinstance(value, dict):
        return {name: significant(each) for name, each in value.items()}
    if isinstance(value, list):
        return [significant(each) for each in value]
    return float(f"{value:.5g}") if isinstance(value, float) else value


EnglishJob = tuple[EnglishRecipe, dict[str, Any], int]


def english() -> Iterator[EnglishJob]:
    """Decoders on real English: what they write beside what people wrote, where lines end, loops, and repetitions."""
    studies: list[dict[str, Any]] = [{"study": "quality"}, {"study": "loops"}, {"study": "repeats"}]
    studies += [{"study": "decoders", "decoder": name} for name in (PEOPLE, PEOPLE_ELSEWHERE, *DECODERS)]
    pairs = product(BEAMS, PENALTIES)
    studies += [{"study": "line_ends", "num_beams": beams, "length_penalty": penalty} for beams, penalty in pairs]
    for seed, settings in product(SEEDS, studies):  # all of a seed one after the other: its model is trained once
        yield BASE, settings, seed


EXPERIMENTS: dict[str, Callable[[], Iterator[EnglishJob]]] = {"english": english}
