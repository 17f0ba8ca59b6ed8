"""The fill-in exercise: Python and the browser judge alike, and its view in a real browser."""

import ast
import random
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmkit.widgets import FillIn
from lmkit.widgets.labs.exercise.lab import CLOSE_HINT, NO_HINT, Judgement, blanked, normalize_code

CODE = """
class Network(nn.Module):
    embedding = {{layer}}({{rows}}, 64)
    for t in range({{steps}}): ...
"""
ANSWERS = {"layer": "nn.Embedding", "rows": ["37", "vocab_size"], "steps": "8"}
HINTS = {"rows": {"64": "64 is its width", "": "count the tokens"}, "steps": "as many as are read"}


def exercise(**changes) -> FillIn:
    settings = {"code": CODE, "answers": ANSWERS, "hints": HINTS, "explanation": "Well done."} | changes
    return FillIn(**settings)


# --- one spelling for what Python reads alike ------------------------------------------------------------------

ALIKE = [
    ("nn.Embedding(37,64)", " torch.nn.Embedding( 37, 64 ) "),
    ("Embedding(37, 64)", "nn.Embedding(37, 64)"),
    ("torch.relu(h)", "F.relu(h)"),
    ("nn.functional.relu(h)", "relu(h)"),
    ("torch.nn.functional.relu", "relu"),
    ("'tanh'", '"tanh"'),
    ("“tanh”", '"tanh"'),
    ("‘tanh’", "'tanh'"),
    ("4×64", "4 * 64"),
    ("h − 1", "h-1"),
    ("8_933", "8933"),
    ("tokens[:,t]", "tokens[:, t]"),
    ("a  \t b", "a b"),
    ("x\u00a0+ y", "x + y"),
    ("h@W.T", "h @ W.T"),
    ("x!=y", "x != y"),
]
DIFFERENT = [
    ("37", "3 7"),
    ("not x", "notx"),
    ("nn.Linear", "nn.linear"),
    ("nn.relu", "relu"),
    ("64", "64.0"),
    ("'a b'", "'ab'"),
    ("x ** 2", "x * * 2"),
    ("<=", "< ="),
    ("nn.Linear", "nn.LSTM"),
    ("self.nn.Linear", "Linear"),
    ("", "0"),
    ("torch", "nn"),
    ("'a'", "a"),
]


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_equivalent_spellings_have_one_form(one, other):
    assert normalize_code(one) == normalize_code(other) != ""


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_different_code_has_different_forms(one, other):
    assert normalize_code(one) != normalize_code(other)


WORDS = ["h", "W", "t", "37", "8_0", "'a b'", '"c"', "nn.Linear", "F.relu", "self.x", "not", "0.5"]
SIGNS = ["+", "-", "*", "**", "//", "@", "==", "<=", ",", "(", ")", "[", "]", ":"]
CODES = st.lists(st.sampled_from(WORDS + SIGNS), max_size=8)


@given(CODES, st.randoms(use_true_random=False))
def test_space_between_tokens_makes_no_difference(parts, randoms):
    spaces = ["".join(randoms.choices(" \t\u00a0", k=randoms.randint(1, 3))) for _ in range(len(parts) + 1)]
    spread = "".join(space + part for space, part in zip(spaces, [*parts, ""], strict=True))
    assert normalize_code(spread) == normalize_code(" ".join(parts))


@given(CODES, CODES)
def test_one_form_means_one_syntax_tree(one, other):
    """Where two texts are Python expressions without a prefix, equal forms parse to equal trees."""
    texts = [" ".join(part for part in parts if "." not in part) for parts in (one, other)]
    try:
        trees = [ast.dump(ast.parse(text, mode="eval")) for text in texts]
    except SyntaxError:
        return
    assert (normalize_code(texts[0]) == normalize_code(texts[1])) <= (trees[0] == trees[1])


@given(st.text())
def test_a_form_is_its_own_form(text):
    assert normalize_code(normalize_code(text)) == normalize_code(text)


# --- judging ----------------------------------------------------------------------------------------------------

CASES = [
    ("layer", "nn.Embedding", ("right", "")),
    ("layer", "torch.nn.Embedding ", ("right", "")),
    ("layer", "nn.embedding", ("wrong", CLOSE_HINT)),
    ("layer", "F.Embedding", ("wrong", CLOSE_HINT)),
    ("layer", "nn.Linear", ("wrong", NO_HINT)),
    ("rows", "37", ("right", "")),
    ("rows", " vocab_size", ("right", "")),
    ("rows", "Vocab_size", ("wrong", CLOSE_HINT)),
    ("rows", "64", ("wrong", "64 is its width")),
    ("rows", "63", ("wrong", "count the tokens")),
    ("rows", "  ", ("empty", "")),
    ("steps", "", ("empty", "")),
    ("steps", "7", ("wrong", "as many as are read")),
    ("steps", "constructor", ("wrong", "as many as are read")),
]


@pytest.mark.parametrize(("name", "answer", "expected"), CASES)
def test_answers_are_judged(name, answer, expected):
    assert exercise().judge(name, answer) == Judgement(*expected)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"code": "x = 1"}, "code must have at least one gap"),
        ({"code": "{{rows}} {{rows}}"}, r"code must have each gap once, but \{\{rows\}\} stands there twice"),
        ({"answers": {"layer": "a", "rows": "b"}}, "answers must be there for every gap, but 'steps' has none"),
        ({"answers": ANSWERS | {"more": "1"}}, "answers must be for the gaps .* but there is one for 'more'"),
        ({"hints": {"more": "x"}}, "hints must be for the gaps .* but there is one for 'more'"),
        ({"answers": ANSWERS | {"rows": []}}, r"answers\['rows'\] must hold at least one answer, none of them empty"),
        ({"answers": ANSWERS | {"rows": " "}}, r"answers\['rows'\] must hold at least one answer, none of them empty"),
        ({"hints": {"rows": {" 37": "x"}}}, r"hints\['rows'\] must be about wrong answers, but '37' is right"),
    ],
)
def test_what_does_not_fit_together_is_named(changes, message):
    with pytest.raises(ValueError, match=message):
        exercise(**changes)


def test_an_unknown_gap_is_named():
    with pytest.raises(ValueError, match=r"name must be one of the gaps \['layer', .*\], but it is 'x'"):
        exercise().judge("x", "1")


def test_repr_has_the_gaps_and_not_the_answers():
    assert repr(exercise()) == "FillIn(gaps=['layer', 'rows', 'steps'])"


def test_the_picture_has_the_code_and_no_answer():
    drawing, words = exercise(code=CODE + "    # <b>").picture()
    shown = [node.text for node in ET.fromstring(drawing).iter("{http://www.w3.org/2000/svg}text")]
    assert "    embedding = ___(1)(___(2), 64)" in shown and "    # <b>" in shown
    assert "embedding = ___(1)(___(2), 64) ⏎ for t in range(___(3)): ..." in words
    assert "37" not in drawing + words
    assert blanked("{{a}} {{b}}") == "___(1) ___(2)"


# --- the browser judges alike -----------------------------------------------------------------------------------


def random_answers(count: int = 400) -> list[str]:
    """Answers that a hand may type: pieces of code in any order, odd marks, spaces of all kinds."""
    randoms = random.Random(5)
    odd = [*"“”‘’×−–·é_漢\u2028\x85\x1f😀 \t\u00a0", "torch.", "nn.", "Embedding", "relu"]
    pieces = [*WORDS, *SIGNS, *odd]
    return ["".join(randoms.choices(pieces, k=randoms.randint(0, 7))) for _ in range(count)]


def test_browser_judges_as_python_does(scripts):
    made = exercise()
    texts = [text for pair in ALIKE + DIFFERENT for text in pair] + random_answers()
    judging = scripts("base/code_judge.js")
    assert judging.evaluate("(texts) => texts.map((text) => lmkit.normalForm(text))", texts) == [
        normalize_code(text) for text in texts
    ]
    cases = [(gap, text) for gap in made.gaps.values() for text in [*texts, *(case[1] for case in CASES)]]
    judged = judging.evaluate("(cases) => cases.map(([gap, text]) => lmkit.judge(gap, text))", cases)
    expected = [made.judge(gap["name"], text)._asdict() for gap, text in cases]
    assert judged == expected
    assert {case["verdict"] for case in expected} == {"right", "wrong", "empty"}
    assert judging.evaluate("(code) => lmkit.linesOf(code)", "a{{x}}b\nc\n{{y}}{{z}}") == [
        ["a", 0, "b"],
        ["c"],
        ["", 1, "", 2, ""],
    ]


# --- the view ---------------------------------------------------------------------------------------------------


@pytest.fixture
def shown(view):
    """A function that puts the exercise on a page."""
    return lambda **changes: view.put(exercise(**changes))


def verdicts(page) -> list[str]:
    gaps = page.locator(".lmkit-fill-gap")
    return [gaps.nth(i).get_attribute("data-verdict") for i in range(gaps.count())]


def test_view_shows_the_code_with_fields(shown):
    page = shown()
    lines = page.locator(".lmkit-fill-line").all_text_contents()
    assert lines == ["class Network(nn.Module):\n", "    embedding = (, 64)\n", "    for t in range(): ...\n"]
    field = page.get_by_label("Gap 2 of 3, line 2: embedding = … ( this gap , 64)")
    assert field.count() == 1 and field.input_value() == ""
    assert page.locator(".lmkit-numbers").inner_text() == "0 of 3 right"


def test_a_gap_is_judged_when_it_is_left_or_entered(shown):
    page = shown()
    fields = page.locator("input")
    fields.nth(1).fill("64")
    assert verdicts(page) == ["open", "open", "open"]
    fields.nth(1).press("Tab")
    assert verdicts(page) == ["open", "wrong", "open"]
    hint = page.locator(".lmkit-fill-hint:visible")
    assert hint.all_inner_texts() == ["64 is its width."]
    assert fields.nth(1).get_attribute("aria-invalid") == "true"
    assert fields.nth(1).get_attribute("aria-describedby") == hint.get_attribute("id")
    fields.nth(1).fill("37")
    assert verdicts(page) == ["open", "open", "empty"] and hint.count() == 0
    fields.nth(1).press("Enter")
    assert verdicts(page) == ["open", "right", "empty"]
    assert fields.nth(1).get_attribute("aria-invalid") is None
    assert page.evaluate("model.get('typed')") == {"rows": "37"}


def test_enter_goes_on_to_the_next_gap_and_stays_in_a_wrong_one(shown):
    page = shown()
    page.locator("input").first.focus()
    for keys, place in (("nn.Linear", 0), ("nn.Embedding", 1), ("37", 2)):
        page.keyboard.press("ControlOrMeta+a")
        page.keyboard.type(keys)
        page.keyboard.press("Enter")
        assert page.evaluate("[...document.querySelectorAll('input')].indexOf(document.activeElement)") == place
    page.keyboard.type("8")
    assert page.locator(".lmkit-fill-explanation").is_hidden()
    page.keyboard.press("Enter")
    assert page.locator(".lmkit-fill-explanation").inner_text() == "Well done."
    assert page.locator(".lmkit-numbers").inner_text() == "3 of 3 right"


def test_answers_can_be_shown_and_taken_back(shown):
    page = shown()
    page.locator("input").nth(2).fill("8")
    page.locator("input").nth(2).press("Enter")
    page.locator("input").nth(1).fill("5")
    page.get_by_role("button", name="Show the answers").click()
    assert verdicts(page) == ["shown", "shown", "right"]
    assert [page.locator("input").nth(i).input_value() for i in range(3)] == ["nn.Embedding", "37", "8"]
    assert page.locator(".lmkit-numbers").inner_text() == "1 of 3 right, 2 shown"
    assert page.locator(".lmkit-fill-explanation").is_visible()
    page.get_by_role("button", name="Start again").click()
    assert verdicts(page) == ["open", "open", "open"]
    assert page.locator("input").first.evaluate("(node) => node === document.activeElement")
    assert page.evaluate("model.get('typed')") == {}
    assert page.locator(".lmkit-fill-explanation").is_hidden()


def test_markup_stays_text(shown):
    hint = "<img src=x onerror=alert(1)>"
    page = shown(code="<b>{{x}}</b>", answers={"x": "<i>"}, hints={"x": hint}, explanation="<u>")
    assert page.locator(".lmkit-fill-line").inner_text().strip() == "<b></b>"
    page.locator("input").fill("<b>")
    page.locator("input").press("Enter")
    assert page.locator(".lmkit-fill-hint").inner_text() == f"{hint}."
    page.get_by_role("button", name="Show the answers").click()
    assert page.locator("b, i, u, img").count() == 0


def test_a_kernel_may_fill_the_gaps(shown, view):
    page = shown()
    view.set(typed={"rows": "37"})
    assert page.locator("input").nth(1).input_value() == "37"
    page.locator("input").nth(1).press("Enter")
    assert verdicts(page) == ["open", "right", "open"]


def test_view_stops_listening_when_it_is_closed(shown):
    page = shown()
    page.evaluate("stop()")
    assert page.evaluate("model.handlers.length") == 0
