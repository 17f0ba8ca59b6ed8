"""Pearson's chi-square: whether counts fit the probabilities they are said to come from."""

import math
from collections.abc import Mapping


def assert_fits(counts: Mapping, probabilities: Mapping, expected_at_least: float = 5) -> None:
    """Fail if counts are further from what the probabilities predict than one run in 30,000 would be.

    Outcomes that are expected less than five times are counted together. Nothing of probability 0 may occur.
    """
    total = sum(counts.values())
    impossible = {outcome for outcome in counts if not probabilities.get(outcome)}
    assert not impossible, f"of probability zero, yet drawn: {impossible}"
    expected = {outcome: total * p for outcome, p in probabilities.items()}
    common = [(counts.get(o, 0), e) for o, e in expected.items() if e >= expected_at_least]
    rare = [(counts.get(o, 0), e) for o, e in expected.items() if 0 < e < expected_at_least]
    cells = common + ([tuple(map(sum, zip(*rare, strict=True)))] if rare else [])
    assert len(cells) > 1, "too few draws to say anything"
    statistic = sum((seen - e) ** 2 / e for seen, e in cells)
    freedom = len(cells) - 1
    # Wilson & Hilferty (1931): the cube root of a chi-square over its degrees of freedom is nearly normal.
    deviation = ((statistic / freedom) ** (1 / 3) - (1 - 2 / (9 * freedom))) / math.sqrt(2 / (9 * freedom))
    assert deviation < 4, f"chi-square {statistic:.1f} with {freedom} degrees of freedom: {deviation:.1f} sigma"
