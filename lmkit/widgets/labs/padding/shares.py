"""What larger translators did with many padded sources: the runs of the experiment `padding`."""

from __future__ import annotations

from itertools import product
from typing import Any

from lmkit.runs import Runs
from lmkit.statistics import share_interval

MEASURE = "possible_by_padding"
ADDED = (0, 1, 5, 20)  # words of padding, as the experiment has them
SOURCES = 400
DECODERS = {"general": "with attention", "none": "without attention"}
KINDS = {"mixed": "masked", "read": "read as a word", "read and counted": "read, and counted in the loss"}
DIGITS = 4  # more than a reader sees, and few enough for a page


def rows_of(runs: Runs) -> list[dict[str, Any]]:
    """Return a row for each way to treat padding, with attention and without.

    Returns
    -------
    list of dict
        "decoder" and "name"; "seeds", their number; "shares": for each of `ADDED` the share of possible translations,
        and the ends of its 95 % interval.

    Raises
    ------
    ValueError
        If the runs are not of that experiment, or there are fewer than two seeds.
    """
    rows = []
    for (attention, decoder), (kind, name) in product(DECODERS.items(), KINDS.items()):
        setting = {"attention": attention, "padding": kind}
        seeds = [run.measures.get(MEASURE) for run in runs.where(**setting)]
        if len(seeds) < 2 or any(not isinstance(shares, list) or len(shares) != len(ADDED) for shares in seeds):
            rule = f"with {len(ADDED)} shares as {MEASURE!r} of at least two seeds of {setting}"
            raise ValueError(f"runs must be of the experiment 'padding', {rule}, but of that it has {len(seeds)}")
        intervals = (share_interval(shares, SOURCES) for shares in zip(*seeds, strict=True))
        shares = [[round(value, DIGITS) for value in ends] for ends in intervals]
        rows.append({"decoder": decoder, "name": name, "seeds": len(seeds), "shares": shares})
    return rows
