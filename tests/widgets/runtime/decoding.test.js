// Settings are checked before anything is decoded with them, and decoders stop where they should.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { LabError } from "../../../lmkit/widgets/base/errors.js";
import { uniform } from "../../../lmkit/widgets/base/rng.js";
import { checkSettings, complete, firstLargest, greedy, sample } from "../../../lmkit/widgets/runtime/decoding.js";
import { Filter } from "../../../lmkit/widgets/runtime/filters.js";
import { decode, tableReader } from "./decode.js";
import { read } from "./vectors.js";

const GOOD = { temperature: 1, top_k: null, top_p: 1, num_beams: 5, length_penalty: 1, max_new_tokens: 20, seed: 0 };

/** What is allowed at the ends of each range, what is not, and the rule that the message must give. */
const RANGES = {
  temperature: [[1e-9, 2], [0, -1, null, Infinity, NaN], "a finite number above 0; use greedy for the limit 0"],
  top_k: [[null, 1, 400], [0, 1.5, -1, undefined], "a whole number of at least 1"],
  top_p: [[1e-9, 1], [0, 1.01, -0.1, null], "a number above 0 and at most 1"],
  min_p: [[undefined, 0, 1], [-0.1, 1.1, null], "a number from 0 to 1"],
  typical_p: [[undefined, 1e-9, 1], [0, 1.1, null], "a number above 0 and at most 1"],
  num_beams: [[1, 50], [0, 2.5, null], "a whole number of at least 1"],
  length_penalty: [[-2, 0, 2], [null, Infinity, NaN], "a finite number"],
  early_stopping: [[undefined, true, false, "never"], [null, 1, "always"], "true, false or “never”"],
  max_new_tokens: [[1, 100], [0, 1.5, null], "at least 1"],
  seed: [[0, 2 ** 32 - 1], [-1, 2 ** 32, 0.5, null], "a whole number from 0 to 2³² - 1"],
};

for (const [name, [allowed, refused, rule]] of Object.entries(RANGES)) {
  describe(name, () => {
    for (const value of allowed) test(`may be ${value}`, () => checkSettings({ ...GOOD, [name]: value }));
    for (const value of refused) {
      test(`may not be ${value}`, () => {
        const error = new LabError(`${name} must be ${rule}, but it is ${value}`);
        assert.throws(() => checkSettings({ ...GOOD, [name]: value }), { name: "LabError", message: error.message });
      });
    }
  });
}

const TABLE = [
  [-3, -1, -2, -0.5],
  [-1, -3, -0.25, -2],
  [-0.5, -1, -4, -1],
  [-1, -1, -1, -1],
];

describe("a text", () => {
  const settings = { ...GOOD, eos_token_id: 3, max_new_tokens: 3 };

  test("is as long as it may be, or ends with the end token", () => {
    const cut = complete(greedy(tableReader(TABLE), 1, settings));
    assert.deepEqual(cut, { tokens: [2, 0, 3], logProbs: [-0.25, -0.5, -0.5], logProb: -1.25, score: -1.25 });
    assert.deepEqual(complete(greedy(tableReader(TABLE), 1, { ...settings, max_new_tokens: 2 })).tokens, [2, 0]);
    assert.deepEqual(complete(greedy(tableReader(TABLE), 0, settings)).tokens, [3]);
    assert.deepEqual(complete(greedy(tableReader(TABLE), 0, { ...settings, eos_token_id: null })).tokens, [3, 0, 3]);
  });

  test("is read only as far as it goes on", () => {
    const one = tableReader(TABLE);
    complete(greedy(one, 1, settings));
    assert.deepEqual(one.log, [
      [1, 2],
      [2, 0],
    ]);
  });

  test("comes with a rest after every step but the last", () => {
    const generator = greedy(tableReader(TABLE), 1, settings);
    assert.deepEqual([generator.next().done, generator.next().done, generator.next().done], [false, false, true]);
  });

  test("is drawn with the numbers of its seed, one for each step", () => {
    const uniformTable = Array.from({ length: 4 }, () => [-1, -1, -1, -1]);
    const text = complete(
      sample(tableReader(uniformTable), 0, { ...settings, seed: 7, eos_token_id: null }, new Filter(4)),
    );
    assert.deepEqual(
      text.tokens,
      [0, 1, 2].map((t) => Math.floor(4 * uniform(7, t))),
    );
    assert.deepEqual(text.logProbs, [-1, -1, -1]);
  });

  test("the first of the largest numbers is taken", () => {
    assert.equal(firstLargest([1, 3, 3, 2]), 1);
    assert.equal(firstLargest([5, 3]), 0);
    assert.equal(firstLargest([-Infinity, -2]), 1);
  });
});

test("among equally probable tokens the lowest id wins", () => {
  for (const { prompt, eos_token_id, table, cases } of read("decoding-ties")) {
    for (const known of cases.filter(({ method }) => method !== "beam_search")) {
      const [{ tokens }] = decode(tableReader(table), prompt[0], table.length, known, eos_token_id);
      assert.deepEqual([tokens], known.expected, `${table.length} tokens, ${JSON.stringify(known.settings)}`);
    }
  }
});
