"""`python -m lmkit experiment`: the runs that the book ships, made again."""

from __future__ import annotations

import argparse
from pathlib import Path

from lmkit import experiments, runs


def add_to(parser: argparse.ArgumentParser) -> None:
    """Give a parser the options of this command."""
    parser.description = "Make the runs of an experiment again; one that was broken off goes on where it stopped."
    parser.add_argument("name", choices=sorted(experiments.EXPERIMENTS))
    parser.add_argument("--out", type=Path, help="where to write the runs; by default the file that is shipped")
    parser.add_argument("--jobs", type=int, default=1, help="number of processes, each making one run at a time")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Make the runs and say where they are."""
    made = experiments.make(options.name, options.out, options.jobs, not options.quiet)
    print(f"wrote {options.out or runs.FOLDER / f'{options.name}.json'}, {len(made.runs)} runs")
