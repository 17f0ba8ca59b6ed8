"""Texts in their own words that `python -m lmkit train` reads: files, folders and Shakespeare, cut into tokens."""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from lmkit.commands.memory import num_parameters
from lmkit.commands.options import given_in_vain
from lmkit.datasets import own, shakespeare
from lmkit.files import name_of
from lmkit.text import BPE, UNK, Characters, Tokenizer, Vocab, Words, to_tensor, tokenize

TOKENIZERS = {  # what --tokenizer names, and what its tokens are called
    "split": "words that stand apart",
    "characters": "characters",
    "bpe": "pieces of words",
    "words": "words",
}
# Characters of training text from which on pieces of words are the default. Of Shakespeare, trained as this command
# does (one seed), 50,000 / 100,000 / 200,000 / 400,000 characters gave, in held-out bits per character, with characters
# 2.79 / 2.63 / 2.60 / 2.48, with pieces 2.99 / 2.68 / 2.54 / 2.49.
LONG = 150_000
LONGEST_WORD = 10_000  # characters
VERY_LONG = 500_000  # from which on there are 1024 of them
MOST_WORDS = 5000  # by default, of words
SIZES = {"embedding_size": 128, "hidden_size": 256}  # what suits running text, where no option says otherwise
LEARNING = {"optimizer": "muon", "lr": 0.02, "chrono_init": 0, "shifted": True}
SUITED = (*SIZES, *LEARNING, "batch_size", "epochs", "embed_p", "input_p", "weight_p", "output_p")
ROWS, UPDATES, MOST_EPOCHS = 32, 1500, 40  # UPDATES: so many at least by default, if MOST_EPOCHS do not end before
DROPOUTS = {"embed_p": 0.2, "input_p": 0.6, "weight_p": 0.5, "output_p": 1.0}  # in proportion to `dropout`


@dataclass
class RunningText:
    """A text in tokens.

    Attributes
    ----------
    title, data : str
        For the card: a name, and what the text is.
    tokenizer : Tokenizer
        Of the training part alone.
    training, held_out : Tensors of int64, (T,) and (S,)
    held_out_text : str
        The same, to be measured by characters.
    """

    title: str
    data: str
    tokenizer: Tokenizer
    training: Tensor
    held_out: Tensor
    held_out_text: str


def load(options: argparse.Namespace) -> RunningText:
    """Return the text that the options name.

    Raises
    ------
    ValueError
        If it cannot be read, the vocabulary cannot be had, or too little is held out.
    """
    title, found = _texts(options)
    training, held_out = "\n".join(found.training), "\n".join(found.held_out)
    kind = options.tokenizer or ("characters" if len(training) < LONG else "bpe")
    if kind == "bpe":
        _check_words(training, held_out)
    tokenizer = make_tokenizer(kind, training, options.vocab_size)
    options.tokenizer = kind  # for the card, which names what was chosen, too
    options.vocab_size = len(tokenizer) if kind in ("bpe", "words") else None
    if kind == "split":
        _check_known(tokenizer, held_out)
        held_out = " ".join(tokenize(held_out))
    ids, rest = (to_tensor(tokenizer.encode(text)) for text in (training, held_out))
    if len(rest) < 2:
        rule = "held-out text must hold at least two tokens, one to read and one to predict"
        raise ValueError(f"{rule}, but it holds {len(rest)}; give a longer text, or --held-out FILE")
    names = ", ".join(name_of(path.name or path.resolve().name) for path in options.text or [])
    units = "tokens" if kind == "split" else f"{TOKENIZERS[kind]} ({len(tokenizer):,} different)"
    data = f"{names or '33 plays'}: {len(ids) + len(rest):,} {units}, {found.how} held out"
    data = "; ".join([data, *_unknown(tokenizer, held_out), *found.changes])
    return RunningText(title, data, tokenizer, ids, rest, held_out)


def _check_words(*texts: str) -> None:
    """Raise ValueError for a word so long that cutting it into pairs would take for ever."""
    longest = max(len(word) for text in texts for word in text.split())
    if longest > LONGEST_WORD:
        rule = f"text must have no word of more than {LONGEST_WORD:,} characters to be cut into pairs of bytes"
        raise ValueError(f"{rule}, but it has one of {longest:,}; put spaces in it, or give --tokenizer characters")


def _texts(options: argparse.Namespace) -> tuple[str, own.OwnText]:
    """Return a name of the text, and its two parts."""
    if options.data == "shakespeare":
        given_in_vain(options, ["held_out"], "with --data shakespeare", "four whole plays are held out")
        try:
            training, held_out = shakespeare.split()
        except ModuleNotFoundError as error:
            raise ValueError(str(error)) from error
        return "Shakespeare", own.OwnText([training], [held_out], [], " and ".join(shakespeare.HELD_OUT))
    try:
        return title_of(options.text), own.load(options.text, options.held_out)
    except ValueError as error:
        raise ValueError(str(error).replace("paths must", "text must", 1)) from error


def title_of(paths: Sequence[Path]) -> str:
    """Return a name for texts: that of the first, and how many more there are."""
    first = paths[0]
    name = name_of(first.stem if first.suffix == ".txt" else first.name or first.resolve().name)
    return f"{name} and {len(paths) - 1} more" if len(paths) > 1 else name


def make_tokenizer(kind: str, text: str, vocab_size: int | None) -> Tokenizer:
    """Return a tokenizer of a training text; without a size, of one that suits the text.

    Raises
    ------
    ValueError
        If the text does not allow this size, or the kind has no size to choose.
    """
    if kind in ("split", "characters"):
        if vocab_size is not None:
            rule = f"must be left out with --tokenizer {kind}, whose vocabulary is all {TOKENIZERS[kind]} of the text"
            raise ValueError(f"vocab_size {rule}, but it is {vocab_size}; leave it out, or choose bpe or words")
        return Vocab.of(tokenize(text)) if kind == "split" else Characters.of(text, unk=True)
    if vocab_size is not None:
        return BPE.train(text, vocab_size) if kind == "bpe" else Words.of(text, vocab_size)
    return _suited_pieces(text) if kind == "bpe" else _suited_words(text)


def _suited_pieces(text: str) -> BPE:
    size = 512 if len(text) < VERY_LONG else 1024
    while True:
        try:
            return BPE.train(text, size)
        except ValueError:  # a text that says the same again and again has no more pieces
            if size == 256:
                raise
            size //= 2


def _suited_words(text: str) -> Words:
    """Return frequent words, or those that occur twice, so that `<unk>` is met in training."""
    for choice in ({"vocab_size": MOST_WORDS}, {"min_count": 2}):
        try:
            return Words.of(text, **choice)
        except ValueError:
            pass
    return Words.of(text, min_count=1)


def _check_known(tokenizer: Tokenizer, held_out: str) -> None:
    """Raise ValueError where held-out text has words of which the training text has none."""
    if unknown := tokenizer.unknown(held_out):
        rule = "held-out text must have no words but those of the training text with --tokenizer split"
        found = f"{len(unknown)} are new, {next(iter(unknown))!r} among them"
        raise ValueError(f"{rule}, but {found}; choose characters, bpe or words")


def _unknown(tokenizer: Tokenizer, held_out: str) -> list[str]:
    """Return in words what of the held-out text `<unk>` stands for, if anything."""
    if not (unknown := tokenizer.unknown(held_out)):
        return []
    unit = "characters" if tokenizer.kind == "characters" else "words and marks"
    characters = sum(len(piece) * count for piece, count in unknown.items())
    found = f"{len(unknown):,} different {unit} of the held-out text, {sum(unknown.values()):,} in all"
    return [f"{found} ({characters / len(held_out):.2%} of it), are not in the vocabulary and read as {UNK}"]


def suit(options: argparse.Namespace, text: RunningText) -> None:
    """Put into the options what suits a text, where they were not given; `SUITED` names them.

    Dropout is from 0 to .4, the less the more tokens there are for a parameter; see `dropout`.
    """
    options.suited, tokens = SUITED, len(text.training)
    rows = max(1, min(ROWS, tokens // (4 * options.window)))
    _fill(options, SIZES | LEARNING | {"batch_size": rows})
    steps = math.ceil(tokens / (options.batch_size * options.window)) if options.batch_size > 0 else 1
    _fill(options, {"epochs": max(2, min(MOST_EPOCHS, math.ceil(UPDATES / max(1, steps))))})
    layers = max(1, options.num_layers)
    sizes = (max(1, options.embedding_size), max(1, options.hidden_size), layers)
    p = dropout(tokens / num_parameters(len(text.tokenizer), *sizes))
    _fill(options, {name: round(share * p, 3) for name, share in DROPOUTS.items()})


def dropout(tokens_per_parameter: float) -> float:
    """Return the dropout of the output that suits a text: .4 for much fewer tokens than parameters, 0 for many."""
    return 0.4 if tokens_per_parameter < 0.5 else 0.2 if tokens_per_parameter < 1.5 else 0.0


def _fill(options: argparse.Namespace, values: dict[str, Any]) -> None:
    for name, value in values.items():
        if name not in options.given:
            setattr(options, name, value)
