// What runs say to those who have predicted them.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { rangeOf, verdictOf } from "../../../lmkit/widgets/base/prediction/prediction.js";
import { outcomeOf } from "../../../lmkit/widgets/labs/train/outcomes.js";
import { Race } from "../../../lmkit/widgets/labs/train/race.js";
import { curvesOf, newRun } from "../../../lmkit/widgets/labs/train/runs.js";

const SETUP = { text: "recall", cell: "lstm", lr: 0.01, steps: 100, seed: 0 };
const PRESETS = [
  { name: "RNN", settings: { cell: "rnn" } },
  { name: "LSTM", settings: { cell: "lstm" } },
];

/** A question with so many choices. */
function asks(measure, count, bounds = []) {
  return { question: "?", choices: Array.from({ length: count }, (_, n) => `choice ${n}`), measure, bounds };
}

/** A run that is over, with these losses of held-out text along its way. */
function over(number, losses, more = {}) {
  const points = losses.map((heldLoss, n) => ({ step: (100 * (n + 1)) / losses.length, heldLoss, heldAccuracy: 0.5 }));
  const facts = { charactersPerToken: 2 };
  return { ...newRun(number, SETUP), points, facts, step: 100, isOver: true, ...more };
}

/** A race of which the runs are over. */
function raced(...runs) {
  const race = new Race(1, SETUP, PRESETS);
  for (const run of runs) race.take({ ...run, entrant: race.next().entrant });
  return race;
}

describe("a race", () => {
  test("runs all presets with all else the same, and takes each once", () => {
    const race = new Race(4, SETUP, PRESETS);
    const first = race.next();
    assert.deepEqual(first, { setup: { ...SETUP, cell: "rnn" }, entrant: { race: 4, place: 0, title: "RNN" } });
    const run = newRun(4, first.setup, first.entrant);
    assert.equal(race.take(newRun(3, SETUP)), false);
    assert.equal(race.take(newRun(3, SETUP, { race: 2, place: 0, title: "RNN" })), false);
    assert.deepEqual([race.take(run), race.take(run), race.isOver], [true, false, false]);
    assert.equal(race.next().entrant.title, "LSTM");
    race.take(newRun(5, race.next().setup, race.next().entrant));
    assert.equal(race.isOver, true);
  });

  test("draws its runs by name, with equal weight", () => {
    const [first, second] = raced(over(1, [2, 1]), over(2, [2, 0.5])).finished;
    const names = curvesOf("loss", second, [over(9, [1]), first], SETUP).map(({ name, faint }) => [
      name,
      Boolean(faint),
    ]);
    assert.deepEqual(names, [
      ["run 9: the same settings", true],
      ["RNN", false],
      ["LSTM, training", false],
      ["LSTM, held out", false],
    ]);
  });
});

describe("an outcome", () => {
  test("waits for the end", () => {
    const race = new Race(1, SETUP, PRESETS);
    assert.equal(outcomeOf(asks("lowest_loss", 2), { run: over(1, [1]), race }), null);
    assert.equal(outcomeOf(asks("lowest_loss", 2), { run: over(1, [1]), race: null }), null);
    assert.equal(outcomeOf(asks("lowest_at", 3), { run: over(1, [1], { isOver: false }), race: null }), null);
    assert.equal(outcomeOf(asks("lowest_at", 3), { run: null, race: null }), null);
  });

  test("names the preset that ends lowest, or a tie where that is a choice", () => {
    const won = outcomeOf(asks("lowest_loss", 2), { run: null, race: raced(over(1, [1, 1.39]), over(2, [2, 0.021])) });
    assert.deepEqual(won, { choice: 1, detail: "held out, RNN: 1.39 nats; LSTM: 0.021 nats", key: "race 1" });
    const close = raced(over(1, [1.005]), over(2, [1]));
    assert.equal(outcomeOf(asks("lowest_loss", 3), { run: null, race: close }).choice, 2);
    assert.equal(outcomeOf(asks("lowest_loss", 2), { run: null, race: close }).choice, 1);
    const lost = raced(over(1, [1], { diverged: 7 }), over(2, [3]));
    assert.equal(outcomeOf(asks("lowest_loss", 3), { run: null, race: lost }).choice, 1);
    const both = raced(over(1, [1], { diverged: 7 }), over(2, [3], { diverged: 8 }));
    assert.equal(outcomeOf(asks("lowest_loss", 3), { run: null, race: both }).choice, 2);
    const none = raced(over(1, [0]), over(2, [0]));
    assert.equal(outcomeOf(asks("lowest_loss", 3), { run: null, race: none }).choice, 2);
  });

  test("says how the second of two ends beside the first", () => {
    const of = (...runs) => outcomeOf(asks("second_beside_first", 3), { run: null, race: raced(...runs) });
    assert.equal(of(over(1, [1]), over(2, [0.5])).choice, 0);
    assert.equal(of(over(1, [1]), over(2, [1.5])).choice, 1);
    const diverged = of(over(1, [1]), over(2, [0.1], { diverged: 1234 }));
    assert.deepEqual([diverged.choice, diverged.detail], [2, "held out, RNN: 1.00 nats; LSTM: diverged at step 1,234"]);
    assert.equal(of(over(1, [1], { diverged: 5 }), over(2, [9])).choice, 0);
  });

  test("says in which part of a run the loss is lowest", () => {
    const of = (losses, parts) => outcomeOf(asks("lowest_at", parts), { run: over(2, losses), race: null });
    assert.deepEqual(of([3, 1, 2, 2.5], 2), {
      choice: 0,
      detail: "1.00 nats at step 50, 2.50 nats at the end",
      key: "run 2",
    });
    assert.equal(of([3, 2, 1, 2], 3).choice, 2);
    assert.equal(of([1, 2, 3, 4], 4).choice, 0);
    assert.deepEqual(of([4, 3, 2, 1], 4), { choice: 3, detail: "1.00 nats at step 100", key: "run 2" });
    assert.equal(of([Number.NaN, 2], 2).choice, 1);
    assert.equal(of([], 2).choice, 0);
  });

  test("puts a number into its range", () => {
    const of = (measure, bounds, run) => outcomeOf(asks(measure, bounds.length + 1, bounds), { run, race: null });
    assert.deepEqual(of("held_out_loss", [1, 2], over(1, [1.5])), { choice: 1, detail: "1.50 nats", key: "run 1" });
    assert.equal(of("held_out_accuracy", [0.5], over(1, [1])).choice, 1);
    const bits = of("bits_per_character", [2, 3], over(1, [Math.LN2 * 5]));
    assert.deepEqual([bits.choice, bits.detail], [1, "2.50 bits"]);
    assert.deepEqual(of("bits_per_character", [2, 3], over(1, [1], { diverged: 3 })).detail, "it diverged");
    assert.equal(of("bits_per_character", [2, 3], over(1, [1], { diverged: 3 })).choice, 2);
  });
});

test("ranges begin at their bounds", () => {
  assert.deepEqual(
    [0, 1, 1.5, 2, 9, Number.NaN].map((value) => rangeOf(value, [1, 2])),
    [0, 1, 1, 2, 2, 2],
  );
});

test("a verdict says what was predicted and what happened", () => {
  const question = asks("lowest_at", 2);
  const outcome = { choice: 1, detail: "1 nat", key: "run 1" };
  assert.equal(verdictOf(question, 1, outcome), "You predicted ‘choice 1’, and so it was (1 nat).");
  assert.equal(verdictOf(question, 0, outcome), "You predicted ‘choice 0’, and the run says ‘choice 1’ (1 nat).");
  const late = "The run says ‘choice 1’. You had not chosen before it began.";
  assert.equal(verdictOf(question, null, { ...outcome, detail: "" }), late);
});
