"""Find labs by their folders: whoever adds a lab adds a folder, and there is no list to keep in step."""

from __future__ import annotations

import importlib
import inspect
from pathlib import Path

from lmkit.widgets.base.lab import Lab

PARTS = ("lab.py", "view.js", "style.css")  # what a lab's folder must hold


def find_labs(folder: Path, package: str) -> dict[str, type[Lab]]:
    """Import the labs below a folder and return their classes by name.

    Parameters
    ----------
    folder : Path
        Each folder in it that does not begin with an underscore is a lab; its classes are the public subclasses of
        `Lab` that its `lab.py` defines.
    package : str
        The name under which `folder` is imported.

    Raises
    ------
    ImportError
        If a part of a lab is missing, its `lab.py` defines no lab, or two labs have one name.
    """
    found: dict[str, type[Lab]] = {}
    for place in sorted(path for path in folder.iterdir() if path.is_dir() and path.name[0] not in "_."):
        if missing := [part for part in PARTS if not (place / part).is_file()]:
            raise ImportError(f"the lab in {place} lacks {missing[0]}; a lab's folder holds {', '.join(PARTS)}")
        labs = _labs_of(importlib.import_module(f"{package}.{place.name}.lab"))
        if not labs:
            raise ImportError(f"{place / 'lab.py'} defines no lab; give it a public subclass of Lab")
        for name, lab in labs.items():
            if name in found:
                raise ImportError(f"{place / 'lab.py'} and {found[name].__module__} both define {name}; rename one")
            found[name] = lab
    return found


def _labs_of(module) -> dict[str, type[Lab]]:
    return {
        name: value
        for name, value in vars(module).items()
        if inspect.isclass(value)
        and issubclass(value, Lab)
        and value.__module__ == module.__name__
        and not name.startswith("_")
    }
