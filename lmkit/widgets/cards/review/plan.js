// What to ask: which cards a session or an exam takes, and how many are due when. Pure computing, no page.

import { shuffled } from "../judge.js";
import { dueFrom, stageOf } from "./schedule.js";

/** @typedef {import("../card.d.ts").Card} Card */
/** @typedef {import("./schedule.js").Schedule} Schedule */
/** @typedef {import("./schedule.js").Stage} Stage */

const WEEK = 7;
const SELF_GRADED = new Set(["flashcard", "draw"]);

/**
 * Whether the browser can judge the answer.
 *
 * @param {Card} card
 */
export function isChecked(card) {
  return !SELF_GRADED.has(card.kind);
}

/**
 * Cards that are due, the longest waiting first.
 *
 * @param {Card[]} cards
 * @param {Schedule} schedule
 * @param {number} now
 * @returns {Card[]}
 */
export function dueCards(cards, schedule, now) {
  const due = answeredCards(cards, schedule).filter(({ entry }) => dueFrom(entry) <= now);
  return due.sort((a, b) => a.entry.due - b.entry.due).map(({ card }) => card);
}

/**
 * Cards that were never answered, in the book's order.
 *
 * @param {Card[]} cards
 * @param {Schedule} schedule
 */
export function newCards(cards, schedule) {
  return cards.filter(({ id }) => !schedule.has(id));
}

/**
 * The cards of a session: due ones first, then at most `fresh` new ones, `length` in all.
 *
 * @param {Card[]} cards
 * @param {Schedule} schedule
 * @param {number} now
 * @param {{ length: number, fresh: number }} limits
 * @returns {Card[]}
 */
export function sessionCards(cards, schedule, now, { length, fresh }) {
  const due = dueCards(cards, schedule, now).slice(0, length);
  return [...due, ...newCards(cards, schedule).slice(0, Math.min(fresh, length - due.length))];
}

/**
 * When the next card that is not due yet will be, in ms since 1970; null if there is none.
 *
 * @param {Card[]} cards
 * @param {Schedule} schedule
 * @param {number} now
 * @returns {number | null}
 */
export function nextDue(cards, schedule, now) {
  const times = answeredCards(cards, schedule).map(({ entry }) => dueFrom(entry));
  const later = times.filter((at) => at > now);
  return later.length ? Math.min(...later) : null;
}

/**
 * How many cards are in each stage.
 *
 * @param {Card[]} cards
 * @param {Schedule} schedule
 * @returns {Record<Stage, number>}
 */
export function stagesOf(cards, schedule) {
  const counts = { new: 0, learning: 0, known: 0 };
  for (const { id } of cards) counts[stageOf(schedule.get(id))] += 1;
  return counts;
}

/**
 * How many cards come due on each of the next seven days, by the day's begin; those that are due count for today.
 *
 * @param {Card[]} cards
 * @param {Schedule} schedule
 * @param {number} now
 * @returns {{ day: number, count: number }[]}
 */
export function dueByDay(cards, schedule, now) {
  const days = Array.from({ length: WEEK }, (_, i) => ({ day: startOfDay(now, i), count: 0 }));
  for (const { entry } of answeredCards(cards, schedule)) {
    const at = dueFrom(entry);
    const place = days.findIndex((_, i) => at < startOfDay(now, i + 1));
    if (place >= 0) days[place].count += 1;
  }
  return days;
}

/**
 * The cards that an exam may ask: those that the browser can judge, without what the book's own runs measured unless
 * the reader wants that, too.
 *
 * @param {Card[]} cards
 * @param {boolean} withLab
 * @returns {Card[]}
 */
export function forExam(cards, withLab) {
  return cards.filter((card) => isChecked(card) && (withLab || !card.lab));
}

/**
 * `count` of the cards at random, the same for the same seed.
 *
 * @param {Card[]} cards
 * @param {number} count
 * @param {string | number} seed
 * @returns {Card[]}
 */
export function drawCards(cards, count, seed) {
  return shuffled(cards.length, `exam ${seed}`)
    .slice(0, count)
    .map((place) => cards[place]);
}

/**
 * The sections of cards, each once, in the book's order: a card of each.
 *
 * @param {Card[]} cards
 * @param {Card[]} order - All cards of the book.
 * @returns {Card[]}
 */
export function sectionsOf(cards, order) {
  const chosen = new Set(cards.map(({ id }) => id));
  const sorted = order.filter(({ id }) => chosen.has(id));
  return [...new Map(sorted.map((card) => [`${card.chapter}#${card.anchor}`, card])).values()];
}

/**
 * The cards that were answered, each with its entry in the schedule.
 *
 * @param {Card[]} cards
 * @param {Schedule} schedule
 */
function answeredCards(cards, schedule) {
  return cards.flatMap((card) => {
    const entry = schedule.get(card.id);
    return entry ? [{ card, entry }] : [];
  });
}

/**
 * A day's begin, `days` from now, by the reader's clock: days with 23 or 25 hours count as days.
 *
 * @param {number} now
 * @param {number} days
 */
function startOfDay(now, days) {
  const date = new Date(now);
  return new Date(date.getFullYear(), date.getMonth(), date.getDate() + days).getTime();
}
