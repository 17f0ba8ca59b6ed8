"""The counting lab: its Python side, its counting in JavaScript against Python's, and its view alone in a browser."""

import base64
import random
import re
import zlib
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmkit.analysis import counting
from lmkit.datasets import human_numbers
from lmkit.text import UnknownWordError, Vocab
from lmkit.widgets import CountingLab
from lmkit.widgets.labs.counting.lab import id_bytes

RHYME = "the cat sat . the cat ran . the dog sat .".split()


# --- in Python --------------------------------------------------------------------------------------------


def test_all_human_numbers_are_the_default_text():
    lab = CountingLab()
    assert lab.tokens == human_numbers.tokens()
    assert lab.continuations() == Counter("two two one three four five six seven eight nine".split())
    assert repr(lab) == "CountingLab(63099 tokens, context='. two hundred seventy eight .', context_length=5)"


@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=30), st.data())
def test_continuations_are_the_row_of_the_table(tokens, data):
    context = data.draw(st.lists(st.sampled_from(sorted(set(tokens))), min_size=1, max_size=6))
    n = data.draw(st.integers(1, 8))
    lab = CountingLab(tokens, context=" ".join(context), context_length=n)
    used = tuple(context[-n:])
    assert lab.used() == list(used)
    assert lab.continuations() == counting.count(tokens, len(used)).get(used, Counter())


@given(st.integers(1, 400), st.integers(0, 50))
def test_text_travels_unchanged(size, seed):
    words = [f"w{i}" for i in range(size)]
    tokens = words + random.Random(seed).choices(words, k=50)
    lab = CountingLab(tokens)
    kind = "<u1" if size <= 256 else "<u2"
    ids = np.frombuffer(zlib.decompress(lab.view.stream), dtype=kind)
    assert [lab.view.words[i] for i in ids] == tokens


def test_texts_of_one_content_share_their_key():
    assert CountingLab(RHYME).view.key == CountingLab(RHYME, context="cat").view.key
    renamed = [word.upper() for word in RHYME]
    assert len({CountingLab(text).view.key for text in (RHYME, RHYME[:-1], renamed)}) == 3


@pytest.mark.parametrize("size", [1, 2, 30, 1000])
def test_suggestions_are_contexts_of_the_text(size):
    lab = CountingLab((RHYME * 100)[:size])
    options = lab.controls["context"].options
    assert lab.value("context") == options[0]
    assert len(set(options)) == len(options)
    joined = f" {' '.join(lab.tokens)} "
    assert all(f" {option} " in joined for option in options)


def test_suggestions_for_human_numbers_can_be_read():
    options = CountingLab().controls["context"].options
    assert len(options) >= 5
    assert all(human_numbers.vocab().encode(option) for option in options)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"tokens": []}, "tokens must hold at least one token, but it is empty"),
        ({"tokens": "the cat sat"}, "tokens must be a sequence of tokens, but it is a string; split it"),
        ({"tokens": ["the cat"]}, "words must be strings, non-empty and free of white space, but one is 'the cat'"),
        ({"context": "  "}, "context must hold at least one token, but it is empty"),
        ({"context_length": 0}, "context_length must be a whole number from 1 to 8, but it is 0"),
        ({"context_length": 9}, "context_length must be a whole number from 1 to 8, but it is 9"),
        ({"context_length": 1.5}, "context_length must be a whole number from 1 to 8, but it is 1.5"),
    ],
)
def test_a_bad_argument_is_named_with_its_rule(arguments, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        CountingLab(**{"tokens": RHYME, **arguments})


def test_a_context_with_an_unknown_word_names_it():
    with pytest.raises(UnknownWordError, match="'bird', which is not among the 6 words"):
        CountingLab(RHYME, context="the bird")


def test_the_picture_says_what_is_counted_and_escapes_it():
    lab = CountingLab(["<b>", "&", "<b>", "&", "<b>", '"'], context="<b>")
    svg, words = lab.picture()
    assert words == 'After “<b>”, counted 3 times in 6 tokens: & 2, " 1.'
    assert "<b>" not in svg and "&lt;b&gt;" in svg and "2 (67 %)" in svg
    assert "<b>" not in lab.fallback()


def test_the_picture_of_a_context_without_continuation_says_so():
    words = CountingLab(RHYME, context="ran sat").picture()[1]
    assert words == "After “ran sat”, counted 0 times in 12 tokens: nothing."


# --- counting in the browser ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def counter(scripts):
    """Node with the counting module in it."""
    return scripts("labs/counting/model.js")


def cases(number: int = 200) -> list[dict]:
    """Random small texts, and contexts that occur in them, occur at their end only, or do not occur."""
    rng, out = random.Random(5), []
    for _ in range(number):
        ids = rng.choices(range(4), k=rng.randrange(1, 40))
        at, n = rng.randrange(len(ids)), rng.randrange(1, 5)
        context = ids[at : at + n] if rng.randrange(3) else rng.choices(range(4), k=n)
        out.append({"ids": ids, "context": context})
    return out


def test_browser_counts_what_python_counts(counter):
    found = counter.evaluate(
        """(cases) => cases.map(({ ids, context }) => {
          const text = new lmkit.CountedText(["a", "b", "c", "d"], Int32Array.from(ids));
          const longest = text.longestCounted(context).length;
          return { ...text.continuations(context), longest, atEnd: text.endsWith(context) };
        })""",
        cases(),
    )
    for case, got in zip(cases(), found, strict=True):
        tokens, context = ["abcd"[i] for i in case["ids"]], tuple("abcd"[i] for i in case["context"])
        tables = {n: counting.count(tokens, n) for n in range(len(context) + 1)}
        counts = tables[len(context)].get(context, Counter())
        shares = counting.shares(counts)
        assert [(row["word"], row["count"]) for row in got["rows"]] == [(word, counts[word]) for word in shares]
        assert [row["share"] for row in got["rows"]] == pytest.approx(list(shares.values()))
        assert got["total"] == counts.total() == len(got["places"])
        assert got["entropy"] == pytest.approx(-sum(p * np.log(p) for p in shares.values()), abs=1e-12)
        seen = [n for n in range(1, len(context) + 1) if context[-n:] in tables[n]]
        assert got["longest"] == max(seen, default=0)
        assert got["atEnd"] == (tuple(tokens[-len(context) :]) == context)


def test_there_are_cases_of_every_kind():
    """Contexts with several continuations, with none, and at the end of a text."""
    kinds = Counter()
    for case in cases():
        ids, context = case["ids"], tuple(case["context"])
        after = counting.count(ids, len(context)).get(context, Counter())
        kinds[min(len(after), 2)] += 1
        kinds["end"] += not after and tuple(ids[-len(context) :]) == context
    assert all(kinds[kind] >= 5 for kind in (0, 1, 2, "end"))


@pytest.mark.parametrize("size", [1, 256, 257, 65_536, 65_537])
def test_browser_unpacks_what_python_packs(counter, size):
    ids = [0, size - 1, size // 2]
    packed = base64.b64encode(zlib.compress(id_bytes(ids, size))).decode()
    got = counter.evaluate(
        """async ([packed, size]) => {
          const bytes = await lmkit.inflate(Uint8Array.from(atob(packed), (c) => c.charCodeAt(0)));
          return Array.from(lmkit.idsOf(bytes, size));
        }""",
        [packed, size],
    )
    assert got == ids


# --- the view alone ---------------------------------------------------------------------------------------


@pytest.fixture
def shown(view):
    """A function that puts a lab's view on a page of its own."""
    return lambda lab: view.put(lab)


def rows(page) -> list[tuple[str, int]]:
    words = page.locator("tbody th").all_inner_texts()
    counts = page.locator("tbody td:nth-of-type(2)").all_inner_texts()
    return [(word, int(count.replace(",", ""))) for word, count in zip(words, counts, strict=True)]


def test_view_shows_counts_places_and_the_context_that_is_used(shown, view):
    page = shown(CountingLab(RHYME, context="sat . the", context_length=1))
    assert rows(page) == [("cat", 2), ("dog", 1)]
    assert page.locator(".lmkit-counting-ignored").inner_text() == "sat ."
    assert page.locator(".lmkit-counting-context .lmkit-counting-used").inner_text() == "the"
    assert page.locator(".lmkit-counting .lmkit-title").inner_text() == "Counted 3 times in 12 tokens"
    assert [" ".join(line.split()) for line in page.locator("li").all_inner_texts()] == [
        "the cat",
        "the cat sat . the cat",
        "… . the cat ran . the dog",
    ]
    view.set(context_length=8)
    assert rows(page) == [("cat", 1)]
    assert "8 may be used, but it has no more" in page.locator(".lmkit-view").inner_text()
    assert page.locator(".lmkit-counting-ignored").is_hidden()


def test_view_says_that_a_context_was_never_seen_and_what_was(shown, view):
    page = shown(CountingLab(RHYME, context="ran sat .", context_length=3))
    text = page.locator(".lmkit-view").inner_text()
    assert "Not once counted in 12 tokens" in text
    assert "This context never occurs in the text, so the table has no distribution for it." in text
    assert "Its last 2 tokens, ‘sat .’, can be looked up: use fewer tokens." in text
    assert page.locator("table").is_hidden()
    view.set(context_length=2)
    assert rows(page) == [("the", 1)]
    assert page.locator("table").is_visible()


def test_view_says_that_the_text_ends_with_a_context(shown):
    page = shown(CountingLab(RHYME, context="dog sat .", context_length=3))
    assert "occurs only where the text ends, and nothing follows it" in page.locator(".lmkit-view").inner_text()


def test_view_names_an_unknown_word_only_where_it_is_used(shown, view):
    page = shown(CountingLab(RHYME, context="the cat", context_length=2))
    view.set(context="bird cat")
    page.locator(".lmkit-problem:not([hidden])").wait_for()
    assert "Context holds ‘bird’, which does not occur in the text" in page.locator(".lmkit-problem").inner_text()
    view.set(context_length=1)
    assert page.locator(".lmkit-problem").is_hidden()
    assert rows(page) == [("sat", 1), ("ran", 1)]
    view.set(context=" ")
    page.locator(".lmkit-problem:not([hidden])").wait_for()
    assert "Context must hold at least one token" in page.locator(".lmkit-problem").inner_text()


def test_view_shows_all_continuations_on_request(shown, view):
    tokens = [token for i in range(30) for token in ("a", f"w{i}")] + ["a", "w7"]
    page = shown(CountingLab(tokens, context="a", context_length=1))
    assert rows(page) == [("w7", 2), *((f"w{i}", 1) for i in range(11) if i != 7), ("w11", 1)]
    button = page.locator(".lmkit-counting-more")
    assert (button.inner_text(), button.get_attribute("aria-expanded")) == ("Show all 30", "false")
    button.focus()
    page.keyboard.press("Enter")
    view.settle()
    assert len(rows(page)) == 30
    assert button.get_attribute("aria-expanded") == "true"
    assert page.evaluate("document.activeElement.className").endswith("lmkit-counting-more")
    view.set(context="w7")
    assert button.is_hidden()


def test_view_never_parses_words_as_markup(shown):
    page = shown(CountingLab(["<img/src=x/onerror=alert(1)>", "b"] * 5, context="b", context_length=1))
    assert page.locator("img").count() == 0
    assert rows(page) == [("<img/src=x/onerror=alert(1)>", 4)]


def test_view_leaves_nothing_behind(shown):
    page = shown(CountingLab(RHYME))
    page.evaluate("stop()")
    assert page.evaluate("model.handlers.length") == 0
    page.evaluate("model.state.context = 'bird'")
    page.wait_for_timeout(500)
    assert page.locator(".lmkit-problem").is_hidden()


def test_a_text_is_unpacked_once_for_all_its_views(shown):
    page = shown(CountingLab(RHYME, context="the"))
    page.evaluate("globalThis.DecompressionStream = undefined")
    page.evaluate("document.querySelector('#view').replaceChildren(); start({ ...model.state, stream: null }, {})")
    page.locator("[data-filled] > *").first.wait_for()
    assert rows(page)


@pytest.mark.parametrize("context_length", range(1, 9))
def test_view_shows_human_numbers_as_python_counts_them(shown, context_length):
    lab = CountingLab(context="one hundred . one hundred one .", context_length=context_length)
    counts = lab.continuations()
    page = shown(lab)
    assert rows(page) == counts.most_common(12)
    facts = page.locator(".lmkit-counting-facts").inner_text()
    entropy = sum(p * np.log(1 / p) for p in counting.shares(counts).values())
    assert float(re.search(r"Entropy ([\d.]+)", facts)[1]) == pytest.approx(entropy, abs=0.0051)
    if len(counts) == 1:
        assert f"Followed by ‘{min(counts)}’" in facts
    else:
        assert float(re.search(r"as open as ([\d.]+)", facts)[1]) == pytest.approx(np.exp(entropy), abs=0.051)


def test_vocab_of_the_page_is_that_of_python():
    assert CountingLab().view.words == Vocab.of(human_numbers.tokens()).words
