// Orders of combinations, and the way from one to another.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ranked, stepsBetween } from "../../../lmkit/widgets/labs/ablation/model.js";

test("the way between combinations names what comes and what goes", () => {
  const parts = ["a", "b", "c", "d"].map((name) => [name, name.toUpperCase()]);
  assert.equal(stepsBetween(0b110, 0b1001, parts), "with A and D, without B and C");
  assert.equal(stepsBetween(0b1, 0b11, parts), "with B");
  assert.equal(stepsBetween(0b1, 0b1, parts), "");
});

test("combinations are ranked from the worst to the best", () => {
  assert.deepEqual(ranked([3, 1, 2], true), [1, 2, 0]);
  assert.deepEqual(ranked([3, 1, 2], false), [0, 2, 1]);
});
