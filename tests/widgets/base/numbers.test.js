import assert from "node:assert/strict";
import { test } from "node:test";
import { typedNumber } from "../../../lmkit/widgets/base/numbers.js";

const SEED = { low: 0, high: 2 ** 32 - 1, whole: true };
const TEMPERATURE = { low: 0.1, high: 3, whole: false };

test("what is a number is read as JavaScript reads it", () => {
  for (const text of ["0", "13", "1e3", "1E3", " 1 000 ", "007", "4294967295", "2.0", "+5", "1.5e1"]) {
    assert.equal(typedNumber("seed", text, SEED), Number(text.replaceAll(" ", "")), text);
  }
  for (const text of ["0.1", ".5", "3.", "25e-1"]) assert.equal(typedNumber("t", text, TEMPERATURE), Number(text));
  assert.equal(typedNumber("penalty", "\u22120.5", { low: -1, high: 1, whole: false }), -0.5);
});

test("all else is refused, and the message says what was typed", () => {
  const wrong = [
    "1e-3",
    "1.5",
    "-1",
    "1e10",
    "4294967296",
    "0x10",
    "1,5",
    "ten",
    "1e",
    "--1",
    "NaN",
    "Infinity",
    "1 2 x",
  ];
  for (const text of wrong) {
    const message = `seed must be a whole number from 0 to 4294967295, but it is ‘${text}’`;
    assert.throws(() => typedNumber("seed", text, SEED), { name: "LabError", message });
  }
  for (const text of ["", "  "]) assert.throws(() => typedNumber("seed", text, SEED), /but the field holds no number$/);
  const long = `${"9".repeat(41)}`;
  assert.throws(
    () => typedNumber("seed", long, SEED),
    (error) => error.message.endsWith(`‘${"9".repeat(40)}…’`),
  );
});
