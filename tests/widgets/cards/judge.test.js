// How an answer is read: numbers, words, orders. What cards say of answers is compared with Python in test_judge.py.

import assert from "node:assert/strict";
import test from "node:test";
import { judgeCard, ordinal, readings, shuffled, textForm } from "../../../lmkit/widgets/cards/judge.js";

const NUMBERS = [
  ["8933", [8933]],
  ["8 933", [8933]],
  ["8\u202f933", [8933]],
  ["8'933", [8933]],
  ["8_933", [8933]],
  ["8,933", [8933, 8.933]],
  ["1,234,567", [1234567]],
  ["1.234.567", [1234567]],
  ["1.234,5", [1234.5]],
  ["1,234.5", [1234.5]],
  ["1 234,5", [1234.5]],
  ["0,5", [0.5]],
  ["0,125", [0.125]],
  [".5", [0.5]],
  [",5", [0.5]],
  ["5.", [5]],
  ["8.933", [8.933]],
  ["-3", [-3]],
  ["\u22123", [-3]],
  ["– 3", [-3]],
  ["+3", [3]],
  ["  7 ", [7]],
  ["25 %", [0.25]],
  ["25%", [0.25]],
  ["12,5 %", [0.125]],
  ["25 percent", [0.25]],
  ["25 per cent", [0.25]],
  ["1/4", [0.25]],
  ["1 / 8", [0.125]],
  ["-1/4", [-0.25]],
  ["1e-3", [0.001]],
  ["2.5E3", [2500]],
  ["≈ 3", [3]],
  ["= 3", [3]],
  ["~3", [3]],
  ["", []],
  ["abc", []],
  ["3 7", []],
  ["12 34", []],
  ["1,2,3", []],
  ["1.2.3", []],
  ["--3", []],
  ["3 apples", []],
  ["0x10", []],
  ["1/0", []],
  ["1/2/3", []],
  ["Infinity", []],
  ["NaN", []],
  ["%", []],
  ["-", []],
  ["e5", []],
  ["1 234 56", []],
  ["<b>3</b>", []],
  ["²", []],
];

for (const [text, values] of NUMBERS) {
  test(`‘${text}’ is read as ${values.join(" or ") || "no number"}`, () => {
    const found = readings(text);
    assert.equal(found.length, values.length);
    for (const [i, value] of values.entries()) {
      assert.ok(Math.abs(found[i] - value) <= 1e-6 * Math.abs(value), `${found[i]} is not ${value}`);
    }
  });
}

for (const [text, unit, value] of [
  ["25 %", "%", 25],
  ["25", "%", 25],
  ["8933 parameters", "parameters", 8933],
  ["8 Parameters", "parameters", 8],
]) {
  test(`‘${text}’ is ${value} where the answer is asked for in ${unit}`, () => {
    assert.deepEqual(readings(text, unit), [value]);
  });
}

const TEXTS_ALIKE = [
  ["forget", " Forget. "],
  ["hidden state", "hidden  state"],
  ["hidden state", "Hidden-State"],
  ["top-k", "Top k"],
  ["softmax", "softmax()"],
  ["forget", "“forget”"],
  ["Straße", "straße"],
  ["h2", "h₂"],
  ["-1", "−1"],
  ["8933", "8,933"],
  ["0.5", "0,5"],
  ["*", " * "],
  ["non-linear", "nonlinear"],
];
const TEXTS_DIFFERENT = [
  ["forget", "input"],
  ["1", "-1"],
  ["8933", "8934"],
  ["top-k", "top-p"],
  ["h 1", "h2"],
  ["forget", "forge"],
  ["1 2", "12"],
  ["a.b", "ab"],
];

for (const [answer, typed, verdict] of [
  ...TEXTS_ALIKE.map((pair) => [...pair, "right"]),
  ...TEXTS_DIFFERENT.map((pair) => [...pair, "wrong"]),
]) {
  test(`in a gap for ‘${answer}’, ‘${typed}’ is ${verdict}`, () => {
    const gaps = [{ name: "x", accepted: [answer], hints: { input: "no" } }];
    const { parts } = judgeCard({ kind: "fill", code: false, gaps }, { x: typed });
    assert.deepEqual(parts, [{ verdict, hint: typed === "input" ? "no" : "" }]);
  });
}

test("one spelling of a text has neither case nor punctuation around it", () => {
  assert.equal(textForm(" The Top-K, filter! "), textForm("the top k, filter"));
});

test("places are shuffled evenly, and the same for one key", () => {
  const draw = () => Array.from({ length: 480 }, (_, seed) => shuffled(4, `card ${seed}`).join(""));
  const orders = draw();
  assert.deepEqual(draw(), orders);
  const counts = new Map();
  for (const order of orders) counts.set(order, (counts.get(order) ?? 0) + 1);
  for (const order of counts.keys()) assert.equal([...order].sort().join(""), "0123");
  assert.equal(counts.size, 24);
  for (const count of counts.values()) assert.ok(count >= 6 && count <= 40); // 20 each; five standard deviations are 22
});

test("ordinals", () => {
  const said = [1, 2, 3, 4, 11, 12, 13, 21].map(ordinal);
  assert.deepEqual(said, ["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st"]);
});
