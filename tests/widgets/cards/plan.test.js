// What a session and an exam take of the cards, and how many are due when.

import assert from "node:assert/strict";
import test from "node:test";
import {
  drawCards,
  dueByDay,
  dueCards,
  forExam,
  isChecked,
  newCards,
  nextDue,
  sectionsOf,
  sessionCards,
  stagesOf,
} from "../../../lmkit/widgets/cards/review/plan.js";

const DAY = 86_400_000;
const NOW = new Date(2027, 2, 10, 12).getTime(); // noon by the clock of this machine
const CARDS = [..."abcdef"].map((id) => ({ id, kind: "single", chapter: id.toUpperCase(), anchor: "" }));
const SCHEDULE = new Map([
  ["a", { due: NOW - 5 * DAY, days: 3, state: "review", stability: 30 }],
  ["b", { due: NOW - 9 * DAY, days: 1, state: "review", stability: 2 }],
  ["c", { due: NOW + 3 * DAY, days: 9, state: "review", stability: 9 }],
  ["d", { due: NOW + 6e5, days: 0, state: "learning", stability: 1 }],
]);

const ids = (cards) => cards.map(({ id }) => id).join("");

for (const [length, fresh, expected] of [
  [20, 20, "baef"],
  [20, 1, "bae"],
  [3, 20, "bae"],
  [1, 5, "b"],
  [20, 0, "ba"],
]) {
  test(`a session of ${length}, ${fresh} of them new, has due cards first and then new ones`, () => {
    assert.equal(ids(sessionCards(CARDS, SCHEDULE, NOW, { length, fresh })), expected);
  });
}

test("each card is due, new or neither", () => {
  assert.equal(ids(dueCards(CARDS, SCHEDULE, NOW)), "ba");
  assert.equal(ids(newCards(CARDS, SCHEDULE)), "ef");
});

test("cards that are due at the same instant come in the order of the book", () => {
  const entry = (apart) => ({ due: NOW - 5 * DAY + apart, days: 0, state: "review", stability: 9 });
  const due = { a: 1, b: 0, c: 0, d: -1, e: 0, f: 1 };
  for (const order of ["abcdef", "fedcba", "cafebd"]) {
    const schedule = new Map([...order].map((id) => [id, entry(due[id])]));
    assert.equal(ids(dueCards(CARDS, schedule, NOW)), "dbceaf");
    assert.equal(ids(sessionCards(CARDS, schedule, NOW, { length: 4, fresh: 0 })), "dbce");
  }
});

test("counts of stages and days", () => {
  assert.deepEqual(stagesOf(CARDS, SCHEDULE), { new: 2, learning: 3, known: 1 });
  const days = dueByDay(CARDS, SCHEDULE, NOW).map(({ count }) => count);
  assert.deepEqual(days, [3, 0, 0, 1, 0, 0, 0]);
});

test("the next card that is due", () => {
  assert.equal(nextDue(CARDS, SCHEDULE, NOW) - NOW, 600_000);
  assert.equal(nextDue(CARDS.slice(0, 2), SCHEDULE, NOW), null);
});

test("each section comes once, in the order of the book", () => {
  assert.equal(ids(sectionsOf([...CARDS, ...CARDS].reverse(), CARDS)), "abcdef");
});

test("an exam draws different cards, and the same for a seed", () => {
  const draws = [1, 1, 2, 3].map((seed) => ids(drawCards(CARDS, 4, seed)));
  assert.equal(draws[0], draws[1]);
  assert.ok(new Set(draws).size > 1);
  for (const draw of draws) assert.equal(new Set(draw).size, 4);
  assert.equal([...ids(drawCards(CARDS, 99, 5))].sort().join(""), "abcdef");
});

test("the page judges all cards but those that readers judge themselves", () => {
  const kinds = ["flashcard", "draw", "single", "multiple", "fill", "number", "order"];
  assert.deepEqual(
    kinds.filter((kind) => isChecked({ kind })),
    kinds.slice(2),
  );
});

test("an exam asks what the book's own runs measured only on request", () => {
  const cards = [
    { id: "a", kind: "single", lab: false },
    { id: "b", kind: "number", lab: true },
    { id: "c", kind: "flashcard", lab: false },
  ];
  assert.equal(ids(forExam(cards, false)), ids(cards.slice(0, 1)));
  assert.equal(ids(forExam(cards, true)), ids(cards.slice(0, 2)));
});
