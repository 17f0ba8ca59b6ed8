"""Learn the shipped tokens again, from the plays that are read in training; see `lmkit.widgets.labs.tokens.shipped`."""

from __future__ import annotations

import json

from lmkit.datasets import shakespeare
from lmkit.text import BPE
from lmkit.widgets.labs.tokens.shipped import PATH, VOCAB_SIZE


def train() -> BPE:
    """Return the tokens of the 33 plays."""
    return BPE.train(shakespeare.split()[0], VOCAB_SIZE)


def written(tokenizer: BPE) -> bytes:
    """Return the file of a tokenizer: a line for each token, so that a change shows where it is."""
    return f"{json.dumps(tokenizer.config(), ensure_ascii=False, indent=0)}\n".encode()


if __name__ == "__main__":
    PATH.write_bytes(written(train()))
