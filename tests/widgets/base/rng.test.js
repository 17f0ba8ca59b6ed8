// Random numbers are Python's to the last bit.

import assert from "node:assert/strict";
import { test } from "node:test";
import { uniform } from "../../../lmkit/widgets/base/rng.js";
import { read } from "../runtime/vectors.js";

test("every seed and counter gives the number that it gives in Python", () => {
  const cases = read("uniform");
  assert.ok(cases.length >= 36);
  for (const [seed, counter, number] of cases) assert.equal(uniform(seed, counter), number);
});
