"""Pages take the code of their labs from files: what the book's build does with widgets."""

import base64
import json
import re
import subprocess
import zlib
from pathlib import Path
from urllib.parse import unquote

import pytest
from docutils import nodes
from ipywidgets.embed import dependency_state
from sphinx.errors import ExtensionError

from lmkit.widgets import DropoutLab, Quiz, RegularisationLab
from lmkit.widgets.base import bundle, page_state, svg
from tests import extensions
from tests.widgets.node import executable

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def lab_scripts():
    return extensions.load("lab_scripts")


@pytest.fixture(scope="module")
def code(lab_scripts, tmp_path_factory):
    """The folder of scripts and styles that pages load."""
    folder = tmp_path_factory.mktemp("site") / "code"
    lab_scripts.write_code(folder)
    return folder


RUNTIME = '<script defer="defer" src="../_static/vendor/static-widgets.js?v=1"></script>'


def page(*labs) -> str:
    """A page with the state of labs and a view of the last one, as myst-nb writes them."""
    state = {"state": dependency_state(labs, drop_defaults=False)}
    view = json.dumps({"model_id": labs[-1].model_id})
    return (
        f'<script type="application/vnd.jupyter.widget-state+json">{json.dumps(state)}</script>{RUNTIME}'
        f'<script type="application/vnd.jupyter.widget-view+json">{view}</script>'
    )


def state_of(html: str) -> dict:
    found = re.search(r'<script type="application/vnd\.jupyter\.widget-state\+json">(.*?)</script>', html, re.DOTALL)
    return json.loads(found[1])["state"]


def test_page_has_one_line_of_code_for_each_view(lab_scripts, code):
    html = lab_scripts.served(page(DropoutLab()), "../", code)
    views = [model["state"] for model in state_of(html).values() if "_anywidget_id" in model["state"]]
    assert [view["_esm"] for view in views] == [bundle.start("labs/dropout/view.js")]
    assert "_css" not in views[0]
    assert "define(" not in html and "LabView" not in html


def test_page_loads_the_folders_that_its_views_need(lab_scripts, code):
    html = lab_scripts.served(page(RegularisationLab()), "../../", code)
    loaded = re.findall(r'(?:src|href)="\.\./\.\./_static/lmkit/code/([^"?]+)\?v=[0-9a-f]{8}"', html)
    assert [name for name in loaded if name.endswith(".js")] == [
        "base.js",
        "base-charts.js",
        "base-toolbar.js",
        "labs-regularisation.js",
    ]
    assert [name for name in loaded if name.endswith(".css")] == [
        "base-toolbar-style.css",
        "base-lab.css",
        "base-charts-run_chart.css",
        "labs-regularisation-style.css",
    ]
    assert all((code / name).is_file() for name in loaded)


def test_the_first_lab_does_not_wait_for_the_scripts_of_others(lab_scripts, code):
    """What draws widgets comes behind the scripts of the first lab, which the head names; the others come later."""
    html = lab_scripts.served(page(Quiz("sampling"), DropoutLab(), RegularisationLab()), "../", code)
    scripts = [Path(name).name for name in re.findall(r'<script defer="defer" src="([^"?]+)', html)]
    first = scripts[: scripts.index("static-widgets.js")]
    assert {"base.js", "labs-dropout.js"} <= set(first)
    assert {"cards.js", "cards-quiz.js", "labs-regularisation.js"} <= set(scripts) - set(first)
    assert len(scripts) == len(set(scripts))
    named = re.search(r'<meta name="first-view" content="(w\d+)"/>', html)[1]
    assert state_of(html)[named]["state"]["_anywidget_id"].startswith("lmkit.widgets.labs.dropout.")
    assert html.index('as="script" href="../_static/vendor/anywidget.js"') < html.index("static-widgets.js")


def test_scripts_of_folders_start_every_view(code, tmp_path):
    """All of them together, in any order, as classic scripts: each view's module can then be had."""
    starts = [bundle.start(path.relative_to(bundle.WIDGETS).as_posix()) for path in bundle.WIDGETS.glob("*/*/view.js")]
    wanted = [re.search(r'require\("([^"]+)"\)', start)[1] for start in starts]
    scripts = "".join(path.read_text(encoding="utf-8") for path in sorted(code.glob("*.js"), reverse=True))
    program = (
        f"{scripts}for (const name of {json.dumps(wanted)}) console.log(typeof __lmkit.require(name).default.render);"
    )
    (tmp_path / "all.cjs").write_text(program, encoding="utf-8")
    done = subprocess.run([executable(), tmp_path / "all.cjs"], capture_output=True, text=True)
    assert done.stdout.split() == ["function"] * len(wanted), done.stderr
    assert len(wanted) >= 14


def test_widgets_are_named_in_the_order_of_their_making(lab_scripts, code):
    """The same sources give the same page: no random id is left."""
    first, second = (lab_scripts.served(page(DropoutLab(p=0.2)), "", code) for _ in range(2))
    assert list(state_of(first)) == [f"w{number}" for number in range(len(state_of(first)))]
    assert first == second
    shown = re.search(r'"model_id": "(w\d+)"', first)[1]
    assert state_of(first)[shown]["model_name"] == "VBoxModel"


def test_labs_of_a_kind_are_numbered_in_the_order_of_their_making():
    labs = [DropoutLab(), RegularisationLab(), DropoutLab(), DropoutLab(controls=[])]
    state = {key: {"state": {"toolbar": dict(lab.view.toolbar)}} for key, lab in zip("abcd", labs, strict=True)}
    page_state.number_labs(state | {"e": {"state": {}}})
    names = [model["state"]["toolbar"].get("lab") for model in state.values()]
    assert names == ["dropout-1", "regularisation-1", "dropout-2", None]


def test_page_without_widgets_stays_as_it_is(lab_scripts, code):
    assert lab_scripts.served("<p>no widget</p>", "", code) == "<p>no widget</p>"


def test_a_widget_of_somebody_else_keeps_its_code(lab_scripts):
    other = {"model_name": "AnyModel", "state": {"_anywidget_id": "theirs.Widget", "_esm": "export default {}"}}
    assert lab_scripts.without_code({"a": other}) == lab_scripts.Needed()
    assert other["state"]["_esm"] == "export default {}"


def test_a_kernel_that_does_not_match_its_source_fails_the_build(lab_scripts, tmp_path, monkeypatch):
    monkeypatch.setattr(lab_scripts.kernel, "belongs", lambda text, targets: False)
    with pytest.raises(ExtensionError, match=r"wasm\.js: not compiled from the C sources in .*; run `make kernel`"):
        lab_scripts.write_code(tmp_path / "code")


def test_picture_stands_before_the_lab_for_readers_without_scripts(lab_scripts):
    together = nodes.container("", nb_element="mime_bundle")
    together += nodes.container(
        "", nodes.raw("", "<script>view</script>", format="html"), mime_type=lab_scripts.WIDGET_VIEW
    )
    together += nodes.container("", nodes.raw("", "<img>", format="html"), mime_type="text/html")
    document = nodes.container("", together)
    lab_scripts.add_pictures(None, document)
    assert document.children[0].astext() == "<noscript><img></noscript>"
    assert document.children[1] is together


@pytest.mark.parametrize(
    ("text", "is_wide"),
    [("DropoutLab(p=0.2)", True), ("Quiz('lstm')", False), ("Figure(640x480)", False)],
)
def test_cell_of_a_lab_reaches_into_the_margin(lab_scripts, text, is_wide):
    output = nodes.container("", nodes.literal_block("", text), mime_type="text/plain")
    cell = nodes.container("", nodes.container("", output), classes=["cell"])
    lab_scripts.widen_labs(None, nodes.container("", cell))
    assert ("full-width" in cell["classes"]) is is_wide


def test_pictures_are_written_as_text_and_stay_what_they_are():
    html = DropoutLab().fallback()
    written = svg.as_text(html)
    (before,) = re.findall(r"data:image/svg\+xml;base64,([^\"]*)", html)
    (after,) = re.findall(r"data:image/svg\+xml,([^\"]*)", written)
    assert unquote(after) == base64.b64decode(before).decode()
    assert not set('"#&\n') & set(after) and "base64" not in written
    assert len(zlib.compress(written.encode())) < 0.7 * len(zlib.compress(html.encode()))
