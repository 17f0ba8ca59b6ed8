"""What a class costs in memory, and what a larger one would."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import psutil
from scipy import stats

from tests.hub.running import Hub

MB = 10**6
KERNEL = "ipykernel_launcher"
WHOSE = "JUPYTERHUB_USER"  # which the hub sets for a student's server, and its kernels inherit


@dataclass(frozen=True)
class Measured:
    """Bytes of a class: of each student's server and kernels, by name, and of what serves them all."""

    servers: dict[str, int]
    kernels: dict[str, int]
    hub: int

    @property
    def students(self) -> int:
        return len(self.servers)

    @property
    def total(self) -> int:
        return self.hub + sum(self.servers.values()) + sum(self.kernels.values())


def proportional(process: psutil.Process) -> int:
    """Memory that a process holds: its own pages, and its part of those that several share (PSS).

    Parts of a page add up to the page, so sums count nothing twice. Where the system can't tell, its own pages alone.
    """
    held = process.memory_full_info()
    return getattr(held, "pss", held.uss)


def measure(hub: Hub) -> Measured:
    """Measure all processes of a hub."""
    servers, kernels, others = Counter(), Counter(), 0
    for process in hub.processes():
        with suppress(psutil.NoSuchProcess):  # it has ended since
            name, command, held = process.environ().get(WHOSE), process.cmdline(), proportional(process)
            if not name:  # a service of the hub has an empty one
                others += held
            else:
                (kernels if KERNEL in command else servers)[name] += held
    return Measured(dict(servers), dict(kernels), others)


def expected(classes: Sequence[Measured], students: int) -> tuple[float, float, float]:
    """Return the memory of a larger class, with a 95 % interval for a single one.

    A line through the totals: shared pages count once, however many share them, and the rest is each student's own.
    Needs three classes of different sizes at least.
    """
    if len({found.students for found in classes}) < 3:
        raise ValueError(f"classes must be of three sizes or more, but are {[found.students for found in classes]}")
    sizes, totals = [found.students for found in classes], [found.total for found in classes]
    line = stats.linregress(sizes, totals)
    free, mean = len(sizes) - 2, sum(sizes) / len(sizes)
    spread = sum((size - mean) ** 2 for size in sizes)
    left = sum((total - line.intercept - line.slope * size) ** 2 for size, total in zip(sizes, totals, strict=True))
    error = (left / free * (1 + 1 / len(sizes) + (students - mean) ** 2 / spread)) ** 0.5
    middle, half = line.intercept + line.slope * students, stats.t.ppf(0.975, free) * error
    return middle, middle - half, middle + half
