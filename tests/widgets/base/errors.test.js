import assert from "node:assert/strict";
import { test } from "node:test";
import { problemText, shortened } from "../../../lmkit/widgets/base/errors.js";

test("a problem is a sentence", () => {
  assert.equal(problemText("seed must be a number, but it is ‘x’"), "Seed must be a number, but it is ‘x’.");
  assert.equal(problemText("é"), "É.");
});

test("no problem is long, whatever it repeats", () => {
  for (const repeated of ["x".repeat(20_000), "the ".repeat(4000), "😀".repeat(5000), " ".repeat(999)]) {
    const told = problemText(`model file must be whole, but it holds ‘${repeated}’`);
    assert.ok(told.length <= 300 && told.isWellFormed(), told);
    assert.ok(told.startsWith("Model file must be whole"));
    assert.ok([...shortened(repeated)].length <= 41);
  }
});
