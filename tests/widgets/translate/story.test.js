// Drawn stories are those of the grammar, and come as often as it says.

import assert from "node:assert/strict";
import { test } from "node:test";
import { drawStory } from "../../../lmkit/widgets/labs/translate/story.js";
import { Grammar, Oracle } from "../../../lmkit/widgets/runtime/oracle.js";
import { read } from "../runtime/vectors.js";

const GRAMMAR = new Grammar(read("oracle").grammar);

test("every story can be written by the grammar, and is another for another seed", () => {
  const drawn = Array.from({ length: 20 }, (_, seed) => drawStory(GRAMMAR, seed));
  assert.equal(new Set(drawn).size, 20);
  assert.equal(drawStory(GRAMMAR, 7), drawn[7]);
  for (const story of drawn) {
    let oracle = new Oracle(GRAMMAR);
    for (const word of [...story.split(" "), GRAMMAR.end]) {
      const { probability, oracle: after } = oracle.read(word);
      assert.ok(probability > 0, `${word} in ${story}`);
      oracle = after;
    }
  }
});

test("words come as often as they are probable", () => {
  const table = {
    registers: [],
    start: "STORY",
    end: "<eos>",
    forms: {},
    rules: { STORY: { aa: 1, "bb STORY": 2, "cc aa": 5 } },
  };
  const small = new Grammar(table);
  const counts = new Map();
  const tries = 4000;
  for (let seed = 0; seed < tries; seed++) {
    const [first] = drawStory(small, seed).split(" ");
    counts.set(first, (counts.get(first) ?? 0) + 1);
  }
  for (const [word, p] of [
    ["aa", 1 / 8],
    ["bb", 2 / 8],
    ["cc", 5 / 8],
  ]) {
    const spread = Math.sqrt(tries * p * (1 - p));
    assert.ok(Math.abs(counts.get(word) - tries * p) < 4 * spread, `${word}: ${counts.get(word)} of ${tries}`);
  }
});
