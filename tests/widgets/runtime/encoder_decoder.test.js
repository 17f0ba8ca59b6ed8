// Translators write what Python writes, and look where Python looks: every kind of attention, before and after the step,
// and with other weights than its own.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { StateCache } from "../../../lmkit/widgets/runtime/state_cache.js";
import { EncoderDecoder, MOST_SOURCE_WORDS } from "../../../lmkit/widgets/runtime/translators/encoder_decoder.js";
import { parseTranslator } from "../../../lmkit/widgets/runtime/translators/translator_file.js";
import { decode } from "./decode.js";
import { assertNear, compareTexts, KERNELS, read, readBytes, readTranslator } from "./vectors.js";

const NAMES = read("translators");

/** A cache in which the sources have the numbers that they have in Python. */
function cacheOf(name, kernel, sources, weights) {
  const model = new EncoderDecoder(readTranslator(name), KERNELS[kernel]);
  assert.equal(model.kernel.fused ? "fused" : model.kernel.kind, kernel);
  for (const [row, ids] of sources.entries()) assert.equal(model.promptOf(ids, weights), -1 - row);
  return new StateCache(model);
}

for (const name of NAMES) {
  describe(name, () => {
    const { sources, kinds } = read(name);
    for (const [weights, { cases, target, looks }] of Object.entries(kinds)) {
      test(`has cases enough to say anything: ${weights}`, () => assert.ok(cases.length >= 30));

      for (const kernel of Object.keys(KERNELS)) {
        test(`is decoded as Python does, weights ${weights}, with the ${kernel} kernel`, () => {
          const cache = cacheOf(name, kernel, sources, weights);
          for (const known of cases) {
            const texts = decode(cache, cache.readAll(known.prompt), cache.model.size.V, known, known.eos_token_id);
            compareTexts(texts, known.expected, `${known.method} ${JSON.stringify(known.settings)}`);
          }
        });
      }

      test(`looks where Python looks: ${weights}`, () => {
        const cache = cacheOf(name, "fused", sources, weights);
        const { model } = cache;
        for (const row of sources.keys()) {
          let text = cache.read(cache.empty, -1 - row);
          for (const [t, word] of target.entries()) {
            const seen = model.weightsOf(cache.stateOf(text.parent), cache.stateOf(text));
            if (looks.length) assertNear(seen, looks[row][t], { absolute: 2e-4 }, `source ${row}, word ${t}`);
            else assert.equal(seen, null);
            text = cache.read(text, word);
          }
        }
      });
    }
  });
}

describe("sources", () => {
  const name = NAMES[0];
  const { sources } = read(name);

  test("may be mixed in one batch, and each text is what it is alone, to the last bit", () => {
    const cache = cacheOf(name, "fused", sources, "as trained");
    const tokens = sources.flatMap((_, row) => [
      [row, 3],
      [row, 5],
      [row, 6],
    ]);
    const alone = tokens.map(([row, word]) => Array.from(cache.logProbs(cache.readAll([-1 - row, word]))));
    cache.forget();
    const order = [7, 0, 3, 14, 1, 2, 13, 5, 4, 6, 8, 9, 10, 11, 12];
    const prompts = cache.readEach(
      order.map(() => cache.empty),
      order.map((n) => -1 - tokens[n][0]),
    );
    const texts = cache.readEach(
      prompts,
      order.map((n) => tokens[n][1]),
    );
    for (const [i, n] of order.entries()) assert.deepEqual(Array.from(cache.logProbs(texts[i])), alone[n]);
  });

  test("have one number for each kind of weights, and are read once", () => {
    const { model } = cacheOf(name, "fused", [], "as trained");
    const prompts = ["as trained", "uniform", "as trained"].map((weights) => model.promptOf(sources[2], weights));
    assert.deepEqual(prompts, [-1, -2, -1]);
    assert.deepEqual(model.promptOf(sources[3]), -3);
    const cache = new StateCache(model);
    cache.readEach([cache.empty, cache.empty], [-1, -2]);
    assert.equal(model.read.size, 1);
  });

  test("that were forgotten are read again", () => {
    const cache = cacheOf(name, "fused", sources, "as trained");
    const text = cache.readAll([-1, 4]);
    const before = Array.from(cache.logProbs(text));
    for (let word = 0; word < 31; word++) cache.read(cache.empty, cache.model.promptOf([word, word]));
    cache.read(cache.empty, cache.model.promptOf([3, 4, 5]));
    assert.ok(cache.model.read.size <= 32);
    cache.forget();
    assert.deepEqual(Array.from(cache.logProbs(cache.readAll([-1, 4]))), before);
  });

  test("that are empty or too long are refused", () => {
    const { model } = cacheOf(name, "fused", [], "as trained");
    assert.throws(() => model.promptOf([]), /source must hold from 1 to 201 words, but it holds 0; type some/);
    const long = Array(MOST_SOURCE_WORDS).fill(1);
    assert.equal(model.promptOf(long), -1);
    const state = model.newState();
    model.stepEach([-1], [null], [state]);
    assert.ok(state.logProbs.every(Number.isFinite));
    assert.throws(() => model.promptOf([...long, 1]), /but it holds 202; type fewer/);
  });
});

test("a file of another kind, or whose parts do not fit, is refused", () => {
  const changed = (name, from, to) => {
    const text = Buffer.from(readBytes(name)).toString("latin1");
    assert.ok(text.includes(from), from);
    return new Uint8Array(Buffer.from(text.replace(from, to), "latin1"));
  };
  const parse = parseTranslator;
  assert.throws(() => parse(readBytes("random")), /data must be a model file of format 'lmkit-encoder-decoder'/);
  assert.throws(
    () => parse(changed(NAMES[0], '"attention\\": \\"dot', '"attention\\": \\"dut')),
    /attention must be one/,
  );
  assert.throws(
    () => parse(changed(NAMES[0], '\\"two_way\\": true', '\\"two_way\\": null')),
    /two_way must be one of true/,
  );
  assert.throws(() => parse(changed(NAMES[0], 'hidden_size\\": 22', 'hidden_size\\": 21')), /hidden_size must be even/);
  assert.throws(() => parse(changed(NAMES[0], 'hidden_size\\": 22', 'hidden_size\\": 24')), /is \(.*\), not \(.*\)/);
  assert.throws(
    () => parse(changed(NAMES[0], '_vocab_size\\": 31', '_vocab_size\\": 32')),
    /must hold the model's 32 words/,
  );
  assert.throws(() => parse(changed(NAMES[0], '\\"<eos>', '\\"<eot>')), /target_vocab must hold the end token/);
  assert.throws(() => parse(changed("translator-none", "after", "befor")), /timing must be one of after, before/);
});
