// From next-token distributions to text: the mirror of lmkit.decoding. Decoders are handed a `reader` that reads texts
// token by token: `read(text, token)` gives the longer text, `logProbs(text)` what may follow. They are generators that
// rest after every step, so that a page can do other things between; `complete` runs one to its end.

import { LabError } from "../base/errors.js";
import { uniform } from "../base/rng.js";
import { without } from "./filters.js";

/**
 * What reads texts token by token; a text is whatever it makes of one.
 *
 * @template T
 * @typedef {object} Reader
 * @property {(text: T, token: number) => T} read
 * @property {(text: T) => ArrayLike<number>} logProbs
 */

/**
 * A new text, without its prompt. `score` ranks the texts of a beam search; elsewhere it is `logProb`, the sum of
 * `logProbs`.
 *
 * @typedef {{ tokens: number[], logProbs: number[], logProb: number, score: number }} Decoded
 */

/**
 * @typedef {object} Length
 * @property {number} max_new_tokens
 * @property {number | null} eos_token_id - Null where texts have no end.
 * @property {number[]} [suppress_tokens] - Those that are never written.
 */

/** @typedef {import("./filters.js").FilterSettings} FilterSettings */
/** @typedef {import("./beams.js").BeamSettings} BeamSettings */

/**
 * All that a reader can choose.
 *
 * @typedef {FilterSettings & Omit<BeamSettings, "eos_token_id" | "suppress_tokens"> & { seed: number }} Settings
 */

/**
 * Throws what lmkit.decoding raises for a setting out of range.
 *
 * @param {Settings} settings
 * @throws {LabError}
 */
export function checkSettings({
  temperature,
  top_k,
  top_p,
  min_p = 0,
  typical_p = 1,
  num_beams,
  length_penalty,
  early_stopping = false,
  max_new_tokens,
  seed,
}) {
  const whole = Number.isInteger;
  const positive = temperature > 0 && temperature < Infinity;
  check("temperature", temperature, positive, "a finite number above 0; use greedy for the limit 0");
  check("top_k", top_k, top_k === null || (whole(top_k) && top_k >= 1), "a whole number of at least 1");
  check("top_p", top_p, top_p > 0 && top_p <= 1, "a number above 0 and at most 1");
  check("min_p", min_p, min_p !== null && min_p >= 0 && min_p <= 1, "a number from 0 to 1");
  check("typical_p", typical_p, typical_p > 0 && typical_p <= 1, "a number above 0 and at most 1");
  check("num_beams", num_beams, whole(num_beams) && num_beams >= 1, "a whole number of at least 1");
  check("length_penalty", length_penalty, Number.isFinite(length_penalty), "a finite number");
  check("early_stopping", early_stopping, [true, false, "never"].includes(early_stopping), "true, false or “never”");
  check("max_new_tokens", max_new_tokens, whole(max_new_tokens) && max_new_tokens >= 1, "at least 1");
  check("seed", seed, whole(seed) && seed >= 0 && seed < 2 ** 32, "a whole number from 0 to 2³² - 1");
}

/**
 * @param {string} name
 * @param {unknown} value
 * @param {boolean} holds
 * @param {string} rule
 */
function check(name, value, holds, rule) {
  if (!holds) throw new LabError(`${name} must be ${rule}, but it is ${value}`);
}

/**
 * Runs a generator to its end; what it returns.
 *
 * @template R
 * @param {Generator<unknown, R, void>} generator
 * @returns {R}
 */
export function complete(generator) {
  for (;;) {
    const { done, value } = generator.next();
    if (done) return value;
  }
}

/**
 * @template T
 * @param {Reader<T>} reader
 * @param {T} text - The prompt.
 * @param {Length} settings
 * @returns {Generator<void, Decoded, void>}
 */
export function* greedy(reader, text, settings) {
  return yield* decode(reader, text, settings, firstLargest);
}

/**
 * @template T
 * @param {Reader<T>} reader
 * @param {T} text - The prompt.
 * @param {Length & FilterSettings & { seed: number }} settings
 * @param {import("./filters.js").Filter} filter
 * @returns {Generator<void, Decoded, void>}
 */
export function* sample(reader, text, settings, filter) {
  /** @type {Choose} */
  const choose = (logProbs, t) => filter.apply(logProbs, settings).draw(uniform(settings.seed, t));
  return yield* decode(reader, text, settings, choose);
}

/** @param {ArrayLike<number>} values */
export function firstLargest(values) {
  let place = 0;
  for (let v = 1; v < values.length; v++) if (values[v] > values[place]) place = v;
  return place;
}

/** @typedef {(logProbs: ArrayLike<number>, t: number) => number} Choose */

/**
 * Extend one text token by token, each chosen from the log-probabilities at step t.
 *
 * @template T
 * @param {Reader<T>} reader
 * @param {T} text
 * @param {Length} length
 * @param {Choose} choose
 * @returns {Generator<void, Decoded, void>}
 */
function* decode(reader, text, { max_new_tokens, eos_token_id, suppress_tokens }, choose) {
  /** @type {number[]} */
  const tokens = [];
  /** @type {number[]} */
  const logProbs = [];
  let score = 0;
  for (let t = 0; ; t++) {
    const next = reader.logProbs(text);
    const token = choose(without(next, suppress_tokens), t);
    tokens.push(token);
    logProbs.push(next[token]);
    score += next[token];
    if (token === eos_token_id || t === max_new_tokens - 1) return { tokens, logProbs, logProb: score, score };
    text = reader.read(text, token);
    yield;
  }
}
