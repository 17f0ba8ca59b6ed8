// What is said of runs, and which of them stay.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  curvesOf,
  differences,
  factsOf,
  inShort,
  lossRange,
  MOST_EARLIER,
  newRun,
  planOf,
  statusOf,
  withEarlier,
} from "../../../lmkit/widgets/labs/train/runs.js";

const SETUP = {
  text: "human_numbers",
  unit: "characters",
  cell: "lstm",
  hidden_size: 64,
  num_layers: 1,
  window: 16,
  batch_size: 32,
  optimizer: "adamw",
  lr: 0.01,
  clip: 1,
  dropout: 0,
  decay: 0.01,
  alpha: 0,
  beta: 0,
  steps: 1000,
  seed: 0,
};
const FACTS = {
  vocabSize: 30,
  training: 50472,
  held: 12623,
  measured: 12576,
  stepsPerEpoch: 99,
  parameters: 35230,
  bytes: 2_745_472,
  charactersPerToken: 0,
  kind: "vector",
};
const POINT = { step: 10, loss: 3, accuracy: 0.1, norm: 0.5, clipped: 0, heldLoss: 2, heldAccuracy: 0.25 };

function run(number, changes = {}, more = {}) {
  return { ...newRun(number, { ...SETUP, ...changes }), facts: FACTS, points: [POINT], step: 10, ...more };
}

describe("runs", () => {
  test("stay when they have learned something, five of them, the latest", () => {
    let earlier = withEarlier([], null);
    earlier = withEarlier(earlier, newRun(1, SETUP));
    assert.deepEqual(earlier, []);
    for (let n = 1; n <= 7; n++) earlier = withEarlier(earlier, run(n));
    assert.deepEqual(
      earlier.map(({ number }) => number),
      [3, 4, 5, 6, 7],
    );
    assert.equal(earlier.length, MOST_EARLIER);
  });

  test("are told apart by the settings in which they differ", () => {
    assert.equal(differences({ ...SETUP, lr: 0.1, clip: null }, SETUP), "rate 0.1, clip never");
    assert.equal(differences({ ...SETUP, cell: "gru", text: "own" }, SETUP), "text your own, cell GRU");
    assert.equal(differences(SETUP, { ...SETUP }), "the same settings");
    assert.equal(inShort({ ...SETUP, num_layers: 2 }), "Human Numbers: LSTM 64 × 2, AdamW 0.01");
    assert.equal(inShort({ ...SETUP, text: "own" }), "Your own text: LSTM 64, AdamW 0.01");
    assert.match(planOf(SETUP), /^Human Numbers, LSTM, width 64, layers 1, window 16, .*, clip 1, .*, seed 0$/);
    assert.match(planOf({ ...SETUP, text: "own", clip: null }), /^your own in characters, LSTM, .* clip never/);
  });

  test("have a curve on each text, earlier ones on what is held out alone", () => {
    const series = curvesOf("loss", run(2), [run(1, { lr: 0.1 })], SETUP);
    assert.deepEqual(
      series.map(({ name, points: [[x, y]] }) => [name, x, y]),
      [
        ["run 1: rate 0.1", 10, 2],
        ["training", 10, 3],
        ["held out", 10, 2],
      ],
    );
    const [alone] = curvesOf("loss", null, [run(1, { lr: 0.1 })], { ...SETUP, seed: 2 });
    assert.equal(alone.name, "run 1: rate 0.1, seed 0");
    const accuracy = curvesOf("accuracy", run(2), [], SETUP);
    assert.deepEqual(
      accuracy.map(({ points: [[, y]] }) => y),
      [0.1, 0.25],
    );
  });

  test("are drawn up to a little above a blind guess, however high a loss climbs", () => {
    const [low, high] = lossRange(
      curvesOf("loss", run(1, {}, { points: [{ ...POINT, loss: 900 }] }), [], SETUP),
      [1],
      30,
    );
    assert.equal(low, 0);
    assert.ok(high > Math.log(30) && high < 1.5 * Math.log(30));
    assert.ok(lossRange([], [9], 3)[1] < 9);
  });
});

describe("what is said of a run", () => {
  test("is where it stands", () => {
    assert.equal(statusOf(newRun(1, SETUP)), "Reading the text …");
    assert.equal(statusOf(run(1)), "Step 10 of 1,000: held out 2.00 nats, 25\u202f% right");
    const characters = { ...FACTS, charactersPerToken: 2 };
    assert.match(statusOf(run(1, {}, { facts: characters })), /2\.00 nats, 1\.44 bits per character/);
  });

  test("names the step at which it diverged, and what to do", () => {
    assert.equal(
      statusOf(run(1, {}, { diverged: 1043 })),
      "It diverged at step 1,043: the loss is no longer a number. Lower the rate or clip, and press Again",
    );
  });

  test("has sizes and speed", () => {
    const said = factsOf(FACTS, run(1, {}, { seconds: 2, step: 198 }));
    assert.match(
      said,
      /35,230 parameters · 30 kinds of tokens · 50,472 to learn from, 12,623 held out · 2\.0 times read/,
    );
    assert.match(said, /2\.7\u202fMB · 2\.0\u202fs, 99 steps a second$/);
    assert.doesNotMatch(factsOf(FACTS, run(1)), /second/);
  });
});
