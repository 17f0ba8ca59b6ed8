"""Compile the page's kernels from C into scripts, with the one compiler that tests/requirements.txt pins.

    python lmkit/widgets/runtime/kernel/build.py            compile and write (make kernel)
    python lmkit/widgets/runtime/kernel/build.py --check    only see whether they belong to their sources (make lint)

The scripts are committed: readers need no compiler, and a page opened from a file can load scripts but no other files.
`SCRIPTS` says which module goes into which of them; each lies in a folder of its own, since a page loads whole folders.
The pinned compiler gives the same bytes wherever the sources lie: a test compiles them anew.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from lmkit.files import write_changed

FOLDER = Path(__file__).resolve().parent
COMPILER = "ziglang==0.13.0"
FLAGS = (
    "-target wasm32-freestanding -std=c17 -ffreestanding -nostdlib -fno-builtin -Wall -Wextra -Werror "
    "-ffp-contract=off "  # a * b + c is rounded twice, as it is written
    "-fno-delete-null-pointer-checks "  # address 0 is the first number of the block
    "-Wl,--no-entry -Wl,--strip-all"
).split()
IMPORTED_MEMORY = ("-Wl,--import-memory", "-Wl,-z,stack-size=0")  # kernel.js makes it; nothing of C's own lies there
SMALL = ("-Os", "-fno-inline-functions")  # as fast as -O2, for all that matters says itself whether it is inlined
OWN_MEMORY = ("-Wl,-z,stack-size=16384",)  # of the module, which also holds data of C's


class Target(NamedTuple):
    """A module: the name that it is exported by, its source, the headers of that, and its flags besides `FLAGS`."""

    name: str
    source: str
    headers: tuple[str, ...]
    flags: tuple[str, ...]


INFERENCE = ("inference.c", ("vectors.h",))
TRAINING = ("training.c", ("vectors.h", "numbers.h", "products.h", "model.h", "cells.h", "optimizers.h"))
SCRIPTS = {
    FOLDER / "wasm.js": (
        Target("INFERENCE", *INFERENCE, ("-O2", "-msimd128", *IMPORTED_MEMORY)),
        Target("INFERENCE_FUSED", *INFERENCE, ("-O2", "-msimd128", *IMPORTED_MEMORY, "-mrelaxed-simd")),
    ),
    FOLDER.parent / "training" / "wasm.js": (Target("TRAINING", *TRAINING, (*SMALL, "-msimd128", *OWN_MEMORY)),),
    # For engines without SIMD: the compiler takes vectors apart. A page loads it where it needs it.
    FOLDER.parent / "training" / "scalar" / "wasm.js": (Target("TRAINING_SCALAR", *TRAINING, (*SMALL, *OWN_MEMORY)),),
}


def compile_target(target: Target, folder: Path = FOLDER) -> bytes:
    """Return the WebAssembly module of a target whose source is in `folder`.

    Raises
    ------
    RuntimeError
        If ziglang is not installed, or the compiler refuses the source; with its messages.
    """
    with tempfile.TemporaryDirectory() as made:
        module = Path(made, "module.wasm")
        command = [sys.executable, "-m", "ziglang", "cc", *FLAGS, *target.flags, target.source, "-o", str(module)]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"{target.source} must compile with {COMPILER}, but:\n{done.stderr}")
        return module.read_bytes()


def fingerprint(targets: tuple[Target, ...], modules: dict[str, str], folder: Path = FOLDER) -> str:
    """Return the SHA-256 of all that `modules` (base64 by name) come from, and of themselves, in hexadecimal."""
    parts = [COMPILER, *FLAGS]
    for target in targets:
        sources = [(folder / name).read_text(encoding="utf-8") for name in (target.source, *target.headers)]
        parts += [target.name, *sources, *target.flags, modules.get(target.name, "")]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def script(targets: tuple[Target, ...], folder: Path = FOLDER) -> str:
    """Return what the script with some targets must hold for the sources in `folder`."""
    modules = {target.name: base64.b64encode(compile_target(target, folder)).decode() for target in targets}
    lines = [
        "// Generated from C by lmkit/widgets/runtime/kernel/build.py; do not edit. `make kernel` makes it again.",
        f"// Compiler: {COMPILER}",
        f"// SHA-256 of sources, flags and modules: {fingerprint(targets, modules, folder)}",
        *(f'export const {name} = "{module}";' for name, module in modules.items()),
    ]
    return "\n".join(lines) + "\n"


def belongs(text: str, targets: tuple[Target, ...], folder: Path = FOLDER) -> bool:
    """Return whether `text`, what a script holds, was made from its targets' sources in `folder` and is whole.

    It compares fingerprints and needs no compiler.
    """
    stored = re.search(r"^// SHA-256 .*: ([0-9a-f]{64})$", text, re.MULTILINE)
    modules = dict(re.findall(r'^export const (\w+) = "([^"]*)";$', text, re.MULTILINE))
    return stored is not None and stored[1] == fingerprint(targets, modules, folder)


def main(arguments: list[str] | None = None) -> None:
    """Write the scripts, or exit with a message where one is stale and they are only to be checked."""
    parser = argparse.ArgumentParser(description="Compile the page's kernels from C into scripts.")
    parser.add_argument("--check", action="store_true", help="compare fingerprints; exit 1 where a script is stale")
    only_check = parser.parse_args(arguments).check
    for path, targets in SCRIPTS.items():
        if not only_check:
            write_changed(path, script(targets).encode(), path.name)
        elif not path.exists() or not belongs(path.read_text(encoding="utf-8"), targets):
            raise SystemExit(f"{path}: not compiled from the C sources in {FOLDER}; run `make kernel`")


if __name__ == "__main__":
    main()
