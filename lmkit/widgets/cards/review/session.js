// A session: due cards first, then new ones, one at a time; each answer gets a grade, from which its next day follows.

import { element, setText } from "../../base/dom.js";
import { formOf } from "../registry.js";
import { GRADES, GradeRow } from "./grades.js";
import { actionButton, afterTheKey, buttonRow, counted, rereadList } from "./parts.js";
import { isChecked } from "./plan.js";
import { previewOf } from "./schedule.js";
import { SessionOffer } from "./session_offer.js";

/** @typedef {import("../card.d.ts").Card} Card */
/** @typedef {import("../card_base.js").Form} Form */
/** @typedef {import("../../base/progress/file.js").Review} Review */
/** @typedef {import("./study.js").Study} Study */
/** @typedef {{ card: Card, grade: number }} First - The first grade of a card. */

/**
 * What the session was before an answer.
 *
 * @typedef {object} Past
 * @property {Review} entry - The answer.
 * @property {Card[]} queue
 * @property {Card[]} again
 * @property {Map<string, First>} firsts
 */

const PRESSED = "button, a, summary, input:not([readonly], :disabled)"; // what has its own use for Enter and Space

export class SessionPart {
  title = "Session";

  /** @param {Study} study */
  constructor(study) {
    this.study = study;
    /** @type {Card[]} */
    this.queue = [];
    /** @type {Card[]} */
    this.again = []; // cards that were not known
    /** @type {Map<string, First>} */
    this.firsts = new Map(); // by the ids of cards
    /** @type {Past[]} */
    this.past = []; // before each answer
    this.total = 0;
    /** @type {{ card: Card, form: Form } | null} */
    this.asked = null;
    /** @type {import("../card.d.ts").CardResponse} */
    this.given = null; // what was answered, once the page has judged it
    this.offer = new SessionOffer(study, () => this.start());
    this.head = element("p", { class: "lmkit-review-head" });
    this.bar = element("progress", { class: "lmkit-review-bar", "aria-label": "Cards answered" });
    this.place = element("div", { class: "lmkit-review-card" });
    this.grades = new GradeRow((grade) => this.grade(grade));
    this.check = actionButton("Check", () => this.judge(), "lmkit-review-main");
    this.pass = actionButton("I do not know", () => this.giveUp());
    this.checks = buttonRow(this.check, this.pass);
    this.back = actionButton("", () => this.takeBack());
    const others = buttonRow(
      this.back,
      actionButton("End the session", () => this.finish()),
    );
    const foot = element("div", { class: "lmkit-review-foot" }, this.checks, this.grades.root, others);
    this.running = element("div", { class: "lmkit-review-running" }, this.bar, this.head, this.place, foot);
    this.end = element("div", { class: "lmkit-review-end", tabindex: "-1" });
    this.running.hidden = true;
    this.end.hidden = true;
    this.root = element("div", {}, this.running, this.end, this.offer.root);
    this.running.addEventListener("keydown", (event) => this.press(event));
  }

  refresh() {
    if (this.running.hidden) this.offer.show();
  }

  close() {
    this.asked?.form.close();
  }

  start() {
    this.queue = this.offer.cards;
    this.total = this.queue.length;
    this.again = [];
    this.firsts = new Map();
    this.past = [];
    this.goOn();
  }

  goOn() {
    this.end.hidden = true;
    this.offer.root.hidden = true;
    this.running.hidden = false;
    this.next();
  }

  /** Cards that were not known come again when the others are through. */
  next() {
    this.nameBack();
    const card = this.queue.shift() ?? this.again.shift();
    if (card) this.put(card);
    else this.finish();
  }

  /** @param {Card} card */
  put(card) {
    this.close();
    const fresh = !this.firsts.has(card.id);
    const number = this.firsts.size + 1;
    const what = fresh
      ? `Card ${number} of ${this.total}`
      : `Once more, ${counted(this.again.length + 1, "card")} left`;
    setText(this.head, `${what} · ${card.chapterTitle}${this.study.schedule.has(card.id) ? "" : " · new"}`);
    this.bar.max = this.total;
    this.bar.value = this.firsts.size;
    const seed = `${this.study.seed} ${this.study.log.reviews.length}`;
    const onEnter = afterTheKey(() => this.judge());
    const onRevealed = () => this.ask(card, [1, 2, 3, 4], 3);
    const form = formOf(card, { seed, onRevealed, onEnter });
    this.asked = { card, form };
    this.given = null;
    this.place.replaceChildren(form.root);
    this.checks.hidden = !isChecked(card);
    this.grades.hide();
    form.focus();
  }

  judge() {
    if (this.checks.hidden || !this.asked) return;
    const { card, form } = this.asked;
    const { right, empty } = form.check();
    if (empty) return;
    this.given = form.response;
    this.judged(card, right);
  }

  giveUp() {
    if (!this.asked) return;
    const { card, form } = this.asked;
    form.reveal();
    this.judged(card, false);
  }

  /**
   * @param {Card} card
   * @param {boolean} right
   */
  judged(card, right) {
    this.ask(card, right ? [2, 3, 4] : [1], right ? 3 : 1);
    this.grades.focus();
  }

  /**
   * Offer grades, one of them by the keys Enter and Space.
   *
   * @param {Card} card
   * @param {number[]} offered
   * @param {number} preferred
   */
  ask(card, offered, preferred) {
    this.checks.hidden = true;
    this.grades.show(previewOf(this.study.schedule.get(card.id), this.study.now), offered, preferred);
  }

  /** @param {KeyboardEvent} event */
  press(event) {
    if (event.ctrlKey || event.altKey || event.metaKey || event.repeat || !this.grades.shown) return;
    const marked = event.key === "Enter" || event.key === " "; // for the preferred grade
    if (marked && event.target instanceof Element && event.target.closest(PRESSED)) return;
    const grade = marked ? this.grades.preferred : Number(event.key);
    if (!this.grades.offers(grade)) return;
    event.preventDefault();
    this.grade(grade);
  }

  /** @param {number} grade */
  grade(grade) {
    if (!this.asked) return;
    const { card } = this.asked;
    const { queue, again, firsts } = this;
    const entry = this.study.log.add(card.id, grade, this.given);
    this.past.push({ entry, queue: [card, ...queue], again: [...again], firsts: new Map(firsts) });
    if (!this.firsts.has(card.id)) this.firsts.set(card.id, { card, grade });
    if (grade === 1) this.again.push(card);
    this.next();
  }

  /** Forget the last answer, and ask that card again. */
  takeBack() {
    const before = this.past.pop();
    if (!before) return;
    this.study.log.takeBack(before.entry);
    this.queue = before.queue;
    this.again = before.again;
    this.firsts = before.firsts;
    this.goOn();
  }

  /** The button says which answer it takes back. */
  nameBack() {
    const last = this.past.at(-1)?.entry;
    setText(this.back, last ? `Take back ‘${GRADES[last.grade - 1]}’` : "");
    this.back.hidden = !last;
  }

  finish() {
    this.close();
    this.running.hidden = true;
    this.place.replaceChildren();
    this.end.hidden = false;
    this.offer.root.hidden = false;
    this.end.replaceChildren(...this.summary());
    this.offer.show();
    this.end.focus();
  }

  summary() {
    const results = [...this.firsts.values()];
    const { order } = this.study;
    const known = results.filter(({ grade }) => grade > 1).length;
    const weak = results.filter(({ grade }) => grade < 3).map(({ card }) => card);
    const grades = GRADES.map((name, i) => [name, results.filter(({ grade }) => grade === i + 1).length]);
    const said = grades
      .filter(([, count]) => count)
      .map(([name, count]) => `${name} ${count}`)
      .join(", ");
    const title = element("p", { class: "lmkit-title" }, "The session is over");
    const line = `${counted(results.length, "card")} answered, ${known} known at first sight${said ? ` (${said})` : ""}.`;
    const back = this.past.length ? [buttonRow(actionButton(this.back.textContent, () => this.takeBack()))] : [];
    return [title, element("p", {}, line), ...back, rereadList("Worth rereading:", weak, order)];
  }
}
