// What to ask: which cards a session or an exam takes, and how many are due when. Pure computing, no page.

import { shuffled } from "../judge.js";
import { dueFrom, stageOf } from "./schedule.js";

const WEEK = 7;
const SELF_GRADED = new Set(["flashcard", "draw"]);

/** Whether the browser can judge the answer. */
export function isChecked(card) {
  return !SELF_GRADED.has(card.kind);
}

/** Cards that are due, the longest waiting first. */
export function dueCards(cards, schedule, now) {
  const since = (card) => schedule.get(card.id).due;
  const due = cards.filter(({ id }) => schedule.has(id) && dueFrom(schedule.get(id)) <= now);
  return due.sort((a, b) => since(a) - since(b));
}

/** Cards that were never answered, in the book's order. */
export function newCards(cards, schedule) {
  return cards.filter(({ id }) => !schedule.has(id));
}

/** The cards of a session: due ones first, then at most `fresh` new ones, `length` in all. */
export function sessionCards(cards, schedule, now, { length, fresh }) {
  const due = dueCards(cards, schedule, now).slice(0, length);
  return [...due, ...newCards(cards, schedule).slice(0, Math.min(fresh, length - due.length))];
}

/** When the next card that is not due yet will be: ms, or null. */
export function nextDue(cards, schedule, now) {
  const answered = cards.filter(({ id }) => schedule.has(id));
  const later = answered.map(({ id }) => dueFrom(schedule.get(id))).filter((at) => at > now);
  return later.length ? Math.min(...later) : null;
}

/** How many cards are in each stage: {new, learning, known}. */
export function stagesOf(cards, schedule) {
  const counts = { new: 0, learning: 0, known: 0 };
  for (const { id } of cards) counts[stageOf(schedule.get(id))] += 1;
  return counts;
}

/** How many cards come due on each of the next seven days, [{day, count}]; those that are due count for today. */
export function dueByDay(cards, schedule, now) {
  const days = Array.from({ length: WEEK }, (_, i) => ({ day: startOfDay(now, i), count: 0 }));
  for (const { id } of cards) {
    if (!schedule.has(id)) continue;
    const at = dueFrom(schedule.get(id));
    const place = days.findIndex((_, i) => at < startOfDay(now, i + 1));
    if (place >= 0) days[place].count += 1;
  }
  return days;
}

/** `count` of the cards at random, the same for the same seed. */
export function drawCards(cards, count, seed) {
  return shuffled(cards.length, `exam ${seed}`)
    .slice(0, count)
    .map((place) => cards[place]);
}

/** The sections of cards, each once, in the book's order: [card]. */
export function sectionsOf(cards, order) {
  const places = new Map(order.map(({ id }, i) => [id, i]));
  const sorted = [...cards].sort((a, b) => places.get(a.id) - places.get(b.id));
  return [...new Map(sorted.map((card) => [`${card.chapter}#${card.anchor}`, card])).values()];
}

/** A day's begin, `days` from now, by the reader's clock: days with 23 or 25 hours count as days. */
function startOfDay(now, days) {
  const date = new Date(now);
  return new Date(date.getFullYear(), date.getMonth(), date.getDate() + days).getTime();
}
