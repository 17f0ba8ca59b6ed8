"""The models that a lab has on option: shipped ones by name, and those of a reader, just trained or in a file.

All labs that run a language model take it by their first two arguments, `model` and `vocab`, and read them here.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from os import PathLike, fspath
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, cast

import torch
from torch import Tensor
from torch.nn import Module

from lmkit import pretrained
from lmkit.datasets import stories
from lmkit.files import StrPath
from lmkit.models import LanguageModel
from lmkit.pretrained import ModelFileError, Pretrained
from lmkit.text import Tokenizer
from lmkit.widgets.base import assets
from lmkit.widgets.base.checks import MOST_WORDS, about, check_text, check_words

PROMPTS = {
    "stories": ["one morning anna", "it was raining when", "felix was a clever boy who", pretrained.END],
    "human_numbers": ["two hundred seventy eight .", "nine thousand nine hundred", "one . two . three ."],
    "shakespeare": ["Hamlet:⏎To be, or not to be,", "Romeo:⏎O,", "First Witch:⏎When shall we", "Juliet:⏎"],
}
T = TypeVar("T")
Model = StrPath | Pretrained | Module  # what the argument `model` of a lab may be
KINDS = "a shipped model's name, the path of a model file, a Pretrained, or a language model with its vocab"
OWN = "your model"
BY_DEFAULT = ("stories", "human_numbers")  # small models of languages whose rules are known; others travel if asked for


@dataclass(frozen=True)
class ModelOption:
    """One model of a lab; `weights` are the bytes of a reader's own model, empty for a shipped one."""

    name: str
    trained: Pretrained
    step: Callable
    key: str
    weights: bytes = b""

    @property
    def shipped_name(self) -> str:
        """The name of a shipped model, of whose texts and units something is known; empty for a reader's own."""
        return "" if self.weights else self.name

    @property
    def prompts(self) -> list[str]:
        """Prompts to suggest."""
        return PROMPTS.get(self.shipped_name) or [_first_word(self.trained.vocab)]

    @property
    def title(self) -> str:
        """The model's name as a reader sees it."""
        return self.trained.card.get("title") or self.name

    def entry(self) -> dict[str, Any]:
        """Return the option as it travels to the browser."""
        truth = {"name": assets.GRAMMAR, "key": assets.grammar_key()} if self.has_truth() else None
        own = bool(self.weights)
        return dict(name=self.name, title=self.title, key=self.key, truth=truth, own=own, prompts=self.prompts)

    def ids(self, name: str, text: str, most: int = MOST_WORDS) -> list[int]:
        """Return the ids of a text as the model reads it, `most` tokens of it at most.

        Raises
        ------
        ValueError
            Which calls the text by this name, if it is too long to be shown, or cannot be read.
        """
        is_split = self.trained.vocab.kind == "split"
        check_words(name, text, most) if is_split else check_text(name, text)
        with about(name):
            ids = self.trained.prompt_ids(text)
        if not is_split and len(ids) > most:
            raise ValueError(f"{name} must hold at most {most} tokens, but it holds {len(ids)}; shorten it")
        return ids

    def one_line(self, text: str) -> str:
        """Return a text as a field of one line holds it: with ⏎ for the end of a line, unless words stand apart."""
        return text if self.trained.vocab.kind == "split" else text.replace("⏎\n", "\n").replace("\n", "⏎")

    def allowed(self, log_probs: Tensor) -> Tensor:
        """Return log-probabilities (…, V) by which the tokens cannot come that decoders never write."""
        suppressed = self.trained.suppress_tokens
        return log_probs if suppressed is None else log_probs.index_fill(-1, torch.tensor(suppressed), -math.inf)

    def has_truth(self) -> bool:
        """Return whether the model speaks Stories, whose true probabilities are known."""
        return self.trained.vocab == stories.vocab()


def model_option(model: Model | None, vocab: Tokenizer | None, default: str = "stories") -> ModelOption:
    """Return the model that the arguments `model` and `vocab` of a lab name, which runs one; None stands for `default`.

    Raises
    ------
    ValueError
        If they name no model, several, or one that pages cannot run.
    """
    return model_options(default if model is None and vocab is None else model, vocab, several=False)[0]


def model_options(
    model: Model | Sequence[Model] | None, vocab: Tokenizer | None, several: bool = True
) -> list[ModelOption]:
    """Return the models that the arguments `model` and `vocab` of a lab name: by default those of `BY_DEFAULT`.

    Raises
    ------
    ValueError
        If they name no model, or one that pages cannot run; without `several` also for a list.
    """
    if isinstance(model, list | tuple) and several and model:
        if vocab is not None:
            raise ValueError("vocab goes with one model, but model is a list; give pretrained.Pretrained instead")
        found = [_option(each, None) for each in model]
    elif model is None and vocab is None and several:
        found = [_shipped(name) for name in BY_DEFAULT if name in pretrained.names()]
        if not found:
            raise ValueError("model must be given, for no model is shipped with this copy of lmkit")
    else:
        found = [_option(model, vocab)]
    return _with_names_of_their_own(list({option.key: option for option in found}.values()))


def files_of(options: Iterable[ModelOption]) -> dict[str, bytes]:
    """Return the files of those models that are a reader's own, by key, as a view carries them."""
    return {option.key: option.weights for option in options if option.weights}


class Given(NamedTuple):
    """A model as the arguments of a lab name it; `data` are the bytes of its file, empty where it came from none."""

    name: str
    trained: Pretrained
    data: bytes = b""


def given_model(model: Model | None, vocab: Tokenizer | None) -> Given:
    """Return the model that the arguments `model` and `vocab` of a lab name; any class will do.

    Raises
    ------
    ValueError
        If they name no model, it has another vocabulary, or its weights are not there or not finite.
    """
    if isinstance(model, Module):
        if not hasattr(model, "stepper"):
            raise ValueError(f"model must be {KINDS}, but it is of class {type(model).__name__}")
        if not isinstance(vocab, Tokenizer):
            rule = "the Vocab or other Tokenizer that the model was trained with"
            raise ValueError(f"vocab must be {rule}, but it is {vocab!r}")
        given = Given(OWN, Pretrained(cast(LanguageModel, model), vocab, {}))
    elif model is None and vocab is not None:
        raise ValueError("vocab must come with a model, but model is None; give both or neither")
    elif vocab is not None and isinstance(model, Pretrained | str | PathLike):
        raise ValueError(f"vocab goes with a model of your own, but model is {model!r}, which has one; leave it out")
    elif isinstance(model, Pretrained):
        given = Given(OWN, model)
    elif isinstance(model, str | PathLike):
        given = _from_file(model)
    else:
        raise ValueError(f"model must be {KINDS}, but it is {model!r}")
    check_weights(given.trained.model)
    words, size = len(given.trained.vocab), getattr(given.trained.model, "vocab_size", None)
    if size != words:
        raise ValueError(
            f"vocab must hold the model's {size} words, but it holds {words}; give the one of its training"
        )
    return given


def read_from(argument: str, path: StrPath, names: list[str], load: Callable[[StrPath], T]) -> T:
    """Return what a function loads from a path that an argument of a lab gives, beside the names of what is shipped.

    Raises
    ------
    ValueError
        Which names the argument, if there is no such file.
    ModelFileError
        If it is no model file of that kind.
    """
    rule = f"{argument} must be one of {names}, which are shipped, or the path of a file, but it is {fspath(path)!r}"
    if path in (*pretrained.names(), *pretrained.translator_names()):  # one of the other kind
        raise ValueError(f"{rule}; correct it")
    try:
        return load(path)
    except ModelFileError as error:
        raise ModelFileError(f"{argument}: {error}") from error
    except (ValueError, OSError) as error:
        reason = f" ({error.strerror})" if isinstance(error, OSError) else ""
        raise ValueError(f"{rule}{reason}; correct it") from None


def _from_file(model: StrPath) -> Given:
    names = pretrained.names()
    if isinstance(model, str) and model in names:
        return Given(model, _shipped(model).trained)
    stem = Path(model).stem
    trained = read_from("model", model, names, pretrained.load)
    return Given(f"your {stem}" if stem in names else stem, trained, Path(model).read_bytes())


def _option(model: Any, vocab: Tokenizer | None) -> ModelOption:
    name, trained, data = given_model(model, vocab)
    if known := _shipped_alike(trained):
        return known
    if not pretrained.runs_in_browser(trained.model):
        raise ValueError("model must be an LSTM with tied weights, which pages can run; give it cell='lstm', tied=True")
    if not data:  # a file travels as it is, with int8 for weights if it has that
        data = pretrained.to_bytes(trained.model, trained.vocab, trained.card, quantise=False)
    found = pretrained.from_bytes(data, source=name)  # as the page has it: in float32, whatever it was
    return ModelOption(name, found, found.model.stepper(), assets.digest(data), data)


@cache
def _shipped(name: str) -> ModelOption:
    data = assets.model_bytes(name)
    trained = pretrained.from_bytes(data, source=name)
    return ModelOption(name, trained, trained.model.stepper(), assets.digest(data))


def _shipped_alike(trained: Pretrained) -> ModelOption | None:
    """Return the shipped model with these very weights, if there is one: pages have it, so it need not travel."""
    options = map(_shipped, pretrained.names())
    alike = (
        each for each in options if each.trained.vocab == trained.vocab and same(each.trained.model, trained.model)
    )
    return next(alike, None)


def same(model: Module, other: Module) -> bool:
    """Return whether two models have the same weights, to the last bit."""
    first, second = model.state_dict(), other.state_dict()
    return first.keys() == second.keys() and all(
        weight.dtype == second[name].dtype and torch.equal(weight.cpu(), second[name].cpu())
        for name, weight in first.items()
    )


def _with_names_of_their_own(options: list[ModelOption]) -> list[ModelOption]:
    """Return options of which no two have one name or title: a reader chooses by them."""
    names, titles, found = Counter[str](), Counter[str](), []
    for option in options:
        name = _numbered(option.name, names)
        title = _numbered(option.title if option.title != option.name else name, titles)
        trained = replace(option.trained, card={**option.trained.card, "title": title})
        found.append(replace(option, name=name, trained=trained))
    return found


def _numbered(name: str, known: Counter[str]) -> str:
    known[name] += 1
    return name if known[name] == 1 else f"{name} {known[name]}"


def check_weights(model: Module, argument: str = "model") -> None:
    """Raise ValueError for a model whose weights are not there, or not finite."""
    for name, weight in model.state_dict().items():
        if weight.is_meta:
            without = f"but {name} is on the device 'meta', without any; load them"
            raise ValueError(f"{argument} must have weights, {without}")
        if not torch.isfinite(weight).all():
            raise ValueError(
                f"{argument} must have finite weights, but {name} has not; it has diverged: train it again"
            )


def _first_word(vocab: Tokenizer) -> str:
    """Return a prompt that a model can read: its first word, or of other kinds than words that stand apart a letter."""
    if vocab.kind == "split":
        return vocab.words[0]
    written = (vocab.decode([i]) for i in range(len(vocab)) if i != vocab.unk)
    return next((text for text in written if text.isalpha()), vocab.decode([len(vocab) - 1]))
