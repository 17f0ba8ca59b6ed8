"""A browser runs the engine as Node does, in which all else is tested."""

import base64

from lmkit import pretrained
from tests import vectors
from tests.vectors.models import prompts, random_model
from tests.widgets.view_harness import exporting, module_page

MODULES = ("safetensors", "lstm", "state_cache", "filters", "decoding", "beams")
ENGINE = [f"runtime/{name}.js" for name in MODULES]
DECODE = """({ data, cases }) => {
  const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
  const cache = new lmkit.StateCache(new lmkit.LanguageModel(lmkit.parseModel(bytes, "data")));
  const texts = cases.map(({ prompt, method, settings, eos_token_id }) => {
    const { complete } = lmkit, text = cache.readAll(prompt);
    const all = { temperature: 1, top_k: null, top_p: 1, ...settings, eos_token_id };
    if (method === "beam_search") return complete(lmkit.beamSearch(cache, text, all));
    if (method === "greedy") return [complete(lmkit.greedy(cache, text, all))];
    return [complete(lmkit.sample(cache, text, all, new lmkit.Filter(cache.model.size.V)))];
  });
  return { kernel: cache.model.kernel.kind, tokens: texts.map((several) => several.map(({ tokens }) => tokens)) };
}"""


def random_texts() -> tuple[dict, list]:
    """What `DECODE` is asked, of a model with random weights, and the tokens that Python answers."""
    trained = random_model()
    cases = vectors.of_model(trained, prompts("random", trained)[:1])[::8]
    assert {case["method"] for case in cases} >= {"sample", "beam_search"}
    data = pretrained.to_bytes(trained.model, trained.vocab, quantise=False)
    asked = {"data": base64.b64encode(data).decode(), "cases": cases}
    return asked, [[text["tokens"] for text in case["expected"]] for case in cases]


def test_a_browser_writes_the_texts_that_python_writes(browser):
    asked, expected = random_texts()
    page = module_page(browser, *ENGINE)
    got = page.evaluate(DECODE, asked)
    page.close()
    assert got == {"kernel": "vector", "tokens": expected}


def test_a_strict_content_policy_gets_the_plain_kernel(browser):
    page = browser.new_page()
    page.set_content(
        "<meta http-equiv='Content-Security-Policy' content=\"script-src 'unsafe-inline'\"><title>strict</title>"
    )
    page.add_script_tag(content=exporting("runtime/kernel.js"))
    assert page.evaluate("lmkit.makeKernel(8).kind") == "plain"
    page.close()
