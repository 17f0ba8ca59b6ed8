// What a smaller vocabulary, or fewer merges, make of a text: the mirror of lmkit.widgets.labs.tokens.lab.

import { LabError } from "../../base/errors.js";
import { checkLength } from "../../base/tokenizer.js";
import { NUM_BYTES } from "../../runtime/bpe.js";

export const MOST_CHARACTERS = 300;
const NEW_LINE = "⏎";

/**
 * @typedef {import("../../runtime/bpe.js").BPE} BPE
 * @typedef {{ left: number, right: number, id: number, places: number }} Merge - Of two neighbours, in some places.
 * @typedef {{ text: string, bytes: number, final: number[], merges: Merge[] }} Cut - A text in a vocabulary.
 */

/**
 * The text that a field holds.
 *
 * @param {string} field
 * @throws {LabError} If it cannot be shown.
 */
export function readText(field) {
  const count = [...field].length;
  if (!count) throw new LabError("text must hold at least one character, but it is empty; type a few words");
  checkLength("text", count, MOST_CHARACTERS, "characters");
  if (/\p{Surrogate}/u.test(field)) throw new LabError("text must be whole characters, but one is half an emoji");
  if (/[\n\r]/.test(field))
    throw new LabError(`text must be one line, but it holds several; write ${NEW_LINE} for a new line`);
  return field.replaceAll(NEW_LINE, "\n");
}

/**
 * A text in a vocabulary of the first `size` tokens: its tokens, and the merges that lead to them.
 *
 * @param {BPE} bpe
 * @param {string} text
 * @param {number} size
 * @returns {Cut}
 */
export function cut(bpe, text, size) {
  const final = split(bpe, bpe.encode(text), size - 1);
  let last = NUM_BYTES - 1;
  const merges = mergedIn(bpe, final).map((id) => {
    const [left, right] = bpe.parts[id];
    const places = split(bpe, final, last).length - split(bpe, final, id).length;
    last = id;
    return { left, right, id, places };
  });
  return { text, bytes: new TextEncoder().encode(text).length, final, merges };
}

/**
 * The tokens of a text after the first `step` merges.
 *
 * @param {BPE} bpe
 * @param {Cut} whole
 * @param {number} step
 */
export function tokensAfter(bpe, { final, merges }, step) {
  return split(bpe, final, step ? merges[step - 1].id : NUM_BYTES - 1);
}

/**
 * Undoes the merges that made tokens after `last`: what a vocabulary that ends there makes of the text.
 *
 * @param {BPE} bpe
 * @param {number[]} ids
 * @param {number} last
 * @returns {number[]}
 */
function split(bpe, ids, last) {
  return ids.flatMap((id) => (id <= last ? [id] : split(bpe, bpe.parts[id], last)));
}

/**
 * All tokens that were made on the way to some, in the order of their merges.
 *
 * @param {BPE} bpe
 * @param {number[]} ids
 */
function mergedIn(bpe, ids) {
  const found = new Set();
  for (let now = ids; now.length; now = now.flatMap((id) => bpe.parts[id])) for (const id of now) found.add(id);
  return [...found].filter((id) => id >= NUM_BYTES).sort((a, b) => a - b);
}
