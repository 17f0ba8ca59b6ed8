"""The page's engine and Python beside it: what they compute, and what they refuse."""

import base64
import json
import math
import re
from collections.abc import Callable

import pytest
import torch

from lmkit import decoding, pretrained
from lmkit.pretrained import Pretrained
from tests.vectors.models import random_model
from tests.widgets.node import ScriptError, Scripts

KERNELS = {  # by what they are forbidden to use
    "fused": {},
    "vector": {"fused": False},
    "plain": {"simd": False},
}
LOAD = """({ data, options }) => {
  const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
  const model = new lmkit.LanguageModel(lmkit.parseModel(bytes, "data"), options);
  lmkit.cache = new lmkit.StateCache(model);
  return model.kernel.fused ? "fused" : model.kernel.kind;
}"""
PROMPT_IDS = "(text) => lmkit.cache.model.vocab.promptIds(text)"


@pytest.fixture(scope="module")
def engine(scripts) -> Scripts:
    modules = ("kernel", "safetensors", "lstm", "state_cache")
    return scripts(*(f"runtime/{name}.js" for name in modules))


def load(engine: Scripts, data: bytes, kernel: str = "fused") -> None:
    taken = engine.evaluate(LOAD, {"data": base64.b64encode(data).decode(), "options": KERNELS[kernel]})
    assert taken == kernel


def load_random(engine: Scripts) -> Pretrained:
    trained = random_model()
    load(engine, pretrained.to_bytes(trained.model, trained.vocab, quantise=False))
    return trained


# --- the kernel's operations, one by one ------------------------------------------------------------------

PRODUCT = """({ options, w, x, y }) => {
  const rows = w.length, columns = w[0].length, texts = x.length, stride = rows + 8;
  const W = 0, X = rows * columns, Y = X + texts * columns;
  const kernel = lmkit.makeKernel(Y + texts * stride, options);
  w.forEach((row, r) => row.forEach((v, c) => { kernel.floats[W + lmkit.placeInMatrix(r, c, columns)] = v; }));
  x.forEach((values, t) => kernel.floats.set(values, X + t * columns));
  y.forEach((values, t) => kernel.floats.set(values, Y + t * stride));
  kernel.addProduct(texts, W, rows, columns, X, Y, stride);
  return y.map((_, t) => Array.from(kernel.floats.subarray(Y + t * stride, Y + t * stride + rows)));
}"""


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("texts", range(1, 6))
@pytest.mark.parametrize(("rows", "columns"), [(32, 8), (96, 24), (64, 256)])
def test_product_is_what_torch_computes(engine, kernel, texts, rows, columns):
    generator = torch.Generator().manual_seed(rows + texts)
    w, x, y = (torch.randn(size, generator=generator) for size in ((rows, columns), (texts, columns), (texts, rows)))
    arguments = {"options": KERNELS[kernel], "w": w.tolist(), "x": x.tolist(), "y": y.tolist()}
    expected = y.double() + x.double() @ w.double().T
    got = torch.tensor(engine.evaluate(PRODUCT, arguments), dtype=torch.float64)
    torch.testing.assert_close(got, expected, atol=1e-4, rtol=0)


GATES = """({ options, sums, c }) => {
  const units = c.length;
  const kernel = lmkit.makeKernel(6 * units, options);
  kernel.floats.set(sums.flat());
  kernel.floats.set(c, 4 * units);
  kernel.openGates(0, units, 4 * units, 5 * units);
  const after = (n) => Array.from(kernel.floats.subarray(n * units, (n + 1) * units));
  return [after(4), after(5), [0, 1, 2, 3].map(after)];
}"""


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("scale", [0.01, 3, 300])
def test_gates_are_what_torch_computes(engine, kernel, scale):
    generator = torch.Generator().manual_seed(1)
    sums, c = scale * torch.randn(4, 24, generator=generator), torch.randn(24, generator=generator)
    got_c, got_h, left = engine.evaluate(GATES, {"options": KERNELS[kernel], "sums": sums.tolist(), "c": c.tolist()})
    i, f, g, o = sums.double()
    new_c = f.sigmoid() * c.double() + i.sigmoid() * g.tanh()
    torch.testing.assert_close(torch.tensor(got_c).double(), new_c, atol=1e-6, rtol=0)
    torch.testing.assert_close(torch.tensor(got_h).double(), o.sigmoid() * new_c.tanh(), atol=1e-6, rtol=0)
    torch.testing.assert_close(torch.tensor(left), sums, atol=0, rtol=0)  # the microscope looks at them afterwards


# exp(x) as the sum of eight times exp(x), over eight.
EXPONENTIALS = """({ options, values }) => {
  const kernel = lmkit.makeKernel(8, options);
  return values.map((x) => (kernel.floats.fill(x), kernel.sumExp(0, 8, 0) / 8));
}"""


@pytest.mark.parametrize("kernel", KERNELS)
def test_exponentials_are_exact_to_the_last_bits(engine, kernel):
    values = torch.linspace(-86, 86, 3001)
    arguments = {"options": KERNELS[kernel], "values": values.tolist()}
    got = torch.tensor(engine.evaluate(EXPONENTIALS, arguments), dtype=torch.float64)
    torch.testing.assert_close(got, values.double().exp(), rtol=3e-7, atol=0)


@pytest.mark.parametrize("kernel", KERNELS)
def test_exponentials_of_what_is_no_number(engine, kernel):
    got = engine.evaluate(
        """(options) => {
          const kernel = lmkit.makeKernel(8, options);
          return [NaN, -Infinity, -1e30].map((x) => (kernel.floats.fill(x), kernel.sumExp(0, 8, 0)));
        }""",
        KERNELS[kernel],
    )
    assert math.isnan(got[0]) and all(x < 1e-36 for x in got[1:])


# --- what both refuse -------------------------------------------------------------------------------------


def edited(data: bytes, edit: Callable[[dict], object]) -> bytes:
    """A file whose header was changed."""
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    edit(header)
    changed = json.dumps(header).encode()
    changed += b" " * (-len(changed) % 8)
    return len(changed).to_bytes(8, "little") + changed + data[8 + length :]


def with_another_number(data: bytes) -> bytes:
    start = 8 + int.from_bytes(data[:8], "little")
    return data[:start] + b"\xff\xff\xff\x7f" + data[start + 4 :]


def with_a_text_for_a_size(header: dict) -> None:
    metadata = header["__metadata__"]
    metadata["config"] = metadata["config"].replace('"embedding_size": 10', '"embedding_size": "10"')


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "cut short": lambda data: data[:-40],
    "no header": lambda data: data[:20],
    "another version": lambda data: data.replace(b'"version":"1"', b'"version":"9"'),
    "not a number": with_another_number,
    "too few words": lambda data: data.replace(rb"\"vocab_size\": 37", rb"\"vocab_size\": 36"),
    "a word twice": lambda data: data.replace(rb"\"w1\"", rb"\"w2\""),
    "no UTF-8": lambda data: data.replace(b"w35", b"w\xff5"),
    "a size in quotes": lambda data: edited(data, with_a_text_for_a_size),
    "a place before the numbers": lambda data: edited(
        data, lambda header: header["decoder.bias"].update(data_offsets=[-148, 0])
    ),
    "two tensors in one place": lambda data: edited(
        data, lambda header: header["rnn.bias_ih_l0"].update(data_offsets=header["rnn.bias_hh_l0"]["data_offsets"])
    ),
}


@pytest.mark.parametrize(
    ("what", "part"),
    [
        ("cut short", "cannot be read as a model file"),
        ("no header", "cannot be read as a model file"),
        ("another version", "must be a model file of format 'lmkit-lstm-language-model', version '1'"),
        ("not a number", "decoder.bias must hold finite numbers only"),
        ("too few words", "37"),
        ("a word twice", "words must be distinct"),
        ("a size in quotes", "does not fit together"),
        ("a place before the numbers", "cannot be read as a model file"),
        ("two tensors in one place", "cannot be read as a model file"),
        ("no UTF-8", "cannot be read as a model file"),
    ],
)
def test_a_bad_model_file_is_refused_by_both(engine, what, part):
    trained = random_model()
    assert_refused_by_both(
        engine, DAMAGES[what](pretrained.to_bytes(trained.model, trained.vocab, quantise=False)), part
    )


def test_scales_in_a_column_are_refused_by_both(engine):
    data = pretrained.to_bytes(random_model().model, random_model().vocab)
    damaged = edited(data, lambda header: header["embedding.weight.scale"].update(shape=[37, 1]))
    assert_refused_by_both(
        engine, damaged, "embedding.weight must be float32, or int8 with a float32 scale for each of its rows"
    )


def assert_refused_by_both(engine: Scripts, data: bytes, part: str) -> None:
    with pytest.raises(pretrained.ModelFileError, match=re.escape(part.split(", v")[0])):
        pretrained.from_bytes(data)
    with pytest.raises(ScriptError, match="LabError: data ") as caught:
        load(engine, data)
    assert part in str(caught.value)


@pytest.mark.parametrize("kernel", KERNELS)
def test_nan_log_probabilities_are_an_error_in_both(engine, kernel):
    trained = random_model()
    torch.nn.init.constant_(trained.model.decoder.bias, 3e38)  # finite, but their sums are not
    torch.nn.init.constant_(trained.model.embedding.weight, 3e38)
    data = pretrained.to_bytes(trained.model, trained.vocab, quantise=False)
    with pytest.raises(ValueError, match="NaN log-probabilities"):
        decoding.greedy(trained.model.stepper(), [0, 1])
    load(engine, data, kernel)
    with pytest.raises(ScriptError, match="LabError: step returned NaN log-probabilities"):
        engine.evaluate("lmkit.cache.readAll([0, 1])")


@pytest.mark.parametrize(
    ("text", "part"), [("w1 dragon", "‘dragon’, which is not among the 37 words"), (" ", "is empty")]
)
def test_a_prompt_that_cannot_be_read_says_why(engine, text, part):
    trained = load_random(engine)
    with pytest.raises(ValueError, match="dragon|empty"):
        trained.prompt_ids(text)
    with pytest.raises(ScriptError, match=f"LabError: .*{part}"):
        engine.evaluate(PROMPT_IDS, text)


@pytest.mark.parametrize("text", ["w1 w2", "<eos>", "<eos> w1"])
def test_a_prompt_is_read_alike(engine, text):
    trained = load_random(engine)
    assert engine.evaluate(PROMPT_IDS, text) == trained.prompt_ids(text)
