"""A class's results in the browser are those of Python: statistics, who is who, wrong answers, skipped files."""

import json
import math

import numpy as np
import pytest
from playwright.sync_api import expect

from lmkit.study import classroom
from lmkit.widgets import ClassResults
from tests import simulated_class as simulated
from tests.test_classroom import AT, BROKEN, GOOD, NOW, scores_of


@pytest.fixture(scope="module")
def statistics(scripts):
    """The browser's function of a name, for scores of numpy."""
    node = scripts("cards/classroom/statistics.js")

    def call(name, scores):
        rows = [[None if math.isnan(score) else score for score in row] for row in scores.tolist()]
        return node.evaluate(f"([rows, count]) => lmkit.{name}(rows, count)", [rows, scores.shape[1]])

    return call


def same(found, expected):
    return found == pytest.approx(expected, abs=1e-12, nan_ok=True)


@pytest.mark.parametrize("missing", [0.0, 0.15, 0.6])
@pytest.mark.parametrize("shape", [(40, 12), (9, 4), (3, 2), (2, 2), (5, 1)])
def test_statistics_are_those_of_python(statistics, shape, missing):
    for seed in range(4):
        scores = scores_of(seed, *shape, missing)
        assert same(statistics("alpha", scores), classroom.alpha(scores))
        expected = classroom.reliability(scores)
        found = statistics("reliability", scores)
        assert (found["items"], found["students"]) == expected[:2] and same(found["alpha"], expected.alpha)
        for one, other in zip(statistics("analyse", scores), classroom.analyse(scores), strict=True):
            values = one["difficulty"], one["discrimination"], one["upperLower"]
            assert (one["answered"], one["right"]) == other[:2]
            assert all(map(same, values, other[2:])), (seed, one, other)


def test_statistics_of_nothing_are_none(statistics):
    for scores in (np.empty((0, 3)), np.ones((5, 3)), np.full((4, 2), np.nan)):
        for one, other in zip(statistics("analyse", scores), classroom.analyse(scores), strict=True):
            assert all(map(same, (one["difficulty"], one["discrimination"], one["upperLower"]), other[2:]))


@pytest.fixture
def folder(tmp_path):
    """A class with everything that can be odd about its files."""
    simulated.write(tmp_path, 12, ["lstm", "training"], missing=0.1)
    for name, (content, _) in BROKEN.items():
        data = content if isinstance(content, bytes) else content.encode()
        (tmp_path / f"broken {name}.json").write_bytes(data)
    early = (tmp_path / "student-00003.json").read_text()
    later = json.loads(early)
    later["reviews"] += [["lstm-why-forget", 1, AT + 9 * simulated.DAY]]
    taken_back = [["a", 3, AT + 7], ["a", 0, AT + 7], ["lstm-half-life", 3, AT]]
    files = {
        "later.json": json.dumps(later),
        "twin 1.json": simulated.export(GOOD, name="Anna Berg"),
        "twin 2.json": simulated.export(taken_back, name="anna  berg"),
        "copy.json": simulated.export(GOOD, name="Ben"),
        "unnamed.json": simulated.export([["lstm-why-forget", 1, AT]], responses=[["lstm-why-forget", AT, [99]]]),
        "odd name.json": simulated.export([["lstm-why-forget", 1, AT + 5]], name="a\x1b[31m"),
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_results_are_those_of_python(scripts, folder):
    cards = ClassResults().view.cards
    sources = []
    for path in folder.iterdir():
        text = path.read_bytes().decode("utf-8", "replace")  # as a browser reads it
        sources.append({"name": path.name, "text": text})
    found = scripts("cards/classroom/results.js").evaluate(
        """([sources, cards]) => {
          const results = lmkit.resultsOf(sources, cards);
          const students = results.students.map((one) => ({ ...one, firsts: [...one.firsts.entries()] }));
          return { ...results, students, skipped: [...results.skipped.keys()] };
        }""",
        [sources, cards],
    )
    results = classroom.Results(classroom.read_class(folder, NOW))
    assert [one["name"] for one in found["students"]] == [student.name for student in results.students]
    for one, student in zip(found["students"], results.students, strict=True):
        assert (tuple(one["files"]), one["answers"], one["days"]) == (student.files, student.answers, student.days)
        firsts = {card: (first["right"], tuple(first.get("response") or ()) or None) for card, first in one["firsts"]}
        assert firsts == student.firsts
    assert [card["id"] for card in found["cards"]] == [card.id for card, _ in results.cards]
    for one, item in zip(found["items"], results.items(), strict=True):
        values = one["answered"], one["right"], one["difficulty"], one["discrimination"], one["upperLower"]
        assert all(map(same, values, item))
    assert [one["title"] for one in found["reliabilities"]] == list(results.reliabilities())
    for one, expected in zip(found["reliabilities"], results.reliabilities().values(), strict=True):
        assert (one["items"], one["students"]) == expected[:2] and same(one["alpha"], expected.alpha)
    wrong = sorted((one["card"]["id"], one["answer"], one["givenBy"], one["known"]) for one in found["wrong"])
    assert wrong == sorted((one.card.id, one.answer, one.given_by, one.known) for one in results.wrong_answers())
    counts = [one["givenBy"] for one in found["wrong"]]
    assert counts == sorted(counts, reverse=True)
    assert set(found["skipped"]) == set(results.group.skipped) and len(found["skipped"]) == len(BROKEN)
    shared = [note for note in results.notes() if "to the millisecond" in note]
    assert [note for note in found["notes"] if "to the millisecond" in note] == shared and shared


def test_chosen_files_are_shown_as_tables(view, folder):
    page = view.put(ClassResults())
    files = sorted(path for path in folder.iterdir() if not path.name.startswith("broken") or "nan" in path.name)
    page.locator("input[type=file]").set_input_files(files)
    results = classroom.Results(classroom.read_class(folder, NOW))
    expect(page.get_by_role("status").first).to_have_text(f"{len(results.students)} students, 1 file skipped.")
    students = page.get_by_role("table", name="Who did what").locator("tbody tr")
    expect(students).to_have_count(len(results.students))
    first = results.students[0]
    assert students.first.locator("th, td").all_inner_texts()[:4] == [
        first.name,
        str(len(first.files)),
        str(first.answers),
        str(len(first.firsts)),
    ]
    expect(page.get_by_role("table", name="Files that were skipped").locator("tbody tr")).to_have_count(1)
    expect(page.get_by_role("table", name="Notes")).to_contain_text("to the millisecond")
    items = page.get_by_role("table", name="Items, the hardest first").locator("tbody tr")
    difficulties = [float(row.split("\t")[4]) for row in items.all_inner_texts()]
    assert difficulties == sorted(difficulties) and len(difficulties) == len(results.cards)


def test_files_that_are_none_are_told(view, tmp_path):
    page = view.put(ClassResults())
    (tmp_path / "x.json").write_text("{}")
    page.locator("input[type=file]").set_input_files(tmp_path / "x.json")
    expect(page.get_by_role("status").first).to_have_text("None of these is a file that the Review page exports.")
    expect(page.get_by_role("table", name="Files that were skipped")).to_contain_text("x.json")
    expect(page.get_by_role("table", name="Who did what")).to_be_hidden()


def test_without_scripts_the_command_is_named():
    assert "python -m lmkit class folder" in ClassResults().fallback()
