// What a mark says beside a chapter's name.

/** @typedef {import("../progress/reading.js").Chapter} Reading */

/**
 * How far a reader is with the cards of a chapter.
 *
 * @typedef {object} CardCount
 * @property {number} right - Questions of its quiz whose last answer was right.
 * @property {number} answered - Questions of its quiz that were answered.
 * @property {number} asked - Questions of its quiz.
 * @property {number} due - Cards that are due now.
 */

export const READ = "read"; // shown with a tick

/**
 * @param {Reading | undefined} reading
 * @param {CardCount | undefined} cards
 * @returns {string[]} None where nothing is known.
 */
export function marksOf(reading, cards) {
  const marks = [];
  if (reading?.read) marks.push(READ);
  else if (reading?.seen.length) marks.push(`${reading.seen.length} of ${reading.of} sections`);
  if (cards?.answered) marks.push(`quiz ${cards.right} of ${cards.asked} right`);
  if (cards?.due) marks.push(`${cards.due} due`);
  return marks;
}

/**
 * How far a reader is in the whole book, in a sentence; "" where nothing is known.
 *
 * @param {string[]} names - Of all chapters.
 * @param {Map<string, Reading>} reading
 * @param {Map<string, CardCount>} cards
 */
export function summaryOf(names, reading, cards) {
  const read = names.filter((name) => reading.get(name)?.read).length;
  const due = [...cards.values()].reduce((sum, count) => sum + count.due, 0);
  const begun = names.some((name) => reading.get(name)?.at) || cards.size;
  const parts = [`${read} of ${names.length} chapters read`];
  if (cards.size) parts.push(due ? `${due} ${due === 1 ? "card" : "cards"} due` : "no card due");
  return begun ? `${parts.join(", ")}.` : "";
}
