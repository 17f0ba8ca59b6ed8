"""Texts of one's own: what is held out of files and folders, and which of them are refused."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmkit.datasets import own

WORDS = "the old king sat on a cold stone by the river and sang".split()


def prose(characters, seed=0):
    draw = random.Random(seed)
    words = ""
    while len(words) < characters:
        words += draw.choice(WORDS) + draw.choice("   \n")
    return words[: characters - 1] + "."


@pytest.fixture
def folder(tmp_path):
    for seed, (name, size) in enumerate({"a": 300, "b": 400, "sub/c": 250, "d": 50}.items()):
        file = tmp_path / f"{name}.txt"
        file.parent.mkdir(exist_ok=True)
        file.write_text(prose(size, seed), encoding="utf-8")
    (tmp_path / "notes.md").write_text("not a text", encoding="utf-8")
    return tmp_path


def text(path):
    return path.read_text(encoding="utf-8")


def test_the_last_tenth_of_one_file_is_held_out_from_a_line_on(tmp_path):
    file = tmp_path / "mine.txt"
    file.write_text(prose(2000), encoding="utf-8")
    found = own.load(file)
    (training,), (held,) = found.training, found.held_out
    assert training + held == text(file) and training.endswith("\n")
    assert 200 <= len(held) <= 300 and found.how == "the last tenth" and found.changes == []


@given(signs=st.text(alphabet="ab \n", min_size=1, max_size=200))
def test_parts_of_one_text_are_all_of_it(signs):
    whole = f"a{signs}{'b' * own.LEAST}"
    found = own._tail(own._Document(own.Path("x"), whole, []))
    (training,), (held,) = found.training, found.held_out
    assert training + held == whole
    assert 0.1 * len(whole) - 0.5 <= len(held) <= 0.16 * len(whole) + 2 and training


def test_whole_documents_are_held_out_of_several_from_the_last_on(folder):
    found = own.load(folder)  # by name: a, b, d, sub/c
    assert found.training == [text(folder / f"{name}.txt") for name in "abd"]
    assert found.held_out == [text(folder / "sub" / "c.txt")]
    assert found.how == "c.txt"
    listed = own.load([folder / "a.txt", folder / "d.txt"])
    assert listed.held_out == [text(folder / "d.txt")]


@given(sizes=st.lists(st.integers(1, 1000), min_size=2, max_size=8))
def test_some_documents_are_held_out_and_never_more_than_half(sizes):
    documents = [own._Document(own.Path(str(i)), f"{i:02d}" * size, []) for i, size in enumerate(sizes)]
    training, held = own._last(documents)
    assert sorted([*training, *held], key=lambda document: int(document.path.name)) == documents
    assert held and 2 * sum(sizes[int(document.path.name)] for document in held) <= sum(sizes)


def test_the_division_does_not_look_at_what_texts_say(folder):
    before = own.load(folder).how
    for seed, file in enumerate(sorted(folder.rglob("*.txt"))):
        file.write_text(prose(len(text(file)), seed + 50), encoding="utf-8")
    assert own.load(folder).how == before


def test_what_is_held_out_can_be_named(folder, tmp_path_factory):
    found = own.load(folder, held_out=[folder / "a.txt", folder / "sub"])
    assert found.training == [text(folder / "b.txt"), text(folder / "d.txt")]
    assert found.held_out == [text(folder / "a.txt"), text(folder / "sub" / "c.txt")]
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "e.txt"
    elsewhere.write_text(prose(100, 9), encoding="utf-8")
    assert own.load(str(folder / "a.txt"), str(elsewhere)).held_out == [text(elsewhere)]


def test_a_file_that_is_named_twice_is_read_once(folder):
    assert len(own.load([folder / "a.txt", folder, folder / "b.txt"]).training) == 3


def test_changes_are_told_with_the_name_of_the_file(folder):
    (folder / "a.txt").write_bytes(b"\xef\xbb\xbf" + prose(100, 7).encode().replace(b"\n", b"\r\n"))
    (folder / "b.txt").write_bytes(prose(100, 8).encode("utf-16"))
    found = own.load([folder / "b.txt", folder / "a.txt"])
    assert (
        found.changes
        == [
            "b.txt: read as UTF-16",
            "b.txt: byte order mark dropped",
            "a.txt: byte order mark dropped",
            "a.txt: ends of lines made line feeds",
        ]
        or found.changes[0] == "b.txt: read as UTF-16"
    )
    assert "\r" not in found.held_out[0] and "\n" in found.held_out[0]


def refused(folder, name, data):
    (folder / name).write_bytes(data)
    return folder / name


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (b"", "at least 20 characters each, but .*x.txt has none"),
        (b" \n\n ", "has none; give more text"),
        (b"too short", "has 9 characters"),
        (prose(100).encode() + b"\xe9", "must be UTF-8, but .*x.txt is not"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" * 3, "must be UTF-8|control characters"),
        (prose(100).encode() + b"\0", "no control characters"),
    ],
)
def test_files_that_are_no_texts_are_refused(folder, data, rule):
    file = refused(folder, "x.txt", data)
    for call in (lambda: own.load(file), lambda: own.load(folder), lambda: own.load(folder / "a.txt", held_out=file)):
        with pytest.raises(ValueError, match=rule):
            call()


def test_paths_that_lead_nowhere_are_refused(folder, tmp_path_factory):
    empty = tmp_path_factory.mktemp("empty")
    for paths, held_out, rule in [
        (folder / "none.txt", None, "paths must be files that can be read, but .*none.txt cannot: No such file"),
        (folder / "a.txt", folder / "none.txt", "held_out must be files that can be read"),
        (empty, None, "no file in .* ends in .txt"),
        ([], None, "paths must name at least one"),
        (folder, [], "held_out must name at least one"),
        ("a\0b", None, "without NUL"),
    ]:
        with pytest.raises(ValueError, match=rule):
            own.load(paths, held_out)


def test_no_text_is_trained_on_and_held_out(folder):
    for paths, held_out, rule in [
        (folder / "a.txt", folder / "a.txt", "held_out must not be trained on, but .*a.txt is in paths, too"),
        ([folder / "a.txt", folder / "b.txt"], folder / "sub" / ".." / "b.txt", "is in paths, too"),
        (folder, folder, "all of its files are held out"),
    ]:
        with pytest.raises(ValueError, match=rule):
            own.load(paths, held_out)
    copy = folder / "e.txt"
    copy.write_text(text(folder / "b.txt"), encoding="utf-8")
    for held_out in (None, copy):
        with pytest.raises(ValueError, match="texts must differ, but .*b.txt and .*e.txt are the same"):
            own.load(folder, held_out)
