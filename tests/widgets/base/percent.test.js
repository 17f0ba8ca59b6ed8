// Percentages read well, small ones too.
import assert from "node:assert/strict";
import { test } from "node:test";
import { percent } from "../../../lmkit/widgets/base/dom.js";

for (const [share, text] of [
  [1, "100\u202f%"],
  [0.42, "42\u202f%"],
  [0.0312, "3.1\u202f%"],
  [2e-5, "< 0.1\u202f%"],
  [0, "0\u202f%"],
]) {
  test(`${share} is written as ${text}`, () => assert.equal(percent(share), text));
}
