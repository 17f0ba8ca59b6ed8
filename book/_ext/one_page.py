"""Build one page of the book alone, into `_build/page`, to look at it while it is being written.

    python book/_ext/one_page.py lstm

Its notebook is run, but only where its code or lmkit has changed since the last time. The first page, the glossary and
the bibliography come along; links to other pages are plain text. The whole book is built by ``make book``.
"""

import argparse
import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

import cards_in_book
import yaml
from sphinx_external_toc.parsing import parse_toc_yaml

from lmkit.files import atomic_write
from lmkit.study import CardError, load_all

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "_build" / "page"
ALONGSIDE = ["book/glossary", "book/bibliography"]  # to which terms and citations lead
ELSEWHERE = ["ref.doc", "myst.xref_missing"]  # Sphinx's warnings of links to pages that are not built


def document(name: str, root: Path = ROOT) -> str:
    """Return the document of a page as the table of contents has it.

    Raises
    ------
    ValueError
        If no page is called so: with those that there are.
    """
    known = {entry.rpartition("/")[2]: entry for entry in parse_toc_yaml(root / "_toc.yml").as_json()["documents"]}
    if name not in known:
        rule = f"CHAPTER must be a page of _toc.yml, one of {', '.join(known)}"
        raise ValueError(f"{rule}, but it is {name!r}; correct it, or add its line `- file: book/{name}` there")
    return known[name]


def contents(page: str, first: str = "book/intro") -> dict:
    """Return the table of contents of a book with one page, and those that have to be there."""
    others = [other for other in [page, *ALONGSIDE] if other != first]
    return {
        "format": "jb-book",
        "root": first,
        "chapters": [{"file": other} for other in dict.fromkeys(others)],
    }


def code_version(package: Path = ROOT / "lmkit") -> str:
    """Return a digest of all files of lmkit: what a notebook has stored holds as long as it stays the same."""
    digest = hashlib.sha256()
    for path in sorted(path for path in package.rglob("*") if path.is_file() and "__pycache__" not in path.parts):
        digest.update(f"{path.relative_to(package)}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


def settings(cache: Path, root: Path = ROOT) -> dict:
    """Return the book's configuration, in which notebooks are run only where something has changed."""
    config = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))
    config["execute"] |= {"execute_notebooks": "cache", "cache": str(cache)}
    config["sphinx"]["config"]["suppress_warnings"] = ELSEWHERE
    extensions = config["sphinx"]["local_extensions"]  # whose places are relative to the file
    config["sphinx"]["local_extensions"] = {name: str(root / place) for name, place in extensions.items()}
    return config


def prepare(page: str, folder: Path = FOLDER) -> Path:
    """Write what the build reads, and remove what an earlier one has left; return the cache of runs."""
    cache = folder / "runs" / code_version()
    for old in [folder / "_build", *(folder / "runs").glob("*")]:
        if old != cache:
            shutil.rmtree(old, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in {"config.yml": settings(cache), "toc.yml": contents(page)}.items():
        atomic_write(folder / name, yaml.safe_dump(content, sort_keys=False).encode())
    return cache


def build(page: str, folder: Path = FOLDER) -> int:
    """Build a page with the pages that have to be there; return the exit status of Jupyter Book."""
    prepare(page, folder)
    program = Path(sys.executable).with_name("jupyter-book")
    places = ["--config", folder / "config.yml", "--toc", folder / "toc.yml", "--path-output", folder]
    command = [sys.executable, program, "build", ROOT, *places, "-q", "-n", "-W", "--keep-going"]
    return subprocess.run(command, stdout=subprocess.DEVNULL).returncode  # warnings and errors are elsewhere


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("chapter", metavar="CHAPTER", help="the name of a page, without folder and suffix")
    name = parser.parse_args(arguments).chapter
    try:
        page = document(name)
        if faults := cards_in_book.faults(load_all()):
            raise CardError(*faults)
    except ValueError as error:
        sys.exit(str(error))
    status = build(page)
    built = FOLDER / "_build" / "html" / f"{page}.html"
    if built.is_file():
        print(f"The page is here: {built.as_uri()}")
    if status:
        sys.exit("The warnings above would fail the build of the book: mend what they name.")


if __name__ == "__main__":
    main()
