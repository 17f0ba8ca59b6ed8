"""Files are written whole or not at all, in places that are tried first: every file that lmkit writes, every mishap."""

import json
import os
import resource
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from lmkit import files, pretrained, study
from lmkit.commands import places
from lmkit.experiments import making
from lmkit.files import WriteError, atomic_write, check_apart, check_place, part_of, same_file, write_changed
from lmkit.models import LSTMLanguageModel
from lmkit.models.seq2seq import EncoderDecoder
from lmkit.runs import Run, Runs
from lmkit.study import anki
from lmkit.text import Vocab
from lmkit.training.checkpoints import Checkpoint
from lmkit.training.parallel import ProcessGroup

ROOT = Path(__file__).parents[1]
OLD = b"what stood there"


def model_file(path):
    pretrained.save(path, LSTMLanguageModel(3, 4, 4), Vocab(["a", "b", "c"]))


def translator(path):
    words = Vocab(["<eos>", "a", "b"])
    pretrained.save_translator(path, pretrained.Translator(EncoderDecoder(3, 3, 4, 8), words, words, {}))


def trained_model(path):
    places.write_model(path, bytes(1000))


def checkpoint(path):
    generator = torch.nn.Linear(2, 2)
    Checkpoint(path, {}, {"model": generator}, {}, ProcessGroup()).write()


def runs_file(path):
    Runs({}, [Run({"a": 1}, 1, [1.0], [1.0], [0.5], {})] * 9).write(path)


def deck(path):
    anki.write_deck(path, [study.read_deck(ROOT / "tests" / "example_cards.yml")], timestamp=0)


def finished_runs(path):
    """What an experiment keeps when it begins."""
    making._make_missing({}, {"a": ({}, 1.0)}, path, 1, None)


WRITERS = {  # each file that lmkit writes: its name, and what writes it
    "model file": ("a.safetensors", model_file),
    "translator": ("c.safetensors", translator),
    "trained model": ("b.safetensors", trained_model),
    "checkpoint": ("run", checkpoint),
    "file of runs": ("runs.json", runs_file),
    "deck": ("deck.apkg", deck),
    "finished runs": ("runs.json.part", finished_runs),
}
CALLS = ("fsync", "replace")  # of os; a process is killed before and after each, and after half of the bytes


def listed(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture(params=WRITERS)
def writer(request, tmp_path):
    """A function that writes a file, and the path, where an older one stands."""
    name, write = WRITERS[request.param]
    path = tmp_path / name
    path.write_bytes(OLD)
    return write, path


@pytest.fixture
def spare(tmp_path_factory, monkeypatch):
    """Where temporary files go, for a trained model that cannot be written at its place is kept there."""
    folder = tmp_path_factory.mktemp("spare")
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


@pytest.fixture
def full_disk():
    """No file may have more than 100 bytes: the system refuses to write more, as where a disk is full."""
    _, most = before = resource.getrlimit(resource.RLIMIT_FSIZE)

    def limit(size=100):
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, most))

    yield limit
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_file_is_written_whole(writer):
    write, path = writer
    write(path)
    assert path.read_bytes() != OLD and listed(path.parent) == [path.name]


def test_full_disk_leaves_the_old_file(writer, full_disk, monkeypatch):
    write, path = writer
    if write is finished_runs:
        monkeypatch.setattr(making, "_line", lambda done: "x" * 200)
    if write is deck:  # which is put together among temporary files
        content = anki._package_bytes([], {}, 0.0)
        monkeypatch.setattr(anki, "_package_bytes", lambda *given: content)
    full_disk()
    with pytest.raises(
        WriteError, match=r"must be written to .*, but that failed: File too large; choose another place"
    ):
        write(path)
    assert path.read_bytes() == OLD and listed(path.parent) == [path.name]


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_error_of_the_system_leaves_the_old_file(writer, monkeypatch, spare, call):
    write, path = writer

    def fail(*given):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, call, fail)
    with pytest.raises(WriteError, match="No space left on device; choose another place"):
        write(path)
    assert path.read_bytes() == OLD and listed(path.parent) == [path.name]


def test_interrupt_leaves_the_old_file(writer, monkeypatch):
    write, path = writer

    def interrupt(*given):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write(path)
    assert path.read_bytes() == OLD and listed(path.parent) == [path.name]


DYING = """
import os, signal, sys
from pathlib import Path
from tests.test_files import CALLS, OLD, WRITERS
from lmkit import files

def die(*given):
    os.kill(os.getpid(), signal.SIGKILL)

def dying(name, before):
    call = getattr(os, name)
    def instead(*given):
        if before:
            die()
        call(*given)
        die()
    setattr(os, name, instead)

class Half:
    def __init__(self, file):
        self.file = file
    def __enter__(self):
        return self
    def __exit__(self, *error):
        self.file.close()
    def write(self, data):
        self.file.write(data[:len(data) // 2])
        self.file.flush()
        die()

def half():
    opened = Path.open
    Path.open = lambda path, mode="r", *given, **named: (
        Half(opened(path, mode)) if mode == "xb" else opened(path, mode, *given, **named)
    )

moments = {"half": half}
for name in CALLS:
    moments[f"before {name}"] = lambda name=name: dying(name, True)
    moments[f"after {name}"] = lambda name=name: dying(name, False)
root = Path(sys.argv[1])
for kind, (file, write) in WRITERS.items():
    for moment, prepare in moments.items():
        folder = root / f"{kind}, {moment}"
        folder.mkdir()
        (folder / file).write_bytes(OLD)
        child = os.fork()
        if child == 0:
            prepare()
            write(folder / file)
            os._exit(1)
        assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL, (kind, moment)
"""


@pytest.mark.slow
def test_killed_writer_leaves_the_old_file_or_the_new_one(tmp_path):
    """Each kind of file, at each moment; and the next writing clears up."""
    subprocess.run([sys.executable, "-c", DYING, str(tmp_path)], cwd=ROOT, check=True, timeout=300)
    seen = listed(tmp_path)
    assert len(seen) == len(WRITERS) * (1 + 2 * len(CALLS))
    for name in seen:
        kind, moment = name.split(", ")
        file, write = WRITERS[kind]
        path = tmp_path / name / file
        left = path.read_bytes()
        assert (left == OLD) == (moment != "after replace"), name
        write(path)
        assert path.read_bytes() not in (OLD, b"") and listed(path.parent) == [file], name
        if moment == "after replace" and kind not in ("model file", "translator"):  # its weights are drawn
            assert (path.read_bytes() == left) or kind == "checkpoint", name


# Places


@pytest.mark.parametrize("call", [check_place, lambda name, path: atomic_write(path, b"x", name)])
@pytest.mark.parametrize(
    "place",
    [
        "/proc/x.safetensors",
        "/proc/self/x",
        "nowhere/x",
        ".",
        "",
        "file/x",
        "x" * 256,
        "x" * 251,
        "a\0b",
        "/dev/full/x",
    ],
)
def test_place_where_nothing_can_be_written_is_refused(tmp_path, monkeypatch, place, call):
    monkeypatch.chdir(tmp_path)
    Path("file").write_bytes(OLD)
    with pytest.raises((ValueError, WriteError), match="^out must .*; (create|choose|rename)"):
        call("out", place)
    assert listed(tmp_path) == ["file"]


@pytest.mark.parametrize("device", ["/dev/null", "/dev/full", "/dev/stdin", "fifo"])
def test_device_or_pipe_is_not_replaced(tmp_path, monkeypatch, device):
    monkeypatch.chdir(tmp_path)
    os.mkfifo("fifo")
    reader, writer = os.pipe()
    if device == "/dev/stdin":
        device = f"/dev/fd/{writer}"
    with pytest.raises(ValueError, match="out must name "):
        check_place("out", device)
    os.close(reader), os.close(writer)
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode) and listed(tmp_path) == ["fifo"]


def test_read_only_file_stays(tmp_path, monkeypatch):
    path = tmp_path / "file"
    path.write_bytes(OLD)
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # even where the tests run as root
    with pytest.raises(ValueError, match="out must name a file that may be changed, but .*file is read-only; choose"):
        check_place("out", path)


def test_folder_without_permission_is_refused(tmp_path, monkeypatch):
    def refuse(**named):
        raise PermissionError(13, "Permission denied", "some temporary name")

    monkeypatch.setattr(files, "TemporaryFile", refuse)
    with pytest.raises(ValueError, match="out must name a file that can be written, but .*: Permission denied; choose"):
        check_place("out", tmp_path / "file")


def test_name_that_is_not_utf_8_is_refused(tmp_path):
    path = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9")
    with pytest.raises(ValueError, match=r"out must have a name in UTF-8, but it is '.*caf\\udce9'; rename it"):
        check_place("out", path)


def test_place_that_is_tried_stays_empty_and_what_a_killed_writer_left_goes(tmp_path):
    path = tmp_path / "file"
    part_of(path).write_bytes(OLD)
    assert check_place("out", str(path)) == path
    assert listed(tmp_path) == []


def test_link_stays_one_and_permissions_are_kept(tmp_path):
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_bytes(OLD)
    target.chmod(0o640)
    link.symlink_to("target")
    atomic_write(link, b"new")
    assert link.is_symlink() and target.read_bytes() == b"new"
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    (tmp_path / "dangling").symlink_to("elsewhere")
    atomic_write(tmp_path / "dangling", b"new")
    assert (tmp_path / "elsewhere").read_bytes() == b"new"


def test_link_in_place_of_the_part_is_not_followed(tmp_path):
    precious = tmp_path / "precious"
    precious.write_bytes(OLD)
    part_of(tmp_path / "file").symlink_to(precious)
    atomic_write(tmp_path / "file", b"new")
    assert precious.read_bytes() == OLD and listed(tmp_path) == ["file", "precious"]


def test_a_file_with_the_same_bytes_is_not_written_again(tmp_path):
    path = tmp_path / "file"
    assert write_changed(path, OLD)
    os.utime(path, (1, 1))
    assert not write_changed(path, OLD) and path.stat().st_mtime == 1
    assert write_changed(path, b"new") and path.read_bytes() == b"new" and path.stat().st_mtime > 1
    with pytest.raises(WriteError, match="the drawing must be written to"):
        write_changed(tmp_path, OLD, "the drawing")
    with pytest.raises(ValueError, match="the drawing must have a name without NUL"):
        write_changed("a\0b", OLD, "the drawing")


# Files that are one


def test_same_file_is_found_behind_links_folders_and_case(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("a.txt").write_bytes(OLD)
    Path("link").symlink_to("a.txt")
    os.link("a.txt", "hard")
    Path("folder").mkdir()
    Path("way").symlink_to("folder")
    for other in ("a.txt", "./a.txt", "folder/../a.txt", "link", "hard", tmp_path / "a.txt", "A.txt"):
        assert same_file("a.txt", other), other
    assert same_file("folder/new", "way/NEW") and same_file("caf\u00e9", "cafe\u0301")
    assert not same_file("a.txt", "b.txt") and not same_file("new", "folder/new")
    Path("A.txt").write_bytes(b"another, where case matters")
    assert not same_file("a.txt", "A.txt")


def test_outputs_must_be_apart_from_inputs_and_from_each_other():
    check_apart({"text": "a", "more": None}, {"out": "b", "checkpoint": None})
    check_apart({"text": "a", "again": "a"}, {})  # one input twice is nobody's loss
    with pytest.raises(
        ValueError, match="out and text must not be one file, .* but they are A and a; give another out"
    ):
        check_apart({"text": "a"}, {"out": "A"})
    with pytest.raises(ValueError, match="checkpoint and out must not be one file"):
        check_apart({}, {"out": "r", "checkpoint": "r"})
    with pytest.raises(ValueError, match="out and text must not be one file"):
        check_apart({"text": ".b.part"}, {"out": "b"})


def test_trained_model_is_kept_elsewhere_where_its_place_has_become_full(tmp_path, spare, monkeypatch):
    path, written = tmp_path / "out.safetensors", os.replace

    def replace(source, target):
        if Path(target) == path:
            raise OSError(28, "No space left on device")
        written(source, target)

    monkeypatch.setattr(os, "replace", replace)
    with pytest.raises(WriteError, match=r"out.safetensors, .* No space left .*; the trained model is in (.*)") as told:
        places.write_model(path, b"model")
    assert Path(str(told.value).rsplit(" is in ", 1)[1]).read_bytes() == b"model"
    assert listed(tmp_path) == []


def test_broken_off_experiment_does_not_lose_a_file_of_another_kind(tmp_path):
    part = tmp_path / "runs.json.part"
    for content in (b"my notes\nabout runs\n", b'["a"]\n', b"\xff\n", b"7\n"):
        part.write_bytes(content)
        with pytest.raises(
            ValueError, match="part must keep the runs of an experiment, but its line 1 is none; move it"
        ):
            making._finished(part)
        assert part.read_bytes() == content
    part.write_text(json.dumps(["key", {}, 1.5]) + "\n" + '["cut sho')
    assert making._finished(part) == {"key": ({}, 1.5)}
