"""Runs of the experiment `lengths` that were never made: shares that fall with the length, other ones for each seed."""

import math
import random

from lmkit.runs import Run, Runs
from lmkit.widgets.labs.length.lab import GROUPS

LONGESTS, SIZES, KINDS = (15, 30, None), (64, 128), ("general", "none")
SETTINGS = [(15, 64), (15, 128), (30, 64), (30, 128), (None, 128)]


def seeds_of(hidden_size: int) -> int:
    return 5 if hidden_size == 128 else 3


def shares(longest: int | None, hidden_size: int, attention: str, seed: int) -> list[float]:
    """Return the share of each group: all with attention until training ends, and hardly any without."""
    draws = random.Random(f"{longest} {hidden_size} {attention} {seed}")
    end = (longest or 1000) + draws.uniform(0, 2) if attention == "general" else draws.uniform(6, 9)
    return [round(1 / (1 + math.exp(min((low + high) / 2 - end, 700))), 3) for low, high in GROUPS]


def run(longest: int | None, hidden_size: int, attention: str, seed: int) -> Run:
    settings = {"attention": attention, "longest": longest, "hidden_size": hidden_size}
    return Run(settings, seed, [], [], [], {"possible_by_length": shares(longest, hidden_size, attention, seed)})


ALL = [
    run(longest, size, attention, seed)
    for longest, size in SETTINGS
    for attention in KINDS
    for seed in range(1, seeds_of(size) + 1)
]
RUNS = Runs({}, ALL)
