// How open each choice of a decoded text was, and how much the chosen tokens surprise, in nats: the mirror of
// lmkit.widgets.labs.decoding.entropy.

import { entropyKept } from "../../runtime/entropy.js";
import { without } from "../../runtime/filters.js";

/** @typedef {import("../../runtime/filters.js").FilterSettings} FilterSettings */
/** @typedef {import("../../runtime/session.js").Result} Result */
/** @typedef {import("../../runtime/session.js").Session} Session */
/** @typedef {{ own: number, left: number, surprisal: number, truth: number | null }} Choice */

/** @type {FilterSettings} */
const UNCHANGED = { temperature: 1, top_k: null, top_p: 1 };

/**
 * For every new token of the best text: the entropy of the model's `own` distribution, the entropy of what temperature
 * and filters `left` of it, the token's `surprisal` under the model, and the entropy of the `truth`, null where it is
 * not known.
 * @param {Session} session
 * @param {Result} result
 * @returns {Choice[]}
 */
export function choices({ cache, filter, vocab }, { settings, start, best, truth }) {
  const filters = settings.method === "sampling" ? settings : UNCHANGED;
  let text = start;
  return best.tokens.map((_, t) => {
    if (t > 0) text = cache.read(text, best.tokens[t - 1]);
    const logProbs = without(cache.logProbs(text), vocab.suppressed);
    const own = entropyKept(filter.apply(logProbs, UNCHANGED));
    const left = filters === UNCHANGED ? own : entropyKept(filter.apply(logProbs, filters));
    return { own, left, surprisal: -best.logProbs[t], truth: trueEntropy(truth?.oracles[t].next()) };
  });
}

/** @param {Map<string, number> | undefined} distribution */
function trueEntropy(distribution) {
  if (!distribution?.size) return null;
  let sum = 0;
  for (const p of distribution.values()) if (p > 0) sum -= p * Math.log(p);
  return Math.max(0, sum);
}

/**
 * The mean of the first value, of the first two, and so on.
 * @param {number[]} values
 */
export function runningMeans(values) {
  let sum = 0;
  return values.map((value, i) => {
    sum += value;
    return sum / (i + 1);
  });
}
