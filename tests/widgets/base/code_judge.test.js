// Answers in gaps of code: what Python reads alike is alike here too.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { judge, linesOf, normalForm } from "../../../lmkit/widgets/base/code_judge.js";

describe("one spelling", () => {
  const alike = [
    ["spaces", "x+1", " x  +\u00a01 ", "x + 1"],
    ["quotes", "'a'", '"a"', "“a”", "‘a’"],
    ["a module before a layer", "nn.Linear(3, 4)", "torch.nn.Linear(3,4)", "Linear(3, 4)"],
    ["a module before a function", "torch.tanh(x)", "F.tanh(x)", "nn.functional.tanh(x)", "tanh(x)"],
    ["underscores in numbers", "10_000", "10000"],
    ["signs of other keyboards", "a - b * c", "a − b × c", "a – b · c"],
  ];
  for (const [name, first, ...others] of alike) {
    test(name, () => {
      for (const other of others) assert.equal(normalForm(other), normalForm(first));
    });
  }

  const different = [
    ["x ** 2", "x * * 2"],
    ["a // b", "a / / b"],
    ["a == b", "a = = b"],
    ["'a b'", "'ab'"],
    ["x1", "x 1"],
    ["1.5", "1 . 5"],
    ["'it\"s'", '"it\'s"'],
    ["Torch.tanh", "torch.tanh"],
    ["nn.linear", "Linear"],
  ];
  for (const [one, other] of different) {
    test(`${one} is not ${other}`, () => assert.notEqual(normalForm(one), normalForm(other)));
  }

  test("nothing is nothing", () => assert.equal(normalForm(" \t"), ""));
});

describe("a verdict", () => {
  const gap = {
    accepted: ["x . mean ( )", "Linear"],
    hints: { "x . sum ( )": "this is the sum", "": "think of an average" },
  };

  test("right, in any spelling", () => {
    const right = { verdict: "right", hint: "" };
    assert.deepEqual(judge({ accepted: ["Linear ( 3 , 4 )"], hints: {} }, "torch.nn.Linear(3,4)"), right);
    assert.deepEqual(judge({ accepted: ["a", "b"], hints: {} }, " b "), right);
  });

  test("empty", () => assert.deepEqual(judge(gap, "  "), { verdict: "empty", hint: "" }));

  test("wrong, with the hint for this answer", () => {
    assert.deepEqual(judge({ ...gap, hints: { sum: "this is the sum" } }, "sum"), {
      verdict: "wrong",
      hint: "this is the sum",
    });
  });

  test("wrong, but close: letters or modules differ", () => {
    const hint = "Almost: look at the capital letters, and at the module before the dot";
    for (const answer of ["linear", "LINEAR", "f.linear", "torch.linear"]) {
      assert.deepEqual(judge(gap, answer), { verdict: "wrong", hint }, answer);
    }
  });

  test("wrong, with the hint for all others, or none", () => {
    assert.deepEqual(judge(gap, "median"), { verdict: "wrong", hint: "think of an average" });
    assert.deepEqual(judge({ accepted: ["a"], hints: {} }, "b"), { verdict: "wrong", hint: "Not this; try again" });
  });

  test("names of every object are no hints", () => {
    assert.equal(judge({ accepted: ["a"], hints: {} }, "constructor").hint, "Not this; try again");
  });
});

test("gaps are numbered through all lines", () => {
  assert.deepEqual(linesOf("x = {{a}} + {{b}}\ny\nz = {{c}}"), [["x = ", 0, " + ", 1, ""], ["y"], ["z = ", 2, ""]]);
});
