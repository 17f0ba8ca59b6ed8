"""The byte-pair encoding that the tokens lab shows: 2,048 tokens, learned from 33 of Shakespeare's plays.

To learn them again, with the package of the plays installed (`lmkit.datasets.shakespeare`)::

    python -m lmkit.widgets.labs.tokens.train

The four plays that are held out are not read. A vocabulary of fewer tokens is the beginning of this one.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import cast

from lmkit.text import BPE, tokenizer_from_config

PATH = Path(__file__).with_name("shakespeare.json")
VOCAB_SIZE = 2048


@cache
def load() -> BPE:
    """Return the shipped tokenizer."""
    return cast(BPE, tokenizer_from_config(json.loads(PATH.read_text(encoding="utf-8"))))
