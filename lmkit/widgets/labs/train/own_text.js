// A text of the reader's own: read from a file, looked at, divided. It never leaves the browser.

import { LabError } from "../../base/errors.js";

export const MOST_BYTES = 10_000_000;
export const LEAST_CHARACTERS = 500;
const MOST_KINDS = 300; // of characters; rarer ones are <unk>
const HELD_OUT = 0.1;

/**
 * Refuses a file before it is read.
 *
 * @param {number} bytes
 * @throws {LabError}
 */
export function checkSize(bytes) {
  if (bytes <= MOST_BYTES) return;
  throw new LabError(
    `the text must have at most ${MOST_BYTES / 1e6}\u202fMB, but it has ${(bytes / 1e6).toFixed(1)}\u202fMB; ` +
      "take a part of it: a minute of training reads about two",
  );
}

/**
 * The text in a file.
 *
 * @param {Uint8Array} bytes
 * @returns {string}
 * @throws {LabError} If it is too large, or no text.
 */
export function textOfFile(bytes) {
  checkSize(bytes.length);
  const remedy = "save it as plain text (UTF-8), or paste it";
  if (bytes.includes(0)) throw new LabError(`the file must be a text, but it is binary; ${remedy}`);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new LabError(`the file must be text in UTF-8, but some of its bytes are not; ${remedy}`);
  }
}

/**
 * A text as it is learned from: lines end in a line feed, letters with accents are single characters.
 *
 * @param {string} text
 * @returns {string}
 * @throws {LabError} If it is too short or too long, or always says the same.
 */
export function checkedText(text) {
  checkSize(text.length);
  const clean = text
    .replace(/^\ufeff/, "")
    .replace(/\r\n?/g, "\n")
    .normalize("NFC");
  if (!clean.trim()) throw new LabError("paste a text or open a file first: your own text is empty");
  if (clean.includes("\0"))
    throw new LabError("the text must be readable, but it holds characters 0; paste plain text");
  if (clean.length < LEAST_CHARACTERS) {
    const rule = `the text must have at least ${LEAST_CHARACTERS} characters`;
    throw new LabError(`${rule}, but it has ${clean.length}; there is nothing to learn from so few`);
  }
  if (new Set(clean).size < 2) {
    throw new LabError(`the text must hold different characters, but it holds ‘${[...clean][0]}’ only; take another`);
  }
  return clean;
}

/**
 * What is learned from, and the last tenth, which is held out, from the beginning of a word.
 *
 * @param {string} text
 * @returns {{ training: string, held: string }}
 */
export function divided(text) {
  const about = Math.floor(text.length * (1 - HELD_OUT));
  const space = text.slice(about, about + 200).search(/\s/);
  let cut = space < 0 ? about : about + space + 1;
  if (/[\udc00-\udfff]/.test(text[cut] ?? "")) cut += 1; // not within a character
  return { training: text.slice(0, cut), held: text.slice(cut) };
}

/**
 * The characters of a text by code point, but for the rarest where they are very many.
 *
 * @param {string} text
 * @returns {string[]}
 */
export function charactersOf(text) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  const kept = [...counts].sort(([, a], [, b]) => b - a).slice(0, MOST_KINDS);
  /** @param {string} character */
  const code = (character) => /** @type {number} */ (character.codePointAt(0));
  return kept.map(([character]) => character).sort((a, b) => code(a) - code(b));
}
