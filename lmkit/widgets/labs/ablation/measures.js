// What is measured of every combination of parts, and how it is written. No page here.

/** @typedef {[mean: number, half: number]} Interval Half of it is 0 where there is a single seed. */
/** @typedef {{ times?: number, unit?: string, digits: number, axis?: string }} Format How values are written. */
/**
 * What can be shown: the names of its curve and of its ends, without and with the cache; `rising`: more is better.
 * @typedef {Format & { label: string, curve: string, plain: string, cached: string, rising: boolean }} Measure
 */
/**
 * The runs of one combination.
 * @typedef {object} Combination
 * @property {number} bits the parts that are on
 * @property {number} seeds
 * @property {number} parameters
 * @property {Record<string, Interval>} ends measures after the last epoch
 * @property {Record<string, Interval[]>} curves measures after every epoch
 */
/**
 * The same in whole ten-thousandths, with means and halves apart in curves.
 * @typedef {object} Entry
 * @property {number} bits
 * @property {number} seeds
 * @property {number} parameters
 * @property {Record<string, Interval>} ends
 * @property {Record<string, [means: number[], halves: number[]]>} curves
 */

const WHOLE = 10000; // numbers travel as whole ten-thousandths
const SHARE = { times: 100, unit: "\u202f%", digits: 1 };
const NATS = { digits: 3, axis: " (nats)", rising: false };

/** @type {Measure[]} */
export const MEASURES = [
  {
    label: "held-out accuracy",
    curve: "valid_accuracy",
    plain: "accuracy",
    cached: "cached_accuracy",
    rising: true,
    ...SHARE,
  },
  { label: "held-out loss", curve: "valid_loss", plain: "cross_entropy", cached: "cached_cross_entropy", ...NATS },
  { label: "training loss", curve: "train_loss", plain: "train_cross_entropy", cached: "train_cross_entropy", ...NATS },
];

/** The ends of runs, as a table has them. */
export const ROWS = [
  { label: "held-out accuracy", end: "accuracy", format: SHARE },
  { label: "… with the cache", end: "cached_accuracy", format: SHARE },
  { label: "held-out loss", end: "cross_entropy", format: NATS },
  { label: "… with the cache", end: "cached_cross_entropy", format: NATS },
  { label: "training loss", end: "train_cross_entropy", format: NATS },
];

/**
 * Whole numbers as they travel, made into measures again.
 * @param {Entry} entry
 * @returns {Combination}
 */
export function combinationOf({ bits, seeds, parameters, ends, curves }) {
  /** @type {(values: Interval) => Interval} */
  const interval = ([mean, half]) => [mean / WHOLE, half / WHOLE];
  return {
    bits,
    seeds,
    parameters,
    ends: mapValues(ends, interval),
    curves: mapValues(curves, ([means, halves]) => means.map((mean, n) => interval([mean, halves[n]]))),
  };
}

/**
 * @template A, B
 * @param {Record<string, A>} given
 * @param {(value: A) => B} change
 * @returns {Record<string, B>}
 */
function mapValues(given, change) {
  return Object.fromEntries(Object.entries(given).map(([name, value]) => [name, change(value)]));
}

/**
 * From the best value of all to what the middle one of all combinations has after two epochs.
 * @param {Interval[][]} curves
 * @param {boolean} rising
 * @returns {[number, number]}
 */
export function rangeOf(curves, rising) {
  const means = curves.flatMap((points) => points.map(([mean]) => mean));
  const early = curves.map((points) => points[Math.min(1, points.length - 1)][0]).sort((a, b) => a - b);
  const middle = early[Math.floor(early.length / 2)];
  const best = rising ? Math.max(...means) : Math.min(...means);
  const air = 0.05 * Math.abs(best - middle) || 0.05;
  return rising ? [middle, best + air] : [Math.max(0, best - air), middle];
}

/**
 * "94.5 ± 1.6 %".
 * @param {Interval} interval
 * @param {Format} format
 */
export function runText([mean, half], { times = 1, unit = "", digits }) {
  return `${(times * mean).toFixed(digits)}${half ? ` ± ${(times * half).toFixed(digits)}` : ""}${unit}`;
}
