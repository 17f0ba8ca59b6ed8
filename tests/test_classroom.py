"""A class's results: statistics against others' implementations, files of every kind, and who is who."""

import csv
import itertools
import json
import math
import os
import re
import sys
from pathlib import Path

import cronbach
import numpy as np
import pandas
import pytest
import scipy.stats

from lmkit import study
from lmkit.__main__ import main
from lmkit.study import classroom
from lmkit.study.cards import ChoiceCard, Order
from lmkit.study.classroom import tables
from lmkit.study.classroom.items import GROUP
from tests import simulated_class as simulated

NOW = simulated.START + 90 * simulated.DAY
AT = simulated.START
GOOD = [["lstm-why-forget", 3, AT], ["lstm-gates-fill", 1, AT + 1]]


def scores_of(seed, students=40, items=12, missing=0.0):
    """Random scores in which skill matters, as tests have them."""
    chance = np.random.default_rng(seed)
    skill, hard = chance.normal(size=(students, 1)), chance.normal(size=(1, items))
    scores = (chance.random((students, items)) < 1 / (1 + np.exp(hard - skill))).astype(float)
    scores[chance.random((students, items)) < missing] = np.nan
    return scores


def put(folder, name, text):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())


def run(capsys, *arguments):
    try:
        status = main(["class", *map(str, arguments)])
    except SystemExit as left:
        status = left.code
    out, err = capsys.readouterr()
    return status, out, err


# --- statistics -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("missing", [0.0, 0.1])
def test_alpha_is_that_of_the_package_cronbach(seed, missing):
    scores = scores_of(seed, missing=missing)
    expected, _ = cronbach.alpha(pandas.DataFrame(scores))
    assert classroom.alpha(scores) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_alpha_of_right_and_wrong_is_kuder_and_richardsons(seed):
    scores = scores_of(seed)
    p, k = scores.mean(axis=0), scores.shape[1]
    kr20 = k / (k - 1) * (1 - (p * (1 - p)).sum() / scores.sum(axis=1).var())
    assert classroom.alpha(scores) == pytest.approx(kr20, abs=1e-12)


@pytest.mark.parametrize("seed", range(6))
def test_discrimination_is_scipys_point_biserial_with_the_rest(seed):
    scores = scores_of(seed)
    for place, found in enumerate(classroom.item_rest(scores)):
        rest = np.delete(scores, place, axis=1).sum(axis=1)
        assert found == pytest.approx(scipy.stats.pointbiserialr(scores[:, place], rest).statistic, abs=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_discrimination_takes_what_each_student_answered(seed):
    scores = scores_of(seed, missing=0.2)
    for place, found in enumerate(classroom.item_rest(scores)):
        pairs = []
        for row in scores:
            others = [value for other, value in enumerate(row) if other != place and not math.isnan(value)]
            if not math.isnan(row[place]) and len(others) >= 5:
                pairs.append((row[place], sum(others) / len(others)))
        assert found == pytest.approx(scipy.stats.pearsonr(*zip(*pairs, strict=True)).statistic, abs=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_upper_less_lower_is_the_mean_over_all_orders_of_equals(seed):
    scores = scores_of(seed, students=7, items=6)
    size = max(1, math.floor(GROUP * len(scores) + 0.5))
    totals, found = scores.sum(axis=1), []
    for order in itertools.permutations(range(len(scores))):
        ranked = sorted(order, key=lambda row: totals[row])  # stable: equals stay in the order of this permutation
        found.append(scores[ranked[-size:]].mean(axis=0) - scores[ranked[:size]].mean(axis=0))
    assert classroom.upper_lower(scores) == pytest.approx(np.mean(found, axis=0), abs=1e-12)


def test_what_cannot_be_told_is_nan():
    for scores in (np.empty((0, 3)), np.ones((1, 3)), np.ones((5, 3)), np.full((4, 2), np.nan), np.empty((3, 0))):
        assert math.isnan(classroom.alpha(scores)) and all(map(math.isnan, classroom.item_rest(scores)))
        assert len(classroom.analyse(scores)) == scores.shape[1]
    assert classroom.analyse(np.full((4, 1), np.nan))[0][:2] == (0, 0)


def test_reliability_leaves_out_what_few_answered():
    scores = scores_of(1, missing=0.1)
    few = scores.copy()
    few[3:, 0] = np.nan
    assert classroom.reliability(few) == (11, 40, classroom.alpha(scores[:, 1:]))


# --- a class ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def group(tmp_path_factory):
    folder = tmp_path_factory.mktemp("class")
    simulated.write(folder, 30, ["lstm", "training"], missing=0.05)
    return folder


def test_results_are_what_the_files_say(group):
    """Read again by other means: plain loops over the JSON."""
    results = classroom.Results(classroom.read_class(group, NOW))
    files = [json.loads(path.read_text()) for path in sorted(group.iterdir())]
    firsts = [{card: grade > 1 for card, grade, _ in file["reviews"]} for file in files]
    assert [student.name for student in results.students] == [file["name"] for file in files]
    for (card, _), item in zip(results.cards, results.items(), strict=True):
        given = [first[card.id] for first in firsts if card.id in first]
        assert (item.answered, item.right) == (len(given), sum(given))
    assert len(results.cards) == len({card for first in firsts for card in first})
    for wrong in results.wrong_answers():
        card = wrong.card
        if isinstance(card, ChoiceCard) and card.kind == "single":
            place = [tables.short(choice.text) for choice in card.choices].index(wrong.answer)
            chosen = sum(entry[0] == card.id and entry[2] == [place] for file in files for entry in file["responses"])
            assert wrong.given_by == chosen and not card.choices[place].right


def test_choices_add_up(group):
    results = classroom.Results(classroom.read_class(group, NOW))
    by_card = {}
    for chosen in results.choices():
        by_card.setdefault(chosen.card.id, []).append(chosen)
    for card, items in zip(results.cards, results.items(), strict=True):
        if card[0].kind == "single":
            found = by_card[card[0].id]
            assert sum(one.chosen_by for one in found) == found[0].known == items.answered
            assert found[card[0].right[0]].chosen_by == items.right


def test_tables_are_csv_that_pandas_reads(capsys, group, tmp_path):
    out = tmp_path / "out"
    status, said, err = run(capsys, group, "--out", out, "--chapters", "lstm")
    assert (status, err) == (0, "")
    assert {path.suffix for path in out.iterdir()} == {".csv", ".png"}
    items, scores = pandas.read_csv(out / "items.csv"), pandas.read_csv(out / "scores.csv")
    assert set(items["chapter"]) == {"lstm"}
    means = scores.drop(columns="student").mean()
    assert items["difficulty"].tolist() == pytest.approx([means[card] for card in items["card"]])
    students = pandas.read_csv(out / "students.csv")
    assert len(students) == 30 and students["lstm"].tolist() == pytest.approx(students["share"].tolist())
    for title in ("Who did what", "Items, the hardest first", "Reliability", "Wrong answers that were given most"):
        assert title in said
    assert all((out / name).read_bytes().startswith(b"\x89PNG") for name in ("items.png", "students.png"))


def test_students_without_a_card_of_the_chapters_are_shown(capsys, tmp_path):
    put(tmp_path, "a.json", simulated.export([], name="Anna"))
    status, out, _ = run(capsys, tmp_path)
    assert status == 0 and re.search(r"Anna +1 +0 +0 +0 +– +0 +– +–", out) and "Items" not in out


def test_a_later_answer_and_one_taken_back_do_not_count(tmp_path):
    reviews = [
        ["lstm-why-forget", 3, AT + 9],
        ["lstm-why-forget", 1, AT],
        ["lstm-gates-fill", 1, AT],
        ["lstm-gates-fill", 0, AT],
    ]
    put(tmp_path, "a.json", simulated.export(reviews, name="Anna"))
    (student,) = classroom.read_class(tmp_path, NOW).students
    assert student.answers == 2 and {card: first.right for card, first in student.firsts.items()} == {
        "lstm-why-forget": False
    }


# --- who is who -------------------------------------------------------------------------------------------------------


def names(folder):
    return [student.name for student in classroom.read_class(folder, NOW).students]


def test_two_students_of_one_name_are_told_apart(tmp_path):
    for place in (1, 2):
        put(
            tmp_path,
            f"{place}/a.json",
            simulated.export([["a", 3, AT + place], ["b", 3, AT + 9 * place]], name="Anna Berg"),
        )
    put(tmp_path, "c.json", simulated.export(GOOD, name="Ben"))
    found = classroom.read_class(tmp_path, NOW)
    assert [student.name for student in found.students] == ["Anna Berg (1/a.json)", "Anna Berg (2/a.json)", "Ben"]
    assert found.notes == ("2 students are called 'Anna Berg', for their files share no answer: 1/a.json, 2/a.json",)


def test_two_files_of_one_student_are_joined(tmp_path):
    put(tmp_path, "early.json", simulated.export(GOOD, name="anna  berg"))
    later = [*GOOD, ["lstm-half-life", 3, AT + 5]]
    put(
        tmp_path, "late.json", simulated.export(later, name="Anna Berg", responses=[["lstm-gates-fill", AT + 1, ["a"]]])
    )
    (student,) = classroom.read_class(tmp_path, NOW).students
    assert student.files == ("early.json", "late.json") and student.answers == 3
    assert student.firsts["lstm-gates-fill"] == (False, ("a",))


def test_a_file_without_a_name_is_called_by_its_place_or_joined(tmp_path):
    put(tmp_path, "Anna Berg_1/progress.json", simulated.export(GOOD))
    put(tmp_path, "x.json", simulated.export([["a", 3, 7]]))
    assert names(tmp_path) == ["Anna Berg_1/progress", "x"]
    put(tmp_path, "named.json", simulated.export(GOOD, name="Anna Berg"))
    assert names(tmp_path) == ["Anna Berg", "x"]


def test_a_copy_under_another_name_is_told(tmp_path):
    put(tmp_path, "a.json", simulated.export(GOOD, name="Anna"))
    put(tmp_path, "b.json", simulated.export(GOOD, name="Ben"))
    put(tmp_path, "c.json", simulated.export(GOOD))  # of one of them: it must not make the two one student
    found = classroom.read_class(tmp_path, NOW)
    assert [student.name for student in found.students] == ["Anna", "Ben"]
    assert any("a.json and b.json share 2 answers to the millisecond under two names" in note for note in found.notes)


# --- files that are not as they must be -------------------------------------------------------------------------------

LOG = {"format": simulated.FORMAT, "version": 1, "reviews": []}
BROKEN = {
    "empty": (b"", "it is empty; ask for"),
    "cut": (simulated.export(GOOD)[:-9], "it is not whole JSON"),
    "no json": ("PK\x03\x04", "it is not whole JSON"),
    "latin-1": ('{"a": "größe"}'.encode("latin-1"), "it is not text in UTF-8"),
    "utf-16": (simulated.export(GOOD).encode("utf-16"), "it is not text in UTF-8"),
    "deep": ("[" * 100_000, "it is nested deeper than any export"),
    "list": ("[]", "it holds [] where an export has its format"),
    "other": ('{"format": "anki"}', "its format is \"anki\", not 'memory-and-chance reviews'"),
    "nan": (json.dumps({**LOG, "reviews": [["a", math.nan, 1]]}), "NaN is no number of JSON"),
    "digits": ('{"format": ' + "9" * 9_999 + "}", "it is not whole JSON"),
    "newer": (
        json.dumps({**LOG, "version": 2}),
        "a newer edition of the book wrote it, in version 2; this lmkit knows",
    ),
    "older": (json.dumps({**LOG, "version": 0}), "its version is 0, not 1"),
    "true": (json.dumps({**LOG, "version": True}), "its version is true, not 1"),
    "no list": (json.dumps({**LOG, "reviews": {}}), "its answers are no list"),
    "none": (json.dumps({"format": simulated.FORMAT, "version": 1}), "it has no list of answers"),
    "entry": (simulated.export([["a", 3]]), 'answer 1 has ["a", 3], but it must be [card, grade, time]'),
    "card": (simulated.export([["a", 3, 1], ["../../x", 3, 1]]), 'answer 2 has the card "../../x", but it must be'),
    "grade": (simulated.export([["a", 5, 1]]), "answer 1 has the grade 5, but it must be 1, 2, 3 or 4"),
    "bool": (simulated.export([["a", True, 1]]), "answer 1 has the grade true"),
    "time": (simulated.export([["a", 3, -1]]), "answer 1 has the time -1, but it must be a whole number"),
    "late": (simulated.export([["a", 3, 9e15]]), "answer 1 has the time 9000000000000000.0"),
    "prediction": (simulated.export([], predictions=[["q", "", "b", 1]]), 'prediction 1 has the words ""'),
    "response": (simulated.export([], responses=[["a", 1, [-1]]]), "response 1 has the response -1, but it must be"),
    "responses": (simulated.export([], responses={"a": 1}), "its responses are no list"),
    "long": (simulated.export([], responses=[["a", 1, ["x" * 201]]]), "response 1 has the response"),
    "control": (simulated.export([], responses=[["a", 1, ["\x1b[31m"]]]), "response 1 has the response"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_told_and_loses_no_other(capsys, tmp_path, name):
    content, complaint = BROKEN[name]
    put(tmp_path, f"{name}.json", content)
    put(tmp_path, "whole.json", simulated.export(GOOD, name="Anna"))
    status, out, err = run(capsys, tmp_path)
    assert (status, err) == (0, "") and "Anna" in out
    assert complaint in classroom.read_class(tmp_path, NOW).skipped[f"{name}.json"]
    assert f"{name}.json" in out.partition("Files that were skipped")[2]


def test_whole_files_of_odd_forms_are_read(tmp_path):
    put(tmp_path, "bom.json", b"\xef\xbb\xbf" + simulated.export(GOOD, name="Bom").encode())
    put(tmp_path, "floats.JSON", simulated.export([["a", 3.0, 1e12]], name="Floats"))
    put(tmp_path, "more.json", simulated.export(GOOD[:1], name="More", something={"else": 1}))
    assert names(tmp_path) == ["Bom", "Floats", "More"]


def test_a_file_that_is_too_large_is_not_read_whole(tmp_path):
    with (tmp_path / "huge.json").open("wb") as file:
        file.truncate(50_000_000_000)
    put(tmp_path, "whole.json", simulated.export(GOOD))
    assert classroom.read_class(tmp_path, NOW).skipped["huge.json"].startswith("it is too large (10.0 MB")


def test_links_and_pipes_are_not_followed(tmp_path):
    secret = tmp_path / "elsewhere"
    put(secret, "secret.json", simulated.export(GOOD, name="Secret"))
    folder = tmp_path / "class"
    put(folder, "whole.json", simulated.export(GOOD, name="Anna"))
    (folder / "link.json").symlink_to(secret / "secret.json")
    (folder / "device.json").symlink_to("/dev/zero")
    (folder / "round").symlink_to(folder)
    os.mkfifo(folder / "pipe.json")
    found = classroom.read_class(folder, NOW)
    assert [student.name for student in found.students] == ["Anna"]
    assert set(found.skipped) == {"link.json", "device.json", "pipe.json"}
    assert all("copy the file itself there" in why for why in found.skipped.values())


@pytest.mark.parametrize(
    "name", ["=cmd|' /C calc'!A0", "+1", "-1", "@x", "a\x1b[31mb", "\u202eneB", "x" * 101, 7, "", " "]
)
def test_a_hostile_name_does_no_harm(capsys, tmp_path, name):
    put(tmp_path, "a.json", simulated.export(GOOD, name=name))
    status, out, _ = run(capsys, tmp_path, "--out", tmp_path / "out")
    assert status == 0 and not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202a-\u202e]", out)
    for path in (tmp_path / "out").glob("*.csv"):
        for row in csv.reader(path.read_text().splitlines()):
            assert not any(cell.startswith(("=", "+", "@")) or re.match(r"-(?!\d)", cell) for cell in row)


def test_an_answer_from_the_future_is_noted(tmp_path):
    put(tmp_path, "a.json", simulated.export([["a", 3, NOW + 9 * simulated.DAY], ["b", 3, 8.64e15]], name="Anna"))
    found = classroom.read_class(tmp_path, NOW)
    assert found.notes == ("a.json: 2 of its answers bear a date in the future, because a clock was wrong",)
    assert tables.students(classroom.Results(found)).rows[0][8] == "in the far future"


def test_answers_to_another_edition_are_told(tmp_path):
    reviews = [["lstm-why-forget", 1, AT], ["card-of-old", 3, AT]]
    responses = [["lstm-why-forget", AT, [17]], ["card-of-old", AT, [1]]]
    put(tmp_path, "a.json", simulated.export(reviews, name="Anna", responses=responses))
    results = classroom.Results(classroom.read_class(tmp_path, NOW))
    assert results.notes() == [
        "1 card of another edition, left out: card-of-old",
        "1 answer to another edition of lstm-why-forget: the verdict counts, the choice does not",
    ]
    assert not results.wrong_answers() and [card.id for card, _ in results.cards] == ["lstm-why-forget"]


def test_a_choice_whose_verdict_is_another_by_now_does_not_count(tmp_path):
    card = next(card for card in study.load("lstm").cards if card.kind == "single")
    put(tmp_path, "a.json", simulated.export([[card.id, 1, AT]], responses=[[card.id, AT, card.right]]))
    assert "1 answer to another edition" in classroom.Results(classroom.read_class(tmp_path, NOW)).notes()[0]


def test_an_order_is_told_by_its_places(tmp_path):
    card = next(card for card in study.load("lstm").cards if isinstance(card, Order))
    order = [1, 0, *range(2, len(card.items))]
    put(tmp_path, "a.json", simulated.export([[card.id, 1, AT]], responses=[[card.id, AT, order]]))
    (wrong,) = classroom.Results(classroom.read_class(tmp_path, NOW)).wrong_answers()
    assert wrong.answer.startswith("2, 1, 3")


# --- folders ----------------------------------------------------------------------------------------------------------


def test_folders_without_exports_are_refused(capsys, tmp_path):
    for folder, complaint in (
        (tmp_path / "nowhere", "folder must be one with the files of a class, but .*nowhere is none; correct its name"),
        (tmp_path, r"folder must hold files that the Review page exports \(.json\), but .* has none; put them there"),
    ):
        status, out, err = run(capsys, folder)
        assert (status, out) == (2, "") and re.search(complaint, err), err
    put(tmp_path, "a.json", "{}")
    put(tmp_path, "b.txt", simulated.export(GOOD))
    status, _, err = run(capsys, tmp_path)
    assert status == 2 and "but none of the 1 in" in err and "a.json: its format is missing" in err


def test_where_to_write_is_asked_before_reading(capsys, tmp_path):
    put(tmp_path, "a.json", simulated.export(GOOD))
    for out, complaint in (("a.json", "out must be a folder"), ("x/y", "in a folder that exists")):
        status, said, err = run(capsys, tmp_path, "--out", tmp_path / out)
        assert (status, said) == (2, "") and complaint in err
    assert run(capsys, tmp_path, "--chapters", "lstms")[0] == 2


@pytest.mark.slow
def test_ten_thousand_files_are_read(tmp_path):
    cards = simulated.judged(["lstm"])[:12]
    for place in range(10_000):
        put(tmp_path, f"{place % 100}/{place}.json", simulated.student(place, cards, name=f"Student {place}"))
    put(tmp_path, "bad.json", "{")
    found = classroom.read_class(tmp_path, NOW)
    assert len(found.students) == 10_000 and set(found.skipped) == {"bad.json"} and not found.notes
    results = classroom.Results(found)
    text = classroom.printed(results)
    assert "… and 9,970 more" in text and len(text.splitlines()) < 120
    assert results.scores.shape == (10_000, 12) and results.reliabilities()["all"].alpha > 0.5
    assert sys.getsizeof(results.scores) < 2e6


def test_the_package_keeps_nothing(group, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = {path: path.read_bytes() for path in group.iterdir()}
    assert main(["class", str(group)]) == 0
    assert not list(Path().iterdir()) and before == {path: path.read_bytes() for path in group.iterdir()}
