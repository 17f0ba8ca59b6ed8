// Texts that are read once are remembered, and whatever is forgotten can be read again.

import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { beamSearch } from "../../../lmkit/widgets/runtime/beams.js";
import { complete } from "../../../lmkit/widgets/runtime/decoding.js";
import { LanguageModel } from "../../../lmkit/widgets/runtime/lstm.js";
import { StateCache } from "../../../lmkit/widgets/runtime/state_cache.js";
import { assertNear, KERNELS, read, readModel } from "./vectors.js";

const READINGS = read("readings");

for (const [kernel, options] of Object.entries(KERNELS)) {
  test(`texts are read together as alone, to the last bit, and as Python reads them: ${kernel} kernel`, () => {
    for (const { tokens: columns, logProbs } of READINGS) {
      const cache = new StateCache(new LanguageModel(readModel("random"), options));
      const distributions = (texts) => texts.map((text) => Array.from(cache.logProbs(text)));
      const alone = columns[0].map((_, n) => cache.readAll(columns.map((tokens) => tokens[n])));
      const one = distributions(alone);
      cache.forget();
      assert.equal(cache.count, 0);
      let texts = columns[0].map(() => cache.empty);
      for (const tokens of columns) texts = cache.readEach(texts, tokens);
      assert.deepEqual(distributions(texts), one);
      for (const [n, row] of logProbs.entries()) assertNear(one[n], row, { absolute: 2e-5 });
      const different = columns[0].flatMap((_, n) =>
        columns.map((__, length) => String(columns.slice(0, length + 1).map((tokens) => tokens[n]))),
      );
      assert.equal(cache.count, new Set(different).size);
    }
  });
}

/** A model that counts: what follows a text are the text's tokens themselves. */
class CountingModel {
  constructor(V = 10) {
    this.size = { V, H: 3, D: 2 };
    this.read = [];
    this.made = 0;
  }

  newState() {
    return this.newStates(1)[0];
  }

  newStates(count) {
    this.made += count;
    return Array.from({ length: count }, () => ({ tokens: [], logProbs: null }));
  }

  stepEach(tokens, from, to) {
    this.read.push([...tokens]);
    for (const [n, token] of tokens.entries()) {
      to[n].tokens = [...from[n].tokens, token];
      to[n].logProbs = to[n].tokens;
    }
  }
}

describe("a cache", () => {
  let model, cache;
  beforeEach(() => {
    model = new CountingModel();
    cache = new StateCache(model);
  });

  test("reads a text once", () => {
    const text = cache.readAll([1, 2, 3]);
    assert.deepEqual(cache.logProbs(text), [1, 2, 3]);
    assert.equal(cache.readAll([1, 2, 3]), text);
    assert.equal(cache.read(cache.readAll([1, 2]), 3), text);
    assert.deepEqual(model.read, [[1], [2], [3]]);
    assert.equal(cache.count, 3);
  });

  test("tells texts apart that end alike", () => {
    const [one, other] = [cache.readAll([1, 2, 3]), cache.readAll([2, 2, 3])];
    assert.notEqual(one, other);
    assert.deepEqual(
      [cache.logProbs(one), cache.logProbs(other)],
      [
        [1, 2, 3],
        [2, 2, 3],
      ],
    );
    assert.deepEqual(cache.logProbs(cache.readAll([9])), [9]);
    assert.deepEqual(cache.logProbs(cache.readAll([0, 9])), [0, 9]);
  });

  test("makes an open text longer", () => {
    const text = cache.readAll([3], cache.readAll([1, 2]));
    assert.equal(text, cache.readAll([1, 2, 3]));
    assert.equal(cache.readAll([], text), text);
  });

  test("reads what is new of many texts in one batch, and the same text once", () => {
    const [a, b] = cache.readEach([cache.empty, cache.empty], [1, 2]);
    model.read = [];
    const read = cache.readEach([a, b, a, b], [5, 5, 5, 6]);
    assert.deepEqual(model.read, [[5, 5, 6]]);
    assert.equal(read[0], read[2]);
    assert.deepEqual(
      read.map((text) => cache.logProbs(text)),
      [
        [1, 5],
        [2, 5],
        [1, 5],
        [2, 6],
      ],
    );
    model.read = [];
    cache.readEach([a, b], [5, 6]);
    assert.deepEqual(model.read, []);
  });

  test("knows what has been read of the empty text without reading", () => {
    assert.equal(cache.logProbs(cache.empty), null); // this model says nothing before the first token
    assert.deepEqual(model.read, []);
  });

  test("forgets all when it is told to", () => {
    const text = cache.readAll([1, 2]);
    cache.forget();
    assert.equal(cache.count, 0);
    assert.notEqual(cache.readAll([1, 2]), text);
    assert.deepEqual(cache.logProbs(text), [1, 2]);
  });

  test("keeps within its limit, and what was asked for of late", () => {
    cache.limit = 8;
    const often = cache.read(cache.empty, 0);
    for (let round = 0; round < 10; round++) {
      for (let token = 1; token < 10; token++) {
        cache.read(often, token);
        assert.equal(cache.read(cache.empty, 0), often);
        assert.ok(cache.count <= cache.limit);
      }
    }
    assert.notEqual(often.state, null);
  });

  test("holds as many as half of its limit before it forgets any", () => {
    cache.limit = 8;
    const texts = [0, 1, 2, 3].map((token) => cache.read(cache.empty, token));
    assert.equal(cache.count, 4);
    for (const token of [4, 5, 6, 7]) cache.read(cache.empty, token);
    assert.equal(cache.count, 8);
    assert.ok(texts.every(({ state }) => state));
    cache.read(cache.empty, 8);
    assert.equal(cache.count, 5);
    assert.ok(texts.every(({ state }) => state === null));
  });

  test("gives states of forgotten texts to new ones", () => {
    cache.limit = 4;
    const { made } = model;
    for (let round = 0; round < 50; round++) {
      for (let token = 0; token < 10; token++) cache.read(cache.empty, token);
    }
    assert.ok(model.made - made <= 64, `${model.made - made} states were made`);
  });

  test("a text whose beginning is forgotten too is read again from where it is known", () => {
    cache.limit = 4;
    const text = cache.readAll([1, 2, 3, 4]);
    for (let token = 5; token < 10; token++) cache.read(cache.empty, token);
    assert.equal(text.state, null);
    model.read = [];
    assert.deepEqual(cache.logProbs(text), [1, 2, 3, 4]);
    assert.deepEqual(model.read, [[1], [2], [3], [4]]);
    assert.deepEqual(cache.logProbs(cache.read(text, 5)), [1, 2, 3, 4, 5]);
  });

  test("its limit is a matter of bytes, and never small", () => {
    assert.equal(cache.limit, 272_727); // 24 MB of states of 10 + 2 · 2 · 3 floats
    assert.equal(new StateCache(new CountingModel(1e6)).limit, 1000);
  });
});

test("a text that a lab holds is good after its state went to others", () => {
  const cache = new StateCache(new LanguageModel(readModel("random")));
  cache.limit = 40;
  const held = cache.readAll([0, 5, 9, 5]);
  const before = Array.from(cache.logProbs(held));
  const settings = { num_beams: 7, max_new_tokens: 12, length_penalty: 1, early_stopping: "never", eos_token_id: null };
  for (let first = 1; first < 37; first++) {
    complete(beamSearch(cache, cache.readAll([0, first]), settings));
    assert.ok(cache.count <= cache.limit);
  }
  assert.equal(held.state, null);
  assert.deepEqual(Array.from(cache.logProbs(held)), before);
});
