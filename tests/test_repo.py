"""What the repository must not name: places on one machine, and package registries."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[1]
FORBIDDEN = {
    "a folder of one machine": r"(?<![\w.])/(?:home|root|Users|mnt)/\w",
    "a package registry": r"pypi\.(?:python\.)?org|pythonhosted\.org|registry\.(?:npmjs|yarnpkg)|anaconda\.(?:org|com)",
}
OWN_TEXT = {"tests/test_repo.py"}


def files():
    """The files that are under version control or would be, without those that are generated or binary."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    for name in filter(None, listed.split("\0")):
        path = ROOT / name
        if name not in OWN_TEXT and path.is_file() and b"\0" not in (data := path.read_bytes())[:4096]:
            yield name, data.decode("utf-8", errors="replace")


def test_files_name_no_machine_and_no_registry():
    found = [
        f"{name} names {what}: {match[0]!r}"
        for name, text in files()
        for what, pattern in FORBIDDEN.items()
        for match in re.finditer(pattern, text)
    ]
    assert not found


def test_files_are_found():
    names = {name for name, _ in files()}
    assert {"README.md", "Makefile", "lmkit/decoding/filters.py", "lmkit/datasets/stories.json"} <= names
