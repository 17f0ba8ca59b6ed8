"""A target: two implementations, the cases on which they are compared, and what is counted."""

from __future__ import annotations

import importlib
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import hypothesis
import torch
from hypothesis import HealthCheck, Phase
from hypothesis import strategies as st

from tests.fuzz.judge import NEAR

MODULES = ("filters", "decoders", "layers", "engine", "cards")
TARGETS: dict[str, Target] = {}  # filled by them


@dataclass(frozen=True)
class Target:
    """What is compared.

    Attributes
    ----------
    name : str
        Module and function.
    check : function
        Compares the two sides; raises where they differ, and returns NEAR where a hair decides, in a list where
        several cases (rows of logits, prompts) are compared at once.
    cases : dict of strategies
        The arguments of `check`.
    wanted : int
        How many cases ten minutes should bring; time is shared in proportion.
    """

    name: str
    check: Callable[..., str | list[str] | None]
    cases: dict[str, Any]
    wanted: int


@dataclass
class Tally:
    """What some cases of a target have shown; `fault` tells of the smallest case that fails."""

    same: int = 0
    near: int = 0
    seconds: float = 0.0
    fault: str | None = None

    @property
    def cases(self) -> int:
        return self.same + self.near

    def add(self, other: Tally) -> None:
        self.same, self.near = self.same + other.same, self.near + other.near
        self.seconds, self.fault = self.seconds + other.seconds, self.fault or other.fault


def target(wanted: int = 10_000, bfloat16: int = 0, **cases: Any) -> Callable:
    """Make a function a target; with `bfloat16` a second one of so many cases, and both get the argument `dtype`."""

    def register(check: Callable) -> Callable:
        name = f"{check.__module__.rpartition('.')[2]}.{check.__name__}"
        if not bfloat16:
            TARGETS[name] = Target(name, check, cases, wanted)
        for dtype, count in ((torch.float32, wanted), (torch.bfloat16, bfloat16)) if bfloat16 else ():
            full = f"{name} {str(dtype).removeprefix('torch.')}"
            TARGETS[full] = Target(full, partial(check, dtype=dtype), cases, count)
        return check

    return register


def run(target: Target, examples: int, seed: int, *, shrink: bool = True) -> Tally:
    """Try some random cases; a fault is told with the smallest case that has it, or without `shrink` with the first."""
    tally, start = Tally(), time.perf_counter()

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=examples,
        database=None,
        derandomize=False,
        phases=[Phase.generate, Phase.shrink] if shrink else [Phase.generate],
        deadline=None,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    @hypothesis.given(case=st.fixed_dictionaries(target.cases))
    def one(case: dict[str, Any]) -> None:
        verdicts = target.check(**case)
        verdicts = verdicts if isinstance(verdicts, list) else [verdicts]
        tally.near += verdicts.count(NEAR)
        tally.same += len(verdicts) - verdicts.count(NEAR)

    try:
        one()
    except Exception as error:
        tally.fault = "".join(traceback.format_exception(error))
    tally.seconds = time.perf_counter() - start
    return tally


def load(*modules: str) -> None:
    """Fill TARGETS with those of some modules."""
    for name in modules:
        importlib.import_module(f"tests.fuzz.{name}")


def run_batch(name: str, seed: int, examples: int) -> Tally:
    """Run a target by its name, in a process of its own, on one core."""
    torch.set_num_threads(1)
    if name not in TARGETS:
        load(name.partition(".")[0])
    return run(TARGETS[name], examples, seed)
