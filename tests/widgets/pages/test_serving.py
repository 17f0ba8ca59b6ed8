"""Pages take the code of their labs from files: what the book's build does with widgets."""

import base64
import json
import re
import subprocess
import zlib
from pathlib import Path
from urllib.parse import unquote

import ipywidgets
import pytest
from docutils import nodes
from ipywidgets.embed import dependency_state

from lmkit import sphinx as extension
from lmkit.widgets import DecodingLab, DropoutLab, Quiz, RegularisationLab
from lmkit.widgets.base import bundle, page_state, svg
from lmkit.widgets.base.pages import serving, staging
from tests.widgets.node import executable


@pytest.fixture(scope="module")
def code(tmp_path_factory):
    """The folder of scripts and styles that pages load."""
    folder = tmp_path_factory.mktemp("site") / "code"
    staging.write_code(folder)
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


def test_page_has_one_line_of_code_for_each_view(code):
    html = serving.served(page(DropoutLab()), "../", code, {})
    views = [model["state"] for model in state_of(html).values() if "_anywidget_id" in model["state"]]
    assert [view["_esm"] for view in views] == [bundle.start("labs/dropout/view.js")]
    assert "_css" not in views[0]
    assert "define(" not in html and "LabView" not in html


def test_page_loads_the_folders_that_its_views_need(code):
    html = serving.served(page(RegularisationLab()), "../../", code, {})
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


def test_the_first_lab_does_not_wait_for_the_scripts_of_others(code):
    """What draws widgets comes behind the scripts of the first lab, which the head names; the others come later."""
    html = serving.served(page(Quiz("sampling"), DropoutLab(), RegularisationLab()), "../", code, {})
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


def test_widgets_are_named_in_the_order_of_their_making(code):
    """The same sources give the same page: no random id is left."""
    first, second = (serving.served(page(DropoutLab(p=0.2)), "", code, {}) for _ in range(2))
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


def test_page_without_widgets_stays_as_it_is(code):
    assert serving.served("<p>no widget</p>", "", code, {}) == "<p>no widget</p>"


def test_a_widget_of_somebody_else_keeps_its_code():
    other = {"model_name": "AnyModel", "state": {"_anywidget_id": "theirs.Widget", "_esm": "export default {}"}}
    assert serving.without_code({"a": other}) == serving.Needed()
    assert other["state"]["_esm"] == "export default {}"


def test_picture_stands_before_the_lab_for_readers_without_scripts():
    together = nodes.container("", nb_element="mime_bundle")
    together += nodes.container(
        "", nodes.raw("", "<script>view</script>", format="html"), mime_type=serving.WIDGET_VIEW
    )
    together += nodes.container("", nodes.raw("", "<img>", format="html"), mime_type="text/html")
    document = nodes.container("", together)
    serving.add_pictures(None, document)
    assert document.children[0].astext() == "<noscript><img></noscript>"
    assert document.children[1] is together


@pytest.mark.parametrize(
    ("text", "sections", "is_wide"),
    [("DropoutLab(p=0.2)", 2, True), ("DropoutLab(p=0.2)", 1, False), ("Quiz('lstm')", 2, False), ("Figure", 2, False)],
)
def test_cell_of_a_lab_reaches_into_the_margin_where_there_is_one(text, sections, is_wide):
    output = nodes.container("", nodes.literal_block("", text), mime_type="text/plain")
    cell = nodes.container("", nodes.container("", output), classes=["cell"])
    page = cell
    for _ in range(sections):
        page = nodes.section("", page)
    extension.widen_labs(None, nodes.container("", page))
    assert ("full-width" in cell["classes"]) is is_wide


def test_served_page_stays_as_it_is_in_the_next_build(code):
    once = serving.served(page(DropoutLab(), DropoutLab()), "../", code, {})
    assert serving.served(once, "../", code, {}) == once


def test_assets_leave_the_state_for_files(code):
    lab = DecodingLab("stories")
    before, after = page(lab), state_of(serving.served(page(lab), "../", code, {}))
    assert "lmkit_asset" in before and len(before) > 500_000
    assert not [model for model in after.values() if page_state.is_asset(model) or "assets" in model["state"]]
    assert len(json.dumps(after)) < 50_000


def test_lab_of_another_version_keeps_its_code_and_its_assets(code):
    """Our code may not know what its state says."""
    saved = dependency_state([DecodingLab("stories")], drop_defaults=False)
    view = next(model for model in saved.values() if page_state.entry_of(model))
    view["state"]["_esm"] = view["state"]["_esm"].replace("labs/decoding/view.js@", "labs/decoding/view.js@0")
    kept = json.loads(json.dumps(saved))
    assert serving.without_code(kept) == serving.Needed()
    name = next(key for key, model in saved.items() if model is view)
    assert kept[name] == json.loads(json.dumps(view))
    assert sum(map(page_state.is_asset, kept.values())) == len(view["state"]["assets"]) == 3


def test_page_with_widgets_that_our_runtime_cannot_draw_loads_what_can(code):
    others = {"https://cdn.example/embed-amd.js": {"crossorigin": "anonymous"}, "own.js": {}}
    box = ipywidgets.Accordion([DropoutLab()])
    html = serving.served(page(box), "../", code, others)
    assert serving.not_ours(state_of(html)) == ["AccordionModel"]
    assert '<script crossorigin="anonymous" src="https://cdn.example/embed-amd.js"></script>' in html
    assert '<script src="../_static/own.js"></script>' in html and "static-widgets.js" not in html
    assert "labs-dropout.js" in html and "define(" not in html
    assert serving.not_ours(state_of(page(DropoutLab(), ipywidgets.FloatLogSlider()))) == []


def test_pictures_are_written_as_text_and_stay_what_they_are():
    html = DropoutLab().fallback()
    written = svg.as_text(html)
    (before,) = re.findall(r"data:image/svg\+xml;base64,([^\"]*)", html)
    (after,) = re.findall(r"data:image/svg\+xml,([^\"]*)", written)
    assert unquote(after) == base64.b64decode(before).decode()
    assert not set('"#&\n') & set(after) and "base64" not in written
    assert len(zlib.compress(written.encode())) < 0.7 * len(zlib.compress(html.encode()))
