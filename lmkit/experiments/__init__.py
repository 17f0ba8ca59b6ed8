"""How everything that is shipped was made: models (`recipes`) and runs of many settings (`sweeps`, `making`)."""

from lmkit.experiments.making import make
from lmkit.experiments.sweeps import (
    BASE,
    EXPERIMENTS,
    OURS,
    OURS_DIAGONAL,
    PARTS,
    PEER,
    Recipe,
    run,
    texts,
    with_parts,
)

__all__ = [
    "BASE",
    "EXPERIMENTS",
    "OURS",
    "OURS_DIAGONAL",
    "PARTS",
    "PEER",
    "Recipe",
    "make",
    "run",
    "texts",
    "with_parts",
]
