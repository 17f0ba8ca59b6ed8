// When each card is due: FSRS (Ye, Su & Cao 2022) replays the log of answers. Nothing else is stored, so the order in
// which answers came into the log makes no difference, and a better schedule can be had from the same answers later.

import { isAhead } from "../file.js";
import { tsFsrs } from "./fsrs.js";

const SCHEDULER = tsFsrs.fsrs({ request_retention: 0.9, enable_fuzz: false });
const STATES = ["new", "learning", "review", "relearning"];
const DAY_MS = 86_400_000;
const KNOWN_DAYS = 21; // a card that lasts three weeks counts as known

/**
 * The cards that were answered, by id: {state, due, last, reps, lapses, stability, difficulty, retrievability, days}.
 * `state` is "learning", "review" or "relearning"; `due` and `last` are in ms; `stability` is the time in days after
 * which it is remembered with a probability of .9, `retrievability` that probability at `now`, `days` the interval that
 * FSRS gave. Answers that a wrong clock has put into the future are left out.
 */
export function scheduleOf(reviews, now = Date.now()) {
  const cards = new Map();
  const inTime = reviews.filter((entry) => !isAhead(entry, now)).sort((a, b) => a.at - b.at || a.grade - b.grade);
  for (const { card, grade, at } of inTime) cards.set(card, answered(cards.get(card), grade, at));
  return new Map([...cards].map(([id, card]) => [id, described(card, now)]));
}

/** What each grade, 1 to 4, would make of a card now; `scheduled` is its entry in the schedule, none for a new card. */
export function previewOf(scheduled, now = Date.now()) {
  const at = Math.max(now, scheduled?.last ?? now);
  return [1, 2, 3, 4].map((grade) => {
    const next = described(answered(scheduled?.fsrs, grade, at), at);
    return { grade, due: next.due, interval: next.due - at, state: next.state };
  });
}

/** Cards with an interval of days are due from the morning of their day on, others to the minute. */
export function dueFrom({ due, days }) {
  return days >= 1 ? new Date(due).setHours(0, 0, 0, 0) : due;
}

/** "new", "learning" or "known". */
export function stageOf(scheduled) {
  if (!scheduled) return "new";
  return scheduled.state === "review" && scheduled.stability >= KNOWN_DAYS ? "known" : "learning";
}

/** An interval as one says it: "10 min", "3 days", "2 months". */
export function spokenInterval(ms) {
  const minutes = Math.max(1, Math.round(ms / 60_000));
  const hours = Math.round(ms / 3_600_000),
    days = Math.round(ms / DAY_MS);
  if (minutes < 60) return `${minutes}\u202fmin`;
  if (hours < 24) return unitsOf(hours, "hour");
  if (days < 61) return unitsOf(days, "day");
  if (days < 730) return unitsOf(Math.round(days / 30.44), "month");
  return unitsOf(Math.round(days / 365.25), "year");
}

function unitsOf(count, unit) {
  return `${count}\u202f${unit}${count === 1 ? "" : "s"}`;
}

/** FSRS's card after an answer. */
function answered(card, grade, at) {
  const when = new Date(at);
  return SCHEDULER.next(card ?? tsFsrs.createEmptyCard(when), when, grade).card;
}

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
