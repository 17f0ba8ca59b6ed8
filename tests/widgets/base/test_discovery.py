"""Labs are found by their folders, and a folder that is not whole is an error with its remedy."""

import sys
from pathlib import Path

import pytest

from lmkit import widgets
from lmkit.widgets import labs
from lmkit.widgets.base.discovery import PARTS, find_labs
from lmkit.widgets.base.lab import Lab

LAB = """from lmkit.widgets.base.lab import Lab

class {name}(Lab):
    pass
"""


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A function that writes labs, by their folders' names and the classes in them, and finds them."""
    monkeypatch.syspath_prepend(tmp_path)
    name = f"labs_of_{tmp_path.name.replace('-', '_')}"
    root = tmp_path / name
    root.mkdir()
    (root / "__init__.py").touch()

    def write(folder: str, *classes: str, without: str = "") -> None:
        (root / folder).mkdir()
        for part in PARTS:
            if part != without:
                (root / folder / part).touch()
        if without != "lab.py":
            (root / folder / "lab.py").write_text("".join(LAB.format(name=one) for one in classes))

    write.find = lambda: find_labs(root, name)
    write.root = root
    yield write
    for module in [module for module in sys.modules if module.partition(".")[0] == name]:
        del sys.modules[module]


def test_labs_are_found_by_their_classes_names(package):
    package("one", "OneLab")
    package("two", "TwoLab", "OtherTwoLab", "_Base")
    found = package.find()
    assert list(found) == ["OneLab", "TwoLab", "OtherTwoLab"]
    assert all(issubclass(lab, Lab) and lab.__name__ == name for name, lab in found.items())


def test_classes_from_elsewhere_are_not_a_folders_own(package):
    package("one", "OneLab")
    package("two", "TwoLab")
    with (package.root / "two" / "lab.py").open("a") as file:
        file.write(f"\nfrom {package.root.name}.one.lab import OneLab\n")
    assert list(package.find()) == ["OneLab", "TwoLab"]


def test_files_and_folders_that_begin_with_an_underscore_are_no_labs(package):
    package("one", "OneLab")
    (package.root / "_shared").mkdir()
    (package.root / ".hidden").mkdir()
    (package.root / "notes.txt").touch()
    assert list(package.find()) == ["OneLab"]


@pytest.mark.parametrize("part", PARTS)
def test_a_part_that_is_missing_is_named(package, part):
    package("one", "OneLab", without=part)
    with pytest.raises(
        ImportError, match=rf"the lab in .*one lacks {part}; a lab's folder holds lab\.py, view\.js, style"
    ):
        package.find()


@pytest.mark.parametrize("classes", [(), ("_Base",)])
def test_a_folder_without_a_lab_is_an_error(package, classes):
    package("one", *classes)
    with pytest.raises(ImportError, match=r"one/lab\.py defines no lab; give it a public subclass of Lab"):
        package.find()


def test_two_labs_of_one_name_are_an_error(package):
    package("one", "SameLab")
    package("two", "SameLab")
    with pytest.raises(ImportError, match=r"two/lab\.py and .*one\.lab both define SameLab; rename one"):
        package.find()


def test_every_folder_is_a_lab_that_the_package_offers():
    folder = Path(labs.__file__).parent
    found = find_labs(folder, labs.__name__)
    folders = {path.parent.name for path in folder.glob("*/lab.py")}
    assert {lab.__module__.split(".")[-2] for lab in found.values()} == folders
    assert all(getattr(widgets, name) is lab for name, lab in found.items())
