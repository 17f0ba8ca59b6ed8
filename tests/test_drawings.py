"""Drawings: step by step, in the colours of roles, and readable on a phone."""

import re
from itertools import combinations
from xml.etree import ElementTree

import pytest

from lmkit.plots.roles import ROLES, css
from lmkit.study import drawings
from lmkit.study.drawings.searching import _PANELS, nucleus_size
from lmkit.study.drawings.svg_canvas import PAPER
from tests.colour import contrast

SVG = "{http://www.w3.org/2000/svg}"
PHONE, SMALLEST = 306, 11  # px; so much room has a card on a phone 390 px wide

# Every label's box, size and step, and the ways of the lines as points, in the drawing's own units.
MEASURE = """(root) => {
  const boxes = [...root.querySelectorAll("text")].map((text) => {
    const { x, y, width, height } = text.getBBox();
    const sizes = [...text.querySelectorAll("tspan")].map((span) => parseFloat(getComputedStyle(span).fontSize));
    const font = parseFloat(getComputedStyle(text).fontSize);
    return { text: text.textContent, x, y, width, height, size: Math.min(font, ...sizes) };
  });
  const lines = [...root.querySelectorAll("path")].filter((path) => getComputedStyle(path).fill === "none");
  const ways = lines.map((path) => Array.from({ length: 1 + Math.ceil(path.getTotalLength() / 2) }, (_, i) => {
    const { x, y } = path.getPointAtLength(2 * i);
    return [x, y];
  }));
  const all = root.getBBox(), { width, height } = root.viewBox.baseVal;
  return { boxes, ways, all: [all.x, all.y, all.x + all.width, all.y + all.height], size: [width, height] };
}"""


@pytest.fixture(scope="module", params=drawings.NAMES)
def name(request):
    return request.param


def groups(svg):
    return {g.get("data-step"): ElementTree.tostring(g) for g in ElementTree.fromstring(svg).findall(f"{SVG}g")}


def test_steps_are_groups_from_1_on(name):
    count = drawings.steps(name)
    assert count >= 3
    assert list(groups(drawings.svg(name))) == [str(step) for step in range(1, count + 1)]


def test_drawing_up_to_a_step_holds_the_same_groups_and_no_more(name):
    whole = groups(drawings.svg(name))
    for step in range(1, drawings.steps(name) + 1):
        some = groups(drawings.svg(name, step))
        assert list(some) == list(whole)[:step]
        assert some.items() <= whole.items()


def test_each_step_draws_something(name):
    for group in groups(drawings.svg(name)).values():
        assert re.search(rb"<ns0:(path|rect|text|circle)", group)


def test_colours_are_those_of_roles_the_paper_and_the_pages_ink(name):
    shades = {f"var(--lm-{role}, {hues['light']})" for role, hues in ROLES.items()}
    inks = {f"var(--lm-{role}-text, {hues['light_text']})" for role, hues in ROLES.items()}
    svg = drawings.svg(name)
    fills = set(re.findall(r"fill: ([^;\"]*)", svg))
    strokes = set(re.findall(r"stroke: ([^;\"]*)", svg))
    assert fills <= shades | inks | {PAPER, "none", "currentColor"}
    assert strokes <= shades
    assert not re.search(r' (fill|stroke|color)="', svg)


def test_drawing_as_a_file_needs_nothing_around_it(name):
    file = drawings.standalone_svg(name)
    ElementTree.fromstring(file)
    assert not re.search(r"var\(|currentColor|href|url\(", file)
    known = {hue for hues in ROLES.values() for hue in (hues["light"], hues["light_text"])}
    assert set(re.findall(r"#[0-9a-f]{6}", file)) <= known | {"#ffffff", "#1f2328"}


def test_drawing_has_no_ids_so_that_two_copies_do_no_harm(name):
    assert not re.search(r'\bid="|url\(|href', drawings.svg(name))


def test_alternative_text_grows_by_a_sentence_with_each_step(name):
    texts = [drawings.alt(name, step) for step in range(1, drawings.steps(name) + 1)]
    for shorter, longer in zip(texts, texts[1:], strict=False):
        assert longer.startswith(f"{shorter} ")
        assert len(longer) > len(shorter) + 20
    assert drawings.alt(name) == texts[-1]
    root = ElementTree.fromstring(drawings.svg(name, 2))
    assert root.get("role") == "img" and root.get("aria-label") == texts[1]


@pytest.fixture(scope="module")
def page(browser):
    """A page as wide as a card on a phone, one for all drawings."""
    page = browser.new_page(viewport={"width": PHONE, "height": 900})
    yield page
    page.close()


@pytest.fixture(scope="module")
def measured(page, name):
    """Of the second of two copies, for the first must do it no harm."""
    page.set_content(f"<style>{css()} body {{ margin: 0 }}</style>{drawings.svg(name)}{drawings.svg(name)}")
    return page.locator("svg").last.evaluate(MEASURE)


def test_everything_lies_within_the_drawing(measured):
    left, top, right, bottom = measured["all"]
    width, height = measured["size"]
    assert left >= 0 and top >= 0 and right <= width and bottom <= height
    for box in measured["boxes"]:
        assert box["x"] >= 0 and box["y"] >= 0, box
        assert box["x"] + box["width"] <= width and box["y"] + box["height"] <= height, box


def test_text_is_large_enough_on_a_phone(measured):
    scale = PHONE / measured["size"][0]
    for box in measured["boxes"]:
        assert box["size"] * scale >= SMALLEST, box


def core(box):
    """The part of a label's box that has ink: without the air above and below its letters."""
    air = 0.2 * box["height"]
    return box["x"] + 0.5, box["y"] + air, box["x"] + box["width"] - 0.5, box["y"] + box["height"] - air


def test_no_label_touches_another(measured):
    for a, b in combinations(measured["boxes"], 2):
        (a0, a1, a2, a3), (b0, b1, b2, b3) = core(a), core(b)
        assert a2 <= b0 or b2 <= a0 or a3 <= b1 or b3 <= a1, (a["text"], b["text"])


def test_no_line_runs_through_a_label(measured):
    for box in measured["boxes"]:
        left, top, right, bottom = core(box)
        through = [(x, y) for way in measured["ways"] for x, y in way if left < x < right and top < y < bottom]
        assert not through, (box["text"], through)


def test_text_can_be_read_in_both_themes(page, name):
    for theme, paper, ink in (("light", "#ffffff", "#1f2328"), ("dark", "#121212", "#ced6dd")):
        style = f"<style>{css()} body {{ color: {ink} }}</style>"
        page.set_content(f"<html data-theme={theme}>{style}{drawings.svg(name)}")
        fills = page.evaluate("[...document.querySelectorAll('text')].map((text) => getComputedStyle(text).fill)")
        hues = [[int(value) / 255 for value in re.findall(r"\d+", fill)] for fill in fills]  # rgb(…) for matplotlib
        assert hues and all(contrast(hue, paper) >= 4.5 for hue in hues), theme


@pytest.mark.parametrize("use", [drawings.svg, drawings.alt, drawings.standalone_svg])
def test_unknown_drawings_and_steps_are_refused(use):
    with pytest.raises(ValueError, match="name must be one of recurrent-network, .* but it is 'gru'"):
        use("gru")
    for step in (0, 7, 2.0, True):
        with pytest.raises(ValueError, match="upto must be from 1 to 6, the steps of 'lstm-cell', but it is"):
            use("lstm-cell", step)


def test_nucleus_shows_the_numbers_that_it_names():
    """The words and shares in its alternative text, counted anew."""
    for name, words, share in (("peaked", 2, 0.95), ("flat", 7, 0.52)):
        probs = _PANELS[name][1]
        assert sum(probs) == pytest.approx(1)
        reached = next(size for size in range(1, 9) if sum(probs[:size]) >= 0.9)
        assert nucleus_size(probs, 0.9) == reached == words
        assert sum(probs[:3]) == pytest.approx(share)
        assert f"{share:.0%}".replace("%", " %") in drawings.alt("nucleus")
        assert re.search(rf"\b{words}\b", drawings.alt("nucleus", 3).removeprefix(drawings.alt("nucleus", 2)))


def test_beam_tree_shows_the_numbers_that_it_names():
    first = {"the": 0.6, "a": 0.4}
    second = {"the dog": 0.4, "the cat": 0.35, "the bird": 0.25, "a dog": 0.9, "a cat": 0.1}
    for text, prob in second.items():
        assert f"{text} {first[text.split()[0]] * prob:.2f}" in drawings.alt("beam-tree", 2)
