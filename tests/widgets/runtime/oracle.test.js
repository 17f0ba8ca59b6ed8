// The oracle knows of Stories what Python's knows.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Grammar, Oracle } from "../../../lmkit/widgets/runtime/oracle.js";
import { assertNear, read } from "./vectors.js";

const { grammar: TABLE, texts: TEXTS } = read("oracle");
const EXACT = { absolute: 1e-9 };

test("every next token of every beginning has the probability that it has in Python", () => {
  const grammar = new Grammar(TABLE);
  for (const steps of TEXTS) {
    let oracle = new Oracle(grammar);
    for (const { next, token, probability } of steps) {
      const known = oracle.next();
      assert.deepEqual([...known.keys()].sort(), Object.keys(next).sort());
      for (const [word, p] of known) assertNear([p], [next[word]], EXACT, word);
      const read = oracle.read(token);
      assertNear([read.probability], [probability], EXACT);
      oracle = read.oracle;
    }
  }
});

test("reading twice gives the same oracle, and leaves the one that was read with", () => {
  const oracle = new Oracle(new Grammar(TABLE));
  const before = new Map(oracle.next());
  const [{ token }] = TEXTS[0];
  assert.equal(oracle.read(token), oracle.read(token));
  assert.deepEqual(oracle.next(), before);
});

test("what the grammar cannot write has no probability, and nothing follows", () => {
  let oracle = new Oracle(new Grammar(TABLE));
  const words = [...TEXTS[0].slice(0, 5).map(({ token }) => token), TABLE.end, "the"];
  const probabilities = words.map((word) => {
    const read = oracle.read(word);
    oracle = read.oracle;
    return read.probability;
  });
  assert.ok(probabilities.slice(0, 5).every((p) => p > 0));
  assert.deepEqual(probabilities.slice(5), [0, 0]);
  assert.equal(oracle.next().size, 0);
});

test("after the end of a story a new one begins", () => {
  const grammar = new Grammar(TABLE);
  let oracle = new Oracle(grammar);
  for (const { token } of TEXTS[0]) oracle = oracle.read(token).oracle;
  assert.deepEqual(oracle.next(), new Oracle(grammar).next());
});

/** A small grammar of every notation, whose probabilities can be told by hand. */
const SMALL = {
  registers: ["who", "other"],
  start: "STORY",
  end: "<eos>",
  rules: {
    STORY: ["who=NAME met other=NAME!who . $who.she saw $other ."],
    NAME: { anna: 3, ben: 1, NICK: 2 },
    NICK: ["cat", "dog"],
  },
  forms: { she: { anna: "she", ben: "he", NICK: "it" } },
};

function probabilitiesOf(words, grammar = new Grammar(SMALL)) {
  let oracle = new Oracle(grammar);
  return words.map((word) => {
    const read = oracle.read(word);
    oracle = read.oracle;
    return read.probability;
  });
}

describe("a small grammar", () => {
  test("weights, registers and forms", () => {
    const words = ["anna", "met", "ben", ".", "she", "saw", "ben", ".", "<eos>"];
    // Without anna, who may not be met twice, ben has 1 of 3.
    assertNear(probabilitiesOf(words), [3 / 6, 1, 1 / 3, 1, 1, 1, 1, 1, 1], EXACT);
  });

  test("alternatives of a rule are alike unless they have weights; a form holds for all words of a rule", () => {
    const words = ["cat", "met", "dog", ".", "it", "saw", "dog", "."];
    // Of cat and dog, a third of all, only dog is left once cat is taken.
    assertNear(probabilitiesOf(words), [1 / 6, 1, 2 / 6, 1, 1, 1, 1, 1], EXACT);
  });

  test("the word that is excluded cannot come, and neither can another form or name", () => {
    assert.equal(probabilitiesOf(["anna", "met", "anna"]).at(-1), 0);
    assert.equal(probabilitiesOf(["anna", "met", "ben", ".", "he"]).at(-1), 0);
    assert.equal(probabilitiesOf(["anna", "met", "ben", ".", "she", "saw", "anna"]).at(-1), 0);
  });

  test("several ways to write one beginning are weighed together", () => {
    const table = {
      registers: [],
      start: "STORY",
      end: "$",
      forms: {},
      rules: { STORY: { "a b": 1, "a c": 2, "b b": 1 } },
    };
    const oracle = new Oracle(new Grammar(table));
    assert.deepEqual(
      [...oracle.next()],
      [
        ["a", 0.75],
        ["b", 0.25],
      ],
    );
    const { probability, oracle: after } = oracle.read("a");
    assertNear([probability, after.next().get("b"), after.next().get("c")], [0.75, 1 / 3, 2 / 3], EXACT);
  });

  test("ways that leave the same to write are one", () => {
    const table = {
      registers: [],
      start: "STORY",
      end: "$",
      forms: {},
      rules: { STORY: ["ONE c", "TWO c"], ONE: ["a"], TWO: ["a", "b"] },
    };
    const { probability, oracle } = new Oracle(new Grammar(table)).read("a");
    assert.equal(probability, 0.75);
    assert.equal(oracle.belief.length, 1);
    assertNear([oracle.belief[0].weight, oracle.next().get("c")], [1, 1], EXACT);
  });

  test("one symbol may store in two registers, and what it stores stays apart from what it excludes", () => {
    const table = {
      registers: ["a", "b"],
      start: "STORY",
      end: "$",
      forms: {},
      rules: { STORY: ["a,b=NAME and a=NAME!b then $a $b"], NAME: ["x", "y", "z"] },
    };
    const words = ["x", "and", "y", "then", "y", "x", "$"];
    assertNear(probabilitiesOf(words, new Grammar(table)), [1 / 3, 1, 1 / 2, 1, 1, 1, 1], EXACT);
  });

  test("what is excluded stays so in a rule of a rule that stores nothing", () => {
    const table = {
      registers: ["who"],
      start: "STORY",
      end: "$",
      forms: {},
      rules: { STORY: ["who=NAME and NAME!who"], NAME: ["m", "NICK"], NICK: ["k", "l"] },
    };
    assertNear(probabilitiesOf(["k", "and", "l"], new Grammar(table)), [1 / 4, 1, 1 / 2], EXACT);
    assert.equal(probabilitiesOf(["k", "and", "k"], new Grammar(table)).at(-1), 0);
  });

  test("beliefs that differ in what is left to write are two", () => {
    const table = { registers: [], start: "STORY", end: "$", forms: {}, rules: { STORY: ["x ab c", "x a bc"] } };
    const { oracle } = new Oracle(new Grammar(table)).read("x");
    assertNear([oracle.next().get("ab"), oracle.next().get("a")], [0.5, 0.5], EXACT);
  });

  test("beliefs that differ in what is remembered are two", () => {
    const table = {
      registers: ["p", "q"],
      start: "STORY",
      end: "$",
      forms: {},
      rules: { STORY: ["p=NAME NAME!p", "q=NAME NAME!p"], NAME: ["m", "n"] },
    };
    const { oracle } = new Oracle(new Grammar(table)).read("m");
    assertNear([oracle.next().get("m"), oracle.next().get("n")], [0.25, 0.75], EXACT);
  });

  test("what was found out for some registers is not taken for others", () => {
    const table = {
      registers: ["p", "q"],
      start: "STORY",
      end: "$",
      forms: {},
      rules: { STORY: ["p=LEFT q=RIGHT $q"], LEFT: ["a", "ab"], RIGHT: ["bc", "c"] },
    };
    const grammar = new Grammar(table);
    assert.equal(probabilitiesOf(["a", "bc", "bc"], grammar).at(-1), 1);
    assert.equal(probabilitiesOf(["ab", "c", "c"], grammar).at(-1), 1);
  });

  test("a mark of one character is no notation", () => {
    const table = { registers: [], start: "STORY", end: "end", forms: {}, rules: { STORY: ["a = ! $ ,"] } };
    assert.deepEqual(probabilitiesOf(["a", "=", "!", "$", ",", "end"], new Grammar(table)), [1, 1, 1, 1, 1, 1]);
  });

  test("a register that holds nothing is an error of the grammar, not a word", () => {
    const table = {
      registers: ["who"],
      start: "STORY",
      end: "$",
      forms: { she: { anna: "she" } },
      rules: { STORY: ["$who.she"] },
    };
    assert.throws(() => new Oracle(new Grammar(table)).next(), /has no word for/);
  });
});
