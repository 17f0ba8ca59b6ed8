// A new story from the grammar, to be translated.

import { uniform } from "../../base/rng.js";
import { Oracle } from "../../runtime/oracle.js";

/** @typedef {import("../../runtime/oracle.js").Grammar} Grammar */

/**
 * A story drawn word by word from the true distribution, without its end token.
 *
 * @param {Grammar} grammar
 * @param {number} seed
 * @returns {string}
 */
export function drawStory(grammar, seed) {
  /** @type {string[]} */
  const words = [];
  for (let oracle = new Oracle(grammar); ; ) {
    const word = draw(oracle.next(), uniform(seed, words.length));
    if (word === grammar.end) return words.join(" ");
    words.push(word);
    oracle = oracle.read(word).oracle;
  }
}

/**
 * The word under which u falls when the probabilities are laid end to end.
 *
 * @param {Map<string, number>} distribution
 * @param {number} u
 */
function draw(distribution, u) {
  let rest = u,
    last = "";
  for (const [word, p] of distribution) {
    last = word;
    rest -= p;
    if (rest < 0) break;
  }
  return last;
}
