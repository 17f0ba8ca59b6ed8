"""Chromium trains as Node does, in which all else is tested."""

import pytest
from playwright.sync_api import Error

from tests.widgets.runtime.training import driver, golden
from tests.widgets.view_harness import exporting, module_page


def test_chromium_gives_the_recorded_weights(browser):
    page = module_page(browser, *driver.MODULES)
    asked = [{"run": golden.run_of(name), "scalar": False} for name in golden.RUNS]
    got = [page.evaluate(golden.HASH, each) for each in asked]
    page.close()
    assert dict(zip(golden.RUNS, got, strict=True)) == golden.answers()


def test_a_strict_content_policy_is_told_of(browser):
    """It forbids WebAssembly, and there is no second trainer in JavaScript."""
    page = browser.new_page()
    page.set_content(
        "<meta http-equiv='Content-Security-Policy' content=\"script-src 'unsafe-inline'\"><title>strict</title>"
    )
    page.add_script_tag(content=exporting(*driver.MODULES))
    with pytest.raises(
        Error, match="this browser must know WebAssembly with SIMD to train a model, but it says: .*policy"
    ):
        page.evaluate("new lmkit.Trainer({ vocab_size: 5 }, { scalar: lmkit.TRAINING_SCALAR })")
    page.close()
