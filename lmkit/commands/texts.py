"""The texts that `python -m lmkit train` offers: what is read in training, and what is held out."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from lmkit.datasets import human_numbers, stories
from lmkit.experiments import recipes
from lmkit.files import name_of
from lmkit.text import Vocab, batchify, read_text, to_tensor, tokenize
from lmkit.training import repeat, repeat_shifted
from lmkit.training.config import check_counts, check_options

EPOCHS, STEPS = 10, 1000  # by default
HELD_OUT_ROWS = 64  # of Human Numbers and Stories, each from a state of zero
HELD_OUT_SEED = 10_000_019  # of Stories


@dataclass
class Text:
    """A text to train on.

    Attributes
    ----------
    title, data : str
        For the card: a name, and what the text is.
    vocab : Vocab
    streams : iterable of Tensors (N, T)
        What is read, for `train`; deterministic, given the seed.
    steps : int
        How many windows that is, or how many to read if it never ends.
    held_out : Tensor (M, S)
    row_length : int
        T of the streams.
    """

    title: str
    data: str
    vocab: Vocab
    streams: Iterable[Tensor]
    steps: int
    held_out: Tensor
    row_length: int


def load(options: argparse.Namespace) -> Text:
    """Return the text that the options name, in rows and windows as they say.

    Where they leave open for how long it is read, that is put into them.

    Raises
    ------
    ValueError
        If they do not go together.
    """
    fresh = options.data == "stories"
    wrong, right = ("epochs", "--steps") if fresh else ("steps", "--epochs")
    if (value := getattr(options, wrong)) is not None:
        kind = "Stories, whose text is new at every step" if fresh else "a text that has an end"
        raise ValueError(f"{wrong} must not be given with {kind}, but it is {value}; give {right} instead")
    if fresh and options.shifted:
        raise ValueError("shifted must not be given with Stories, whose text is new at every step; leave it out")
    check_counts(batch_size=options.batch_size)
    check_options(window=options.window)
    length, usual = ("steps", STEPS) if fresh else ("epochs", EPOCHS)
    if getattr(options, length) is None:
        setattr(options, length, usual)
    return {"stories": _stories, "human_numbers": _human_numbers, None: _own_text}[options.data](options)


def _human_numbers(options: argparse.Namespace) -> Text:
    vocab = human_numbers.vocab()
    training, held_out = (to_tensor(vocab.ids(part)) for part in human_numbers.sequential_split())
    data = f"Human Numbers in order: {len(training):,} tokens, and the {len(held_out):,} after them held out"
    held_out = batchify(held_out, HELD_OUT_ROWS)
    return Text(
        "Human Numbers", data, vocab, *_epochs(training, options), held_out, len(training) // options.batch_size
    )


def _stories(options: argparse.Namespace) -> Text:
    length = 5 * options.window
    streams = recipes.fresh_stories(options.seed, options.batch_size, length)
    held_out = next(recipes.fresh_stories(HELD_OUT_SEED, HELD_OUT_ROWS, 512))
    data = "fresh text from the Stories grammar; other fresh text held out"
    return Text("Stories", data, stories.vocab(), streams, options.steps, held_out, length)


def _own_text(options: argparse.Namespace) -> Text:
    path: Path = options.text
    text, changes = read_text(path)
    tokens = tokenize(text)
    cut, needed = len(tokens) - max(2, len(tokens) // 10), 2 * options.batch_size
    if cut < needed:
        rule = f"text must hold at least 2 × batch_size = {needed} words, one to read and one to predict in every row"
        found = f"{len(tokens)}, of which a tenth, or two, are held out" if tokens else "none"
        raise ValueError(f"{rule}, but {path} holds {found}; give a longer text or a smaller batch_size")
    vocab = Vocab.of(tokens)
    stream = to_tensor(vocab.ids(tokens))
    data = "; ".join([f"{name_of(path.name)}: {len(tokens):,} tokens, the last tenth held out", *changes])
    held_out = batchify(stream[cut:], 1)
    return Text(name_of(path.stem), data, vocab, *_epochs(stream[:cut], options), held_out, cut // options.batch_size)


def _epochs(tokens: Tensor, options: argparse.Namespace) -> tuple[Iterable[Tensor], int]:
    how = {"epochs": options.epochs, "window": options.window, "variable_window": options.variable_window}
    if options.shifted:
        return repeat_shifted(tokens, options.batch_size, **how)
    return repeat(batchify(tokens, options.batch_size), **how)
