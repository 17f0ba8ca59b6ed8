"""The package's face: what `import lmkit` gives, and what it does not cost."""

import json
import subprocess
import sys
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

import lmkit

ROOT = Path(__file__).parents[1]
PACKAGE = Path(lmkit.__file__).parent
ASK = """
import sys, json
import lmkit
heavy = [name for name in ("torch", "numpy", "matplotlib", "ipywidgets") if name in sys.modules]
print(json.dumps({"heavy": heavy, "part": lmkit.dropout.__name__, "cached": "dropout" in vars(lmkit)}))
"""


def test_import_is_light_and_parts_come_when_asked_for():
    out = subprocess.run([sys.executable, "-c", ASK], capture_output=True, text=True, check=True, cwd=ROOT)
    assert json.loads(out.stdout) == {"heavy": [], "part": "lmkit.dropout", "cached": True}


def test_every_public_module_is_an_attribute_and_listed():
    found = {path.stem for path in PACKAGE.glob("*") if path.suffix == ".py" or (path / "__init__.py").exists()}
    for name in sorted(name for name in found if not name.startswith("_")):
        assert getattr(lmkit, name).__name__ == f"lmkit.{name}"
        assert name in dir(lmkit)
    assert not [name for name in dir(lmkit) if name.startswith("_") and not name.startswith("__")]


def test_unknown_names_are_missing_attributes():
    with pytest.raises(AttributeError, match="module 'lmkit' has no attribute 'decodings'; it has .*decoding"):
        lmkit.decodings  # noqa: B018
    assert not hasattr(lmkit, "_secret") and not hasattr(lmkit, "__main__x")


def test_a_part_that_cannot_be_imported_says_why(monkeypatch, tmp_path):
    (tmp_path / "broken.py").write_text("import a_library_that_is_not_there")
    monkeypatch.setattr(lmkit, "__path__", [*lmkit.__path__, str(tmp_path)])
    with pytest.raises(ModuleNotFoundError, match="a_library_that_is_not_there"):
        lmkit.broken  # noqa: B018


def test_version_is_that_of_the_project(monkeypatch):
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert f'\nversion = "{lmkit.__version__}"\n' in project

    def missing(name):
        raise PackageNotFoundError(name)

    monkeypatch.setattr("importlib.metadata.version", missing)
    with pytest.raises(AttributeError, match="not installed; pip install it"):
        lmkit.__version__  # noqa: B018


def test_types_are_announced():
    assert (PACKAGE / "py.typed").is_file()
