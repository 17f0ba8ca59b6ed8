"""Pairs of a source and its target, in batches whose rows have about one length.

Shape letters: N pairs, S source positions, T target positions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from lmkit.text import Vocab
from lmkit.training.config import check_counts
from lmkit.training.windows import IGNORE_INDEX, new_generator

POOL = 50  # batches' worth of fresh pairs among which those of about one length are put together


class Pair(NamedTuple):
    """A source and its target, in ids.

    Attributes
    ----------
    source : sequence of int
    target : sequence of int
        With its end token.
    alignment : sequence of sequences of int, optional
        For each target token the positions in the source that it translates; none for the end token, for example.
    """

    source: Sequence[int]
    target: Sequence[int]
    alignment: Sequence[Sequence[int]] | None = None


class PairBatch(NamedTuple):
    """Pairs in tensors.

    Attributes
    ----------
    sources : Tensor of int64 (N, S)
        Zeros behind the end, which `lengths` names.
    lengths : Tensor of int64 (N,)
    inputs : Tensor of int64 (N, T)
        What the decoder reads: the end token, then the target without it.
    targets : Tensor of int64 (N, T)
        What it is to predict; -100 behind the end, which no loss counts.
    alignment : Tensor (N, T, S), optional
        Each row is shared evenly among the source positions that a target token translates; zeros if there are none.
    """

    sources: Tensor
    lengths: Tensor
    inputs: Tensor
    targets: Tensor
    alignment: Tensor | None = None

    def map(self, function: Callable[[Tensor], Tensor]) -> PairBatch:
        """Return what a function makes of each tensor."""
        alignment = None if self.alignment is None else function(self.alignment)
        sources, lengths, inputs, targets = map(function, self[:4])
        return PairBatch(sources, lengths, inputs, targets, alignment)


def collate(pairs: Sequence[Pair]) -> PairBatch:
    """Put pairs into tensors.

    Parameters
    ----------
    pairs : sequence of N ≥ 1 Pairs, or tuples like them
        All with an alignment or all without.

    Raises
    ------
    ValueError
        If a side is empty, the targets do not end with one token, or an alignment does not fit.
    """
    pairs = [Pair(*pair) for pair in pairs]
    for row, pair in enumerate(pairs):
        if not len(pair.source) or not len(pair.target):
            side = "target" if len(pair.source) else "source"
            raise ValueError(
                f"pairs must have words on both sides, but the {side} of pair {row} is empty; leave it out"
            )
    if len(ends := {int(pair.target[-1]) for pair in pairs}) != 1:
        raise ValueError(f"targets must all end with the end token, but they end with {sorted(ends)}; add it to each")
    rows = [_tensors(pair) for pair in pairs]
    sources, inputs, targets = (pad_sequence([row[side] for row in rows], batch_first=True) for side in range(3))
    lengths, ends = (torch.tensor([len(row[side]) for row in rows]) for side in (0, 2))
    targets = targets.masked_fill(torch.arange(targets.shape[1]) >= ends[:, None], IGNORE_INDEX)
    return PairBatch(sources, lengths, inputs, targets, _alignment(pairs, sources.shape[1], targets.shape[1]))


def _tensors(pair: Pair) -> tuple[Tensor, Tensor, Tensor]:
    """Return source, decoder's input and target of a pair."""
    source, target = (torch.tensor([int(token) for token in side]) for side in (pair.source, pair.target))
    return source, target.roll(1), target


def _alignment(pairs: Sequence[Pair], source_size: int, target_size: int) -> Tensor | None:
    if all(pair.alignment is None for pair in pairs):
        return None
    shares = torch.zeros(len(pairs), target_size, source_size)
    for row, (source, target, alignment) in enumerate(pairs):
        if alignment is None or len(alignment) != len(target):
            given = "is missing" if alignment is None else f"has {len(alignment)} entries for {len(target)} tokens"
            raise ValueError(f"alignment must have an entry for each target token, but that of pair {row} {given}")
        for place, positions in enumerate(alignment):
            if any(not 0 <= position < len(source) for position in positions):
                rule = f"positions in the source, from 0 to {len(source) - 1}"
                raise ValueError(f"alignment must hold {rule}, but pair {row} has {list(positions)} at token {place}")
            shares[row, place, list(positions)] = 1 / max(1, len(positions))
    return shares


def encode_pairs(pairs: Iterable[Sequence[Any]], source_vocab: Vocab, target_vocab: Vocab) -> Iterator[Pair]:
    """Return pairs of words in ids.

    Parameters
    ----------
    pairs : iterable of (source, target) or (source, target, alignment)
        Source and target are sequences of words. The iterable may be without end.
    source_vocab, target_vocab : Vocab
    """
    return (Pair(source_vocab.ids(pair[0]), target_vocab.ids(pair[1]), *pair[2:]) for pair in pairs)


def by_length(pairs: Iterable[Pair], batch_size: int) -> list[PairBatch]:
    """Return pairs in batches, the shortest first, of equally long ones the first first; the last may be smaller."""
    check_counts(batch_size=batch_size)
    ordered = sorted((Pair(*pair) for pair in pairs), key=lambda pair: (len(pair.source), len(pair.target)))
    return [collate(ordered[start : start + batch_size]) for start in range(0, len(ordered), batch_size)]


def repeat_pairs(pairs: Sequence[Pair], batch_size: int, epochs: int) -> tuple[Iterator[PairBatch], int]:
    """Return fixed pairs `epochs` times in batches, and the number of steps that takes `train_pairs`.

    In every epoch pairs of about one length are put together anew, and the batches come in another order; both depend
    on `set_seed`.

    Parameters
    ----------
    pairs : sequence of Pairs, or tuples like them
    batch_size, epochs : int ≥ 1
    """
    check_counts(batch_size=batch_size, epochs=epochs)
    generator = new_generator()
    batches = (batch for _ in range(epochs) for batch in _shuffled(pairs, batch_size, generator))
    return batches, epochs * -(-len(pairs) // batch_size)


def fresh_pairs(pairs: Iterable[Pair], batch_size: int) -> Iterator[PairBatch]:
    """Return pairs from a source without end in batches, each pair once.

    Fifty batches' worth are taken at a time; among them pairs of about one length are put together, and the batches
    come in an order that depends on `set_seed`.

    Parameters
    ----------
    pairs : iterable of Pairs, or tuples like them
        If it ends, so do the batches.
    batch_size : int ≥ 1
    """
    check_counts(batch_size=batch_size)
    return _fresh(iter(pairs), batch_size, new_generator())


def _fresh(pairs: Iterator[Pair], batch_size: int, generator: torch.Generator) -> Iterator[PairBatch]:
    while pool := list(islice(pairs, POOL * batch_size)):
        yield from _shuffled(pool, batch_size, generator)


def _shuffled(pairs: Sequence[Pair], batch_size: int, generator: torch.Generator) -> list[PairBatch]:
    """Return pairs in batches of about one length, in random order; equally long pairs meet others each time."""
    mixed = [pairs[i] for i in torch.randperm(len(pairs), generator=generator).tolist()]
    batches = by_length(mixed, batch_size)
    return [batches[i] for i in torch.randperm(len(batches), generator=generator).tolist()]
