"""Join the browser's modules into what a page or a notebook loads: no build step, no second tool chain.

Scripts are ES modules that import by path, across rooms too::

    import { element, setText } from "../../base/dom.js";

and export declarations, or one thing as `default`. Here each module becomes a function in the page's registry
(`registry.js`), named by its path and its content: however many widgets bring a module, a page runs it once. Style
sheets import others by `@import "../../base/lab.css";`.

What the bundler does not understand is an error with the file and the remedy: nothing is left out silently.
"""

from __future__ import annotations

import hashlib
import posixpath
import re
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

WIDGETS = Path(__file__).resolve().parents[1]
_REGISTRY = WIDGETS / "base" / "registry.js"

_IMPORT = re.compile(r'^import \{([^}]*)\} from "([^"]+)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function\*?|class|const) (\w+))", re.MULTILINE)
_SEVERAL = re.compile(r"^export const \w+ = [^({\[\"'`;]*, \w+ = .*", re.MULTILINE)
_DEFAULT = re.compile(r"^export default ", re.MULTILINE)
_STRAY = re.compile(r"^\s*(?:import|export)\b.*|(?<!\.)\bimport\((?!\)).*", re.MULTILINE)
_COMMENT = re.compile(r"^\s*(?://.*|/\*\*(?:[^*]|\*(?!/))*\*/)\n", re.MULTILINE)
_INDENT = re.compile(r"^\s+", re.MULTILINE)
_STYLE_IMPORT = re.compile(r'^@import "([^"]+)";\n', re.MULTILINE)


class BundleError(ValueError):
    """A script or style sheet that cannot be bundled: the message names the file and the remedy."""


@dataclass(frozen=True)
class Module:
    """One script.

    Attributes
    ----------
    path : str
        From the folder of all scripts, with slashes.
    imports : tuple of (tuple of str, Module)
        The names as they are written ("a" or "a as b"), and where they come from.
    exports : tuple of str
    has_default : bool
    code : str
        What is left without imports, exports, comments and indentation.
    """

    path: str
    imports: tuple[tuple[tuple[str, ...], Module], ...]
    exports: tuple[str, ...]
    has_default: bool
    code: str

    @property
    def folder(self) -> str:
        """The folder of its path."""
        return posixpath.dirname(self.path)

    @cached_property
    def name(self) -> str:
        """The path and a digest of the content, that of the imported modules included."""
        content = "\n".join([self.code, *(module.name for _, module in self.imports)])
        return f"{self.path}@{hashlib.sha256(content.encode()).hexdigest()[:8]}"

    @property
    def definition(self) -> str:
        """The module as a function in the registry."""
        taken = "".join(
            f'const {{ {", ".join(names).replace(" as ", ": ")} }} = __lmkit.require("{module.name}");\n'
            for names, module in self.imports
        )
        given = ", ".join([*self.exports, *(["default: __default"] if self.has_default else [])])
        return f'__lmkit.define("{self.name}", () => {{\n"use strict";\n{taken}{self.code}return {{ {given} }};\n}});\n'


def modules(entry: str, folder: Path = WIDGETS) -> list[Module]:
    """Return the module at a path and all that it imports, each after those that it needs.

    Parameters
    ----------
    entry : str
        Path of a script, from `folder`.
    folder : Path
        Scripts outside of it cannot be imported.

    Raises
    ------
    BundleError
        If a file is missing, imports in a circle or by a form that is not understood, or takes a name that the other
        does not export.
    """
    ordered: dict[str, Module] = {}

    def collect(module: Module) -> None:
        for _, imported in module.imports:
            collect(imported)
        ordered.setdefault(module.path, module)

    collect(_read(entry, folder))
    return list(ordered.values())


def script(parts: list[Module]) -> str:
    """Return a script that defines modules; it runs none of them."""
    return _registry() + "".join(module.definition for module in parts)


def esm(entry: str) -> str:
    """Return one ES module, as anywidget takes it, with all that a view needs."""
    return script(modules(entry)) + start(entry)


def start(entry: str) -> str:
    """Return the ES module that starts a view whose modules are defined on the page already."""
    return f'export default globalThis.__lmkit.require("{modules(entry)[-1].name}").default;\n'


def folders(entry: str) -> list[str]:
    """Return the folders in which a view's modules lie, in the order in which they are needed."""
    return list(dict.fromkeys(module.folder for module in modules(entry)))


def folder_script(folder: str) -> str:
    """Return the script that defines all modules of one folder; pages that need some of them load it."""
    parts = [module for path in sorted((WIDGETS / folder).glob("*.js")) for module in _of_folder(path, folder)]
    return script(list(dict.fromkeys(parts)))


def style(sheet: str, folder: Path = WIDGETS) -> str:
    """Return a style sheet after those that it imports, each once.

    Raises
    ------
    BundleError
        If a file is missing, or an import comes in another form.
    """
    return "".join(styles(sheet, folder).values())


def styles(sheet: str, folder: Path = WIDGETS) -> dict[str, str]:
    """Return the content of a style sheet and of those that it imports, by path, each after those that it needs."""
    found: dict[str, str] = {}
    source = _content(sheet, folder)
    for address in _STYLE_IMPORT.findall(source):
        found |= styles(_resolved(sheet, address, folder), folder)
    rest = _STYLE_IMPORT.sub("", source)
    if "@import" in rest:
        raise BundleError(f'{sheet}: @import must stand on a line of its own, as @import "./x.css";')
    return found | {sheet: rest}


def _of_folder(path: Path, folder: str) -> list[Module]:
    if path == _REGISTRY:
        return []
    return [module for module in modules(f"{folder}/{path.name}") if module.folder == folder]


@cache
def _registry() -> str:
    return _bare(_REGISTRY.read_text(encoding="utf-8"))


_KNOWN: dict[tuple[str, Path], Module] = {}


def _read(path: str, folder: Path, importers: tuple[str, ...] = ()) -> Module:
    """Read a module and those that it imports, once in a process."""
    if (path, folder) not in _KNOWN:
        _KNOWN[path, folder] = _parsed(path, folder, importers)
    return _KNOWN[path, folder]


def _parsed(path: str, folder: Path, importers: tuple[str, ...]) -> Module:
    if path in importers:
        raise BundleError(f"{path} is imported in a circle: {' -> '.join([*importers, path])}; move what both need")
    source = _content(path, folder)
    imports = tuple(
        (_names(names), _read(_resolved(path, address, folder), folder, (*importers, path)))
        for names, address in _IMPORT.findall(source)
    )
    for names, module in imports:
        if missing := [name for name in names if name.split(" as ")[0] not in module.exports]:
            raise BundleError(f"{path} imports {missing[0]}, which {module.path} does not export")
    if several := _SEVERAL.search(source):
        raise BundleError(f"{path}: {several[0]!r} exports several names at once; give each a line of its own")
    exports = tuple(_EXPORT.findall(source))
    code = _DEFAULT.sub("const __default = ", _EXPORT.sub("", _IMPORT.sub("", source)))
    code = _bare(code)
    if stray := _STRAY.search(code):
        forms = 'import { a, b } from "./x.js"; export function …; export class …; export const …; export default …'
        raise BundleError(f"{path}: {stray[0].strip()!r} is not understood; write one of: {forms}")
    return Module(path, imports, exports, bool(_DEFAULT.search(source)), code)


def _names(listed: str) -> tuple[str, ...]:
    return tuple(" ".join(name.split()) for name in listed.split(",") if name.strip())


def _resolved(importer: str, address: str, folder: Path) -> str:
    path = posixpath.normpath(posixpath.join(posixpath.dirname(importer), address))
    if not address.startswith(".") or path.startswith("..") or not (folder / path).is_file():
        raise BundleError(f"{importer} imports {address!r}, which is not there; give a path from its own folder")
    return path


def _content(path: str, folder: Path) -> str:
    file = folder / path
    if not file.is_file():
        raise BundleError(f"{path} is missing; a lab's folder holds lab.py, view.js and style.css")
    return file.read_text(encoding="utf-8")


def _bare(source: str) -> str:
    """Leave out lines that are comments, and indentation: no template literal may span lines."""
    return _INDENT.sub("", _COMMENT.sub("", source)) + "\n" * (not source.endswith("\n"))
