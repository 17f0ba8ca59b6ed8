"""Vectors are written once for what they come from; the tests in Node read them."""

import json

import pytest

from tests.vectors import store


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder of vectors of our own, with quick ones to write."""
    monkeypatch.setattr(store, "FOLDER", tmp_path)
    monkeypatch.setattr(store, "NEWEST", tmp_path / "newest")
    monkeypatch.setattr(store, "contents", lambda: iter([("one", {"answer": 42})]))
    monkeypatch.setattr(store.models, "names", list)
    return tmp_path


def test_vectors_are_written_and_named(folder):
    made = store.ensure()
    assert made == folder / store.key()
    assert json.loads((made / "one.json").read_text(encoding="utf-8")) == {"answer": 42}
    assert (folder / "newest").read_text(encoding="utf-8").strip() == made.name
    assert [path.name for path in folder.iterdir() if path.is_dir()] == [made.name]


def test_what_is_there_is_not_written_again(folder, monkeypatch):
    made = store.ensure()
    (folder / "newest").write_text("another")
    monkeypatch.setattr(store, "write", lambda _: pytest.fail("it was written again"))
    assert store.ensure() == made
    assert (folder / "newest").read_text(encoding="utf-8").strip() == made.name


def test_what_was_written_by_half_does_not_count(folder, monkeypatch):
    with monkeypatch.context() as context:
        context.setattr(store, "contents", lambda: iter([("one", {"answer": object()})]))
        with pytest.raises(TypeError):
            store.ensure()
    assert not (folder / "newest").exists()
    assert (store.ensure() / "one.json").is_file()


def test_the_key_tells_every_change_of_a_source(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "ROOT", tmp_path)
    one, other = tmp_path / "one.py", tmp_path / "other.py"
    one.write_text("1")
    other.write_text("2")
    keys = {store.key([one]), store.key([other]), store.key([one, other])}
    one.write_text("3")
    keys |= {store.key([one]), store.key([one, other])}
    other.rename(tmp_path / "renamed.py")
    keys.add(store.key([one, tmp_path / "renamed.py"]))
    monkeypatch.setattr(store.torch, "__version__", "0")
    keys.add(store.key([one]))
    assert len(keys) == 7


def test_sources_are_all_that_decodes():
    names = {path.relative_to(store.ROOT).as_posix() for path in store.sources()}
    for part in store.PARTS:
        assert any(name.startswith((f"lmkit/{part}/", f"lmkit/{part}.py")) for name in names), part
    assert names > set(store.WRITERS)
    assert "lmkit/pretrained/stories.safetensors" in names and "lmkit/datasets/stories.json" in names
