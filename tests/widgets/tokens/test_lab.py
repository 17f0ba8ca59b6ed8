"""The tokens lab: what it shows is what the library's encoder makes of the text, in Python, in Node and in its view."""

import json
import re
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmkit.text import BPE, Characters
from lmkit.widgets import TokensLab
from lmkit.widgets.labs.tokens import shipped, train
from lmkit.widgets.labs.tokens.lab import MOST_CHARACTERS, TEXTS, _read

SIZES = (256, 257, 300, 700, 1024, 2047, 2048)
LETTERS = "ETAOINetaoinshrdlu ,.'⏎éß😀\u3000\x00"
CASES = [(text, size) for text in TEXTS for size in SIZES]


def first(size: int) -> BPE:
    """The vocabulary of the first tokens only, which the library encodes with."""
    return BPE(shipped.load().tokens[: size - 256])


def walked(text: str, size: int) -> tuple[list[int], list[list[int]]]:
    """The merges of a text and its tokens after each, found by the library alone: at some sizes the tokens change."""
    merged, states = [], [first(256).encode(text)]
    for at in range(257, size + 1):
        now = first(at).encode(text)
        if now != states[-1]:
            merged.append(at - 1)
            states.append(now)
    return merged, states


# --- the shipped tokens -----------------------------------------------------------------------------------------


@pytest.mark.slow
def test_training_gives_the_shipped_tokens_again():
    pytest.importorskip("tokenizers")
    assert train.written(train.train()) == shipped.PATH.read_bytes()


def test_shipped_tokens_are_as_many_as_they_should_be_and_their_file_is_small():
    assert len(shipped.load()) == shipped.VOCAB_SIZE == 2048
    assert shipped.PATH.stat().st_size < 20_000


# --- Python -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "size"), CASES)
def test_all_merges_give_what_the_library_encodes(text, size):
    lab, tokenizer = TokensLab(text, size), first(size)
    assert lab.ids() == tokenizer.encode(text.replace("⏎", "\n"))
    assert lab.shown() == [tokenizer.show(i) for i in lab.ids()]


@given(st.text(LETTERS, min_size=1, max_size=60), st.sampled_from(SIZES))
def test_any_text_is_cut_as_the_library_does(text, size):
    assert TokensLab(text, size).ids() == first(size).encode(_read(text))


@pytest.mark.parametrize("text", TEXTS)
def test_each_step_is_the_vocabulary_that_ends_with_its_merge(text):
    merged, states = walked(text.replace("⏎", "\n"), 300)
    merges = TokensLab(text, 300).merges()
    assert [merge.id for merge in merges] == merged
    for step, state in enumerate(states):
        assert TokensLab(text, 300, step).ids() == state
    lengths = [len(state) for state in states]
    assert [merge.places for merge in merges] == [a - b for a, b in zip(lengths, lengths[1:], strict=False)]


def test_merges_are_named_by_their_parts():
    lab = TokensLab("the the", 300)
    words = lab.tokenizer.words
    assert [(merge.left, merge.right, merge.merged, merge.places) for merge in lab.merges()] == [
        ("␣", "t", "␣t", 1),
        ("h", "e", "he", 2),
        ("␣t", "he", "␣the", 1),
    ]
    assert [words[merge.id] for merge in lab.merges()] == ["␣t", "he", "␣the"]


def test_a_vocabulary_of_bytes_merges_nothing():
    lab = TokensLab("é!", 256)
    assert lab.merges() == [] and lab.value("step") == 0
    assert lab.shown() == ["\\xc3", "\\xa9", "!"]


def test_new_lines_stand_in_the_field_as_signs():
    lab = TokensLab("a⏎b", 256)
    assert lab.shown() == ["a", "⏎", "b"] and lab.tokenizer.decode(lab.ids()) == "a\nb"


def test_a_step_of_a_longer_text_is_the_last_of_a_shorter_one():
    lab = TokensLab("the sea, the sea")
    lab.controls["text"].value = "the"
    assert lab.shown() == ["the"] and "2 of 2 merges done" in lab.picture()[1]


def test_a_tokenizer_of_ones_own_is_shown():
    own = BPE.train("sea shells sea shore", 260)
    lab = TokensLab("sea shell", tokenizer=own)
    assert lab.ids() == own.encode("sea shell") and lab.rows["vocab_size"].high == 260


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"text": ""}, "text must hold at least one character, but it is empty"),
        ({"text": "x" * 301}, "text must hold at most 300 characters, but it holds 301; shorten it"),
        ({"text": "\ud83d"}, "text must be text that UTF-8 can write"),
        ({"text": 3}, "text must be a string"),
        ({"text": "a\nb"}, r"text must be one line, but it holds '\\n'; write ⏎ for a new line"),
        ({"vocab_size": 255}, "vocab_size must be a whole number from 256 to 2048, but it is 255"),
        ({"vocab_size": 2049}, "vocab_size must be a whole number from 256 to 2048, but it is 2049"),
        ({"text": "the", "step": 3}, "step must be a whole number from 0 to 2, but it is 3"),
        ({"tokenizer": Characters.of("abc")}, "tokenizer must be a BPE of more than 256 tokens"),
        ({"tokenizer": BPE([])}, "tokenizer must be a BPE of more than 256 tokens"),
        ({"suggestions": [""]}, "suggestions: text must hold at least one character"),
    ],
)
def test_a_bad_setting_is_named_with_its_rule(settings, message):
    with pytest.raises(ValueError, match=message):
        TokensLab(**settings)


def test_the_picture_has_every_token_and_says_the_same():
    drawing, words = TokensLab("the the", 300, 2).picture()
    shown = [node.text for node in ET.fromstring(drawing).iter("{http://www.w3.org/2000/svg}text")]
    assert shown[2:] == ["t", "he", "␣t", "he"]
    assert words == (
        "4 tokens of a vocabulary of 300, 7 characters, 7 bytes; 2 of 3 merges done; next: ␣t + he → ␣the. "
        "t | he | ␣t | he"
    )
    assert TokensLab("x" * MOST_CHARACTERS, 256).picture()[0].count("<rect") == MOST_CHARACTERS + 1
    assert "1 token of a vocabulary of 256, 1 character, 1 byte; 0 of 0 merges done. a" in TokensLab("a", 256).picture()


# --- the scripts, in Node ---------------------------------------------------------------------------------------


def test_scripts_cut_as_python_does(scripts):
    node = scripts("labs/tokens/model.js", "runtime/bpe.js")
    cases = [*CASES, *[(text, 300) for text in ("a", "\u3000\x00 ⏎⏎", "x" * 300, "é" * 300)]]
    found = node.evaluate(
        """([tokens, cases]) => {
          const bpe = new lmkit.BPE(tokens);
          return cases.map(([text, size]) => {
            const whole = lmkit.cut(bpe, lmkit.readText(text), size);
            const steps = whole.merges.map((_, i) => lmkit.tokensAfter(bpe, whole, i));
            return { ...whole, steps };
          });
        }""",
        [shipped.load().tokens, cases],
    )
    words = shipped.load().words
    for (text, size), cut in zip(cases, found, strict=True):
        lab = TokensLab(text, size)
        assert cut["final"] == lab.ids()
        merges = [(words[m["left"]], words[m["right"]], words[m["id"]], m["id"], m["places"]) for m in cut["merges"]]
        assert merges == [tuple(merge) for merge in lab.merges()]
        assert cut["bytes"] == len(text.replace("⏎", "\n").encode())
        for step in range(0, len(merges), 5):
            assert cut["steps"][step] == TokensLab(text, size, step).ids()


@pytest.mark.parametrize(
    ("field", "message"),
    [
        ("", "text must hold at least one character"),
        ("x" * 301, "text must hold at most 300 characters, but it holds 301"),
        ("😀" * 301, "but it holds 301"),
        ("a\ud83d", "text must be whole characters"),
        ("a\nb", "text must be one line"),
    ],
)
def test_scripts_refuse_what_python_refuses(scripts, field, message):
    with pytest.raises(ValueError):
        _read(field)
    told = scripts("labs/tokens/model.js").evaluate(
        "(field) => { try { lmkit.readText(JSON.parse(field)); return ''; } catch (error) { return error.message; } }",
        json.dumps(field),
    )
    assert message in told


# --- the view ---------------------------------------------------------------------------------------------------


def boxes(page) -> list[str]:
    return page.locator(".lmkit-tokens-boxes li > span").all_text_contents()


@pytest.mark.parametrize("text", TEXTS)
def test_view_shows_the_tokens_that_python_has(view, text):
    page = view.put(TokensLab(text))
    assert boxes(page) == TokensLab(text).shown()
    for size in (256, 400, 2048):
        view.set(vocab_size=size)
        lab = TokensLab(text, size)
        assert boxes(page) == lab.shown()
        assert view.get("step") == len(lab.merges())
        assert view.get("last_step") == max(1, len(lab.merges()))
    numbers = page.locator(".lmkit-tokens .lmkit-numbers").inner_text()
    characters, size = len(text), len(text.replace("⏎", "\n").encode())
    assert f"{characters} characters, {size} bytes, {characters / len(lab.ids()):.2f} characters per token" in numbers


def test_view_walks_through_the_merges(view):
    page = view.put(TokensLab("the the", 300, 0))
    back, forward = page.get_by_role("button", name="Back"), page.get_by_role("button", name="Forward")
    lines = page.locator(".lmkit-tokens-merging > p").all_inner_texts
    assert lines() == ["Last: none yet, every byte stands alone.", "Next: ␣ + t → ␣t, token 256, in 1 place."]
    for step in range(1, 4):
        forward.press("Enter")
        view.settle()
        assert boxes(page) == TokensLab("the the", 300, step).shown()
        assert f"{step} of 3 merges done" in page.locator(".lmkit-tokens-merging").inner_text()
    assert page.locator(".lmkit-tokens-made > span").all_inner_texts() == ["␣the"]
    assert lines()[1] == "Next: none, this vocabulary has no more for this text."
    forward.press("Enter")
    view.settle()
    assert view.get("step") == 3
    for _ in range(4):
        back.press("Space")
        view.settle()
    assert view.get("step") == 0


def test_who_is_at_the_end_stays_there_and_who_is_not_keeps_the_step(view):
    view.put(TokensLab("the sea, the sea", 400))
    view.set(text="the sea, the sea, the shore")
    assert view.get("step") == len(TokensLab("the sea, the sea, the shore", 400).merges())
    view.set(step=3)
    view.set(text="t")
    assert view.get("step") == 0
    view.set(text="the sea, the sea")
    assert view.get("step") == 3


def test_view_says_what_is_wrong_and_goes_on(view):
    page = view.put(TokensLab("the sea"))
    for text, message in {"": "must hold at least one character", "x" * 301: "at most 300 characters"}.items():
        view.set(text=text)
        page.locator(".lmkit-problem:not([hidden])").wait_for()
        assert message in page.locator(".lmkit-problem").inner_text()
        view.set(text="the sea")
        assert page.locator(".lmkit-problem").is_hidden()
        assert boxes(page) == TokensLab("the sea").shown()


def test_view_explains_bytes_only_where_there_are_some(view):
    page = view.put(TokensLab("é", 256))
    assert boxes(page) == ["\\xc3", "\\xa9"]
    assert page.get_by_text(re.compile(r"\\x and two signs")).is_visible()
    view.set(text="e")
    assert page.get_by_text(re.compile(r"\\x and two signs")).is_hidden()


def test_pasted_lines_stand_in_the_field_as_signs(view):
    page = view.put(TokensLab("the sea"))
    page.evaluate(
        """() => {
          const field = document.createElement("input");
          document.querySelector(".lmkit-controls").append(field);
          field.value = "ab";
          field.setSelectionRange(1, 1);
          const clipboardData = new DataTransfer();
          clipboardData.setData("text/plain", "x\\r\\ny\\nz");
          field.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
        }"""
    )
    assert page.locator(".lmkit-controls input").input_value() == "ax⏎y⏎zb"


def test_view_never_parses_tokens_as_markup(view):
    page = view.put(TokensLab("<img src=x onerror=alert(1)>", 256))
    assert page.locator("img").count() == 0
    assert "".join(boxes(page)).startswith("<img␣")


def test_view_leaves_nothing_behind(view):
    page = view.put(TokensLab("the sea"))
    page.evaluate("stop()")
    assert page.evaluate("model.handlers.length") == 0
