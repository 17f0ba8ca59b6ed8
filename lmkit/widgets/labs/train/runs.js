// What is known of runs, and how it is said: plain data in, words and curves out.

import { percent } from "../../base/dom.js";

/**
 * @typedef {import("./training.js").RunSettings} RunSettings
 * @typedef {import("./training.js").CurvePoint} CurvePoint
 * @typedef {import("./training.js").Facts} Facts
 * @typedef {import("../../base/charts/run_curves.js").Series} Series
 * @typedef {import("../../base/charts/run_chart.js").Mark} Mark
 */

/** Settings and the text, as the legend compares them. @typedef {RunSettings & { text: string, unit: string }} Setup */

/** A run's place in a race, which has the number of its first run. @typedef {{ race: number, place: number, title: string }} Entrant */

/**
 * One training, as far as it has come.
 *
 * @typedef {object} Run
 * @property {number} number - From 1.
 * @property {Setup} setup
 * @property {Entrant | null} entrant - Of a race, or null.
 * @property {Facts | null} facts - Null until the text was read.
 * @property {number} asked - Single steps that were asked for while the text was read.
 * @property {CurvePoint[]} points
 * @property {number} step
 * @property {boolean} isRunning
 * @property {boolean} isOver
 * @property {number} diverged - The step at which it did, or 0.
 * @property {number} seconds - Of training.
 * @property {{ prompt: string, text: string } | null} sample
 */

export const MOST_EARLIER = 5;
/** Of the runs of a race, in order. */
const RACERS = ["rnn", "gru", "output", "weight"];
/** @type {Mark[]} */
const MARKS = ["square", "diamond", "up", "down", "plus"];

/**
 * @param {number} number
 * @param {Setup} setup
 * @param {Entrant | null} [entrant]
 * @returns {Run}
 */
export function newRun(number, setup, entrant = null) {
  const begun = {
    facts: null,
    asked: 0,
    points: [],
    step: 0,
    isRunning: false,
    isOver: false,
    diverged: 0,
    seconds: 0,
  };
  return { number, setup, entrant, ...begun, sample: null };
}

/**
 * Earlier runs with one more, if there is something to see of it; the oldest go.
 *
 * @param {Run[]} earlier
 * @param {Run | null} run
 */
export function withEarlier(earlier, run) {
  return run?.points.length ? [...earlier, run].slice(-MOST_EARLIER) : earlier;
}

/** @type {Record<keyof Setup, string>} */
const NAMES = {
  text: "text",
  unit: "tokens",
  cell: "cell",
  hidden_size: "width",
  num_layers: "layers",
  window: "window",
  batch_size: "batch",
  optimizer: "optimiser",
  lr: "rate",
  clip: "clip",
  dropout: "dropout",
  decay: "decay",
  alpha: "AR",
  beta: "TAR",
  forget_bias: "forget bias",
  distance: "distance",
  steps: "steps",
  seed: "seed",
};
/** @type {Record<string, string>} */
const VALUES = {
  lstm: "LSTM",
  gru: "GRU",
  rnn: "RNN, tanh",
  relu: "RNN, relu",
  adamw: "AdamW",
  muon: "Muon",
  sgd: "SGD",
  human_numbers: "Human Numbers",
  stories: "Stories",
  shakespeare: "Shakespeare",
  recall: "Recall",
  own: "your own",
};

/**
 * In which settings a run differs from another, in words.
 *
 * @param {Setup} setup
 * @param {Setup} other
 */
export function differences(setup, other) {
  const names = /** @type {(keyof Setup)[]} */ (Object.keys(NAMES));
  const different = names.filter((name) => setup[name] !== other[name]);
  return different.length
    ? different.map((name) => `${NAMES[name]} ${shown(setup[name])}`).join(", ")
    : "the same settings";
}

/**
 * A run's settings in short.
 *
 * @param {Setup} setup
 */
export function inShort({ text, cell, hidden_size, num_layers, optimizer, lr }) {
  const layers = num_layers > 1 ? ` × ${num_layers}` : "";
  return `${text === "own" ? "Your own text" : shown(text)}: ${shown(cell)} ${hidden_size}${layers}, ${shown(optimizer)} ${lr}`;
}

/**
 * All settings of a run that is to come.
 *
 * @param {Setup} setup
 */
export function planOf(setup) {
  const left = setup.text === "recall" ? "window" : "distance"; // it has the one, other texts the other
  const names = /** @type {(keyof Setup)[]} */ (Object.keys(NAMES)).slice(3).filter((name) => name !== left);
  const rest = names.map((name) => `${NAMES[name]} ${shown(setup[name])}`).join(", ");
  const unit = ["shakespeare", "own"].includes(setup.text) ? ` in ${setup.unit}` : "";
  return `${shown(setup.text)}${unit}, ${shown(setup.cell)}, ${rest}`;
}

/** @param {string | number | null | undefined} value */
function shown(value) {
  return value === null ? "never" : (VALUES[String(value)] ?? String(value));
}

/** @typedef {"loss" | "accuracy"} Measure */

/**
 * The curves of a measure: of this run on both texts, of earlier ones on what is held out.
 *
 * @param {Measure} measure
 * @param {Run | null} run
 * @param {Run[]} earlier
 * @param {Setup} setup - Of the next run: what earlier ones differ from, where there is none.
 * @returns {Series[]}
 */
export function curvesOf(measure, run, earlier, setup) {
  const held = measure === "loss" ? "heldLoss" : "heldAccuracy";
  /**
   * @param {Run} run
   * @param {"loss" | "accuracy" | "heldLoss" | "heldAccuracy"} of
   * @returns {import("../../base/charts/run_chart.js").Point[]}
   */
  const points = (run, of) =>
    run.points.filter((point) => Number.isFinite(point[of])).map((point) => [point.step, point[of], null]);
  /** @type {Series[]} */
  const before = earlier.map((one, place) => {
    const rival = one.entrant && one.entrant.race === run?.entrant?.race ? one.entrant : null;
    const name = `run ${one.number}: ${differences(one.setup, run?.setup ?? setup)}`;
    const drawn = rival ? { name: rival.title, role: RACERS[rival.place], strong: true } : { name, role: "muted" };
    return { ...drawn, mark: MARKS[place], faint: !rival, points: points(one, held) };
  });
  if (!run) return before;
  const title = run.entrant ? `${run.entrant.title}, ` : "";
  return [
    ...before,
    { name: `${title}training`, role: "model", mark: "circle", points: points(run, measure) },
    { name: `${title}held out`, role: "validation", mark: "circle", strong: true, points: points(run, held) },
  ];
}

/**
 * The ends of the axis upwards for a loss: what has gone far beyond a blind guess is cut off.
 *
 * @param {Series[]} series
 * @param {number[]} lines
 * @param {number} vocabSize
 * @returns {[number, number]}
 */
export function lossRange(series, lines, vocabSize) {
  const blind = Math.log(vocabSize);
  const values = series.flatMap(({ points }) => points.map(([, value]) => value)).filter(Number.isFinite);
  const top = Math.min(1.25 * blind, Math.max(0.5 * blind, ...values, ...lines));
  return [0, 1.05 * top];
}

/**
 * Where a run stands, for the line below the buttons.
 *
 * @param {Run} run
 */
export function statusOf(run) {
  const { step, setup, points, diverged, facts } = run;
  if (!facts) return "Reading the text …";
  if (diverged) {
    return `It diverged at step ${count(diverged)}: the loss is no longer a number. Lower the rate or clip, and press Again`;
  }
  const last = points[points.length - 1];
  const done = `Step ${count(step)} of ${count(setup.steps)}`;
  if (!last) return done;
  const bits = facts.charactersPerToken
    ? `, ${(last.heldLoss / Math.LN2 / facts.charactersPerToken).toFixed(2)} bits per character`
    : "";
  return `${done}: held out ${last.heldLoss.toFixed(2)} nats${bits}, ${percent(last.heldAccuracy)} right`;
}

/**
 * What there is to know of a run besides.
 *
 * @param {Facts} facts
 * @param {Run} run
 */
export function factsOf(facts, { seconds, step }) {
  const parts = [
    `${count(facts.parameters)} parameters`,
    `${count(facts.vocabSize)} kinds of tokens`,
    facts.training
      ? `${count(facts.training)} to learn from, ${count(facts.held)} held out`
      : `new questions at every step, ${count(facts.held)} tokens of others held out`,
    ...(facts.training ? [`${(step / facts.stepsPerEpoch).toFixed(1)} times read`] : []),
  ];
  if (facts.bytes) parts.push(`${(facts.bytes / 1e6).toFixed(1)}\u202fMB`);
  if (seconds >= 0.1) parts.push(`${seconds.toFixed(1)}\u202fs, ${count(Math.round(step / seconds))} steps a second`);
  return parts.join(" · ");
}

/** @param {number} number */
export function count(number) {
  return number.toLocaleString("en");
}
