// What can go wrong in a reader's hands.

import { clipped } from "./news.js";

/** What a reader can put right: the lab shows the message and goes on. */
export class LabError extends Error {
  name = "LabError";
}

/**
 * What was thrown, in words; scripts may throw anything.
 *
 * @param {unknown} error
 * @returns {string}
 */
export function messageOf(error) {
  return error instanceof Error ? error.message : String(error);
}

const LONGEST_QUOTE = 40; // characters
const LONGEST_PROBLEM = 300;

/**
 * What is wrong as a page shows it: a sentence, and never a long one, however much of a text or a file it repeats.
 *
 * @param {string} message
 * @returns {string}
 */
export function problemText(message) {
  const whole = `${message.slice(0, 1).toUpperCase()}${message.slice(1)}.`;
  return clipped(whole, LONGEST_PROBLEM);
}

/**
 * What a reader has written, as a message repeats it: its beginning says which it is.
 *
 * @param {string} text
 * @returns {string}
 */
export function shortened(text) {
  const letters = [...text.slice(0, 2 * LONGEST_QUOTE + 2)]; // whole ones: an emoji is two units
  return letters.length > LONGEST_QUOTE ? `${letters.slice(0, LONGEST_QUOTE).join("")}…` : text;
}
