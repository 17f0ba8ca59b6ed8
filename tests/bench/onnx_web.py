"""Our engine against onnxruntime-web, Microsoft's runtime for models in a browser: ``python -m tests.bench.onnx_web``.

Both run Stories in the same headless Chromium on one thread, and write the same texts, which is checked: 40 tokens by
greedy search, 40 drawn from the nucleus of 0.9, and 40 for each of ten beams; every text is computed anew.

Theirs is one LSTM step as an ONNX graph (h and c go in and come out; the batch axis is free, so ten beams are one run),
in float32, optimised by the runtime as far as it can, on the WebAssembly provider with vector instructions and the
smallest build of it that is offered. What words contribute to the gates is a table, as in our engine: the graph with
the LSTM operator was slower. Around it stands plain JavaScript (`onnx_web/decoders.js`), with our filter for the
sampling. States go back in as they came out; beams pick their rows. Ours is what the decoding lab runs. Both are warmed
up, and they take turns.

Bytes are those that a first visit brings, after gzip: theirs the runtime, the decoders and the model; ours all scripts
and styles of the lab, the model and the grammar. The start lasts from the navigation to the first text on the page: 20
tokens, greedily; ours is the whole lab with its panels, theirs one line of text.
"""

from __future__ import annotations

import json
import shutil
import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from playwright.sync_api import Browser, Page, sync_playwright
from torch import Tensor

from lmkit import pretrained
from lmkit.models import LSTMLanguageModel
from lmkit.widgets.base.model_options import PROMPTS
from tests.bench import lab_page
from tests.bench.npm import installed
from tests.bench.sliders import READY
from tests.site import browser as chromium
from tests.site.server import Line, serve, transferred
from tests.widgets.view_harness import exporting

FOLDER = Path(__file__).with_suffix("")
RUNTIME = ("ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm")
ROUNDS, TURNS = 5, 6
SLOW = (4, Line(1.6e6 / 8, 0.15))  # a cheap phone: a quarter of the processor, 1.6 Mbit/s, 150 ms

ENGINE = ("safetensors", "lstm", "state_cache", "filters", "decoding", "beams")
OURS = """
const { Filter, LanguageModel, StateCache, beamSearch, complete, greedy, parseModel, sample } = lmkit;
const bytes = new Uint8Array(await (await fetch("stories.safetensors")).arrayBuffer());
const cache = new StateCache(new LanguageModel(parseModel(bytes, "stories")));
const filter = new Filter(cache.model.size.V);
globalThis.decode = (method, prompt, count, seed) => {
  cache.forget();
  const text = cache.readAll(prompt);
  const settings = { temperature: 1, top_k: null, top_p: 0.9, num_beams: 10, length_penalty: 1, seed };
  const all = { ...settings, max_new_tokens: count, eos_token_id: null };
  if (method === "beam 10") return complete(beamSearch(cache, text, all))[0].tokens;
  return complete(method === "greedy" ? greedy(cache, text, all) : sample(cache, text, all, filter)).tokens;
};
globalThis.ready = true;
"""
THEIRS = """
import { decodeBeams, decodeOne, openModel } from "./decoders.js";
import { Filter, firstLargest, uniform } from "./choosing.js";
const model = await openModel("stories.onnx", SIZE);
const filter = new Filter(SIZE.vocab), nucleus = { temperature: 1, top_k: null, top_p: 0.9 };
globalThis.decode = (method, prompt, count, seed) => {
  if (method === "beam 10") return decodeBeams(model, prompt, count, 10, SIZE.vocab);
  const draw = (logProbs, t) => filter.apply(logProbs, nucleus).draw(uniform(seed, t));
  return decodeOne(model, prompt, count, method === "greedy" ? firstLargest : draw);
};
const tokens = await decode("greedy", SIZE.prompt, 20, 0);
document.querySelector("p").textContent = tokens.map((token) => SIZE.words[token]).join(" ");
globalThis.ready = true;
"""
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>{0}</title><p></p>
<script type="module" src="{0}.js"></script></html>"""
TURN = """async ({ method, prompt, rounds }) => {
  const times = [], texts = [];
  for (let seed = 0; seed < rounds; seed++) {
    const start = performance.now();
    texts.push(await decode(method, prompt, 40, seed));
    times.push(performance.now() - start);
  }
  return { times, texts };
}"""


def step_graph(model: LSTMLanguageModel) -> onnx.ModelProto:
    """One step of a model: token (N,), h and c (1, N, H) to log_probs (N, V), h_new and c_new.

    What is made of weights alone (the table of the words' gate sums, the readout) the runtime computes once.
    """
    hidden, vocab_size = model.rnn.hidden_size, model.embedding.num_embeddings
    weights = {name: numpy_helper.from_array(tensor.detach().numpy(), name) for name, tensor in _weights(model)}
    weights["axis"] = numpy_helper.from_array(np.array([0]), "axis")
    lines = [  # operator, inputs, outputs
        ("MatMul", "embedding input_weights", "table"),
        ("Gather", "table token", "word"),
        ("MatMul", "embedding projection", "words"),
        ("Transpose", "words", "readout"),
        ("Squeeze", "h axis", "h_old"),
        ("Squeeze", "c axis", "c_old"),
        ("Gemm", "h_old recurrent_weights gate_bias", "recurrent"),
        ("Add", "word recurrent", "sums"),
        ("Split", "sums", "sum_i sum_f sum_g sum_o"),
        ("Sigmoid", "sum_i", "i"),
        ("Sigmoid", "sum_f", "f"),
        ("Tanh", "sum_g", "g"),
        ("Sigmoid", "sum_o", "o"),
        ("Mul", "f c_old", "kept"),
        ("Mul", "i g", "written"),
        ("Add", "kept written", "c_next"),
        ("Tanh", "c_next", "squashed"),
        ("Mul", "o squashed", "h_next"),
        ("Gemm", "h_next readout bias", "logits"),
        ("LogSoftmax", "logits", "log_probs"),
        ("Unsqueeze", "h_next axis", "h_new"),
        ("Unsqueeze", "c_next axis", "c_new"),
    ]
    options = {"Split": {"axis": 1, "num_outputs": 4}}
    nodes = [helper.make_node(op, ins.split(), outs.split(), **options.get(op, {})) for op, ins, outs in lines]
    state = {
        name: helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, "N", hidden])
        for name in ("h", "c", "h_new", "c_new")
    }
    inputs = [helper.make_tensor_value_info("token", TensorProto.INT32, ["N"]), state["h"], state["c"]]
    log_probs = helper.make_tensor_value_info("log_probs", TensorProto.FLOAT, ["N", vocab_size])
    outputs = [log_probs, state["h_new"], state["c_new"]]
    graph = helper.make_graph(nodes, "step", inputs, outputs, list(weights.values()))
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    onnx.checker.check_model(made, full_check=True)
    return made


def _weights(model: LSTMLanguageModel) -> Iterator[tuple[str, Tensor]]:
    """The graph's names of the weights of a model with one layer and a projection."""
    yield "embedding", model.embedding.weight
    yield "projection", model.projection.weight
    yield "input_weights", model.rnn.weight_ih_l0.T.contiguous()
    yield "recurrent_weights", model.rnn.weight_hh_l0.T.contiguous()
    yield "gate_bias", model.rnn.bias_ih_l0 + model.rnn.bias_hh_l0
    yield "bias", model.decoder.bias


def write_pages(folder: Path) -> dict[str, list[Path]]:
    """Write the pages of both; return the files of a first visit."""
    trained = pretrained.load("stories")
    model, words = trained.model, trained.vocab.words
    size = {"layers": 1, "hidden": model.rnn.hidden_size, "vocab": len(words)}
    first_text = {"words": words, "prompt": prompt_ids()[0]}
    choosing = exporting("runtime/filters.js", "runtime/decoding.js", "base/rng.js")
    contents = {
        "theirs.html": PAGE.format("theirs"),
        "theirs.js": f"const SIZE = {json.dumps(size | first_text)};{THEIRS}",
        "choosing.js": f"{choosing}export const {{ Filter, firstLargest, uniform }} = lmkit;",
        "ours.html": PAGE.format("ours"),
        "ours.js": exporting(*(f"runtime/{name}.js" for name in ENGINE)) + OURS,
    }
    for name, text in contents.items():
        (folder / name).write_text(text, encoding="utf-8")
    for name in RUNTIME:
        shutil.copy(FOLDER / "node_modules/onnxruntime-web/dist" / name, folder)
    shutil.copy(FOLDER / "decoders.js", folder)
    shutil.copy(pretrained.path_of("stories"), folder)
    (folder / "stories.onnx").write_bytes(step_graph(model).SerializeToString())
    theirs = [*RUNTIME, "decoders.js", "choosing.js", "theirs.js", "theirs.html", "stories.onnx"]
    return {"theirs": [folder / name for name in theirs], "ours": lab_page.write(folder, method="greedy")}


def prompt_ids() -> list[list[int]]:
    return [pretrained.load("stories").prompt_ids(prompt) for prompt in PROMPTS["stories"][:3]]


def decoding_times(browser: Browser, site: str) -> dict[str, dict[str, float]]:
    """Median milliseconds per method for "ours" and "theirs"; raises AssertionError where their texts differ."""
    pages = {name: _opened(browser, f"{site}/{name}.html") for name in ("ours", "theirs")}
    out = {}
    for method in ("greedy", "sampling", "beam 10"):
        times = {name: [] for name in pages}
        for turn in range(TURNS):
            texts = {}
            for name, page in pages.items():
                prompt = prompt_ids()[turn % 3]
                got = page.evaluate(TURN, {"method": method, "prompt": prompt, "rounds": ROUNDS})
                texts[name] = got["texts"]
                times[name] += got["times"] if turn else []  # the first turn warms up
            assert texts["ours"] == texts["theirs"], f"{method}: the texts differ"
        out[method] = {name: statistics.median(values) for name, values in times.items()}
    for page in pages.values():
        page.close()
    return out


def _opened(browser: Browser, address: str) -> Page:
    page = browser.new_page()
    page.goto(address)
    page.wait_for_function("globalThis.ready")
    return page


def start_seconds(browser: Browser, folder: Path, name: str, slower: float = 1, line: Line | None = None) -> float:
    """From the start of a navigation to the first text, in seconds."""
    address, ready = {"ours": (lab_page.NAME, READY), "theirs": ("theirs.html", "globalThis.ready")}[name]
    context = browser.new_context()
    page = context.new_page()
    session = context.new_cdp_session(page)  # what it sets ends when nothing refers to it any more
    session.send("Emulation.setCPUThrottlingRate", {"rate": slower})
    with serve(folder, line) as site:
        page.goto(f"{site}/{address}", timeout=120_000)
        page.wait_for_function(ready, timeout=120_000)
        seconds = page.evaluate("performance.now()") / 1000
        context.close()
    return seconds


def main() -> None:
    """Print bytes, starts and speeds, and ratios of ours to theirs."""
    if not installed(FOLDER, "onnxruntime-web"):
        return
    path = chromium.executable()  # looks for one with a Playwright of its own, so before ours starts
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        files = write_pages(Path(folder))
        browser = playwright.chromium.launch(executable_path=path, args=chromium.ARGUMENTS)
        print("Stories in the browser: ours, onnxruntime-web, ratio")
        _print("bytes of a first visit, KB compressed", {name: _kilobytes(paths) for name, paths in files.items()})
        code = {name: [file for file in paths if not file.stem.startswith("stories")] for name, paths in files.items()}
        _print("of these without the model", {name: _kilobytes(paths) for name, paths in code.items()})
        _print_starts(browser, Path(folder))
        with serve(Path(folder)) as site:
            for method, times in decoding_times(browser, site).items():
                tokens = lab_page.TOKENS * (10 if method == "beam 10" else 1)
                _print(f"{method}, tokens per second", {name: 1000 * tokens / ms for name, ms in times.items()})
        browser.close()


def _kilobytes(files: list[Path]) -> float:
    return sum(len(transferred(file)) for file in files) / 1000


def _print_starts(browser: Browser, folder: Path) -> None:
    for condition, arguments, runs in (("as it is", (), 5), ("CPU / 4, 1.6 Mbit/s, 150 ms", SLOW, 1)):
        seconds = {
            name: statistics.median(start_seconds(browser, folder, name, *arguments) for _ in range(runs))
            for name in ("ours", "theirs")
        }
        _print(f"seconds to the first text, {condition}", seconds)


def _print(what: str, figures: dict[str, float]) -> None:
    ours, theirs = figures["ours"], figures["theirs"]
    digits = 2 if theirs < 100 else 0
    print(f"  {what:56} {ours:9.{digits}f} {theirs:9.{digits}f}  {ours / theirs:7.3f}")


if __name__ == "__main__":
    main()
