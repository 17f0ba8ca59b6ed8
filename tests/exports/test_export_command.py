"""`python -m lmkit cards --export`: files are written whole or not at all, and bad input is told with its remedy."""

import shutil
import zipfile
from pathlib import Path

import pytest

from lmkit import study
from lmkit.__main__ import main
from lmkit.study import exports
from lmkit.widgets.cards._sco.scorm import FORMAT as SCORM
from tests.exports import moodle_reader

EXAMPLES = Path(__file__).parents[1] / "example_cards.yml"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A folder of its own, with a file of cards."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(EXAMPLES, "example_cards.yml")
    return tmp_path


def run(capsys, *arguments):
    status = main(["cards", *map(str, arguments)])
    said = capsys.readouterr()
    return status, said.out, said.err


@pytest.mark.parametrize(
    ("kind", "out", "told"),
    [
        ("moodle", "cards.xml", "cards.xml: 8 questions from 1 chapter, for Moodle\n"),
        ("gift", "cards.txt", "cards.txt: 8 questions from 1 chapter, for Moodle and others that read GIFT\n"),
        (
            "qti",
            "cards.zip",
            "cards.zip: 8 questions from 1 chapter, for Canvas, Blackboard and others that read QTI 2.1\n",
        ),
        (
            "scorm",
            "quiz.zip",
            "quiz.zip: 7 questions from 1 chapter, for platforms that run SCORM 1.2, each quiz with its score\n",
        ),
    ],
)
def test_each_format_is_written_and_changes_are_told_with_ids(capsys, kind, out, told):
    status, said, errors = run(capsys, "example_cards.yml", "--export", kind, "--out", out, "--report", "report.log")
    assert (status, said) == (0, told) and Path(out).stat().st_size
    report = Path("report.log").read_text(encoding="utf-8")
    for card in ("example-flashcard", "example-draw"):
        assert card in errors and report.count(f"{card} (") >= 1
    assert "example-single" not in errors
    assert all(": " in line for line in report.splitlines())


def test_moodle_gets_the_cards_of_the_file(capsys):
    run(capsys, "example_cards.yml", "--export", "moodle", "--out", "cards.xml", "--title", "My course")
    entries = moodle_reader.read_xml(Path("cards.xml").read_bytes())
    assert [entry.id for entry in entries] == [card.id for card in study.read_deck("example_cards.yml").cards]
    assert {entry.category for entry in entries} == {"$course$/top/My course/Example cards"}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--export", "moodle"], "--out FILE must be given with --export"),
        (["--out", "cards.xml"], "one of --check, --anki DECK.apkg and --export FORMAT must be given"),
        (["--check", "--report", "x"], "--report must come with --export FORMAT"),
        (["--check", "--title", "x"], "--title must come with --anki DECK.apkg or --export FORMAT"),
        (["--export", "qti", "--out", "cards.xml"], "must end in .zip for qti, but it is 'cards.xml'; write cards.zip"),
        (["--export", "scorm", "--out", "q.xml"], "must end in .zip for scorm, but it is 'q.xml'; write q.zip"),
        (["--export", "moodle", "--out", "none/cards.xml"], "must name a file in a folder that exists"),
        (["--export", "gift", "--out", "a.txt", "--report", "a.txt"], "must not be one file"),
        (["--export", "gift", "--out", "a.txt", "--title", "a::b"], "title must be a name without '::'"),
        (["--export", "gift", "--out", "a.txt", "--address", "ftp://x"], "address must be that of the pages"),
        (["--export", "gift", "--out", "a.txt", "--report", "none/r"], "the report must name a file in a folder"),
    ],
)
def test_bad_options_are_told_with_their_remedy_and_nothing_is_written(capsys, folder, arguments, told):
    status, out, errors = run(capsys, "example_cards.yml", *arguments)
    assert status == 2 and told in errors and out == ""
    assert [path.name for path in folder.iterdir()] == ["example_cards.yml"]


def test_unknown_formats_are_named(capsys):
    with pytest.raises(SystemExit):
        main(["cards", "--export", "h5p", "--out", "x.h5p"])
    assert "moodle" in capsys.readouterr().err
    with pytest.raises(ValueError, match="kind must be one of moodle, gift, qti, but it is 'h5p'"):
        exports.write_cards("x.h5p", [], "h5p")


def test_cards_are_not_replaced_by_their_export(capsys):
    Path("cards.txt").symlink_to("example_cards.yml")
    status, _, errors = run(capsys, "example_cards.yml", "--export", "gift", "--out", "cards.txt")
    assert status == 2 and "must not be one file" in errors
    assert Path("example_cards.yml").read_bytes() == EXAMPLES.read_bytes()


def test_a_chapter_of_flashcards_has_no_quiz_for_scorm():
    cards = (study.Flashcard(id="one", section="S", question="?", answer="!"),)
    with pytest.raises(ValueError, match="chapters must have cards that are not flashcards"):
        exports.write_cards("quiz.zip", [study.Deck("cards", "Cards", cards)], SCORM)
    assert not Path("quiz.zip").exists()


def test_scorm_tells_what_is_left_out_and_what_does_not_count():
    deck = study.read_deck("example_cards.yml")
    report = exports.write_cards("quiz.zip", [deck], SCORM)
    assert {(change.card, "left out" in change.what) for change in report.changes} == {
        ("example-flashcard", True),
        ("example-draw", False),
    }
    with zipfile.ZipFile("quiz.zip") as archive:
        page = archive.read("example_cards.html").decode()
    assert "example-single" in page and "example-flashcard" not in page


def test_a_formula_that_cannot_be_shown_is_told():
    cards = (study.Flashcard(id="one", section="S", question=r"$\nonsense$", answer="!"),)
    with pytest.raises(ValueError, match="a formula must be TeX that can be shown"):
        exports.write_cards("cards.zip", [study.Deck("cards", "Cards", cards)], "qti")
