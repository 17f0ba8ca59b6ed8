"""Run chapters and store them with their outputs, so that the same sources give the same file, byte for byte.

    python book/_ext/run_chapters.py                    all chapters
    python book/_ext/run_chapters.py lstm sampling      these
    python book/_ext/run_chapters.py --check lstm       run, compare with what is stored, and write nothing

A stored chapter holds what a reader sees without a kernel: text, figures, and of each lab its picture. It holds no
widget: ids differ from run to run, and a state is code, stored once for every lab. Whoever runs a cell gets the lab;
the published page is made from a run of its own.
"""

import argparse
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError

from lmkit.files import atomic_write

BOOK = Path(__file__).resolve().parents[1]
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
TIMEOUT = 600  # seconds for one cell


def normalized(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Drop from a notebook, in place, what differs from run to run or is not for readers; return it."""
    notebook.metadata.pop("widgets", None)
    notebook.metadata["language_info"] = {"name": "python"}  # the version would differ from machine to machine
    for number, cell in enumerate((cell for cell in notebook.cells if cell.cell_type == "code"), 1):
        cell.execution_count = number
        cell.metadata.pop("execution", None)
        cell.outputs = joined(output for output in cell.outputs if not is_left_out(output))
        for output in cell.outputs:
            output.pop("execution_count", None) if output.output_type != "execute_result" else None
            if "execution_count" in output:
                output.execution_count = number
            for part in ("data", "metadata"):
                output.get(part, {}).pop(WIDGET_VIEW, None)
    return notebook


def is_left_out(output: nbformat.NotebookNode) -> bool:
    """Tell whether an output is nothing but a widget, such as a progress bar, or the progress of one in text."""
    data = output.get("data", {})
    return WIDGET_VIEW in data and not data.keys() - {WIDGET_VIEW, "text/plain"}


def joined(outputs) -> list[nbformat.NotebookNode]:
    """Join the pieces in which printed text came from the kernel."""
    whole = []
    for output in outputs:
        last = whole[-1] if whole else None
        if last and output.output_type == last.output_type == "stream" and output.name == last.name:
            last.text += output.text
        else:
            whole.append(output)
    return whole


def run(path: Path) -> str:
    """Run a chapter in a kernel of its own; return the file as it is to be stored."""
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(
        notebook, timeout=TIMEOUT, kernel_name="python3", resources={"metadata": {"path": str(path.parent)}}
    ).execute()
    return nbformat.writes(normalized(notebook)) + "\n"


def outcome(path: Path, check: bool) -> str:
    """Run a chapter and write its file unless it is only to be checked; return "changed", "the same" or what failed."""
    try:
        text = run(path)
    except (CellExecutionError, CellTimeoutError) as error:
        return f"failed\n{error}"
    if text == path.read_text(encoding="utf-8"):
        return "the same"
    if not check:
        atomic_write(path, text.encode(), "the chapter")
    return "changed"


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("chapters", nargs="*", help="names without .ipynb; all if there is none")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 where a file would change")
    parser.add_argument("--jobs", type=int, default=int(os.environ.get("JOBS", "1")), help="chapters at a time")
    options = parser.parse_args(arguments)
    known = {path.stem: path for path in sorted(BOOK.glob("*.ipynb"))}
    if unknown := [name for name in options.chapters if name not in known]:
        parser.error(f"no chapter is called {unknown[0]!r}; there are {', '.join(known)}")
    paths = [known[name] for name in options.chapters or known]
    with ThreadPoolExecutor(options.jobs) as pool:
        outcomes = dict(zip(paths, pool.map(lambda path: outcome(path, options.check), paths), strict=True))
    for path, what in outcomes.items():
        print(f"{path.stem}: {what}")
    allowed = {"the same"} if options.check else {"the same", "changed"}
    if bad := [path.stem for path, what in outcomes.items() if what not in allowed]:
        sys.exit(f"{'not as stored' if options.check else 'failed, nothing stored'}: {', '.join(bad)}")


if __name__ == "__main__":
    main()
