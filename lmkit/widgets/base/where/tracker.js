// Watches where a reader is in a chapter.

import { SectionClock } from "./clock.js";

/** @typedef {import("../progress/reading.js").Reading} Reading */

const SECOND_MS = 1000;
const IDLE_MS = 120_000; // who has touched nothing for so long has left the screen
const STIRS = ["scroll", "keydown", "pointermove", "pointerdown"];
const UNREAD = new Set(["exercises", "quiz", "where-to-read-on"]); // done, or gone on from, rather than read
const TEXT = "p, li, td";
const NO_TEXT = ".cell, details, noscript";
const EYES = 0.35; // of the screen's height, from above

/**
 * @param {Reading} reading
 * @param {string} chapter
 */
export function track(reading, chapter) {
  const sections = /** @type {HTMLElement[]} */ ([...document.querySelectorAll("article > section > section[id]")]);
  const places = /** @type {HTMLElement[]} */ ([...document.querySelectorAll("article > section section[id]")]);
  const toRead = sections.filter(({ id }) => !UNREAD.has(id));
  const all = toRead.map(({ id }) => id);
  const clock = new SectionClock(toRead.map((section) => ({ id: section.id, words: wordsOf(section) })));
  let stirred = Date.now();
  for (const type of STIRS) addEventListener(type, () => (stirred = Date.now()), { passive: true });
  setInterval(() => {
    if (document.visibilityState !== "visible" || Date.now() - stirred > IDLE_MS) return;
    const { seen, moved } = clock.tick(viewOf(toRead, places));
    if (seen.length || moved) reading.visit(chapter, { place: clock.place, seen, all });
  }, SECOND_MS);
}

/** @param {Element} section */
function wordsOf(section) {
  const own = [...section.querySelectorAll(TEXT)].filter((node) => !node.closest(NO_TEXT));
  return own.reduce((sum, node) => sum + (node.textContent?.trim().split(/\s+/).length ?? 0), 0);
}

/**
 * @param {HTMLElement[]} sections
 * @param {HTMLElement[]} places
 */
function viewOf(sections, places) {
  const boxes = sections.map((section) => ({ id: section.id, box: section.getBoundingClientRect() }));
  const visible = boxes.filter(({ box }) => box.top < innerHeight && box.bottom > 0).map(({ id }) => id);
  const ended = boxes.filter(({ box }) => box.bottom <= innerHeight).map(({ id }) => id);
  const place = places.findLast((section) => section.getBoundingClientRect().top <= EYES * innerHeight)?.id ?? "";
  return { visible, ended, place };
}
