// What may stand in place of the weights that attention computes: the mirror of lmkit.models.seq2seq.reweighting.

import { uniform } from "../base/rng.js";
import { firstLargest } from "./decoding.js";

/** @typedef {"as trained" | "uniform" | "permuted" | "hardest"} Reweighting */

const SEED = 0; // of the permutation
/** @type {Map<number, number[]>} */
const ORDERS = new Map();

/** @type {Record<Reweighting, (weights: Float32Array) => void>} */
const KINDS = {
  "as trained": () => {},
  uniform: (weights) => weights.fill(1 / weights.length),
  permuted: (weights) => weights.set(orderOf(weights.length).map((position) => weights[position])),
  hardest: (weights) => {
    const place = firstLargest(weights);
    weights.fill(0)[place] = 1;
  },
};

/** @type {Reweighting[]} */
export const REWEIGHTINGS = /** @type {Reweighting[]} */ (Object.keys(KINDS));

/**
 * Replace the weights of a source's words.
 *
 * @param {Reweighting} kind
 * @param {Float32Array} weights
 */
export function reweight(kind, weights) {
  KINDS[kind](weights);
}

/**
 * Whose weight each position gets: the permutation is one for all sources of a length.
 *
 * @param {number} length
 * @returns {number[]}
 */
export function orderOf(length) {
  let known = ORDERS.get(length);
  if (!known) {
    const keys = Array.from({ length }, (_, position) => uniform(SEED, position));
    known = keys.map((_, position) => position).sort((a, b) => keys[a] - keys[b] || a - b);
    ORDERS.set(length, known);
  }
  return known;
}
