"""Labs with models of every kind of tokenizer: the page's session writes and shows what Python's lab does."""

import base64
import json
import math
import xml.etree.ElementTree as ET

import pytest

from lmkit.models import LSTMLanguageModel
from lmkit.text import BPE, Characters, Words
from lmkit.widgets import DecodingLab, Microscope
from lmkit.widgets.base import bundle
from lmkit.widgets.labs.decoding import fallback
from lmkit.widgets.labs.decoding.entropy import choices
from tests.opinionated import opinionated
from tests.widgets import node

TEXT = "Now is the winter of our discontent\nMade glorious summer by this sun of York;\nAnd all the clouds, all.\n\x07"
TOKENIZERS = {
    "characters": Characters.of(TEXT),
    "characters with unk": Characters.of(TEXT, unk=True),
    "words": Words.of(TEXT, min_count=1),
    "bpe": BPE.train(TEXT, 300),
}
METHODS = ["greedy", "sampling", "beam search"]
SCRIPTS = ["runtime/session.js", "runtime/safetensors.js", "labs/decoding/entropy.js"]
DECODE = """({ data, settings }) => {
  const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
  const session = new lmkit.Session(lmkit.parseModel(bytes, "data"), null);
  const result = session.decode(settings);
  const { rows, keptCount } = session.inspect(result, settings.position - 1);
  const made = lmkit.choices(session, result).map(({ own, left }) => [own, left]);
  const texts = result.texts.map(({ tokens }) => [tokens, session.vocab.text(tokens)]);
  return { texts, rows: rows.map(({ word, p }) => [word, p]), keptCount, made };
}"""


def lab(name, method):
    vocab = TOKENIZERS[name]
    model = opinionated(vocab, 8, 12, 0.7, seed=4)
    return DecodingLab(model, vocab, prompt="the winter ", method=method, top_p=0.8, max_new_tokens=15, position=3)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", TOKENIZERS)
def test_page_writes_and_shows_what_python_does(scripts, name, method):
    made = lab(name, method)
    settings, option = made.decoding_settings(), made._options[0]
    sent = {**settings.__dict__, "top_k": None}
    data = base64.b64encode(option.weights).decode()
    page = scripts(*SCRIPTS).evaluate(DECODE, {"data": data, "settings": sent})
    vocab, texts = option.trained.vocab, made.decode()
    assert page["texts"] == [[text.tokens, vocab.text(text.tokens)] for text in texts]
    assert not any(vocab.unk in text.tokens for text in texts)
    rows, kept = fallback.bars(option, settings, texts[0])
    assert page["keptCount"] == kept
    assert [word for word, *_ in rows] == [word for word, _ in page["rows"][: len(rows)]]
    assert all(abs(percent - 100 * p) <= 0.51 for (_, percent, *_), (_, p) in zip(rows, page["rows"], strict=False))
    for (own, left), known in zip(page["made"], choices(option, settings, texts[0]), strict=True):
        assert math.isclose(own, known.own, abs_tol=1e-4) and math.isclose(left, known.left, abs_tol=1e-4)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", TOKENIZERS)
def test_pictures_are_documents_with_visible_white_space(name, method):
    svg, words = lab(name, method).picture()
    ET.fromstring(svg)
    assert "“the winter ” is continued by" in words and "<unk>" not in words


@pytest.mark.parametrize("name", TOKENIZERS)
def test_microscope_shows_tokens_of_every_kind(name):
    vocab = TOKENIZERS[name]
    made = Microscope(LSTMLanguageModel(len(vocab), 8, 12), vocab, text="the sun\nall")
    look = made.look()
    ids = vocab.encode("the sun\nall")
    assert look.tokens == [vocab.show(i) for i in ids] and look.log_probs.shape == (len(ids), len(vocab))
    svg, words = made.picture()
    ET.fromstring(svg)
    assert "The model reads “the sun⏎\nall”. After " in words and "⏎" in look.tokens


@pytest.mark.parametrize("name", TOKENIZERS)
def test_a_prompt_is_offered_that_the_model_can_read(name):
    vocab = TOKENIZERS[name]
    made = DecodingLab(LSTMLanguageModel(len(vocab), 8, 12), vocab, method="greedy")
    (prompt,) = made._options[0].prompts
    assert prompt.isalpha() and not vocab.unknown(prompt)
    only_marks = Characters(["!"])
    assert DecodingLab(LSTMLanguageModel(1, 2, 2), only_marks)._options[0].prompts == ["!"]


@pytest.mark.parametrize("name", TOKENIZERS)
def test_a_text_of_too_many_tokens_is_refused(name):
    vocab = TOKENIZERS[name]
    model = LSTMLanguageModel(len(vocab), 8, 12)
    for make in (
        lambda: DecodingLab(model, vocab, prompt="all," * 101),
        lambda: Microscope(model, vocab, text="l;" * 101),
    ):
        with pytest.raises(
            ValueError, match="(prompt|text) must hold at most 200 tokens, but it holds [0-9]+; shorten"
        ):
            make()
    with pytest.raises(ValueError, match="prompt must hold at least one character, but it is empty"):
        DecodingLab(model, vocab, prompt="")


def test_a_vocabulary_must_be_a_tokenizer():
    with pytest.raises(ValueError, match="vocab must be the Vocab or other Tokenizer that the model was trained with"):
        DecodingLab(LSTMLanguageModel(3, 2, 2), ["a", "b", "c"])


def test_tokenizers_are_bundled_as_they_run_in_node(tmp_path):
    """The registry's modules, without comments and indentation, cut texts as the files do."""
    parts = bundle.modules("labs/decoding/view.js")
    (name,) = (part.name for part in parts if part.path == "runtime/tokenizers.js")
    vocab = TOKENIZERS["bpe"]
    path = tmp_path / "tokenizers.mjs"
    read = f"globalThis.__lmkit.require({json.dumps(name)}).tokenizerOf({json.dumps(vocab.config())})"
    shown = f"console.log(JSON.stringify({read}.encode({json.dumps(TEXT)})));"
    path.write_text(f"{bundle.script(parts)}\n{shown}\n", encoding="utf-8")
    assert node.run(path) == vocab.encode(TEXT)
