"""The page's trainer in Node, and lmkit's own training of the same model beside it."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

import lmkit.dropout
from lmkit.dropout import EmbeddingDropout, LockedDropout
from lmkit.models import AWDLSTM, RecurrentLanguageModel
from lmkit.models.language import Activations
from lmkit.training import TrainConfig
from lmkit.training.optimizers import make_optimizers, make_scheduler
from lmkit.training.penalties import activation_penalty, temporal_activation_penalty
from tests.widgets.node import Scripts

MODULES = ("runtime/training/trainer.js", "runtime/training/scalar/wasm.js")
DROPOUTS = ("embed_p", "input_p", "weight_p", "hidden_p", "output_p")
RUN = """({ settings, windows, weights, rate, kind }) => {
  const options = kind === "scalar" ? { simd: false, scalar: lmkit.TRAINING_SCALAR } : {};
  const trainer = new lmkit.Trainer(settings, options);
  if (weights) trainer.load(new Map(Object.entries(weights).map(([name, { shape, values }]) =>
    [name, { shape, values: Float32Array.from(values) }])));
  const steps = windows.map(({ inputs, targets, first }) => {
    const before = trainer.weights();
    if (first) trainer.resetState();
    const result = trainer.step(Int32Array.from(inputs), Int32Array.from(targets));
    return { before, result, gradients: trainer.gradients(), masks: trainer.masks() };
  });
  const after = trainer.weights();
  trainer.close();
  return { kind: trainer.kind, steps, after };
}"""
TRAIN = """({ settings, windows }) => {
  const trainer = new lmkit.Trainer(settings);
  const before = trainer.weights();
  const results = windows.map(({ inputs, targets }) => trainer.step(Int32Array.from(inputs), Int32Array.from(targets)));
  const after = trainer.weights();
  trainer.close();
  return { before, results, after };
}"""


def tensor(stored: dict[str, Any]) -> Tensor:
    """Return a tensor of the page, in double precision."""
    return torch.tensor(np.array(stored["values"], np.float32).reshape(stored["shape"])).double()


def tensors(stored: dict[str, Any]) -> dict[str, Tensor]:
    return {name: tensor(each) for name, each in stored.items()}


def windows(settings: dict[str, Any], count: int, seed: int, uncounted: float = 0.0, steps: int | None = None) -> list:
    """Return windows of random tokens, of which a share of the targets does not count."""
    rng = np.random.default_rng(seed)
    size = settings["batch_size"] * (steps or settings["window"])

    def one() -> dict[str, list[int]]:
        inputs, targets = rng.integers(0, settings["vocab_size"], (2, size))
        left_out = rng.random(size) < uncounted
        left_out[rng.integers(size)] = False
        return {"inputs": inputs.tolist(), "targets": np.where(left_out, -100, targets).tolist()}

    return [one() for _ in range(count)]


class OtherModel(RecurrentLanguageModel):
    """A recurrent model of another cell, with dropout where AWDLSTM has it."""

    def __init__(self, settings: dict[str, Any]):
        sizes = (settings[name] for name in ("vocab_size", "embedding_size", "hidden_size", "num_layers"))
        kind = {name: settings[name] for name in ("cell", "tied", "nonlinearity") if name in settings}
        super().__init__(*sizes, **kind)
        p = {name: settings.get(name, 0.0) for name in DROPOUTS}
        self.rnn.weight_p, self.rnn.hidden_p = p["weight_p"], p["hidden_p"]
        self.embedding_dropout = EmbeddingDropout(p["embed_p"])
        self.input_dropout, self.output_dropout = LockedDropout(p["input_p"]), LockedDropout(p["output_p"])

    def with_activations(self, tokens, state=None):
        raw, after = self.rnn(self.input_dropout(self.embedding_dropout(self.embedding, tokens)), state)
        dropped = self.output_dropout(raw)
        return self.decoder(dropped), after, Activations(raw, dropped)


def model_of(settings: dict[str, Any], weights: dict[str, Tensor], dtype: torch.dtype = torch.float64) -> nn.Module:
    """Return lmkit's model with these settings and weights, in training."""
    if settings["cell"] == "lstm":
        sizes = (settings[name] for name in ("vocab_size", "embedding_size", "hidden_size", "num_layers"))
        dropouts = {name: settings.get(name, 0.0) for name in DROPOUTS}
        model = AWDLSTM(*sizes, tied=settings["tied"], **dropouts)
    else:
        model = OtherModel(settings)
    missing, unexpected = model.load_state_dict(weights, strict=False)
    assert not unexpected and set(missing) <= {"decoder.weight"}
    return model.to(dtype).train()


class HandedOut:
    """A stand-in for `lmkit.dropout.keep_mask` that hands out masks of the kernel, in the order in which models ask."""

    def __init__(self, masks: dict[str, Tensor], num_layers: int):
        layers = [name for d in range(num_layers) for name in (f"hidden_l{d}", f"weight_l{d}")]
        self.layers = {name: masks[name] for name in ["word", "input", *layers, "output"] if name in masks}
        self.asked: list[str] = []

    def __call__(self, shape, p: float, like: Tensor) -> Tensor:
        for name, mask in self.layers.items():
            if name not in self.asked and mask.numel() == np.prod(shape):
                self.asked.append(name)
                return mask.reshape(tuple(shape)).to(like.dtype)
        raise AssertionError(f"the kernel has no mask of shape {tuple(shape)}")


def objective(model: Any, window: dict[str, Any], settings: dict[str, Any], state: Any) -> tuple[Tensor, Tensor, Any]:
    """Return cross-entropy and penalty of a window, as lmkit.training computes them, and the state behind it."""
    shape = (settings["batch_size"], -1)
    x, y = (torch.tensor(window[name]).view(shape) for name in ("inputs", "targets"))
    logits, state, activations = model.with_activations(x, state)
    penalty = activation_penalty(activations.dropped, settings.get("alpha", 0.0))
    penalty = penalty + temporal_activation_penalty(activations.raw, settings.get("beta", 0.0))
    after = tuple(part.detach() for part in state) if isinstance(state, tuple) else state.detach()
    return cross_entropy(logits.flatten(0, 1), y.flatten()), penalty, after


def gradients_of(
    settings: dict[str, Any], step: dict[str, Any], window: dict[str, Any], state: Any, monkeypatch
) -> tuple[dict[str, Tensor], float, float, Any]:
    """Return torch's gradients for a step of the page, with its weights and masks; loss, penalty and the new state."""
    model = model_of(settings, tensors(step["before"]))
    masks = HandedOut(tensors(step["masks"]), settings["num_layers"])
    monkeypatch.setattr(lmkit.dropout, "keep_mask", masks)
    loss, penalty, state = objective(model, window, settings, state)
    assert set(masks.asked) == set(masks.layers)
    (loss + penalty).backward()
    found = {name: parameter.grad for name, parameter in model.named_parameters()}
    return found, loss.item(), penalty.item(), state


def trained(
    settings: dict[str, Any], weights: dict[str, Tensor], given: list, dtype: torch.dtype = torch.float64
) -> tuple[dict[str, Tensor], list[float], list[float]]:
    """Train with lmkit's optimizers on windows; return weights, and losses and rates of all steps."""
    model = model_of(settings, weights, dtype)
    names = ("optimizer", "lr", "schedule", "warmup", "weight_decay", "clip")
    config = TrainConfig(**{name: settings[name] for name in names if name in settings})
    optimizers = make_optimizers(model, config)
    schedulers = [make_scheduler(optimizer, config, settings["steps"]) for optimizer in optimizers]
    losses, rates, state = [], [], None
    for window in given:
        loss, penalty, state = objective(model, window, settings, state)
        losses.append(loss.item())
        rates.append(optimizers[0].param_groups[0]["lr"])
        for optimizer in optimizers:
            optimizer.zero_grad()
        (loss + penalty).backward()
        nn.utils.clip_grad_norm_(model.parameters(), config.clip)
        for stepping in (*optimizers, *schedulers):
            stepping.step()
    return {name: parameter.detach() for name, parameter in model.named_parameters()}, losses, rates


def distance(a: Tensor, b: Tensor) -> float:
    """Return how far two tensors lie apart, as a share of the second's norm."""
    return ((a - b).norm() / b.norm()).item()


def start(scripts) -> Scripts:
    return scripts(*MODULES)
