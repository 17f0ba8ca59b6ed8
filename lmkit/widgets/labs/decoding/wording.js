// What the decoding lab says of a text.

import { signed } from "../../base/dom.js";

/** @typedef {import("../../runtime/decoding.js").Decoded} Decoded */
/** @typedef {import("../../runtime/session.js").Result} Result */

/**
 * @param {Decoded} best
 * @param {Result["truth"]} truth
 */
export function numbersLine({ logProb, tokens }, truth) {
  const perToken = signed(logProb / tokens.length);
  const line = `Log-probability of the new tokens under the model: ${signed(logProb, 1)} nats, ${perToken} per token.`;
  if (!truth) return line;
  if (!truth.wrong) return `${line} Under the grammar: ${signed(truth.logProb, 1)}.`;
  const { word, step } = truth.wrong;
  const place = step < 0 ? "where the prompt has it" : `at step ${step + 1}`;
  return `${line} The grammar cannot write ‘${word}’ ${place}.`;
}
