"""How near generated texts come to people's, where no grammar knows the truth: words, n-grams, and another model.

`variety` has what these leave out, repetition and distinct n-grams, and `frontier` compares whole texts.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Hashable, Sequence
from typing import Any

import numpy as np
import torch

from lmkit.analysis.kneser_ney import KneserNey
from lmkit.metrics.distances import jensen_shannon
from lmkit.metrics.variety import Text, ngrams

WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")  # letters, with single hyphens and apostrophes inside


def words(text: str) -> list[str]:
    """Return the words of a text in small letters; hyphens and apostrophes count where they are inside a word."""
    return [word.lower() for word in WORD.findall(text)]


def bits_per_character(loss: float, tokens: int, characters: int) -> float:
    """Return how many bits a model needs for a character: what models of different tokens can be compared by.

    Parameters
    ----------
    loss : float ≥ 0
        The mean negative log-probability in nats per token.
    tokens : int ≥ 1
        How many tokens that is the mean of.
    characters : int ≥ 1
        Of the text that these tokens spell. Tokens that stand for unknown words spell nothing: a model that has them
        is flattered.

    Raises
    ------
    ValueError
        If there are no tokens or no characters.
    """
    for name, number in (("tokens", tokens), ("characters", characters)):
        if number < 1:
            raise ValueError(f"{name} must be at least 1, but they are {number}; measure a longer text")
    return loss * tokens / (math.log(2) * characters)


def surprisal_excess(log_probs: Any, entropies: Any) -> float:
    """Return by how much a text surprises a model more than the model expects, in bits per token.

    The surprisal of each token is -log p, and the model's entropy at this step is the surprisal that it expects. The
    mean difference is 0 for text that is sampled from the model itself, below 0 for text that is more probable than
    such, and above 0 where the model is too sure of itself.

    Parameters
    ----------
    log_probs, entropies : Tensors, arrays or sequences of float, one shape
        In nats: of each token that stands there, and of the whole distribution from which it comes.

    Raises
    ------
    ValueError
        If there is none, or they are not equally many.

    Source: Braverman et al. (2020) set the entropy of what a model writes beside its loss on people's texts; Meister et
    al. (2023) compare the two numbers at each step.
    """
    log_p, entropy = (torch.as_tensor(each).to("cpu", torch.float64) for each in (log_probs, entropies))
    if log_p.shape != entropy.shape or not log_p.numel():
        found = f"{[*log_p.shape]} and {[*entropy.shape]}"
        raise ValueError(f"log_probs and entropies must be equally many, and one at least, but they are {found}")
    return float((-log_p - entropy).mean()) / math.log(2)


def spelling(texts: Sequence[str], known: Collection[str], cut: bool = False) -> float:
    """Return the share, in [0, 1], of the words of texts that are in a list.

    It is not only right spelling that counts: people's texts have new names and rare words, too, and their share is
    what to compare with.

    Parameters
    ----------
    texts : sequence of str
    known : collection of str
        Words in small letters, as `words` finds them in the text that a model was trained on; a set is fastest.
    cut : bool
        Leave out a word at the very end of a text, which may lack its last letters.

    Raises
    ------
    ValueError
        If the texts hold no word.
    """
    found = [word for text in texts for word in words(re.sub(r"[\w'’-]+\Z", "", text) if cut else text)]
    if not found:
        raise ValueError("texts must hold at least one word, but they hold none; give longer texts")
    return sum(word in known for word in found) / len(found)


def zipf(tokens: Sequence[Hashable], first: int = 1, last: int | None = None) -> float:
    """Return the exponent of Zipf's law: how fast the frequency of words falls with their rank.

    The word of rank r is about r^-s times as frequent as the first; for English words s is near 1, and a text that has
    fewer rare words than people's has a larger one. It is the slope of the straight line that fits, by least squares,
    the logarithm of the count to that of the rank.

    Parameters
    ----------
    tokens : sequence of hashables
        Words, as `words` finds them.
    first, last : int
        The range of ranks for the fit, 1 ≤ first < last; all by default.

    Raises
    ------
    ValueError
        If there are fewer than two ranks in the range.

    Notes
    -----
    Least squares over ranks is biased, above all by the many words that occur once, and so are most other estimates
    (Pilgrim & Hills 2021). Compare texts of one length over one range, and read no more into the number.

    Source: Zipf (1949); Holtzman et al. (2020) compare decoders by it.
    """
    counts = sorted(Counter(tokens).values(), reverse=True)
    stop = len(counts) if last is None else min(last, len(counts))
    if not 1 <= first < stop:
        rule = "tokens must have at least two ranks from first to last, 1 ≤ first < last"
        raise ValueError(f"{rule}, but they have {len(counts)} ranks, first is {first} and last is {last}")
    ranks = np.arange(first, stop + 1)
    return -float(np.polyfit(np.log(ranks), np.log(counts[first - 1 : stop]), 1)[0])


def ngram_divergence(texts: Sequence[Text], held_out: Sequence[Text], n: int) -> float:
    """Return the Jensen–Shannon divergence between the n-grams of two sets of texts, in nats, from 0 to ln 2.

    Parameters
    ----------
    texts, held_out : sequences of strings, or of sequences of tokens
        Of strings the n-grams are of characters. Two samples of one source differ, too, the more the smaller they are:
        compare sets of one size, and people's texts with people's.
    n : int ≥ 1

    Raises
    ------
    ValueError
        If a set has no n-gram.
    """
    sets = [Counter(gram for text in each for gram in ngrams(text, n)) for each in (texts, held_out)]
    for name, counts in zip(("texts", "held_out"), sets, strict=True):
        if not counts:
            raise ValueError(f"{name} must hold at least one run of n = {n} tokens, but they hold none")
    grams = list(sets[0] | sets[1])
    log_q, log_p = (_log_shares([counts[gram] for gram in grams]) for counts in sets)
    return float(jensen_shannon(log_q, log_p))


def _log_shares(counts: list[int]) -> torch.Tensor:
    shares = torch.tensor(counts, dtype=torch.float64)
    return (shares / shares.sum()).log()


class Judge:
    """A model of another kind that says how probable texts are: Kneser–Ney smoothing over characters.

    It shares neither weights nor tokens with what it judges. That texts are probable does not make them good: a loop
    pleases it. Compare with what it says of people's texts.

    Parameters
    ----------
    texts : str, or a sequence of str
        People's: documents that no judged model was trained on, or the same that all of them were trained on.
    order : int ≥ 1
        Of the n-grams.

    Source: `lmkit.analysis.kneser_ney`.
    """

    def __init__(self, texts: str | Sequence[str], order: int = 6):
        documents = [texts] if isinstance(texts, str) else list(texts)
        signs = sorted(set().union(*documents))
        self._ids = {sign: i for i, sign in enumerate(signs)}
        self.model = KneserNey(order).fit([self._encode(text) for text in documents], len(signs) + 1)

    def bits_per_character(self, texts: Sequence[str], prompts: Sequence[str] | None = None) -> float:
        """Return the mean over all characters of texts; those that the judge has never seen count as one sign.

        Parameters
        ----------
        texts : sequence of str
        prompts : sequence of str, optional
            What stands before each text: it is read, and not counted.

        Raises
        ------
        ValueError
            If there are no characters, or prompts and texts are not equally many.
        """
        prompts = [""] * len(texts) if prompts is None else prompts
        if len(prompts) != len(texts):
            raise ValueError(f"prompts must be as many as texts, but they are {len(prompts)} and {len(texts)}")
        total, characters = 0.0, sum(map(len, texts))
        for prompt, text in zip(prompts, texts, strict=True):
            total -= float(self.model.log_probs(self._encode(prompt + text))[len(prompt) :].sum())
        return bits_per_character(total / max(1, characters), characters, characters)

    def _encode(self, text: str) -> list[int]:
        return [self._ids.get(sign, len(self._ids)) for sign in text]
