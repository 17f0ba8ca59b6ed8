"""The engine decodes the same text to the last token in any browser, whichever instructions that one has."""

import pytest

from tests.site.engines.fixtures import ENGINES
from tests.site.server import serve
from tests.widgets.runtime.test_browser import DECODE, ENGINE, random_texts
from tests.widgets.view_harness import exporting

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("engine", ENGINES)
def test_another_browser_writes_the_texts_that_python_writes(window, tmp_path, engine):
    asked, expected = random_texts()
    (tmp_path / "empty.html").write_text("<!doctype html><head><title>empty</title></head>")
    with serve(tmp_path, handler=window.handler) as address:
        window.open(f"{address}/empty.html")
        window.run("(script) => { (0, eval)(script); }", exporting(*ENGINE))
        got = window.run(DECODE, asked)
    assert got["tokens"] == expected
    assert got["kernel"] == "vector" or engine == "webkit"  # which has no relaxed vector instructions before 2.52
