"""What the length lab says: the curves of one setting in a sentence or two."""

from __future__ import annotations

from collections.abc import Sequence

Group = tuple[int, int]  # the shortest and the longest source, in words
FEW = 0.01  # a share below is none worth naming


def sentence(attention: Sequence[float], without: Sequence[float], groups: Sequence[Group], longest: int | None) -> str:
    """Say up to where translations are possible, and where they end.

    Parameters
    ----------
    attention, without : sequences of float in [0, 1]
        Shares of possible translations in each group of lengths.
    groups : sequence of (int, int)
    longest : int or None
        The longest source in training; None for whole stories.
    """
    known = [share for share, (_, last) in zip(attention, groups, strict=True) if longest is None or last <= longest]
    shares = percent(min(known)) if min(known) == max(known) else f"{percent(min(known))} to {percent(max(known))}"
    lengths = "every length" if longest is None else f"the lengths of training, up to {longest} words"
    first = f"With attention, {shares} of the translations are possible at {lengths}"
    if len(known) < len(groups):
        first += f", and {percent(attention[len(known)])} at {span(groups[len(known)])}"
    return f"{first}. Without, it is {percent(without[0])} at {span(groups[0])}{_end(without, groups)}."


def _end(shares: Sequence[float], groups: Sequence[Group]) -> str:
    """Say from which length on there are hardly any, or how many are left at the last."""
    many = [place for place, share in enumerate(shares) if share >= FEW]
    after = many[-1] + 1 if many else 0
    if after == len(shares):
        return f", and {percent(shares[-1])} at {span(groups[-1])}"
    if not after:
        return f", and at no length {percent(FEW)}"
    return f", and less than {percent(FEW)} from {groups[after][0]} words on"


def span(group: Group) -> str:
    """Return a group of lengths in words."""
    return f"{group[0]} to {group[1]} words"


def percent(share: float) -> str:
    """Return a share in whole percents, or with a digit more where it would be taken for none or all."""
    near = 0 < share < 0.0095 or 0.995 <= share < 1
    return f"{100 * share:.{int(near)}f}\u202f%"
