// A memory that was dropped is lost, whatever later masks keep.
import assert from "node:assert/strict";
import { test } from "node:test";
import { expectedShares, STEPS, stillThere, UNITS } from "../../../lmkit/widgets/labs/dropout/model.js";

test("a memory is lost for good", () => {
  const keeps = (step, unit) => (step !== 3 && !(step > 10 && unit === 2)) || unit > 5;
  const masks = Array.from({ length: STEPS }, (_, t) => Array.from({ length: UNITS }, (__, j) => keeps(t, j)));
  const counts = stillThere(masks).map((alive) => alive.filter(Boolean).length);
  assert.deepEqual(counts, [...Array(3).fill(16), ...Array(21).fill(10)]);
});

test("what is left shrinks with every fresh mask, and by one mask only where it is locked", () => {
  const fresh = expectedShares(0.1, false);
  assert.equal(fresh.length, STEPS);
  fresh.forEach((share, t) => {
    assert.ok(Math.abs(share - 0.9 ** (t + 1)) < 1e-12);
  });
  assert.deepEqual(expectedShares(0.1, true), Array(STEPS).fill(0.9));
});
