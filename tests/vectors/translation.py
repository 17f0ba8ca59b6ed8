"""Vectors of translations: next words, probabilities and alignments, as Python knows them."""

from __future__ import annotations

import json
import random
from itertools import islice

from lmkit.datasets import stories, translation


def tables() -> dict:
    """Return both tables as the page reads them."""
    return {
        "stories": json.loads(stories.PATH.read_text(encoding="utf-8")),
        "german": json.loads(translation.PATH.read_text(encoding="utf-8")),
        "vocab": translation.target_vocab().words,
    }


def cases(num_stories: int = 12) -> list[dict]:
    """Return stories and beginnings, two translations of each, all next words on the way, and where words come from."""
    out, rng = [], random.Random(4)
    whole, begun = islice(stories.stories(21), num_stories), islice(translation.beginnings(8), num_stories)
    for source in [*whole, *(pair.source for pair in begun)]:
        oracle = translation.translations(source)
        for target, alignment in (oracle.best(), oracle.sample(rng)):
            nexts = [oracle.next(target[:place]) for place in range(len(target))]
            known = {"source": source, "target": target, "next": nexts, "alignment": alignment}
            out.append(known | {"best": oracle.log_prob(oracle.best().words)})
    return out


def faults() -> list[dict]:
    """Return texts that are no stories, and the place of the first word that does not fit; None if it is missing."""
    texts = {"the dragon": 1, "one morning anna walked to the tom": 7, "one morning anna": None, "": None}
    return [{"source": text.split(), "place": place} for text, place in texts.items()]
