// How a lab's runs answer what the reader predicted: each measure reads finished runs, and says which choice came true.

import { percent } from "../../base/dom.js";
import { rangeOf } from "../../base/prediction/prediction.js";

/** @typedef {import("../../base/prediction/prediction.js").Outcome} Outcome */
/** @typedef {import("../../base/prediction/prediction.js").Question} Question */
/** @typedef {import("./race.js").Race} Race */
/** @typedef {import("./runs.js").Run} Run */
/** @typedef {{ choice: number, detail: string }} Found */

const TIE = 0.01; // losses that differ by less than this share of the lower one are no different

/** @type {Record<string, (runs: Run[], question: Question) => Found>} */
const OF_RACES = {
  lowest_loss: lowestLoss,
  second_beside_first: secondBesideFirst,
};

/** @type {Record<string, (run: Run, question: Question) => Found>} */
const OF_RUNS = {
  lowest_at: lowestAt,
  held_out_loss: (run, { bounds }) => ranged(lossOf(run), bounds, nats),
  held_out_accuracy: (run, { bounds }) => ranged(lastOf(run)?.heldAccuracy ?? 0, bounds, percent),
  bits_per_character: (run, { bounds }) => ranged(bitsOf(run), bounds, (bits) => `${bits.toFixed(2)} bits`),
};

/**
 * What the runs say by now; null where they do not say anything yet.
 *
 * @param {Question} question
 * @param {{ run: Run | null, race: Race | null }} now
 * @returns {Outcome | null}
 */
export function outcomeOf(question, { run, race }) {
  const ofRace = OF_RACES[question.measure];
  if (ofRace) return race?.isOver ? { ...ofRace(race.finished, question), key: `race ${race.number}` } : null;
  if (!run?.isOver) return null;
  return { ...OF_RUNS[question.measure](run, question), key: `run ${run.number}` };
}

/**
 * Which preset ends with the lowest loss; one choice more than there are presets is for a tie.
 *
 * @param {Run[]} runs
 * @param {Question} question
 * @returns {Found}
 */
function lowestLoss(runs, { choices }) {
  const losses = runs.map(lossOf);
  const order = losses.map((_, place) => place).sort((a, b) => losses[a] - losses[b]);
  const [best, second] = order.map((place) => losses[place]);
  const isTie = choices.length > runs.length && !(second - best >= TIE * best && second > best);
  return { choice: isTie ? runs.length : order[0], detail: besides(runs) };
}

/**
 * Whether the second of two presets ends lower than the first, higher, or not at all.
 *
 * @param {Run[]} runs
 * @returns {Found}
 */
function secondBesideFirst(runs) {
  const [first, second] = runs;
  const choice = second.diverged ? 2 : lossOf(second) < lossOf(first) ? 0 : 1;
  return { choice, detail: besides(runs) };
}

/**
 * In which part of the run the held-out loss is lowest: there are as many equal parts as choices.
 *
 * @param {Run} run
 * @param {Question} question
 * @returns {Found}
 */
function lowestAt({ points, setup }, { choices }) {
  const known = points.filter(({ heldLoss }) => Number.isFinite(heldLoss));
  if (!known.length) return { choice: 0, detail: "it never was a number" };
  const best = known.reduce((low, point) => (point.heldLoss < low.heldLoss ? point : low));
  const choice = Math.max(0, Math.ceil((choices.length * best.step) / setup.steps) - 1);
  const last = known[known.length - 1];
  const then = `${nats(best.heldLoss)} at step ${best.step.toLocaleString("en")}`;
  return { choice, detail: best === last ? then : `${then}, ${nats(last.heldLoss)} at the end` };
}

/**
 * @param {number} value
 * @param {number[]} bounds
 * @param {(value: number) => string} inWords
 * @returns {Found}
 */
function ranged(value, bounds, inWords) {
  return { choice: rangeOf(value, bounds), detail: Number.isFinite(value) ? inWords(value) : "it diverged" };
}

/** @param {Run[]} runs */
function besides(runs) {
  const parts = runs.map((run) => {
    const end = run.diverged ? `diverged at step ${run.diverged.toLocaleString("en")}` : nats(lossOf(run));
    return `${run.entrant?.title}: ${end}`;
  });
  return `held out, ${parts.join("; ")}`;
}

/** @param {Run} run */
function lastOf({ points, diverged }) {
  return diverged ? undefined : points[points.length - 1];
}

/** @param {Run} run */
function lossOf(run) {
  return lastOf(run)?.heldLoss ?? Number.POSITIVE_INFINITY;
}

/** @param {Run} run */
function bitsOf(run) {
  return lossOf(run) / Math.LN2 / (run.facts?.charactersPerToken || 1);
}

/** @param {number} loss */
function nats(loss) {
  return `${loss.toFixed(loss < 0.1 ? 3 : 2)} nats`;
}
