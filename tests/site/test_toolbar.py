"""Labs of every kind: a link brings back each control, Reset too, and what is no link of ours harms nothing."""

import re
from functools import cache
from urllib.parse import parse_qsl, urlencode

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.site import book
from tests.site import browser as chromium
from tests.site.lab import TWO_FRAMES, Lab, eventually, plans
from tests.site.rendering import settle

pytestmark = pytest.mark.site
SHORT = "book/recurrent_networks"  # a page with several labs that need no model
CLIPBOARD = """Object.defineProperty(navigator, "clipboard", {
  value: { writeText: async (text) => { globalThis.copied = text; } }, configurable: true,
});"""
OPENED, RESET = "Set as in the link.", "Back at its start."

# What the controls of a lab show, by name: handles, numbers beside them, fields, boxes.
SHOWN = """(lab) => Object.fromEntries([...lab.querySelectorAll(".lmkit-controls > *")].map((control) => [
  [...control.classList].filter((name) => name.startsWith("lmkit-")).join(" "),
  [...control.querySelectorAll(".noUi-handle, .widget-readout, input, select")].map((part) =>
    part.matches(".noUi-handle") ? part.getAttribute("aria-valuenow")
    : part.matches("[type=radio], [type=checkbox]") ? part.checked
    : part.value ?? part.textContent),
]))"""


def with_clipboard(page: Page) -> None:
    page.context.add_init_script(CLIPBOARD)


@cache
def old_kinds(document: str) -> frozenset[str]:
    """The kinds of view that pages before this one show."""
    before = book.with_labs()[: book.with_labs().index(document)]
    return frozenset(plan.kind for page in before for plan in plans(*book.built_widgets(page)))


def new_labs_of(page: Page, document: str) -> list[Lab]:
    """Of `labs_of` the first of each kind that no page before this one shows."""
    first = {lab.plan.kind: lab for lab in reversed(labs_of(page, document))}
    return [lab for kind, lab in reversed(first.items()) if kind not in old_kinds(document)]


def labs_of(page: Page, document: str) -> list[Lab]:
    """The labs of an open page that have controls, ready to use."""
    settle(page)
    roots = page.locator(".lmkit-lab")
    found = [Lab(roots.nth(i), plan) for i, plan in enumerate(plans(*book.built_widgets(document)))]
    return [lab for lab in found if lab.plan.controls]


def bar(lab: Lab) -> Locator:
    return lab.root.get_by_role("group", name="This lab")


def press(lab: Lab, name: str) -> None:
    bar(lab).get_by_role("button", name=name, exact=True).click()


def copied(lab: Lab) -> str:
    """The link to a lab as it stands."""
    lab.page.evaluate("globalThis.copied = ''")
    press(lab, "Copy link")
    return eventually(lab.page, lambda: lab.page.evaluate("copied"), bool)


def fields(link: str) -> dict[str, str]:
    return dict(parse_qsl(link.split("#")[1], keep_blank_values=True))


def controls_shown(lab: Lab) -> dict:
    return lab.root.evaluate(SHOWN)


def says(lab: Lab, text) -> None:
    expect(bar(lab).get_by_role("status")).to_have_text(text)


def other_value(lab: Lab, name: str):
    """A value at which a control does not stand at first."""
    control = lab.plan.controls[name]
    if control.kind == "Checkbox":
        return not control.default
    if control.kind in ("Text", "Combobox"):
        return next((text for text in control.options if text != control.default), shortened(control.default))
    if "IntText" in control.kind:
        return 12 if control.default != 12 else 13
    return control.at(control.low if control.default != control.at(control.low) else control.high)


def shortened(text: str) -> str:
    """The beginning of a text, which a model can read where it can read the whole."""
    words = text.split()
    return " ".join(words[: max(1, len(words) - 2)])


def move_all(lab: Lab) -> None:
    """Bring every control that is in sight to another value, as a reader does."""
    for name, control in lab.plan.controls.items():
        if lab[name].is_visible():
            lab.set(name, other_value(lab, name), keyboard="Slider" in control.kind)
            lab.page.evaluate(TWO_FRAMES)  # it may put others away


@pytest.mark.parametrize("document", book.with_new_labs())
def test_link_and_reset_bring_back_every_control(open_page, document):
    first = open_page(f"{document}.html", prepare=with_clipboard)
    second = open_page(f"{document}.html", prepare=with_clipboard)
    for place, lab in enumerate(new_labs_of(first, document)):
        start, before = copied(lab), controls_shown(lab)
        move_all(lab)
        settle(first)
        link, shown = copied(lab), controls_shown(lab)
        changed = {name for name, value in fields(link).items() if value != fields(start)[name]}
        assert changed, f"{lab.plan.kind}: nothing has moved"

        second.goto("about:blank")
        second.goto(link)
        opened = new_labs_of(second, document)[place]
        says(opened, OPENED)
        eventually(
            second, lambda lab=opened: controls_shown(lab), shown.__eq__, lambda found, s=shown: differ(found, s)
        )
        assert fields(copied(opened)) == fields(link)
        expect(opened.root).to_be_in_viewport()

        press(opened, "Reset")
        says(opened, RESET)
        eventually(
            second, lambda lab=opened: controls_shown(lab), before.__eq__, lambda found, b=before: differ(found, b)
        )
        assert fields(copied(opened)) == fields(start)

        second.evaluate("(link) => { location.hash = ''; location.href = link; }", link)  # and on a page that is open
        says(opened, OPENED)
        eventually(
            second, lambda lab=opened: controls_shown(lab), shown.__eq__, lambda found, s=shown: differ(found, s)
        )
        press(lab, "Reset")
        eventually(first, lambda lab=lab: controls_shown(lab), before.__eq__, lambda found, b=before: differ(found, b))


def differ(found: dict, expected: dict) -> dict:
    return {name: (found.get(name), value) for name, value in expected.items() if found.get(name) != value}


def other_link(link: str, **changes: str) -> str:
    return f"{link.split('#')[0]}#{urlencode({**fields(link), **changes})}"


def test_what_does_not_fit_is_told_and_sets_nothing(open_page):
    page = open_page(f"{SHORT}.html", prepare=with_clipboard)
    lab = next(lab for lab in labs_of(page, SHORT) if lab.plan.kind == "ParameterView")
    start = copied(lab)
    for changes, message in (
        ({"hidden_size": "100000"}, r"does not fit this lab in what it says of Hidden state\.$"),
        ({"hidden_size": "<img src=x>", "tied": "maybe"}, r"says of Hidden state, Tie the output"),
        ({"__proto__": "1", "x" * 5000: "1"}, r"the names ‘__proto__’, ‘x+…’\.$"),
        ({"v": "00000000", "hidden_size": "12"}, r"^The link is of another version"),
    ):
        page.goto("about:blank")
        page.goto(other_link(start, **changes))
        lab = next(lab for lab in labs_of(page, SHORT) if lab.plan.kind == "ParameterView")
        says(lab, re.compile(message))
        assert fields(copied(lab)) == fields(start)
        assert len(bar(lab).get_by_role("status").inner_text()) <= 300


def test_link_to_a_lab_that_is_not_here_is_told_once(open_page):
    page = open_page(f"{SHORT}.html#lab=nothing-1&v=00000000")
    first, *others = labs_of(page, SHORT)
    says(first, "The link leads to a lab that is not on this page.")
    for lab in others:
        says(lab, "")


def link_with(start: str, row: dict, value) -> str:
    """A link that differs from that of the start in one control."""
    is_whole = isinstance(value, bool) or isinstance(value, float) and value.is_integer()  # the page writes 0.0 as 0
    return other_link(start, **{row["name"]: str(int(value) if is_whole else value)})


def another(lab: Lab, row: dict):
    """A value that a control can have and does not start at, whether it is in sight or not."""
    if row["type"] == "bool":
        return not row["start"]
    if row["type"] == "text":
        return other_value(lab, row["name"])
    low, high = row["low"], row["high"]
    return low if row["start"] != low or isinstance(high, str) else high


def follow(page: Page, link: str) -> None:
    """Follow a link on the page that is open."""
    page.evaluate("(link) => { location.hash = ''; location.href = link; }", link)


@pytest.mark.parametrize("document", book.with_new_labs())
def test_link_restores_each_control_of_each_lab(open_page, document):
    """One after the other, those too that are put away: the lab says so itself, and no clock decides."""
    page = open_page(f"{document}.html", prepare=with_clipboard)
    for lab in new_labs_of(page, document):
        start, rows = copied(lab), lab.plan.view["toolbar"]["controls"]
        assert [row["name"] for row in rows] == list(lab.plan.controls)
        for row in rows:
            value = another(lab, row)
            if value == row["start"]:
                continue
            follow(page, link_with(start, row, value))
            name, wanted = row["name"], fields(link_with(start, row, value))[row["name"]]
            eventually(page, lambda lab=lab, name=name: fields(copied(lab))[name], wanted.__eq__)
            link = copied(lab)  # with what the control has changed besides: tied weights have one size
            press(lab, "Reset")
            says(lab, RESET)
            follow(page, link)
            says(lab, OPENED)
            assert fields(copied(lab)) == fields(link), f"{lab.plan.kind}: {name}"
        press(lab, "Reset")
        eventually(page, lambda lab=lab: fields(copied(lab)), fields(start).__eq__)


NOTE_RETURN = "addEventListener('pageshow', (event) => { globalThis.isKept = event.persisted; });"


@pytest.fixture(scope="module")
def keeping_browser(browser):
    """A browser that keeps pages as they are when a reader leaves them: readers' own do, those of tests don't."""
    switched_off = "--disable-back-forward-cache"
    kept = browser.browser_type.launch(
        executable_path=chromium.executable(), args=chromium.ARGUMENTS, ignore_default_args=[switched_off]
    )
    yield kept
    kept.close()


def states(page: Page, document: str) -> list[tuple[dict, dict[str, str]]]:
    """What the controls of all labs show, and what the labs know."""
    return [(controls_shown(lab), fields(copied(lab))) for lab in new_labs_of(page, document)]


@pytest.mark.parametrize("is_kept", [True, False])
@pytest.mark.parametrize("document", book.with_new_labs())
def test_back_never_leaves_a_control_that_disagrees(browser, keeping_browser, site, document, is_kept):
    """A page that was kept is as it was; one that is loaded anew is at its start, whatever browsers fill in."""
    context = (keeping_browser if is_kept else browser).new_context(reduced_motion="reduce", service_workers="block")
    context.add_init_script(CLIPBOARD + NOTE_RETURN)
    page = context.new_page()
    page.goto(f"{site}/{document}.html")
    start = states(page, document)
    for lab in new_labs_of(page, document):
        move_all(lab)
    moved = states(page, document)
    assert all(knows != knew for (_, knows), (_, knew) in zip(moved, start, strict=True))
    page.evaluate("delete globalThis.isKept")
    page.goto(f"{site}/book/glossary.html")
    page.go_back(wait_until="commit")  # a page that was kept is not loaded
    page.wait_for_function("globalThis.isKept !== undefined")
    kept = page.evaluate("isKept")
    assert kept == is_kept or (is_kept and document != SHORT), "no page was kept: nothing is tried here"
    assert states(page, document) == (moved if kept else start)
    context.close()


def test_link_opens_from_a_disk_without_a_network(open_page):
    page = open_page((book.SITE / f"{SHORT}.html").as_uri(), prepare=with_clipboard, known=re.compile("file:"))
    page.context.set_offline(True)
    lab = labs_of(page, SHORT)[0]
    move_all(lab)
    link, shown = copied(lab), controls_shown(lab)
    page.goto("about:blank")
    page.goto(link)
    lab = labs_of(page, SHORT)[0]
    says(lab, OPENED)
    assert (fields(copied(lab)), controls_shown(lab)) == (fields(link), shown)


@pytest.mark.parametrize("has_api", [True, False])
def test_full_screen_keeps_the_keys_and_covers_everything(open_page, has_api):
    page = open_page(f"{SHORT}.html")
    lab = labs_of(page, SHORT)[0]
    if not has_api:
        page.evaluate("delete Element.prototype.requestFullscreen")
    press(lab, "Full screen")
    handle = lab.handle("step")
    expect(handle).to_be_focused()
    before = handle.get_attribute("aria-valuenow")
    page.keyboard.press("ArrowLeft")
    expect(handle).not_to_have_attribute("aria-valuenow", before)
    corners = """() => [[2, 2], [innerWidth - 20, 2], [2, innerHeight - 2], [innerWidth / 2, innerHeight / 2]].every(
      ([x, y]) => document.elementFromPoint(x, y)?.closest(".lmkit-lab"))"""
    page.wait_for_function(corners)
    lab.drag("step", 1)  # by the mouse, where all is larger
    press(lab, "Leave full screen")
    expect(page.locator(".lmkit-full")).to_have_count(0)


def test_buttons_are_large_enough_for_a_finger(open_page):
    page = open_page(f"{SHORT}.html", size="390", has_touch=True, is_mobile=True)
    for lab in labs_of(page, SHORT):
        for button in bar(lab).get_by_role("button").all():
            assert button.bounding_box()["height"] >= 44
