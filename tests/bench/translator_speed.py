"""How long the page takes for a translation: ``python -m tests.bench.translator_speed``.

A translator with random weights and the sizes of the shipped ones writes 60 words, which never end. In Node its engine
takes turns with that of a language model with as many units, so that a busy machine slows both; in headless Chromium
the lab's controls are moved, and the clock stops when the page has changed and is laid out again.
"""

from __future__ import annotations

import base64
import statistics
import tempfile
from itertools import islice
from pathlib import Path

import torch
from playwright.sync_api import sync_playwright

from lmkit import pretrained
from lmkit.datasets import stories, translation
from lmkit.models import LSTMLanguageModel
from lmkit.models.seq2seq import EncoderDecoder
from lmkit.pretrained import Translator
from lmkit.widgets import TranslateLab
from lmkit.widgets.base import assets
from tests.bench import lab_page, sliders
from tests.site import browser as chromium
from tests.site.server import serve
from tests.widgets.node import Scripts

WORDS, BEAMS, HIDDEN = 60, 10, 128
OF_TRANSLATORS = ("translators/translator_file", "translators/encoder_decoder")
MODULES = ("safetensors", "lstm", *OF_TRANSLATORS, "state_cache", "decoding", "beams")
# Milliseconds of processor time for beams of 10, by a translator and a language model in turn; nothing is remembered.
TURNS = """({ translator, language, sources, settings }) => {
  const bytes = (data) => Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
  const caches = [
    new lmkit.StateCache(new lmkit.EncoderDecoder(lmkit.parseTranslator(bytes(translator)))),
    new lmkit.StateCache(new lmkit.LanguageModel(lmkit.parseModel(bytes(language)))),
  ];
  const times = [[], []];
  for (const source of sources) {
    for (const [i, cache] of caches.entries()) {
      cache.forget();
      const start = process.cpuUsage();
      const text = i ? cache.readAll(source.slice(0, 3)) : cache.read(cache.empty, cache.model.promptOf(source));
      lmkit.complete(lmkit.beamSearch(cache, text, settings));
      const { user, system } = process.cpuUsage(start);
      times[i].push((user + system) / 1000);
    }
  }
  return times;
}"""


def translator() -> Translator:
    """Return a translator with random weights that never ends a translation."""
    torch.manual_seed(0)
    vocabs = translation.source_vocab(), translation.target_vocab()
    model = EncoderDecoder(*map(len, vocabs), HIDDEN // 2, HIDDEN)
    with torch.no_grad():
        model.decoder.output.bias[0] = -100
    return Translator(model.eval(), *vocabs, {})


def sources(count: int) -> list[str]:
    """Return stories of about as many words as are written."""
    texts = (story[:-1] for story in stories.stories(5) if abs(len(story) - WORDS) < 8)
    return [" ".join(text) for text in islice(texts, count)]


def engine_times(rounds: int = 40) -> list[list[float]]:
    """Milliseconds of the translator, and of the language model."""
    own, vocab = translator(), stories.vocab()
    language = LSTMLanguageModel(len(own.target_vocab), HIDDEN // 2, HIDDEN).eval()
    data = pretrained.to_bytes(language, own.target_vocab)
    node = Scripts(*(f"runtime/{name}.js" for name in MODULES))
    argument = {
        "translator": base64.b64encode(pretrained.translator_to_bytes(own)).decode(),
        "language": base64.b64encode(data).decode(),
        "sources": [vocab.encode(source) for source in sources(rounds)],
        "settings": {"num_beams": BEAMS, "max_new_tokens": WORDS, "length_penalty": 1.0, "eos_token_id": 0},
    }
    times = node.evaluate(TURNS, argument)
    node.close()
    return [each[rounds // 4 :] for each in times]  # the first warm the code up


def lab_steps() -> dict[str, tuple[dict, list]]:
    """For each figure the settings to begin with and the steps, as in `tests.bench.sliders`."""
    there_and_back = [*range(10), *range(10, 0, -1)]
    first, *others = sources(21)
    beams = {"method_index": 2, "num_beams": BEAMS, "length_penalty": 1.0}
    return {
        "word shown": ({"method_index": 0, "source": first}, [("position", 1 + 5 * (k % 12)) for k in range(1, 31)]),
        "sampling": (
            {"method_index": 1},
            [("temperature", 0.3 + 0.1 * k) for k in there_and_back] + [("seed", k) for k in range(1, 21)],
        ),
        "beam 10": (
            beams,
            [("length_penalty", -1 + 0.2 * k) for k in there_and_back] + [("num_beams", 1 + k % 10) for k in range(20)],
        ),
        "beam 10, new sources": (beams, [("source", source) for source in others]),
        "beam 10, other weights": (beams, [("weights_index", k % 4) for k in range(1, 9)]),
    }


def main() -> None:
    """Print milliseconds, and the ratio to the language model."""
    ours, language = map(statistics.median, engine_times())
    print(f"A translation of {WORDS} words with a beam of {BEAMS}, in Node: processor time (40 ms wanted)")
    print(f"  translator {ours:.1f} ms, language model {language:.1f} ms ({ours / language:.2f})")
    path = chromium.executable()
    lab = TranslateLab(translator(), max_new_tokens=WORDS, source=sources(1)[0])
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        lab_page.write_lab(Path(folder), lab, assets.tables())
        browser = playwright.chromium.launch(executable_path=path, args=chromium.ARGUMENTS)
        with serve(Path(folder)) as site:
            print("Control moved to changed page, ms (wanted: a frame, 16, where nothing new is translated)")
            for slower in (1, 4):
                found = sliders.times(browser, f"{site}/{lab_page.NAME}", slower, steps=lab_steps())
                for name, values in found.items():
                    p95 = statistics.quantiles(values, n=20, method="inclusive")[-1]
                    print(f"  CPU / {slower}  {name:24} median {statistics.median(values):6.1f}  p95 {p95:6.1f}")
        browser.close()


if __name__ == "__main__":
    main()
