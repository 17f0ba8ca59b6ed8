"""Widgets of one kind take their code from one model: in Python, and in the browser."""

import pytest
from ipywidgets import Widget

from lmkit.widgets import Flashcards, Quiz
from lmkit.widgets.cards.quiz.lab import StudyView
from lmkit.widgets.shared_code import SharingView

RENDER = """async ({ script, count, known }) => {
  globalThis.loaded = 0;
  const address = URL.createObjectURL(new Blob([globalThis.sharing], { type: "text/javascript" }));
  const { default: widget } = await import(address);
  const holder = { get: (name) => ({ script, style: "p { color: rgb(1, 2, 3); }" })[name] };
  const manager = { get_model: async (id) => { if (id !== known) throw new Error(`no model ${id}`); return holder; } };
  const places = [...Array(count)].map(() => document.body.appendChild(document.createElement("p")));
  const ends = await Promise.all(places.map((el, number) => {
    const traits = { code_model: "IPY_MODEL_abc", number };
    return widget.render({ model: { get: (name) => traits[name], widget_manager: manager }, el });
  }));
  const colour = getComputedStyle(places[0]).color;
  const shown = places.map((el) => el.textContent);
  ends.forEach((end) => end?.());
  return { shown, colour, loaded: globalThis.loaded, after: places.map((el) => el.textContent) };
}"""
SCRIPT = """globalThis.loaded += 1;
export default {
  render({ model, el }) { el.textContent = `card ${model.get("number")}`; return () => { el.textContent = ""; }; },
};"""


class OtherView(SharingView):
    _script = "export default {};"


def test_views_of_one_kind_share_one_model():
    quiz, cards = Quiz("lstm").view, Flashcards("lstm", "The additive path").view
    assert quiz.code_model is cards.code_model
    assert quiz.get_state()["code_model"] == f"IPY_MODEL_{quiz.code_model.model_id}"
    assert quiz.code_model.script == StudyView._script and quiz.code_model.style == StudyView._style
    assert OtherView().code_model is not quiz.code_model
    assert len(quiz._esm) < 1500  # what each of them brings itself


def test_a_closed_model_is_made_anew():
    first = OtherView().code_model
    first.close()
    second = OtherView()
    assert second.code_model is not first and second.code_model.comm is not None
    assert OtherView().code_model is second.code_model
    assert isinstance(second.code_model, Widget)


@pytest.fixture
def page(browser):
    page = browser.new_page()
    problems = []
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.evaluate("(code) => { globalThis.sharing = code; }", SharingView._esm)
    page.problems = problems
    yield page
    page.close()


def test_the_browser_loads_the_code_once_and_ends_each_view(page):
    result = page.evaluate(RENDER, {"script": SCRIPT, "count": 3, "known": "abc"})
    assert result["shown"] == ["card 0", "card 1", "card 2"]
    assert result["loaded"] == 1
    assert result["colour"] == "rgb(1, 2, 3)"
    assert result["after"] == ["", "", ""]


def test_missing_code_is_told_in_the_widgets_place(page):
    result = page.evaluate(RENDER, {"script": SCRIPT, "count": 1, "known": "another"})
    assert "did not come with the page; run the cell again" in result["shown"][0]
    assert page.problems
