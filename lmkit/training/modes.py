"""Training and evaluation mode of a model, for a while."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn


@contextmanager
def mode_of(model: nn.Module, *, training: bool) -> Iterator[None]:
    """Put a model into training or evaluation mode; give each of its parts back its own at the end, also of an error.

    Parameters
    ----------
    model : Module
    training : bool
    """
    before = [(module, module.training) for module in model.modules()]
    try:
        model.train(training)
        yield
    finally:
        for module, mode in before:
            module.training = mode
