"""Model files that were damaged on purpose: a clear error each time, and no memory beyond what a file itself takes."""

import json
import struct
import tracemalloc

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lmkit import pretrained
from lmkit.pretrained import ModelFileError, from_bytes
from tests.test_pretrained import CARD, DROPOUTS, MODELS, VOCAB, joined, parts, rewritten

FILES = {name: pretrained.to_bytes(make(), VOCAB, CARD) for name, make in MODELS.items()}
MEGABYTE = 2**20

NUMBERS = st.one_of(
    st.sampled_from([0, 1, -1, 2, 5, 6, 7, 6000, 20_000_000, 2**31, 2**62, 2**63, 2**64, 10**25]),
    st.floats(),
    st.integers(-3, 40),
)
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, st.text(max_size=9)),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=9), inner, max_size=3)),
    max_leaves=6,
)


class Meter:
    """Measures the most memory that Python takes on top of what is there, in bytes."""

    def __enter__(self):
        tracemalloc.start()
        return self

    def __exit__(self, *error):
        self.most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()


def sizes_of_parameters(monkeypatch):
    """A list that gets the bytes of each parameter of a model, but of those on the meta device, which take none."""
    sizes, register = [], torch.nn.Module.register_parameter

    def noted(module, name, parameter):
        if parameter is not None and parameter.device.type != "meta":
            sizes.append(parameter.numel() * 4)
        return register(module, name, parameter)

    monkeypatch.setattr(torch.nn.Module, "register_parameter", noted)
    return sizes


@pytest.fixture
def refused(monkeypatch):
    """A function: read bytes; they must be refused, or give a model of their own size, with little memory."""
    sizes = sizes_of_parameters(monkeypatch)

    def read(data):
        sizes.clear()
        with Meter() as meter:
            try:
                trained, error = from_bytes(data, source="from school"), None
            except ModelFileError as found:
                trained, error = None, found
        assert meter.most < 10 * MEGABYTE and sum(sizes) < MEGABYTE
        if error is None:
            assert len(trained.vocab) == trained.model.vocab_size
            assert isinstance(trained.card, dict)
            assert all(weight.isfinite().all() for weight in trained.model.state_dict().values())
            return None
        assert str(error).startswith("from school ") and "train it again" in str(error)
        assert len(str(error)) < 3000 and "\n" not in str(error)
        return error

    return read


FILE = st.sampled_from(sorted(FILES)).map(FILES.__getitem__)


@settings(max_examples=60)
@given(FILE, st.data())
def test_cut_file_is_refused(file, data):
    length = data.draw(st.one_of(st.integers(0, len(file) - 1), st.integers(0, 20)))
    with pytest.raises(ModelFileError, match="cannot be read as a model file .*; get it or train it again$"):
        from_bytes(file[:length])


def test_hostile_headers_are_refused_with_little_memory(refused):
    """Any value in place of any other: of the header, of a tensor's entry, of the metadata, of the configuration."""

    @settings(max_examples=300)
    @given(FILE, st.data())
    def judge(file, data):
        header, numbers = parts(file)
        metadata = header["__metadata__"]
        part = data.draw(st.sampled_from(["header", "entry", "metadata", "config", "words", "bytes"]))
        if part == "header":
            header[data.draw(st.sampled_from([*header, "more"]))] = data.draw(JSON)
        elif part == "entry":
            entry = header[data.draw(st.sampled_from([name for name in header if name != "__metadata__"]))]
            key = data.draw(st.sampled_from(["dtype", "shape", "data_offsets", "more"]))
            shapes = st.lists(NUMBERS, max_size=3)
            entry[key] = data.draw(st.one_of(shapes, st.sampled_from(["F32", "F64", "I8", "BF16", "U8"]), JSON))
        elif part == "metadata":
            key = data.draw(st.sampled_from([*metadata, "model_class"]))
            metadata[key] = data.draw(st.one_of(st.text(max_size=20), JSON.map(json.dumps), JSON))
        elif part == "config":
            config = json.loads(metadata["config"])
            keys = [*config, "fused", "cell", "tied", "nonlinearity", "hidden_p", "more"]
            config[data.draw(st.sampled_from(keys))] = data.draw(JSON)
            metadata["config"] = json.dumps(config)
        elif part == "words":
            metadata["vocab"] = json.dumps(data.draw(st.lists(JSON, min_size=3, max_size=7)))
        changed = joined(header, numbers)
        if part == "bytes":
            changed = bytearray(file)
            for _ in range(data.draw(st.integers(1, 4))):
                changed[data.draw(st.integers(0, len(file) - 1))] = data.draw(st.integers(0, 255))
        refused(bytes(changed))

    judge()


SIZES = ("vocab_size", "embedding_size", "hidden_size", "num_layers")


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("size", [6000, 20_000_000, 2**40, 10**25])
def test_sizes_that_lie_cost_nothing(refused, file, size):
    """A file of a kilobyte whose configuration, or header, speaks of gigabytes."""
    header = parts(FILES[file])[0]
    config = json.loads(header["__metadata__"]["config"])
    for name in SIZES:
        assert refused(rewritten(FILES[file], config=json.dumps(config | {name: size})))
    assert refused(rewritten(FILES[file], config=json.dumps(config | dict.fromkeys(SIZES, size))))
    for name in [name for name in header if name != "__metadata__"]:
        lying, numbers = parts(FILES[file])
        lying[name]["shape"] = [size, *lying[name]["shape"][1:]]
        assert refused(joined(lying, numbers))
        lying[name]["data_offsets"] = [0, size]
        assert refused(joined(lying, numbers))


@pytest.mark.parametrize(
    "header",
    [
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"__metadata__":' + b"[" * 50_000 + b"]" * 50_000 + b"}",
        b"{" + b"1" * 9999,
    ],
)
def test_header_that_is_nested_or_long_without_end_is_refused(refused, header):
    assert refused(struct.pack("<Q", len(header)) + header)


def test_nested_metadata_are_refused(refused):
    for name in ("vocab", "card", "config"):
        assert refused(rewritten(FILES["lstm"], **{name: "[" * 100_000 + "]" * 100_000}))


def test_large_file_of_another_kind_is_not_read(tmp_path):
    path = tmp_path / "film.safetensors"
    with path.open("wb") as file:
        file.truncate(10**12)  # a hole, which takes no room
    with Meter() as meter, pytest.raises(ModelFileError, match="film.safetensors cannot be read as a model file"):
        pretrained.load(path)
    assert meter.most < MEGABYTE


@pytest.mark.parametrize("change", [{"vocab": '"abcde"'}, {"card": "[1]"}, {"card": "null"}, {"vocab": '{"a": 1}'}])
def test_metadata_of_another_kind_are_refused(refused, change):
    assert "vocab must be a list, and card a table" in str(refused(rewritten(FILES["lstm"], **change)))


def test_scales_must_be_such_that_weights_are_finite(refused):
    scale = torch.full((5,), 1e300, dtype=torch.float64)
    assert "float32 scale" in str(refused(rewritten(FILES["lstm"], {"embedding.weight.scale": scale})))
    scale = torch.full((5,), 3e38)
    assert "must hold finite numbers only" in str(refused(rewritten(FILES["lstm"], {"embedding.weight.scale": scale})))


@pytest.mark.parametrize("name", MODELS)
def test_file_says_class_sizes_dropouts_and_version(name):
    """What a reader must know stands in the header, for whoever reads it, in any language."""
    metadata = parts(FILES[name])[0]["__metadata__"]
    config = json.loads(metadata["config"])
    assert {*SIZES} <= set(config) and metadata["version"] in "12"
    if "awd" in name:
        assert {key: config[key] for key in DROPOUTS} == DROPOUTS
    if "tied" in config:
        assert config["tied"] == ("untied" not in name and ("tied" in name or name == "awd-lstm"))
    assert metadata.get("model_class", "LSTMLanguageModel") == type(MODELS[name]()).__name__


def test_file_of_the_first_version_loads():
    """The shipped models were written before there were classes in files."""
    header = parts(pretrained.path_of("stories").read_bytes())[0]["__metadata__"]
    assert (header["version"], header.get("model_class")) == ("1", None)
    assert type(pretrained.load("stories").model).__name__ == "LSTMLanguageModel"
