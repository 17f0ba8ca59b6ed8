// The text of a log: what is written is read back, and what cannot be read is told.

import assert from "node:assert/strict";
import test from "node:test";
import { LabError } from "../../../lmkit/widgets/base/errors.js";
import {
  checkFileSize,
  isAhead,
  keptResponse,
  NewerLogError,
  readLog,
  writeLog,
} from "../../../lmkit/widgets/base/progress/file.js";
import { FORMAT, textOf } from "./storage.js";

const DAY = 86_400_000;
const REVIEWS = [
  { card: "a", grade: 3, at: 1 },
  { card: "long-name-7", grade: 0, at: 8.64e15 },
];

const PREDICTIONS = [
  { question: "Which ends lower?", predicted: "the RNN", happened: "the LSTM", at: 5 },
  { question: "‘<b>’ & ⏎?", predicted: "p < .05", happened: "p < .05", at: 6 },
];

test("what is written is read back", () => {
  assert.deepEqual(readLog(writeLog(REVIEWS)), { entries: REVIEWS, reading: new Map(), resets: 0, faults: [] });
  const all = [...REVIEWS, ...PREDICTIONS];
  assert.deepEqual(readLog(writeLog(all)), { entries: all, reading: new Map(), resets: 0, faults: [] });
  assert.deepEqual(
    readLog(writeLog([...all].reverse()))
      .entries.slice(2)
      .reverse(),
    PREDICTIONS,
  );
  assert.ok(!writeLog(REVIEWS).includes("predictions"));
  assert.deepEqual(readLog(writeLog(REVIEWS, { resets: 2, exported: "today" })).resets, 2);
  assert.deepEqual(readLog(`\ufeff${writeLog([])}`).entries, []);
});

test("resets that are no whole number count as none", () => {
  for (const resets of ["2", 1.5, null, [3]]) assert.equal(readLog(writeLog([], { resets })).resets, 0);
});

test("an entry at fault is told by its place, and the others are read", () => {
  const { entries, faults } = readLog(textOf(["a", 3, 1], ["A", 3, 1], ["a", 5, 1], ["a", 3, 0], 7, ["b", 0, 2]));
  assert.deepEqual(
    entries.map(({ card }) => card),
    ["a", "b"],
  );
  assert.deepEqual(
    faults.map((fault) => fault.slice(0, fault.indexOf(", but"))),
    ['answer 2 has the card "A"', "answer 3 has the grade 5", "answer 4 has the time 0", "answer 5 has 7"],
  );
});

test("a prediction at fault is told by its place, and the others are read", () => {
  const good = ["q", "a", "b", 7];
  const bad = [
    7,
    null,
    ["q", "a", "b"],
    ["q", "a", 3, 7],
    ["q", { toString: 1 }, "b", 7],
    ["", "a", "b", 7],
    ["q", " ", "b", 7],
    ["q", "a", "b\u0000", 7],
    ["q\nr", "a", "b", 7],
    ["q".repeat(301), "a", "b", 7],
    ["q", "a", "b", "7"],
    ["q", "a", "b", -1],
    ["q", "a", "b", 1.5],
    ["q", "a", "b", 9e15],
    ["q", "a", "b", 7, 8],
  ];
  for (const entry of bad) {
    const { entries, faults } = readLog(textWith([good, entry, good]));
    assert.equal(entries.length, 2);
    assert.equal(faults.length, 1);
    assert.match(faults[0], /^prediction 2 has .*, but it must be /s);
    assert.ok(faults[0].length < 250, faults[0]);
  }
  for (const predictions of [7, "q", {}, null]) {
    assert.throws(() => readLog(textWith(predictions)), { name: "LabError", message: "its predictions are no list" });
  }
});

/** A log with these predictions, and no answers. */
function textWith(predictions) {
  return JSON.stringify({ format: FORMAT, version: 1, predictions, reviews: [] });
}

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

const GIVEN = [
  { card: "a", grade: 1, at: 5, response: [2] },
  { card: "b", grade: 3, at: 6, response: ["input", "Größe ⏎"] },
  { card: "c", grade: 3, at: 7 },
];

test("what was answered stands in a list of its own, which editions without it pass over", () => {
  const text = writeLog([...GIVEN, ...PREDICTIONS]);
  assert.deepEqual(readLog(text), { entries: [...GIVEN, ...PREDICTIONS], reading: new Map(), resets: 0, faults: [] });
  const { reviews, responses, version } = JSON.parse(text);
  assert.deepEqual([version, reviews.map((entry) => entry.length)], [1, [3, 3, 3]]);
  assert.deepEqual(responses, [
    ["a", 5, [2]],
    ["b", 6, ["input", "Größe ⏎"]],
  ]);
  assert.ok(!writeLog(REVIEWS).includes("responses"));
});

test("a response to no answer, or to one that was taken back, is left out", () => {
  const text = JSON.stringify({
    ...JSON.parse(textOf(["a", 3, 1], ["a", 0, 1])),
    responses: [
      ["a", 1, [0]],
      ["z", 9, [0]],
    ],
  });
  assert.deepEqual(readLog(text).entries, [
    { card: "a", grade: 3, at: 1, response: [0] },
    { card: "a", grade: 0, at: 1 },
  ]);
});

test("a response at fault is told by its place", () => {
  const bad = [
    7,
    null,
    ["a", 1],
    ["A", 1, [0]],
    ["a", 0, [0]],
    ["a", 1, []],
    ["a", 1, [0.5]],
    ["a", 1, [-1]],
    ["a", 1, [100]],
  ];
  bad.push(
    ["a", 1, 0],
    ["a", 1, ["\u0000"]],
    ["a", 1, ["x".repeat(201)]],
    ["a", 1, [null]],
    ["a", 1, Array(61).fill(0)],
  );
  for (const entry of bad) {
    const { faults } = readLog(JSON.stringify({ ...JSON.parse(textOf(["a", 3, 1])), responses: [entry] }));
    assert.equal(faults.length, 1);
    assert.match(faults[0], /^response 1 has .*, but it must be /s);
  }
  const none = JSON.stringify({ ...JSON.parse(textOf()), responses: {} });
  assert.throws(() => readLog(none), { name: "LabError", message: "its responses are no list" });
});

test("responses of every kind of card are kept as a list that can be read", () => {
  assert.deepEqual(keptResponse(2), [2]);
  assert.deepEqual(keptResponse([0, 3]), [0, 3]);
  assert.deepEqual(keptResponse({ one: "a\tb", two: "" }), ["a b", ""]);
  assert.deepEqual(keptResponse(" 4,160 "), [" 4,160 "]);
  for (const nothing of [null, [], {}, Array(61).fill(0)]) assert.equal(keptResponse(nothing), undefined);
  const kept = { card: "a", grade: 1, at: 5, response: keptResponse("x".repeat(999)) };
  assert.deepEqual(readLog(writeLog([kept])).faults, []);
});
