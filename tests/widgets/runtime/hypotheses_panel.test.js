// Of long hypotheses only what differs is shown.

import assert from "node:assert/strict";
import { test } from "node:test";
import { differing } from "../../../lmkit/widgets/runtime/panels/hypotheses_panel.js";

const best = [1, 2, 3, 4, 5, 0];
/** What is shown of a text beside the best one. */
const shown = (...tokens) => {
  const { start, stop } = differing(tokens, best);
  return tokens.slice(start, stop);
};

test("the part that differs, and a word before and behind it", () => {
  assert.deepEqual(shown(1, 2, 9, 4, 5, 0), [2, 9, 4]);
  assert.deepEqual(shown(9, 2, 3, 4, 5, 0), [9, 2]);
  assert.deepEqual(shown(1, 2, 3, 4, 5, 6), [5, 6]);
  assert.deepEqual(shown(7, 8), [7, 8]);
});

test("what is longer or shorter shows where", () => {
  assert.deepEqual(shown(1, 2, 3, 3, 4, 5, 0), [3, 3, 4]);
  assert.deepEqual(shown(1, 2, 4, 5, 0), [2, 4]);
  assert.deepEqual(shown(1, 2, 3), [3]);
});
