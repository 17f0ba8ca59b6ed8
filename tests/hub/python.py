"""The Python of this environment where other accounts can run it, too."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NOBODY = 65534
LEAVE = shutil.ignore_patterns("site-packages", "test", "idlelib", "tkinter", "ensurepip", "turtledemo")


@contextmanager
def open_folder() -> Iterator[Path]:
    """Yield a new folder that all accounts may enter; pytest's own are closed."""
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o755)
        yield Path(name)


def is_open(program: Path) -> bool:
    """Tell whether another account can run a program; only root has other accounts to ask."""
    command = [str(program), "-c", "import ssl"]
    other = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
    try:
        return subprocess.run(command, stderr=subprocess.DEVNULL, cwd="/", **other).returncode == 0
    except OSError:
        return False


def open_python(folder: Path) -> Path:
    """Return a Python with this environment's packages that all accounts can run, made in `folder` if need be.

    Root's Python may lie in root's own folder. Then the interpreter and its standard library are copied, and the
    environment's packages and data are linked.
    """
    program = Path(sys.executable)
    if is_open(program):
        return program
    base, prefix = folder / "python", folder / "environment"
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    source = Path(sys.base_prefix)
    shutil.copytree(source / "lib" / version, base / "lib" / version, ignore=LEAVE)
    for library in (source / "lib").glob("libpython*"):
        shutil.copy(library, base / "lib")
    for place in (base, prefix):
        (place / "bin").mkdir(parents=True)
    shutil.copy(source / "bin" / version, base / "bin")
    (prefix / "pyvenv.cfg").write_text(f"home = {base / 'bin'}\n")
    (prefix / "bin" / "python").symlink_to(base / "bin" / version)
    for name in ("lib", "share", "etc"):
        (prefix / name).symlink_to(Path(sys.prefix) / name)
    return prefix / "bin" / "python"


def variables(program: Path) -> dict[str, str]:
    """Return what a Python's environment must say, so that it finds its own shared library and no other's."""
    library = program.resolve().parents[1] / "lib"
    return {"LD_LIBRARY_PATH": str(library)} if any(library.glob("libpython*.so*")) else {}
