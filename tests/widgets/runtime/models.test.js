// The engine writes the texts that Python writes: tokens identical, numbers within rounding.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { beamSearch } from "../../../lmkit/widgets/runtime/beams.js";
import { complete } from "../../../lmkit/widgets/runtime/decoding.js";
import { LanguageModel } from "../../../lmkit/widgets/runtime/lstm.js";
import { StateCache } from "../../../lmkit/widgets/runtime/state_cache.js";
import { decode } from "./decode.js";
import { assertNear, compareTexts, KERNELS, read, readModel } from "./vectors.js";

function cacheOf(name, kernel) {
  const model = new LanguageModel(readModel(name), KERNELS[kernel]);
  assert.equal(model.kernel.fused ? "fused" : model.kernel.kind, kernel);
  return new StateCache(model);
}

for (const name of read("models")) {
  describe(name, () => {
    const { cases, watched } = read(name);
    test("has cases enough to say anything", () => assert.ok(cases.length >= 250 && watched.length >= 5));

    for (const kernel of Object.keys(KERNELS)) {
      test(`is decoded as Python does, with the ${kernel} kernel`, () => {
        const cache = cacheOf(name, kernel);
        for (const known of cases) {
          const texts = decode(cache, cache.readAll(known.prompt), cache.model.size.V, known, known.eos_token_id);
          compareTexts(texts, known.expected, `${known.method} ${JSON.stringify(known.settings)}`);
        }
      });
    }

    test("beam search looks at what Python looks at", () => {
      const cache = cacheOf(name, "fused");
      for (const { prompt, settings, eos_token_id, steps } of watched) {
        const seen = [];
        complete(beamSearch(cache, cache.readAll(prompt), { ...settings, eos_token_id }, (step) => seen.push(step)));
        assert.equal(seen.length, steps.length);
        for (const [n, { length, candidates }] of seen.entries()) {
          const column = (part) => candidates.map((candidate) => candidate[part]);
          assert.equal(length, steps[n].length);
          assert.deepEqual(column("parent"), steps[n].parents);
          assert.deepEqual(column("token"), steps[n].tokens);
          assert.deepEqual(column("status"), steps[n].statuses);
          // Where a model finds a text very improbable, its state may be about to tip, and then rounding tells.
          assertNear(column("total"), steps[n].totals, { relative: 1e-4, absolute: 1e-4 });
        }
      }
    });
  });
}

test("vectors tell the ways to stop a beam search apart", () => {
  const byStop = new Map();
  for (const { method, prompt, settings, expected } of read("random").cases) {
    if (method !== "beam_search") continue;
    const { early_stopping = null, ...others } = settings;
    const key = JSON.stringify([prompt, others]);
    const tokens = JSON.stringify(expected.map((text) => text.tokens));
    byStop.set(key, { ...byStop.get(key), [early_stopping]: tokens });
  }
  for (const [one, other] of [
    ["false", "true"],
    ["false", "never"],
    ["true", "never"],
  ]) {
    const apart = [...byStop.values()].filter((texts) => texts[one] && texts[other] && texts[one] !== texts[other]);
    assert.ok(apart.length >= 3, `${one} and ${other}`);
  }
});

test("a beam search is the same with a cache that forgets", () => {
  const cache = cacheOf("random", "fused");
  cache.limit = 20;
  for (const known of read("random").cases.filter(({ method }) => method === "beam_search")) {
    const texts = decode(cache, cache.readAll(known.prompt), cache.model.size.V, known, known.eos_token_id);
    compareTexts(texts, known.expected, JSON.stringify(known.settings));
  }
});
