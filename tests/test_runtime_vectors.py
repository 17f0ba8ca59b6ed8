"""The browser's runtime reproduces what Python writes: tokens identical, numbers within rounding."""

import base64
import json
import re

import pytest
import torch

from lmkit import pretrained
from lmkit.datasets import stories
from lmkit.models import LSTMLanguageModel
from lmkit.pretrained import Pretrained
from lmkit.text import Vocab
from lmkit.widgets.bundle import bundle
from lmkit.widgets.offers import PROMPTS
from tests import vectors

MODULES = ("safetensors.js", "lstm.js", "memory.js", "decoding.js", "oracle.js", "session.js")
NAMES = (
    "parseModel", "LanguageModel", "Memory", "Filter", "greedy", "sample", "beamSearch", "uniform",
    "checkSettings",
    "Grammar", "Oracle", "Session", "tokenize",
)  # fmt: skip
LOAD = """({ data, simd }) => {
  const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
  const model = new lmkit.LanguageModel(lmkit.parseModel(bytes, "data"), { simd });
  lmkit.memory = new lmkit.Memory(model);
  return model.kernel.kind;
}"""
DECODE = """(cases) => cases.map(({ prompt, method, settings, eos_token_id }) => {
  const { memory } = lmkit;
  const all = { temperature: 1, top_k: null, top_p: 1, ...settings, eos_token_id };
  memory.makeRoom(300);
  const text = memory.readAll(prompt);
  if (method === "beam_search") return lmkit.beamSearch(memory, text, all);
  if (method === "greedy") return [lmkit.greedy(memory, text, all)];
  return [lmkit.sample(memory, text, all, new lmkit.Filter(memory.model.size.V))];
})"""
MESSAGE = (
    """(source) => { try { eval(source); return "no error"; } catch (error) { return error.message; } }"""
)


@pytest.fixture(scope="module")
def page(browser):
    """An empty page with the runtime's modules on it."""
    page = browser.new_page()
    exports = f"Object.assign(globalThis.lmkit = {{}}, {{ {', '.join(NAMES)} }});"
    page.add_script_tag(content=bundle(*MODULES) + exports, type="module")
    page.wait_for_function("globalThis.lmkit")
    yield page
    page.close()


def random_model() -> Pretrained:
    """Two layers, sizes that no vector instruction likes, and weights large enough for clear preferences."""
    torch.manual_seed(3)
    model = LSTMLanguageModel(vocab_size=37, embedding_size=10, hidden_size=22, num_layers=2)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.8)
    return Pretrained(model.eval(), Vocab(["<eos>", *(f"w{i}" for i in range(36))]), {})


def prompts(name: str, trained: Pretrained) -> list[str]:
    return PROMPTS.get(name, trained.vocab.words[1:3])


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


@pytest.fixture(scope="module", params=["random", *pretrained.names()])
def model_vectors(request):
    """The bytes of a model, and what Python decodes with it."""
    if request.param == "random":
        trained = random_model()
        data = pretrained.to_bytes(trained.model, trained.vocab, quantise=False)
    else:
        trained, data = pretrained.load(request.param), pretrained.path_of(request.param).read_bytes()
    cases = vectors.of_model(trained, prompts(request.param, trained))
    assert len(cases) >= 100, "too few steady cases to say anything"
    return data, cases


def test_runtime_decodes_what_python_decodes(page, model_vectors):
    """With vector instructions and without."""
    data, cases = model_vectors
    for simd, kind in ((True, "vector"), (False, "plain")):
        assert page.evaluate(LOAD, {"data": encoded(data), "simd": simd}) == kind
        for case, texts in zip(cases, page.evaluate(DECODE, cases), strict=True):
            compare(texts, case["expected"], f"{kind}: {case['method']} {case['settings']}")


def compare(texts, expected, what):
    assert [text["tokens"] for text in texts] == [text["tokens"] for text in expected], what
    for text, known in zip(texts, expected, strict=True):
        assert text["score"] == pytest.approx(known["score"], rel=1e-5, abs=1e-4), what
        assert text["logProbs"] == pytest.approx(known["logProbs"], abs=1e-4), what


def test_uniform_is_the_same_to_the_last_bit(page):
    expected = vectors.uniforms()
    got = page.evaluate("(cases) => cases.map(([seed, counter]) => lmkit.uniform(seed, counter))", expected)
    assert got == [number for _, _, number in expected]


def test_oracle_knows_what_python_knows(page):
    expected = vectors.oracle_prefixes()
    got = page.evaluate(
        """([table, texts]) => texts.map((steps) => {
          let oracle = new lmkit.Oracle(new lmkit.Grammar(table));
          return steps.map(({ token }) => {
            const next = Object.fromEntries(oracle.next());
            const { probability, oracle: after } = oracle.read(token);
            oracle = after;
            return { next, probability };
          });
        })""",
        [json.loads(stories.PATH.read_text(encoding="utf-8")), expected],
    )
    for steps, expected_steps in zip(got, expected, strict=True):
        for step, known in zip(steps, expected_steps, strict=True):
            assert step["next"] == pytest.approx(known["next"], abs=1e-9)
            assert step["probability"] == pytest.approx(known["probability"], abs=1e-9)


def test_oracle_finds_what_the_grammar_cannot_write(page):
    text = next(stories.stories(seed=1))[:5]
    probabilities = page.evaluate(
        """([table, words]) => {
          let oracle = new lmkit.Oracle(new lmkit.Grammar(table));
          return words.map((word) => {
            const step = oracle.read(word);
            oracle = step.oracle;
            return step.probability;
          });
        }""",
        [json.loads(stories.PATH.read_text(encoding="utf-8")), [*text, "<eos>", "the"]],
    )
    assert all(p > 0 for p in probabilities[:5])
    assert probabilities[5:] == [0, 0]


def test_tokenize_splits_where_python_splits(page):
    text = "a\x1cb\x85c\u2003d\u3000e\tf\ufeffg\u200bh\n\ni "
    assert page.evaluate("(text) => lmkit.tokenize(text)", text) == text.split()


def damaged(data: bytes, what: str) -> bytes:
    header = int.from_bytes(data[:8], "little")
    if what == "cut short":
        return data[:-40]
    if what == "no header":
        return data[:20]
    if what == "another version":
        return data.replace(b'"version":"1"', b'"version":"9"')
    if what == "not a number":
        return data[: 8 + header] + b"\xff\xff\xff\x7f" + data[12 + header :]
    assert what == "too few words"
    return data.replace(rb"\"vocab_size\": 37", rb"\"vocab_size\": 36")


@pytest.mark.parametrize(
    ("what", "part"),
    [
        ("cut short", "cannot be read as a model file"),
        ("no header", "cannot be read as a model file"),
        ("another version", "must be a model file of format 'lmkit-lstm-language-model', version '1'"),
        ("not a number", "decoder.bias must hold finite numbers only"),
        ("too few words", "37 words for a model of 36"),
    ],
)
def test_a_bad_model_file_is_refused_by_both(page, what, part):
    trained = random_model()
    data = damaged(pretrained.to_bytes(trained.model, trained.vocab, quantise=False), what)
    with pytest.raises(pretrained.ModelFileError, match=re.escape(part.split(", v")[0])):
        pretrained.from_bytes(data)
    message = page.evaluate(
        """(data) => {
          try { lmkit.parseModel(Uint8Array.from(atob(data), (c) => c.charCodeAt(0)), "data"); }
          catch (error) { return error.message; }
        }""",
        encoded(data),
    )
    assert message.startswith("data ")
    assert part in message


def test_nan_log_probabilities_are_an_error_in_both(page):
    trained = random_model()
    torch.nn.init.constant_(trained.model.decoder.bias, 3e38)  # finite, but their sums are not
    torch.nn.init.constant_(trained.model.embedding.weight, 3e38)
    data = pretrained.to_bytes(trained.model, trained.vocab, quantise=False)
    with pytest.raises(ValueError, match="NaN log-probabilities"):
        vectors.decoding.greedy(trained.model.stepper(), [0, 1])
    page.evaluate(LOAD, {"data": encoded(data), "simd": True})
    assert "step returned NaN log-probabilities" in page.evaluate(MESSAGE, "lmkit.memory.readAll([0, 1])")


@pytest.mark.parametrize(
    ("text", "part"), [("w1 dragon", "‘dragon’, which is not among the 37 words"), (" ", "is empty")]
)
def test_a_prompt_that_cannot_be_read_says_why(page, text, part):
    trained = random_model()
    data = pretrained.to_bytes(trained.model, trained.vocab, quantise=False)
    page.evaluate(LOAD, {"data": encoded(data), "simd": True})
    with pytest.raises(ValueError, match="dragon|empty"):
        trained.prompt_ids(text)
    assert part in page.evaluate(MESSAGE, f"lmkit.memory.model.vocab.promptIds({json.dumps(text)})")


@pytest.mark.parametrize("text", ["w1 w2", "<eos>", "<eos> w1"])
def test_a_prompt_is_read_alike(page, text):
    trained = random_model()
    page.evaluate(LOAD, {"data": encoded(pretrained.to_bytes(trained.model, trained.vocab)), "simd": True})
    assert page.evaluate("(text) => lmkit.memory.model.vocab.promptIds(text)", text) == trained.prompt_ids(
        text
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("temperature", 0), ("temperature", -1), ("temperature", None), ("top_k", 0), ("top_k", 1.5),
        ("top_p", 0),
        ("top_p", 1.01), ("num_beams", 0), ("length_penalty", None), ("max_new_tokens", 0), ("seed", -1),
    ],
)  # fmt: skip
def test_a_setting_out_of_range_is_named(page, name, value):
    good = {
        "temperature": 1, "top_k": None, "top_p": 1, "num_beams": 5, "length_penalty": 1, "max_new_tokens": 20,
        "seed": 0,
    }  # fmt: skip
    message = page.evaluate(MESSAGE, f"lmkit.checkSettings({json.dumps({**good, name: value})})")
    assert message.startswith(f"{name} must be ")
    assert message.endswith(f"but it is {json.dumps(value)}")


def test_memory_gives_what_reading_anew_gives(page):
    trained = random_model()
    page.evaluate(LOAD, {"data": encoded(pretrained.to_bytes(trained.model, trained.vocab)), "simd": True})
    same = page.evaluate(
        """() => {
          const { memory } = lmkit, tokens = [0, 5, 9, 5];
          const read = () => Array.from(memory.logProbs(memory.readAll(tokens)));
          const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
          const first = read(), count = memory.count, again = read(), grown = memory.count - count;
          memory.forget();
          return [grown, same(first, again), same(first, read())];
        }"""
    )
    assert same == [0, True, True]
