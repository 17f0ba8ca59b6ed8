"""Among equally good texts Python and the page choose the same, and it is the one of the lowest ids."""

import itertools
import random
from collections.abc import Iterator

import pytest

from lmkit import decoding
from lmkit.widgets import BeamTreeLab
from lmkit.widgets.labs.beam_tree.tables import Table

JUDGE = """(cases) => cases.map(({ language, settings }) => {
  const { tree, optimum, greedy } = lmkit.complete(lmkit.judgedTree(lmkit.ofTable(language), settings));
  const tokensOf = ({ tokens }) => tokens;
  const steps = tree.steps.map((looked) => looked.map((node) => [lmkit.tokensTo(node), node.status]));
  const finished = tree.finishedAfter(Infinity).map(lmkit.tokensTo);
  const texts = tree.found.map(tokensOf);
  return { steps, texts, finished, optimum: optimum.tokens, greedy: greedy.tokens };
})"""
SCRIPTS = ("labs/beam_tree/search.js", "labs/beam_tree/languages.js", "runtime/decoding.js")
# Rows of powers of two, whose logarithms are multiples of one number: sums of them tie in floating point too.
ROWS = (
    (0.25, 0.25, 0.25, 0.25),
    (0.5, 0.25, 0.25, 0),
    (0.5, 0.5, 0, 0),
    (0.125, 0.125, 0.25, 0.5),
    (0.25, 0, 0.5, 0.25),
)


def tables() -> Iterator[Table]:
    """Yield a uniform table, and tables of small whole numbers, with an end and without."""
    randoms = random.Random(7)
    words = "abcd"
    yield Table({word: dict.fromkeys(words, 0.25) for word in words}, max_new_tokens=3)
    yield Table({word: dict.fromkeys("bacd", 0.25) for word in "abc"}, end="d", max_new_tokens=4)
    for _ in range(24):
        end = randoms.choice([None, "d"])
        chosen = {word: dict(zip(words, randoms.choice(ROWS), strict=True)) for word in words if word != end}
        yield Table(chosen, end=end, max_new_tokens=randoms.randint(2, 4))


def cases() -> Iterator[tuple[Table, dict]]:
    """Yield tables with what `decoding.beam_search` is called with."""
    settings = itertools.product(range(1, 6), (-1.0, 0.0, 1.0, 2.0), (False, True, "never"))
    for table, (num_beams, length_penalty, early_stopping) in itertools.product(tables(), settings):
        known = {"max_new_tokens": table.max_new_tokens, "eos_token_id": table.eos_token_id}
        chosen = {"num_beams": num_beams, "length_penalty": length_penalty, "early_stopping": early_stopping}
        yield table, known | chosen


@pytest.fixture(scope="module")
def judged(scripts) -> list[tuple[Table, dict, dict]]:
    sent = [{"language": table.traits(), "settings": settings} for table, settings in cases()]
    return [(*case, page) for case, page in zip(cases(), scripts(*SCRIPTS).evaluate(JUDGE, sent), strict=True)]


def test_the_page_chooses_among_equals_what_python_chooses(judged):
    for table, settings, page in judged:
        steps: list[decoding.BeamStep] = []
        found = decoding.beam_search(table.step, table.prompt, on_step=steps.append, **settings)
        kept: list[list[int]] = [[]]
        for looked, step in zip(page["steps"], steps, strict=True):
            texts = [[*kept[parent], token] for parent, token in zip(step.parents, step.tokens, strict=True)]
            assert looked == [[text, status] for text, status in zip(texts, step.statuses, strict=True)], settings
            kept = [text for text, status in zip(texts, step.statuses, strict=True) if status == "kept"]
        assert page["texts"] == [text.tokens for text in found], settings
        assert page["finished"][: len(page["texts"])] == page["texts"], settings
        greedy = decoding.greedy(table.step, table.prompt, table.max_new_tokens, table.eos_token_id)
        assert page["greedy"] == greedy.tokens


def test_the_page_calls_the_same_text_best(judged):
    for table, settings, page in judged:
        if settings["num_beams"] == 1 and settings["early_stopping"] is False:  # which make no difference
            known = {name: settings[name] for name in ("max_new_tokens", "eos_token_id", "length_penalty")}
            best = decoding.exact_search(table.step, table.prompt, **known)
            assert page["optimum"] == best.tokens, (table.rows, settings)


def test_a_beam_of_one_is_greedy_decoding(judged):
    """Where there is an end, a beam may look on behind it."""
    tried = [page for table, settings, page in judged if settings["num_beams"] == 1 and table.end is None]
    assert len(tried) > 50
    assert all(page["texts"] == [page["greedy"]] for page in tried)


@pytest.mark.parametrize("num_beams", range(1, 6))
def test_on_a_uniform_table_the_lowest_ids_are_chosen(num_beams):
    lab = BeamTreeLab(
        table={word: dict.fromkeys("abcd", 0.25) for word in "abcd"}, max_new_tokens=3, num_beams=num_beams
    )
    texts = [text.tokens for text in lab.search().texts]
    assert texts == [list(text) for text in itertools.product(range(4), repeat=3)][:num_beams]
    assert lab.greedy().tokens == lab.optimum().tokens == texts[0]
