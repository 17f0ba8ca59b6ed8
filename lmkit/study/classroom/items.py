"""Statistics of items, by classical test theory: difficulty, discrimination, reliability.

Scores are 1, 0, or NaN where a student has not answered. The page computes the same in
`lmkit/widgets/cards/classroom/statistics.js`.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

GROUP = 0.27  # the share of students in the upper and in the lower group; source: Kelley (1939)
LEAST = 5  # other items that a student must have answered to be placed among others, if there are so many


class Item(NamedTuple):
    """An item's statistics.

    Attributes
    ----------
    answered, right : int
        How many students.
    difficulty : float in [0, 1]
        The share that is right (so 1 is easiest); NaN where nobody answered.
    discrimination : float in [-1, 1]
        The point-biserial correlation with the share of right answers to all other items (corrected item-total
        correlation); NaN where either does not vary.
    upper_lower : float in [-1, 1]
        The share of right answers in the upper 27 % of students less that in the lower 27 %.
    """

    answered: int
    right: int
    difficulty: float
    discrimination: float
    upper_lower: float


class Reliability(NamedTuple):
    """Cronbach's alpha of items, and how many items and students it is of; for items that are right or wrong, KR-20."""

    items: int
    students: int
    alpha: float


def analyse(scores: np.ndarray) -> list[Item]:
    """Return the statistics of each item.

    Parameters
    ----------
    scores : ndarray of shape (students, items)
    """
    answered = np.sum(~np.isnan(scores), axis=0)
    right = np.nansum(scores, axis=0)
    with np.errstate(invalid="ignore"):
        difficulty = right / answered
    correlations, differences = item_rest(scores), upper_lower(scores)
    return [
        Item(int(answered[i]), int(right[i]), float(difficulty[i]), correlations[i], differences[i])
        for i in range(scores.shape[1])
    ]


def item_rest(scores: np.ndarray) -> list[float]:
    """Return each item's correlation with the share of right answers to the other items that a student answered.

    Where all students answered all items it is the corrected item-total correlation.
    """
    count, total = np.sum(~np.isnan(scores), axis=1), np.nansum(scores, axis=1)
    least = min(LEAST, scores.shape[1] - 1)
    found = []
    for column in scores.T:
        placed = ~np.isnan(column) & (count - 1 >= max(1, least))
        item = column[placed]
        found.append(_correlation(item, (total[placed] - item) / (count[placed] - 1)))
    return found


def _correlation(ones: np.ndarray, others: np.ndarray) -> float:
    """Return Pearson's r; NaN for fewer than three pairs, or where one does not vary."""
    if len(ones) < 3 or np.ptp(ones) == 0 or np.ptp(others) < 1e-12:
        return math.nan
    one, other = ones - ones.mean(), others - others.mean()
    return float(np.clip(one @ other / math.sqrt((one @ one) * (other @ other)), -1, 1))


def upper_lower(scores: np.ndarray) -> list[float]:
    """Return the share of right answers in the upper group of students less that in the lower group, for each item.

    Students are ranked by their share of right answers. Of several with the same share at a group's edge each counts in
    part, so the figure does not depend on their order: it is the mean over all orders.
    """
    count = np.sum(~np.isnan(scores), axis=1)
    placed = count > max(0, min(LEAST, scores.shape[1] - 1))
    chosen = scores[placed]
    if len(chosen) < 3:
        return [math.nan] * scores.shape[1]
    shares = np.nansum(chosen, axis=1) / count[placed]
    size = max(1, math.floor(GROUP * len(chosen) + 0.5))
    upper, lower = _weights(shares, size), _weights(-shares, size)
    return [_share(column, upper) - _share(column, lower) for column in chosen.T]


def _weights(shares: np.ndarray, size: int) -> np.ndarray:
    """Return how much of each student is in the group of the highest shares."""
    edge = np.sort(shares)[-size]
    above, level = shares > edge + 1e-12, np.abs(shares - edge) <= 1e-12
    return above + level * (size - above.sum()) / level.sum()


def _share(column: np.ndarray, weights: np.ndarray) -> float:
    known = ~np.isnan(column)
    whole = weights[known].sum()
    return float(weights[known] @ column[known] / whole) if whole > 0 else math.nan


def reliability(scores: np.ndarray) -> Reliability:
    """Return Cronbach's alpha of the items that at least half of the students answered who answered any of them."""
    known = ~np.isnan(scores)
    some = scores[known.any(axis=1)]
    items = known[known.any(axis=1)].mean(axis=0) >= 0.5 if len(some) else np.zeros(scores.shape[1], bool)
    chosen = some[:, items]
    return Reliability(int(items.sum()), int((~np.isnan(chosen)).any(axis=1).sum()), alpha(chosen))


def alpha(scores: np.ndarray) -> float:
    """Return Cronbach's alpha; each covariance is over the students who answered both items.

    It is NaN for fewer than two items, where two items share fewer than two students, and where sums do not vary.

    Source: Cronbach (1951).
    """
    items = scores.shape[1]
    known = (~np.isnan(scores)).astype(float)
    value = np.nan_to_num(scores)
    pairs = known.T @ known
    if items < 2 or pairs.min() < 2:
        return math.nan
    sums = value.T @ known  # of the item in the row, over the students who answered both
    covariance = (value.T @ value - sums * sums.T / pairs) / (pairs - 1)
    whole = covariance.sum()
    if whole < 1e-12:
        return math.nan
    return float(items / (items - 1) * (1 - np.trace(covariance) / whole))
