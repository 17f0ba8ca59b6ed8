// A lab's state in an address: what was written is read again, and what anybody else has written harms nothing.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { LONGEST_TEXT, labOf, read, starts, write } from "../../../lmkit/widgets/base/toolbar/link.js";

const CONTROLS = [
  { name: "prompt", label: "Prompt", trait: "prompt", type: "text", start: "the" },
  { name: "method", label: "Method", trait: "method_index", type: "int", low: 0, high: 3, start: 1 },
  { name: "temperature", label: "Temperature", trait: "temperature", type: "float", low: 0.1, high: 3, start: 1 },
  { name: "penalty", label: "Penalty", trait: "penalty", type: "float", low: -1, high: 3, start: 0 },
  { name: "seed", label: "Seed", trait: "seed", type: "int", low: 0, high: 2 ** 32 - 1, start: 0 },
  { name: "step", label: "Step", trait: "step", type: "int", low: 1, high: "steps", start: 2 },
  { name: "tied", label: "Tied", trait: "tied", type: "bool", start: true },
];
const TOOLBAR = { lab: "decoding-2", version: "1a2b3c4d", controls: CONTROLS };
const START = Object.fromEntries(CONTROLS.map(({ trait, start }) => [trait, start]));
const GOOD = write(TOOLBAR, (trait) => START[trait]);

/** What a fragment says, by the names of controls. */
function said(fragment) {
  const { values, ...rest } = read(fragment, TOOLBAR);
  return { ...rest, values: Object.fromEntries([...values].map(([{ name }, value]) => [name, value])) };
}

/** A good fragment with other values. */
function changed(changes) {
  const fields = new URLSearchParams(GOOD.slice(1));
  for (const [name, value] of Object.entries(changes)) fields.set(name, value);
  return `#${fields}`;
}

describe("a link", () => {
  const states = [
    START,
    { ...START, temperature: 0.35, penalty: -0.5, seed: 2 ** 32 - 1, tied: false },
    { ...START, prompt: "\tRomeo:⏎O, &=#%+ ‘ä’ 😀 \u202e", method_index: 3, step: 200 },
    { ...START, prompt: "" },
    { ...START, prompt: "x".repeat(LONGEST_TEXT), penalty: 1e-7 },
  ];
  for (const [i, state] of states.entries()) {
    test(`brings back state ${i} exactly`, () => {
      const fragment = write(TOOLBAR, (trait) => state[trait]);
      assert.match(fragment, /^#lab=decoding-2&v=1a2b3c4d&prompt=[\x21-\x7e]*$/);
      assert.equal(labOf(fragment), "decoding-2");
      const { values, ...rest } = said(fragment);
      assert.deepEqual(rest, { isOther: false, wrong: [], unknown: [] });
      for (const { name, trait } of CONTROLS) assert.equal(values[name], state[trait]);
    });
  }

  test("says what a slider shows, and not how it counts", () => {
    const fragment = write(TOOLBAR, (trait) => ({ ...START, temperature: 0.9000000000000001 })[trait]);
    assert.equal(said(fragment).values.temperature, 0.9);
  });

  test("is not made of what no link brings back", () => {
    for (const prompt of ["x".repeat(LONGEST_TEXT + 1), "two\nlines"])
      assert.equal(
        write(TOOLBAR, (trait) => ({ ...START, prompt })[trait]),
        null,
      );
  });
});

describe("hostile input", () => {
  const wrong = {
    method: ["4", "-1", "1.5", "", "greedy", "0x1", "1e999", "NaN", "Infinity", "true", "[1]", "1,2", "__proto__"],
    temperature: ["0.09", "3.01", "-1", "1e9", "NaN", "", "<img src=x onerror=alert(1)>", "0,7", "٣"],
    penalty: ["-1.1", "--1", "1e", "Infinity"],
    seed: ["4294967296", "-1", "0.5", "9".repeat(400)],
    step: ["0", "1.5", "9007199254740993", "x"],
    tied: ["true", "2", "", "yes", "null"],
    prompt: ["x".repeat(LONGEST_TEXT + 1), "two\nlines", "\u0000", "\u0085"],
  };
  for (const row of CONTROLS) {
    test(`${row.name} stays at its start where the value is none that it takes`, () => {
      for (const value of wrong[row.name]) {
        const { values, ...rest } = said(changed({ [row.name]: value }));
        assert.deepEqual(rest, { isOther: false, wrong: [row.label], unknown: [] }, value);
        assert.equal(values[row.name], row.start, value);
      }
    });
  }

  test("a value that is missing, or there twice, is the start's", () => {
    assert.deepEqual(said(GOOD.replace("&seed=0", "")).wrong, ["Seed"]);
    const twice = said(`${GOOD}&seed=7`);
    assert.deepEqual([twice.wrong, twice.values.seed], [["Seed"], 0]);
  });

  test("names that the lab does not have are told of and set nothing", () => {
    const names = ["__proto__", "constructor", "toString", "weights", "_esm", "prompt_index"];
    const { unknown, values, wrong: left } = said(`${GOOD}&${names.map((name) => `${name}=1`).join("&")}`);
    assert.deepEqual([unknown, left], [names, []]);
    assert.deepEqual(Object.keys(values), Object.keys(said(GOOD).values));
    assert.equal({}.polluted, undefined);
  });

  test("a link of another version sets nothing at all", () => {
    for (const version of ["", "1a2b3c4e", "1A2B3C4D"]) {
      const { isOther, values } = said(changed({ v: version, seed: "7" }));
      assert.deepEqual([isOther, values.seed], [true, 0]);
    }
  });

  test("what is no link leads nowhere", () => {
    for (const fragment of ["", "#", "#section", "#lab", "#xlab=decoding-2", "#LAB=decoding-2"])
      assert.equal(labOf(fragment), null);
    assert.equal(labOf(`#lab=decoding-2&prompt=${"x".repeat(30_000)}`), "");
    assert.equal(labOf("#lab="), "");
  });

  test("what is written wrong is read without an error", () => {
    for (const fragment of ["#lab=%", "#lab=%ff%fe&v=%", "#lab=&&&==&=", `#lab=${"%F0".repeat(1000)}`]) {
      assert.equal(typeof labOf(fragment), "string");
      assert.ok(read(fragment, TOOLBAR).isOther);
    }
    assert.equal(said(changed({ prompt: "" }).replace("prompt=", "prompt=%ff")).values.prompt, "\ufffd");
  });
});

test("controls start where they start", () => {
  assert.deepEqual([...starts(CONTROLS).values()], Object.values(START));
});
