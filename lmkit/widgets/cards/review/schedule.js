// When each card is due: FSRS (Ye, Su & Cao 2022) replays the log of answers. Nothing else is stored, so the order in
// which answers came into the log makes no difference, and a better schedule can be had from the same answers later.

import { isAhead } from "../../base/progress/file.js";
import { tsFsrs } from "./fsrs.js";

/** @typedef {import("../../base/progress/file.js").Review} Review */
/** @typedef {import("./fsrs.js").ReviewedMemory} ReviewedMemory */
/** @typedef {"new" | "learning" | "known"} Stage */

/**
 * What is known of a card that was answered.
 *
 * @typedef {object} Scheduled
 * @property {ReviewedMemory} fsrs - What FSRS goes on from.
 * @property {string} state - "learning", "review" or "relearning".
 * @property {number} due - In ms since 1970.
 * @property {number} last - When it was answered last, in ms.
 * @property {number} days - The interval that FSRS gave.
 * @property {number} reps
 * @property {number} lapses
 * @property {number} stability - The days after which it is remembered with a probability of 0.9.
 * @property {number} difficulty - From 1 to 10.
 * @property {number} retrievability - The probability that it is remembered now.
 */

/** @typedef {Map<string, Scheduled>} Schedule - By the ids of cards. */
/** @typedef {{ grade: number, due: number, interval: number, state: string }} Preview */

const SCHEDULER = tsFsrs.fsrs({ request_retention: 0.9, enable_fuzz: false });
const STATES = ["new", "learning", "review", "relearning"];
const DAY_MS = 86_400_000;
const KNOWN_DAYS = 21; // a card that lasts three weeks counts as known

/**
 * The cards that were answered. Answers that a wrong clock has put into the future are left out.
 *
 * @param {Review[]} reviews
 * @returns {Schedule}
 */
export function scheduleOf(reviews, now = Date.now()) {
  /** @type {Map<string, ReviewedMemory>} */
  const cards = new Map();
  const inTime = reviews.filter((entry) => !isAhead(entry, now)).sort((a, b) => a.at - b.at || a.grade - b.grade);
  for (const { card, grade, at } of inTime) cards.set(card, answered(cards.get(card), grade, at));
  return new Map([...cards].map(([id, card]) => [id, described(card, now)]));
}

/**
 * What each grade, 1 to 4, would make of a card now.
 *
 * @param {Scheduled | undefined} scheduled - None for a new card.
 * @returns {Preview[]}
 */
export function previewOf(scheduled, now = Date.now()) {
  const at = Math.max(now, scheduled?.last ?? now);
  return [1, 2, 3, 4].map((grade) => {
    const next = described(answered(scheduled?.fsrs, grade, at), at);
    return { grade, due: next.due, interval: next.due - at, state: next.state };
  });
}

/**
 * Cards with an interval of days are due from the morning of their day on, others to the minute.
 *
 * @param {Pick<Scheduled, "due" | "days">} scheduled
 * @returns {number} In ms since 1970.
 */
export function dueFrom({ due, days }) {
  return days >= 1 ? new Date(due).setHours(0, 0, 0, 0) : due;
}

/**
 * @param {Pick<Scheduled, "state" | "stability"> | undefined} scheduled
 * @returns {Stage}
 */
export function stageOf(scheduled) {
  if (!scheduled) return "new";
  return scheduled.state === "review" && scheduled.stability >= KNOWN_DAYS ? "known" : "learning";
}

/**
 * An interval as one says it: "10 min", "3 days", "2 months".
 *
 * @param {number} ms
 * @returns {string}
 */
export function spokenInterval(ms) {
  const minutes = Math.max(1, Math.round(ms / 60_000));
  const hours = Math.round(ms / 3_600_000);
  const days = Math.round(ms / DAY_MS);
  if (minutes < 60) return `${minutes}\u202fmin`;
  if (hours < 24) return unitsOf(hours, "hour");
  if (days < 61) return unitsOf(days, "day");
  if (days < 730) return unitsOf(Math.round(days / 30.44), "month");
  return unitsOf(Math.round(days / 365.25), "year");
}

/**
 * @param {number} count
 * @param {string} unit
 */
function unitsOf(count, unit) {
  return `${count}\u202f${unit}${count === 1 ? "" : "s"}`;
}

/**
 * FSRS's card after an answer.
 *
 * @param {ReviewedMemory | undefined} card
 * @param {number} grade
 * @param {number} at
 */
function answered(card, grade, at) {
  const when = new Date(at);
  return SCHEDULER.next(card ?? tsFsrs.createEmptyCard(when), when, grade).card;
}

/**
 * @param {ReviewedMemory} card
 * @param {number} now
 * @returns {Scheduled}
 */
function described(card, now) {
  return {
    fsrs: card,
    state: STATES[card.state],
    due: card.due.getTime(),
    last: card.last_review.getTime(),
    days: card.scheduled_days,
    reps: card.reps,
    lapses: card.lapses,
    stability: card.stability,
    difficulty: card.difficulty,
    retrievability: SCHEDULER.get_retrievability(card, new Date(now), false),
  };
}
