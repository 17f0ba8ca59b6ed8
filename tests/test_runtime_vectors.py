"""The browser's runtime reproduces what Python writes: tokens identical, numbers within rounding."""

import base64
import itertools
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

MODULES = ("safetensors.js", "lstm.js", "memory.js", "filters.js", "decoding.js", "beams.js", "oracle.js", "session.js")
NAMES = (
    "parseModel",
    "LanguageModel",
    "Memory",
    "Filter",
    "greedy",
    "sample",
    "beamSearch",
    "uniform",
    "checkSettings",
    "complete",
    "makeKernel",
    "placeInMatrix",
    "Grammar",
    "Oracle",
    "Session",
    "tokenize",
)
KERNELS = {  # by what they are forbidden to use
    "fused": {},
    "vector": {"fused": False},
    "plain": {"simd": False},
}
LOAD = """({ data, options }) => {
  const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
  const model = new lmkit.LanguageModel(lmkit.parseModel(bytes, "data"), options);
  lmkit.memory = new lmkit.Memory(model);
  return model.kernel.fused ? "fused" : model.kernel.kind;
}"""
DECODE = """(cases) => cases.map(({ prompt, method, settings, eos_token_id }) => {
  const { memory, complete } = lmkit;
  const all = { temperature: 1, top_k: null, top_p: 1, ...settings, eos_token_id };
  const text = memory.readAll(prompt);
  if (method === "beam_search") return complete(lmkit.beamSearch(memory, text, all));
  if (method === "greedy") return [complete(lmkit.greedy(memory, text, all))];
  return [complete(lmkit.sample(memory, text, all, new lmkit.Filter(memory.model.size.V)))];
})"""
MESSAGE = """(source) => { try { eval(source); return "no error"; } catch (error) { return error.message; } }"""


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
    """Two layers, sizes that no vector instruction likes, clear preferences, and texts that end now and then."""
    torch.manual_seed(3)
    model = LSTMLanguageModel(vocab_size=37, embedding_size=10, hidden_size=22, num_layers=2)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.8)
    with torch.no_grad():
        model.decoder.bias[0] += 4
    return Pretrained(model.eval(), Vocab(["<eos>", *(f"w{i}" for i in range(36))]), {})


def prompts(name: str, trained: Pretrained) -> list[str]:
    return PROMPTS.get(name, trained.vocab.words[1:3])


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def load(page, data: bytes, kernel: str = "fused") -> None:
    assert page.evaluate(LOAD, {"data": encoded(data), "options": KERNELS[kernel]}) == kernel


def load_random(page, kernel: str = "fused") -> Pretrained:
    trained = random_model()
    load(page, pretrained.to_bytes(trained.model, trained.vocab, quantise=False), kernel)
    return trained


@pytest.fixture(scope="module", params=["random", *pretrained.names()])
def model_vectors(request):
    """The bytes of a model, what Python decodes with it, and what its beam search looks at."""
    if request.param == "random":
        trained = random_model()
        data = pretrained.to_bytes(trained.model, trained.vocab, quantise=False)
    else:
        trained, data = pretrained.load(request.param), pretrained.path_of(request.param).read_bytes()
    texts = prompts(request.param, trained)
    cases, watched = vectors.of_model(trained, texts), vectors.beam_steps(trained, texts)
    assert len(cases) >= 250 and len(watched) >= 5, "too few steady cases to say anything"
    return data, cases, watched


@pytest.mark.parametrize("kernel", KERNELS)
def test_runtime_decodes_what_python_decodes(page, model_vectors, kernel):
    data, cases, _ = model_vectors
    load(page, data, kernel)
    for case, texts in zip(cases, page.evaluate(DECODE, cases), strict=True):
        compare(texts, case["expected"], f"{kernel}: {case['method']} {case['settings']}")


def test_vectors_tell_the_ways_to_stop_apart():
    """Else they would say nothing about them."""
    trained = random_model()
    by_stop = {}
    for case in vectors.of_model(trained, prompts("random", trained)):
        settings = dict(case["settings"])
        stop = settings.pop("early_stopping", None)
        tokens = [text["tokens"] for text in case["expected"]]
        by_stop.setdefault(json.dumps([case["prompt"], settings]), {})[stop] = tokens
    for one, other in itertools.combinations(vectors.STOPS, 2):
        assert sum(one in t and other in t and t[one] != t[other] for t in by_stop.values()) >= 3


def test_beam_search_looks_at_what_python_looks_at(page, model_vectors):
    data, _, cases = model_vectors
    load(page, data)
    got = page.evaluate(
        """(cases) => cases.map(({ prompt, settings, eos_token_id }) => {
          const steps = [], { memory } = lmkit;
          const text = memory.readAll(prompt);
          lmkit.complete(lmkit.beamSearch(memory, text, { ...settings, eos_token_id }, (step) => steps.push(step)));
          return steps;
        })""",
        cases,
    )
    for steps, case in zip(got, cases, strict=True):
        for step, known in zip(steps, case["steps"], strict=True):
            column = {name: [candidate[name] for candidate in step["candidates"]] for name in step["candidates"][0]}
            assert step["length"] == known["length"]
            assert column["parent"] == known["parents"]
            assert column["token"] == known["tokens"]
            assert column["fate"] == known["statuses"]
            # Where a model finds a text very improbable, its state may be about to tip, and then rounding tells.
            assert column["total"] == pytest.approx(known["totals"], rel=1e-4, abs=1e-4)


def test_filters_drop_what_python_drops(page):
    cases = vectors.filtered()
    assert len(cases) >= 500 and {status for case in cases for status in case["statuses"]} == set(range(5))
    got = page.evaluate(
        """(cases) => {
          const filter = new lmkit.Filter(cases[0].logProbs.length);
          return cases.map(({ logProbs, settings }) => Array.from(filter.apply(logProbs, settings).fate));
        }""",
        cases,
    )
    for statuses, case in zip(got, cases, strict=True):
        assert statuses == case["statuses"], case["settings"]


# What follows texts that grow side by side, read one by one and together, `count` at a time.
SIDE_BY_SIDE = """({ columns, count }) => {
  const { memory } = lmkit, logProbs = (texts) => texts.map((text) => Array.from(memory.logProbs(text)));
  const alone = columns[0].map((_, n) => memory.readAll(columns.map((tokens) => tokens[n])));
  const one = logProbs(alone);
  memory.forget();
  let texts = columns[0].map(() => memory.empty);
  for (const tokens of columns) texts = memory.readEach(texts, tokens);
  return [one, logProbs(texts), memory.count];
}"""


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("count", range(1, 12))
def test_texts_are_read_together_as_alone(page, kernel, count):
    """To the last bit; and as Python reads them."""
    trained = load_random(page, kernel)
    tokens = torch.randint(37, (6, count), generator=torch.Generator().manual_seed(count))
    alone, together, known = page.evaluate(SIDE_BY_SIDE, {"columns": tokens.tolist(), "count": count})
    assert together == alone
    step, state = trained.model.stepper(), None
    for column in tokens:
        log_probs, state = step(column, state)
    torch.testing.assert_close(torch.tensor(together), log_probs, atol=2e-5, rtol=0)
    assert known == len({tuple(tokens[:n, k].tolist()) for k in range(count) for n in range(1, 7)})


# --- the kernel's operations, one by one ------------------------------------------------------------------

PRODUCT = """({ options, w, x, y }) => {
  const rows = w.length, columns = w[0].length, texts = x.length, stride = rows + 8;
  const W = 0, X = rows * columns, Y = X + texts * columns;
  const kernel = lmkit.makeKernel(Y + texts * stride, options);
  w.forEach((row, r) => row.forEach((v, c) => { kernel.floats[W + lmkit.placeInMatrix(r, c, columns)] = v; }));
  x.forEach((values, t) => kernel.floats.set(values, X + t * columns));
  y.forEach((values, t) => kernel.floats.set(values, Y + t * stride));
  kernel.addProduct(texts, W, rows, columns, X, Y, stride);
  return y.map((_, t) => Array.from(kernel.floats.subarray(Y + t * stride, Y + t * stride + rows)));
}"""


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("texts", range(1, 6))
@pytest.mark.parametrize(("rows", "columns"), [(32, 8), (96, 24), (64, 256)])
def test_product_is_what_torch_computes(page, kernel, texts, rows, columns):
    generator = torch.Generator().manual_seed(rows + texts)
    w, x, y = (torch.randn(size, generator=generator) for size in ((rows, columns), (texts, columns), (texts, rows)))
    arguments = {"options": KERNELS[kernel], "w": w.tolist(), "x": x.tolist(), "y": y.tolist()}
    expected = y.double() + x.double() @ w.double().T
    got = torch.tensor(page.evaluate(PRODUCT, arguments), dtype=torch.float64)
    torch.testing.assert_close(got, expected, atol=1e-4, rtol=0)


GATES = """({ options, sums, c }) => {
  const units = c.length;
  const kernel = lmkit.makeKernel(6 * units, options);
  kernel.floats.set(sums.flat());
  kernel.floats.set(c, 4 * units);
  kernel.openGates(0, units, 4 * units, 5 * units);
  const after = (n) => Array.from(kernel.floats.subarray(n * units, (n + 1) * units));
  return [after(4), after(5), [0, 1, 2, 3].map(after)];
}"""


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("scale", [0.01, 3, 300])
def test_gates_are_what_torch_computes(page, kernel, scale):
    generator = torch.Generator().manual_seed(1)
    sums, c = scale * torch.randn(4, 24, generator=generator), torch.randn(24, generator=generator)
    got_c, got_h, left = page.evaluate(GATES, {"options": KERNELS[kernel], "sums": sums.tolist(), "c": c.tolist()})
    i, f, g, o = sums.double()
    new_c = f.sigmoid() * c.double() + i.sigmoid() * g.tanh()
    torch.testing.assert_close(torch.tensor(got_c).double(), new_c, atol=1e-6, rtol=0)
    torch.testing.assert_close(torch.tensor(got_h).double(), o.sigmoid() * new_c.tanh(), atol=1e-6, rtol=0)
    torch.testing.assert_close(torch.tensor(left), sums, atol=0, rtol=0)  # the microscope looks at them afterwards


# exp(x) as the sum of eight times exp(x), over eight.
EXPONENTIALS = """({ options, values }) => {
  const kernel = lmkit.makeKernel(8, options);
  return values.map((x) => (kernel.floats.fill(x), String(kernel.sumExp(0, 8, 0) / 8)));
}"""


@pytest.mark.parametrize("kernel", KERNELS)
def test_exponentials_are_exact_to_the_last_bits(page, kernel):
    values = torch.linspace(-86, 86, 3001)
    arguments = {"options": KERNELS[kernel], "values": values.tolist()}
    got = torch.tensor([float(x) for x in page.evaluate(EXPONENTIALS, arguments)], dtype=torch.float64)
    torch.testing.assert_close(got, values.double().exp(), rtol=3e-7, atol=0)


@pytest.mark.parametrize("kernel", KERNELS)
def test_exponentials_of_what_is_no_number(page, kernel):
    got = page.evaluate(
        """(options) => {
          const kernel = lmkit.makeKernel(8, options);
          return [NaN, -Infinity, -1e30].map((x) => (kernel.floats.fill(x), String(kernel.sumExp(0, 8, 0))));
        }""",
        KERNELS[kernel],
    )
    assert got[0] == "NaN" and all(float(x) < 1e-36 for x in got[1:])


def test_a_strict_content_policy_gets_the_plain_kernel(browser):
    page = browser.new_page()
    page.set_content(
        "<meta http-equiv='Content-Security-Policy' content=\"script-src 'unsafe-inline'\"><title>strict</title>"
    )
    page.add_script_tag(content=bundle("kernel.js") + "globalThis.makeKernel = makeKernel;", type="module")
    page.wait_for_function("globalThis.makeKernel")
    assert page.evaluate("makeKernel(8).kind") == "plain"
    page.close()


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


@pytest.mark.parametrize("kernel", KERNELS)
def test_nan_log_probabilities_are_an_error_in_both(page, kernel):
    trained = random_model()
    torch.nn.init.constant_(trained.model.decoder.bias, 3e38)  # finite, but their sums are not
    torch.nn.init.constant_(trained.model.embedding.weight, 3e38)
    data = pretrained.to_bytes(trained.model, trained.vocab, quantise=False)
    with pytest.raises(ValueError, match="NaN log-probabilities"):
        vectors.decoding.greedy(trained.model.stepper(), [0, 1])
    load(page, data, kernel)
    assert "step returned NaN log-probabilities" in page.evaluate(MESSAGE, "lmkit.memory.readAll([0, 1])")


@pytest.mark.parametrize(
    ("text", "part"), [("w1 dragon", "‘dragon’, which is not among the 37 words"), (" ", "is empty")]
)
def test_a_prompt_that_cannot_be_read_says_why(page, text, part):
    trained = load_random(page)
    with pytest.raises(ValueError, match="dragon|empty"):
        trained.prompt_ids(text)
    assert part in page.evaluate(MESSAGE, f"lmkit.memory.model.vocab.promptIds({json.dumps(text)})")


@pytest.mark.parametrize("text", ["w1 w2", "<eos>", "<eos> w1"])
def test_a_prompt_is_read_alike(page, text):
    trained = load_random(page)
    assert page.evaluate("(text) => lmkit.memory.model.vocab.promptIds(text)", text) == trained.prompt_ids(text)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("temperature", 0),
        ("temperature", -1),
        ("temperature", None),
        ("top_k", 0),
        ("top_k", 1.5),
        ("top_p", 0),
        ("top_p", 1.01),
        ("num_beams", 0),
        ("length_penalty", None),
        ("max_new_tokens", 0),
        ("seed", -1),
        ("min_p", -0.1),
        ("min_p", 1.1),
        ("min_p", None),
        ("typical_p", 0),
        ("typical_p", 1.1),
        ("early_stopping", None),
        ("early_stopping", 1),
    ],
)
def test_a_setting_out_of_range_is_named(page, name, value):
    good = {
        "temperature": 1,
        "top_k": None,
        "top_p": 1,
        "num_beams": 5,
        "length_penalty": 1,
        "max_new_tokens": 20,
        "seed": 0,
    }
    message = page.evaluate(MESSAGE, f"lmkit.checkSettings({json.dumps({**good, name: value})})")
    assert message.startswith(f"{name} must be ")
    assert message.endswith(f"but it is {json.dumps(value)}")


def test_memory_gives_what_reading_anew_gives(page):
    load_random(page)
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


def test_memory_keeps_within_its_limit_and_nothing_goes_wrong(page):
    """Texts that a lab still holds are good after their states went to others."""
    load_random(page)
    held, again, most, limit = page.evaluate(
        """() => {
          const { memory } = lmkit, limit = (memory.limit = 40);
          const held = memory.readAll([0, 5, 9, 5]);
          const logProbs = Array.from(memory.logProbs(held));
          const settings = { num_beams: 7, max_new_tokens: 12, length_penalty: 1, early_stopping: "never" };
          let most = 0;
          for (let first = 1; first < 37; first++) {
            lmkit.complete(lmkit.beamSearch(memory, memory.readAll([0, first]), { ...settings, eos_token_id: null }));
            most = Math.max(most, memory.count);
          }
          const forgotten = held.state === null;
          return [logProbs, forgotten && Array.from(memory.logProbs(held)), most, limit];
        }"""
    )
    assert again == held
    assert most <= limit


def test_decoding_is_the_same_with_a_memory_that_forgets(page):
    trained = load_random(page)
    cases = [c for c in vectors.of_model(trained, prompts("random", trained)) if c["method"] == "beam_search"]
    page.evaluate("lmkit.memory.limit = 20")
    for case, texts in zip(cases, page.evaluate(DECODE, cases), strict=True):
        compare(texts, case["expected"], f"{case['settings']}")
