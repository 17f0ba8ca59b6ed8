"""The image that Binder would build, as far as it can be told without building it."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder
from packaging.requirements import Requirement

from lmkit.study import decks

ROOT = Path(__file__).parents[1]
BINDER = ROOT / ".binder"
# What CUDA builds of torch bring along.
ACCELERATOR = re.compile(r"nvidia|cuda|\bcu\d\d|triton|cupy|rocm", re.IGNORECASE)
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def pins(file: Path) -> dict[str, Requirement]:
    """The requirements of a file by name; comments and options are left out."""
    lines = (line.split("#")[0].strip() for line in file.read_text(encoding="utf-8").splitlines())
    requirements = [Requirement(line) for line in lines if line and not line.startswith("-")]
    return {requirement.name.lower(): requirement for requirement in requirements}


@pytest.fixture(scope="module")
def dockerfile(tmp_path_factory) -> str:
    """What repo2docker would build from the repository's files; it asks no daemon for that."""
    copy = tmp_path_factory.mktemp("repository")
    shutil.copytree(BINDER, copy / ".binder")
    for name in ("pyproject.toml", "requirements.txt", "README.md"):
        shutil.copy(ROOT / name, copy)
    program = Path(sys.executable).with_name("repo2docker")
    user = ["--user-id", "1000", "--user-name", "reader"]
    result = subprocess.run(
        [program, "--no-build", "--debug", *user, str(copy)], capture_output=True, text=True, timeout=120
    )
    assert result.returncode == 0, result.stderr
    return result.stdout + result.stderr


def test_image_has_python_3_11(dockerfile):
    assert "FROM " in dockerfile
    assert "Building conda environment for python=3.11" in dockerfile


def test_image_installs_our_requirements_and_nothing_for_accelerators(dockerfile):
    installed = re.findall(r"pip install .*?-r \"?([^\s\"]+)", dockerfile)
    assert installed == [".binder/requirements.txt"]
    assert not ACCELERATOR.search(dockerfile)


def test_torch_is_the_cpu_build():
    requirements = pins(BINDER / "requirements.txt")
    assert str(requirements["torch"].specifier).endswith("+cpu")
    assert not [name for name in requirements if ACCELERATOR.search(name)]


@pytest.mark.parametrize("package", ["torch==2.13.0+cu130", "nvidia-cudnn-cu13==9.1", "triton==3.4"])
def test_accelerator_is_noticed(package):
    assert ACCELERATOR.search(package)


def test_image_runs_the_script_that_installs_lmkit(dockerfile):
    assert re.search(r"RUN \./\.binder/postBuild", dockerfile)
    script = (BINDER / "postBuild").read_text(encoding="utf-8")
    assert script.startswith("#!")
    assert re.search(r"^(?:python -m )?pip install\b.*(?<=\s)\.$", script, re.MULTILINE)


def test_image_has_what_lmkit_needs_at_our_versions():
    """lmkit is installed without its dependencies, so each must be in the file, as the repository pins it."""
    here, everywhere = pins(BINDER / "requirements.txt"), pins(ROOT / "requirements.txt")
    needed = [Requirement(line) for line in PROJECT["project"]["dependencies"]]
    assert [need.name for need in needed if need.name.lower() not in here] == []
    versions = {name: str(requirement.specifier).removesuffix("+cpu") for name, requirement in here.items()}
    assert {name: str(everywhere[name].specifier) for name in here} == versions
    for need in needed:
        (version,) = (specifier.version for specifier in here[need.name.lower()].specifier)
        assert need.specifier.contains(version.removesuffix("+cpu"))


def test_installed_package_has_every_file():
    """Weights, grammar, colours, scripts and cards travel with an installation that is not from a clone."""
    packed = {file.distribution_path for file in WheelBuilder(str(ROOT)).recurse_included_files()}
    assert {f"lmkit/{name}" for name in names_in(ROOT / "lmkit")} <= packed
    assert f"lmkit/study/decks/{decks.INDEX}.yml" in packed
    folders = [path.parent for path in (ROOT / "lmkit").rglob("*.py")]
    assert [folder for folder in folders if not (folder / "__init__.py").is_file()] == []


def names_in(folder: Path) -> set[str]:
    files = (path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    return {path.relative_to(folder).as_posix() for path in files if path.suffix not in (".pyc", ".part")}
