"""How varied texts are: among one another, and within themselves."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Sequence

Text = Sequence[Hashable]
Gram = tuple[Hashable, ...]

SMOOTHING = 0.1  # matches credited to a run length of which nothing matched: Chen & Cherry (2014), method 1


def ngrams(tokens: Text, n: int) -> list[Gram]:
    """Return all runs of n ≥ 1 consecutive tokens, in order."""
    if n < 1:
        raise ValueError(f"n must be at least 1, but it is {n}")
    return [tuple(tokens[i : i + n]) for i in range(len(tokens) - n + 1)]


def distinct_n(texts: Sequence[Text], n: int) -> float:
    """Return the share of distinct n-grams among all n-grams of a set of texts, in (0, 1]; higher is more diverse.

    It falls as texts are added, so compare sets of equal size only.

    Source: Li et al. (2016), section 5. Chapter: Comparing decoders.
    """
    grams = [gram for text in texts for gram in ngrams(text, n)]
    if not grams:
        raise ValueError(f"texts must hold at least one run of n = {n} tokens, but they hold none; give longer texts")
    return len(set(grams)) / len(grams)


def repetition(tokens: Text, n: int = 4) -> float:
    """Return the share, in [0, 1), of a text's n-grams that it has written before; 0 if it is shorter than n."""
    grams = ngrams(tokens, n)
    return 1 - len(set(grams)) / len(grams) if grams else 0.0


def mean_length(texts: Sequence[Text]) -> float:
    """Return the number of tokens per text."""
    if not texts:
        raise ValueError("texts must hold at least one text, but there is none")
    return sum(map(len, texts)) / len(texts)


def self_bleu(texts: Sequence[Text], n: int = 4) -> float:
    """Return how much the texts of a set are made of one another's phrases, in [0, 1]; lower is more diverse.

    The mean over the texts of the BLEU score (Papineni et al. 2002) that each has with all others as its
    references::

        BLEU = brevity · (p_1 · … · p_n)^(1/n)

    p_i is the share of the text's runs of i tokens that a reference holds as often; `brevity` is below 1 where the
    text is shorter than the reference nearest in length. A run length of which nothing matches counts as 0.1 matches
    (Chen & Cherry 2014, method 1), so that one zero does not wipe out the rest; no common token at all scores 0.

    Parameters
    ----------
    texts : sequence of at least two texts
        Like `distinct_n` it depends on how many there are: compare sets of equal size only.
    n : int ≥ 1
        The longest run.

    Notes
    -----
    What nltk's `sentence_bleu` would do for each text against all others; but here every run is counted once for
    the whole set, so the time grows with the number of texts and not with its square.

    Source: Zhu et al. (2018), section 3. Chapter: Comparing decoders.
    """
    if len(texts) < 2:
        raise ValueError(f"texts must hold at least two texts to compare, but it holds {len(texts)}")
    if n < 1:
        raise ValueError(f"n must be at least 1, but it is {n}")
    matches = [_matches(texts, i) for i in range(1, n + 1)]
    brevities = _brevities([len(text) for text in texts])
    scores = []
    for text, brevity, *found in zip(texts, brevities, *matches, strict=True):
        scores.append(brevity * _geometric_mean(found, [len(text) - i for i in range(n)]) if found[0] else 0.0)
    return sum(scores) / len(scores)


def _matches(texts: Sequence[Text], n: int) -> list[int]:
    """Count, for every text, its n-grams that another text holds, each as often as the other one has it."""
    counts = [Counter(ngrams(text, n)) for text in texts]
    most = _most(counts)

    def elsewhere(gram: Gram, owner: int) -> int:
        first, second, holder = most[gram]
        return second if owner == holder else first

    return [sum(min(count, elsewhere(gram, owner)) for gram, count in own.items()) for owner, own in enumerate(counts)]


def _most(counts: Sequence[Counter]) -> dict[Gram, tuple[int, int, int]]:
    """Return, for every n-gram, its largest count in any text, the second largest, and which text has the first."""
    most: dict[Gram, tuple[int, int, int]] = {}
    for owner, own in enumerate(counts):
        for gram, count in own.items():
            first, second, holder = most.get(gram, (0, 0, -1))
            most[gram] = (count, first, owner) if count > first else (first, max(second, count), holder)
    return most


def _geometric_mean(found: Sequence[int], total: Sequence[int]) -> float:
    logs = [math.log((matches or SMOOTHING) / max(runs, 1)) for matches, runs in zip(found, total, strict=True)]
    return math.exp(sum(logs) / len(logs))


def _brevities(lengths: Sequence[int]) -> list[float]:
    """Return BLEU's brevity penalty of every text, against the other that is nearest in length, the shorter of two."""
    present, out = Counter(lengths), []
    for length in lengths:
        others = [other for other, count in present.items() if count > (other == length)]
        nearest = min(others, key=lambda other: (abs(other - length), other))
        out.append(1.0 if length > nearest else math.exp(1 - nearest / length) if length else 0.0)
    return out
