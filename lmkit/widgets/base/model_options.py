"""The models that a lab has on option: shipped ones by name, or one that a reader has just trained."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from torch import Tensor
from torch.nn import Module

from lmkit import pretrained
from lmkit.datasets import stories
from lmkit.pretrained import Pretrained
from lmkit.text import Tokenizer
from lmkit.widgets.base import assets
from lmkit.widgets.base.checks import MOST_WORDS, about, check_choice, check_text, check_words

PROMPTS = {
    "stories": ["one morning anna", "it was raining when", "felix was a clever boy who", pretrained.END],
    "human_numbers": ["two hundred seventy eight .", "nine thousand nine hundred", "one . two . three ."],
    "shakespeare": ["Hamlet:⏎To be, or not to be,", "Romeo:⏎O,", "First Witch:⏎When shall we", "Juliet:⏎"],
}
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
    def prompts(self) -> list[str]:
        """Prompts to suggest."""
        return PROMPTS.get(self.name) or [_first_word(self.trained.vocab)]

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


def model_options(model: str | Sequence[str] | Module | None, vocab: Tokenizer | None) -> list[ModelOption]:
    """Return the models that the arguments of `DecodingLab` name: by default those of `BY_DEFAULT`."""
    if isinstance(model, Module):
        return [_own(model, vocab)]
    several = isinstance(model, list | tuple) and model and all(isinstance(name, str) for name in model)
    if not (isinstance(model, str | None) or several):
        rule = "a shipped model's name, a list of such names, or an LSTMLanguageModel"
        raise ValueError(f"model must be {rule}, but it is {model!r}")
    if vocab is not None:
        raise ValueError("vocab goes with a model of your own, but model is a shipped one; leave vocab out")
    there = pretrained.names()
    if model is None:
        names = [name for name in BY_DEFAULT if name in there]
    else:
        names = [model] if isinstance(model, str) else list(model)
    if not names:
        raise ValueError("model must be given, for no model is shipped with this copy of lmkit")
    for name in names:
        check_choice("model", name, there)
    return [_shipped(str(name)) for name in dict.fromkeys(names)]


@cache
def _shipped(name: str) -> ModelOption:
    data = assets.model_bytes(name)
    trained = pretrained.from_bytes(data, source=name)
    return ModelOption(name, trained, trained.model.stepper(), assets.digest(data))


def _own(model: Module, vocab: Tokenizer | None) -> ModelOption:
    if not hasattr(model, "stepper"):
        raise ValueError(f"model must be an LSTMLanguageModel, but it is of class {type(model).__name__}")
    if not isinstance(vocab, Tokenizer):
        rule = "the Vocab or other Tokenizer that the model was trained with"
        raise ValueError(f"vocab must be {rule}, but it is {vocab!r}")
    check_weights(model)
    if not pretrained.runs_in_browser(model):
        raise ValueError("model must be an LSTM with tied weights, which pages can run; give it cell='lstm', tied=True")
    data = pretrained.to_bytes(model, vocab, quantise=False)
    trained = pretrained.from_bytes(data, source="your model")  # as the page has it: in float32, whatever it was
    return ModelOption("your model", trained, trained.model.stepper(), assets.digest(data), data)


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
