"""Training gives the same weights, to the last bit, in any browser."""

import pytest

from tests.site.engines.fixtures import ENGINES
from tests.site.server import serve
from tests.widgets.runtime.training import driver, golden
from tests.widgets.view_harness import exporting

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("engine", ENGINES)
def test_another_browser_trains_to_the_recorded_weights(window, tmp_path, engine):
    (tmp_path / "empty.html").write_text("<!doctype html><head><title>empty</title></head>")
    with serve(tmp_path, handler=window.handler) as address:
        window.open(f"{address}/empty.html")
        window.run("(script) => { (0, eval)(script); }", exporting(*driver.MODULES))
        got = {name: window.run(golden.HASH, {"run": golden.run_of(name), "scalar": False}) for name in golden.RUNS}
    assert got == golden.answers()
