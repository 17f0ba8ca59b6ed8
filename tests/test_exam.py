"""Exams: which cards are asked, versions that fit their key, the same bytes for a seed, and what is refused."""

import csv
import html
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import pytest

from lmkit import study
from lmkit.__main__ import main
from lmkit.study import exam
from lmkit.study.cards import Order
from lmkit.study.exam import sheets
from lmkit.study.exam.choosing import Question

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "tests" / "example_cards.yml"
ALL_KINDS = ("flashcard", "draw", "single", "multiple", "fill", "number", "order")
ENTITY = re.compile(r"&(?!(?:amp|lt|gt|quot|#\w+);)\w+;")


@pytest.fixture(scope="module")
def decks():
    return study.load_all(["lstm", "training", "sampling"])


@pytest.fixture
def bank(tmp_path):
    path = tmp_path / "mine.yml"
    path.write_text(EXAMPLES.read_text(encoding="utf-8").replace("chapter: example_cards", "chapter: mine"))
    return path


def run(capsys, *arguments):
    try:
        status = main(["exam", *map(str, arguments)])
    except SystemExit as left:
        status = left.code
    out, err = capsys.readouterr()
    return status, out, err


def ids(versions):
    return [asked.question.card.id for asked in versions[0].asked]


def parsed(sheet: sheets.Sheet) -> ElementTree.Element:
    """A sheet's body, which must be XML."""
    return ElementTree.fromstring(f"<body>{ENTITY.sub(lambda found: html.unescape(found[0]), sheet.body)}</body>")


def words(node: ElementTree.Element) -> str:
    return " ".join("".join(node.itertext()).split())


# --- which cards are asked --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(8))
def test_each_question_is_from_what_was_asked_least(decks, seed):
    left = exam.candidates(decks)
    chosen = exam.choose(left, 40, seed)
    for place, (card, deck) in enumerate(chosen):
        before = chosen[:place]
        chapters = Counter(question.deck.chapter for question in before)
        kinds = Counter(question.card.kind for question in before)
        rest = [question for question in left if question not in before]
        assert chapters[deck.chapter] == min(chapters[question.deck.chapter] for question in rest)
        beside = [question.card.kind for question in rest if question.deck is deck]
        assert kinds[card.kind] == min(kinds[kind] for kind in beside)
    assert len({card.id for card, _ in chosen}) == 40


def test_chapters_have_equal_shares(decks):
    for count in (3, 20, 30):
        shares = Counter(deck.chapter for _, deck in exam.choose(exam.candidates(decks), count, 5))
        assert max(shares.values()) - min(shares.values()) <= 1 and shares.total() == count


def test_a_seed_decides(decks):
    papers = [ids(exam.make(decks, questions=12, seed=seed)) for seed in (1, 1, 2)]
    assert papers[0] == papers[1] != papers[2]
    assert exam.make(decks, questions=12, seed=1, versions=3) == exam.make(decks, questions=12, seed=1, versions=3)


def test_lab_cards_are_left_out_unless_asked_for():
    decks = study.load_all()
    assert not any(question.card.lab for question in exam.candidates(decks, ALL_KINDS))
    asked = exam.candidates(decks, ALL_KINDS, lab=True)
    assert len(asked) == sum(len(deck.cards) for deck in decks) and any(question.card.lab for question in asked)


def test_kinds_are_those_that_a_key_decides_unless_others_are_named(decks):
    assert {question.card.kind for question in exam.candidates(decks)} == set(exam.ASKED)
    assert {question.card.kind for question in exam.candidates(decks, ["flashcard"])} == {"flashcard"}


# --- versions and their key -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("questions", [2, 3, 20])
def test_versions_ask_the_same_in_other_orders(decks, questions):
    versions = exam.make(decks, questions=questions, seed=3, versions=2)
    orders = [[asked.question.card.id for asked in version.asked] for version in versions]
    assert sorted(orders[0]) == sorted(orders[1]) and orders[0] != orders[1]
    assert [asked.number for asked in versions[1].asked] == list(range(1, questions + 1))


def test_one_question_has_as_many_versions_as_are_asked_for(decks):
    versions = exam.make(decks, questions=1, versions=26)
    assert [version.letter for version in versions] == list("ABCDEFGHIJKLMNOPQRSTUVWXYZ")


def test_things_to_order_never_lie_in_order():
    deck = study.read_deck(EXAMPLES)
    order = next(card for card in deck.cards if isinstance(card, Order))
    for seed in range(60):
        (version,) = exam.make_versions([Question(order, deck)], 1, seed)
        assert version.asked[0].order != (0, 1, 2)


def read_answers(versions):
    """The table of answers as somebody else reads it: by version and number."""
    table = csv.DictReader(exam.answer_table(versions).decode().splitlines())
    return {(row["version"], int(row["question"])): row for row in table}


def test_letters_of_the_table_are_right_on_the_paper():
    decks = study.load_all()
    cards = {card.id: card for deck in decks for card in deck.cards}
    versions = exam.make(decks, questions=120, seed=9, versions=3, kinds=["single", "multiple", "order"])
    answers = read_answers(versions)
    for version in versions:
        for number, section in enumerate(parsed(sheets.paper(version, "Exam")).iter("section"), 1):
            row = answers[version.letter, number]
            card = cards[row["card"]]
            laid_out = dict(zip("ABCDEFGH", map(words, section.findall("ol/li")), strict=False))
            named = [laid_out[letter] for letter in row["answer"].split()]
            parts = card.items if isinstance(card, Order) else [choice for choice in card.choices if choice.right]
            right = [words(parsed(sheets.Sheet("", study.markup.to_page(part.text)))) for part in parts]
            assert named == right if isinstance(card, Order) else sorted(named) == sorted(right)
            assert len(laid_out) == len(getattr(card, "items", getattr(card, "choices", ())))


def test_gaps_and_numbers_are_in_the_table():
    deck = study.read_deck(EXAMPLES)
    versions = exam.make([deck], questions=3, kinds=["fill", "number"])
    found = {row["card"]: row["answer"] for row in read_answers(versions).values()}
    assert found == {"example-fill": "forget", "example-code": "37", "example-number": "4,160 parameters"}


def test_key_has_every_explanation_and_the_papers_none():
    decks = study.load_all()
    count = sum(len(deck.cards) for deck in decks)
    versions = exam.make(decks, questions=count, versions=2, kinds=ALL_KINDS, lab=True)
    key, papers = (
        words(parsed(sheets.key(versions, "Exam"))),
        [words(parsed(sheets.paper(v, "Exam"))) for v in versions],
    )
    for deck in decks:
        for card in deck.cards:
            for keys, text in card.texts():
                if keys == ("text",):
                    continue  # gaps stand in it
                said = words(parsed(sheets.Sheet("", study.markup.to_page(text))))
                assert said in key, (card.id, keys)
                if len(said) > 60 and ("why" in keys or keys[0] in ("explanation", "answer", "hints")):
                    assert not any(said in paper for paper in papers), (card.id, keys)


def test_key_names_the_number_of_every_version(decks):
    versions = exam.make(decks, questions=15, seed=2, versions=3)
    sections = [words(section) for section in parsed(sheets.key(versions, "Exam")).iter("section")]
    for asked, section in zip(versions[0].asked, sections, strict=True):
        card = asked.question.card
        numbers = [next(one.number for one in v.asked if one.question.card is card) for v in versions]
        where = " · ".join(f"{letter}{number}" for letter, number in zip("ABC", numbers, strict=True))
        assert f"{where} · {asked.question.deck.title}: " in section and f" · {card.id}" in section


def test_a_sheet_needs_nothing_around_it(decks):
    versions = exam.make(decks, questions=20, versions=1, kinds=ALL_KINDS)
    for sheet in (sheets.paper(versions[0], "Exam"), sheets.key(versions, "Exam")):
        assert not re.search(r"<(script|link|img|iframe)|src=|href=|url\(|@import", exam.to_html(sheet).decode())


# --- files ------------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_same_seed_gives_the_same_bytes(tmp_path):
    made = []
    for place, more in enumerate(({"PYTHONHASHSEED": "1", "TZ": "UTC"}, {"PYTHONHASHSEED": "2", "TZ": "Asia/Tokyo"})):
        folder = tmp_path / str(place)
        command = "-m lmkit exam --seed 7 --questions 20 --chapters lstm,training --versions 2".split()
        environment = {**os.environ, "PYTHONPATH": str(ROOT), **more}
        subprocess.run([sys.executable, *command, "--out", folder], env=environment, check=True, capture_output=True)
        made.append({path.name: path.read_bytes() for path in folder.iterdir()})
    assert made[0] == made[1]
    names = [f"{sheet}.{suffix}" for sheet in ("paper-A", "paper-B", "key") for suffix in ("html", "pdf")]
    assert sorted(made[0]) == sorted([*names, "answers.csv"])


def test_command_writes_what_it_says(capsys, tmp_path):
    out = tmp_path / "exam"
    status, said, _ = run(capsys, "--questions", 5, "--chapters", "lstm", "--format", "html", "--out", out)
    assert status == 0 and said == f"{out}: 1 version of 5 questions, seed 0: paper-A.html, key.html, answers.csv\n"
    assert {path.name for path in out.iterdir()} == {"paper-A.html", "key.html", "answers.csv"}
    again = {path: path.read_bytes() for path in out.iterdir()}
    assert run(capsys, "--questions", 5, "--chapters", "lstm", "--format", "html", "--out", out)[0] == 0
    assert {path: path.read_bytes() for path in out.iterdir()} == again


def chapters_asked(folder):
    return {row["chapter"] for row in csv.DictReader((folder / "answers.csv").read_text().splitlines())}


def test_a_bank_is_asked_alone_or_beside_chapters(capsys, tmp_path, bank):
    html_alone = ["--format", "html", "--out", tmp_path / "exam"]
    assert run(capsys, "--questions", 6, "--bank", bank, *html_alone)[0] == 0
    assert chapters_asked(tmp_path / "exam") == {"mine"}
    assert run(capsys, "--questions", 6, "--bank", bank, "--chapters", "lstm", *html_alone)[0] == 0
    assert chapters_asked(tmp_path / "exam") == {"mine", "lstm"}


def test_a_bank_is_never_replaced(capsys, tmp_path, bank):
    folder, before = tmp_path / "exam", bank.read_bytes()
    folder.mkdir()
    (folder / "key.html").symlink_to(bank)
    status, _, err = run(capsys, "--questions", 6, "--bank", bank, "--format", "html", "--out", folder)
    assert status == 2 and "key.html and bank 1 must not be one file" in err and bank.read_bytes() == before


REFUSED = [
    ("--chapters lstms", r"chapters must be among .*, but one is 'lstms'; did you mean lstm or awd_lstm\?"),
    ("--chapters Beam-Search", r"but one is 'Beam-Search'; did you mean beam_search\?"),
    ("--chapters xyzzy,lstm", r"but one is 'xyzzy'; correct it"),
    ("--chapters ,", "chapters must name at least one, but there is none; leave --chapters out for all"),
    (
        "--chapters lstm --questions 24",
        r"questions must be at most 23, as the chosen chapters have \(lstm 23\), .* are 24",
    ),
    ("--chapters real_english --kinds order", "at most 0, for these chapters have no card of these kinds"),
    ("--questions 0", "questions must be at least 1, but they are 0; ask for more"),
    ("--versions 27", "versions must be from 1 to 26, a letter for each, but they are 27"),
    ("--versions 0", "versions must be from 1 to 26"),
    ("--kinds essay", "kinds must be among .*, but one is 'essay'; correct it"),
    ("--kinds ,", "kinds must name at least one of"),
    ("--format docx", "invalid choice: 'docx'"),
    ("--title=", "title must have words, but it is ''"),
    ("--bank nowhere.yml", "nowhere.yml"),
    ("--bank mine.yml mine/../mine.yml", "id must be unique among all decks"),
]


@pytest.mark.parametrize("arguments, complaint", REFUSED, ids=[arguments for arguments, _ in REFUSED])
def test_what_cannot_be_is_refused(capsys, tmp_path, bank, monkeypatch, arguments, complaint):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").mkdir()
    status, out, err = run(capsys, "--out", "exam", *arguments.split())
    assert (status, out) == (2, "") and re.search(complaint, err), err
    assert not (tmp_path / "exam").exists()


def test_a_faulty_bank_is_told_with_file_and_line(capsys, tmp_path, bank):
    bank.write_text(bank.read_text().replace("kind: single", "kind: essay"))
    status, _, err = run(capsys, "--bank", bank, "--out", tmp_path / "exam")
    assert status == 2 and re.search(r"mine.yml:\d+: card 'example-single': kind must be one of", err)


@pytest.mark.parametrize(
    "make, complaint",
    [
        (lambda out: out.write_text("x"), "out must be a folder, but .* is a file"),
        (
            lambda out: (out.mkdir(), (out / "paper-C.html").touch()),
            "must not keep papers of another exam .* paper-C.html",
        ),
        (lambda out: (out.mkdir(), (out / "key.pdf").touch()), "must not keep papers of another exam .* has key.pdf"),
        (lambda out: (out.mkdir(), (out / "key.html").mkdir()), "key.html is a folder"),
    ],
)
def test_a_place_that_will_not_do_is_refused(capsys, tmp_path, make, complaint):
    make(tmp_path / "exam")
    status, _, err = run(capsys, "--questions", 3, "--format", "html", "--out", tmp_path / "exam")
    assert status == 2 and re.search(complaint, err), err


def test_a_folder_in_no_folder_is_refused(capsys, tmp_path):
    status, _, err = run(capsys, "--questions", 3, "--format", "html", "--out", tmp_path / "a" / "b")
    assert status == 2 and "in a folder that exists" in err


def test_without_typst_the_remedy_is_named_and_html_works(capsys, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "typst", None)
    status, _, err = run(capsys, "--questions", 3, "--out", tmp_path / "exam")
    assert status == 2 and "`pip install typst`, or write HTML alone (--format html)" in err
    assert run(capsys, "--questions", 3, "--format", "html", "--out", tmp_path / "exam")[0] == 0
