"""The cards: the rules of their files, and what is said of one that breaks them."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
import yaml
from docutils.nodes import make_id
from hypothesis import given
from hypothesis import strategies as st

from lmkit import study
from lmkit.__main__ import main
from lmkit.study import decks, markup

EXAMPLES = Path(__file__).with_name("example_cards.yml")


def example(kind: str, place: int = 0) -> study.Card:
    return [card for card in study.read_deck(EXAMPLES).cards if card.kind == kind][place]


# --- what a file holds --------------------------------------------------------------------------------------------


def test_examples_have_every_kind():
    assert {card.kind for card in study.read_deck(EXAMPLES).cards} == set(study.cards.KINDS)


def test_numbers_are_texts_or_numbers_as_the_card_says():
    assert example("fill", 1).gaps["rows"].answers == ("37", "vocab_size")
    assert list(example("fill", 1).gaps["rows"].hints) == ["64"]
    assert example("number").hints == {4096.0: "The biases count too."}


def test_a_deck_gives_its_quiz_and_the_flashcards_of_a_section():
    deck = study.read_deck(EXAMPLES)
    assert [card.id for card in deck.flashcards("Two states")] == ["example-flashcard"]
    assert deck.flashcards("Another") == []
    assert deck.quiz() == list(deck.cards[1:])


def test_every_text_of_a_card_is_known():
    """`texts` has every string that a reader sees, so that checks of texts miss none, each by its path of keys."""
    for card in study.read_deck(EXAMPLES).cards:
        dumped = card.model_dump(exclude={"id", "kind", "covers", "section", "drawing", "unit", "check"})
        shown = {text for text in strings(dumped) if " " in text} | {card.question}
        answers = {a for gap in getattr(card, "gaps", {}).values() for a in gap.answers}
        assert shown - answers <= {text for _, text in card.texts()}
        assert all(value_at(card, keys) == text for keys, text in card.texts())


def value_at(value, keys):
    for key in keys:
        value = getattr(value, key) if isinstance(key, str) and not isinstance(value, dict) else value[key]
    return value


def strings(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from strings(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from strings(part)


@pytest.mark.parametrize(("value", "right"), [(4160, True), (4160.0000001, True), (4159, False), (0, False)])
def test_a_number_is_accepted_within_its_tolerance(value, right):
    card = example("number")
    assert card.accepts(value) is right
    assert card.model_copy(update={"tolerance": 5000.0}).accepts(value)


# --- what is said of a broken one ---------------------------------------------------------------------------------

THIRD = "      - {text: show, why: What is shown is of the new state.}\n"
FAULTS = {  # what is changed in the examples: the line on which it is told, and how
    "no YAML": ("kind: draw", "kind: draw: x", 11, "this is not YAML: mapping values are not allowed here; quote"),
    "a key twice": ("kind: draw", "id: two", 11, "a key must stand once, but 'id' stands twice; remove one"),
    "a key that is no text": (
        "kind: draw",
        "? [yes]\n    : 1",
        11,
        r"a key must be a text, but it is \['yes'\]; quote",
    ),
    "another chapter": ("chapter: example_cards", "chapter: lstm", 1, "chapter must be the file's name"),
    "no list": ("cards:", "card:", 1, "the file must have `chapter: NAME` and `cards:`"),
    "an unknown kind": ("kind: draw", "kind: dance", 11, r"card 'example-draw': kind must be one of \['flashcard'"),
    "no question": ("    question: Draw a recurrent network.\n", "", 10, "card 'example-draw': question is missing"),
    "an unknown name": ("    steps: [", "    stages: [", 15, "stages is not known here; a card .*steps"),
    "an empty text": ("Draw a recurrent network.", "''", 13, "question must not be empty; write it"),
    "no text": ("Draw a recurrent network.", "[1]", 13, r"question must be a text, but it is \"\['1'\]\"; quote"),
    "an odd id": ("id: example-draw", "id: Example Draw", 10, "id must match .*, but it is 'Example Draw'"),
    "an id twice": ("id: example-draw", "id: example-flashcard", 10, "id must be unique, but .* is on line 3 too"),
    "an odd syllabus id": ("covers: [B7, B9]", "covers: [B7, nine]", 18, "covers no. 2 must match"),
    "an unknown drawing": ("drawing: recurrent-network", "drawing: cat", 14, "drawing must be one of .*'lstm-cell'"),
    "steps without drawing": ("    drawing: recurrent-network\n", "", 10, "drawing must be given for a card"),
    "too few steps": ("steps: [One, Two", "steps: [Two", 15, "steps must be .*, as many as 'recurrent-network' has"),
    "a choice without why": (", why: It is no gate.", "", 24, "choices no. 3 why is missing; add it"),
    "no right choice": ("right: true, why: It multiplies", "why: It multiplies", 21, "choices must have one that is"),
    "all choices right": ("why: It is a tanh", "right: true, why: x", 29, "must be right and wrong, but 3 of 3"),
    "a choice twice": ("text: candidate", "text: forget", 29, "choices must differ, but 'forget' stands there twice"),
    "no gap": ("the {{gate}} gate", "the gate", 37, "text must have at least one gap"),
    "a gap twice": ("the {{gate}} gate", "{{gate}} {{gate}}", 38, "gaps in text must differ, but 'gate' stands"),
    "another gap": ("gate: {answers", "door: {answers", 38, r"gaps must be those of the text, \['gate'\]"),
    "a hint about the answer": ("hints: {input:", "hints: {Forget:", 38, "gaps must have hints about wrong answers"),
    "no answer": ("answers: [37, vocab_size]", "answers: []", 50, "gaps rows answers must have at least 1, but"),
    "no truth": ("right: true", "right: perhaps", 22, "choices no. 1 right must be true or false, but it is 'perhaps'"),
    "no number": ("answer: 4160", "answer: many", 55, "answer must be a number, but it is 'many'"),
    "infinite": ("answer: 4160", "answer: .inf", 55, "answer must be a number, but it is '.inf'"),
    "too large": ("answer: 4160", "answer: 1e999", 55, "answer must be a number, but it is '1e999'"),
    "a truth for a number": ("answer: 4160", "answer: true", 55, "answer must be a number, but it is 'true'"),
    "minutes for a number": ("answer: 4160", "answer: 1:30", 55, "answer must be a number, but it is '1:30'"),
    "a hint about the number": ("hints: {4096:", "hints: {4160:", 58, "hints must be about wrong numbers, but 4160"),
    "a number's hint twice": ("hints: {4096:", "hints: {4096.0: x, 4096:", 58, "hints must be about different answers"),
    "a gap's hint twice": (
        "hints: {input:",
        "hints: {' input': x, input:",
        39,
        "gate hints must be about different answ",
    ),
    "two in order": (THIRD, "", 64, "items must have at least 3, but there are 2"),
}


@pytest.mark.parametrize(("old", "new", "line", "message"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_told_with_file_and_line(tmp_path, old, new, line, message):
    text = EXAMPLES.read_text(encoding="utf-8")
    assert old in text
    broken = tmp_path / EXAMPLES.name
    broken.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(study.CardError) as caught:
        study.read_deck(broken)
    assert [fault for fault in caught.value.faults if re.match(rf"example_cards\.yml:{line}: .*{message}", fault)]


def test_all_faults_of_a_file_are_told(tmp_path):
    text = EXAMPLES.read_text(encoding="utf-8")
    broken = tmp_path / EXAMPLES.name
    for old, new in (("kind: draw", "kind: dance"), ("answer: 4160", "answer: x"), ("why: It is no gate.", "wy: x")):
        text = text.replace(old, new)
    broken.write_text(text, encoding="utf-8")
    with pytest.raises(study.CardError) as caught:
        study.read_deck(broken)
    assert len(caught.value.faults) == 4
    assert str(caught.value) == "\n".join(caught.value.faults)


def test_a_file_that_is_no_text_is_told(tmp_path):
    broken = tmp_path / "x.yml"
    broken.write_bytes(b"chapter: \xff\xfe")
    with pytest.raises(study.CardError, match="x.yml:1: the file must be UTF-8 text"):
        study.read_deck(broken)


def test_an_empty_file_is_told(tmp_path):
    (tmp_path / "x.yml").write_text("", encoding="utf-8")
    with pytest.raises(study.CardError, match="x.yml:1: the file must have `chapter: NAME`"):
        study.read_deck(tmp_path / "x.yml")


@pytest.fixture
def folder(tmp_path):
    """A function that makes a folder of two chapters, with a change in the second one's text."""

    def make(old="", new=""):
        text = EXAMPLES.read_text(encoding="utf-8")
        (tmp_path / "chapters.yml").write_text("first: The first\nsecond: The second\n", encoding="utf-8")
        first = text.replace("example_cards", "first")
        second = text.replace("example_cards", "second").replace("id: example", "id: other").replace(old, new)
        (tmp_path / "first.yml").write_text(first, encoding="utf-8")
        (tmp_path / "second.yml").write_text(second, encoding="utf-8")
        return tmp_path

    return make


def test_a_folder_is_read_in_the_order_of_its_index(folder):
    assert [(deck.chapter, deck.title, deck.number) for deck in study.load_all(folder=folder())] == [
        ("first", "The first", 1),
        ("second", "The second", 2),
    ]
    assert [(deck.chapter, deck.number) for deck in study.load_all(["second"], folder())] == [("second", 2)]


def test_ids_are_unique_among_all_decks(folder):
    rule = "card 'example-draw': id must be unique among all decks, but it is on line 10 of first.yml too; choose"
    with pytest.raises(study.CardError, match=f"^second.yml:10: {rule}"):
        study.load_all(folder=folder("id: other-draw", "id: example-draw"))


def test_a_chapter_without_a_file_is_told(folder):
    made = folder()
    (made / "second.yml").unlink()
    with pytest.raises(study.CardError, match="^chapters.yml:2: chapter 'second' must have its cards in second.yml"):
        study.load_all(folder=made)


def test_a_card_file_that_is_not_listed_is_told_with_all_other_faults(folder):
    made = folder("kind: draw", "kind: dance")
    (made / "third.yml").write_text("chapter: third\ncards: []\n", encoding="utf-8")
    with pytest.raises(study.CardError) as caught:
        study.load_all(folder=made)
    unlisted, other = caught.value.faults
    assert unlisted.startswith(
        "third.yml:1: a card file must be listed in chapters.yml, but this one is not; add `third:"
    )
    assert other.startswith("second.yml:11:")


@pytest.mark.parametrize(
    ("index", "message"),
    [
        ("first: The first\nsecond: [2]\n", r"^chapters.yml:2: .* but the title of 'second' is \['2'\]; quote it"),
        ("- first\n", "^chapters.yml:1: the file must name the chapters in order, each with its title"),
    ],
)
def test_an_index_without_titles_is_told(folder, index, message):
    made = folder()
    (made / "chapters.yml").write_text(index, encoding="utf-8")
    with pytest.raises(study.CardError, match=message):
        study.load_all(folder=made)


def test_an_unknown_chapter_is_told():
    with pytest.raises(ValueError, match=r"chapter must be one of \['next_token', .*\], but it is 'lstms'"):
        study.load("lstms")


def test_a_file_that_cannot_be_read_is_told(tmp_path):
    with pytest.raises(study.CardError, match="nothing.yml: the file must be readable, but: No such file"):
        study.read_deck(tmp_path / "nothing.yml")


def test_a_deck_of_ones_own_has_its_name_in_words_for_a_title():
    deck = study.read_deck(EXAMPLES)
    assert (deck.title, deck.number) == ("Example cards", None)


# --- texts --------------------------------------------------------------------------------------------------------


class Tags(HTMLParser):
    def __init__(self, html: str):
        super().__init__()
        self.found = []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))


ALLOWED = set("p em strong code pre ul ol li br hr blockquote h1 h2 h3 h4 h5 h6".split())
MARKS = ["<b>", "<img src=x onerror=y>", "</p>", "<!--", "*", "`", "[a](b)", "![a](b)", "<a:b>", "&", "\n", "$", " "]


@given(st.text() | st.lists(st.sampled_from(MARKS)).map("".join))
def test_no_text_becomes_foreign_markup(text):
    for tag, attributes in Tags(markup.to_anki(text)).found:
        assert tag in ALLOWED and set(attributes) <= {"class", "start"}


def test_formulas_become_mathml_on_a_page_and_tex_in_anki():
    page, anki = markup.to_page("the state $h_t$"), markup.to_anki("the state $h_t < 1$")
    assert "<math>" in page and "<msub>" in page and "$" not in page
    assert r"\(h_t &lt; 1\)" in anki and "$" not in anki
    assert 'display="block"' in markup.to_page("$$x$$")
    assert r"\[x\]" in markup.to_anki("$$x$$")


def test_a_single_paragraph_stands_without_its_tag():
    assert markup.to_page("one *two*") == "one <em>two</em>"
    assert markup.to_page("one\n\ntwo") == "<p>one</p>\n<p>two</p>"


def test_a_card_with_a_formula_that_is_none_is_no_json():
    card = example("flashcard").model_copy(update={"answer": r"$\nosuchthing{$"})
    with pytest.raises(study.CardError, match=r"^lstm.yml: card 'example-flashcard': a formula must be TeX"):
        study.card_to_json(card, study.Deck("lstm", "The LSTM", (card,)))


@given(st.text(st.characters(max_codepoint=127)))
def test_anchors_are_docutils(heading):
    assert study.anchor(heading) == make_id(heading)


# --- the command --------------------------------------------------------------------------------------------------


def test_command_counts_the_cards(capsys):
    assert main(["cards", "--check"]) == 0
    counted = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in counted] == [*study.chapters(), "all"]
    assert int(counted[-1].split()[1]) == sum(len(deck.cards) for deck in study.load_all())


def test_command_tells_of_an_unknown_chapter(capsys):
    assert main(["cards", "--check", "--chapter", "lstms"]) == 2
    assert "lmkit cards: chapter must be one of" in capsys.readouterr().err


def test_command_checks_card_files_of_ones_own(tmp_path, capsys):
    """Anywhere: with no book around, and no index."""
    copy = tmp_path / "mine.yml"
    text = EXAMPLES.read_text(encoding="utf-8").replace("chapter: example_cards", "chapter: mine")
    copy.write_text(text, encoding="utf-8")
    assert main(["cards", "--check", str(copy)]) == 0
    assert capsys.readouterr().out.splitlines()[-1].split() == ["all", "8"]
    assert main(["cards", "--check", str(copy), str(EXAMPLES)]) == 2
    told = capsys.readouterr().err
    assert "example_cards.yml:3: card 'example-flashcard': id must be unique among all decks" in told
    assert "on line 3 of mine.yml" in told


GAP = r"the {{gate}} gate, $c = f \\odot c$"
WHOLE = "check: sum(p.numel() for p in torch.nn.Linear(64, 64).parameters())"
WRONG = {  # what is changed in the examples: the line on which it is told, and how
    "a formula that is none": (
        "It is the lasting one.",
        r"$\nosuch$",
        9,
        "'example-flashcard': a formula must be TeX",
    ),
    "one in a choice": ("It decides what is written.", r"$\nosuch$", 23, "'example-single': a formula must be TeX"),
    "one in a gap's hint": ("That one writes.", r"$\nosuch$", 39, "'example-fill': a formula must be TeX"),
    "one in a number's hint": ("The biases count too.", r"$\nosuch$", 58, "'example-number': a formula must be TeX"),
    "a gap in a formula": (GAP, "$c = {{gate}}$", 37, "'example-fill': a gap must stand in the text or in code"),
    "another number": ("answer: 4160", "answer: 4161", 55, "answer must be what check computes, 4160, but it is 4161"),
    "a check that is no Python": (WHOLE, "check: 4160 parameters", 59, "check must be Python .* raises SyntaxError"),
    "a check with an unknown name": (
        WHOLE,
        "check: numpy.ones(2)",
        59,
        "check must be .* raises NameError: name 'numpy'",
    ),
    "a check that is no number": (
        WHOLE,
        "check: torch.ones(2)",
        59,
        "check must be Python that .* raises .*Error: ",
    ),
}


@pytest.mark.parametrize(("old", "new", "line", "message"), WRONG.values(), ids=WRONG)
def test_command_tells_what_is_wrong_with_file_and_line(tmp_path, capsys, old, new, line, message):
    text = EXAMPLES.read_text(encoding="utf-8")
    assert old in text
    broken = tmp_path / EXAMPLES.name
    broken.write_text(text.replace(old, new, 1), encoding="utf-8")
    assert main(["cards", "--check", str(broken)]) == 2
    assert re.search(rf"^lmkit cards: example_cards\.yml:{line}: card .*{message}", capsys.readouterr().err)


def test_the_shipped_files_are_plain_yaml():
    for path in decks.FOLDER.glob("*.yml"):
        yaml.safe_load(path.read_text(encoding="utf-8"))
