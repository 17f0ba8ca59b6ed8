// Where a reader goes on: pure computing, no page.

/** @typedef {import("../progress/reading.js").Chapter} Reading */

/**
 * A chapter of the book.
 *
 * @typedef {object} BookChapter
 * @property {string} name - Of its file, without suffix.
 * @property {string} title
 * @property {Record<string, string>} sections - Their titles, by their ids.
 */

/**
 * What to read next.
 *
 * @typedef {object} Step
 * @property {"begin" | "continue" | "next" | "done"} kind
 * @property {BookChapter | null} chapter - None where all are read.
 * @property {string} section - The id of one that the chapter has; "" for its beginning.
 */

/**
 * The chapter that was open last, at its section; once it is read, the next that is not.
 *
 * @param {BookChapter[]} book - In order; at least one.
 * @param {Map<string, Reading>} reading
 * @returns {Step}
 */
export function stepOf(book, reading) {
  const times = book.map(({ name }) => reading.get(name)?.at ?? 0);
  const last = Math.max(...times);
  if (!last) return { kind: "begin", chapter: book[0], section: "" };
  const here = times.indexOf(last);
  const unread = [...book.slice(here), ...book.slice(0, here)].find(({ name }) => !reading.get(name)?.read);
  if (!unread) return { kind: "done", chapter: null, section: "" };
  const place = reading.get(unread.name)?.place ?? "";
  const section = Object.hasOwn(unread.sections, place) ? place : ""; // a newer edition may have other sections
  return { kind: unread === book[here] ? "continue" : "next", chapter: unread, section };
}
