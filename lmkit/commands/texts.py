"""The texts that `python -m lmkit train` offers: what is read in training, and what is held out."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from dataclasses import dataclass

from torch import Tensor

from lmkit.commands import running_text
from lmkit.commands.options import given_in_vain
from lmkit.commands.running_text import RunningText
from lmkit.datasets import human_numbers, stories
from lmkit.experiments import recipes
from lmkit.experiments.held_out import in_rows
from lmkit.text import Tokenizer, batchify, to_tensor
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
    vocab : Tokenizer
    streams : iterable of Tensors (N, T)
        What is read, for `train`; deterministic, given the seed.
    steps : int
        How many windows that is, or how many to read if it never ends.
    held_out : Tensor (M, S)
    row_length : int
        T of the streams.
    running : RunningText, optional
        The text itself, where it is one in its own words.
    """

    title: str
    data: str
    vocab: Tokenizer
    streams: Iterable[Tensor]
    steps: int
    held_out: Tensor
    row_length: int
    running: RunningText | None = None


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
    if options.data in ("human_numbers", "stories"):
        remedy = "it is an option of --text and --data shakespeare"
        given_in_vain(options, ["held_out", "tokenizer", "vocab_size"], f"with --data {options.data}", remedy)
    else:
        return _running(running_text.load(options), options)
    length, usual = ("steps", STEPS) if fresh else ("epochs", EPOCHS)
    if getattr(options, length) is None:
        setattr(options, length, usual)
    return {"stories": _stories, "human_numbers": _human_numbers}[options.data](options)


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


def _running(text: RunningText, options: argparse.Namespace) -> Text:
    if text.tokenizer.kind != "split":
        running_text.suit(options, text)
    elif options.epochs is None:
        options.epochs = EPOCHS
    check_counts(batch_size=options.batch_size)
    tokens, needed = len(text.training), 2 * options.batch_size
    if tokens < needed:
        rule = f"text must hold at least 2 × batch_size = {needed} tokens, one to read and one to predict in every row"
        raise ValueError(f"{rule}, but {tokens} are left to train on; give a longer text or a smaller batch_size")
    streams = _epochs(text.training, options)
    length = tokens // options.batch_size
    return Text(text.title, text.data, text.tokenizer, *streams, in_rows(text.held_out), length, text)


def _epochs(tokens: Tensor, options: argparse.Namespace) -> tuple[Iterable[Tensor], int]:
    how = {"epochs": options.epochs, "window": options.window, "variable_window": options.variable_window}
    if options.shifted:
        return repeat_shifted(tokens, options.batch_size, **how)
    return repeat(batchify(tokens, options.batch_size), **how)
