"""Calls of the page's kernel with numbers of every kind, and what the kernel answered when they were recorded.

``kernel_vectors.json`` was recorded from another kernel, one that an assembler of ours wrote instruction by
instruction, on a processor that multiplies and adds in one rounding. If the arithmetic is meant to change, record it
anew, on such a processor: ``python -m tests.widgets.runtime.kernel_calls``.
"""

import base64
import json
from pathlib import Path
from typing import NamedTuple

import numpy as np

from lmkit.widgets.base import bundle
from tests.widgets import node

FOLDER = Path(__file__).parent
KERNEL = bundle.WIDGETS / "runtime" / "kernel.js"
VECTORS = FOLDER / "kernel_vectors.json"
OPTIONS = {"fused": {}, "unfused": {"fused": False}, "plain": {"simd": False}}
KINDS = ("ordinary", "wide", "special")
SPECIAL = np.float32([0, -0.0, np.inf, -np.inf, np.nan, 3.4e38, -3.4e38, 1e-45, -1e-39, 87, -87, 88.5, -88.5])


class Call(NamedTuple):
    """One operation on a block of numbers; `changed` is where in the block it writes."""

    operation: str
    kind: str
    floats: np.ndarray
    places: tuple
    changed: slice


def numbers(kind: str, count: int, seed: int) -> np.ndarray:
    """Return float32 numbers that are the same everywhere: a generator's raw bits are fixed, its methods are not.

    ordinary: in [-4, 4); wide: of any sign and any size from 2^-40 to 2^40; special: one in about 60 is not ordinary.
    """
    raw = np.random.PCG64(seed).random_raw(count)
    ordinary = (raw >> 40).astype(np.float32) * np.float32(2**-21) - np.float32(4)
    if kind == "wide":
        return np.ldexp(ordinary, (raw % 83).astype(np.int32) - 43).astype(np.float32)
    if kind == "special":
        return np.where(raw % 61 == 0, SPECIAL[(raw // 61 % len(SPECIAL)).astype(int)], ordinary)
    return ordinary


def product(kind: str, texts: int, rows: int, columns: int, seed: int) -> Call:
    """Return a call that multiplies a matrix with so many texts' vectors; nothing begins at the block's start."""
    stride = rows + 8 * (seed % 3)
    w = 8
    x = w + rows * columns
    y = x + texts * columns
    floats = numbers(kind, y + texts * stride + 8, seed)
    return Call("addProduct", kind, floats, (texts, w, rows, columns, x, y, stride), slice(y, y + texts * stride))


def gates(kind: str, units: int, seed: int) -> Call:
    floats = numbers(kind, 6 * units + 8, seed)
    if kind == "ordinary":
        floats *= 8
    return Call("openGates", kind, floats, (0, units, 4 * units, 5 * units), slice(4 * units, 6 * units))


def sum_exp(kind: str, count: int, seed: int) -> Call:
    floats = numbers(kind, count + 16, seed)
    largest = np.nanmax(floats[8 : 8 + count]) if kind == "ordinary" else 3
    return Call("sumExp", kind, floats, (8, count, float(largest)), slice(0, 0))


RECORDED = [
    *(product("ordinary", texts, 96, 40, seed=texts) for texts in range(1, 6)),
    *(product("wide", texts, 64, 24, seed=10 + texts) for texts in range(1, 6)),
    *(product("special", texts, 32, 8, seed=20 + texts) for texts in range(1, 6)),
    *(gates(kind, units, seed=30 + units) for kind in KINDS for units in (8, 48)),
    *(sum_exp(kind, count, seed=40 + count) for kind in KINDS for count in (8, 104)),
]


def run(calls: list[Call], variant: str, damage: str = "none", kernel: Path = KERNEL) -> tuple[str, list]:
    """Run calls in Node; return the kernel that it took, and the block after each call with the number returned."""
    coded = [{"operation": call.operation, "floats": encoded(call.floats), "places": call.places} for call in calls]
    data = {"options": OPTIONS[variant], "calls": coded, "damage": damage}
    answer = node.run(FOLDER / "run_kernel.mjs", str(kernel), data=data)
    taken = "plain" if answer["kind"] == "plain" else "fused" if answer["fused"] else "unfused"
    return taken, [(decoded(block), decoded(returned)[0]) for block, returned in answer["results"]]


def written(call: Call, result: tuple) -> np.ndarray:
    """Return what a call has written and returned, and check that it has changed nothing else."""
    block, returned = result
    left = np.ones(len(block), bool)
    left[call.changed] = False
    np.testing.assert_array_equal(block[left], call.floats[left])
    return np.append(block[call.changed], returned)


def bits(floats: np.ndarray) -> list[int]:
    """Return the numbers bit by bit; one NaN is as good as another, for engines may choose among them."""
    return np.where(np.isnan(floats), np.float32(np.nan), floats).view(np.uint32).tolist()


def encoded(floats: np.ndarray) -> str:
    return base64.b64encode(floats.astype("<f4").tobytes()).decode()


def decoded(text: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), "<f4")


def record(kernel: Path = KERNEL) -> None:
    """Write what a kernel answers to the calls of `RECORDED`, fused and unfused."""
    vectors = {}
    for variant in ("fused", "unfused"):
        taken, results = run(RECORDED, variant, kernel=kernel)
        if taken != variant:
            raise SystemExit(f"vectors must come from a {variant} kernel, but this engine takes the {taken} one")
        vectors[variant] = [encoded(written(*pair)) for pair in zip(RECORDED, results, strict=True)]
    VECTORS.write_text(json.dumps(vectors, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    record()
