"""What a reader answers is judged as Python and the cards say, for every card of the book."""

import itertools
import math
import random

import pytest

from lmkit import study
from lmkit.widgets import Quiz
from tests.sample_cards import CARDS, deck


def data(*cards: study.Card) -> list[dict]:
    """The cards as the browser takes them."""
    return [study.card_to_json(card, deck(*cards)) for card in cards]


@pytest.fixture(scope="module")
def judge(scripts):
    """The browser's functions that judge: `judge(name, *arguments)`."""
    node = scripts("cards/judge.js")
    return lambda name, *arguments: node.evaluate(f"(all) => lmkit.{name}(...all)", arguments)


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
