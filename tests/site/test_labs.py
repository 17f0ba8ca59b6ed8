"""Every lab of every page: each step says something new, and what is typed is read whole or refused."""

import re

import pytest
from playwright.sync_api import expect

from tests.site import book
from tests.site.lab import Lab, plans
from tests.site.rendering import settle

pytestmark = pytest.mark.site
LONGEST_PROBLEM = 300
GROWTH = 160  # px: a message of a few lines

# Moves the handle of a slider by keys, some steps from either end, and waits after each until the view shows something
# else. Where the handle did not move there is nothing to say.
STEPS = """async (handle) => {
  const view = handle.closest(".lmkit-lab").querySelector(".lmkit-content");
  const keys = ["Home", "ArrowRight", "ArrowRight", "ArrowRight", "End", "ArrowLeft", "ArrowLeft", "ArrowLeft"];
  const silent = [];
  handle.focus();
  for (const key of keys) {
    const [shown, place] = [view.innerHTML, handle.getAttribute("aria-valuenow")];
    handle.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
    if (handle.getAttribute("aria-valuenow") === place) continue;
    const end = performance.now() + 5000;
    while (view.innerHTML === shown && performance.now() < end) await new Promise(requestAnimationFrame);
    if (view.innerHTML === shown) silent.push(handle.getAttribute("aria-valuetext"));
  }
  return silent;
}"""


@pytest.fixture
def labs(open_page, request) -> list[Lab]:
    """All labs with controls of the page that a test is about, ready to use."""
    document = request.param
    page = open_page(f"{document}.html")
    settle(page)
    roots = page.locator(".lmkit-lab")
    return [Lab(roots.nth(i), plan) for i, plan in enumerate(plans(*book.built_widgets(document))) if plan.controls]


def settings_of(lab: Lab):
    """Bring a lab to each option of its switches in turn: some show sliders of their own."""
    yield ""
    for name, control in lab.plan.controls.items():
        if control.kind == "RadioButtons":
            for option in (*control.options, control.default):
                lab.choose(name, option)
                yield option


@pytest.mark.parametrize("labs", book.with_labs(), indirect=True)
def test_every_lab_answers_and_refuses(labs):
    for lab in labs:
        check_steps(lab)
        check_fields(lab)
        check_readout(lab)


def check_steps(lab: Lab) -> None:
    """Each step of each slider shows something that was not there before."""
    silent, tried = {}, set()
    for setting in settings_of(lab):
        for handle in lab.root.locator(".lmkit-controls .noUi-handle").all():
            name = handle.get_attribute("aria-label")
            if handle.is_visible() and name not in tried:
                tried.add(name)
                if found := handle.evaluate(STEPS):
                    silent[f"{setting} {name}".strip()] = found
    assert not silent, f"{lab.plan.kind}: nothing new at {silent}"


def check_fields(lab: Lab) -> None:
    """Every field reads or refuses what is typed, each at the first setting that shows it."""
    kinds = {name: control.kind for name, control in lab.plan.controls.items()}
    left = {name for name, kind in kinds.items() if kind in ("Text", "Combobox") or "IntText" in kind}
    for _ in settings_of(lab):
        for name in sorted(name for name in left if lab[name].is_visible()):
            left.remove(name)
            (check_numbers if "IntText" in kinds[name] else check_long_texts)(lab, name)
        if not left:
            break
    assert not left, f"{lab.plan.kind}: no setting shows {left}"


def check_long_texts(lab: Lab, name: str) -> None:
    """A word or a text without end is refused in few words, and the lab stays as high as it was."""
    field, height = lab[name].locator("input"), lab.root.bounding_box()["height"]
    before = field.input_value()
    for text, says in (("x" * 20_000, "‘x+…’|holds \\d+"), ("the " * 4000, "but it holds \\d+|‘the’")):
        field.fill(text)
        expect(lab.problem).to_have_text(re.compile(says))
        assert len(lab.problem.inner_text()) <= LONGEST_PROBLEM
        assert lab.root.bounding_box()["height"] <= height + GROWTH
    field.fill(before)
    expect(lab.problem).to_be_hidden()


def check_numbers(lab: Lab, name: str) -> None:
    """What is typed is the number that it stands for, or is refused; never a part of it."""
    field = lab[name].locator("input")
    for typed, read in (("1e3", "1000"), ("1.5", None), ("-1", None), ("12", "12")):
        field.click()
        lab.page.keyboard.press("ControlOrMeta+a")
        lab.page.keyboard.type(typed)
        lab.page.keyboard.press("Enter")
        if read:
            expect(field).to_have_value(read)
            expect(lab.problem).to_be_hidden()
        else:
            expect(lab.problem).to_contain_text(f"but it is ‘{typed}’")


def check_readout(lab: Lab) -> None:
    """The same for the number beside a slider."""
    readouts = [node for node in lab.root.locator(".widget-readout[contenteditable=true]").all() if node.is_visible()]
    if not readouts:
        return
    readout = readouts[0]
    before = readout.text_content()
    for typed in ("ten", "1e9"):
        readout.fill(typed)
        readout.press("Enter")
        expect(lab.problem).to_contain_text(f"but it is ‘{typed}’")
    readout.fill(before)
    readout.press("Enter")
    expect(lab.problem).to_be_hidden()
