// A model whose vocabulary has <unk>: no decoder writes it, and no distribution that is shown has it.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { complete, greedy } from "../../../lmkit/widgets/runtime/decoding.js";
import { without } from "../../../lmkit/widgets/runtime/filters.js";
import { Session } from "../../../lmkit/widgets/runtime/session.js";
import { decode } from "./decode.js";
import { assertNear, compareTexts, read, readModel } from "./vectors.js";

const session = new Session(readModel("unknowing"), null);
const { cache, vocab } = session;
const SETTINGS = {
  prompt: "a, b",
  temperature: 1.5,
  top_k: null,
  top_p: 1,
  num_beams: 3,
  length_penalty: 1,
  max_new_tokens: 15,
  seed: 1,
};

test("texts are those that Python writes", () => {
  const cases = read("unknowing");
  assert.ok(cases.length > 40);
  for (const known of cases) {
    const texts = decode(cache, cache.readAll(known.prompt), vocab.size, known, known.eos_token_id);
    compareTexts(texts, known.expected, `${known.method} ${JSON.stringify(known.settings)}`);
    assert.ok(texts.every(({ tokens }) => !tokens.includes(vocab.unk)));
  }
});

test("log-probabilities are the same where nothing is suppressed", () => {
  const logProbs = Float32Array.of(-1, -2, -3);
  assert.equal(without(logProbs), logProbs);
  assert.equal(without(logProbs, []), logProbs);
  assert.deepEqual([...without(logProbs, [0, 2])], [-Infinity, -2, -Infinity]);
  assert.deepEqual([...logProbs], [-1, -2, -3]);
});

describe("a session", () => {
  test("would write it, but for the rule", () => {
    const start = cache.readAll(vocab.promptIds(SETTINGS.prompt));
    const { tokens } = complete(greedy(cache, start, { max_new_tokens: 15, eos_token_id: null }));
    assert.ok(tokens.includes(vocab.unk));
  });

  for (const method of ["greedy", "sampling", "beam search"]) {
    test(`never writes or shows it by ${method}`, () => {
      const result = session.decode({ ...SETTINGS, method });
      assert.ok(result.texts.every(({ tokens }) => !tokens.includes(vocab.unk)));
      for (const step of result.best.tokens.keys()) {
        const { rows, keptCount, size } = session.inspect(result, step);
        assert.equal(size, vocab.size);
        assert.equal(keptCount, vocab.size - 1);
        assert.ok(rows.every(({ word }) => word !== "<unk>"));
        const logProbs = cache.logProbs(cache.readAll(result.best.tokens.slice(0, step), result.start));
        const heat = method === "sampling" ? SETTINGS.temperature : 1;
        const weights = Array.from(logProbs, (p, id) => (id === vocab.unk ? 0 : Math.exp(p / heat)));
        const total = weights.reduce((sum, weight) => sum + weight);
        for (const { word, p } of rows) {
          assertNear([p], [weights[vocab.words.indexOf(word)] / total], { absolute: 1e-5 });
        }
      }
    });
  }
});
