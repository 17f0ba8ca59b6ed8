// What all parts of the Review page work with.

import { scheduleOf } from "./schedule.js";

/** @typedef {import("../card.d.ts").Card} Card */
/** @typedef {import("../../base/progress/file.js").Review} Review */
/** @typedef {import("../../base/progress/log.js").CardLog} CardLog */
/** @typedef {import("./filter.js").CardFilter} CardFilter */
/** @typedef {import("./schedule.js").Schedule} Schedule */

/** The log, the schedule that follows from it, and the cards. */
export class Study {
  /**
   * @param {CardLog} log
   * @param {CardFilter} filter
   * @param {(text: string) => void} report - Has a screen reader say a text.
   */
  constructor(log, filter, report) {
    this.log = log;
    this.filter = filter;
    this.report = report;
    /** @type {Card[]} */
    this.order = []; // all cards of the book
    /** @type {Set<string>} */
    this.ids = new Set();
    this.seed = 0;
    /** @type {Review[] | null} */
    this.replayed = null;
    /** @type {Schedule} */
    this.result = new Map();
  }

  /**
   * @param {Card[]} cards
   * @param {number} seed - Decides what an exam draws; 0 leaves it to chance.
   */
  set(cards, seed) {
    this.order = cards;
    this.ids = new Set(cards.map(({ id }) => id));
    this.seed = seed || Math.floor(1 + Math.random() * 1e9);
    this.filter.set(cards);
  }

  get now() {
    return Date.now();
  }

  /** The chosen cards. */
  get cards() {
    return this.filter.cards;
  }

  get schedule() {
    const { reviews } = this.log;
    if (reviews !== this.replayed) {
      this.replayed = reviews;
      this.result = scheduleOf(reviews, this.now);
    }
    return this.result;
  }
}
