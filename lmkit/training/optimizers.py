"""What makes a step of a gradient: optimizers, and schedules of their rate."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import ConstantLR, CosineAnnealingLR, LRScheduler, OneCycleLR

OPTIMIZERS = ("adamw", "adam", "sgd", "muon")


def make_optimizers(model: nn.Module, name: str, lr: float, weight_decay: float) -> list[Optimizer]:
    """One optimizer for all parameters; or Muon for the matrices of hidden layers, and AdamW for the rest."""
    options = {"lr": lr, "weight_decay": weight_decay, "fused": True}
    if name == "adamw":
        return [torch.optim.AdamW(model.parameters(), **options)]
    if name == "adam":
        return [torch.optim.Adam(model.parameters(), **options)]
    if name == "sgd":
        return [torch.optim.SGD(model.parameters(), **options)]
    if name != "muon":
        raise ValueError(f"optimizer must be one of {', '.join(map(repr, OPTIMIZERS))}, but it is {name!r}")
    embeddings = {id(module.weight) for module in model.modules() if isinstance(module, nn.Embedding)}
    hidden = [p for p in model.parameters() if p.dim() == 2 and id(p) not in embeddings]
    others = [p for p in model.parameters() if p.dim() != 2 or id(p) in embeddings]
    return [
        torch.optim.Muon(hidden, lr=lr, weight_decay=weight_decay, adjust_lr_fn="match_rms_adamw"),
        torch.optim.AdamW(others, betas=(0.9, 0.99), **options),
    ]


def make_schedule(name: str, optimizer: Optimizer, lr: float, steps: int, warmup: float) -> LRScheduler:
    """How the rate of an optimizer changes over so many steps; see `train`."""
    if name == "one-cycle":
        return OneCycleLR(optimizer, lr, total_steps=steps, pct_start=warmup, cycle_momentum=False)
    if name == "cosine":
        return CosineAnnealingLR(optimizer, T_max=steps)
    if name == "constant":
        return ConstantLR(optimizer, factor=1)
    raise ValueError(f"schedule must be 'one-cycle', 'cosine' or 'constant', but it is {name!r}")


@contextmanager
def scaled_rates(optimizers: Sequence[Optimizer], factor: float) -> Iterator[None]:
    """Optimizers whose rates are multiplied by a factor for a while."""
    groups = [group for optimizer in optimizers for group in optimizer.param_groups]
    rates = [group["lr"] for group in groups]
    for group, rate in zip(groups, rates, strict=True):
        group["lr"] = rate * factor
    yield
    for group, rate in zip(groups, rates, strict=True):
        group["lr"] = rate
