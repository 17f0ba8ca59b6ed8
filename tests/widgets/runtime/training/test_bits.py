"""The same seed gives the same weights, to the last bit, in every engine, with SIMD and without."""

import pytest

from tests.widgets.runtime.training import driver, golden
from tests.widgets.view_harness import module_page


@pytest.fixture(scope="module")
def node(scripts):
    return driver.start(scripts)


@pytest.mark.parametrize("scalar", [False, True], ids=["vector", "scalar"])
@pytest.mark.parametrize("name", golden.RUNS)
def test_node_gives_the_recorded_weights(node, name, scalar):
    got = node.evaluate(golden.HASH, {"run": golden.run_of(name), "scalar": scalar})
    assert got == {"kind": "scalar" if scalar else "vector", "hash": golden.HASHES[name]}


@pytest.mark.parametrize("name", golden.RUNS)
def test_another_seed_gives_other_weights(node, name):
    run = {**golden.run_of(name), "seed": 77}
    assert node.evaluate(golden.HASH, {"run": run, "scalar": False})["hash"] != golden.HASHES[name]


def test_chromium_gives_the_recorded_weights(browser):
    page = module_page(browser, *driver.MODULES)
    asked = [{"run": golden.run_of(name), "scalar": False} for name in golden.RUNS]
    got = [page.evaluate(golden.HASH, each) for each in asked]
    page.close()
    assert dict(zip(golden.RUNS, got, strict=True)) == golden.answers()
