// Where am I: when a section counts as read, what marks say, and where a reader goes on.

import assert from "node:assert/strict";
import test from "node:test";
import { SectionClock } from "../../../lmkit/widgets/base/where/clock.js";
import { marksOf, summaryOf } from "../../../lmkit/widgets/base/where/marks.js";
import { stepOf } from "../../../lmkit/widgets/base/where/next.js";

// --- the clock ------------------------------------------------------------------------------------------------------

/** What a clock tells in so many seconds of one view, by the second in which it does. */
function told(clock, view, seconds) {
  const all = Array.from({ length: seconds }, (_, i) => [
    i + 1,
    clock.tick({ visible: [], ended: [], place: "", ...view }),
  ]);
  return Object.fromEntries(all.filter(([, { seen }]) => seen.length).map(([second, { seen }]) => [second, seen]));
}

test("a section is read when its end is there and there was time for its words, at 600 in a minute", () => {
  const clock = new SectionClock([{ id: "a", words: 120 }]);
  assert.deepEqual(told(clock, { visible: ["a"] }, 40), {}); // its end is not on the screen
  assert.deepEqual(told(clock, { visible: ["a"], ended: ["a"] }, 5), { 1: ["a"] }); // and it is told once
  const quick = new SectionClock([{ id: "a", words: 120 }]);
  assert.deepEqual(told(quick, { visible: ["a"], ended: ["a"] }, 20), { 12: ["a"] });
});

test("who scrolls to the end of a page has read nothing above it", () => {
  const clock = new SectionClock(["a", "b", "c"].map((id) => ({ id, words: 300 })));
  const view = { visible: ["c"], ended: ["a", "b", "c"] };
  assert.deepEqual(told(clock, view, 100), { 30: ["c"] });
});

test("a short section takes some seconds, too", () => {
  const clock = new SectionClock([{ id: "a", words: 0 }]);
  assert.deepEqual(told(clock, { visible: ["a"], ended: ["a"] }, 5), { 3: ["a"] });
});

test("sections that need not be read are never told", () => {
  const clock = new SectionClock([]);
  assert.deepEqual(told(clock, { visible: ["quiz"], ended: ["quiz"] }, 100), {});
});

test("a place is taken after three seconds in it, once", () => {
  const clock = new SectionClock([]);
  const moved = [..."aabbbbba"].map((place) => clock.tick({ visible: [], ended: [], place }).moved);
  assert.deepEqual(moved, [false, false, false, false, true, false, false, false]);
});

// --- marks ----------------------------------------------------------------------------------------------------------

const CHAPTER = { place: "b", at: 5, seen: ["a", "b", "c"], of: 9, read: false, set: 0 };
const CARDS = { right: 9, answered: 10, asked: 12, due: 4 };

test("marks say what was done, and nothing of what was not", () => {
  assert.deepEqual(marksOf(undefined, undefined), []);
  assert.deepEqual(marksOf({ ...CHAPTER, seen: [] }, { ...CARDS, answered: 0, due: 0 }), []);
  assert.deepEqual(marksOf(CHAPTER, undefined), ["3 of 9 sections"]);
  assert.deepEqual(marksOf({ ...CHAPTER, read: true }, CARDS), ["read", "quiz 9 of 12 right", "4 due"]);
  assert.deepEqual(marksOf(undefined, { ...CARDS, right: 0, due: 0 }), ["quiz 0 of 12 right"]);
});

test("the whole book in a sentence, which a first-time reader does not get", () => {
  const names = ["one", "two"];
  const read = new Map([["two", { ...CHAPTER, read: true }]]);
  assert.equal(summaryOf(names, new Map(), new Map()), "");
  assert.equal(summaryOf(names, read, new Map()), "1 of 2 chapters read.");
  assert.equal(summaryOf(names, read, new Map([["one", CARDS]])), "1 of 2 chapters read, 4 cards due.");
  assert.equal(
    summaryOf(names, new Map(), new Map([["one", { ...CARDS, due: 0 }]])),
    "0 of 2 chapters read, no card due.",
  );
});

// --- the way on -----------------------------------------------------------------------------------------------------

const BOOK = ["one", "two", "three"].map((name) => ({ name, title: name.toUpperCase(), sections: { b: "B of it" } }));

/** What comes next where chapters are as said, by name: [when, read, place]. */
function next(chapters) {
  const reading = Object.entries(chapters).map(([name, [at, read, place]]) => [name, { ...CHAPTER, at, read, place }]);
  const { kind, chapter, section } = stepOf(BOOK, new Map(reading));
  return [kind, chapter?.name, section];
}

test("a first-time reader begins at the beginning", () => {
  assert.deepEqual(next({}), ["begin", "one", ""]);
  assert.deepEqual(next({ another_book: [9, true, "b"] }), ["begin", "one", ""]);
});

test("a reader continues in the chapter that was open last, at its section", () => {
  assert.deepEqual(next({ one: [5, false, ""], two: [7, false, "b"] }), ["continue", "two", "b"]);
  assert.deepEqual(next({ one: [9, false, ""], two: [7, false, "b"] }), ["continue", "one", ""]);
});

test("a section that the chapter does not have leads to its beginning", () => {
  for (const place of ["gone", "constructor", "__proto__"]) {
    assert.deepEqual(next({ two: [7, false, place] }), ["continue", "two", ""]);
  }
});

test("after a chapter comes the next that is not read, then those that were left out", () => {
  assert.deepEqual(next({ one: [5, true, ""] }), ["next", "two", ""]);
  assert.deepEqual(next({ one: [5, true, ""], two: [3, true, ""] }), ["next", "three", ""]);
  assert.deepEqual(next({ three: [5, true, ""], two: [3, false, "b"] }), ["next", "one", ""]);
  assert.deepEqual(next({ three: [5, true, ""], two: [3, true, ""], one: [1, true, ""] }), ["done", undefined, ""]);
});
