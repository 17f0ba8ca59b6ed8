// What the story lab says of a text; it knows no page.

import { entropyKept } from "../../runtime/entropy.js";
import { without } from "../../runtime/filters.js";

/** @typedef {import("../../runtime/session.js").Result} Result */
/** @typedef {import("../../runtime/session.js").Session} Session */

/**
 * What each new token adds to a text as it reads: words with the space before them.
 *
 * @param {import("../../base/tokenizer.js").Tokenizer} vocab
 * @param {number[]} prompt
 * @param {number[]} tokens
 * @returns {string[]}
 */
export function pieces(vocab, prompt, tokens) {
  let before = vocab.text(prompt);
  return tokens.map((_, place) => {
    const now = vocab.text([...prompt, ...tokens.slice(0, place + 1)]);
    const piece = now.slice(before.length);
    before = now;
    return piece;
  });
}

/**
 * Among how many equally probable tokens each was chosen, on average: e to the mean entropy of what the filters left.
 *
 * @param {Session} session
 * @param {Result} result
 */
export function choiceOf({ cache, filter, vocab }, { settings, start, best }) {
  let text = start,
    sum = 0;
  for (const [place] of best.tokens.entries()) {
    if (place > 0) text = cache.read(text, best.tokens[place - 1]);
    sum += entropyKept(filter.apply(without(cache.logProbs(text), vocab.suppressed), settings));
  }
  return Math.exp(sum / best.tokens.length);
}

/**
 * What there is to say of a text, in two sentences or, where the truth is not known, one.
 *
 * @param {string} unit - What a token is.
 * @param {number} choice
 * @param {Result["truth"]} truth
 */
export function verdict(unit, choice, truth) {
  const open = `Each ${unit} was one of about ${choice.toFixed(2)}.`;
  if (!truth) return [open];
  if (!truth.wrong) return [open, "The grammar of the stories can write this, too."];
  return [open, `The grammar of the stories cannot write ‘${truth.wrong.word}’ there.`];
}
