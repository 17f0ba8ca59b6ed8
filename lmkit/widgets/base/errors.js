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
