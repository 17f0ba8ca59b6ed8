"""The beam tree lab with models after a prompt: the page's tree is Python's, and nobody knows the best of all texts."""

import base64
import itertools
import xml.etree.ElementTree as ET

import pytest
import torch
from playwright.sync_api import expect

from lmkit import decoding, pretrained
from lmkit.models import LSTMLanguageModel
from lmkit.text import UnknownWordError, Vocab
from lmkit.widgets import BeamTreeLab
from lmkit.widgets.base import assets
from tests.opinionated import SOME, TOKENIZERS, opinionated
from tests.widgets.beam_tree.test_lab import check_steps
from tests.widgets.view_harness import shipped

ROMEO = "Romeo:⏎O,"
KINDS = TOKENIZERS | {"split with an end": Vocab(["<eos>", *dict.fromkeys(SOME.split())])}
SHIPPED = ["shakespeare", "stories", "human_numbers"]


def made(name: str, **settings) -> BeamTreeLab:
    """A lab with a shipped model, or with one that has opinions about a vocabulary of each kind."""
    if name in SHIPPED:
        return BeamTreeLab(name, **settings)
    vocab = KINDS[name]
    model = opinionated(vocab, 8, 12, 0.7, seed=4)
    return BeamTreeLab(model, vocab, **{"prompt": "the winter", **settings})


# --- in Python --------------------------------------------------------------------------------------------------


def log_probs_after(lab: BeamTreeLab, tokens: list[int]) -> torch.Tensor:
    """What follows the prompt and some tokens, by one forward pass of the model over all of it."""
    trained = lab.table.option.trained
    with torch.no_grad():
        told = trained.model(torch.tensor([[*lab.table.prompt, *tokens]]))[0][0, -1].log_softmax(dim=-1)
    if trained.vocab.unk is not None:
        told[trained.vocab.unk] = float("-inf")
    return told


@pytest.mark.parametrize("name", ["shakespeare", *KINDS])
@pytest.mark.parametrize("width", [1, 4])
def test_search_looks_at_the_best_extensions_of_what_goes_on(name, width):
    """A second algorithm: at each step all extensions of all texts, in a list that is sorted whole."""
    lab = made(name, num_beams=width, max_new_tokens=3)
    running, end = [([], 0.0)], lab.table.eos_token_id
    for step in lab.search().steps:
        longer = [
            ([*text, token], total + p)
            for text, total in running
            for token, p in enumerate(log_probs_after(lab, text).tolist())
        ]
        best = sorted(longer, key=lambda found: -found[1])[: 2 * width]
        looked = [[*running[parent][0], token] for parent, token in zip(step.parents, step.tokens, strict=True)]
        assert looked == [text for text, _ in best]
        assert step.totals == pytest.approx([total for _, total in best], abs=1e-4)
        running = [found for found in best if found[0][-1] != end][:width]
        kept = [text for text, status in zip(looked, step.statuses, strict=True) if status == "kept"]
        assert kept == [text for text, _ in running]


def test_greedy_is_what_the_model_generates():
    lab = BeamTreeLab("shakespeare", prompt=ROMEO)
    written = pretrained.load("shakespeare").generate(ROMEO, 6)
    assert written == f"Romeo:\nO,{lab.table.option.trained.vocab.decode(lab.greedy().tokens)}"
    assert lab.table.text(lab.greedy().tokens) == written.removeprefix("Romeo:\nO,").replace("\n", "⏎")


def test_the_best_of_all_is_known_only_where_texts_are_few():
    lab = made("characters with unk", max_new_tokens=2)
    size, unk = len(TOKENIZERS["characters with unk"]), TOKENIZERS["characters with unk"].unk
    firsts = log_probs_after(lab, [])
    allowed = [token for token in range(size) if token != unk]
    every = {
        (one, two): float(firsts[one] + p)
        for one in allowed
        for two, p in enumerate(log_probs_after(lab, [one]).tolist())
        if two != unk
    }
    assert tuple(lab.optimum().tokens) == max(every, key=every.get)
    assert made("characters with unk", max_new_tokens=4).optimum() is None
    assert BeamTreeLab("shakespeare").optimum() is None
    assert (
        BeamTreeLab("shakespeare", max_new_tokens=1).optimum().tokens
        == BeamTreeLab("shakespeare", max_new_tokens=1).greedy().tokens
    )


@pytest.mark.parametrize("name", [*SHIPPED, *KINDS])
@pytest.mark.parametrize("step", [0, 2, 4])
def test_picture_shows_the_tree_and_no_best_of_all(name, step):
    lab = made(name, max_new_tokens=4, step=step)
    drawing, words = lab.picture()
    shown = [node.text for node in ET.fromstring(drawing).iter("{http://www.w3.org/2000/svg}text")]
    looked = [lab.table.show(token) for beam in lab.search().steps[:step] for token in beam.tokens]
    assert all(shown.count(word) >= looked.count(word) for word in looked)
    assert "◆" not in drawing and "\n" not in words
    over = step >= len(lab.search().steps)
    assert ("Nobody knows the best of all texts, and greedy decoding’s is “" in words) == over


def test_controls_are_those_that_make_a_difference():
    lab = BeamTreeLab("shakespeare", prompt="Romeo:\nO,", num_beams=3)
    assert list(lab.controls) == ["prompt", "num_beams", "step"]  # without ends all texts are equally long
    assert repr(lab) == f"BeamTreeLab('shakespeare', prompt={ROMEO!r}, num_beams=3, length_penalty=0.0, step=6)"
    assert list(BeamTreeLab("stories").controls) == ["prompt", "num_beams", "length_penalty", "step"]
    assert "length_penalty" in BeamTreeLab("shakespeare", controls=["length_penalty"]).controls
    lab.controls["prompt"].value = "Juliet:⏎"
    assert lab.table.text_before == "Juliet:⏎" and repr(lab).startswith("BeamTreeLab('shakespeare', prompt='Jul")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"model": "hamlet"},
            "model must be one of .*, which are shipped, or the path of a file, but it is 'hamlet'",
        ),
        (
            {"model": ["shakespeare"]},
            r"model must be a shipped model's name, .*, but it is \['shakespeare'\]",
        ),
        (
            {"model": torch.nn.LSTM(2, 2), "vocab": Vocab(["a"])},
            "model must be a shipped model's name, .*, but it is of class LSTM",
        ),
        ({"model": LSTMLanguageModel(1, 2, 2)}, "vocab must be the Vocab or other Tokenizer"),
        ({"prompt": "a"}, "prompt must come with a model, but model is None; give both or neither"),
        ({"vocab": Vocab(["a"])}, "vocab must come with a model, but model is None"),
        ({"model": "stories", "vocab": Vocab(["a"])}, "vocab goes with a model of your own"),
        ({"model": "stories", "table": {"go": {"a": 1.0}}}, "table must be left out with a model"),
        ({"model": "stories", "start": "go"}, "start must be left out with a model, which takes its place"),
        ({"model": "stories", "end": "."}, "end must be left out with a model"),
        ({"model": "stories", "language": "Stories"}, "language must be left out with a model"),
        ({"model": "stories", "max_new_tokens": 9}, "max_new_tokens must be a whole number from 1 to 8, but it is 9"),
        ({"model": "shakespeare", "prompt": ""}, "prompt must hold at least one character, but it is empty"),
        ({"model": "shakespeare", "prompt": 7}, "prompt must be a text, but it is 7"),
        ({"model": "shakespeare", "prompt": "to be " * 101}, "prompt must hold at most 200 tokens, but it holds 203"),
        ({"model": "shakespeare", "step": 7}, "step must be a whole number from 0 to 6, but it is 7"),
        ({"model": "shakespeare", "num_beams": 6}, "num_beams must be a whole number from 1 to 5, but it is 6"),
    ],
)
def test_a_bad_argument_is_named_with_its_rule(arguments, message):
    with pytest.raises(ValueError, match=message):
        BeamTreeLab(**arguments)


def test_an_unknown_word_is_named():
    with pytest.raises(UnknownWordError, match="'unicorn'"):
        BeamTreeLab("stories", prompt="a unicorn")


# --- in the browser ---------------------------------------------------------------------------------------------

GROW = """([data, entry, typed, cases]) => {
  const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
  const session = new lmkit.Session(lmkit.parseModel(bytes, "data"), null);
  const language = lmkit.ofModel(entry, session).after(typed);
  return cases.map((settings) => {
    const { tree, optimum, greedy } = lmkit.complete(lmkit.judgedTree(language, settings));
    const plain = (node) => ({ tokens: lmkit.tokensTo(node), total: node.total, status: node.status });
    return {
      steps: tree.steps.map((looked) => looked.map(plain)),
      texts: tree.found.map(({ tokens, score }) => ({ tokens, score, text: language.vocab.text(tokens) })),
      optimum: optimum && optimum.tokens,
      greedy: greedy.tokens,
    };
  });
}"""
SCRIPTS = [f"labs/beam_tree/{name}.js" for name in ("languages", "search")]
SCRIPTS += [f"runtime/{name}.js" for name in ("session", "safetensors", "decoding")]


def data_of(lab: BeamTreeLab) -> str:
    option = lab.table.option
    return base64.b64encode(option.weights or assets.model_bytes(option.name)).decode()


@pytest.mark.parametrize("length", [2, 6])
@pytest.mark.parametrize("name", [*SHIPPED, *KINDS])
def test_browser_looks_at_what_python_looks_at(scripts, name, length):
    settings = [
        {"num_beams": width, "length_penalty": penalty, "early_stopping": early}
        for width, penalty, early in itertools.product((1, 2, 5), (0.0, 1.5), (False, "never"))
    ]
    labs = [made(name, max_new_tokens=length, **one) for one in settings]
    entry, prompt = labs[0].view.languages[0], labs[0].value("prompt")
    asked = [lab.settings() for lab in labs]
    grown = scripts(*SCRIPTS).evaluate(GROW, [data_of(labs[0]), entry, prompt, asked])
    for lab, tree in zip(labs, grown, strict=True):
        search = lab.search()
        check_steps(lab, tree, rounding=1e-3)
        assert [text["tokens"] for text in tree["texts"]] == [text.tokens for text in search.texts]
        assert [text["text"] for text in tree["texts"]] == [lab.table.text(text.tokens) for text in search.texts]
        best = lab.optimum()
        assert tree["optimum"] == (best and best.tokens) and tree["greedy"] == lab.greedy().tokens
        assert (best is None) == (len(lab.table.option.trained.vocab) ** length > 20_000)


def rows(page) -> list[list[str]]:
    return [row.locator("td, th").all_text_contents() for row in page.locator(".lmkit-beam-texts tbody tr").all()]


@pytest.fixture
def shown(view):
    """A function that puts a lab's view on a page of its own, where Python answers for its assets."""
    return lambda lab: view.put(lab, answers=shipped("shakespeare"))


@pytest.mark.parametrize("width", [1, 3, 5])
def test_view_shows_the_tree_and_says_that_nobody_knows_the_best(shown, width):
    lab = BeamTreeLab("shakespeare", prompt=ROMEO, num_beams=width)
    page, search = shown(lab), lab.search()
    table, greedy = lab.table, lab.table.text(lab.greedy().tokens)
    dropped = sum(step.statuses.count("dropped") for step in search.steps)
    assert page.locator(".lmkit-beam-node.lmkit-beam-dropped").count() == dropped
    assert page.locator(".lmkit-beam-winner").count() == 6
    assert page.locator(".lmkit-beam-edge-greedy").count() == 6
    listed = rows(page)
    assert [row[1] for row in listed[: len(search.texts)]] == [table.text(text.tokens) for text in search.texts]
    assert [row[1] for row in listed if "●" in row[4]] == [greedy]
    verdict = page.locator(".lmkit-beam-verdict").text_content()
    best = table.text(search.texts[0].tokens)
    assert verdict.startswith(f"The beam’s best is “{best}”. Nobody knows the best of all texts of at most 6 tokens: ")
    assert "◆" not in page.locator(".lmkit-view").inner_text()
    assert page.locator(".lmkit-beam-edge-optimum").count() == 0
    assert "On a chip: the token, " in page.locator(".lmkit-view").inner_text()
    chips = page.locator(".lmkit-beam-word").all_text_contents()
    looked = {table.show(token) for step in search.steps for token in step.tokens}
    assert looked <= set(chips)


def test_view_grows_after_another_prompt(shown, view):
    page = shown(BeamTreeLab("shakespeare", prompt=ROMEO, num_beams=2, step=3))
    view.set(prompt="Juliet:⏎Good")
    other = BeamTreeLab("shakespeare", prompt="Juliet:⏎Good", num_beams=2)
    assert view.get("step") == 3
    said = page.locator(".lmkit-beam-verdict").text_content()
    assert said == f"Going on: {', '.join(f'“{text}”' for text in running(other, 3))}."
    view.set(prompt="")
    expect(page.locator(".lmkit-problem")).to_contain_text("must hold at least one character, but it is empty")
    view.set(prompt="Juliet:⏎Good", step=6)
    expect(page.locator(".lmkit-problem")).to_be_hidden()
    best = other.table.text(other.search().texts[0].tokens)
    assert page.locator(".lmkit-beam-verdict").text_content().startswith(f"The beam’s best is “{best}”.")


def running(lab: BeamTreeLab, step: int) -> list[str]:
    """The texts that go on after a step."""
    kept: list[list[int]] = [[]]
    for beam in lab.search().steps[:step]:
        texts = [[*kept[parent], token] for parent, token in zip(beam.parents, beam.tokens, strict=True)]
        kept = [text for text, status in zip(texts, beam.statuses, strict=True) if status == "kept"]
    return [lab.table.text(text) for text in kept]


def test_view_shows_a_model_of_ones_own_and_its_best_where_texts_are_few(view):
    lab = made("characters", max_new_tokens=2)
    page = view.put(lab)
    best = lab.table.text(lab.optimum().tokens)
    assert [row[1] for row in rows(page) if "◆" in row[4]] == [best]
    assert "the best of all texts of at most 2 tokens" in page.locator(".lmkit-beam-verdict").text_content()
    assert not view.problems


def test_a_wide_tree_scrolls_in_its_own_frame(shown):
    page = shown(BeamTreeLab("shakespeare", prompt=ROMEO, num_beams=5, max_new_tokens=8))
    page.set_viewport_size({"width": 390, "height": 800})
    page.wait_for_function("document.querySelector('.lmkit-beam-frame').scrollWidth > 500")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_search_is_decoding_beam_search_itself():
    lab = BeamTreeLab("shakespeare", prompt=ROMEO, num_beams=4)
    trained = pretrained.load("shakespeare")
    found = decoding.beam_search(trained.model, trained.prompt_ids(ROMEO), 6, None, num_beams=4, length_penalty=0.0)
    assert [text.tokens for text in lab.search().texts] == [text.tokens for text in found]
