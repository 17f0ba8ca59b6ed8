// Means of the first value, of the first two, and so on.
import assert from "node:assert/strict";
import { test } from "node:test";
import { runningMeans } from "../../../lmkit/widgets/labs/decoding/entropy.js";

test("running means", () => {
  assert.deepEqual(runningMeans([4, 0, 5]), [4, 2, 3]);
  assert.deepEqual(runningMeans([]), []);
});
