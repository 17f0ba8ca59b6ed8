// A layer under random masks, and a memory carried past them. The mirror of lmkit.widgets.labs.dropout.lab.

import { uniform } from "../../base/rng.js";

export const MASKS = 2000; // draws of the layer's mask
export const CARRIED = 200; // draws of the memory's mask
export const UNITS = 16; // of the memory
export const STEPS = 24;
export const BINS = { low: -8, high: 12, width: 0.5 }; // the middles of the first and last bin, and their distance

/**
 * All that the lab shows of its settings.
 * @typedef {object} Shown
 * @property {number[]} activations
 * @property {number[]} contributions to the output, each an activation times its weight
 * @property {number} p
 * @property {number} scale what activations are multiplied by
 * @property {number} place of the draw, from 1
 * @property {string} mode
 * @property {boolean} locked whether one mask serves all steps
 * @property {number} whole the output without dropout
 * @property {Moments} expected
 * @property {number} mean of the outputs under all masks
 * @property {number} variance
 * @property {boolean[]} mask of this draw, true where a unit is kept
 * @property {number} output of this draw
 * @property {number[]} counts of the histogram
 * @property {boolean[][]} masks of the memory, one for each step
 * @property {boolean[][]} alive for each step and unit, whether the memory is still there
 * @property {number} left how many units still have it at the end
 * @property {number} reached the share that reaches the end in all draws
 * @property {number[]} shares that are expected after each step
 * @property {number} trained the mean that the next layer meets in training
 * @property {number} evaluated and in evaluation
 */
/** @typedef {{ mean: number, variance: number }} Moments */

/** All numbers that decide who is dropped: a unit is kept where its number is at least p. Only a seed changes them. */
export class Draws {
  /**
   * @param {number} seed
   * @param {number} size how many units the layer has
   */
  constructor(seed, size) {
    this.size = size;
    /** @param {number} n */
    const at = (n) => uniform(seed, n);
    const first = MASKS * size;
    this.layer = Float64Array.from({ length: first }, (_, n) => at(n));
    this.memory = Float64Array.from({ length: CARRIED * STEPS * UNITS }, (_, n) => at(first + n));
    this.least = leastOverSteps(this.memory);
  }

  /**
   * The layer's mask of a draw, from 0.
   * @param {number} draw
   * @param {number} p
   */
  mask(draw, p) {
    return Array.from({ length: this.size }, (_, j) => this.layer[draw * this.size + j] >= p);
  }

  /**
   * The memory's masks of a draw: for each step one of all units; locked, always the first.
   * @param {number} draw
   * @param {number} p
   * @param {boolean} locked
   */
  masks(draw, p, locked) {
    /** @type {(t: number, j: number) => boolean} */
    const keeps = (t, j) => this.memory[(draw * STEPS + (locked ? 0 : t)) * UNITS + j] >= p;
    return Array.from({ length: STEPS }, (_, t) => Array.from({ length: UNITS }, (__, j) => keeps(t, j)));
  }

  /**
   * The layer's output under every mask.
   * @param {number[]} contributions
   * @param {number} p
   * @param {number} scale
   */
  outputs(contributions, p, scale) {
    const outputs = new Float64Array(MASKS);
    for (let draw = 0, at = 0; draw < MASKS; draw++) {
      let sum = 0;
      for (let j = 0; j < this.size; j++, at++) if (this.layer[at] >= p) sum += contributions[j];
      outputs[draw] = scale * sum;
    }
    return outputs;
  }

  /**
   * The share of memories that reach the last step.
   * @param {number} p
   * @param {boolean} locked
   */
  carried(p, locked) {
    let count = 0;
    for (let draw = 0; draw < CARRIED; draw++) {
      for (let j = 0; j < UNITS; j++) {
        const decides = locked ? this.memory[draw * STEPS * UNITS + j] : this.least[draw * UNITS + j];
        if (decides >= p) count++;
      }
    }
    return count / (CARRIED * UNITS);
  }
}

/**
 * What activations are multiplied by in a mode.
 * @param {number} p
 * @param {string} compensation
 * @param {string} mode
 */
export function factor(p, compensation, mode) {
  if (compensation === "training" && mode === "training") return 1 / (1 - p);
  return compensation === "evaluation" && mode === "evaluation" ? 1 - p : 1;
}

/**
 * Mean and variance in closed form.
 * @param {number[]} contributions
 * @param {number} p
 * @param {number} scale
 * @returns {Moments}
 */
export function predicted(contributions, p, scale) {
  const sum = contributions.reduce((total, c) => total + c, 0);
  const squares = contributions.reduce((total, c) => total + c * c, 0);
  return { mean: scale * (1 - p) * sum, variance: scale ** 2 * p * (1 - p) * squares };
}

/**
 * @param {Float64Array} outputs
 * @returns {Moments}
 */
export function measured(outputs) {
  const mean = outputs.reduce((total, y) => total + y, 0) / outputs.length;
  const variance = outputs.reduce((total, y) => total + (y - mean) ** 2, 0) / outputs.length;
  return { mean, variance };
}

/**
 * How many outputs fall into each bin; those farther out are counted in the first and the last.
 * @param {Float64Array} outputs
 * @returns {number[]}
 */
export function histogram(outputs) {
  const { low, high, width } = BINS;
  const last = Math.round((high - low) / width);
  const counts = new Array(last + 1).fill(0);
  // The small number lets what lies on an edge fall on the same side however a processor rounds.
  for (const y of outputs) counts[Math.min(Math.max(Math.floor((y - low) / width + 0.5 + 1e-9), 0), last)]++;
  return counts;
}

/**
 * For each step and unit, whether what was stored is still there after it.
 * @param {boolean[][]} masks
 */
export function stillThere(masks) {
  let alive = Array.from({ length: UNITS }, () => true);
  return masks.map((mask) => {
    alive = mask.map((keeps, j) => alive[j] && keeps);
    return alive;
  });
}

/**
 * The share that is expected to be left after each step, from 1.
 * @param {number} p
 * @param {boolean} locked
 */
export function expectedShares(p, locked) {
  return Array.from({ length: STEPS }, (_, t) => (1 - p) ** (locked ? 1 : t + 1));
}

/**
 * The smallest number that a unit meets on its way.
 * @param {Float64Array} memory
 */
function leastOverSteps(memory) {
  const least = new Float64Array(CARRIED * UNITS).fill(1);
  for (let at = 0; at < memory.length; at++) {
    const unit = Math.floor(at / (STEPS * UNITS)) * UNITS + (at % UNITS);
    least[unit] = Math.min(least[unit], memory[at]);
  }
  return least;
}
