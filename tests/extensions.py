"""The scripts in book/_ext and .hub, which lie in no package."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from unittest.mock import patch

ROOT = Path(__file__).parents[1]
FOLDER, HUB = ROOT / "book" / "_ext", ROOT / ".hub"


def load(name: str, folder: Path = FOLDER) -> ModuleType:
    """Import a script anew, with its neighbours in reach."""
    spec = importlib.util.spec_from_file_location(name, folder / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    with patch.object(sys, "path", [str(folder), *sys.path]):
        spec.loader.exec_module(module)
    return module
