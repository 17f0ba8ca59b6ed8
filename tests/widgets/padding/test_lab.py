"""The padding lab: its Python side against a second way to pad, and its view in a browser against its Python side."""

import html
import re
from functools import cache

import pytest
import torch
from playwright.sync_api import expect

from lmkit import pretrained
from lmkit.datasets import translation
from lmkit.experiments import judging
from lmkit.experiments.translators import PADDING_MASKED, PADDING_READ
from lmkit.models.seq2seq import EncoderDecoder
from lmkit.pretrained import Translator
from lmkit.runs import Run, Runs
from lmkit.text import UnknownWordError, Vocab
from lmkit.widgets import PaddingLab
from lmkit.widgets.base import assets
from lmkit.widgets.labs.padding import lab as module
from lmkit.widgets.labs.padding import shares
from lmkit.widgets.labs.padding.lab import CLEAN, FAULTY, SOURCES
from lmkit.widgets.labs.padding.translating import PAD
from tests.site.rendering import accessibility_faults

SOURCE = SOURCES[0]


@cache
def random_translator(source: tuple[str, ...], target: tuple[str, ...], seed: int = 0) -> Translator:
    """A translator with clear preferences, so that rounding decides nothing."""
    torch.manual_seed(seed)
    model = EncoderDecoder(len(source), len(target), 6, 10)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.8)
    return Translator(model.eval(), Vocab(source), Vocab(target), {})


def own(clean=("<eos>", "a", "<b>"), faulty=None, seed=0) -> dict[str, Translator]:
    """Two translators between languages of which nothing is known."""
    target = ("<eos>", *"uvwxy")
    faulty = (*clean, PAD) if faulty is None else faulty
    return {"clean": random_translator(clean, target, seed), "faulty": random_translator(faulty, target, seed + 1)}


def made_up_runs(missing=None):
    kinds = [kind for kind in shares.KINDS if kind != missing]
    measures = {"mixed": [1.0, 1.0, 1.0, 1.0], "read": [1.0, 1.0, 0.99, 0.98], "read and counted": [0.9, 0.99, 1, 0.8]}
    return Runs(
        {},
        [
            Run({"attention": attention, "padding": kind}, seed, [], [], [],
                {shares.MEASURE: [max(0, share - 0.01 * seed * (share < 1)) for share in measures[kind]]})
            for attention in ("general", "none") for kind in kinds for seed in (1, 2, 3)
        ],
    )  # fmt: skip


RUNS = made_up_runs()


# --- in Python --------------------------------------------------------------------------------------------


def test_what_is_read_of_the_experiment_is_as_it_is_made():
    assert judging.PAD == PAD and judging.EXTRA == shares.ADDED and judging.HELD_OUT == shares.SOURCES
    assert judging.EXTRA[-1] == module.MOST_PADDING


@pytest.mark.parametrize("padding", [0, 3, 20])
@pytest.mark.parametrize("source", SOURCES)
def test_translations_are_those_by_which_the_experiment_judges(source, padding):
    words = [*source.split(), "<eos>"]
    pair = translation.Pair(words, [], [])
    found = PaddingLab(source=source, padding=padding).translations()
    for name, shipped, recipe in (("clean", CLEAN, PADDING_MASKED), ("faulty", FAULTY, PADDING_READ)):
        model = pretrained.load_translator(shipped).model
        assert found[name] == judging.translated(model, recipe, [pair], padding)[0]


@pytest.mark.parametrize("source", SOURCES)
def test_padding_that_is_masked_changes_nothing(source):
    """And without padding a translator writes what it writes elsewhere."""
    first = PaddingLab(source=source, padding=0).translations()["clean"]
    assert " ".join(first[:-1]) == pretrained.load_translator(CLEAN).translate(source)
    for padding in range(1, module.MOST_PADDING + 1):
        assert PaddingLab(source=source, padding=padding).translations()["clean"] == first


def test_padding_that_is_read_shows_at_first_sight():
    judged = PaddingLab().judged()
    assert judged["clean"].words == judged["clean"].unpadded and judged["clean"].verdict == "A possible translation."
    assert judged["faulty"].words != judged["faulty"].unpadded
    assert judged["faulty"].verdict.startswith("Not a translation: word ")


def test_every_source_on_offer_shows_the_fault_at_some_padding():
    for source in SOURCES:
        assert translation.translations(source).count() >= 1
        assert len({" ".join(PaddingLab(source=source, padding=n).translations()["faulty"]) for n in range(21)}) > 1


def test_shipped_translators_are_small_and_alike():
    clean, faulty = (pretrained.load_translator(name) for name in (CLEAN, FAULTY))
    assert all(pretrained.path_of(name).stat().st_size <= 150_000 for name in (CLEAN, FAULTY))
    assert [*clean.target_vocab.words, PAD] == faulty.target_vocab.words
    masked, read = clean.card["metrics"], faulty.card["metrics"]
    assert masked["changed_by_20_more_percent"] == 0 < read["changed_by_20_more_percent"]
    assert masked["possible_with_20_more_percent"] == masked["possible_percent"] >= 99


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"clean": 3}, "clean must be a shipped translator's name, .*, or a Translator, but it is 3"),
        ({"faulty": "shakespeare"}, "faulty must be one of .* but it is 'shakespeare'"),
        ({"clean": FAULTY}, "clean must be a translator whose source has no word <pad>, but it is '<pad>'"),
        ({"faulty": CLEAN}, "faulty must have the source vocabulary of clean, and <pad> behind it, but it ends with"),
        (own(faulty=(PAD, "<eos>", "a", "<b>")), "faulty must have .* but it ends with '<b>'; train both on the same"),
        ({"runs": 3}, "runs must be runs such as lmkit.runs.load gives, but it is 3"),
        ({"runs": made_up_runs("read")}, "runs must be of the experiment 'padding', .*'read'}, but of that it has 0"),
        ({"runs": Runs({}, [Run({"attention": "general", "padding": "mixed"}, 1, [], [], [], {})] * 2)}, "4 shares as"),
        ({"source": " "}, "source must hold at least one word, but it is empty; type a few words"),
        ({"source": "the " * 101}, "source must hold at most 100 words, but it holds 101; shorten it"),
        ({"source": 3}, "source must be a text, but it is 3"),
        ({"padding": 21}, "padding must be a whole number from 0 to 20, but it is 21"),
        ({"padding": -1}, "padding must be a whole number from 0 to 20, but it is -1"),
        ({"controls": ["volume"]}, "controls must be among .* but 'volume' is not"),
    ],
)
def test_a_bad_argument_is_named_with_its_rule(settings, message):
    with pytest.raises(ValueError, match=message):
        PaddingLab(**settings)


@pytest.mark.parametrize("word", ["dragon", PAD])
def test_a_source_with_an_unknown_word_names_it(word):
    with pytest.raises(UnknownWordError, match=f"source: .*'{word}', which is not among the 396 words"):
        PaddingLab(source=f"the {word}")


def test_settings_follow_the_controls():
    made = PaddingLab()
    made.controls["padding"].value = 0
    made.controls["source"].value = SOURCES[1]
    assert repr(made) == "PaddingLab(8 words, padding=0)"
    assert made.translations() == PaddingLab(source=SOURCES[1], padding=0).translations()
    assert list(PaddingLab(controls=["padding"]).controls) == ["padding"]


def test_verdicts_are_the_grammars():
    for padding in (0, 20):
        for source in SOURCES:
            oracle = translation.translations(source)
            for found in PaddingLab(source=source, padding=padding).judged().values():
                assert (found.verdict == "A possible translation.") == (found.words in oracle)
    said = PaddingLab(source="emma woke .").judged()["clean"].verdict
    assert said.startswith("No truth is known: ")
    assert {found.verdict for found in PaddingLab(**own()).judged().values()} == {"No truth is known of these words."}


def test_rows_are_means_and_intervals_over_seeds():
    settings = [(attention, kind) for attention in ("general", "none") for kind in shares.KINDS]
    for row, (attention, kind) in zip(shares.rows_of(RUNS), settings, strict=True):
        seeds = [run.measures[shares.MEASURE] for run in RUNS.where(attention=attention, padding=kind)]
        assert row["seeds"] == 3 and (row["decoder"] == "with attention") == (attention == "general")
        for found, values in zip(row["shares"], zip(*seeds, strict=True), strict=True):
            mean, low, high = found
            assert mean == pytest.approx(sum(values) / 3, abs=1e-4) and 0 <= low < high <= 1


def test_the_picture_says_both_translations_and_the_shares():
    made = PaddingLab(runs=RUNS)
    svg, words = made.picture()
    for found in made.judged().values():
        assert " ".join(found.words) in words and found.verdict in words
    assert "Without padding: " in words
    assert "translators with attention, padding read, and counted in the loss: of 400 sources" in words
    assert svg.count(">100\u202f%<") >= 4 and html.escape(words) in made.fallback()


# --- the view ---------------------------------------------------------------------------------------------


def answers():
    return {**assets.tables(), **{name: assets.model_bytes(name) for name in (CLEAN, FAULTY)}}


def shown(page):
    """The words of both translations."""
    panels = page.locator(".lmkit-padding-translation .lmkit-padding-line")
    return [panels.nth(n).inner_text().split() for n in (0, 1)]


def test_view_writes_what_python_writes_and_says_what_it_says(view):
    page = view.put(PaddingLab(runs=RUNS), answers=answers())
    for source in SOURCES:
        for padding in (0, 1, 5, 12, 20):
            view.set(source=source, padding=padding)
            made = PaddingLab(source=source, padding=padding)
            judged = made.judged().values()
            assert shown(page) == [found.words for found in judged]
            verdicts = page.locator(".lmkit-padding-verdict").all_inner_texts()
            assert verdicts == [found.verdict for found in judged]
            notes = page.locator(".lmkit-padding-translation .lmkit-numbers").all_inner_texts()
            for found, note in zip(judged, notes, strict=True):
                changed = found.words != found.unpadded
                start = "The padding has changed " if changed else ("As without" if padding else "No padding.")
                assert note.startswith(start)
                assert note.endswith(f"Without padding: {' '.join(found.unpadded)}") == changed
    assert view.problems == []


def test_view_marks_changed_words_and_the_first_wrong_one(view):
    page = view.put(PaddingLab(), answers=answers())
    faulty = PaddingLab().judged()["faulty"]
    panels = page.locator(".lmkit-padding-translation")
    assert panels.nth(0).locator("mark").count() == 0
    marked = panels.nth(1).locator("mark").all_inner_texts()
    assert marked and set(marked) <= set(faulty.words)
    step = int(re.search(r"word (\d+)", faulty.verdict)[1]) - 1
    assert panels.nth(1).locator(".lmkit-padding-wrong").all_inner_texts() == [faulty.words[step]]
    assert panels.nth(0).locator(".lmkit-padding-wrong, .lmkit-padding-fault").count() == 0
    view.set(padding=0)
    assert page.locator("mark").count() == 0


def test_view_shows_the_padding_behind_the_source(view):
    page = view.put(PaddingLab(), answers=answers())
    for padding in (20, 0, 3):
        view.set(padding=padding)
        line = page.locator(".lmkit-padding-source .lmkit-padding-line").inner_text().split()
        assert line == [*SOURCE.split(), "<eos>", *[PAD] * padding]
        title = page.locator(".lmkit-padding-source .lmkit-title")
        expect(title).to_have_text(
            f"Source: {len(SOURCE.split()) + 1} words with the end token, and {padding} of padding"
        )


def test_view_reads_ones_own_translators(view):
    made = PaddingLab(**own(), source="a <b> a", padding=7)
    page = view.put(made)
    assert shown(page) == list(made.translations().values())
    assert page.locator(".lmkit-padding-verdict").first.inner_text().startswith("No truth is known: ")


def test_view_names_a_word_that_it_does_not_know_and_recovers(view):
    page = view.put(PaddingLab(), answers=answers())
    problem = page.locator(".lmkit-problem")
    for text, told in (
        ("the dragon", "Text holds ‘dragon’, which is not among the 396 words"),
        (f"the {PAD}", f"Text holds ‘{PAD}’"),
        ("", "Source must hold at least one word"),
        ("the " * 101, "Source must hold at most 100 words, but it holds 101; shorten it."),
    ):
        view.set(source=text)
        expect(problem).to_contain_text(told)
    view.set(source="the " * 100)  # with its padding as long as a page reads
    expect(problem).to_be_hidden()
    view.set(source=SOURCE)
    assert shown(page) == list(PaddingLab().translations().values())


def test_view_tells_a_screen_reader_what_the_padding_did(view):
    page = view.put(PaddingLab(), answers=answers())
    said = page.locator(".lmkit-view > .lmkit-unseen")
    view.set(padding=0)
    expect(said).to_have_text("Read as words: No padding. Masked: No padding.")


def test_the_table_has_the_shares_of_larger_translators(view):
    page = view.put(PaddingLab(runs=RUNS), answers=answers())
    rows = page.locator(".lmkit-padding-table tbody tr:has(td)")
    assert rows.locator("th").all_inner_texts() == [*shares.KINDS.values()] * 2
    titles = page.locator(".lmkit-padding-table [scope=rowgroup]")
    assert titles.all_inner_texts() == ["with attention", "without attention"]
    for n, row in enumerate(shares.rows_of(RUNS)):
        cells = rows.nth(n).locator("td").all_inner_texts()
        for cell, (share, low, high) in zip(cells, row["shares"], strict=True):
            found = [float(part) for part in re.findall(r"[\d.]+", cell)]
            assert found == pytest.approx([100 * share, 100 * low, 100 * high], abs=0.51)
    expect(page.locator(".lmkit-footnote")).to_contain_text("over 3 seeds")


def test_without_runs_there_is_no_table(view):
    page = view.put(PaddingLab(), answers=answers(), shares=[])
    assert page.locator(".lmkit-padding-table").count() == 0


DARK = """:root { --pst-color-text-base: #ced6dd; --pst-color-text-muted: #9ca4af; --pst-color-background: #14181e;
  --pst-color-border: #48566b } body { background: #14181e }"""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_view_is_accessible_and_fits_a_phone(view, theme):
    page = view.put(PaddingLab(runs=RUNS), answers=answers())
    page.evaluate("(theme) => { document.documentElement.dataset.theme = theme }", theme)
    page.add_style_tag(content=DARK if theme == "dark" else "body { background: #fff }")
    for width in (1280, 390, 320):
        page.set_viewport_size({"width": width, "height": 900})
        view.settle()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert accessibility_faults(page, page.locator(".lmkit-lab")) == []


def test_view_refuses_damaged_weights(view):
    made = PaddingLab(**own())
    page = view.put(made, own_faulty=made.view.own_faulty[:-8])
    expect(page.locator(".lmkit-problem")).to_contain_text("Your faulty cannot be read as a model file")


def test_view_stops_listening_when_it_is_closed(view):
    page = view.put(PaddingLab(), answers=answers())
    page.evaluate("stop()")
    assert page.evaluate("model.handlers.length") == 0
