"""The models that a lab has on option: shipped ones by name, or one that a reader has just trained."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from torch.nn import Module

from lmkit import pretrained
from lmkit.datasets import stories
from lmkit.pretrained import Pretrained
from lmkit.text import Vocab
from lmkit.widgets.base import assets
from lmkit.widgets.base.checks import check_choice

PROMPTS = {
    "stories": ["one morning anna", "it was raining when", "felix was a clever boy who", pretrained.END],
    "human_numbers": ["two hundred seventy eight .", "nine thousand nine hundred", "one . two . three ."],
}


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
        return PROMPTS.get(self.name) or [self.trained.vocab.words[0]]

    @property
    def title(self) -> str:
        """The model's name as a reader sees it."""
        return self.trained.card.get("title") or self.name

    def entry(self) -> dict[str, Any]:
        """Return the option as it travels to the browser."""
        truth = {"name": assets.GRAMMAR, "key": assets.grammar_key()} if self.has_truth() else None
        own = bool(self.weights)
        return dict(name=self.name, title=self.title, key=self.key, truth=truth, own=own, prompts=self.prompts)

    def has_truth(self) -> bool:
        """Return whether the model speaks Stories, whose true probabilities are known."""
        return self.trained.vocab == stories.vocab()


def model_options(model: str | Module | None, vocab: Vocab | None) -> list[ModelOption]:
    """Return the models that the arguments of `DecodingLab` name."""
    if isinstance(model, Module):
        return [_own(model, vocab)]
    if not isinstance(model, str | None):
        raise ValueError(f"model must be a shipped model's name or an LSTMLanguageModel, but it is {model!r}")
    if vocab is not None:
        raise ValueError("vocab goes with a model of your own, but model is a shipped one; leave vocab out")
    if model is None and not pretrained.names():
        raise ValueError("model must be given, for no model is shipped with this copy of lmkit")
    if model is not None:
        check_choice("model", model, pretrained.names())
    return [_shipped(name) for name in (_in_order(pretrained.names()) if model is None else [str(model)])]


def _in_order(names: list[str]) -> list[str]:
    """Return the names with prompts first, in the table's order."""
    known = [name for name in PROMPTS if name in names]
    return known + [name for name in names if name not in known]


@cache
def _shipped(name: str) -> ModelOption:
    data = assets.model_bytes(name)
    trained = pretrained.from_bytes(data, source=name)
    return ModelOption(name, trained, trained.model.stepper(), assets.digest(data))


def _own(model: Module, vocab: Vocab | None) -> ModelOption:
    if not hasattr(model, "stepper"):
        raise ValueError(f"model must be an LSTMLanguageModel, but it is of class {type(model).__name__}")
    if not isinstance(vocab, Vocab):
        raise ValueError(f"vocab must be the Vocab that the model was trained with, but it is {vocab!r}")
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
