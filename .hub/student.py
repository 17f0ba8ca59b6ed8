"""Run by a student's account: put the book's notebooks into the student's folder, then become the server.

What is there already is the student's and stays as it is. A notebook that the student has removed comes back.
"""

import os
import sys
from pathlib import Path

from lmkit.files import atomic_write

BOOK = Path(__file__).resolve().parents[1] / "book"


def bring(folder: Path, book: Path = BOOK) -> list[str]:
    """Copy notebooks that a folder does not have; return their names."""
    folder.mkdir(exist_ok=True)
    missing = [path for path in sorted(book.glob("*.ipynb")) if not os.path.lexists(folder / path.name)]
    for path in missing:
        atomic_write(folder / path.name, path.read_bytes(), path.name)
    return [path.name for path in missing]


if __name__ == "__main__":
    bring(Path.home() / "book")
    os.execv(sys.executable, [sys.executable, "-m", "jupyterhub.singleuser", *sys.argv[1:]])
