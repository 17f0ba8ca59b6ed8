"""Compile the page's kernels from C into ``wasm.js``, with the one compiler that tests/requirements.txt pins.

    python lmkit/widgets/runtime/kernel/build.py            compile and write (make kernel)
    python lmkit/widgets/runtime/kernel/build.py --check    only see whether wasm.js belongs to its sources (make lint)

``wasm.js`` is committed: readers need no compiler, and a page opened from a file can load scripts but no other files.
The pinned compiler gives the same bytes wherever the folder lies: a test compiles them anew.
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

from lmkit.files import atomic_write

FOLDER = Path(__file__).resolve().parent
WASM = FOLDER / "wasm.js"
COMPILER = "ziglang==0.13.0"
FLAGS = (
    "-target wasm32-freestanding -O2 -std=c17 -msimd128 -ffreestanding -nostdlib -fno-builtin -Wall -Wextra -Werror "
    "-ffp-contract=off "  # a * b + c is rounded twice, as it is written
    "-fno-delete-null-pointer-checks "  # address 0 is the first number of the block
    "-Wl,--no-entry -Wl,--strip-all"
).split()
IMPORTED_MEMORY = ("-Wl,--import-memory", "-Wl,-z,stack-size=0")  # kernel.js makes it; nothing of C's own lies there


class Target(NamedTuple):
    """A module of ``wasm.js``: the name that it is exported by, its source, and its flags besides `FLAGS`."""

    name: str
    source: str
    flags: tuple[str, ...]


TARGETS = (
    Target("INFERENCE", "inference.c", IMPORTED_MEMORY),
    Target("INFERENCE_FUSED", "inference.c", (*IMPORTED_MEMORY, "-mrelaxed-simd")),
)


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


def fingerprint(modules: dict[str, str], folder: Path = FOLDER) -> str:
    """Return the SHA-256 of all that `modules` (base64 by name) come from, and of themselves, in hexadecimal."""
    parts = [COMPILER, *FLAGS]
    for target in TARGETS:
        source = (folder / target.source).read_text(encoding="utf-8")
        parts += [target.name, source, *target.flags, modules.get(target.name, "")]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def script(folder: Path = FOLDER) -> str:
    """Return what ``wasm.js`` must hold for the sources in `folder`."""
    modules = {target.name: base64.b64encode(compile_target(target, folder)).decode() for target in TARGETS}
    lines = [
        "// Generated from the C sources beside it by build.py; do not edit. `make kernel` makes it again.",
        f"// Compiler: {COMPILER}",
        f"// SHA-256 of sources, flags and modules: {fingerprint(modules, folder)}",
        *(f'export const {name} = "{module}";' for name, module in modules.items()),
    ]
    return "\n".join(lines) + "\n"


def belongs(text: str, folder: Path = FOLDER) -> bool:
    """Return whether `text`, what ``wasm.js`` holds, was made from the sources in `folder` and is whole.

    It compares fingerprints and needs no compiler.
    """
    stored = re.search(r"^// SHA-256 .*: ([0-9a-f]{64})$", text, re.MULTILINE)
    modules = dict(re.findall(r'^export const (\w+) = "([^"]*)";$', text, re.MULTILINE))
    return stored is not None and stored[1] == fingerprint(modules, folder)


def main(arguments: list[str] | None = None) -> None:
    """Write wasm.js, or exit with a message where it is stale and only to be checked."""
    parser = argparse.ArgumentParser(description="Compile the page's kernels from C into wasm.js.")
    parser.add_argument("--check", action="store_true", help="compare fingerprints; exit 1 where wasm.js is stale")
    if not parser.parse_args(arguments).check:
        atomic_write(WASM, script().encode(), "wasm.js")
    elif not WASM.exists() or not belongs(WASM.read_text(encoding="utf-8")):
        raise SystemExit(f"{WASM}: not compiled from the C sources beside it; run `make kernel`")


if __name__ == "__main__":
    main()
