"""A book that is broken is not published: its build fails, with the project's own configuration."""

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from tests.site import book

CHAPTERS = {
    "a sound chapter": ("print('all is well')", False),
    "a cell that raises": ("raise RuntimeError('not today')", True),
    "a warning in a cell": ("import warnings; warnings.warn('this will change')", True),
    "more memory than Binder may have": ("block = b'x' * 1_100_000_000", True),
    "a chapter that is not there": (None, True),
}
METADATA = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}


def build(folder: Path, code: str | None) -> subprocess.CompletedProcess:
    """Build a book of one chapter with one cell, or without the chapter that it lists, as the Makefile does."""
    (folder / "book").mkdir()
    (folder / "_config.yml").write_bytes((book.ROOT / "_config.yml").read_bytes())
    for name in ("_ext", "_static", "references.bib"):
        (folder / "book" / name).symlink_to(book.ROOT / "book" / name)
    (folder / "_toc.yml").write_text("format: jb-book\nroot: book/intro\nchapters:\n  - file: book/chapter\n")
    (folder / "book" / "intro.md").write_text("# A small book\n\nIt has one chapter.\n")
    if code is not None:
        cells = [nbformat.v4.new_markdown_cell("# A chapter"), nbformat.v4.new_code_cell(code)]
        nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=METADATA), folder / "book" / "chapter.ipynb")
    program = Path(sys.executable).with_name("jupyter-book")
    command = [program, "build", folder, "-n", "-W", "--keep-going"]
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


@pytest.mark.slow
@pytest.mark.parametrize(("code", "fails"), CHAPTERS.values(), ids=CHAPTERS)
def test_build_fails_where_a_chapter_does(tmp_path, code, fails):
    result = build(tmp_path, code)
    said = result.stdout + result.stderr
    assert bool(result.returncode) == fails, said
    assert not fails or "chapter" in said
