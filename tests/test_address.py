"""The script that keeps the repository's address: what it says of a file without the address."""

import shutil

import pytest

from tests import extensions
from tests.documents import ROOT

ADDRESS = "https://github.com/OWNER/memory-and-chance"


@pytest.fixture
def script(tmp_path, monkeypatch):
    """The script, on a copy of the files that it compares."""
    script = extensions.load("address")
    for name in ("_config.yml", *script.followers()):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    script.change(ADDRESS, tmp_path)
    return script


def test_a_chapter_without_the_cell_for_colab_is_told_so(script, tmp_path):
    chapter = tmp_path / "book" / "lstm.ipynb"
    chapter.write_text(chapter.read_text(encoding="utf-8").replace(f"git+{ADDRESS}", "lmkit"), encoding="utf-8")
    assert script.differing(tmp_path) == ["book/lstm.ipynb"]
    said = script.fault("book/lstm.ipynb", tmp_path)
    assert said.startswith("book/lstm.ipynb: the address of _config.yml must stand in it")
    assert said.endswith("copy the first code cell of another chapter, which installs lmkit on Colab")


def test_a_file_with_another_address_is_told_how_to_write_this_one(script, tmp_path):
    other = "https://github.com/somebody/else"
    for name in ("CITATION.cff", "book/lstm.ipynb"):
        file = tmp_path / name
        file.write_text(file.read_text(encoding="utf-8").replace(ADDRESS, other), encoding="utf-8")
        assert name in script.differing(tmp_path)
        assert script.fault(name, tmp_path).endswith(f"but it has another; run book/_ext/address.py {ADDRESS}")
    script.change(ADDRESS, tmp_path)


def test_the_template_of_chapters_follows_too(script):
    assert "book/_ext/chapter_template/a_new_chapter.ipynb" in script.followers()


def test_all_files_that_differ_are_told(script, tmp_path, monkeypatch):
    monkeypatch.setattr(script, "differing", lambda: ["CITATION.cff", "README.md"])
    monkeypatch.setattr(script.sys, "argv", ["address.py"])
    with pytest.raises(SystemExit, match="CITATION.cff: .*\nREADME.md: "):
        script.main()
