"""A book that is broken is not published: its build fails, with the project's own configuration."""

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from tests.site import book

# The chapters of small books, and what is said of them; a warning alone fails a build. One that takes too much memory
# ends it at once, so that it has a book of its own.
BOOKS = {
    "a sound chapter": ({"sound": "print('all is well')"}, {}),
    "chapters with faults": (
        {"raises": "raise RuntimeError('not today')", "warns": "import warnings; warnings.warn('x')", "absent": None},
        {"raises": "WARNING: Executing notebook failed", "warns": "WARNING: stderr was found", "absent": "WARNING: "},
    ),
    "more memory than Binder may have": (
        {"takes": "block = b'x' * 1_100_000_000"},
        {"takes": "GB to run; keep it below 1 GB"},
    ),
}
METADATA = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}


def build(folder: Path, chapters: dict[str, str | None]) -> subprocess.CompletedProcess:
    """Build a book of chapters with one cell each, or of which only the contents know, as the Makefile does."""
    (folder / "book").mkdir()
    (folder / "_config.yml").write_bytes((book.ROOT / "_config.yml").read_bytes())
    for name in ("_ext", "_static", "references.bib"):
        (folder / "book" / name).symlink_to(book.ROOT / "book" / name)
    contents = "".join(f"  - file: book/{name}\n" for name in chapters)
    (folder / "_toc.yml").write_text(f"format: jb-book\nroot: book/intro\nchapters:\n{contents}")
    (folder / "book" / "intro.md").write_text("# A small book\n\nIt is short.\n")
    for name, code in chapters.items():
        if code is not None:
            cells = [nbformat.v4.new_markdown_cell("# A chapter"), nbformat.v4.new_code_cell(code)]
            nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=METADATA), folder / "book" / f"{name}.ipynb")
    program = Path(sys.executable).with_name("jupyter-book")
    command = [program, "build", folder, "-n", "-W", "--keep-going"]
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


@pytest.mark.slow
@pytest.mark.parametrize(("chapters", "faults"), BOOKS.values(), ids=BOOKS)
def test_build_fails_where_a_chapter_does(tmp_path, chapters, faults):
    result = build(tmp_path, chapters)
    said = result.stdout + result.stderr
    assert bool(result.returncode) == bool(faults), said
    for name, words in faults.items():
        assert [line for line in said.splitlines() if name in line and words in line], said
