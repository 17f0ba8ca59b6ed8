// Places in chapters: kept beside the answers, never believed unseen, moved and removed with them.

import assert from "node:assert/strict";
import test, { beforeEach, mock } from "node:test";
import { chaptersIn, merged, Reading } from "../../../lmkit/widgets/base/progress/reading.js";
import { FakeStorage, storageWith } from "../cards/storage.js";

const NOW = 1_800_000_000_000; // ms: in January 2027
const KEY = "memory-and-chance:reading";
const ALL = ["a", "b", "c"];
const CHAPTER = { place: "b", at: NOW - 5, seen: ["a"], of: 3, read: false, set: 0 };

const readingOn = (storage) => new Reading(() => storage);
const textOf = (chapters, version = 1) => JSON.stringify({ format: "memory-and-chance reading", version, chapters });
const tick = (ms) => mock.timers.setTime(Date.now() + ms);

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ["Date"], now: NOW });
});

test("a chapter is read when all its sections are, in whatever order and on however many visits", () => {
  const storage = new FakeStorage();
  const readOf = () => readingOn(storage).chapters.get("lstm").read;
  readingOn(storage).visit("lstm", { place: "b", seen: ["b"], all: ALL });
  readingOn(storage).visit("lstm", { place: "c", seen: ["c", "b"], all: ALL });
  assert.equal(readOf(), false);
  tick(9);
  readingOn(storage).visit("lstm", { place: "a", seen: ["a"], all: ALL });
  const found = { place: "a", at: NOW + 9, seen: ["b", "c", "a"], of: 3, read: true, set: NOW + 9 };
  assert.deepEqual(readingOn(storage).chapters, new Map([["lstm", found]]));
});

test("what the reader says about a chapter stands", () => {
  const reading = readingOn(new FakeStorage());
  reading.mark("lstm", true);
  assert.equal(reading.chapters.get("lstm").read, true);
  reading.mark("lstm", false);
  reading.visit("lstm", { place: "c", seen: ALL, all: ALL });
  assert.equal(reading.chapters.get("lstm").read, false);
});

test("a look at the beginning of a chapter does not lose the place in it", () => {
  const reading = readingOn(new FakeStorage());
  reading.visit("lstm", { place: "b", seen: [], all: ALL });
  tick(9);
  reading.visit("lstm", { place: "", seen: [], all: ALL });
  const { place, at } = reading.chapters.get("lstm");
  assert.deepEqual([place, at], ["b", NOW + 9]);
});

test("sections that a newer edition has no more are no longer counted", () => {
  const reading = readingOn(new FakeStorage({ [KEY]: textOf({ lstm: { ...CHAPTER, seen: ["old", "a"] } }) }));
  reading.visit("lstm", { place: "b", seen: ["b"], all: ALL });
  assert.deepEqual(reading.chapters.get("lstm").seen, ["a", "b"]);
});

test("two tabs in two chapters, or in one, keep each other’s places", () => {
  const storage = new FakeStorage();
  const [one, two] = [readingOn(storage), readingOn(storage)];
  one.visit("lstm", { place: "a", seen: ["a"], all: ALL });
  two.visit("sampling", { place: "b", seen: [], all: ALL });
  two.visit("lstm", { place: "b", seen: ["b"], all: ALL });
  assert.deepEqual(one.chapters.get("lstm").seen, ["a", "b"]);
  assert.deepEqual([...one.chapters.keys()], ["lstm", "sampling"]);
});

test("what two devices know is joined: the later place, the later word, the sections of both", () => {
  const later = { place: "c", at: NOW, seen: ["c"], of: 4, read: false, set: 3 };
  const said = { ...CHAPTER, read: true, set: 7 };
  const both = { place: "c", at: NOW, of: 4, read: true, set: 7 };
  assert.deepEqual(merged(later, said), { ...both, seen: ["c", "a"] });
  assert.deepEqual(merged(said, later), { ...both, seen: ["a", "c"] });
  const once = merged(later, said);
  assert.deepEqual(merged(once, later), once);
});

// --- what is stored is not believed ---------------------------------------------------------------------------------

/** @type {[string, unknown, RegExp][]} */
const HOSTILE = [
  ["../lstm", CHAPTER, /named "\.\.\/lstm"/],
  ["lstm", { ...CHAPTER, place: "a b" }, /^place of the chapter ‘lstm’ is "a b", but it must be the id of a section/],
  ["lstm", { ...CHAPTER, place: "<img onerror=alert(1)>" }, /^place of/],
  ["lstm", { ...CHAPTER, place: "x".repeat(121) }, /^place of/],
  ["lstm", { ...CHAPTER, seen: "a" }, /^seen of/],
  ["lstm", { ...CHAPTER, seen: Array(101).fill("a") }, /^seen of/],
  ["lstm", { ...CHAPTER, seen: [1] }, /^seen of/],
  ["lstm", { ...CHAPTER, of: 1.5 }, /^of of/],
  ["lstm", { ...CHAPTER, read: "yes" }, /^read of/],
  ["lstm", { ...CHAPTER, at: -1 }, /^time of/],
  ["lstm", { ...CHAPTER, set: NOW + 2 * 86_400_000 }, /^time of .* not in the future/],
  ["lstm", null, /^place of the chapter ‘lstm’ is missing/],
];

for (const [name, entry, message] of HOSTILE) {
  test(`an entry is refused, and the others stay: ${name} ${JSON.stringify(entry)?.slice(0, 60)}`, () => {
    const { chapters, faults } = chaptersIn({ dropout: CHAPTER, [name]: entry }, NOW);
    assert.deepEqual([...chapters.keys()], ["dropout"]);
    assert.equal(faults.length, 1);
    assert.match(faults[0], message);
    const stored = readingOn(new FakeStorage({ [KEY]: textOf({ dropout: CHAPTER, [name]: entry }) }));
    assert.deepEqual([...stored.chapters.keys()], ["dropout"]);
  });
}

for (const odd of [null, 7, "x", [], Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`c${i}`, CHAPTER]))]) {
  test(`no object of chapters is refused as a whole: ${JSON.stringify(odd).slice(0, 30)}`, () => {
    const { chapters, faults } = chaptersIn(odd, NOW);
    assert.deepEqual([chapters.size, faults.length], [0, 1]);
  });
}

test("a name that every object has is a name like others", () => {
  const text = textOf({}).replace("{}", `{"__proto__": ${JSON.stringify(CHAPTER)}}`);
  const { chapters } = readingOn(new FakeStorage({ [KEY]: text }));
  assert.deepEqual(chapters.get("__proto__"), CHAPTER);
  assert.equal({}.place, undefined);
});

for (const text of ["", "{", "[]", "7", "null", '{"format":"something else"}', textOf([]), textOf({}, "1")]) {
  test(`what cannot be read is nothing, and is written over: ${text}`, () => {
    const reading = readingOn(new FakeStorage({ [KEY]: text }));
    assert.equal(reading.chapters.size, 0);
    reading.mark("lstm", true);
    assert.equal(reading.chapters.get("lstm").read, true);
  });
}

test("what a newer edition wrote stays as it is", () => {
  const text = textOf({ lstm: "in another form" }, 2);
  const storage = new FakeStorage({ [KEY]: text });
  const reading = readingOn(storage);
  reading.mark("lstm", true);
  reading.reset();
  assert.deepEqual([storage.items.get(KEY), reading.works], [text, false]);
});

test("without a storage nothing is known, and nothing is said", () => {
  const storage = new FakeStorage();
  storage.deny = "SecurityError";
  const reading = readingOn(storage);
  reading.mark("lstm", true);
  reading.reset()();
  assert.deepEqual([reading.works, reading.chapters.size, reading.exported()], [false, 0, {}]);
  const full = new FakeStorage();
  full.room = 5;
  readingOn(full).mark("lstm", true);
  assert.equal(readingOn(full).chapters.size, 0);
});

// --- files and resets ----------------------------------------------------------------------------------------------

test("an exported file carries places to another browser, and adds them to what is there", () => {
  const { open } = storageWith();
  const log = open();
  log.reading.visit("lstm", { place: "b", seen: ["a"], all: ALL });
  const text = log.exportText();
  const other = storageWith().open();
  other.reading.visit("sampling", { place: "c", seen: [], all: ALL });
  const nothing = { added: 0, known: 0, predictions: 0, unknownCards: [] };
  assert.deepEqual(other.importText(text), { ...nothing, chapters: 1 });
  assert.deepEqual(other.importText(text), { ...nothing, chapters: 0 });
  assert.deepEqual([...other.reading.chapters.keys()], ["sampling", "lstm"]);
  assert.deepEqual(other.reading.chapters.get("lstm"), log.reading.chapters.get("lstm"));
});

test("a file with a name, which goes to a teacher, does not say what was read", () => {
  const log = storageWith().open();
  log.reading.mark("lstm", true);
  assert.deepEqual(
    ["reading" in JSON.parse(log.exportText("Anna")), "reading" in JSON.parse(log.exportText())],
    [false, true],
  );
});

test("a file with one bad place is refused whole", () => {
  const { open } = storageWith();
  const log = open();
  log.add("a", 3);
  const content = JSON.parse(log.exportText());
  for (const reading of [{ lstm: { ...CHAPTER, of: -1 } }, [], "x"]) {
    const other = storageWith().open();
    assert.throws(() => other.importText(JSON.stringify({ ...content, reading })), /nothing was changed/);
    assert.deepEqual([other.reviews.length, other.reading.chapters.size], [0, 0]);
  }
});

test("a reset removes places with the answers, and brings both back", () => {
  const { open } = storageWith();
  const log = open();
  log.add("a", 3);
  log.reading.visit("lstm", { place: "b", seen: ["a"], all: ALL });
  const before = log.reading.chapters;
  const back = log.reset();
  assert.deepEqual([log.reviews.length, open().reading.chapters.size], [0, 0]);
  back();
  assert.deepEqual([log.reviews.length, open().reading.chapters], [1, before]);
});
