"""Compare two implementations on random cases for some minutes; ``python -m tests.fuzz --help`` lists the options."""

from __future__ import annotations

import argparse
import multiprocessing
import random
import sys
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait

from tests.fuzz.target import MODULES, TARGETS, Tally, load, run_batch

EXAMPLES = 50  # of a batch; the first is always the simplest


def arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10.0, help="how long, shared by all targets (10)")
    parser.add_argument("--seed", type=int, help="of the cases; any unless given")
    parser.add_argument("--jobs", type=int, default=1, help="how many processes (1)")
    parser.add_argument("--only", default="", help="targets whose name has this in it, such as decoders.beam")
    given = parser.parse_args(argv)
    if given.seed is None:
        given.seed = random.SystemRandom().randrange(10**6)
    return given


def batches(names: list[str], tallies: dict[str, Tally], seed: int) -> Iterator[tuple[str, int]]:
    """Yield what to do next, for ever: the target that has done least of what is wanted of it, and a seed.

    The n-th batch of each target has the n-th seed, so the seed of a batch that fails repeats it as the first one.
    """
    begun = dict.fromkeys(names, 0)
    while True:
        name = min(
            names, key=lambda name: (tallies[name].same / TARGETS[name].wanted if begun[name] else -1, begun[name])
        )
        yield name, seed + begun[name]
        begun[name] += 1


def fuzz(names: list[str], minutes: float, seed: int, jobs: int) -> tuple[dict[str, Tally], int | None]:
    """Run targets until the time is over or one fails; return what was counted, and the seed that failed."""
    tallies = {name: Tally() for name in names}
    work, running, end = batches(names, tallies, seed), {}, time.monotonic() + 60 * minutes
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, context) as pool:
        while running or time.monotonic() < end:
            while len(running) < jobs and time.monotonic() < end:
                name, batch_seed = next(work)
                running[pool.submit(run_batch, name, batch_seed, EXAMPLES)] = name, batch_seed
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                if (failed := collect(future, running, tallies)) is not None:
                    return tallies, failed
    return tallies, None


def collect(future: Future, running: dict, tallies: dict[str, Tally]) -> int | None:
    """Count what a batch has found; return its seed if it has failed."""
    name, seed = running.pop(future)
    tallies[name].add(future.result())
    return seed if tallies[name].fault else None


def report(tallies: dict[str, Tally], failed: int | None) -> Iterator[str]:
    """Yield the lines to print: one for each target, and the smallest input of one that fails."""
    width = max(map(len, tallies))
    for name, tally in tallies.items():
        near = f", {tally.near} near a tie" if tally.near else ""
        yield f"{name:{width}} {tally.same:7} cases alike{near}, {tally.seconds:.0f} s"
    for name, tally in tallies.items():
        if tally.fault:
            yield f"\n{tally.fault}\n{name} fails on this smallest input; again: make fuzz SEED={failed} ONLY='{name}'"


def main(argv: list[str] | None = None) -> int:
    given = arguments(argv)
    load(*MODULES)
    names = [name for name in TARGETS if given.only in name]
    if not names:
        print(f"--only must be in the name of a target, but {given.only!r} is in none of {', '.join(TARGETS)}")
        return 2
    print(f"seed {given.seed}, {given.minutes:g} minutes, {len(names)} targets, {given.jobs} processes", flush=True)
    tallies, failed = fuzz(names, given.minutes, given.seed, given.jobs)
    print("\n".join(report(tallies, failed)))
    return 0 if failed is None else 1


if __name__ == "__main__":
    sys.exit(main())
