"""Card files: values are the texts that are written there, and any file loads or is told with a line."""

import copy
import re
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from lmkit import study
from lmkit.study.card_sides import render_sides
from lmkit.study.yaml_source import DEEPEST
from lmkit.widgets import Quiz

EXAMPLES = Path(__file__).with_name("example_cards.yml")
# What YAML takes for a number, a truth, a date, nothing, or a sign of its own.
DISGUISED = """0 7 -1 +1 010 007 0o17 0x1F 0b11 1_000 1.10 1.0 .5 5. 1e3 6.02e23 685.230_15e+03 190:20:30 1:30 1:30.5
    .inf -.Inf .nan yes no on off true false True NO y n null Null ~ 2024-05-01 2024-13-45 2001-12-14t21:59:43.10-05:00
    = << 0123456789012345678901234567890""".split()


def faults(path: Path, data: str | bytes) -> list[str]:
    """Return what is told of a file; every fault must say where it is, and a file without any must give whole cards."""
    path.write_bytes(data if isinstance(data, bytes) else data.encode("utf-8", "surrogatepass"))
    try:
        deck = study.read_deck(path)
        for card in deck.cards:
            study.card_to_json(card, deck)
            render_sides(card)
        if deck.quiz():
            Quiz(deck).fallback().encode("utf-8")
    except study.CardError as error:
        for fault in error.faults:
            where = re.match(rf"{re.escape(path.name)}:(\d+): \S", fault)
            assert where and 1 <= int(where[1]) <= path.read_bytes().count(b"\n") + 1, fault
        return error.faults
    return []


# --- as written ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("written", DISGUISED)
def test_texts_are_as_written_wherever_they_stand(tmp_path, written):
    """In each place where a card has a text, and in both styles of YAML."""
    path = tmp_path / f"{written}.yml"
    gap = f"{{answers: [{written}, a {written}], why: {written}, hints: {{b{written}: {written}}}}}"
    path.write_text(
        f"""chapter: {written}
cards:
  - {{id: a, kind: flashcard, section: {written}, question: {written}, answer: {written}, explanation: {written}}}
  - id: b
    kind: single
    section: {written}
    question: {written}
    choices:
      - text: {written}
        right: true
        why: {written}
      - text: a {written}
        why: {written}
  - {{id: c, kind: fill, section: s, question: q, text: "{{{{g}}}}", gaps: {{g: {gap}}}}}
  - {{id: d, kind: number, section: s, question: q, answer: 1, unit: {written}, why: w, check: {written}}}
""",
        encoding="utf-8",
    )
    flashcard, single, fill, number = (deck := study.read_deck(path)).cards
    texts = [deck.chapter, flashcard.section, flashcard.question, flashcard.answer, flashcard.explanation]
    texts += [single.section, single.question, single.choices[0].text, *(choice.why for choice in single.choices)]
    texts += [fill.gaps["g"].answers[0], fill.gaps["g"].why, *fill.gaps["g"].hints.values(), number.unit, number.check]
    assert set(texts) == {written}
    assert list(fill.gaps["g"].hints) == [f"b{written}"] and single.choices[1].text == f"a {written}"


@pytest.mark.parametrize("written", [w for w in DISGUISED if re.fullmatch("[0-9a-z]+", w)])
def test_ids_are_as_written(tmp_path, written):
    path = tmp_path / "x.yml"
    path.write_text(f"chapter: x\ncards:\n  - {{id: {written}, kind: flashcard, section: s, question: q, answer: a}}\n")
    assert study.read_deck(path).cards[0].id == written


@pytest.mark.parametrize(("written", "right"), [("yes", True), ("on", True), ("True", True), ("no", False)])
def test_truths_may_be_said_in_words(tmp_path, written, right):
    path = tmp_path / EXAMPLES.name
    path.write_text(EXAMPLES.read_text(encoding="utf-8").replace("code: true", f"code: {written}"), encoding="utf-8")
    assert next(card.code for card in study.read_deck(path).cards if card.id == "example-code") is right


# --- what YAML has beyond texts -----------------------------------------------------------------------------------

LAUGHS = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [{', '.join(9 * [f'*a{n - 1}'])}]\n" for n in range(1, 20))
TRAPS = {  # what stands in the place of a card's answer, or of the whole file: the line that is told, and how
    "a merge of an anchor": ("{<<: *a}", 7, r"an alias must be written out, but here is \*a; repeat"),
    "a merge": ("{<<: {x: y}}", 7, "answer must be a text"),
    "a tag of its own": ("!foo x", 7, "a value must have no tag, but here is '!foo'; quote"),
    "a tag of Python's": ("!!python/object:os.system x", 7, "a value must have no tag"),
    "a tag of a type": ("!!int 3", 7, "a value must have no tag, but here is 'tag:yaml.org,2002:int'"),
    "an anchor": ("&a x", 7, "a value must have no anchor, but here is &a; quote a leading &"),
    "an anchor that ends elsewhere in YAML 1.2": ("&a:b c", 7, "a value must have no anchor"),
    "a value that holds itself": ("&a [*a]", 7, "a value must have no anchor"),
    "a mapping": ("{a: b}", 7, "answer must be a text, but it is \"{'a': 'b'}\"; quote it"),
    "a key that is a list": ("{? [a] : b}", 7, r"a key must be a text, but it is \['a'\]; quote it"),
    "a key twice": ("x\n    answer: y", 8, "a key must stand once, but 'answer' stands twice"),
    "a tab": ("\n\t- x", 8, r"this is not YAML: .*cannot start any token; quote .* indent by spaces"),
    "a reserved sign": ("@x", 7, "this is not YAML: .*quote a text that begins with this character"),
    "a NUL": ("a\0b", 7, r"a text must hold characters that can be shown, but here is U\+0000; remove it"),
    "a bell": ("a\x07b", 7, r"but here is U\+0007"),
    "an escaped NUL": ('"a\\0b"', 7, r"but here is U\+0000"),
    "an escaped return": ('"a\\rb"', 7, r"but here is U\+000D"),
    "half a character": ('"\\ud800"', 7, r"but here is U\+D800"),
    "no character at all": ('"\\U00110000"', 7, "this is not YAML: .*; write .* for a backslash"),
    "far from a character": ('"\\UFFFFFFFF"', 7, "this is not YAML: "),
    "an unknown escape": ('"\\q"', 7, r"this is not YAML: found unknown escape character 'q'; write \\\\"),
    "an open quote": (
        '"x',
        7,
        "this is not YAML: found unexpected end of stream; close the quote or bracket that is open",
    ),
    "an open list": ("[x", 7, "this is not YAML: .*; close the quote or bracket that is open"),
    "a colon": ("a: b", 7, "this is not YAML: mapping values are not allowed here; quote a text that has ': '"),
    "a list in lists": (5000 * "[", 7, f"values must be at most {DEEPEST} deep in one another"),
    "two documents": ("x\n---\nchapter: y", 8, "this is not YAML: but found another document; remove its `---`"),
    "a Latin letter": (b"\xe9", 7, "the file must be UTF-8 text: .* save it as UTF-8"),
}


@pytest.mark.parametrize(("answer", "line", "message"), TRAPS.values(), ids=TRAPS)
def test_what_is_no_text_is_told_with_its_line(tmp_path, answer, line, message):
    before = b"chapter: x\ncards:\n  - id: a\n    kind: flashcard\n    section: s\n    question: q\n    answer: "
    found = faults(tmp_path / "x.yml", before + (answer if isinstance(answer, bytes) else answer.encode()) + b"\n")
    assert [fault for fault in found if re.match(rf"x\.yml:{line}: .*{message}", fault)], found


@pytest.mark.parametrize("text", [LAUGHS, "- &a [*a]\n", "&a\n- *a\n", "--- !!map\n{}", "%YAML 99999999999.1\n---\n"])
def test_a_whole_file_that_is_no_deck_is_told(tmp_path, text):
    assert len(faults(tmp_path / "x.yml", text)) == 1


@pytest.mark.parametrize("kind", ["[flashcard]", "{flashcard: x}", "", "Flashcard"])
def test_a_kind_that_is_none_is_told(tmp_path, kind):
    (fault,) = faults(tmp_path / "x.yml", f"chapter: x\ncards:\n  - id: a\n    kind: {kind}\n")
    assert fault.startswith("x.yml:4: card 'a': kind must be one of")


@pytest.mark.parametrize("changed", ["\ufeff{}".format, lambda text: text.replace("\n", "\r\n"), str.rstrip])
def test_marks_that_editors_leave_make_no_difference(tmp_path, changed):
    path = tmp_path / EXAMPLES.name
    path.write_bytes(changed(EXAMPLES.read_text(encoding="utf-8")).encode())
    assert study.read_deck(path).cards == study.read_deck(EXAMPLES).cards


# --- whatever is done to a valid file -----------------------------------------------------------------------------

ODD = [
    None,
    True,
    0,
    -1.5,
    "",
    " ",
    "x",
    "$",
    "$\\x{$",
    "{{gate}}",
    "{{",
    "1:30",
    "<b>",
    [],
    ["x"],
    [[]],
    {},
    {"x": "y"},
]
ODD += [{"text": "x", "why": "y"}, {"": ""}, {"1": {"1": ["1"]}}, "\U0001f600", "a" * 5000, "10" * 200, "é\u0301"]


def places(value: object, path: tuple = ()) -> list[tuple]:
    """Return the paths to all values in some data, below the whole."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for key, part in parts for found in [(*path, key), *places(part, (*path, key))]]


CARDS = yaml.load(EXAMPLES.read_text(encoding="utf-8"), yaml.BaseLoader)["cards"]
PLACES = [(place, *below) for place, card in enumerate(CARDS) for below in places(card)]


def changed(how: str, place: tuple, value: object = None) -> str:
    """Return a file of one of the examples' cards, with one value on it dropped, doubled, or made another."""
    card = holder = copy.deepcopy(CARDS[place[0]])
    for key in place[1:-1]:
        holder = holder[key]
    key = place[-1]
    if how == "drop":
        del holder[key]
    elif how == "retype":
        holder[key] = value
    elif how == "rename" and isinstance(holder, dict):
        holder[value if isinstance(value, str) else repr(value)] = holder.pop(key)
    elif isinstance(holder, list):
        holder.insert(key, copy.deepcopy(holder[key]))
    else:
        holder[key] = [holder[key], holder[key]]
    return yaml.dump({"chapter": "x", "cards": [card]}, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True)


@pytest.mark.parametrize("how", ["drop", "double"])
def test_a_card_with_a_value_dropped_or_doubled_loads_or_is_told(tmp_path, how):
    """Every value of the examples in turn; what is dropped is missed, unless a card can do without it."""
    told = {place: bool(faults(tmp_path / "x.yml", changed(how, place))) for place in PLACES}
    spared = {place[1] for place, is_told in told.items() if not is_told}
    assert spared <= {"covers", "explanation", "unit", "choices", "gaps", "steps", "items", "hints", "code"}


@pytest.fixture(scope="module")
def scratch(tmp_path_factory):
    return tmp_path_factory.mktemp("cards") / "x.yml"


@settings(max_examples=200)
@given(how=st.sampled_from(["retype", "rename"]), place=st.sampled_from(PLACES), value=st.sampled_from(ODD) | st.text())
def test_a_card_with_another_value_or_name_loads_or_is_told(scratch, how, place, value):
    faults(scratch, changed(how, place, value))


MARKS = [
    "&a ",
    "*a",
    "!x ",
    "!!set ",
    "<<: ",
    "? ",
    ": ",
    "- ",
    "[",
    "]",
    "{",
    "}",
    "\t",
    "\0",
    "\x85",
    "\u2028",
    "\ufeff",
    "'",
]
MARKS += ['"', "|\n", ">9", "%", "@", "`", "#", "---\n", "...\n", "\ud800", "\r", "\\", "\x9f", "\uffff", "key: "]


TEXT = yaml.dump({"chapter": "x", "cards": [CARDS[3]]}, sort_keys=False)


@settings(max_examples=200)
@given(at=st.integers(0, len(TEXT)), mark=st.sampled_from(MARKS) | st.characters(), cut=st.integers(0, 8))
def test_a_file_with_a_foreign_mark_loads_or_is_told(scratch, at, mark, cut):
    faults(scratch, TEXT[:at] + mark + TEXT[at + cut :])
