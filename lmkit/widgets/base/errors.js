// What can go wrong in a reader's hands.

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
