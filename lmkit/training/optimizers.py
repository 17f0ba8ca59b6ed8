"""Optimizers, and schedules of their learning rate."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import ConstantLR, CosineAnnealingLR, LRScheduler, OneCycleLR

from lmkit.training.config import TrainConfig
from lmkit.training.muon import Muon

FUSED_ON = {"cpu", "cuda", "mps", "xpu"}  # where torch updates all parameters by one kernel
CLASSES = {"adamw": torch.optim.AdamW, "adam": torch.optim.Adam, "sgd": torch.optim.SGD}


def make_optimizers(model: nn.Module, config: TrainConfig) -> list[Optimizer]:
    """Return one optimizer for all parameters; or Muon for the matrices of hidden layers, and AdamW for the rest."""
    lr, weight_decay = config.lr, config.weight_decay
    fused = all(parameter.device.type in FUSED_ON for parameter in model.parameters())
    if config.optimizer != "muon":
        return [CLASSES[config.optimizer](model.parameters(), lr=lr, weight_decay=weight_decay, fused=fused)]
    embeddings = {id(module.weight) for module in model.modules() if isinstance(module, nn.Embedding)}
    hidden = [p for p in model.parameters() if p.dim() == 2 and id(p) not in embeddings]
    others = [p for p in model.parameters() if p.dim() != 2 or id(p) in embeddings]
    return [
        Muon(hidden, lr=lr, weight_decay=weight_decay, adjust_lr_fn="match_rms_adamw"),
        torch.optim.AdamW(others, lr=lr, weight_decay=weight_decay, betas=(0.9, 0.99), fused=fused),
    ]


def make_scheduler(optimizer: Optimizer, config: TrainConfig, steps: int) -> LRScheduler:
    """Return what changes the rate of an optimizer over so many steps."""
    if config.schedule == "one-cycle":
        warmup = config.warmup
        if abs(warmup * steps - 1) < 1e-9:  # torch divides by the steps in which the rate rises, here none
            warmup *= 1 - 1e-6
        return OneCycleLR(optimizer, config.lr, total_steps=steps, pct_start=warmup, cycle_momentum=False)
    if config.schedule == "cosine":
        return CosineAnnealingLR(optimizer, T_max=steps)
    return ConstantLR(optimizer, factor=1)


@contextmanager
def scaled_lr(optimizers: Sequence[Optimizer], factor: float) -> Iterator[None]:
    """Multiply the rates of optimizers by a factor, and give them back as they were, also after an error."""
    groups = [group for optimizer in optimizers for group in optimizer.param_groups]
    rates = [group["lr"] for group in groups]
    try:
        for group, rate in zip(groups, rates, strict=True):
            group["lr"] = rate * factor
        yield
    finally:
        for group, rate in zip(groups, rates, strict=True):
            group["lr"] = rate
