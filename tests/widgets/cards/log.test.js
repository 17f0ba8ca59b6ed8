// The reader's answers: kept whatever the storage does, and moved as a file.

import assert from "node:assert/strict";
import test, { beforeEach, mock } from "node:test";
import { CardLog } from "../../../lmkit/widgets/base/progress/log.js";
import { scheduleOf } from "../../../lmkit/widgets/cards/review/schedule.js";
import { FakeStorage, FORMAT, KEY, pageEvents, storageWith, textOf } from "./storage.js";

const NOW = 1_800_000_000_000; // ms: in January 2027
const DAY = 86_400_000;
const ONE = ["a", 3, NOW - 3 * DAY];
const TWO = ["b", 1, NOW - 2 * DAY];
const THREE = ["a", 2, NOW - DAY];

const page = pageEvents();
const tick = (ms) => mock.timers.setTime(Date.now() + ms);
const cardsOf = ({ reviews }) => reviews.map(({ card }) => card);
const listed = ({ reviews }) => reviews.map(({ card, grade, at }) => [card, grade, at]);
const stored = (storage, key = KEY) => JSON.parse(storage.items.get(key));

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ["Date"], now: NOW });
});

// --- adding ---------------------------------------------------------------------------------------------------------

test("answers are kept and found again", () => {
  const { storage, open } = storageWith();
  const log = open();
  log.add("a", 3);
  tick(5);
  log.add("b", 1);
  log.add("b", 1);
  const expected = [
    ["a", 3, NOW],
    ["b", 1, NOW + 5],
    ["b", 1, NOW + 6],
  ];
  const again = open();
  assert.deepEqual([listed(log), listed(again)], [expected, expected]);
  assert.equal(log.problem + again.problem, "");
  assert.deepEqual(stored(storage), { format: FORMAT, version: 1, reviews: expected });
});

test("two tabs keep each other’s answers: each writes the union, though neither has heard of the other’s", () => {
  const { open } = storageWith();
  const [one, two] = [open(), open()];
  one.add("a", 3);
  two.add("b", 3);
  one.add("c", 3);
  two.add("d", 3);
  const cards = [one, two, open()].map((log) => cardsOf(log).sort().join(""));
  assert.deepEqual(cards, ["abc", "abcd", "abcd"]);
});

test("an answer that is taken back counts no more: neither here, nor in a tab that had it, nor where it is imported", () => {
  const { open } = storageWith();
  const [log, other] = [open(), open()];
  log.add("a", 3);
  tick(60_000);
  const slip = log.add("a", 1);
  log.add("a", 4);
  other.add("b", 3);
  log.takeBack(slip);
  const tabs = [log, other, open()].map(({ reviews }) => reviews.length);
  assert.deepEqual(tabs, [3, 4, 3]);
  other.add("b", 4);
  const [file, early] = [storageWith().open(), storageWith().open()];
  early.importText(textOf(["a", 1, slip.at]));
  for (const one of [file, early]) {
    assert.deepEqual(one.importText(log.exportText()), {
      added: 3,
      known: 0,
      predictions: 0,
      chapters: 0,
      unknownCards: [],
    });
  }
  const back = log.reset();
  assert.equal(log.reviews.length, 0);
  back();
  assert.deepEqual([file.reviews.length, early.reviews.length], [3, 3]);
  const due = [log, file, early].map(({ reviews }) => scheduleOf(reviews).get("a").due);
  const [first, last] = file.reviews.filter(({ card }) => card === "a");
  due.push(scheduleOf([{ ...first }, { ...last }]).get("a").due); // as if the other had never been
  assert.equal(new Set(due).size, 1);
});

test("a listener can leave", () => {
  const log = storageWith().open();
  let heard = 0;
  const stop = log.onChange(() => {
    heard += 1;
  });
  log.add("a", 3);
  stop();
  log.add("b", 3);
  assert.deepEqual([heard, log.listeners.size], [1, 0]);
});

test("a log hears of other tabs while somebody listens to it, and of its own storage only", () => {
  const { storage, open } = storageWith();
  const log = open();
  let heard = 0;
  const stop = log.onChange(() => {
    heard += 1;
  });
  const hears = (key) => page.dispatchEvent(Object.assign(new Event("storage"), { key }));
  storage.items.set(KEY, textOf(ONE));
  hears("theme");
  assert.deepEqual([heard, log.reviews.length], [0, 0]);
  hears(KEY);
  assert.deepEqual([heard, log.reviews.length], [1, 1]);
  storage.items.clear(); // by hand, not by a reset: what is known stays
  hears(null);
  assert.deepEqual([heard, stored(storage).reviews], [2, [ONE]]);
  stop();
  hears(KEY);
  assert.equal(heard, 2);
});

// --- predictions ------------------------------------------------------------------------------------------------------

const SAID = { question: "Which?", predicted: "this", happened: "that" };

test("predictions are kept beside the answers, and neither loses the other", () => {
  const { storage, open } = storageWith({ [KEY]: textOf(ONE) });
  const [one, two] = [open(), open()];
  one.addPrediction(SAID);
  one.addPrediction(SAID); // at the same time: two all the same
  two.add("b", 3);
  const again = open();
  assert.deepEqual(again.predictions, [
    { ...SAID, at: NOW },
    { ...SAID, at: NOW + 1 },
  ]);
  assert.deepEqual(cardsOf(again), ["a", "b"]);
  assert.equal(again.problem, "");
  assert.deepEqual(stored(storage).predictions[0], ["Which?", "this", "that", NOW]);
});

test("predictions travel in the exported file, once", () => {
  const [log, other] = [storageWith().open(), storageWith().open()];
  log.add("a", 3);
  log.addPrediction(SAID);
  const file = log.exportText();
  assert.deepEqual(other.importText(file), { added: 1, known: 0, predictions: 1, chapters: 0, unknownCards: [] });
  assert.deepEqual(other.importText(file), { added: 0, known: 1, predictions: 0, chapters: 0, unknownCards: [] });
  assert.deepEqual(other.predictions, log.predictions);
});

test("a reset removes predictions, and brings them back", () => {
  const { storage, open } = storageWith();
  const log = open();
  log.addPrediction(SAID);
  const undo = log.reset();
  assert.deepEqual([log.predictions.length, stored(storage).predictions], [0, undefined]);
  undo();
  assert.equal(open().predictions.length, 1);
});

test("a damaged prediction is set aside, what else is there stays", () => {
  const text = JSON.stringify({ format: FORMAT, version: 1, predictions: [["q", "a", 3, NOW]], reviews: [ONE] });
  const { storage, open } = storageWith({ [KEY]: text });
  const log = open();
  assert.match(log.problem, /prediction 1 has the words 3/);
  assert.equal(storage.items.get(`${KEY}:damaged`), text);
  log.addPrediction(SAID);
  assert.deepEqual([log.reviews.length, open().predictions.length], [1, 1]);
  assert.throws(() => log.importText(text), /prediction 1 has the words 3.*nothing was changed$/);
});

test("predictions need no storage, and none from the future is imported", () => {
  const log = new CardLog(() => null);
  log.addPrediction(SAID);
  assert.equal(log.predictions.length, 1);
  assert.match(log.problem, /does not let the page store anything/);
  tick(40 * DAY);
  const later = new CardLog(() => null);
  later.addPrediction(SAID);
  tick(-40 * DAY);
  assert.throws(() => log.importText(later.exportText()), /it has a prediction from the future/);
});

// --- a storage that fails -------------------------------------------------------------------------------------------

test("a forbidden storage costs nothing but memory", () => {
  const { storage, open } = storageWith();
  const log = open();
  storage.deny = "SecurityError";
  const early = new CardLog(() => {
    throw new DOMException("no", "SecurityError");
  });
  early.add("a", 3);
  log.add("a", 3);
  log.add("b", 3);
  assert.equal(log.problem, early.problem);
  assert.match(early.problem, /does not let the page store anything.*Export your answers/);
  storage.deny = "";
  log.add("c", 3);
  assert.deepEqual([early.reviews.length, log.reviews.length], [1, 3]);
  assert.equal(log.problem, "");
  assert.equal(stored(storage).reviews.length, 3); // stored as soon as it can be
});

test("a missing storage is a forbidden one", () => {
  const log = new CardLog(() => null);
  log.add("a", 3);
  assert.match(log.problem, /does not let the page/);
});

test("a full storage keeps what it has", () => {
  const { storage, open } = storageWith();
  const log = open();
  log.add("a", 3);
  const before = storage.items.get(KEY);
  storage.room = 20;
  log.add("b", 3);
  log.add("c", 3);
  assert.match(log.problem, /no room left.*the last 2 answers are not stored.*Export/);
  assert.equal(storage.items.get(KEY), before);
  storage.room = 1e6;
  log.add("d", 3);
  assert.deepEqual([log.problem, log.reviews.length, stored(storage).reviews.length], ["", 4, 4]);
});

const DAMAGED = {
  "not whole JSON": '{"format": "memory-and',
  "no text": "",
  "a word": '"hello"',
  null: "null",
  "another format": '{"format": "deck", "version": 1, "reviews": []}',
  "no list": JSON.stringify({ format: FORMAT, version: 1, reviews: { a: 1 } }),
  "no version": JSON.stringify({ format: FORMAT, reviews: [] }),
};

for (const [what, text] of Object.entries(DAMAGED)) {
  test(`damaged text is set aside untouched: ${what}`, () => {
    const { storage, open } = storageWith({ [KEY]: text });
    const log = open();
    assert.match(log.problem, /is damaged.*‘memory-and-chance:reviews:damaged’.*new log has begun/);
    log.add("a", 3);
    assert.equal(storage.items.get(`${KEY}:damaged`), text);
    assert.deepEqual(stored(storage).reviews, [["a", 3, NOW]]);
  });
}

test("what can be read of damaged text stays", () => {
  const text = textOf(ONE, ["B!", 3, 1], ["c", 7, 1]);
  const { storage, open } = storageWith({ [KEY]: text });
  const log = open();
  assert.match(log.problem, /answer 2 has the card "B!".*what can be read of it \(1\) is still here/);
  assert.deepEqual(cardsOf(log), ["a"]);
  assert.equal(storage.items.get(`${KEY}:damaged`), text);
});

test("earlier damage is not overwritten", () => {
  const { storage, open } = storageWith({ [KEY]: "bad 2", [`${KEY}:damaged`]: "bad 1" });
  open();
  open();
  assert.deepEqual(Object.fromEntries(storage.items), {
    [KEY]: "bad 2",
    [`${KEY}:damaged`]: "bad 1",
    [`${KEY}:damaged-2`]: "bad 2",
  });
});

test("damaged text without room for a copy is left alone", () => {
  const storage = new FakeStorage({ [KEY]: "bad" });
  storage.room = 1;
  const log = new CardLog(() => storage);
  storage.room = 1e6;
  log.add("a", 3);
  assert.match(log.problem, /is damaged.*left as it is/);
  assert.deepEqual([storage.items.get(KEY), log.reviews.length], ["bad", 1]);
});

test("a newer edition’s log is never overwritten", () => {
  const text = JSON.stringify({ format: FORMAT, version: 2, answers: "in another form" });
  const { storage, open } = storageWith({ [KEY]: text });
  const log = open();
  log.add("a", 3);
  log.add("b", 4);
  log.reset()();
  assert.match(log.problem, /newer edition of the book wrote it, in version 2.*Export your answers/);
  assert.deepEqual(Object.fromEntries(storage.items), { [KEY]: text });
  assert.equal(log.reviews.length, 2);
  assert.equal(JSON.parse(log.exportText()).reviews.length, 2);
});

// --- files ----------------------------------------------------------------------------------------------------------

const BAD_FILES = [
  ["", "cannot be imported: it is empty; choose a file that this page exported; nothing was changed"],
  ["{", "it is not whole JSON: "],
  ["[]", "its format is missing, not ‘memory-and-chance reviews’"],
  ['{"format": "x"}', 'its format is "x", not'],
  [
    textOf().replace('"version":1', '"version":2'),
    "a newer edition of the book wrote it, in version 2; this page knows version 1; reload this page",
  ],
  [textOf().replace('"version":1', '"version":"one"'), 'its version is "one"; this page knows version 1'],
  [textOf().replace("[]", "7"), "it has no list of answers"],
  [textOf(ONE, ["a", 3]), 'answer 2 has ["a",3], but it must be [card, grade, time]'],
  [textOf(ONE, ["A b", 3, 1]), 'answer 2 has the card "A b", but it must be a name of small letters'],
  [textOf(["a", 5, 1]), "answer 1 has the grade 5, but it must be 1, 2, 3 or 4 (or 0, taken back)"],
  [textOf(["a", "3", 1]), 'answer 1 has the grade "3"'],
  [textOf(["a", 3, 1.5]), "answer 1 has the time 1.5, but it must be a whole number of milliseconds"],
  [
    textOf(["a", 3, -1], ["a", 3, null], ["a", 9, 1]),
    "answer 1 has the time -1, but it must be a whole number of milliseconds since 1970 (and 2 more are wrong)",
  ],
  [textOf(["a", 3, 9e15]), "answer 1 has the time 9000000000000000"],
  [textOf(ONE, ["a", 3, NOW + 40 * DAY]), "it has an answer from the future (2027-02-24); set the clock"],
  ["x".repeat(10_000_001), "it is too long (10.0\u202fMB)"],
];

for (const [text, message] of BAD_FILES) {
  test(`a file that cannot be imported changes nothing: ${message}`, () => {
    const { storage, open } = storageWith({ [KEY]: textOf(TWO) });
    const log = open();
    const refused = (error) => {
      assert.equal(error.name, "LabError");
      assert.ok(error.message.startsWith("this file cannot be imported: "), error.message);
      assert.ok(error.message.includes(message), error.message);
      assert.ok(error.message.endsWith("nothing was changed"), error.message);
      return true;
    };
    assert.throws(() => log.importText(text), refused);
    assert.deepEqual(Object.fromEntries(storage.items), { [KEY]: textOf(TWO) });
    assert.deepEqual(listed(log), [TWO]);
  });
}

test("a file is added to what is here", () => {
  const log = storageWith({ [KEY]: textOf(ONE, TWO) }).open();
  const result = log.importText(`\ufeff${textOf(TWO, THREE, THREE)}`, new Set(["a"]));
  assert.deepEqual(result, { added: 1, known: 1, predictions: 0, chapters: 0, unknownCards: ["b"] });
  assert.deepEqual(listed(log), [ONE, TWO, THREE]);
  assert.equal(log.problem, "");
});

test("import is idempotent and commutative", () => {
  const [one, two] = [
    [ONE, TWO],
    [THREE, TWO],
  ].map((reviews) => {
    const log = storageWith().open();
    log.importText(textOf(...reviews));
    return log;
  });
  const [first, second] = [one.exportText(), two.exportText()];
  assert.equal(one.importText(first).added, 0);
  assert.equal(one.importText(second).added, 1);
  assert.equal(two.importText(first).added, 1);
  assert.deepEqual(listed(one), listed(two));
  assert.equal(one.reviews.length, 3);
});

test("an own file from a wrong clock can be imported again", () => {
  const log = storageWith().open();
  tick(40 * DAY);
  log.add("a", 3);
  tick(-40 * DAY);
  assert.equal(log.importText(log.exportText()).known, 1);
});

// --- resets ---------------------------------------------------------------------------------------------------------

test("a reset can be taken back, and reaches other tabs", () => {
  const { storage, open } = storageWith({ [KEY]: textOf(ONE, TWO) });
  const [one, two] = [open(), open()];
  const counts = () => [one.reviews.length, two.reviews.length, stored(storage).reviews.length];
  const undo = one.reset();
  assert.deepEqual(counts(), [0, 2, 0]);
  two.add("c", 3);
  assert.deepEqual(counts(), [0, 1, 1]);
  undo();
  assert.deepEqual(counts(), [3, 1, 3]);
  two.add("d", 3);
  assert.deepEqual(counts(), [3, 4, 4]);
});

test("a reset elsewhere does not remove what could not be stored", () => {
  const { storage, open } = storageWith({ [KEY]: textOf(ONE) });
  const [one, two] = [open(), open()];
  storage.room = 20;
  two.add("unsaved", 3);
  storage.room = 1e6;
  one.reset();
  two.add("c", 3);
  assert.deepEqual(cardsOf(two), ["c", "unsaved"]);
});

test("a tab that wrote during a reset does not undo it", () => {
  const text = textOf(ONE, TWO);
  const { storage, open } = storageWith({ [KEY]: text });
  const log = open();
  log.reset();
  storage.items.set(KEY, text); // written by a tab that had read before the reset
  log.add("c", 3);
  assert.deepEqual(cardsOf(log), ["c"]);
});

test("a reset removes what could not be stored here", () => {
  const { storage, open } = storageWith();
  const [one, two] = [open(), open()];
  storage.room = 20;
  two.add("unsaved", 3);
  two.reset();
  storage.room = 1e6;
  assert.equal(two.reviews.length, 0);
  one.reset();
  one.reset();
  two.add("c", 3);
  assert.deepEqual(cardsOf(two), ["c"]);
});

// --- what was answered ----------------------------------------------------------------------------------------------

test("what was answered is kept, moves with the file, and outlives files that do not say it", () => {
  const { storage, open } = storageWith();
  const log = open();
  log.add("a", 1, 2);
  log.add("b", 3, { gate: "forget" });
  log.add("c", 3);
  assert.deepEqual(stored(storage).responses, [
    ["a", NOW, [2]],
    ["b", NOW, ["forget"]],
  ]);
  const bare = textOf(...stored(storage).reviews);
  for (const texts of [
    [bare, log.exportText()],
    [log.exportText(), bare],
  ]) {
    const other = storageWith().open();
    other.importText(texts[0]);
    other.importText(texts[1]);
    assert.equal(other.reviews.length, 3);
    if (texts[1] === bare) assert.deepEqual(other.reviews[0].response, [2]);
  }
  open().add("d", 3);
  assert.equal(stored(storage).responses.length, 2);
});

test("a name goes into the file and nowhere else", () => {
  const { storage, open } = storageWith();
  const log = open();
  log.add("a", 3);
  assert.equal(JSON.parse(log.exportText("Anna Berg")).name, "Anna Berg");
  assert.ok(!("name" in JSON.parse(log.exportText())));
  const other = storageWith();
  assert.equal(other.open().importText(log.exportText("Anna Berg")).added, 1);
  for (const text of [...storage.items.values(), ...other.storage.items.values()]) assert.ok(!text.includes("Anna"));
});
