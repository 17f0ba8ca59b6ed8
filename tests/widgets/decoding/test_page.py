"""The decoding labs on the published page: every control, every way to use it, compared with Python's decoding."""

import re

import pytest
from playwright.sync_api import expect

from lmkit.datasets import stories
from lmkit.widgets.labs.decoding.lab import CONTROLS
from tests.site import book
from tests.site.lab import PATIENCE, Lab, plans
from tests.site.rendering import accessibility_faults, faults_everywhere, overflow, settle
from tests.widgets.decoding.driver import APPLICABLE, SLIDERS, DecodingLab

pytestmark = pytest.mark.site
CARDS = "StudyView"  # they have lists in place of a picture
KIND = "DecodingView"


LABS = [
    (document, place)
    for document in book.notebooks()
    for place in range(book.shown_labs(document).count("DecodingLab"))
]
EVERY_LAB = pytest.mark.parametrize(("document", "place"), LABS)
FULL = ("book/comparing_decoders", 0)  # the lab with every control


@pytest.fixture
def full_lab(open_labs):
    """A function that opens a page with a lab that has every slider, and returns that lab."""
    return lambda **options: open_labs(FULL[0], KIND, DecodingLab, **options)[FULL[1]]


def decoding_labs(page):
    """The boxes of the decoding labs on a page, with other labs left out."""
    return page.locator(".lmkit-lab", has=page.locator(".lmkit-tokens"))


def tokens(shown):
    return shown["tokens"]


def numbers(name):
    return lambda shown: shown["numbers"][name]


# What each control must change, between its maximum, its minimum and its default.
CHANGED_BY = {
    "temperature": numbers("bars"),
    "top_k": lambda shown: (shown["kept"], shown["numbers"]["kept"]),
    "top_p": lambda shown: (shown["kept"], shown["numbers"]["kept"]),
    "min_p": lambda shown: (shown["kept"], shown["numbers"]["kept"]),
    "typical_p": lambda shown: (shown["kept"], shown["numbers"]["kept"]),
    "show_entropy": lambda shown: shown["entropies"],
    "num_beams": lambda shown: len(shown["hypotheses"]),
    "length_penalty": numbers("scores"),
    "position": lambda shown: (shown["step"], shown["words"]),
    "seed": tokens,
    "prompt": lambda shown: (shown["prompt"], shown["tokens"]),
    "method": lambda shown: (shown["tokens"], shown["hypotheses"]),
    "model": lambda shown: (shown["prompt"], shown["tokens"]),
}


def values_of(lab: Lab, name: str) -> list:
    """The values to which a control is driven; the default comes last."""
    control = lab.plan.controls[name]
    if name == "prompt":
        return [" ".join([lab.vocab.words[0], control.default] * 8), lab.vocab.words[0], control.default]
    if name == "show_entropy":
        return [not control.default, control.default]
    if name in ("method", "model"):
        return [*(option for option in control.options if option != control.default), control.default]
    return control.extremes


@pytest.mark.parametrize("by", ["pointer", "keyboard"])
@EVERY_LAB
def test_every_control_changes_the_page_as_python_decodes(open_labs, document, place, by):
    """At its maximum, minimum and default the page shows other text or bars, and always what Python decodes."""
    lab = open_labs(document, KIND, DecodingLab)[place]
    for name in lab.plan.controls:
        if not lab.applies(name):
            lab.choose("method", next(method for method, names in APPLICABLE.items() if name in names))
        if name in ("top_k", "min_p", "typical_p") and "top_p" in lab.plan.controls:
            lab.set("top_p", 1.0)  # with a small nucleus they would not matter
        shown, moves = lab.check(), 0
        for value in values_of(lab, name):
            if lab.values[name] == value:
                continue
            before = shown
            lab.set(name, value, keyboard=by == "keyboard")
            shown, moves = lab.check(), moves + 1
            assert CHANGED_BY[name](shown) != CHANGED_BY[name](before), f"{name} at {value} changes nothing"
        assert moves >= 2


@EVERY_LAB
def test_every_control_is_reached_by_tab(open_labs, document, place):
    """From the first control on, the Tab key visits each visible control, then the text; all are named."""
    lab = open_labs(document, KIND, DecodingLab)[place]
    lab.check()
    where = """root => {
      const at = document.activeElement;
      const part = at.closest(".lmkit-controls > *");
      if (!root.contains(at)) return null;
      return part ? [...part.classList].filter((name) => name.startsWith("lmkit-")).join(" ") : at.className;
    }"""
    lab.root.locator("select, input, .noUi-handle").locator("visible=true").first.focus()
    visited = []
    while (at := lab.root.evaluate(where)) and len(visited) < 60:
        visited.append(at)
        lab.page.keyboard.press("Tab")
    controls = [f"lmkit-{name.replace('_', '-')}" for name in lab.plan.controls if lab.applies(name)]
    assert [name for name in controls if not any(name in at.split() for at in visited)] == []
    assert any("lmkit-token" in at for at in visited)


@EVERY_LAB
def test_controls_have_their_visible_names(open_labs, document, place):
    lab = open_labs(document, KIND, DecodingLab)[place]
    for name in lab.plan.controls:
        if not lab.applies(name):
            continue
        if name == "show_entropy":
            expect(lab[name].get_by_role("checkbox", name="Show entropy")).to_have_count(1)
            continue
        label = lab[name].locator(".widget-label").inner_text().strip()
        assert label
        if name in SLIDERS:
            slider = lab[name].get_by_role("slider", name=label, exact=True)
            expect(slider).to_have_count(1)
            readout = lab[name].locator(".widget-readout").inner_text()
            expect(slider).to_have_attribute("aria-valuetext", readout)
        elif name == "method":
            expect(lab[name].get_by_role("radiogroup", name=label)).to_have_count(1)
        else:
            expect(lab[name].get_by_label(label, exact=True)).to_have_count(1)


def test_slider_says_its_new_value(full_lab):
    """After a move the handle's text for assistive technology is the number that is shown."""
    lab = full_lab()
    lab.press_to("temperature", lab.plan.controls["temperature"].high)
    shown = lab["temperature"].locator(".widget-readout").inner_text()
    expect(lab.handle("temperature")).to_have_attribute("aria-valuetext", shown)


@pytest.mark.parametrize("by", ["pointer", "keyboard"])
def test_new_draw_takes_the_next_seed(full_lab, by):
    """The seed is visible and goes up by one, the text changes, and the old seed brings the old text back."""
    lab = full_lab()
    first, seed = lab.check(), lab.values["seed"]
    for _ in range(3):
        before = lab.check()
        lab.new_draw(keyboard=by == "keyboard")
        assert lab.check()["tokens"] != before["tokens"]
        expect(lab.root.locator(".lmkit-view .lmkit-seed")).to_have_text(f"seed {lab.values['seed']}")
        expect(lab["seed"].locator("input")).to_have_value(str(lab.values["seed"]))
    lab.type("seed", seed)
    assert lab.check() == first


@pytest.mark.parametrize("by", ["pointer", "keyboard"])
def test_token_chooses_the_step(full_lab, by):
    """A token that is clicked, or reached by the arrow keys, is the one whose distribution is shown."""
    lab = full_lab()
    count = len(lab.check()["tokens"])
    for step in (3, count, 1):
        if by == "pointer":
            lab.root.locator(".lmkit-token").nth(step - 1).click()
        else:
            lab.root.locator(".lmkit-token[aria-checked=true]").focus()
            lab.page.keyboard.press({3: "ArrowRight", count: "End", 1: "Home"}[step])
            if step == 3:
                lab.page.keyboard.press("ArrowRight")
        lab.values["position"] = step
        assert lab.check()["step"] == step
        expect(lab["position"].locator(".widget-readout")).to_have_text(str(step))


def test_column_of_the_entropy_chooses_the_step(full_lab):
    lab = full_lab(size="390")
    lab.toggle("show_entropy", True)
    count = lab.check()["entropies"]
    for step in (count, 2):
        lab.root.locator(".lmkit-entropy-column").nth(step - 1).click()
        lab.values["position"] = step
        assert lab.check()["columnShown"] == step


SETTINGS = {
    "greedy": [{}, {"show_entropy": True}],
    "sampling": [
        {"temperature": 0.5, "top_p": 1.0},
        {"temperature": 2.0, "top_k": "5"},
        {"temperature": 1.0, "top_k": "40", "top_p": 0.5, "seed": 4294967295},
        {"top_k": "all", "top_p": 1.0, "min_p": 0.1, "show_entropy": True},
        {"temperature": 1.3, "min_p": 0.0, "typical_p": 0.6},
    ],
    "beam search": [
        {"num_beams": 10, "length_penalty": 0.0, "show_entropy": True},
        {"num_beams": 2, "length_penalty": 2.0, "position": 7},
        {"num_beams": 1, "length_penalty": -1.0},
    ],
}


@pytest.mark.parametrize("method", SETTINGS)
def test_published_text_is_what_python_decodes(full_lab, method):
    """For every model that the lab offers, token for token, and for several settings and prompts."""
    lab = full_lab()
    lab.choose("method", method)
    for model in lab.plan.controls["model"].options:
        if model != lab.values["model"]:
            lab.choose("model", model)
        for settings in SETTINGS[method]:
            for name, value in settings.items():
                lab.set(name, value, keyboard=True)
            for prompt in lab.prompts:
                lab.type("prompt", prompt)
                lab.check()


def test_truth_beside_the_model_is_the_grammars(full_lab):
    """The column of true probabilities is what Python's oracle says after the same prefix."""
    lab = full_lab()
    lab.type("prompt", "one morning anna")
    lab.set("position", 2, keyboard=True)
    shown = lab.check()
    oracle = stories.Oracle()
    for word in [*lab.values["prompt"].split(), shown["tokens"][0]]:
        oracle.read(word)
    true = oracle.next()
    assert sum(true.values()) == pytest.approx(1)
    cells = lab.root.locator(".lmkit-next tbody .lmkit-truth").all_text_contents()
    for word, cell in zip(shown["words"], cells, strict=True):
        expected = 100 * true.get(word, 0)
        if cell == "never":
            assert expected == 0
        else:
            assert 0 < expected
            number = float(re.search(r"[\d.]+", cell)[0])
            assert abs(number - expected) <= (0.5 if "." not in cell else 0.1) + 1e-3


MARKUP = '<img src="absent.png" onerror="globalThis.ran = true">'
BAD_PROMPTS = ["one zyzzyva", "", "   ", MARKUP, "ANNA"]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_bad_prompt_is_explained_and_the_lab_recovers(full_lab, theme):
    """The message names the word or the rule, markup stays text, and the next good prompt is decoded."""
    lab = full_lab(theme=theme)
    good, before = lab.values["prompt"], lab.check()
    for prompt in BAD_PROMPTS:
        lab.type("prompt", prompt)
        unknown = next((word for word in prompt.split() if word not in lab.vocab), None)
        expect(lab.problem).to_contain_text(f"‘{unknown}’" if unknown else "at least one word")
        expect(lab.problem).to_be_visible()
        assert lab.page.evaluate("globalThis.ran") is None
        assert lab.root.locator("img").count() == 0
        assert overflow(lab.page) <= 0
        if prompt == MARKUP:
            assert accessibility_faults(lab.page, lab.root) == []
        lab.type("prompt", good)
        assert lab.check() == before
        expect(lab.problem).to_be_hidden()


def test_impossible_number_is_not_taken(full_lab):
    """What is typed into a slider's number is brought into its range or refused, and the lab goes on."""
    lab = full_lab()
    for name in ("temperature", "top_p", "num_beams"):
        control = lab.plan.controls[name]
        if not lab.applies(name):
            lab.choose("method", "beam search")
        for typed in ("-5", "1e9", "abc", ""):
            readout = lab[name].locator(".widget-readout")
            readout.fill(typed)
            readout.press("Enter")
            lab.handle(name).focus()
            lab.values[name] = lab.readout(name)
            assert control.low <= lab.values[name] <= control.high
            lab.check()


def test_each_method_is_accessible(full_lab):
    lab = full_lab(theme="auto")
    lab.toggle("show_entropy", True)
    for method in APPLICABLE:
        lab.choose("method", method)
        lab.check()
        assert faults_everywhere(lab.page, lab.root) == []


def test_touch_drags_a_slider(full_lab):
    """A finger on a phone's screen moves a handle, and the page does not scroll away under it."""
    lab = full_lab(size="390", has_touch=True, is_mobile=True)
    lab.check()
    lab["temperature"].scroll_into_view_if_needed()
    handle, track = lab.handle("temperature").bounding_box(), lab["temperature"].locator(".noUi-base").bounding_box()
    assert min(handle["width"], handle["height"]) >= 24
    x, y = handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] / 2
    scrolled = lab.page.evaluate("scrollY")
    finger = lab.page.context.new_cdp_session(lab.page)

    def touch(kind: str, *points):
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in points]})

    touch("touchStart", (x, y))
    for part in (0.25, 0.5, 0.75, 1.1):
        touch("touchMove", (x + part * (track["x"] + track["width"] - x), y))
    touch("touchEnd")
    lab.values["temperature"] = lab.plan.controls["temperature"].high
    lab.check()
    assert lab.page.evaluate("scrollY") == scrolled


def weights(lab: Lab) -> list[str]:
    """The files with models and grammars that the page has asked for, in order."""
    found = (re.search(r"_static/lmkit/([\w-]+)\.(?:bin|js)\b", url) for url in lab.page.seen.requests)
    return [match[1] for match in found if match]


def with_every_view_twice(page):
    """Serve the chapter with each of its widgets shown a second time."""

    def answer(route):
        response = route.fetch()
        view = rf'(?s)(<script type="{re.escape(book.WIDGET_VIEW)}">.*?</script>)'
        route.fulfill(response=response, body=re.sub(view, r"\1\n\1", response.text()))

    page.route("**/book/*.html", answer)


def test_weights_travel_once(full_lab):
    """However many labs a page has, each model is requested and parsed once, and only when it is chosen."""
    lab = full_lab(prepare=with_every_view_twice)
    settle(lab.page)
    labs = decoding_labs(lab.page)
    assert labs.count() >= 2
    for view in labs.locator(".lmkit-view").all():
        view.locator(".lmkit-token").first.wait_for(timeout=PATIENCE)
    loaded = weights(lab)
    assert sorted(loaded) == sorted(set(loaded))
    for title in lab.plan.controls["model"].options:
        for place in range(labs.count()):
            if (select := labs.nth(place).locator(".lmkit-controls select")).count():
                select.scroll_into_view_if_needed()  # a model comes when a reader comes near
                select.select_option(title)
                labs.nth(place).locator(".lmkit-content:not([hidden]):not([inert])").wait_for()
        lab.page.wait_for_function("() => document.querySelectorAll('.lmkit-progress:not([hidden])').length === 0")
    loaded = weights(lab)
    assert set(lab.plan.models) <= set(loaded)
    assert sorted(loaded) == sorted(set(loaded))


def test_works_offline(full_lab):
    """Once the page is there the network may go away."""
    lab = full_lab()
    lab.check()
    lab.page.context.set_offline(True)
    requests = len(lab.page.seen.requests)
    for name in ("temperature", "top_p", "position"):
        before = lab.check()
        lab.set(name, lab.plan.controls[name].low if name != "position" else 5, keyboard=True)
        assert lab.check() != before
    lab.choose("method", "beam search")
    lab.check()
    assert len(lab.page.seen.requests) == requests


def test_works_from_a_folder(full_lab):
    """The page opened from a disk, with no server at all, decodes as well."""
    file = book.SITE / f"{FULL[0]}.html"
    lab = full_lab(path=file.as_uri(), known=re.compile(r"^request to another host: file:"))
    before = lab.check()
    lab.press_to("temperature", lab.plan.controls["temperature"].low)
    assert lab.check() != before


def test_damaged_weights_are_explained(open_page):
    """A model file that arrives cut short gives a message in the lab's place, and another model still works."""
    document, place = FULL
    plan = plans(*book.built_widgets(document), KIND)[place]
    assert {name for name, row in CONTROLS.items() if row.offered} == set(plan.controls)
    first, *others = plan.models

    def cut(page):
        def answer(route):
            response = route.fetch()
            text = response.text()
            route.fulfill(response=response, body=f'{text[: len(text) // 2 // 4 * 4]}";')

        page.route(f"**/_static/lmkit/{first}.bin*", lambda route: route.fulfill(body=b"cut"))
        page.route(f"**/_static/lmkit/{first}.js*", answer)

    page = open_page(f"{document}.html", prepare=cut)
    lab = DecodingLab(decoding_labs(page).nth(place), plan)
    title = plan.controls["model"].options[0]
    expect(lab.problem).to_contain_text(f"{title} cannot be read as a model file", timeout=4 * PATIENCE)
    assert others
    lab.choose("model", plan.controls["model"].options[1])
    expect(lab.problem).to_be_hidden()
    lab.check()


def solid(text: str) -> str:
    """A text without its white space, be it shown as such or by a sign: tokens may have it inside."""
    return re.sub(r"[\s␣]", "", text)


def test_picture_stands_in_where_scripts_do_not_run(open_page):
    """Without JavaScript each lab is a picture, described by the text that Python decodes."""
    for document in dict(LABS):
        # Chromium reports the scripts that it does not load.
        page = open_page(f"{document}.html", java_script_enabled=False, known=re.compile(r"\.js\b.*: csp$"))
        found = plans(*book.built_widgets(document))
        pictures, all_labs = page.locator("img.lmkit-picture"), [plan for plan in found if plan.kind != CARDS]
        assert pictures.count() == len(all_labs)
        for picture, plan in zip(pictures.all(), all_labs, strict=True):
            if plan.kind != KIND:
                continue
            assert picture.is_visible()
            assert picture.bounding_box()["height"] > 100
            decoded = DecodingLab(picture, plan).expected()["tokens"]
            assert f"“{solid(''.join(decoded))}”" in solid(picture.get_attribute("alt"))
