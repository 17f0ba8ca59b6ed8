// What has changed between two texts, against all ways to lay one upon the other.

import assert from "node:assert/strict";
import { test } from "node:test";
import { countChanges, newWords } from "../../../lmkit/widgets/labs/padding/changes.js";

/** Every subset of the words, in order. */
function* subsequences(words) {
  for (let bits = 0; bits < 2 ** words.length; bits++) yield words.filter((_, i) => (bits >> i) & 1);
}

/** The most words that both texts have in the same order, by trying all. */
function common(a, b) {
  const known = new Set([...subsequences(a)].map((some) => some.join(" ")));
  return Math.max(...[...subsequences(b)].filter((some) => known.has(some.join(" "))).map((some) => some.length));
}

function* texts(length) {
  for (let n = 0; n <= length; n++)
    for (let code = 0; code < 3 ** n; code++)
      yield [...code.toString(3).padStart(n, "0")].slice(0, n).map((digit) => "abc"[Number(digit)]);
}

test("as few words are new as can be, and the others stand in the text before, in order", () => {
  const before = ["a", "b", "a", "c", "b"];
  for (const now of texts(5)) {
    const found = newWords(before, now);
    const kept = now.filter((_, j) => !found[j]);
    assert.equal(found.length, now.length);
    assert.equal(kept.length, common(before, now), now.join(" "));
    assert.ok([...subsequences(before)].some((some) => some.join(" ") === kept.join(" ")));
  }
});

test("changes are counted: new words, or those that are gone where these are more", () => {
  const count = (a, b) => countChanges(a.split(" "), b.split(" "));
  assert.equal(count("the old king sang", "the old king sang"), 0);
  assert.equal(count("the old king sang", "the old queen sang"), 1);
  assert.equal(count("the old king sang", "the king"), 2);
  assert.equal(count("the king", "the old king sang"), 2);
  assert.equal(count("a b c", "c b a"), 2);
  assert.deepEqual(newWords([], ["a"]), [true]);
  assert.deepEqual(newWords(["a"], []), []);
});
