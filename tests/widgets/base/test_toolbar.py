"""The toolbar below a lab: what Python tells it, Reset, the link, and the full screen."""

import re

import pytest
from playwright.sync_api import Page, expect

from lmkit.widgets import LABS, BeamTreeLab, ParameterLab
from lmkit.widgets.base import assets, bundle
from lmkit.widgets.base.controls import Choice
from tests.widgets.base.test_arguments import made

SAID = f'__lmkit.require("{bundle.modules("base/toolbar/toolbar.js")[-1].name}").SAID'
SETTING = {"hidden_size": 300, "num_layers": 3, "tied": True, "embedding_size": 300, "cell_index": 2}


@pytest.mark.parametrize("name", LABS)
def test_toolbar_knows_every_control(name):
    lab = made(name)
    rows = {row["name"]: row for row in lab.view.toolbar.get("controls", ())}
    assert list(rows) == list(lab.controls)
    for name, row in rows.items():
        assert row["start"] == getattr(lab.view, row["trait"]) and row["label"] == lab.controls[name].description
        if row["type"] in ("int", "float") and not isinstance(row["high"], str):
            assert row["low"] <= row["start"] <= row["high"]
        if isinstance(lab.rows[name], Choice):
            assert row["high"] == len(lab.rows[name].labels) - 1
    assert not {"lab", "v"} & set(rows), "links have these names for themselves"


def test_version_is_that_of_the_controls_and_not_of_where_they_stand():
    def version(**options) -> str:
        return ParameterLab(**options).view.toolbar["version"]

    assert version() == version(hidden_size=200) == version(tied=True)
    assert version() != version(controls=["hidden_size", "embedding_size"])


def test_range_that_depends_on_other_controls_is_named():
    rows = {row["name"]: row for row in BeamTreeLab().view.toolbar["controls"]}
    assert rows["step"]["high"] == "steps"


def test_lab_without_controls_has_no_toolbar(view):
    lab = ParameterLab(controls=[])
    page = view.put(lab, toolbar=lab.view.toolbar)
    assert lab.view.toolbar == {} and not page.locator(".lmkit-toolbar").count()


# On a page


def bar(page: Page):
    return page.get_by_role("group", name="This lab")


def button(page: Page, name: str):
    return bar(page).get_by_role("button", name=name, exact=True)


@pytest.fixture
def lab_page(view):
    """A function that shows a lab, in a notebook unless `root` is given, and returns the page."""

    def show(lab=None, root: str | None = None) -> Page:
        lab = lab or ParameterLab()
        page = view.put(lab, toolbar=lab.view.toolbar)
        if root:
            page.evaluate(
                "(root) => { __lmkit.root = root; stop(); document.querySelector('#view').replaceChildren(); }", root
            )
            page.evaluate("start(model.state, {})")
            view.settle()
        return page

    return show


def test_reset_brings_every_control_back(lab_page, view):
    page = lab_page()
    before = {name: view.get(name) for name in SETTING}
    view.set(**SETTING)
    button(page, "Reset").click()
    view.settle()
    assert {name: view.get(name) for name in SETTING} == before
    expect(bar(page).get_by_role("status")).to_have_text(page.evaluate(f"{SAID}.reset"))


def test_no_link_in_a_notebook_whose_address_would_not_bring_it_back(lab_page):
    page = lab_page()
    expect(button(page, "Copy link")).to_be_hidden()
    expect(button(page, "Reset")).to_be_visible()


def test_address_is_shown_selected_where_there_is_no_clipboard(lab_page, view):
    page = lab_page(root="https://example.org/_static/lmkit/")
    page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined, configurable: true })")
    button(page, "Copy link").click()
    field = bar(page).get_by_label("Link to this lab as it stands")
    expect(field).to_be_focused()
    expect(field).to_have_value(re.compile(r"#lab=parameters&v=\w{8}&vocab_size=\d+&.*&tied=0"))
    assert field.evaluate("(field) => field.value.slice(field.selectionStart, field.selectionEnd) === field.value")
    button(page, "Reset").click()
    expect(field).to_be_hidden()


@pytest.mark.parametrize("has_api", [True, False])
def test_full_screen_covers_the_page_and_escape_leaves_it(lab_page, has_api):
    page = lab_page()
    page.evaluate("document.body.insertAdjacentHTML('afterbegin', '<button id=other>Other</button>')")
    if not has_api:
        page.evaluate("delete Element.prototype.requestFullscreen")
    button(page, "Full screen").click()
    leave = button(page, "Leave full screen")
    expect(leave).to_be_visible()
    lab = page.locator(".lmkit-lab")
    if has_api:
        page.wait_for_function("document.fullscreenElement?.matches('.lmkit-lab')")
    box, size = lab.bounding_box(), page.viewport_size
    assert (box["x"], box["y"], box["width"]) == (0, 0, size["width"])
    page.evaluate("document.querySelector('#other').focus()")
    assert page.evaluate("document.activeElement.id") != "other", "what is covered takes no focus"
    if has_api:  # the browser hears Escape before the page does: in tests it must be told
        page.evaluate("document.exitFullscreen()")
    else:
        page.keyboard.press("Escape")
    expect(button(page, "Full screen")).to_be_focused()
    assert not lab.evaluate("(lab) => lab.matches('.lmkit-full, :fullscreen')")
    page.evaluate("document.querySelector('#other').focus()")
    assert page.evaluate("document.activeElement.id") == "other"


def test_refused_full_screen_covers_the_page_all_the_same(lab_page):
    page = lab_page()
    page.evaluate("() => { Element.prototype.requestFullscreen = async () => { throw new TypeError('no'); }; }")
    button(page, "Full screen").click()
    expect(page.locator(".lmkit-lab.lmkit-full")).to_be_visible()
    button(page, "Leave full screen").click()
    expect(page.locator(".lmkit-full")).to_have_count(0)


def test_lab_that_closes_leaves_the_full_screen(lab_page):
    page = lab_page()
    page.evaluate("delete Element.prototype.requestFullscreen")
    button(page, "Full screen").click()
    page.evaluate("stop()")
    assert not page.locator(".lmkit-full, [inert]:not(.lmkit-content)").count()


def test_notebook_saves_with_what_python_sends(view):
    """A view has not brought what makes files: it asks for that when it is needed, once."""
    lab = ParameterLab()
    page = view.put(lab, {assets.SAVING: assets.saving()}, toolbar=lab.view.toolbar)
    page.evaluate(
        "() => { globalThis.asked = []; const { send } = model; "
        "model.send = (message) => { asked.push(message.need); send.call(model, message); }; }"
    )
    button(page, "Save").click()
    for name, kind in (("Numbers (CSV)", "csv"), ("Picture (SVG)", "svg")):
        with page.expect_download() as download:
            button(page, name).click()
        assert re.fullmatch(rf"parameters-lab-[\dT-]+\.{kind}", download.value.suggested_filename)
        expect(bar(page).get_by_role("status")).to_have_text(f"Saved as {download.value.suggested_filename}.")
    assert page.evaluate("asked") == [assets.SAVING]


def test_lab_that_shows_nothing_yet_says_so(lab_page):
    page = lab_page()
    button(page, "Save").click()
    page.evaluate("document.querySelector('.lmkit-content').hidden = true")
    button(page, "Picture (SVG)").click()
    expect(bar(page).get_by_role("status")).to_have_text("There is nothing to save yet.")


def test_toolbar_is_not_printed(lab_page):
    page = lab_page()
    page.emulate_media(media="print")
    expect(bar(page)).to_be_hidden()
    page.emulate_media(media="screen")
