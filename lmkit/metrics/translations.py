"""How good translations are, against references, and how good the alignments that attention gives."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from types import ModuleType

from torch import Tensor

Link = tuple[int, int]  # the position of a word in the source, and that of a word in the target


def exact_match(translations: Sequence[Sequence], references: Sequence[Sequence]) -> float:
    """Return the share of translations, in [0, 1], that are their references to the last word.

    Where many translations are right, it says little: two people who translate a text seldom write the same.
    """
    _check_as_many(translations, references)
    equal = [list(one) == list(other) for one, other in zip(translations, references, strict=True)]
    return sum(equal) / len(equal)


def hard_alignment(weights: Tensor) -> set[Link]:
    """Return the links that attention draws: each target word to the position at which it looks most.

    Parameters
    ----------
    weights : Tensor (T, S)
        As of `EncoderDecoder.attention_of`; leave the end token's row out to draw no link from it.
    """
    return {(int(source), target) for target, source in enumerate(weights.argmax(dim=1))}


def alignment_error_rate(
    found: Sequence[Collection[Link]],
    sure: Sequence[Collection[Link]],
    possible: Sequence[Collection[Link]] | None = None,
) -> float:
    """Return the alignment error rate of pairs, in [0, 1]; 0 is best.

    With A the links that were found, S those that must be found, and P those that may be (S among them), counted over
    all pairs::

        AER = 1 − (|A ∩ S| + |A ∩ P|) / (|A| + |S|)

    Parameters
    ----------
    found, sure : sequences of collections of links, one for each pair
        A link is (position in the source, position in the target).
    possible : the same, optional
        By default what is sure.

    Source: Och & Ney (2003), where the evaluation of alignments is described.
    """
    possible = sure if possible is None else possible
    _check_as_many(found, sure, "found", "sure")
    _check_as_many(found, possible, "found", "possible")
    hits = size = 0
    for a, s, p in zip(map(set, found), map(set, sure), map(set, possible), strict=True):
        hits += len(a & s) + len(a & (p | s))
        size += len(a) + len(s)
    if not size:
        raise ValueError("found and sure must hold a link in some pair, but they hold none")
    return 1 - hits / size


def bleu(translations: Sequence[str], references: Sequence[str]) -> float:
    """Return the BLEU score of a corpus, from 0 to 100 (Papineni et al. 2002), as sacrebleu computes it.

    Compare scores only where sacrebleu has computed them in the same way (Post 2018): here words are split as its
    tokenizer "13a" does, and letters' case counts.

    Parameters
    ----------
    translations, references : sequences of N texts
        One reference each.

    Raises
    ------
    ModuleNotFoundError
        If sacrebleu is not installed.
    """
    _check_as_many(translations, references)
    return _sacrebleu().corpus_bleu(list(translations), [list(references)]).score


def chrf(translations: Sequence[str], references: Sequence[str]) -> float:
    """Return the chrF2 score of a corpus, from 0 to 100 (Popović 2015), as sacrebleu computes it.

    It compares runs of 1 to 6 characters, so an ending that is wrong costs less than a wrong word. Parameters and
    errors are those of `bleu`.
    """
    _check_as_many(translations, references)
    return _sacrebleu().corpus_chrf(list(translations), [list(references)]).score


def _sacrebleu() -> ModuleType:
    try:
        import sacrebleu
    except ModuleNotFoundError as error:
        rule = "sacrebleu must be installed for BLEU and chrF, but it is not"
        raise ModuleNotFoundError(f"{rule}; pip install sacrebleu", name=error.name) from error
    return sacrebleu


def _check_as_many(ones: Sequence, others: Sequence, name: str = "translations", other: str = "references") -> None:
    if len(ones) != len(others) or not len(ones):
        rule = f"{name} and {other} must be equally many, and at least one"
        raise ValueError(f"{rule}, but there are {len(ones)} and {len(others)}")
