// A task that needs a memory: read one of four symbols, then distractors, and name the symbol. The mirror of recall.py.

import { uniform } from "../../base/rng.js";
import { UNCOUNTED } from "../../runtime/training/trainer.js";

/** @typedef {import("../../runtime/training/batches.js").Window} Window */

const KINDS = 4; // of symbols, and of distractors, which follow them in the vocabulary
const HELD_OUT = 256; // rows
const HELD_OUT_SEED = 2 ** 32 - 1; // that no reader is likely to choose

/**
 * Rows of ids, each a symbol and so many distractors.
 *
 * @param {number} count
 * @param {number} distance - Distractors.
 * @param {number} seed
 * @param {number} [drawn] - Numbers of the seed that were used before.
 */
export function recallRows(count, distance, seed, drawn = 0) {
  const size = distance + 1;
  return Int32Array.from({ length: count * size }, (_, place) => {
    const first = place % size === 0;
    return Math.floor(KINDS * uniform(seed, (drawn + place) >>> 0)) + (first ? 0 : KINDS);
  });
}

/**
 * The targets of rows: at the last token the row's symbol, else none that counts.
 *
 * @param {Int32Array} rows
 * @param {number} distance
 */
function symbolsOf(rows, distance) {
  return rows.map((_, place) => (place % (distance + 1) === distance ? rows[place - distance] : UNCOUNTED));
}

/**
 * Windows without end, each of fresh rows.
 *
 * @param {{ distance: number, batch_size: number, seed: number }} settings
 * @returns {Generator<Window, void>}
 */
export function* recallWindows({ distance, batch_size, seed }) {
  for (let drawn = 0; ; drawn += batch_size * (distance + 1)) {
    const inputs = recallRows(batch_size, distance, seed, drawn);
    yield { inputs, targets: symbolsOf(inputs, distance), first: true };
  }
}

/**
 * Rows that are held out, as `Trainer.evaluate` reads them.
 *
 * @param {number} distance
 */
export function heldOutRows(distance) {
  const inputs = recallRows(HELD_OUT, distance, HELD_OUT_SEED);
  return { inputs, targets: symbolsOf(inputs, distance), rows: HELD_OUT };
}
