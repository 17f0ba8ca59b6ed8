"""The same seed gives the same weights, to the last bit, in every engine, with SIMD and without."""

import gzip

import pytest

from lmkit.widgets.base import bundle
from tests.widgets.runtime.training import driver, golden


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


def test_a_page_that_trains_gets_at_most_25_kb_more():
    """What its folder brings after gzip; code for engines without SIMD lies in another."""
    assert len(gzip.compress(bundle.folder_script("runtime/training").encode(), 9)) <= 25_000
    assert bundle.folders("runtime/training/trainer.js") == ["base", "runtime/training"]
    assert bundle.folders("runtime/training/scalar/wasm.js") == ["runtime/training/scalar"]


def test_pages_that_do_not_train_get_nothing_of_it():
    for entry in ("runtime/session.js", "runtime/translators/translation_session.js"):
        assert not [folder for folder in bundle.folders(entry) if "training" in folder]
