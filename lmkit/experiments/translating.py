"""How the shipped runs of translators were made: `python -m lmkit experiment NAME`.

Every run trains an encoder-decoder on fresh beginnings of stories, or on number pairs, with one thread, from the seed
that names it; what came of it is judged by the truth on other stories. `making` makes and keeps the runs, and `judging`
takes their measures.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice, product
from statistics import fmean
from typing import Any, ClassVar

import torch

from lmkit.datasets import translation
from lmkit.experiments import judging
from lmkit.experiments.judging import Languages
from lmkit.models.seq2seq import EncoderDecoder
from lmkit.runs import Run
from lmkit.training import History, TrainConfig, set_seed, train_pairs
from lmkit.training.pair_training import OF_TEXTS
from lmkit.training.pairs import Pair, PairBatch, collate, fresh_pairs

PARTS = 10  # of a run, whose mean losses are kept


@dataclass(frozen=True, kw_only=True)
class PairRecipe(TrainConfig):
    """Everything that determines a run but its seed: the options of training, the pairs, the model, what is measured.

    With `padding` "read" the encoder reads padding as if it were a word; with "read and counted" the loss counts the
    padding of targets, too. Pairs are then put together as they come, as they are with "mixed", and not by length.
    """

    about: ClassVar[str] = "stories and number pairs; judged by their exact translations"

    data: str = "beginnings"
    longest: int | None = None
    reversed: bool = False
    empty: float = 0.0
    padding: str = "none"
    steps: int = 500
    batch_size: int = 64
    embedding_size: int = 64
    hidden_size: int = 128
    attention: str = "general"
    timing: str = "after"
    two_way: bool = True
    embedding_std: float | None = None
    guidance: float = 0.0
    measures: tuple[str, ...] = ("accuracy", "lengths")

    @property
    def reads_padding(self) -> bool:
        """Tell whether the encoder reads padding."""
        return self.padding in ("read", "read and counted")

    def languages(self) -> Languages:
        """Return the two languages, with a word for padding where it is read or counted."""
        vocabs = judging.LANGUAGES[self.data]()
        source = [*vocabs.source, judging.PAD] if self.reads_padding else vocabs.source
        target = [*vocabs.target, judging.PAD] if self.padding == "read and counted" else vocabs.target
        return Languages(source, target)

    @property
    def described(self) -> str:
        """The pairs in words, for a card."""
        kinds = {"stories": "stories", "beginnings": "stories and beginnings of them"}
        if self.data not in kinds:
            return f"numbers, {self.data}"
        return f"{kinds[self.data]} in German" + (f", up to {self.longest} words" if self.longest else "")

    def run(self, seed: int, settings: dict[str, Any] | None = None) -> Run:
        """Train and judge one model; a run is the same on machines with the same vector units."""
        model, history = self.train(seed)
        size = max(1, len(history.losses) // PARTS)
        starts = range(0, len(history.losses), size)
        losses = [judging.significant(fmean(history.losses[start : start + size])) for start in starts]
        measures: dict[str, Any] = {}
        for name in self.measures:
            measures |= judging.MEASURES[name](model, self)
        return Run(settings if settings is not None else {}, seed, losses, [], [], measures)

    def train(
        self,
        seed: int,
        supply: int | None = None,
        model: EncoderDecoder | None = None,
        progress: bool = False,
        lengths: list[int] | None = None,
    ) -> tuple[EncoderDecoder, History]:
        """Train a model, by default a fresh one on a supply of pairs of the same seed; return it and its history.

        To `lengths` the length of the longest source of every batch is added.
        """
        torch.set_num_threads(1)
        set_seed(seed)
        model = self.model() if model is None else model
        batches = _measured(self.batches(seed if supply is None else supply), [] if lengths is None else lengths)
        options = {name: value for name, value in self.options().items() if name not in OF_TEXTS}
        given = {"steps": self.steps, "guidance": self.guidance, "progress": progress}
        return model, train_pairs(model, batches, **given, **options)

    def model(self) -> EncoderDecoder:
        """Return the model with fresh weights."""
        languages = self.languages()
        sizes = len(languages.source), len(languages.target), self.embedding_size, self.hidden_size
        model = EncoderDecoder(*sizes, attention=self.attention, timing=self.timing, two_way=self.two_way)
        if self.embedding_std is not None:
            for module in (model.encoder, model.decoder):
                torch.nn.init.normal_(module.embedding.weight, std=self.embedding_std)
        return model

    def batches(self, seed: int) -> Iterator[PairBatch]:
        """Return batches to train on, without end."""
        languages = self.languages()
        pairs = (languages.encoded(pair, self.reversed) for pair in self._pairs(seed))
        pairs = _emptied(pairs, self.empty, seed)
        if self.padding == "none":
            return fresh_pairs(pairs, self.batch_size)
        mixed = (collate(list(islice(pairs, self.batch_size))) for _ in range(self.steps))
        return map(languages.padded, mixed)

    def _pairs(self, seed: int) -> Iterator[Any]:
        """Return pairs of words to train on, without end."""
        if self.data == "beginnings":
            return translation.beginnings(seed, self.longest)
        if self.data == "stories":
            return translation.pairs(seed)
        training, _ = judging.numbers(self.longest)
        drawn = random.Random(seed)
        return (judging.number_pair(self.data, drawn.choice(training)) for _ in iter(int, 1))


def _measured(batches: Iterable[PairBatch], lengths: list[int]) -> Iterator[PairBatch]:
    """Add the length of the longest source of every batch to a list."""
    for batch in batches:
        lengths.append(int(batch.lengths.max()))
        yield batch


def _emptied(pairs: Iterable[Pair], share: float, seed: int) -> Iterator[Pair]:
    """Replace a share of targets by nothing but the end token: a corpus with gaps."""
    drawn = random.Random(f"empty {seed}")
    for pair in pairs:
        if share and drawn.random() < share:
            yield Pair(pair.source, pair.target[-1:], None if pair.alignment is None else pair.alignment[-1:])
        else:
            yield pair


# The experiments: which runs they are made of.

PairJob = tuple[PairRecipe, dict[str, Any], int]
SEEDS, FEW = range(1, 6), range(1, 4)  # of what is drawn side by side, and of what is told besides
BASE = PairRecipe(lr=0.01, warmup=0.15, optimizer="muon")
SHORT, MIDDLE = replace(BASE, longest=15, steps=400), replace(BASE, longest=20)


def lengths() -> Iterator[PairJob]:
    """Translators with attention and without, of two sizes, by the length of what they were trained on."""
    sizes = ((128, SEEDS), (64, FEW))
    trained = [(seed, longest, size) for size, seeds in sizes for seed, longest in product(seeds, (15, 30))]
    trained += [(seed, None, 128) for seed in FEW]
    for (seed, longest, size), attention in product(trained, ("general", "none")):
        settings = {"attention": attention, "longest": longest, "hidden_size": size}
        yield replace(BASE, **settings), settings, seed


def padding() -> Iterator[PairJob]:
    """Padding that is masked, read, or read and counted in the loss, with attention and without."""
    base = replace(SHORT, measures=("accuracy", "padding"))
    for seed, attention, kind in product(SEEDS, ("general", "none"), ("mixed", "read", "read and counted")):
        settings = {"attention": attention, "padding": kind}
        yield replace(base, **settings), settings, seed


def reversing() -> Iterator[PairJob]:
    """Sources read forwards or backwards by a decoder without attention, with a fast optimizer and a slow one."""
    base = replace(SHORT, attention="none", two_way=False, measures=("accuracy",))
    optimizers: dict[str, dict[str, Any]] = {"muon": {}, "adamw": {"optimizer": "adamw", "lr": 0.003}}
    for seed, name, backwards in product(FEW, optimizers, (False, True)):
        yield replace(base, **optimizers[name], reversed=backwards), {"optimizer": name, "reversed": backwards}, seed


def attentions() -> Iterator[PairJob]:
    """Scores and moments of attention, and guidance: accuracy, alignment, and what other weights than its own do."""
    base = replace(MIDDLE, measures=("accuracy", "alignment", "interventions"))
    compared: dict[str, dict[str, Any]] = {"general": {}, "general, guided": {"guidance": 0.5}}
    others: dict[str, dict[str, Any]] = {
        "dot": {"attention": "dot"},
        "scaled dot": {"attention": "scaled_dot"},
        "scaled dot, 1,500 updates": {"attention": "scaled_dot", "steps": 1500},
        "additive": {"attention": "additive"},
        "additive, before the step": {"attention": "additive", "timing": "before"},
    }
    for kinds, seeds in ((compared, SEEDS), (others, FEW)):
        for seed, name in product(seeds, kinds):
            yield replace(base, **kinds[name]), {"kind": name}, seed


def searching() -> Iterator[PairJob]:
    """Beams of 1 to 100 on a good model, on one of a corpus with gaps, and on an unfinished one."""
    base = replace(MIDDLE, measures=("accuracy", "beams"))
    kinds: dict[str, dict[str, Any]] = {"good": {}, "gaps": {"empty": 0.03}, "unfinished": {"steps": 150}}
    for seed, name in product(FEW, kinds):
        yield replace(base, **kinds[name]), {"model": name}, seed


def counting() -> Iterator[PairJob]:
    """Numbers between words and digits: values that were held out, and numbers of five digits."""
    base = replace(BASE, embedding_size=32, hidden_size=64, steps=1000, measures=("accuracy",))
    tasks = [("words to digits", None), ("digits to words", None), ("words to digits", 5)]
    for seed, attention, (data, length) in product(SEEDS, ("general", "none"), tasks):
        settings = {"attention": attention, "data": data, "longest": length}
        yield replace(base, **settings), {"attention": attention, "data": data, "held_out_digits": length}, seed


EXPERIMENTS: dict[str, Callable[[], Iterator[PairJob]]] = {
    each.__name__: each for each in (lengths, padding, reversing, attentions, searching, counting)
}
