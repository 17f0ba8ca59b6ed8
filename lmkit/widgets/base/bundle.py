"""Joins the browser's modules into the one string that anywidget takes: no build step, no second tool chain.

The modules import by `import { a, b } from "./x.js";` and export by `export` before a declaration. Joined,
they share one scope, so a top-level name may be declared once only.
"""

from __future__ import annotations

import re
from pathlib import Path

FOLDER = Path(__file__).with_name("static")

_IMPORT = re.compile(r'^import \{[^}]*\} from "\./([\w-]+\.js)";\n', re.MULTILINE)
_DECLARED = re.compile(r"^(?:export )?(?:async )?(?:function\*?|class|const|let) (\w+)", re.MULTILINE)
_EXPORT = re.compile(r"^export (?!default)", re.MULTILINE)
_COMMENT = re.compile(r"^\s*(?://.*|/\*\*(?:[^*]|\*(?!/))*\*/)\n", re.MULTILINE)
_INDENT = re.compile(r"^\s+", re.MULTILINE)


def bundle(*entries: str, folder: Path = FOLDER) -> str:
    """One ES module with the content of the entries and of all they import, each once, imports first.

    Lines that are comments are left out, and so is indentation: no template literal may span lines.

    Parameters
    ----------
    entries : names of files in `folder`
    folder : Path

    Raises
    ------
    ValueError
        If two modules declare the same top-level name.
    """
    sources: dict[str, str] = {}
    for entry in entries:
        _collect(entry, folder, sources)
    owners: dict[str, str] = {}
    for module, source in sources.items():
        for name in _DECLARED.findall(source):
            if owners.setdefault(name, module) != module:
                raise ValueError(f"top-level names must be unique, but {name!r} is in {owners[name]} and {module}")
    joined = "\n".join(_EXPORT.sub("", _IMPORT.sub("", source)) for source in sources.values())
    return _INDENT.sub("", _COMMENT.sub("", joined))


def _collect(module: str, folder: Path, sources: dict[str, str]) -> None:
    """Add a module after those it imports."""
    source = (folder / module).read_text(encoding="utf-8")
    for imported in _IMPORT.findall(source):
        if imported not in sources:
            _collect(imported, folder, sources)
    sources.setdefault(module, source)
