"""The deck for Anki: that Anki's own library takes it, keeps a reader's schedule, and misses nothing."""

import base64
import os
import re
import zipfile
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from matplotlib.colors import rgb_to_hsv, to_rgb
from PIL import Image

from lmkit import study
from lmkit.__main__ import main
from lmkit.plots import roles
from lmkit.study import anki, drawings
from lmkit.study.card_sides import format_number, media_name, render_sides, shuffled
from tests.anki_profile import Profile
from tests.colour import contrast, luminance

EXAMPLES = Path(__file__).with_name("example_cards.yml")
TITLE = "A book of chance"
MADE, LATER = 1_700_000_000, 1_700_000_100  # seconds since 1970


def example(kind, place=0):
    return [card for card in study.read_deck(EXAMPLES).cards if card.kind == kind][place]


def parts_left(folder):
    """What an unfinished writing left behind."""
    return [path.name for path in folder.iterdir() if path.suffix != ".apkg"]


# --- what Anki makes of it ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def book_decks():
    return study.load_all()


@pytest.fixture(scope="module")
def book_in_anki(book_decks, tmp_path_factory):
    """The whole book's deck, imported twice."""
    folder = tmp_path_factory.mktemp("anki")
    address = "https://example.org/book-of-chance/book/"
    anki.write_deck(folder / "book.apkg", book_decks, title=TITLE, timestamp=MADE, address=address)
    load = ["import", str(folder / "book.apkg")]
    return Profile(folder).do(load, load, ["report"])


def by_id(report):
    return {note["fields"]["Card"]: note for note in report["notes"].values()}


def test_every_card_becomes_one_note_with_one_card(book_decks, book_in_anki):
    first, _, report = book_in_anki
    ids = [card.id for deck in book_decks for card in deck.cards]
    assert first == {"new": len(ids), "updated": 0, "found": len(ids)}
    assert sorted(by_id(report)) == sorted(ids)
    assert {note["cards"] for note in report["notes"].values()} == {1}
    assert report["empty"] == 0


def test_second_import_adds_nothing(book_in_anki):
    assert book_in_anki[1]["new"] == 0


def test_no_picture_is_missing_and_none_is_unused(book_decks, book_in_anki):
    report = book_in_anki[2]
    assert report["missing"] == report["unused"] == []
    drawn = {card.drawing for deck in book_decks for card in deck.cards if card.drawing}
    assert {media_name(name, drawings.steps(name)) for name in drawn} <= set(report["media"])


def test_chapters_are_decks_in_the_books_order(book_decks, book_in_anki):
    notes = by_id(book_in_anki[2])
    for place, deck in enumerate(book_decks, 1):
        names = {notes[card.id]["deck"] for card in deck.cards}
        assert names == {f"{TITLE}::{place:02} {deck.title}"}
        new = [notes[card.id]["schedule"][-1] for card in deck.cards]
        assert new == sorted(new) and len(set(new)) == len(new)  # asked in the file's order


def test_notes_are_tagged_with_chapter_kind_and_syllabus(book_decks, book_in_anki):
    notes = by_id(book_in_anki[2])
    for deck in book_decks:
        for card in deck.cards:
            tags = {f"chapter::{deck.chapter}", f"kind::{card.kind}", *(f"syllabus::{known}" for known in card.covers)}
            tags |= {"lab"} if card.lab else set()
            assert set(notes[card.id]["tags"]) == {f"memory-and-chance::{tag}" for tag in tags}


def test_sides_are_rendered_with_chapter_section_and_link(book_decks, book_in_anki):
    notes = by_id(book_in_anki[2])
    for deck in book_decks:
        for card in deck.cards:
            front, back = notes[card.id]["front"], notes[card.id]["back"]
            start = (
                f'<a href="https://example.org/book-of-chance/book/{deck.chapter}.html#{study.anchor(card.section)}">'
            )
            assert start in front and start in back
            assert render_sides(card).question in front and render_sides(card).answer in back
            assert render_sides(card).answer not in front
            assert "{{" not in re.sub(r"<code.*?</code>|\\\(.*?\\\)|\\\[.*?\\\]", "", front + back, flags=re.DOTALL)


def test_formulas_are_kept(book_decks, book_in_anki):
    notes, seen = by_id(book_in_anki[2]), 0
    for card in (card for deck in book_decks for card in deck.cards):
        formulas = re.findall(r"(?<![$\\`])\$([^$`\n]+)\$(?!\$)", re.sub(r"`[^`]*`", "", card.question))
        for formula in formulas:
            tex = formula.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
            assert rf"\({tex}\)" in notes[card.id]["fields"]["Question"], card.id
            seen += 1
    assert seen > 20


# --- a newer deck -------------------------------------------------------------------------------------------------


def examples_with(old="", new=""):
    """The deck of the example cards, with a text changed."""
    return read_text(EXAMPLES.read_text(encoding="utf-8").replace(old, new))


def read_text(text):
    with TemporaryDirectory() as folder:
        path = Path(folder, EXAMPLES.name)
        path.write_text(text, encoding="utf-8")
        return study.read_deck(path, "Examples")


def test_newer_deck_changes_texts_and_adds_cards_and_keeps_the_schedule(tmp_path):
    whole = examples_with()
    older, newer = tmp_path / "older.apkg", tmp_path / "newer.apkg"
    anki.write_deck(older, [whole._replace(cards=whole.cards[:-1])], timestamp=MADE)
    changed = examples_with("Which gate decides what is kept?", "Which gate keeps?").cards
    anki.write_deck(newer, [whole._replace(cards=changed)], timestamp=LATER)
    known = anki.guid(example("single"))
    profile = Profile(tmp_path)
    *_, report = profile.do(["import", str(older)], ["answer", known], ["report"])
    before = report["notes"][known]
    done, report = profile.do(["import", str(newer)], ["report"])  # in a process of its own, as on another day
    after = report["notes"]
    assert done == {"new": 1, "updated": len(changed) - 1, "found": len(changed)}
    assert len(after) == len(changed)
    assert "Which gate decides what is kept?" in before["fields"]["Question"]
    assert "Which gate keeps?" in after[known]["fields"]["Question"]
    assert before["schedule"][1] == 2  # it was answered
    assert after[known]["schedule"] == before["schedule"]
    assert {note["schedule"][1] for guid, note in after.items() if guid != known} == {0}


def test_older_deck_does_not_undo_a_newer_one(tmp_path):
    older, newer = tmp_path / "older.apkg", tmp_path / "newer.apkg"
    anki.write_deck(older, [examples_with()], timestamp=MADE)
    anki.write_deck(newer, [examples_with("Fill the gap.", "Fill it.")], timestamp=LATER)
    *_, report = Profile(tmp_path).do(["import", str(newer)], ["import", str(older)], ["report"])
    assert by_id(report)["example-fill"]["fields"]["Question"] == "Fill it."


def test_picture_that_was_redrawn_is_found(tmp_path, monkeypatch):
    older, newer = tmp_path / "older.apkg", tmp_path / "newer.apkg"
    anki.write_deck(older, [examples_with()], timestamp=MADE)
    drawn = drawings.standalone_svg
    monkeypatch.setattr(drawings, "standalone_svg", lambda name, step: drawn(name, step).replace("tanh", "GRU"))
    anki.write_deck(newer, [examples_with()], timestamp=LATER)
    *_, report = Profile(tmp_path).do(["import", str(older)], ["import", str(newer)], ["report"])
    assert report["missing"] == []
    answer = by_id(report)["example-draw"]["fields"]["Answer"]
    shown = [tmp_path / "collection.media" / name for name in re.findall('src="([^"]*)"', answer)]
    assert len(shown) == 5 and all("GRU" in path.read_text(encoding="utf-8") for path in shown)


def test_notes_are_known_by_their_cards_ids_alone():
    changed = examples_with("Which gate", "What").cards
    assert [anki.guid(card) for card in changed] == [anki.guid(card) for card in study.read_deck(EXAMPLES).cards]
    assert anki.guid(example("single")) == "t:n39BJt1%"
    assert len({anki.guid(card) for card in changed}) == len(changed)


# --- the two sides ------------------------------------------------------------------------------------------------


def test_choices_stand_on_the_front_and_are_explained_on_the_back():
    card, sides = example("multiple"), render_sides(example("multiple"))
    shown = re.findall("<li>(.*?)</li>", sides.task)
    assert sorted(shown) == ["candidate", "forget", "input"]
    judged = re.findall(r"<li>(\w+)<div.*?> *(✓ right|✗ wrong)</span> (.*?)</div></li>", sides.answer)
    assert [text for text, *_ in judged] == shown
    told = {choice.text: ("✓ right" if choice.right else "✗ wrong", choice.why) for choice in card.choices}
    assert {text: tuple(rest) for text, *rest in judged} == told


def test_gaps_are_blank_on_the_front_and_filled_on_the_back():
    for place, answer in ((0, "forget"), (1, "37")):
        sides = render_sides(example("fill", place))
        assert '<span class="gap">1?</span>' in sides.task and answer not in re.sub("<[^>]*>", "", sides.task)
        assert f'<span class="gap">{answer}</span>' in sides.answer
        assert example("fill", place).gaps.popitem()[1].why in sides.answer
    assert "<pre><code" in render_sides(example("fill", 1)).task
    assert "not <b>64</b>: That is its width." in render_sides(example("fill", 1)).answer


def test_drawing_shows_each_step_with_the_picture_by_then():
    card = example("draw")
    answer = render_sides(card).answer
    images = re.findall(r'src="([^"]*)" alt="([^"]*)"', answer)
    assert [name for name, _ in images] == [f"memory-and-chance-recurrent-network-{step}.svg" for step in range(1, 6)]
    assert [alt for _, alt in images] == [drawings.alt("recurrent-network", step) for step in range(1, 6)]
    assert all(answer.index(text) < answer.index(name) for text, (name, _) in zip(card.steps, images, strict=True))


def test_order_is_shuffled_on_the_front_and_right_on_the_back():
    sides = render_sides(example("order"))
    loose = re.findall("<li>(.*?)</li>", sides.task)
    assert sorted(loose) == ["forget", "show", "write"] and loose != ["forget", "write", "show"]
    assert re.findall("<li>(.*?)<div", sides.answer) == ["forget", "write", "show"]
    assert render_sides(example("order")) == sides


def test_shuffling_changes_the_order_and_depends_on_the_seed_alone():
    for seed in map(str, range(20)):
        mixed = shuffled("abc", seed)
        assert sorted(mixed) == list("abc") and mixed != list("abc")
        assert mixed == shuffled("abc", seed)


def test_number_is_told_with_its_unit_and_wrong_ones_are_explained():
    answer = render_sides(example("number")).answer
    assert "<b>4,160 parameters</b>" in answer and "not <b>4,096</b>: The biases count too." in answer
    assert [format_number(value) for value in (8933.0, 0.375, -2.5, 1e6)] == ["8,933", "0.375", "-2.5", "1,000,000"]


def test_texts_are_escaped():
    deck = read_text(EXAMPLES.read_text(encoding="utf-8").replace("Fill the gap.", "Is <b>a</b> < b?"))
    card = next(card for card in deck.cards if card.id == "example-fill")
    assert render_sides(card).question == "Is &lt;b&gt;a&lt;/b&gt; &lt; b?"


# --- the file -----------------------------------------------------------------------------------------------------


def test_same_cards_and_time_make_the_same_bytes(tmp_path, monkeypatch):
    decks = [examples_with()]
    anki.write_deck(tmp_path / "a.apkg", decks, timestamp=MADE)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(MADE))
    anki.write_deck(tmp_path / "b.apkg", decks)
    anki.write_deck(tmp_path / "c.apkg", decks, timestamp=LATER)
    a, b, c = ((tmp_path / f"{name}.apkg").read_bytes() for name in "abc")
    assert a == b != c


def test_pictures_in_the_file_are_documents_of_their_own(tmp_path):
    anki.write_deck(tmp_path / "a.apkg", [examples_with()], timestamp=MADE)
    with zipfile.ZipFile(tmp_path / "a.apkg") as file:
        assert file.read("0").decode() == drawings.standalone_svg("recurrent-network", 1)


def test_drawings_are_dark_at_night_and_each_role_keeps_its_hue(browser):
    """Measured on squares in the colours in which drawings write, on their white paper, as a browser shows them."""
    hues = [roles.color(role, text=True) for role in roles.ROLES]
    squares = "".join(f'<rect x="{20 * i}" width="10" height="10" fill="{hue}"/>' for i, hue in enumerate(hues))
    width = 20 * len(hues)
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="10">{squares}</svg>'
    source = f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"
    page = browser.new_page(viewport={"width": width, "height": 40})
    css = anki._model("draw").css + "img { display: block; border-radius: 0; max-width: none; }"
    page.set_content(f'<style>body {{ margin: 0; }} {css}</style><div class="nightMode"><img src="{source}">')
    shown = Image.open(BytesIO(page.locator("img").screenshot())).convert("RGB")
    page.close()
    for i, day in enumerate(hues):
        night, paper = (np.divide(shown.getpixel((20 * i + x, 5)), 255) for x in (5, 15))
        assert luminance(paper) < 0.02 and contrast(night, paper) >= 4.5
        (hue, saturation, _), (turned, *_) = map(rgb_to_hsv, (to_rgb(day), night))
        assert saturation < 0.3 or (turned - hue + 0.06) % 1 < 0.12  # greys have no hue


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("deck.zip", "must end in .apkg, but it is 'deck.zip'; write deck.apkg"),
        (
            "nowhere/deck.apkg",
            "must name a file in a folder that exists, but it is .*nowhere/deck.apkg; create the folder",
        ),
        ("folder.apkg", "must be a file, but .*folder.apkg is a folder; choose another name"),
    ],
)
def test_command_says_what_is_wrong_with_the_name(tmp_path, capsys, name, message):
    (tmp_path / "folder.apkg").mkdir()
    assert main(["cards", "--anki", str(tmp_path / name)]) == 2
    assert re.search(rf"^lmkit cards: the deck.* {message}$", capsys.readouterr().err.strip())
    assert os.listdir(tmp_path) == ["folder.apkg"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "one of --check, --anki DECK.apkg and --export FORMAT must be given"),
        (["--check", "--address", "https://example.org"], "--address must come with --anki"),
        (["--check", "--title", "Mine"], "--title must come with --anki"),
        (["--check", "mine.yml", "--chapter", "lstm"], "--chapter must come without files"),
        (["--anki", "{}/deck.apkg", "--title", "Mine::too"], "title must be a name without '::', .* not 'Mine::too'"),
        (["--anki", "{}/deck.apkg", "--address", "example.org"], "address must be .*https://.*but it is 'example.org'"),
        (["--anki", "{}/deck.apkg", "--chapter", "gru"], "chapter must be one of .* but it is 'gru'"),
    ],
)
def test_command_says_what_is_wrong_with_its_options(tmp_path, capsys, arguments, message):
    assert main(["cards", *(text.format(tmp_path) for text in arguments)]) == 2
    assert re.search(message, capsys.readouterr().err)
    assert os.listdir(tmp_path) == []


def test_command_writes_the_deck_of_some_chapters(tmp_path, capsys):
    path = tmp_path / "some.apkg"
    assert main(["cards", "--anki", str(path), "--chapter", "lstm", "dropout"]) == 0
    count = sum(len(study.load(chapter).cards) for chapter in ("lstm", "dropout"))
    assert f"some.apkg: {count} notes from 2 chapters" in capsys.readouterr().out
    assert parts_left(tmp_path) == []


def test_command_writes_a_deck_of_ones_own_cards(tmp_path, capsys):
    """Below the title that is given, without a number, known by the same ids as with any other title."""
    path = tmp_path / "mine.apkg"
    assert main(["cards", str(EXAMPLES), "--anki", str(path), "--title", "Mine"]) == 0
    assert "mine.apkg: 8 notes from 1 chapter;" in capsys.readouterr().out
    _, report = Profile(tmp_path).do(["import", str(path)], ["report"])
    assert {note["deck"] for note in report["notes"].values()} == {"Mine::Example cards"}
    assert set(report["notes"]) == {anki.guid(card) for card in study.read_deck(EXAMPLES).cards}
