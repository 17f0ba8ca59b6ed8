"""`python -m lmkit words`: the words, or other tokens, that a model knows, with their ids."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Iterator
from contextlib import contextmanager

from lmkit import pretrained
from lmkit.commands.options import given_in_vain
from lmkit.pretrained import ModelFileError, Translator
from lmkit.text import Tokenizer, UnknownWordError
from lmkit.text.tokenizer import visible

ORDERS = ("id", "alphabet")
SIDES = ("source", "target")
SPACE = visible(" ")


def add_to(parser: argparse.ArgumentParser) -> None:
    """Give a parser the options of this command."""
    parser.description = (
        "List the words that a model knows, or its other tokens, a line for each: its id, a tab, and the token. White "
        f"space in tokens is to be seen: {SPACE} is a space, {visible(chr(10))} the end of a line; what cannot be seen "
        "otherwise is written as an escape, such as \\u200b."
    )
    shipped = ", ".join([*pretrained.names(), *pretrained.translator_names()])
    parser.add_argument("model", help=f"a shipped model ({shipped}) or the path of a model file")
    parser.add_argument(
        "--prefix", metavar="TEXT", help=f"only those that begin so; ' ' and {SPACE} are both the space before a word"
    )
    parser.add_argument(
        "--order",
        choices=ORDERS,
        default=ORDERS[0],
        help="by id, or as in a dictionary, where case and the space before a word make no difference",
    )
    parser.add_argument(
        "--side", choices=SIDES, default=SIDES[0], help="of a translator: what it reads, or what it writes"
    )
    parser.add_argument("--count", action="store_true", help="print only how many there are")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Do what the options ask for."""
    if options.count:
        given_in_vain(options, ["order"], "with --count", "leave one of them out")
    vocab = _vocab(options)
    shown = [_shown(vocab.show(place)) for place in range(len(vocab))]
    prefix = _shown(options.prefix or "")
    found = [(place, token) for place, token in enumerate(shown) if token.startswith(prefix)]
    if options.count:
        print(len(found))
        return
    if not found:
        raise ValueError(_nothing_begins(options, prefix, shown))
    for place, token in sorted(found, key=_alphabetical) if options.order == "alphabet" else found:
        print(f"{place}\t{token}")


def _vocab(options: argparse.Namespace) -> Tokenizer:
    """Return the vocabulary of a model of either kind, and of a translator that of one side."""
    model = _model(options.model)
    if isinstance(model, Translator):
        return model.source_vocab if options.side == "source" else model.target_vocab
    given_in_vain(options, ["side"], "of a language model", "leave it out")
    return model.vocab


def _model(name: str) -> pretrained.Pretrained | Translator:
    """Return a model of either kind; raise what `pretrained.load` says where it is none."""
    if name in pretrained.translator_names():
        return pretrained.load_translator(name)
    try:
        return pretrained.load(name)
    except ModelFileError as error:
        try:
            return pretrained.load_translator(name)
        except ModelFileError:
            raise error from None
    except ValueError:
        pretrained.path_of(name)  # which says the names of both kinds
        raise


def _shown(text: str) -> str:
    """Return a text of which every character is to be seen."""
    return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in visible(text))


def _alphabetical(entry: tuple[int, str]) -> tuple[str, str]:
    place, token = entry
    return token.lstrip(SPACE).casefold(), token


def _nothing_begins(options: argparse.Namespace, prefix: str, tokens: list[str]) -> str:
    """Say that no token begins so; pieces of words may begin with the space before them."""
    rule = f"prefix must begin one of the {len(tokens)} tokens of {options.model}, but it is {options.prefix!r}"
    spaced = any(token.startswith(SPACE + prefix) for token in tokens)
    return f"{rule}; {f'try {SPACE + prefix!r}, with a space before it' if spaced else 'try fewer letters'}"


@contextmanager
def naming_words(model: str) -> Iterator[None]:
    """Tell who typed a word that a model does not know which command lists those that it knows."""
    try:
        yield
    except UnknownWordError as error:
        raise UnknownWordError(f"{error}; `python -m lmkit words {shlex.quote(model)}` lists them") from None
