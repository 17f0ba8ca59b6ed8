"""The scripts in book/_ext, which lie beside the book and in no package."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from unittest.mock import patch

FOLDER = Path(__file__).parents[1] / "book" / "_ext"


def load(name: str) -> ModuleType:
    """Import a script anew, with its neighbours in reach."""
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    with patch.object(sys, "path", [str(FOLDER), *sys.path]):
        spec.loader.exec_module(module)
    return module
