"""Questions that are asked before a run: what a lab cannot ask, or cannot measure, is named."""

import pytest

from lmkit.widgets.base.predictions import NUMBER, checked_predictions

MEASURES = {"winner": (2, 3), "place": (), "number": NUMBER}


def test_questions_travel_as_they_are():
    asked = [("Which?", ("A", "B"), "winner"), ("How many?", ["few", "some", "many"], "number", (1, 2.5))]
    assert checked_predictions(asked, MEASURES) == [
        {"question": "Which?", "choices": ["A", "B"], "measure": "winner", "bounds": []},
        {"question": "How many?", "choices": ["few", "some", "many"], "measure": "number", "bounds": [1, 2.5]},
    ]
    assert checked_predictions((), MEASURES) == []


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ("Which?", "predict must be a list of"),
        (None, "predict must be a list of"),
        (["Which?"], "predict must hold"),
        ([("Which?", ["A", "B"])], "predict must hold"),
        ([(3, ["A", "B"], "place")], "words must be a text, but it is 3"),
        ([(" ", ["A", "B"], "place")], "words must be 1 to 300 characters in a line"),
        ([("Which?\n", ["A", "B"], "place")], "words must be 1 to 300 characters in a line"),
        ([("Which?", ["A", "x" * 301], "place")], "words must be 1 to 300 characters in a line"),
        ([("Which?", "AB", "place")], "choices must be a list of texts"),
        ([("Which?", [["A"], "B"], "place")], "choices must be a list of texts"),
        ([("Which?", ["A", "A"], "place")], "choices must be at least two different texts"),
        ([("Which?", ["A"], "place")], "choices must be at least two different texts"),
        ([("Which?", ["A", "B"], "luck")], "measure must be one of"),
        ([("Which?", list("ABCD"), "winner")], "choices must be 2 or 3 where measure is 'winner'"),
        ([("Which?", ["A", "B"], "winner", [1])], "bounds must be left out where measure is 'winner'"),
        ([("Which?", ["A", "B"], "number")], "bounds must be 1 rising numbers between the 2 choices"),
        ([("Which?", ["A", "B", "C"], "number", [2, 1])], "bounds must be 2 rising numbers"),
        ([("Which?", ["A", "B"], "number", [float("nan")])], "bounds must be 1 rising numbers"),
    ],
)
def test_what_cannot_be_asked_is_named(asked, message):
    with pytest.raises(ValueError, match="^predict") as caught:
        checked_predictions(asked, MEASURES)
    assert message in str(caught.value)
