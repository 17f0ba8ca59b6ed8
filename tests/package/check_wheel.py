"""Build the wheel and the sdist, install the wheel, and run the package's tests against it.

Run in an environment with `tests/package/requirements.txt` and without lmkit. The tests run in a copy of the repository
that has no package of its own, so that what they import is what was installed.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
UNIT = "not browser and not site and not slow"
# What is tested of the repository, and not of the package.
OF_REPOSITORY = (
    "site",
    "exports/test_by_others.py",
    "widgets/pages",
    "widgets/runtime/test_vectors.py",
    *(
        f"test_{name}.py"
        for name in (
            "api_reference",
            "binder",
            "cards_in_book",
            "chapters",
            "docstrings",
            "documented_commands",
            "floor_plan",
            "glossary",
            "hub",
            "maintenance",
            "mutants",
            "repo",
            "run_chapters",
        )
    ),
)


def run(*command: str | Path, folder: Path = ROOT) -> None:
    subprocess.run([str(part) for part in command], cwd=folder, check=True)


def build(folder: Path) -> Path:
    """Build both distributions, the wheel from the sdist; return the wheel."""
    run(sys.executable, "-m", "hatchling", "build", "--target", "sdist", "--directory", folder)
    (archive,) = folder.glob("*.tar.gz")
    shutil.unpack_archive(archive, folder)
    source = folder / archive.name.removesuffix(".tar.gz")
    run(sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", folder, folder=source)
    (wheel,) = folder.glob("*.whl")
    return wheel


def copy_without_package(folder: Path) -> None:
    """Copy the files under version control, all but lmkit."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, listed.split("\0")):
        if not name.startswith("lmkit/") and (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)


def main() -> None:
    with tempfile.TemporaryDirectory() as place:
        distributions, copy = Path(place, "dist"), Path(place, "repository")
        wheel = build(distributions)
        run(sys.executable, "-m", "pip", "install", wheel)
        copy.mkdir()
        copy_without_package(copy)
        run("git", "init", "-q", folder=copy)
        jobs = os.environ.get("JOBS", str(os.cpu_count()))
        left_out = [f"--ignore=tests/{name}" for name in OF_REPOSITORY]
        run(sys.executable, "-m", "pytest", "-q", "-n", jobs, "-m", UNIT, *left_out, *sys.argv[1:], folder=copy)


if __name__ == "__main__":
    main()
