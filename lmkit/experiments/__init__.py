"""How everything that is shipped was made: the models (`recipes`) and the runs of many settings (`sweeps`)."""

from lmkit.experiments.sweeps import (
    BASE,
    EXPERIMENTS,
    OURS,
    OURS_DIAGONAL,
    PARTS,
    PEER,
    Recipe,
    make,
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
