// The log of answers is turned into a schedule by FSRS, as FSRS's own Python package does it (schedule.json).

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import {
  dueFrom,
  previewOf,
  scheduleOf,
  spokenInterval,
  stageOf,
} from "../../../lmkit/widgets/cards/review/schedule.js";

const NOW = 1_800_000_000_000; // ms: in January 2027
const DAY = 86_400_000;
const { cases } = JSON.parse(readFileSync(new URL("../../vectors/schedule.json", import.meta.url), "utf8"));

const close = (found, expected, relative) => Math.abs(found - expected) <= relative * Math.abs(expected);

/** Due dates are those of Python where ts-fsrs adds nothing of its own: it keeps the intervals of Hard, Good and Easy a
 * day apart, and rounds steps to whole minutes. */
function isOwnRule(apart, [grade, at, state, , , due]) {
  if (apart === DAY) return state === "review" && grade > 1;
  return Math.abs(apart) <= 330_000 && grade === 2 && state === "learning" && due - at < DAY;
}

test("the schedule is that of the Python package: states and memory agree after each answer", () => {
  let agreeing = 0;
  for (const steps of cases) {
    for (const [i, step] of steps.entries()) {
      const [, at, state, stability, difficulty, due] = step;
      const reviews = steps.slice(0, i + 1).map(([grade, time]) => ({ card: "x", grade, at: time }));
      const found = scheduleOf(reviews, at).get("x");
      assert.equal(found.state, state);
      assert.ok(close(found.stability, stability, 1e-5), `${found.stability} is not ${stability}`);
      assert.ok(close(found.difficulty, difficulty, 1e-5), `${found.difficulty} is not ${difficulty}`);
      const apart = found.due - due;
      assert.ok(apart === 0 || isOwnRule(apart, step), `due ${apart} ms later after ${step}`);
      agreeing += apart === 0;
    }
  }
  assert.ok(agreeing > 200);
});

/** A function that draws whole numbers below n, and answers to twelve cards over some two hundred days. */
function randomReviews(seed) {
  let state = seed;
  const random = (n) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return (state >>> 8) % n;
  };
  const reviews = [];
  for (let card = 0; card < 12; card++) {
    let at = NOW - 200 * DAY;
    for (let k = random(9); k >= 0; k--) {
      reviews.push({ card: `card-${card}`, grade: 1 + random(4), at });
      at += random(3) ? random(20 * DAY) : random(3_600_000);
    }
  }
  return { random, reviews };
}

for (let seed = 0; seed < 8; seed++) {
  test(`the order of answers in the log makes no difference: seed ${seed}`, () => {
    const { random, reviews } = randomReviews(seed);
    const keyed = reviews.map((entry) => [random(1000), entry]).sort(([a], [b]) => a - b);
    const found = scheduleOf(reviews, NOW);
    assert.equal(found.size, 12);
    assert.deepEqual(
      scheduleOf(
        keyed.map(([, entry]) => entry),
        NOW,
      ),
      found,
    );
  });

  test(`an answer brings what was previewed, and harder grades come earlier: seed ${seed}`, () => {
    const { reviews } = randomReviews(seed);
    for (const [card, entry] of [...scheduleOf(reviews, NOW), ["new", undefined]]) {
      const previews = previewOf(entry, NOW);
      assert.equal(previews.length, 4);
      for (const { grade, due, interval, state } of previews) {
        const next = scheduleOf([...reviews, { card, grade, at: NOW }], NOW).get(card);
        assert.deepEqual([due, state, interval], [next.due, next.state, due - NOW]);
        assert.ok(interval > 0);
      }
      const dues = previews.map(({ due }) => due);
      assert.deepEqual(
        dues,
        dues.toSorted((a, b) => a - b),
      );
      assert.ok(dues[0] < dues[3]);
    }
  });
}

test("of answers to a card at one instant the harder grade comes first, in whatever order the log has them", () => {
  for (const at of [NOW - 3 * DAY, NOW]) {
    for (const [harder, easier] of [
      [1, 2],
      [1, 3],
      [2, 4],
      [3, 4],
    ]) {
      const answer = (grade, later = 0) => ({ card: "a", grade, at: at + later });
      const before = { card: "a", grade: 3, at: at - 9 * DAY };
      const found = scheduleOf([before, answer(harder), answer(easier)], NOW).get("a");
      assert.deepEqual(scheduleOf([answer(easier), before, answer(harder)], NOW).get("a"), found);
      // A millisecond between the two says which is replayed first.
      const known = scheduleOf([before, answer(harder, -1), answer(easier)], NOW).get("a");
      const other = scheduleOf([before, answer(easier, -1), answer(harder)], NOW).get("a");
      assert.deepEqual([found.stability, found.state, found.due], [known.stability, known.state, known.due]);
      assert.notEqual(found.stability, other.stability);
    }
  }
});

test("a card that was answered by a later clock is previewed as of then", () => {
  const { a } = Object.fromEntries(scheduleOf([{ card: "a", grade: 3, at: NOW + DAY / 2 }], NOW));
  assert.equal(a.last, NOW + DAY / 2);
  assert.deepEqual(previewOf(a, NOW), previewOf(a, a.last));
  for (const { due, interval } of previewOf(a, NOW)) assert.equal(due, a.last + interval);
  assert.notDeepEqual(previewOf(a, a.last + DAY), previewOf(a, a.last));
});

test("answers of a wrong clock are left out", () => {
  const answer = (card, later) => ({ card, grade: 3, at: NOW + later });
  const schedule = scheduleOf([answer("a", 9 * DAY), answer("b", DAY / 2)], NOW);
  assert.deepEqual([...schedule.keys()], ["b"]);
  assert.equal(previewOf(schedule.get("b"), NOW).length, 4);
});

test("retrievability is nine in ten after the stability", () => {
  const reviews = [{ card: "a", grade: 4, at: NOW }];
  const { stability } = scheduleOf(reviews, NOW).get("a");
  const after = (days) => scheduleOf(reviews, NOW + days * DAY).get("a").retrievability;
  assert.equal(after(0), 1);
  assert.ok(Math.abs(after(Math.round(stability)) - 0.9) <= 0.01);
  assert.ok(after(900) < 0.7);
});

test("cards of days are due from the morning on, others to the minute", () => {
  const { due } = previewOf(undefined, NOW).at(-1);
  const start = dueFrom({ due, days: 8 });
  assert.ok(0 <= due - start && due - start < DAY);
  assert.equal(dueFrom({ due: 12345, days: 0 }), 12345);
  assert.equal(dueFrom({ due: 12345, days: 1 }) % 60_000, 0);
});

test("stages", () => {
  const entries = [
    undefined,
    { state: "review", stability: 22 },
    { state: "review", stability: 21 },
    { state: "review", stability: 20.99 },
    { state: "relearning", stability: 30 },
  ];
  assert.deepEqual(entries.map(stageOf), ["new", "known", "known", "learning", "learning"]);
});

for (const [ms, said] of [
  [1, "1 min"],
  [60_000, "1 min"],
  [600_000, "10 min"],
  [3_600_000, "1 hour"],
  [5 * 3_600_000, "5 hours"],
  [DAY, "1 day"],
  [21 * DAY, "21 days"],
  [70 * DAY, "2 months"],
  [800 * DAY, "2 years"],
]) {
  test(`an interval of ${ms} ms is said as ${said}`, () => {
    assert.equal(spokenInterval(ms).replace("\u202f", " "), said);
  });
}
