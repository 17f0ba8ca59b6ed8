// How far a reader is with the cards of each chapter. Only who has answered some loads this: it has the schedule.

import { counting, isAhead, readLog } from "../../base/progress/file.js";
import { dueFrom, scheduleOf } from "./schedule.js";

/** @typedef {import("../../base/where/marks.js").CardCount} CardCount */
/** @typedef {{ quiz: string[], others: string[] }} CardIds - Of a chapter: its quiz asks some of its cards. */

/**
 * The chapters of which a card was answered; none where the text is no log.
 *
 * @param {string} text - As the storage holds it.
 * @param {Record<string, CardIds>} chapters
 * @param {number} now
 * @returns {Map<string, CardCount>}
 */
export function countsOf(text, chapters, now) {
  const reviews = answersIn(text).filter((entry) => !isAhead(entry, now));
  const schedule = scheduleOf(reviews, now);
  const last = new Map(
    reviews.sort((a, b) => a.at - b.at || a.grade - b.grade).map(({ card, grade }) => [card, grade]),
  );
  /** @type {(ids: string[], holds: (id: string) => boolean) => number} */
  const count = (ids, holds) => ids.filter((id) => last.has(id) && holds(id)).length;
  const isDue = (/** @type {string} */ id) => dueFrom(/** @type {any} */ (schedule.get(id))) <= now;
  const all = Object.entries(chapters).map(([name, { quiz, others }]) => {
    const answered = count(quiz, () => true);
    const right = count(quiz, (id) => Number(last.get(id)) > 1);
    const found = { right, answered, asked: quiz.length, due: count([...quiz, ...others], isDue) };
    return /** @type {const} */ ([name, found, answered + count(others, () => true)]);
  });
  return new Map(all.filter(([, , touched]) => touched).map(([name, found]) => [name, found]));
}

/** @param {string} text */
function answersIn(text) {
  try {
    return counting(readLog(text).entries);
  } catch {
    return []; // damaged, or of a newer edition: the Review page says so
  }
}
