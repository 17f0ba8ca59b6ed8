// The page knows of the translations of a story what Python knows.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { bestLogProb } from "../../../lmkit/widgets/runtime/translators/translation_best.js";
import { TranslationGrammar } from "../../../lmkit/widgets/runtime/translators/translation_oracle.js";
import { assertNear, read } from "./vectors.js";

const { stories: STORIES, german: GERMAN, vocab: VOCAB, cases: CASES, faults: FAULTS } = read("translation");
const EXACT = { absolute: 1e-9 };
const GRAMMAR = new TranslationGrammar(STORIES, GERMAN);

test("every next word after every beginning has the probability that it has in Python", () => {
  for (const { source, target, next } of CASES) {
    let oracle = GRAMMAR.translate(source);
    for (const [i, word] of target.entries()) {
      const known = oracle.next();
      assert.deepEqual([...known.keys()].sort(), Object.keys(next[i]).sort());
      for (const [other, p] of known) assertNear([p], [next[i][other]], EXACT, other);
      const step = oracle.read(word);
      assertNear([step.probability], [next[i][word]], EXACT, word);
      oracle = step.oracle;
    }
    assert.equal(oracle.next().size, 0);
  }
});

test("every word comes from where it comes from in Python", () => {
  for (const { source, target, alignment } of CASES) {
    let oracle = GRAMMAR.translate(source);
    for (const [i, word] of target.entries()) {
      assert.deepEqual(oracle.alignment(), alignment.slice(0, i));
      oracle = oracle.read(word).oracle;
    }
    assert.deepEqual(oracle.alignment(), alignment);
  }
});

test("the best translation has the probability that it has in Python, whatever was read of it", () => {
  for (const { source, target, next, best } of CASES) {
    let oracle = GRAMMAR.translate(source);
    const whole = bestLogProb(oracle);
    assertNear([whole], [best], EXACT);
    let read = 0;
    for (const [i, word] of target.entries()) {
      read += Math.log(next[i][word]);
      oracle = oracle.read(word).oracle;
      assert.ok(read + bestLogProb(oracle) <= whole + 1e-9);
    }
    assert.equal(bestLogProb(oracle), 0); // nothing is left to write
  }
});

test("the words that cannot come are all others of the vocabulary", () => {
  const [{ source, next }] = CASES;
  const impossible = GRAMMAR.translate(source).impossible(VOCAB);
  assert.equal(impossible.length, VOCAB.length - Object.keys(next[0]).length);
  assert.ok(impossible.every((word) => !(word in next[0])));
});

test("what cannot come has no probability, and nothing follows it", () => {
  const { source, target } = CASES[0];
  const wrong = GRAMMAR.translate(source).read(target[0]).oracle.read("<eos>");
  assert.equal(wrong.probability, 0);
  assert.equal(wrong.oracle.next().size, 0);
  assert.deepEqual(wrong.oracle.alignment(), []);
});

test("reading twice gives the same oracle, and leaves the one that was read with", () => {
  const { source, target } = CASES[0];
  const oracle = GRAMMAR.translate(source);
  const before = new Map(oracle.next());
  assert.equal(oracle.read(target[0]), oracle.read(target[0]));
  assert.deepEqual(oracle.next(), before);
});

test("a story may leave its end token out; the end then comes from nowhere", () => {
  const { source, target, alignment } = CASES[0];
  let oracle = GRAMMAR.translate(source.slice(0, -1));
  for (const word of target) oracle = oracle.read(word).oracle;
  assert.deepEqual(oracle.alignment(), [...alignment.slice(0, -1), []]);
});

test("what is no story is an error that names the first word that does not fit", () => {
  for (const { source, place } of FAULTS) {
    const message =
      place === null ? /ends too early|is empty/ : new RegExp(`word ${place} of the story, “${source[place - 1]}”`);
    assert.throws(() => GRAMMAR.translate(source), message);
  }
  assert.throws(() => GRAMMAR.translate([...CASES[0].source, "one"]), /“<eos>”, cannot follow/);
});

describe("a small table", () => {
  const stories = {
    registers: ["who"],
    start: "STORY",
    end: "<eos>",
    forms: {},
    rules: { STORY: { "who=NAME SAW it": 2, "who=ANN saw it": 1 }, NAME: ["ANN", "bo"], ANN: ["ann"], SAW: ["saw"] },
  };
  const german = {
    contractions: { "zu dem": "zum" },
    endings: { der: { dat: "dem der dem dem" } },
    forms: {},
    rules: {
      STORY: {
        "who=NAME SAW it": "3 NAME SAW es~2 SAW.part | 1 zu~2+der:dat:who NAME SAW",
        "who=ANN saw it": "1 ANN sah~1 es~2 an~ | 1 ANN sah~1 es~2",
      },
      NAME: { "/": "noun/gender", ANN: "ANN", bo: "1 Bo/m | 1 Bo/f" },
      ANN: { "/": "noun/gender", ann: "Ann/f" },
      SAW: { "/": "pret/part", saw: "1 sah/an | 2 sah" },
    },
  };
  const translator = new TranslationGrammar(stories, german);
  /** @param {string[]} source @param {string[]} words */
  const after = (source, words) => words.reduce((known, word) => known.read(word).oracle, translator.translate(source));

  test("derivations are weighed together, and an alignment is that of the likeliest", () => {
    // NAME and SAW: 2/3 · 1/2 = 1/3; ANN and saw: 1/3. So each is half of what is known.
    const source = ["ann", "saw", "it"];
    assertNear([translator.translate(source).next().get("Ann")], [0.5 * 0.75 + 0.5], EXACT);
    const known = after(source, ["Ann", "sah", "es"]);
    // Of the first, 3/4 · 1/3 go on with “an”; of the second, a half.
    assertNear([known.next().get("an")], [(0.375 / 3 + 0.25) / 0.875], EXACT);
    assert.deepEqual(known.read("an").oracle.alignment(), [[0], [1], [2], []]);
    assert.deepEqual(known.read("<eos>").oracle.alignment(), [[0], [1], [2], []]);
  });

  test("an article contracts or not by the gender that is chosen for a name", () => {
    const first = translator.translate(["bo", "saw", "it"]);
    assertNear([first.next().get("zum"), first.next().get("zu")], [0.125, 0.125], EXACT);
    assert.deepEqual([...after(["bo", "saw", "it"], ["zu"]).next().keys()], ["der"]);
    assert.deepEqual(after(["bo", "saw", "it"], ["zum", "Bo", "sah"]).alignment(), [[2], [0], [1]]);
  });
});
