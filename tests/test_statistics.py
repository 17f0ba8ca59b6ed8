"""Intervals: against scipy's own, a second algorithm, their definition, and how often they hold the truth."""

import math

import numpy as np
import pytest
from scipy import stats

from lmkit.statistics import Interval, Share, interval, paired, share_interval, wilson


def share_within(t, freedom):
    """The mass of Student's t between −t and t, by Simpson's rule over its density."""
    scale = math.exp(math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2)) / math.sqrt(freedom * math.pi)
    x = np.linspace(0, t, 20_001)
    density = scale * (1 + x**2 / freedom) ** (-(freedom + 1) / 2)
    return 2 * x[1] / 3 * (density[0] + density[-1] + 4 * density[1:-1:2].sum() + 2 * density[2:-1:2].sum())


@pytest.mark.parametrize("count", [*range(2, 32), 60])
def test_interval_is_students(count):
    values = [i * 7 % 5 - 1.3 for i in range(count)]
    mean, half = interval(values)
    t = half / (np.std(values, ddof=1) / math.sqrt(count))
    assert mean == pytest.approx(np.mean(values))
    assert share_within(t, count - 1) == pytest.approx(0.95, abs=1e-6)


def test_interval_holds_the_true_mean_in_95_of_100_samples():
    samples = np.random.default_rng(1).normal(3, 2, (2000, 5))
    held = sum(found.low <= 3 <= found.high for found in map(interval, samples.tolist()))
    assert stats.binomtest(held, 2000, 0.95).pvalue > 0.001


def test_paired_interval_is_of_the_paired_t_test():
    ones, others = [0.61, 0.72, 0.55, 0.68, 0.70], [0.58, 0.71, 0.50, 0.69, 0.64]
    found = paired(ones, others)
    ends = stats.ttest_rel(ones, others).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((ends.low, ends.high))


@pytest.mark.parametrize("count", [1, 60, 400])
@pytest.mark.parametrize("part", [0, 0.25, 1])
def test_interval_of_a_share_is_wilsons(part, count):
    """Its ends are the shares p from which the found one is 1.96 standard errors away, those of p itself."""
    successes = int(part * count)
    share, low, high = wilson(successes, count)
    assert share == successes / count and 0 <= low < high <= 1
    for p in (low, high):
        assert (share - p) ** 2 == pytest.approx(1.96**2 * p * (1 - p) / count, rel=1e-3, abs=1e-12)


@pytest.mark.parametrize("count", [1, 7, 60, 400])
def test_interval_of_a_share_is_scipys(count):
    for successes in range(0, count + 1, max(1, count // 7)):
        ends = stats.binomtest(successes, count).proportion_ci(0.95, method="wilson")
        share, *found = wilson(successes, count)
        assert found == pytest.approx([ends.low, ends.high])
        assert found[0] <= share <= found[1]


def test_interval_of_shares_is_students_and_ends_at_none_and_all():
    mean, half = interval([0.5, 0.6, 0.4])
    assert share_interval([0.5, 0.6, 0.4], 60) == pytest.approx((mean, mean - half, mean + half))
    mean, half = interval([1.0, 0.7, 1.0])
    assert share_interval([1.0, 0.7, 1.0], 60) == pytest.approx((mean, mean - half, 1))


def test_interval_of_shares_that_agree_is_wilsons():
    assert share_interval([1.0] * 3, 60) == wilson(60, 60)
    assert share_interval([0.25] * 3, 60) == wilson(15, 60)
    share, low, high = share_interval([0.999] * 3, 60)  # rounded in a file of runs
    assert share == pytest.approx(0.999) and low < 0.97 and 0.9999 < high <= 1


def test_intervals_are_written_as_the_book_writes_them():
    assert f"{Interval(0.5123, 0.0131):.3f}" == "0.512 ± 0.013"
    assert f"{Interval(0.5123, 0.0131):+.2f}" == "+0.51 ± 0.01"
    assert f"{Share(0.97, 0.93, 0.991):.2f}" == "0.97 (0.93 to 0.99)"
    assert f"{Interval(1.0, 0.5)}" == "Interval(mean=1.0, half=0.5)"


def test_too_few_values_or_cases_are_refused():
    with pytest.raises(ValueError, match="values must be at least 2, but they are 1; run more seeds"):
        interval([0.3])
    with pytest.raises(ValueError, match="values must be at least 2, but they are 1; run more seeds"):
        share_interval([0.3], 60)
    with pytest.raises(ValueError, match="count must be at least 1, but it is 0"):
        share_interval([0.3, 0.4], 0)
    with pytest.raises(ValueError, match="successes must be from 0 to count = 3, but they are 4"):
        wilson(4, 3)
    with pytest.raises(ValueError, match="others must be as many as ones, seed by seed, but they are 1 and 2"):
        paired([1.0, 2.0], [1.0])
