"""Words, ids and rows: from raw text to tensors a recurrent model can read.

A text becomes ids by a `Tokenizer`: `Vocab`, whose words stand apart; `Characters`; `Words`, of which rare ones are
`<unk>`; or `BPE`, frequent pieces of words. Shape letters used throughout lmkit: N batch (rows), L length (time steps),
V vocabulary, E embedding, H hidden.
"""

from lmkit.text.bpe import BPE
from lmkit.text.characters import Characters
from lmkit.text.ids import as_ids, as_whole
from lmkit.text.kinds import tokenizer_from_config
from lmkit.text.reading import normalise, read_text
from lmkit.text.rows import batchify, to_tensor, windows
from lmkit.text.tokenizer import END, UNK, Tokenizer, UnknownWordError
from lmkit.text.vocab import Vocab, tokenize
from lmkit.text.words import Words

__all__ = [
    "BPE",
    "END",
    "UNK",
    "Characters",
    "Tokenizer",
    "UnknownWordError",
    "Vocab",
    "Words",
    "as_ids",
    "as_whole",
    "batchify",
    "normalise",
    "read_text",
    "to_tensor",
    "tokenize",
    "tokenizer_from_config",
    "windows",
]
