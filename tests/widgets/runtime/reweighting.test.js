// Weights that are replaced stay shares. (That they are Python's, the vectors of encoder-decoders say.)

import assert from "node:assert/strict";
import { test } from "node:test";
import { orderOf, REWEIGHTINGS, reweight } from "../../../lmkit/widgets/runtime/reweighting.js";

const WEIGHTS = [0.25, 0.125, 0.5, 0.125];
const made = (kind, weights = WEIGHTS) => {
  const found = Float32Array.from(weights);
  reweight(kind, found);
  return [...found];
};

test("each kind gives what it says", () => {
  assert.deepEqual(REWEIGHTINGS, ["as trained", "uniform", "permuted", "hardest"]);
  assert.deepEqual(made("as trained"), WEIGHTS);
  assert.deepEqual(made("uniform"), [0.25, 0.25, 0.25, 0.25]);
  assert.deepEqual(made("hardest"), [0, 0, 1, 0]);
  assert.deepEqual(made("hardest", [0.5, 0.5]), [1, 0]);
  assert.deepEqual(
    made("permuted"),
    orderOf(4).map((position) => WEIGHTS[position]),
  );
});

test("a permutation is one for every length", () => {
  for (let length = 1; length <= 201; length++) {
    const order = orderOf(length);
    assert.equal(orderOf(length), order);
    assert.deepEqual(
      [...order].sort((a, b) => a - b),
      order.map((_, position) => position),
    );
    assert.deepEqual(
      order,
      orderOf(201).filter((position) => position < length),
    ); // of the same numbers
  }
});
