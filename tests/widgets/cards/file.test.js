// The text of a log: what is written is read back, and what cannot be read is told.

import assert from "node:assert/strict";
import test from "node:test";
import { LabError } from "../../../lmkit/widgets/base/errors.js";
import { checkFileSize, isAhead, NewerLogError, readLog, writeLog } from "../../../lmkit/widgets/cards/file.js";
import { FORMAT, textOf } from "./storage.js";

const DAY = 86_400_000;
const REVIEWS = [
  { card: "a", grade: 3, at: 1 },
  { card: "long-name-7", grade: 0, at: 8.64e15 },
];

test("what is written is read back", () => {
  assert.deepEqual(readLog(writeLog(REVIEWS)), { reviews: REVIEWS, resets: 0, faults: [] });
  assert.deepEqual(readLog(writeLog(REVIEWS, { resets: 2, exported: "today" })).resets, 2);
  assert.deepEqual(readLog(`\ufeff${writeLog([])}`).reviews, []);
});

test("resets that are no whole number count as none", () => {
  for (const resets of ["2", 1.5, null, [3]]) assert.equal(readLog(writeLog([], { resets })).resets, 0);
});

test("an entry at fault is told by its place, and the others are read", () => {
  const { reviews, faults } = readLog(textOf(["a", 3, 1], ["A", 3, 1], ["a", 5, 1], ["a", 3, 0], 7, ["b", 0, 2]));
  assert.deepEqual(
    reviews.map(({ card }) => card),
    ["a", "b"],
  );
  assert.deepEqual(
    faults.map((fault) => fault.slice(0, fault.indexOf(", but"))),
    ['answer 2 has the card "A"', "answer 3 has the grade 5", "answer 4 has the time 0", "answer 5 has 7"],
  );
});

test("a log of a newer edition is told from one that is none", () => {
  const withVersion = (version) => `{"format": "${FORMAT}", "version": ${version}, "reviews": []}`;
  assert.throws(() => readLog(withVersion(2)), NewerLogError);
  for (const version of ["0", "null", '"2"', "1e999"]) {
    assert.throws(
      () => readLog(withVersion(version)),
      (error) => error instanceof LabError && !(error instanceof NewerLogError),
    );
  }
});

test("clocks may differ by a day", () => {
  assert.equal(isAhead({ at: 5 * DAY }, 4 * DAY), false);
  assert.equal(isAhead({ at: 5 * DAY + 1 }, 4 * DAY), true);
});

test("a file that is too large is refused", () => {
  checkFileSize(10_000_000);
  assert.throws(() => checkFileSize(10_000_001), { name: "LabError", message: /too large.*nothing was changed$/ });
});
