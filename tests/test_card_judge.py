"""What a reader answers is judged as the cards say, for every card of the book."""

import itertools
import math
import random

import pytest

from lmkit import study
from lmkit.widgets import Quiz
from tests.sample_cards import CARDS, deck
from tests.stand_in import module_page


def data(*cards: study.Card) -> list[dict]:
    """The cards as the browser takes them."""
    return [study.card_to_json(card, deck(*cards)) for card in cards]


@pytest.fixture(scope="module")
def judge(browser):
    """The browser's functions that judge: `judge(name, *arguments)`."""
    names = "judgeCard", "readings", "textForm", "shuffled", "ordinal"
    page = module_page(browser, "card_judge.js", *names)
    yield lambda name, *arguments: page.evaluate(f"(all) => lmkit.{name}(...all)", arguments)
    page.close()


# --- judging ----------------------------------------------------------------------------------------------------

NUMBERS = [
    ("8933", [8933]),
    ("8 933", [8933]),
    ("8\u202f933", [8933]),
    ("8'933", [8933]),
    ("8_933", [8933]),
    ("8,933", [8933, 8.933]),
    ("1,234,567", [1234567]),
    ("1.234.567", [1234567]),
    ("1.234,5", [1234.5]),
    ("1,234.5", [1234.5]),
    ("1 234,5", [1234.5]),
    ("0,5", [0.5]),
    ("0,125", [0.125]),
    (".5", [0.5]),
    (",5", [0.5]),
    ("5.", [5]),
    ("8.933", [8.933]),
    ("-3", [-3]),
    ("\u22123", [-3]),
    ("– 3", [-3]),
    ("+3", [3]),
    ("  7 ", [7]),
    ("25 %", [0.25]),
    ("25%", [0.25]),
    ("12,5 %", [0.125]),
    ("25 percent", [0.25]),
    ("25 per cent", [0.25]),
    ("1/4", [0.25]),
    ("1 / 8", [0.125]),
    ("-1/4", [-0.25]),
    ("1e-3", [0.001]),
    ("2.5E3", [2500]),
    ("≈ 3", [3]),
    ("= 3", [3]),
    ("~3", [3]),
    ("", []),
    ("abc", []),
    ("3 7", []),
    ("12 34", []),
    ("1,2,3", []),
    ("1.2.3", []),
    ("--3", []),
    ("3 apples", []),
    ("0x10", []),
    ("1/0", []),
    ("1/2/3", []),
    ("Infinity", []),
    ("NaN", []),
    ("%", []),
    ("-", []),
    ("e5", []),
    ("1 234 56", []),
    ("<b>3</b>", []),
    ("²", []),
]


@pytest.mark.parametrize(("text", "values"), NUMBERS)
def test_numbers_are_read_as_they_are_written(judge, text, values):
    assert judge("readings", text) == pytest.approx(values)


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [("25 %", "%", 25), ("25", "%", 25), ("8933 parameters", "parameters", 8933), ("8 Parameters", "parameters", 8)],
)
def test_a_unit_may_be_written_or_left_out(judge, text, unit, value):
    assert judge("readings", text, unit) == [value]


def test_any_number_is_read_back_in_every_spelling(judge):
    randoms = random.Random(3)
    for _ in range(60):
        value = round(randoms.choice([1, -1]) * 10 ** randoms.uniform(-3, 7), randoms.randint(0, 4))
        plain, grouped = f"{value:f}".rstrip("0").rstrip("."), f"{value:,}"
        swapped = grouped.translate(str.maketrans(",.", ".,"))
        for text in (plain, plain.replace("-", "−"), plain.replace(".", ","), grouped, grouped.replace(",", " ")):
            assert any(math.isclose(found, value) for found in judge("readings", text)), text
        if swapped.count(",") == 1:
            assert value in judge("readings", swapped)


TEXTS_ALIKE = [
    ("forget", " Forget. "),
    ("hidden state", "hidden  state"),
    ("hidden state", "Hidden-State"),
    ("top-k", "Top k"),
    ("softmax", "softmax()"),
    ("forget", "“forget”"),
    ("Straße", "straße"),
    ("h2", "h₂"),
    ("-1", "−1"),
    ("8933", "8,933"),
    ("0.5", "0,5"),
    ("*", " * "),
    ("non-linear", "nonlinear"),
]
TEXTS_DIFFERENT = [
    ("forget", "input"),
    ("1", "-1"),
    ("8933", "8934"),
    ("top-k", "top-p"),
    ("h 1", "h2"),
    ("forget", "forge"),
    ("", "x"),
    ("1 2", "12"),
    ("a.b", "ab"),
]


@pytest.mark.parametrize(
    ("answer", "typed", "verdict"),
    [(*pair, "right") for pair in TEXTS_ALIKE] + [(*pair, "wrong") for pair in TEXTS_DIFFERENT if pair[0]],
)
def test_texts_in_gaps_are_compared_without_case_and_outer_punctuation(judge, answer, typed, verdict):
    card = {"kind": "fill", "code": False, "gaps": [{"name": "x", "accepted": [answer], "hints": {"input": "no"}}]}
    part = judge("judgeCard", card, {"x": typed})["parts"][0]
    assert part == {"verdict": verdict, "hint": "no" if typed == "input" else ""}


def right_responses(card: dict) -> list:
    """All that must be judged right."""
    match card["kind"]:
        case "single":
            return [next(i for i, choice in enumerate(card["choices"]) if choice["right"])]
        case "multiple":
            return [[i for i, choice in enumerate(card["choices"]) if choice["right"]]]
        case "fill":
            accepted = [[(gap["name"], text) for text in [gap["answer"], *gap["accepted"]]] for gap in card["gaps"]]
            return [dict(chosen) for chosen in itertools.islice(itertools.product(*accepted), 200)]
        case "number":
            plain = repr(card["answer"])
            return [plain, f"{card['answer']:,}", plain.replace("-", "−").replace(".", ",")]
        case "order":
            return [list(range(len(card["items"])))]


def wrong_responses(card: dict) -> list[tuple[object, int, str]]:
    """What must be judged wrong: the response, the part that is at fault, and the hint for it."""
    right = right_responses(card)[0]
    match card["kind"]:
        case "single":
            return [(i, i, "") for i, choice in enumerate(card["choices"]) if not choice["right"]]
        case "multiple":
            return [(sorted({*right} ^ {i}), i, "") for i in range(len(card["choices"])) if {*right} ^ {i}]
        case "fill":
            hints = [
                (i, gap["name"], wrong, why)
                for i, gap in enumerate(card["gaps"])
                for wrong, why in [*gap["hints"].items(), ("surely not this", "")]
            ]
            return [({**right, name: wrong}, i, why) for i, name, wrong, why in hints]
        case "number":
            far = card["answer"] + 3 * card["tolerance"] + 1e7
            return [(repr(far), 0, "")] + [(repr(hint["value"]), 0, hint["why"]) for hint in card["hints"]]
        case "order":
            swaps = [[*right[:i], right[i + 1], right[i], *right[i + 2 :]] for i in range(len(right) - 1)]
            return [(order, i, "") for i, order in enumerate(swaps)]


EMPTY = {"single": None, "multiple": [], "fill": {}, "number": " ", "order": []}


def check_judged_as_listed(judge, card: dict) -> None:
    for response in right_responses(card):
        judged = judge("judgeCard", card, response)
        assert judged["right"] and not judged["missing"], (card["id"], response)
        assert {part["verdict"] for part in judged["parts"]} == {"right"}
    for response, part, hint in wrong_responses(card):
        judged = judge("judgeCard", card, response)
        assert not judged["right"] and not judged["missing"], (card["id"], response)
        assert judged["parts"][part]["verdict"] == "wrong", (card["id"], response)
        assert judged["parts"][part]["hint"] == hint, (card["id"], response)
    judged = judge("judgeCard", card, EMPTY[card["kind"]])
    assert judged["missing"] and not judged["right"]


@pytest.mark.parametrize("kind", ["single", "multiple", "fill", "code", "number", "order"])
def test_every_kind_is_judged_as_its_card_says(judge, kind):
    check_judged_as_listed(judge, data(CARDS[kind])[0])


@pytest.mark.parametrize("chapter", study.chapters())
def test_every_card_of_the_book_is_judged_as_it_says(judge, chapter):
    cards = [card for card in Quiz(chapter).view.cards if card["kind"] != "draw"]
    for card in cards:
        check_judged_as_listed(judge, card)
    assert cards


def test_tolerance_is_the_one_of_python(judge):
    card = CARDS["number"].model_copy(update={"answer": 0.3, "tolerance": 0.1, "unit": "", "hints": {}})
    page_card = data(card)[0]
    for value in (0.1, 0.19, 0.201, 0.3, 0.399, 0.401, 0.41, 3.0, -0.3):
        assert judge("judgeCard", page_card, repr(value))["right"] == card.accepts(value), value


def test_what_is_no_number_is_told_and_not_counted(judge):
    judged = judge("judgeCard", data(CARDS["number"])[0], "many")
    assert judged["missing"] == "‘many’ is no number; write it in digits, such as 12, 0.5, 1/3 or 25 %"


def test_places_are_shuffled_evenly_and_the_same_for_one_key(judge):
    orders = [tuple(judge("shuffled", 4, f"card {seed}")) for seed in range(480)]
    assert orders == [tuple(judge("shuffled", 4, f"card {seed}")) for seed in range(480)]
    assert {tuple(sorted(order)) for order in orders} == {(0, 1, 2, 3)}
    counts = [orders.count(order) for order in itertools.permutations(range(4))]
    assert min(counts) >= 6 and max(counts) <= 40  # 20 each; five standard deviations are 22


def test_ordinals(judge):
    assert [judge("ordinal", n) for n in (1, 2, 3, 4, 11, 12, 13, 21)] == [
        "1st",
        "2nd",
        "3rd",
        "4th",
        "11th",
        "12th",
        "13th",
        "21st",
    ]
