"""How everything that is shipped was made: models (`recipes`) and runs of many settings.

`sweeps` are of language models, `translating` of translators, `tutorials` of two tutorials' designs beside ours,
`english` of decoders on plays, `reading` of counting beside a network, `digits` of a code that is transplanted,
`ladder` of the chapter on training; `making` makes them.
"""

from lmkit.experiments.making import EXPERIMENTS, make
from lmkit.experiments.sweeps import (
    BASE,
    COMPANIES,
    OURS,
    OURS_DIAGONAL,
    PARTS,
    PEER,
    Recipe,
    run,
    texts,
    with_parts,
)
from lmkit.experiments.translating import PairRecipe

__all__ = [
    "BASE",
    "COMPANIES",
    "EXPERIMENTS",
    "OURS",
    "OURS_DIAGONAL",
    "PARTS",
    "PEER",
    "PairRecipe",
    "Recipe",
    "make",
    "run",
    "texts",
    "with_parts",
]
