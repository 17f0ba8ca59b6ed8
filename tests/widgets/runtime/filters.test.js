// The engine's filters drop what Python's drop.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Filter, KEPT } from "../../../lmkit/widgets/runtime/filters.js";
import { assertNear, read } from "./vectors.js";

/** Filters that are used again and again, as in a decoder. */
const FILTERS = new Map();

function filterOf(size) {
  if (!FILTERS.has(size)) FILTERS.set(size, new Filter(size));
  return FILTERS.get(size);
}

for (const name of ["filters", "filters-ties"]) {
  describe(name, () => {
    const cases = read(name);

    test("has cases enough to say anything", () => {
      assert.ok(cases.length >= 500);
      const seen = new Set(cases.flatMap(({ statuses }) => statuses));
      assert.deepEqual([...seen].sort(), [0, 1, 2, 3, 4]);
    });

    test("the same filter drops each token", () => {
      for (const { logProbs, settings, statuses } of cases) {
        const { status } = filterOf(logProbs.length).apply(logProbs, settings);
        assert.deepEqual(Array.from(status), statuses, JSON.stringify(settings));
      }
    });

    test("order, masses and draws follow from what is left", () => {
      for (const { logProbs, settings, order } of cases) {
        const filter = filterOf(logProbs.length).apply(logProbs, settings);
        filter.sort();
        const ids = logProbs.map((_, id) => id);
        const sorted = order ?? ids.toSorted((a, b) => filter.logits[b] - filter.logits[a] || a - b);
        assert.deepEqual(Array.from(filter.order), sorted);
        check(filter, logProbs, settings);
      }
    });
  });
}

/** By plain sums over softmax(log p / temperature). */
function check(filter, logProbs, { temperature }) {
  const highest = Math.max(...logProbs);
  const weights = logProbs.map((p) => Math.exp((p - highest) / temperature));
  const kept = weights.map((weight, id) => (filter.status[id] === KEPT ? weight : 0));
  const sum = (values) => values.reduce((total, value) => total + value, 0);
  const close = { relative: 1e-5, absolute: 1e-6 };
  assertNear(
    [filter.mass(true), filter.mass(), filter.peak()],
    [sum(weights), sum(kept), highest / temperature],
    close,
  );
  for (const u of [0, 0.1, 0.35, 0.5, 0.77, 0.999]) {
    const drawn = filter.draw(u);
    const below = sum(kept.slice(0, drawn));
    assert.equal(filter.status[drawn], KEPT);
    assert.ok(below <= u * sum(kept) * (1 + 1e-5) + 1e-6 && u * sum(kept) <= (below + kept[drawn]) * (1 + 1e-5));
  }
}

test("weights are in proportion to probabilities, the largest is 1", () => {
  const logProbs = [Math.log(0.2), Math.log(0.5), Math.log(0.3)];
  const filter = new Filter(3).apply(logProbs, { temperature: 1, top_k: null, top_p: 1 });
  assertNear(
    [0, 1, 2].map((id) => filter.weight(id)),
    [0.4, 1, 0.6],
    { absolute: 1e-6 },
  );
  assert.equal(filter.peak(), Math.fround(Math.log(0.5)));
});

test("a draw beyond all sums gives the last token", () => {
  const filter = new Filter(4).apply([-1, -1, -1, -9], { temperature: 1, top_k: 3, top_p: 1 });
  assert.equal(filter.draw(0.999999), 2);
  assert.equal(filter.draw(1), 3);
});

test("an impossible token is never drawn and stands last", () => {
  const filter = new Filter(3).apply([-Infinity, -1, -0.5], { temperature: 1, top_k: null, top_p: 0.99 });
  filter.sort();
  assert.deepEqual(Array.from(filter.order), [2, 1, 0]);
  assert.equal(filter.draw(0), 1);
});

test("positive logits rank above zero, and zero above negative ones", () => {
  const filter = new Filter(5).apply([-1, 2, 0, 1, -2], { temperature: 1, top_k: null, top_p: 1 });
  filter.sort();
  assert.deepEqual(Array.from(filter.order), [1, 3, 2, 0, 4]);
});

test("the nucleus ends with the token that reaches p, to the last bit", () => {
  const filter = new Filter(4).apply([-1, -1, -1, -1], { temperature: 1, top_k: null, top_p: 0.5 });
  assert.deepEqual(Array.from(filter.status), [0, 0, 2, 2]);
});

describe("typical sampling", () => {
  const statuses = (logProbs, typical_p) =>
    Array.from(
      new Filter(logProbs.length).apply(logProbs, { temperature: 1, top_k: null, top_p: 1, typical_p }).status,
    );

  test("drops nothing with p = 1, however improbable", () => {
    assert.deepEqual(statuses([-0.01, -4.6, -60], 1), [0, 0, 0]);
  });

  test("keeps all where rounding keeps the sum below p", () => {
    assert.deepEqual(
      statuses(
        Array.from({ length: 19 }, () => -4),
        1 - 2 ** -53,
      ),
      Array(19).fill(0),
    );
  });

  test("knows impossible tokens", () => {
    assert.deepEqual(statuses([-Infinity, Math.log(0.4), Math.log(0.6)], 0.3), [4, 4, 0]);
  });
});

test("of tokens that a filter has dropped the next one sees nothing", () => {
  const logProbs = [0.5, 0.25, 0.15, 0.1].map(Math.log);
  const filter = new Filter(4).apply(logProbs, { temperature: 1, top_k: 2, top_p: 0.6 });
  assert.deepEqual(Array.from(filter.status), [0, 2, 1, 1]); // 0.5 is two thirds of what top-k leaves
});
