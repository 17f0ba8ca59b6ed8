"""Keep the repository's address the same in every file that has to repeat it.

``_config.yml`` is where it is looked up; launch buttons and links on the pages follow from there.

    python book/_ext/address.py                                      compare; exit 1 where a file differs
    python book/_ext/address.py https://github.com/<owner>/<name>    write it everywhere
"""

import re
import sys
from pathlib import Path

from lmkit.files import atomic_write

ROOT = Path(__file__).resolve().parents[2]
INSTALLS = "git+https://"  # how a chapter brings lmkit along on Colab
FOLLOWERS = ("CITATION.cff", "pyproject.toml", "README.md")


def followers(root: Path = ROOT) -> list[str]:
    """Return the names of the files that repeat the address: every chapter brings lmkit with it on Colab."""
    chapters = [*sorted(root.glob("book/*.ipynb")), *sorted(root.glob("book/_ext/chapter_template/*.ipynb"))]
    return [*FOLLOWERS, *(chapter.relative_to(root).as_posix() for chapter in chapters)]


def current(root: Path = ROOT) -> str:
    """Return the address in ``_config.yml``."""
    config = (root / "_config.yml").read_text("utf-8")
    return re.search(r"^repository:\n  url: (\S+)$", config, re.MULTILINE)[1]


def differing(root: Path = ROOT) -> list[str]:
    """Return the names of the files that do not give the address of ``_config.yml``."""
    address = re.compile(re.escape(current(root)) + r"(?![\w-])")
    return [name for name in followers(root) if not address.search((root / name).read_text("utf-8"))]


def change(new: str, root: Path = ROOT) -> None:
    """Write a new address over the old one in ``_config.yml`` and all files that follow it."""
    if not re.fullmatch(r"https://[\w.-]+/[\w.-]+/[\w.-]*[\w-]", new) or new.endswith(".git"):
        raise SystemExit(f"an address is like https://github.com/<owner>/<name>, without .git; not {new!r}")
    old = current(root)
    for name in ("_config.yml", *followers(root)):
        file = root / name
        atomic_write(file, file.read_bytes().replace(old.encode(), new.encode()))
    readme, (was, now) = root / "README.md", (address.rsplit("/", 1)[1] for address in (old, new))
    folder = re.compile(rf"^cd {re.escape(was)}$", re.MULTILINE)  # into which the lines of the README clone
    atomic_write(readme, folder.sub(f"cd {now}", readme.read_text("utf-8")).encode())


def fault(name: str, root: Path = ROOT) -> str:
    """Return what is wrong with a file that does not give the address, and what helps."""
    address, rule = current(root), "the address of _config.yml must stand in it"
    if name.endswith(".ipynb") and INSTALLS not in (root / name).read_text("utf-8"):
        remedy = "copy the first code cell of another chapter, which installs lmkit on Colab"
        return f"{name}: {rule}, {address}, but it has none; {remedy}"
    return f"{name}: {rule}, {address}, but it has another; run book/_ext/address.py {address}"


def main() -> None:
    if len(sys.argv) > 1:
        change(sys.argv[1])
    if wrong := differing():
        raise SystemExit("\n".join(map(fault, wrong)))
    print(f"The repository's address is {current()} in all files.")


if __name__ == "__main__":
    main()
