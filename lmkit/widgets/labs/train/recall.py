"""A task that needs a memory: read one of four symbols, then k distractors that mean nothing, and name the symbol.

The page (`recall.js`) draws the same rows from the same numbers. Fresh ones come at every step, so nothing can be
learned by heart. The floor of the loss is 0, and a network that has forgotten the symbol pays log 4 nats for a guess.
"""

from __future__ import annotations

from lmkit.decoding.rng import uniform

SYMBOLS, DISTRACTORS = ["sun", "moon", "star", "rain"], ["la", "le", "li", "lo"]
WORDS = SYMBOLS + DISTRACTORS
HELD_OUT, HELD_OUT_SEED = 256, 2**32 - 1  # rows, and a seed that no reader is likely to choose
LONGEST = 60  # distractors


def rows(count: int, distance: int, seed: int, drawn: int = 0) -> list[list[int]]:
    """Return rows of ids, each a symbol and so many distractors; `drawn` numbers of the seed were used before."""
    size = distance + 1
    return [
        [int(4 * uniform(seed, drawn + row * size + t)) + (len(SYMBOLS) if t else 0) for t in range(size)]
        for row in range(count)
    ]
