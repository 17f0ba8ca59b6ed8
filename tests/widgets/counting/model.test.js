// Places are spread evenly from the first to the last.
import assert from "node:assert/strict";
import { test } from "node:test";
import { spread } from "../../../lmkit/widgets/labs/counting/model.js";

for (const [length, limit] of [
  [0, 6],
  [1, 6],
  [6, 6],
  [7, 6],
  [1000, 6],
  [5, 2],
]) {
  test(`${limit} of ${length} places`, () => {
    const found = spread([...Array(length).keys()], limit);
    assert.equal(found.length, Math.min(length, limit));
    assert.deepEqual(
      found,
      [...new Set(found)].sort((a, b) => a - b),
    );
    if (length) assert.deepEqual([found[0], found.at(-1)], [0, length - 1]);
  });
}
