"""What is measured of a translator that an experiment has trained: against the truth, on stories that it has not read.

A measure is a function of the model and of its recipe; it returns named numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice
from statistics import fmean
from typing import Any, Protocol, cast

import torch
from torch import Tensor

from lmkit.datasets import number_pairs, translation
from lmkit.decoding import generate
from lmkit.metrics import alignment_error_rate, hard_alignment
from lmkit.models.seq2seq import REWEIGHTINGS, EncoderDecoder, Memory, padded, prompts_for, stepper
from lmkit.text import Vocab
from lmkit.training import evaluate_pairs
from lmkit.training.pairs import Pair, PairBatch, by_length, collate
from lmkit.training.windows import IGNORE_INDEX

PAD = "<pad>"
HELD_OUT_SEED, HELD_OUT = 10_000_019, 400
EDGES = (8, 10, 12, 16, 21, 31, 41, 61, 101)  # of the groups of lengths, in words without the end token
PER_LENGTH = 60  # stories of each group
EXTRA = (0, 1, 5, 20)  # padding that is added
WIDTHS = (1, 2, 5, 10, 20, 50, 100)
SEARCHED = 60  # stories that are translated with every width


@dataclass(frozen=True)
class Languages:
    """The words of source and target; a word for padding is the last, where there is one."""

    source: Sequence[str]
    target: Sequence[str]

    def encoded(self, pair: Any, backwards: bool = False) -> Pair:
        """Return a pair of words in ids; backwards, the source's words stand in reverse order before its end token."""
        source, target = list(pair.source), pair.target
        alignment = getattr(pair, "alignment", None)
        if backwards:
            last = len(source) - 1
            source = [*source[-2::-1], source[-1]]
            if alignment is not None:
                alignment = [tuple(p if p == last else last - 1 - p for p in places) for places in alignment]
        return Pair(_vocab(tuple(self.source)).ids(source), _vocab(tuple(self.target)).ids(target), alignment)

    def padded(self, batch: PairBatch) -> PairBatch:
        """Return a batch in which padding is a word: of the source, if that has one, and of the target."""
        sources, lengths, inputs, targets, alignment = batch
        if self.source[-1] == PAD:
            behind = torch.arange(sources.shape[1]) >= lengths[:, None]
            sources = sources.masked_fill(behind, len(self.source) - 1)
            lengths = torch.full_like(lengths, sources.shape[1])
        if self.target[-1] == PAD:
            behind = targets == IGNORE_INDEX
            inputs, targets = (part.masked_fill(behind, len(self.target) - 1) for part in (inputs, targets))
        return PairBatch(sources, lengths, inputs, targets, alignment)


class Task(Protocol):
    """A recipe as measures see it; `PairRecipe` is one."""

    @property
    def data(self) -> str: ...
    @property
    def longest(self) -> int | None: ...
    @property
    def reversed(self) -> bool: ...
    @property
    def batch_size(self) -> int: ...
    @property
    def reads_padding(self) -> bool: ...
    def languages(self) -> Languages: ...


def _stories_languages() -> Languages:
    return Languages(translation.source_vocab().words, translation.target_vocab().words)


LANGUAGES: dict[str, Callable[[], Languages]] = {
    "stories": _stories_languages,
    "beginnings": _stories_languages,
    "words to digits": lambda: Languages(number_pairs.word_vocab().words, number_pairs.digit_vocab().words),
    "digits to words": lambda: Languages(number_pairs.digit_vocab().words, number_pairs.word_vocab().words),
}


@cache
def _vocab(words: tuple[str, ...]) -> Vocab:
    return Vocab(words)


@cache
def numbers(held_out_length: int | None) -> tuple[list[int], list[int]]:
    """Return the numbers to train on and those held out: by value, or those of so many digits."""
    if held_out_length is None:
        return number_pairs.value_split()
    return number_pairs.length_split((held_out_length,))


def number_pair(data: str, number: int) -> number_pairs.NumberPair:
    """Return a number in both languages; `data` says which of them is the source."""
    return number_pairs.pairs([number], "digits" if data == "words to digits" else "words")[0]


@cache
def held_out(data: str, longest: int | None) -> list[Any]:
    """Return pairs of words that are not trained on."""
    if data == "stories":
        return list(islice(translation.pairs(HELD_OUT_SEED), HELD_OUT))
    if data == "beginnings":
        return list(islice(translation.beginnings(HELD_OUT_SEED, longest), HELD_OUT))
    rest = numbers(longest)[1]
    return [number_pair(data, number) for number in rest[:: max(1, len(rest) // HELD_OUT)]]


@cache
def by_lengths() -> list[list[translation.Pair]]:
    """Return beginnings of stories in groups of about one length, equally many in each."""
    groups: list[list[translation.Pair]] = [[] for _ in EDGES[1:]]
    for pair in translation.beginnings(HELD_OUT_SEED + 1):
        length = len(pair.source) - 1
        group = groups[sum(length >= edge for edge in EDGES) - 1]
        if len(group) < PER_LENGTH:
            group.append(pair)
        if all(len(group) == PER_LENGTH for group in groups):
            return groups
    raise AssertionError("beginnings have no end")


def translated(
    model: EncoderDecoder, recipe: Task, pairs: Sequence[Any], extra: int = 0, **options: Any
) -> list[list[str]]:
    """Return what a model writes for sources, in words.

    Parameters
    ----------
    model, recipe
    pairs : sequence of pairs of words
    extra : int ≥ 0
        Padding behind each source: words to a model that reads it, and masked for others.
    **options
        Those of `EncoderDecoder.translate`.
    """
    languages = recipe.languages()
    sources = [languages.encoded(pair, recipe.reversed).source for pair in pairs]
    longest = 2 * max(map(len, sources)) + 20
    if recipe.reads_padding:
        sources = [[*source, *[len(languages.source) - 1] * extra] for source in sources]
    if extra and not recipe.reads_padding:
        rows, lengths = padded(sources)
        memory, state = _encoded(model, torch.nn.functional.pad(rows, (0, extra)), lengths)
        if isinstance(model, EncoderDecoder):
            step = stepper(model.decoder, memory, state, 0)
            found = generate(step, prompts_for(sources), longest, 0, **options)
        else:  # a tutorial's design, which is greedy
            found = cast(Any, model).write(memory, state, longest, 0)
    else:
        found = model.translate(sources, longest, eos_token_id=0, **options)
    return [[languages.target[token] for token in texts[0].tokens] for texts in found]


@torch.no_grad()
def _encoded(model: EncoderDecoder, rows: Tensor, lengths: Tensor) -> tuple[Memory, Any]:
    return model.encode(rows, lengths)


def share_possible(texts: Sequence[Sequence[str]], pairs: Sequence[Any]) -> float:
    """Return the share of texts that are possible translations of stories, or numbers that are right."""
    return significant(fmean(_possible(text, pair) for text, pair in zip(texts, pairs, strict=True)))


def share_best(texts: Sequence[Sequence[str]], pairs: Sequence[translation.Pair]) -> float:
    """Return the share of texts that are the most probable translations of stories."""
    best = [_oracle(tuple(pair.source)).best().words for pair in pairs]
    return significant(fmean(list(text) == words for text, words in zip(texts, best, strict=True)))


def _possible(text: Sequence[str], pair: Any) -> bool:
    if not isinstance(pair, translation.Pair):
        return list(text) == pair.target
    return text in _oracle(tuple(pair.source))


@cache
def _oracle(source: tuple[str, ...]) -> translation.Translations:
    return translation.translations(source)


def accuracy(model: EncoderDecoder, recipe: Task) -> dict[str, Any]:
    """Return the share of possible and of best greedy translations, and the loss beside the truth's, in nats a word."""
    pairs = held_out(recipe.data, recipe.longest)
    found = translated(model, recipe, pairs)
    measures = {"possible": share_possible(found, pairs)}
    languages = recipe.languages()
    batches = by_length([languages.encoded(pair, recipe.reversed) for pair in pairs], recipe.batch_size)
    measures["cross_entropy"] = significant(evaluate_pairs(model, batches).cross_entropy)
    if isinstance(pairs[0], translation.Pair):
        log_probs = [p for pair in pairs for p in _oracle(tuple(pair.source)).token_log_probs(pair.target)]
        measures["floor"] = significant(-fmean(log_probs))
        measures["best"] = share_best(found, pairs)
    return measures


def lengths(model: EncoderDecoder, recipe: Task) -> dict[str, Any]:
    """Return the share of possible translations by the length of the source; `EDGES` are those of the groups."""
    groups = by_lengths()
    shares = [share_possible(translated(model, recipe, group), group) for group in groups]
    return {"possible_by_length": shares}


def padding(model: EncoderDecoder, recipe: Task) -> dict[str, Any]:
    """Return what padding behind the sources does, by how much of it there is, and what the loss of training says."""
    pairs = held_out(recipe.data, recipe.longest)
    texts = [translated(model, recipe, pairs, extra) for extra in EXTRA]
    languages = recipe.languages()
    pairs = [languages.encoded(pair, recipe.reversed) for pair in pairs]
    mixed = [collate(pairs[k : k + recipe.batch_size]) for k in range(0, len(pairs), recipe.batch_size)]
    shown = evaluate_pairs(model, map(languages.padded, mixed))
    return {
        "possible_by_padding": [share_possible(found, held_out(recipe.data, recipe.longest)) for found in texts],
        "changed_by_padding": [
            significant(fmean(a != b for a, b in zip(found, texts[0], strict=True))) for found in texts
        ],
        "shown_cross_entropy": significant(shown.cross_entropy),
    }


def beams(model: EncoderDecoder, recipe: Task) -> dict[str, Any]:
    """Return what beams of growing width find: the share possible, best and empty, and the mean length in words."""
    pairs = held_out(recipe.data, recipe.longest)[:SEARCHED]
    measures: dict[str, list[float]] = {}
    for penalty in (0.0, 1.0):
        for width in WIDTHS:
            options = {"num_beams": width, "length_penalty": penalty} if width > 1 else {}
            found = translated(model, recipe, pairs, **options)
            numbers = {
                "possible": share_possible(found, pairs),
                "best": share_best(found, pairs),
                "empty": fmean(len(text) < 2 for text in found),
                "length": fmean(map(len, found)),
            }
            for name, value in numbers.items():
                measures.setdefault(f"{name}_by_width_{penalty:g}", []).append(significant(value))
    return measures


def alignment(model: EncoderDecoder, recipe: Task) -> dict[str, Any]:
    """Return the alignment error rate of the greedy links of attention, on the true targets."""
    languages, found, sure = recipe.languages(), [], []
    for pair in held_out(recipe.data, recipe.longest):
        source, target, places = languages.encoded(pair, recipe.reversed)
        assert places is not None
        found.append(hard_alignment(model.attention_of(source, target)[:-1]))
        sure.append({(place, row) for row, links in enumerate(places[:-1]) for place in links})
    return {"alignment_error_rate": significant(alignment_error_rate(found, sure))}


def interventions(model: EncoderDecoder, recipe: Task) -> dict[str, Any]:
    """Return the share of possible translations where the decoder is given other attention weights than its own."""
    pairs = held_out(recipe.data, recipe.longest)
    kinds = [kind for kind in REWEIGHTINGS if kind != "as trained"]
    found = {kind: translated(model.reweighted(kind), recipe, pairs) for kind in kinds}
    return {f"possible_{kind}": share_possible(texts, pairs) for kind, texts in found.items()}


MEASURES: dict[str, Callable[[EncoderDecoder, Any], dict[str, Any]]] = {
    each.__name__: each for each in (accuracy, lengths, padding, beams, alignment, interventions)
}


def significant(value: float) -> float:
    """Return a value with four significant digits: what a run of one seed can say."""
    return float(f"{value:.4g}") if math.isfinite(value) else value
