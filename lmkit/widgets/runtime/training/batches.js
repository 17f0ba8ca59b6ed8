// Windows of a long text, cut as lmkit.text.rows and lmkit.training.windows cut them.

import { LabError } from "../../base/errors.js";
import { uniform } from "../../base/rng.js";

/**
 * @typedef {object} Window
 * @property {Int32Array} inputs - (N, L) row by row.
 * @property {Int32Array} targets - The tokens that follow.
 * @property {boolean} first - Whether rows begin here: the state must be zero.
 */

/**
 * How many windows a text of so many tokens gives.
 *
 * @param {number} count - Of tokens.
 * @param {number} batch_size - N, rows that are read side by side.
 * @param {number} window - L.
 * @throws {LabError} If the text is too short to give every row one token to read and one to predict.
 */
export function stepsOf(count, batch_size, window) {
  return Math.ceil((rowLength(count, batch_size) - 1) / window);
}

/**
 * @param {number} count
 * @param {number} batch_size
 */
function rowLength(count, batch_size) {
  const length = Math.floor(count / batch_size);
  if (length < 2) {
    throw new LabError(
      `tokens must be at least 2 for each of ${batch_size} rows, one to read and one to predict, but they are ${count}; ` +
        "give a longer text or a smaller batch_size",
    );
  }
  return length;
}

/**
 * Walk over a text in rows that each go on where the row above ends; what is left at the end is dropped. The last window
 * may be shorter.
 *
 * @param {Int32Array} tokens
 * @param {number} batch_size
 * @param {number} window
 * @returns {Generator<Window, void>}
 * @throws {LabError} If the text is too short.
 */
export function* batches(tokens, batch_size, window) {
  const length = rowLength(tokens.length, batch_size);
  for (let start = 0; start < length - 1; start += window) {
    const steps = Math.min(window, length - 1 - start);
    const inputs = new Int32Array(batch_size * steps);
    const targets = new Int32Array(batch_size * steps);
    for (let n = 0; n < batch_size; n++) {
      const from = n * length + start;
      inputs.set(tokens.subarray(from, from + steps), n * steps);
      targets.set(tokens.subarray(from + 1, from + steps + 1), n * steps);
    }
    yield { inputs, targets, first: start === 0 };
  }
}

/**
 * A text that begins at another token, drawn for each epoch, and goes on at its start where it ends: so rows and windows
 * are cut elsewhere each time.
 *
 * @param {Int32Array} tokens
 * @param {number} epoch
 * @param {number} seed
 */
export function shifted(tokens, epoch, seed) {
  const place = Math.floor(uniform(seed, epoch) * tokens.length);
  const moved = new Int32Array(tokens.length);
  moved.set(tokens.subarray(place));
  moved.set(tokens.subarray(0, place), tokens.length - place);
  return moved;
}

/**
 * All windows of some epochs, each over a text that is `shifted`.
 *
 * @param {Int32Array} tokens
 * @param {{ batch_size: number, window: number, epochs: number, seed: number }} options - `epochs` may be Infinity.
 * @returns {Generator<Window & { epoch: number }, void>}
 * @throws {LabError} If the text is too short.
 */
export function* epochs(tokens, { batch_size, window, epochs: count, seed }) {
  for (let epoch = 0; epoch < count; epoch++) {
    for (const each of batches(shifted(tokens, epoch, seed), batch_size, window)) yield { ...each, epoch };
  }
}

/**
 * A held-out text in rows, as `Trainer.evaluate` reads them.
 *
 * @param {Int32Array} tokens
 * @param {number} rows
 * @throws {LabError} If the text is too short.
 */
export function heldOut(tokens, rows) {
  const [{ inputs, targets }] = batches(tokens, rows, tokens.length);
  return { inputs, targets, rows };
}
