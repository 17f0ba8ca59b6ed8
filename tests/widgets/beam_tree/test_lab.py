"""The beam tree lab: the browser's tree is that of Python's beam search, and the view shows what became of it."""

import itertools
import math
import random
import xml.etree.ElementTree as ET

import pytest
from playwright.sync_api import expect

from lmkit import plots, pretrained
from lmkit.widgets import BeamTreeLab
from lmkit.widgets.labs.beam_tree.tables import LANGUAGES, TABLES, Table

GROW = """(cases) => cases.map(({ language, settings }) => {
  const reader = new lmkit.TableReader(language), start = language.start;
  const plain = (node) => ({ tokens: lmkit.tokensTo(node), total: node.total, status: node.status });
  const tree = lmkit.complete(lmkit.growTree(reader, start, settings));
  const optimum = tree.mark(lmkit.complete(lmkit.bestText(reader, start, settings)), "optimum");
  const lost = lmkit.lostAt(optimum.node);
  return {
    steps: tree.steps.map((looked) => looked.map(plain)),
    texts: tree.found.map(({ tokens, score }) => ({ tokens, score })),
    optimum: { tokens: optimum.tokens, score: tree.score(optimum.node) },
    lost: lost && { ...plain(lost), rank: lost.rank },
    rows: lmkit.placeRows(tree.root),
    places: lmkit.nodesBelow(tree.root).map((node) => [node.length, node.row, !node.children.length]),
  };
})"""
SCRIPTS = ("labs/beam_tree/search.js", "labs/beam_tree/layout.js", "runtime/decoding.js")


def random_table(randoms: random.Random, with_end: bool) -> Table:
    """Words that differ from place to place, so that no two texts are equally probable, and perhaps an end."""
    places, rows = [[f"{letter}{place}" for letter in "abcd"] for place in range(randoms.randint(2, 5))], {}
    for here, there in itertools.pairwise([["start"], *places]):
        for word in here:
            after = randoms.sample(there, randoms.randint(2, 4)) + ["."] * with_end
            weights = [randoms.random() + 0.02 for _ in after]
            rows[word] = {after: weight / sum(weights) for after, weight in zip(after, weights, strict=True)}
    return Table(rows, end="." if with_end else None, max_new_tokens=len(places))


def random_labs() -> list[BeamTreeLab]:
    randoms = random.Random(5)
    settings = itertools.product(range(1, 6), (-0.5, 0.0, 0.7, 2.0), (False, True, "never"))
    return [
        BeamTreeLab(
            table=random_table(randoms, randoms.random() < 0.7),
            num_beams=width,
            length_penalty=penalty,
            early_stopping=early,
        )
        for width, penalty, early in settings
        for _ in range(3)
    ]


def book_labs() -> list[BeamTreeLab]:
    settings = itertools.product(TABLES, (1, 2, 3, 5), (0.0, 1.0))
    return [BeamTreeLab(table=table, num_beams=width, length_penalty=penalty) for table, width, penalty in settings]


def all_texts(table: Table) -> list[tuple[list[int], float]]:
    """Every text that has any probability, with its log-probability, from the table alone."""
    done, open_ = [], [(table.start, [], 0.0)]
    while open_:
        word, text, total = open_.pop()
        for after, p in table.rows[word].items():
            if p > 0:
                longer = [*text, table.words.index(after)], total + math.log(p)
                ended = after == table.end or len(longer[0]) == table.max_new_tokens
                (done if ended else open_).append(longer if ended else (after, *longer))
    return done


def sent(lab: BeamTreeLab) -> dict:
    return {"language": lab.view.languages[lab.view.language_index], "settings": lab.settings()}


@pytest.fixture(scope="module")
def grown(scripts) -> list[tuple[BeamTreeLab, dict]]:
    """Labs, and what the scripts compute for each."""
    labs = [*random_labs(), *book_labs()]
    out = scripts(*SCRIPTS).evaluate(GROW, [sent(lab) for lab in labs])
    return list(zip(labs, out, strict=True))


def check_steps(lab: BeamTreeLab, tree: dict, rounding: float) -> None:
    """The scripts have looked at the texts that Python looks at, step by step."""
    search, kept = lab.search(), [[]]
    assert len(tree["steps"]) == len(search.steps), lab.settings()
    for looked, step in zip(tree["steps"], search.steps, strict=True):
        texts = [[*kept[parent], token] for parent, token in zip(step.parents, step.tokens, strict=True)]
        assert [node["tokens"] for node in looked] == texts, lab.settings()
        assert [node["status"] for node in looked] == step.statuses, lab.settings()
        assert [node["total"] for node in looked] == pytest.approx(step.totals, abs=rounding)
        kept = [text for text, status in zip(texts, step.statuses, strict=True) if status == "kept"]


def test_browser_looks_at_what_python_looks_at(grown):
    for lab, tree in grown:
        check_steps(lab, tree, rounding=1e-9)


def test_browser_ranks_what_python_ranks(grown):
    for lab, tree in grown:
        texts = lab.search().texts
        assert [text["tokens"] for text in tree["texts"]] == [text.tokens for text in texts], lab.settings()
        assert [text["score"] for text in tree["texts"]] == pytest.approx([text.score for text in texts], abs=1e-9)


def test_the_optimum_is_the_best_of_all_texts(grown):
    """The oracle writes all texts down; Python's branch and bound finds the same."""
    for lab, tree in grown:
        every = all_texts(lab.table)
        score = max(total / len(text) ** lab.settings()["length_penalty"] for text, total in every)
        assert lab.table.texts == len(every)
        assert tree["optimum"]["score"] == pytest.approx(score, abs=1e-9)
        assert tree["optimum"]["tokens"] == lab.optimum().tokens


def test_where_the_optimum_was_lost(grown):
    """It was looked at and not taken, or not looked at; and it is not lost where the beam found it."""
    kinds = set()
    for lab, tree in grown:
        found, lost = [text["tokens"] for text in tree["texts"]], tree["lost"]
        kinds.add(lost and lost["status"])
        if lost:
            assert tree["optimum"]["tokens"] not in found
            assert tree["optimum"]["tokens"][: len(lost["tokens"])] == lost["tokens"]
            assert lost["rank"] is None or lost["rank"] > lab.settings()["num_beams"] or lost["status"] == "dropped"
    assert kinds == {None, "dropped", "unseen"}


def test_no_two_nodes_stand_in_one_place(grown):
    for _, tree in grown:
        places = [(length, row) for length, row, _ in tree["places"]]
        assert len(set(places)) == len(places)
        leaves = [row for _, row, leaf in tree["places"] if leaf]
        assert sorted(leaves) == list(range(tree["rows"]))


def test_the_book_s_tables_show_what_they_are_for():
    """The beam of two wins, the beam of two loses, and the length penalty changes the winner."""
    first, ending, last = TABLES

    def best(table, **settings):
        return BeamTreeLab(table=table, **settings).search().texts[0]

    assert best(first, num_beams=2).log_prob > best(first, num_beams=1).log_prob + 0.1
    assert best(last, num_beams=2).log_prob < best(last, num_beams=1).log_prob - 0.1
    assert best(last, num_beams=3).log_prob > best(last, num_beams=2).log_prob + 0.1
    lengths = [len(best(ending, num_beams=3, length_penalty=penalty).tokens) for penalty in (0.0, 1.0, 2.0)]
    assert lengths[0] == 1 < lengths[1] < lengths[2]
    assert len(best(ending, num_beams=2, length_penalty=0.0).tokens) > 1


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_tables_never_tie(table):
    """So that every processor draws the same tree."""
    for length in range(1, table.max_new_tokens + 1):
        totals = sorted(total for text, total in all_texts(Table(table.rows, table.start, table.end, length)))
        assert all(b - a > 1e-3 for a, b in itertools.pairwise(totals))


def test_the_model_s_beam_of_two_loses_to_greedy():
    """The language of the trained model shows what the chapter tells of it."""
    lab = BeamTreeLab(language=LANGUAGES[-1].name)
    assert lab.search().texts[0].log_prob < lab.greedy().log_prob - 3
    assert lab.optimum().log_prob > lab.greedy().log_prob - 1e-6
    words = pretrained.load("stories").vocab.words
    assert [words[token] for token in lab.greedy().tokens] == ". her grandmother gave her a red ,".split()
    drawing, said = lab.picture()
    assert "grandmother" in drawing and "her grandmother gave her" in said


# --- what is refused --------------------------------------------------------------------------------------------

GOOD = {"go": {"left": 0.7, "right": 0.3}, "left": {"left": 1.0}, "right": {"left": 1.0}}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"table": {}}, "table must be .*no row empty, but it is {}"),
        ({"table": {"go": {}}}, "no row empty"),
        ({"table": {"go": {"a": 0.7, "b": 0.2}}}, "that of 'go' sums to 0.9; scale it"),
        ({"table": {"go": {"a": 1.2, "b": -0.2}}}, r"table: p\(a \| go\) must be a number from 0 to 1, but it is 1.2"),
        ({"table": {"go": {"a": 1.0}}, "max_new_tokens": 2}, "a row for 'a', after which texts of 1 tokens go on"),
        ({"table": GOOD, "start": "up"}, "start must be a word with a row of its own, but 'up' has none"),
        ({"table": GOOD, "end": "."}, "end must be a word of the table, but '.' is not in it"),
        ({"table": GOOD, "end": "left"}, "end must be a word that nothing follows, but 'left' has a row"),
        ({"table": GOOD, "max_new_tokens": 9}, "max_new_tokens must be a whole number from 1 to 8, but it is 9"),
        ({"table": {w: dict.fromkeys("abcd", 0.25) for w in "abcd"}}, "at most 20,000 texts, but it allows 65,536"),
        ({"table": {"go": {f"w{i}": 1 / 50 for i in range(50)}}}, "at most 40 words, but it holds 51"),
        ({"max_new_tokens": 3}, "max_new_tokens must come with a table of your own"),
        ({"language": "klingon"}, "language must be one of"),
        ({"num_beams": 6}, "num_beams must be a whole number from 1 to 5, but it is 6"),
        ({"length_penalty": 4}, "length_penalty must be a number from -1.0 to 3.0, but it is 4"),
        ({"early_stopping": 1}, r"early_stopping must be one of \[False, True, 'never'\], but it is 1"),
        ({"step": 3}, "step must be a whole number from 0 to 2, but it is 3"),
        ({"controls": ["volume"]}, "controls must be among"),
    ],
)
def test_arguments_are_checked(arguments, message):
    with pytest.raises(ValueError, match=message):
        BeamTreeLab(**arguments)


def test_a_table_of_one_s_own():
    lab = BeamTreeLab(table=GOOD, max_new_tokens=3, num_beams=1)
    assert "language" not in lab.controls and lab.table.max_new_tokens == 3
    assert repr(lab) == "BeamTreeLab(language='a table', num_beams=1, length_penalty=0.0, step=3)"
    assert BeamTreeLab(table={"go": {"a": 0.9, "b": 0.1}, "a": {"c": 1.0}, "b": {"c": 1.0}}).table.max_new_tokens == 2
    assert BeamTreeLab(table={"go": {"go": 0.9, ".": 0.1}}, end=".").table.max_new_tokens == 8


def test_controls_agree_with_the_view():
    lab = BeamTreeLab(language="texts that end", early_stopping="never", controls=["language", "early_stopping"])
    assert list(lab.controls) == ["language", "early_stopping"] and lab.settings()["early_stopping"] == "never"
    assert lab.table is TABLES[1] and lab.view.step == 6 and lab.view.steps == 8
    assert list(BeamTreeLab().controls) == ["language", "num_beams", "length_penalty", "step"]


@pytest.mark.parametrize("step", [0, 1, 3])
def test_the_picture_shows_the_tree(step):
    lab = BeamTreeLab(language="a beam of two loses to greedy", step=step)
    drawing, words = lab.picture()
    shown = [node.text for node in ET.fromstring(drawing).iter("{http://www.w3.org/2000/svg}text")]
    looked = [TABLES[2].words[token] for beam in lab.search().steps[:step] for token in beam.tokens]
    assert all(shown.count(word) == looked.count(word) for word in looked)
    assert ("greedy decoding’s “the dog barked”" in words) == (step == 3)


@pytest.mark.parametrize("dark", [False, True])
def test_what_meets_in_the_tree_has_different_colours(dark):
    assert len({plots.color(role, dark) for role in ("kept", "dropped", "truth", "greedy")}) == 4


# --- the view ---------------------------------------------------------------------------------------------------


def rows(page) -> list[list[str]]:
    return [row.locator("td, th").all_inner_texts() for row in page.locator(".lmkit-beam-texts tbody tr").all()]


def number(value: float) -> str:
    return f"{value:.2f}".replace("-", "−")


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_view_lists_what_python_finds(view, table):
    page = view.put(BeamTreeLab(table=table))
    for width, penalty in itertools.product((1, 2, 3, 5), (0.0, 1.0)):
        view.set(num_beams=width, length_penalty=penalty)
        lab = BeamTreeLab(table=table, num_beams=width, length_penalty=penalty)
        texts, listed = lab.search().texts, rows(page)
        assert [row[:4] for row in listed[: len(texts)]] == [
            [str(place), table.text(text.tokens), number(text.log_prob), number(text.score)]
            for place, text in enumerate(texts, 1)
        ]
        marked = {sign: [row[1] for row in listed if sign in row[4]] for sign in "★◆●"}
        stars = {"★": texts[0], "◆": lab.optimum(), "●": lab.greedy()}
        assert marked == {sign: [table.text(text.tokens)] for sign, text in stars.items()}
        found = "found" if lab.optimum().tokens == texts[0].tokens else "missed"
        assert page.locator(".lmkit-beam-verdict").inner_text().startswith(f"The beam {found} the best of all")


def test_view_grows_step_by_step(view):
    lab = BeamTreeLab(language="texts that end", num_beams=2)
    page, steps = view.put(lab), lab.search().steps
    for step in range(len(steps), -1, -1):
        view.set(step=step)
        for fate in ("ended", "dropped"):
            count = sum(beam.statuses.count(fate) for beam in steps[:step])
            assert page.locator(f".lmkit-beam-node.lmkit-beam-{fate}").count() == count
        assert page.locator(".lmkit-beam-winner").count() == (4 if step == len(steps) else 0)
    assert "nothing written yet" in page.locator(".lmkit-beam-walk").inner_text()
    view.set(step=6)
    assert "the search has stopped after step 4" in page.locator(".lmkit-beam-walk").inner_text()


def test_view_says_where_the_optimum_was_lost(view):
    page = view.put(BeamTreeLab(language="a beam of two loses to greedy"))
    said = page.locator(".lmkit-beam-verdict").inner_text()
    assert "missed the best of all 20 texts, “the dog barked”: at step 2 “the dog” ranked 3rd" in said
    assert "Greedy decoding’s “the dog barked” is more probable: log p −2.19 against the beam’s −3.09." in said
    view.set(num_beams=1)
    assert "The beam found the best" in page.locator(".lmkit-beam-verdict").inner_text()


def test_another_language_is_shown_grown_and_sets_the_slider_s_range(view):
    page = view.put(BeamTreeLab(step=1))
    view.set(language_index=1)
    assert view.get("steps") == 6 and view.get("step") == 6
    view.set(language_index=0)
    assert view.get("steps") == 2 and view.get("step") == 2
    assert page.get_by_role("img").get_attribute("aria-label").startswith("Beam search as a tree. The beam found")


def test_buttons_move_the_step_and_keep_the_focus(view):
    page = view.put(BeamTreeLab())
    back, grow = page.get_by_role("button", name="Back"), page.get_by_role("button", name="Grow")
    for _ in range(4):
        back.press("Enter")
    assert view.get("step") == 0
    expect(back).to_have_attribute("aria-disabled", "true")
    assert back.evaluate("node => node === document.activeElement")
    grow.press("Enter")
    assert view.get("step") == 1


def test_all_that_was_looked_at_is_listed(view):
    lab = BeamTreeLab(language="a beam of two loses to greedy", step=2)
    page, beam = view.put(lab), lab.search().steps[1]
    page.locator(".lmkit-beam-looked summary").click()
    page.locator(".lmkit-beam-looked tbody tr").first.wait_for()
    listed = [row.locator("td, th").all_inner_texts() for row in page.locator(".lmkit-beam-looked tbody tr").all()]
    assert [row[0] for row in listed] == ["1", "2", "3", "4"]
    assert [row[3] for row in listed] == [number(total) for total in beam.totals]
    assert [row[4] for row in listed] == ["kept", "kept", "dropped", "dropped"]
