// The exam that is open, so that a page that is loaded anew has it still: in this tab only, until it is handed in or left.

import { sessionStore } from "../../base/progress/storage.js";

/**
 * @typedef {object} Draft
 * @property {string[]} cards - Their ids.
 * @property {string} draw - What they were drawn by.
 * @property {number} at - The place of the open question.
 * @property {import("../card.d.ts").CardResponse[]} responses
 */

const KEY = "memory-and-chance:exam";

/** @param {Draft} draft */
export function keepDraft(draft) {
  try {
    sessionStore().setItem(KEY, JSON.stringify(draft));
  } catch {
    // forbidden, or full: the browser still asks before it leaves
  }
}

/**
 * What was kept, unchecked; null if there is nothing that can be read.
 *
 * @returns {Draft | null}
 */
export function keptDraft() {
  try {
    return JSON.parse(sessionStore().getItem(KEY) ?? "null");
  } catch {
    return null;
  }
}

export function dropDraft() {
  try {
    sessionStore().removeItem(KEY);
  } catch {
    // nothing was kept
  }
}
