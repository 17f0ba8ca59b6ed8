"""Assignments: tests that tell right from wrong, and notebooks that otter-grader and nbgrader take."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook
from nbgrader.nbgraderformat import MetadataValidator

from lmkit.study import CardError, assignments

SMALL = """\
title: Doubling
chapter: training
minutes: 5
text: Double a number.
setup: "import math"
questions:
  - id: double
    points: 2
    text: Write it.
    head: |
      def double(x):
    solution: |
      return 2 * x
    tests:
      - code: |
          assert double(3) == 6, "Twice the number."
    wrong:
      - {change: 2 * x, to: x + 2, hint: Twice}
"""


@pytest.fixture
def small(tmp_path):
    """Return a function that reads the small assignment with one text replaced by another."""

    def read(old="", new=""):
        assert old in SMALL
        path = tmp_path / "doubling.yml"
        path.write_text(SMALL.replace(old, new) if old else SMALL, encoding="utf-8")
        return assignments.read_assignment(path)

    return read


@pytest.mark.parametrize("name", assignments.names())
def test_twelve_wrong_solutions_of_each_are_caught_with_their_hints(name):
    assignment = assignments.load(name)
    assert assignments.faults(assignment) == []
    assert sum(len(question.wrong) for question in assignment.questions) == 12


def test_six_chapters_have_an_assignment():
    assert len({assignments.load(name).chapter for name in assignments.names()}) == 6


@pytest.mark.parametrize(
    "old, new, message",
    [
        ("return 2 * x\n", "return 2 * x + 1\n", "double: the solution must pass the tests, but one says 'Twice"),
        ("to: x + 2", "to: x + x", "the tests must fail, but they pass; add a test that tells"),
        ("hint: Twice", "hint: Thrice", "the message must have 'Thrice', but it is 'Twice the number.'"),
        ("to: x + 2", "to: x / 0", "but it is 'ZeroDivisionError: division by zero'"),
    ],
)
def test_tests_that_do_not_tell_are_found(small, old, new, message):
    assert assignments.faults(small()) == []
    (fault,) = [fault for fault in assignments.faults(small(old, new)) if message in fault]
    assert fault.startswith("double: ")


@pytest.mark.parametrize(
    "old, new, line, message",
    [
        ('6, "Twice the number."', "6", 15, "must give every assert a message"),
        ("return 2 * x\n", "return (2 * x\n", 7, "must be Python, but line 2 is not"),
        ("def double(x):", "def treble(x):", 7, "must define the function 'double' and nothing else"),
        ("change: 2 * x", "change: 3 * x", 7, "'3 * x' stands there 0 times"),
        ("      - code: |", "      - hidden: true\n        code: |", 7, "take `hidden` from one"),
        ("points: 2", "points: none", 8, "points"),
        ("minutes: 5", "minutes: 5\nauthor: me", 4, "author is not known here; an assignment has ['title'"),
        ("title: Doubling\n", "", 1, "title is missing; add it"),
        ('setup: "import math"', 'setup: "import"', 5, "must be Python"),
    ],
)
def test_faults_of_a_file_are_told_with_their_line(small, old, new, line, message):
    with pytest.raises(CardError) as caught:
        small(old, new)
    assert f"doubling.yml:{line}: " in str(caught.value) and message in str(caught.value)


def test_an_unknown_assignment_or_format_is_refused():
    with pytest.raises(ValueError, match=r"name must be one of the assignments \['beam_search'.*'nothing'"):
        assignments.load("nothing")
    with pytest.raises(ValueError, match=r"format must be one of \['nbgrader', 'otter'\], but it is 'okpy'"):
        assignments.notebook(assignments.load("lstm"), "okpy")


@pytest.mark.parametrize("form", sorted(assignments.FORMATS))
@pytest.mark.parametrize("name", assignments.names())
def test_notebooks_are_valid_and_say_everything(name, form):
    assignment = assignments.load(name)
    notebook = nbformat.reads(json.dumps(assignments.notebook(assignment, form)), as_version=4)
    nbformat.validate(notebook)
    if form == "nbgrader":
        MetadataValidator().validate_nb(notebook)
    whole = "\n".join(cell.source for cell in notebook.cells)
    for question in assignment.questions:
        for part in (question.text, question.head, *(test.code for test in question.tests)):
            assert part.strip() in whole


PATH = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])  # these programs call others


def command(*arguments, folder):
    """Run a module in a folder; return what it printed, or fail with that."""
    done = subprocess.run(
        [sys.executable, "-m", *map(str, arguments)],
        cwd=folder,
        env=os.environ | {"OMP_NUM_THREADS": "1", "PYDEVD_DISABLE_FILE_VALIDATION": "1", "PATH": PATH},
        text=True,
        capture_output=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def answered(student, assignment, path, wrong=()):
    """Fill in the students' notebook with solutions, with a wrong one for the named questions; write it to a path."""
    notebook = nbformat.read(student, as_version=4)
    heads = {question.head.splitlines()[0]: question for question in assignment.questions}
    for cell in notebook.cells:
        question = heads.get(cell.source.partition("\n")[0])
        if question is not None:
            assert question.solution.splitlines()[0] not in cell.source  # not shown to students
            cell.source = question.code(question.wrong[0] if question.id in wrong else None)
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)


@pytest.fixture(scope="module")
def truncation():
    return assignments.load("truncation")


@pytest.mark.slow
def test_nbgrader_gives_the_points(tmp_path, truncation):
    command("lmkit", "assignment", "truncation", "--format", "nbgrader", "--out", tmp_path, folder=tmp_path)
    command("nbgrader", "generate_assignment", "truncation", "--create", folder=tmp_path)
    student = tmp_path / "release" / "truncation" / "truncation.ipynb"
    assert "HIDDEN" not in student.read_text(encoding="utf-8")
    for name, wrong in {"ada": (), "ben": ("top_k", "draw")}.items():
        answered(student, truncation, tmp_path / "submitted" / name / "truncation" / "truncation.ipynb", wrong)
    command("nbgrader", "autograde", "truncation", "--create", folder=tmp_path)
    with Gradebook(f"sqlite:///{tmp_path / 'gradebook.db'}") as book:
        scores = {name: book.find_submission("truncation", name).score for name in ("ada", "ben")}
    assert scores == {"ada": truncation.points, "ben": truncation.points - 3 - 2}


@pytest.mark.slow
def test_otter_gives_the_points(tmp_path, truncation):
    command("lmkit", "assignment", "truncation", "--format", "otter", "--out", tmp_path, folder=tmp_path)
    command("otter", "assign", "truncation/truncation.ipynb", "dist", folder=tmp_path)  # which grades the solution
    answered(tmp_path / "dist/student/truncation.ipynb", truncation, tmp_path / "truncation.ipynb", ("top_k", "draw"))
    (zipped,) = (tmp_path / "dist" / "autograder").glob("*.zip")
    shutil.move(zipped, tmp_path / "autograder.zip")
    command("otter", "run", "truncation.ipynb", "-a", "autograder.zip", "-o", tmp_path, folder=tmp_path)
    found = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    scores = {test["name"]: test.get("score") for test in found["tests"]}
    assert {name: scores[name] for name in ("with_temperature", "top_k", "top_p", "draw")} == {
        "with_temperature": 2,
        "top_k": 0,
        "top_p": 4,
        "draw": 0,
    }
    shown = json.dumps(found)
    assert "-inf, not 0" in shown  # the hint of a test that students see


def test_command_writes_notebooks_and_checks(tmp_path, capsys):
    from lmkit.__main__ import main

    assert main(["assignment", "lstm", "--format", "otter", "--out", str(tmp_path)]) == 0
    assert (tmp_path / "lstm" / "lstm.ipynb").is_file() and "otter assign" in capsys.readouterr().out
    file = tmp_path / "doubling.yml"
    file.write_text(SMALL, encoding="utf-8")
    assert main(["assignment", str(file), "--check"]) == 0
    assert "1 questions, 2 points; all 1 wrong solutions caught" in capsys.readouterr().out
    file.write_text(SMALL.replace("to: x + 2", "to: x + x"), encoding="utf-8")
    assert main(["assignment", str(file), "--check"]) == 2
    assert "doubling: double: with 'x + x'" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments, message",
    [
        ([], "one of --check and --format {nbgrader,otter} must be given"),
        (["lstm", "--format", "otter"], "--format and --out FOLDER must come together"),
        (["lstm", "lstm", "--check"], "'lstm' is given twice"),
        (["nothing", "--check"], "name must be one of the assignments"),
        (["absent.yml", "--check"], "the file must be readable"),
    ],
)
def test_command_refuses_what_cannot_be_done(arguments, message, capsys):
    from lmkit.__main__ import main

    assert main(["assignment", *arguments]) == 2
    assert message in capsys.readouterr().err
