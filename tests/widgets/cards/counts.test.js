// How far a reader is with each chapter’s cards: what the Review page says, from the stored text alone.

import assert from "node:assert/strict";
import test from "node:test";
import { counting, readLog } from "../../../lmkit/widgets/base/progress/file.js";
import { countsOf } from "../../../lmkit/widgets/cards/review/counts.js";
import { dueCards } from "../../../lmkit/widgets/cards/review/plan.js";
import { scheduleOf } from "../../../lmkit/widgets/cards/review/schedule.js";
import { textOf } from "./storage.js";

const NOW = 1_800_000_000_000; // ms: in January 2027
const DAY = 86_400_000;
const CHAPTERS = { one: { quiz: ["a", "b", "c"], others: ["d", "e"] }, two: { quiz: ["f"], others: ["g"] } };

test("the last answer to a question says whether it is right", () => {
  const text = textOf(["a", 3, NOW - 9], ["a", 1, NOW - 5], ["b", 1, NOW - 9], ["b", 2, NOW - 5]);
  assert.deepEqual(countsOf(text, CHAPTERS, NOW), new Map([["one", { right: 1, answered: 2, asked: 3, due: 0 }]]));
});

test("flashcards are no part of a quiz, but come due", () => {
  const text = textOf(["d", 3, NOW - 90 * DAY]);
  assert.deepEqual(countsOf(text, CHAPTERS, NOW), new Map([["one", { right: 0, answered: 0, asked: 3, due: 1 }]]));
});

test("an answer that was taken back, or that comes from the future, does not count", () => {
  const text = textOf(["a", 3, NOW - 9], ["a", 0, NOW - 9], ["f", 3, NOW + 3 * DAY], ["strange", 3, NOW - 9]);
  assert.deepEqual(countsOf(text, CHAPTERS, NOW), new Map());
});

test("what cannot be read counts as nothing", () => {
  for (const text of ["", "{", "[[", '{"format":"x"}', textOf().replace("1", "2"), '{"reviews":[[]]}']) {
    assert.deepEqual(countsOf(text, CHAPTERS, NOW), new Map());
  }
});

test("as many cards are due as the Review page asks, whatever was answered when", () => {
  const all = [...Object.values(CHAPTERS)].flatMap(({ quiz, others }) => [...quiz, ...others]);
  let seed = 7;
  const draw = (most) => {
    seed = (seed * 48271) % 2147483647;
    return seed % most;
  };
  let most = 0;
  for (let round = 0; round < 40; round++) {
    const answers = Array.from({ length: draw(30) }, () => [all[draw(7)], 1 + draw(4), NOW - draw(60 * DAY)]);
    const text = textOf(...answers);
    const due = dueCards(
      all.map((id) => ({ id })),
      scheduleOf(counting(readLog(text).entries), NOW),
      NOW,
    ).length;
    const found = [...countsOf(text, CHAPTERS, NOW).values()].reduce((sum, count) => sum + count.due, 0);
    assert.equal(found, due);
    most = Math.max(most, due);
  }
  assert.ok(most > 2);
});
