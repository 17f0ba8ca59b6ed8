"""How sure a figure is: the book's one convention for uncertainty, on scipy.

A mean over seeds has a 95 % interval by Student's t; a difference between two ways that share their seeds is taken seed
by seed first; a share of cases has Wilson's interval. Chapter: Weight decay, "How sure is a difference?".
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean, stdev
from typing import NamedTuple

import scipy

LEVEL = 0.95


class Interval(NamedTuple):
    """A mean, and half the width of its 95 % interval.

    `f"{found:.3f}"` is `0.512 ± 0.013`. The format is that of a number and holds for both; a sign is the mean's alone.
    """

    mean: float
    half: float

    @property
    def low(self) -> float:
        """The lower end."""
        return self.mean - self.half

    @property
    def high(self) -> float:
        """The upper end."""
        return self.mean + self.half

    def __format__(self, spec: str) -> str:
        """Return mean ± half, each by the format of a number."""
        return f"{self.mean:{spec}} ± {self.half:{spec.lstrip('+')}}" if spec else str(self)


class Share(NamedTuple):
    """A share of cases in [0, 1], and the ends of its 95 % interval; `f"{found:.2f}"` is `0.97 (0.93 to 0.99)`."""

    share: float
    low: float
    high: float

    def __format__(self, spec: str) -> str:
        """Return the share and the ends, each by the format of a number."""
        return f"{self.share:{spec}} ({self.low:{spec}} to {self.high:{spec}})" if spec else str(self)


def interval(values: Sequence[float]) -> Interval:
    """Return the mean, and half the width of its 95 % interval by Student's t.

    Values that all agree say nothing of their spread: for shares of cases there is `share_interval`.

    Raises
    ------
    ValueError
        If there are fewer than two values.

    Source: Student (1908).
    """
    if len(values) < 2:
        raise ValueError(f"values must be at least 2, but they are {len(values)}; run more seeds")
    t = float(scipy.stats.t.ppf((1 + LEVEL) / 2, len(values) - 1))
    return Interval(fmean(values), t * stdev(values) / math.sqrt(len(values)))


def paired(ones: Sequence[float], others: Sequence[float]) -> Interval:
    """Return the interval of the differences ones[i] − others[i], where the i-th of both share a seed.

    Raises
    ------
    ValueError
        If they are not equally many, or fewer than two.
    """
    if len(ones) != len(others):
        raise ValueError(
            f"others must be as many as ones, seed by seed, but they are {len(others)} and {len(ones)}; "
            "leave out what has no partner"
        )
    return interval([one - other for one, other in zip(ones, others, strict=True)])


def wilson(successes: int, count: int) -> Share:
    """Return the share successes / count with Wilson's interval, which has a width at none and at all, too.

    Raises
    ------
    ValueError
        If there are no cases, or more successes than cases.

    Source: Wilson (1927).
    """
    if count < 1:
        raise ValueError(f"count must be at least 1, but it is {count}; give the cases that a share is of")
    if not 0 <= successes <= count:
        raise ValueError(f"successes must be from 0 to count = {count}, but they are {successes}; count them again")
    return _wilson(successes / count, count)


def share_interval(shares: Sequence[float], count: int) -> Share:
    """Return the mean of shares that seeds have reached, and the ends of its 95 % interval, within [0, 1].

    The interval is Student's over the seeds. Seeds that all agree would leave it no width; what is known then is how
    many cases each of them was tried on, and the interval is Wilson's for one share of so many.

    Parameters
    ----------
    shares : sequence of float in [0, 1]
        One share for each seed.
    count : int ≥ 1
        The cases that each share is of.

    Raises
    ------
    ValueError
        If there are fewer than two shares, or no cases.
    """
    found = interval(shares)
    if count < 1:
        raise ValueError(f"count must be at least 1, but it is {count}; give the cases that a share is of")
    if not found.half:
        return _wilson(found.mean, count)
    return Share(found.mean, max(0.0, found.low), min(1.0, found.high))


def _wilson(share: float, count: int) -> Share:
    """Return Wilson's interval of a share, which shipped runs have rounded: it need not be of whole cases."""
    weight = float(scipy.stats.norm.ppf((1 + LEVEL) / 2)) ** 2 / count
    middle = (share + weight / 2) / (1 + weight)
    half = math.sqrt(weight * (share * (1 - share) + weight / 4)) / (1 + weight)
    # At none and at all rounding would put an end on the wrong side of the share.
    return Share(share, max(0.0, min(share, middle - half)), min(1.0, max(share, middle + half)))
