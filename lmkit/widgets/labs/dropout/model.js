// A layer under random masks, and a memory carried past them. The mirror of lmkit.widgets.dropout.

import { uniform } from "../../base/rng.js";

export const MASKS = 2000; // draws of the layer's mask
export const CARRIED = 200; // draws of the memory's mask
export const UNITS = 16; // of the memory
export const STEPS = 24;
export const BINS = { low: -8, high: 12, width: 0.5 }; // the middles of the first and last bin, and their distance

/** All numbers that decide who is dropped: a unit is kept where its number is at least p. Only a seed changes them. */
export class Draws {
  constructor(seed, size) {
    this.size = size;
    const at = (n) => uniform(seed, n),
      first = MASKS * size;
    this.layer = Float64Array.from({ length: first }, (_, n) => at(n));
    this.memory = Float64Array.from({ length: CARRIED * STEPS * UNITS }, (_, n) => at(first + n));
    this.least = leastOverSteps(this.memory);
  }

  /** The layer's mask of a draw, from 0. */
  mask(draw, p) {
    return Array.from({ length: this.size }, (_, j) => this.layer[draw * this.size + j] >= p);
  }

  /** The memory's masks of a draw: for each step one of all units; locked, always the first. */
  masks(draw, p, locked) {
    const keeps = (t, j) => this.memory[(draw * STEPS + (locked ? 0 : t)) * UNITS + j] >= p;
    return Array.from({ length: STEPS }, (_, t) => Array.from({ length: UNITS }, (__, j) => keeps(t, j)));
  }

  /** The layer's output under every mask. */
  outputs(contributions, p, scale) {
    const outputs = new Float64Array(MASKS);
    for (let draw = 0, at = 0; draw < MASKS; draw++) {
      let sum = 0;
      for (let j = 0; j < this.size; j++, at++) if (this.layer[at] >= p) sum += contributions[j];
      outputs[draw] = scale * sum;
    }
    return outputs;
  }

  /** The share of memories that reach the last step. */
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

/** What activations are multiplied by in a mode. */
export function factor(p, compensation, mode) {
  if (compensation === "training" && mode === "training") return 1 / (1 - p);
  return compensation === "evaluation" && mode === "evaluation" ? 1 - p : 1;
}

/** Mean and variance in closed form. */
export function predicted(contributions, p, scale) {
  const sum = contributions.reduce((total, c) => total + c, 0);
  const squares = contributions.reduce((total, c) => total + c * c, 0);
  return { mean: scale * (1 - p) * sum, variance: scale ** 2 * p * (1 - p) * squares };
}

export function measured(outputs) {
  const mean = outputs.reduce((total, y) => total + y, 0) / outputs.length;
  const variance = outputs.reduce((total, y) => total + (y - mean) ** 2, 0) / outputs.length;
  return { mean, variance };
}

/** How many outputs fall into each bin; those farther out are counted in the first and the last. */
export function histogram(outputs) {
  const { low, high, width } = BINS,
    last = Math.round((high - low) / width);
  const counts = new Array(last + 1).fill(0);
  // The small number lets what lies on an edge fall on the same side however a processor rounds.
  for (const y of outputs) counts[Math.min(Math.max(Math.floor((y - low) / width + 0.5 + 1e-9), 0), last)]++;
  return counts;
}

/** For each step and unit, whether what was stored is still there after it. */
export function stillThere(masks) {
  const alive = new Array(UNITS).fill(true);
  return masks.map((mask) => mask.map((keeps, j) => (alive[j] &&= keeps)));
}

/** The share that is expected to be left after each step, from 1. */
export function expectedShares(p, locked) {
  return Array.from({ length: STEPS }, (_, t) => (1 - p) ** (locked ? 1 : t + 1));
}

/** The smallest number that a unit meets on its way. */
function leastOverSteps(memory) {
  const least = new Float64Array(CARRIED * UNITS).fill(1);
  for (let at = 0; at < memory.length; at++) {
    const unit = Math.floor(at / (STEPS * UNITS)) * UNITS + (at % UNITS);
    least[unit] = Math.min(least[unit], memory[at]);
  }
  return least;
}
