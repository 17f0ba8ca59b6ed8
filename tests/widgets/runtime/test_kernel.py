"""The page's kernel: every bit as recorded and as computed anew, on every engine; and compiled from its source."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from lmkit.widgets.runtime.kernel import build
from tests.widgets.runtime import kernel_calls as calls

VECTORS = json.loads(calls.VECTORS.read_text(encoding="utf-8"))
ORDINARY = [call for call in calls.RECORDED if call.kind == "ordinary"]


def answers(made, variant, **kwargs):
    """What calls write and return, with the kernel that was asked for."""
    taken, results = calls.run(made, variant, **kwargs)
    assert taken == variant
    return [calls.written(*pair) for pair in zip(made, results, strict=True)]


def fuses(variant):
    """Whether a kernel multiplies and adds in one rounding: 1 + 2^-11 + 2^-24 - (1 + 2^-11) is 0 with two."""
    block = np.zeros(32 * 8 + 8 + 32, np.float32)
    block[0] = block[256] = 1 + 2**-12
    block[264] = -(1 + 2**-11)
    call = calls.Call("addProduct", "ordinary", block, (1, 0, 32, 8, 256, 264, 32), slice(264, 296))
    _, [(after, _)] = calls.run([call], variant)
    assert after[264] in (0, 2.0**-24)
    return after[264] != 0


# --- bits -------------------------------------------------------------------------------------------------


def test_unfused_kernel_gives_the_recorded_bits():
    """On every engine: each operation is rounded as IEEE 754 says."""
    for call, got, known in zip(calls.RECORDED, answers(calls.RECORDED, "unfused"), VECTORS["unfused"], strict=True):
        assert calls.bits(got) == calls.bits(calls.decoded(known)), call


def test_fused_kernel_gives_the_recorded_bits_or_the_unfused():
    """Relaxed SIMD leaves it to the engine to round a product and a sum once or twice: it does one of them throughout.

    Most processors round once. An engine for one that does not gives the unfused kernel's bits.
    """
    known = VECTORS["fused" if fuses("fused") else "unfused"]
    for call, got, recorded in zip(calls.RECORDED, answers(calls.RECORDED, "fused"), known, strict=True):
        assert calls.bits(got) == calls.bits(calls.decoded(recorded)), call


def test_only_the_fused_kernel_may_fuse():
    assert not fuses("unfused")


def test_recorded_vectors_tell_fused_from_unfused():
    different = [a != b for a, b in zip(VECTORS["fused"], VECTORS["unfused"], strict=True)]
    assert {call.operation for call, differs in zip(calls.RECORDED, different, strict=True) if differs} == {
        "addProduct",
        "openGates",
        "sumExp",
    }


# --- the same arithmetic in NumPy: an unfused kernel's bits -------------------------------------------------

ONE, TWO, WHOLE = np.float32(1), np.float32(2), np.float32(1.5 * 2**23)
LN2_HIGH = np.float32(0.693359375)
LN2_LOW = np.float32(np.log(2) - 0.693359375)
FACTORIALS = (5040, 720, 120, 24, 6, 2, 1, 1)


def exponential(x):
    x = np.where(x > 87, np.float32(87), x)
    x = np.where(x < -87, np.float32(-87), x)
    n = x * np.float32(np.log2(np.e)) + WHOLE
    r = (n - WHOLE) * -LN2_LOW + ((n - WHOLE) * -LN2_HIGH + x)
    total = np.float32(1 / FACTORIALS[0])
    for factorial in FACTORIALS[1:]:
        total = total * r + np.float32(1 / factorial)
    power = (n.view(np.int32).astype(np.int64) << 23) + int(ONE.view(np.int32))
    return total * power.astype(np.int32).view(np.float32)


def sigmoid(x):
    return ONE / (ONE + exponential(np.float32(0) - x))


def tanh(x):
    return TWO * sigmoid(TWO * x) - ONE


def sum_exp(floats, x, count, largest):
    lanes = np.zeros(4, np.float32)
    for four in floats[x : x + count].reshape(-1, 4):
        lanes = lanes + exponential(four - np.float32(largest))
    return ((lanes[0] + lanes[1]) + lanes[2]) + lanes[3]


def open_gates(floats, units, c):
    i, f, g, o = floats[: 4 * units].reshape(4, units)
    memory = sigmoid(f) * floats[c : c + units] + sigmoid(i) * tanh(g)
    return np.concatenate([memory, sigmoid(o) * tanh(memory)])


def add_product(floats, texts, w, rows, columns, x, y, stride):
    """Column after column; a matrix lies in panels of eight rows, in each of them column by column."""
    matrix = floats[w:x].reshape(rows // 8, columns, 8).transpose(1, 0, 2).reshape(columns, rows)
    after = floats[y : y + texts * stride].reshape(texts, stride).copy()
    for j, column in enumerate(matrix):
        after[:, :rows] += column * floats[x + j : y : columns, None]
    return after.ravel()


@np.errstate(all="ignore")
def in_numpy(call):
    if call.operation == "addProduct":
        return np.append(add_product(call.floats, *call.places), np.float32(0))
    if call.operation == "openGates":
        _, units, c, _ = call.places
        return np.append(open_gates(call.floats, units, c), np.float32(0))
    return np.atleast_1d(sum_exp(call.floats, *call.places))


@pytest.mark.parametrize("kind", calls.KINDS)
@pytest.mark.parametrize("texts", range(1, 6))
def test_product_has_the_bits_of_numpy(kind, texts):
    shapes = np.random.default_rng(texts).integers(1, 7, (12, 2)) * [32, 8]
    made = [calls.product(kind, texts, int(rows), int(n), seed=100 + k) for k, (rows, n) in enumerate(shapes)]
    for call, got in zip(made, answers(made, "unfused"), strict=True):
        assert calls.bits(got) == calls.bits(in_numpy(call)), call.places


@pytest.mark.parametrize("make", [calls.gates, calls.sum_exp], ids=["openGates", "sumExp"])
@pytest.mark.parametrize("kind", calls.KINDS)
def test_gates_and_sums_have_the_bits_of_numpy(kind, make):
    made = [make(kind, 8 * n, seed=200 + n) for n in range(1, 40)]
    for call, got in zip(made, answers(made, "unfused"), strict=True):
        assert calls.bits(got) == calls.bits(in_numpy(call)), call.places


@pytest.mark.parametrize("variant", ["fused", "unfused"])
@pytest.mark.parametrize("texts", range(2, 6))
def test_texts_are_multiplied_together_as_alone(variant, texts):
    together = calls.product("ordinary", texts, 96, 40, seed=5)
    _, w, rows, columns, x, y, stride = together.places
    alone = [
        together._replace(
            places=(1, w, rows, columns, x + t * columns, y + t * stride, 0),
            changed=slice(y + t * stride, y + t * stride + rows),
        )
        for t in range(texts)
    ]
    got, *each = answers([together, *alone], variant)
    for t, one in enumerate(each):
        assert calls.bits(got[t * stride : t * stride + rows]) == calls.bits(one[:-1])


# --- plain JavaScript -------------------------------------------------------------------------------------


@pytest.mark.parametrize("variant", ["fused", "unfused"])
def test_plain_loops_compute_the_same_numbers(variant):
    for call, got, plain in zip(ORDINARY, answers(ORDINARY, variant), answers(ORDINARY, "plain"), strict=True):
        np.testing.assert_allclose(got, plain, rtol=1e-5, atol=5e-5, err_msg=str(call))


@pytest.mark.parametrize(
    ("damage", "left"),
    [
        ("none", "fused"),
        ("no relaxed SIMD", "unfused"),
        ("no SIMD", "plain"),
        ("no WebAssembly", "plain"),
    ],
)
def test_kernel_makes_do_with_what_the_engine_has(damage, left):
    taken, results = calls.run(ORDINARY, "fused", damage=damage)
    assert taken == left
    expected = answers(ORDINARY, left)
    got = [calls.written(*pair) for pair in zip(ORDINARY, results, strict=True)]
    assert [calls.bits(a) for a in got] == [calls.bits(b) for b in expected]


# --- compiled from its source -----------------------------------------------------------------------------

SCRIPTS = pytest.mark.parametrize(
    "path", build.SCRIPTS, ids=lambda path: path.relative_to(build.FOLDER.parent).as_posix()
)


def stored(path):
    return path.read_text(encoding="utf-8")


@pytest.fixture
def sources(tmp_path):
    """A copy of the kernels' sources in a folder of another name."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    for source in [*build.FOLDER.glob("*.c"), *build.FOLDER.glob("*.h")]:
        shutil.copy(source, folder)
    return folder


@pytest.mark.slow
@SCRIPTS
def test_compiling_again_in_another_folder_gives_the_stored_bytes(path, sources, monkeypatch):
    monkeypatch.setenv("ZIG_GLOBAL_CACHE_DIR", str(sources / "cache"))  # nothing that was compiled before
    assert build.script(build.SCRIPTS[path], sources) == stored(path)


def test_stored_kernels_belong_to_their_sources():
    build.main(["--check"])


@SCRIPTS
def test_changed_source_is_noticed(path, sources):
    targets = build.SCRIPTS[path]
    assert build.belongs(stored(path), targets, sources)
    for name in {name for target in targets for name in (target.source, *target.headers)}:
        before = (sources / name).read_text(encoding="utf-8")
        (sources / name).write_text(before + "\n", encoding="utf-8")
        assert not build.belongs(stored(path), targets, sources)
        (sources / name).write_text(before, encoding="utf-8")


@SCRIPTS
def test_headers_of_a_target_are_all_that_its_sources_include(path):
    for target in build.SCRIPTS[path]:
        included = re.findall(r'^#include "(.+)"$', stored(build.FOLDER / target.source), re.MULTILINE)
        assert sorted(included) == sorted(target.headers)
        assert all('#include "' not in stored(build.FOLDER / header) for header in target.headers)


@SCRIPTS
def test_changed_compiler_is_noticed(path, monkeypatch):
    targets = build.SCRIPTS[path]
    assert not build.belongs(stored(path), ())
    for name, value in (("COMPILER", "ziglang==0.0.0"), ("FLAGS", [])):
        with monkeypatch.context() as changed:
            changed.setattr(build, name, value)
            assert not build.belongs(stored(path), targets)


@SCRIPTS
@pytest.mark.parametrize("damage", ["changed", "gone"])
def test_changed_bytes_fail_lint_with_the_remedy(path, damage, tmp_path, monkeypatch):
    other = tmp_path / "wasm.js"
    monkeypatch.setattr(build, "SCRIPTS", {other: build.SCRIPTS[path]})
    if damage == "changed":
        other.write_text(stored(path).replace('= "AGFzbQE', '= "AGFzbQI'), encoding="utf-8")
    with pytest.raises(SystemExit, match=r"wasm\.js: not compiled from the C sources .*`make kernel`"):
        build.main(["--check"])


@SCRIPTS
def test_source_that_does_not_compile_is_an_error_with_its_line(path, sources):
    target = build.SCRIPTS[path][0]
    with (sources / target.source).open("a") as source:
        source.write("int wrong(void) { return nothing; }\n")
    with pytest.raises(RuntimeError, match=rf"{target.source} must compile with ziglang.*[\s\S]*{target.source}:\d+"):
        build.compile_target(target, sources)


@SCRIPTS
def test_a_page_loads_no_kernel_that_it_does_not_use(path):
    """A page loads all scripts of a folder: no two of these lie in one."""
    assert [other for other in build.SCRIPTS if other.parent == path.parent] == [path]


def test_compiler_is_the_pinned_one():
    pins = (Path(__file__).parents[2] / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert build.COMPILER in pins
