// The questions of one exam, handed in together; then the mark.

import { element, percent, setAttribute, setText } from "../../base/dom.js";
import { formOf } from "../registry.js";
import { keepDraft } from "./draft.js";
import { actionButton, afterTheKey, buttonRow, Confirmation, counted, rereadList } from "./parts.js";

/** @typedef {import("../card.d.ts").Card} Card */
/** @typedef {import("../card_base.js").Form} Form */
/** @typedef {import("./draft.js").Draft} Draft */
/** @typedef {import("./parts.js").Action} Action */
/** @typedef {import("./study.js").Study} Study */
/** @typedef {{ card: Card, form: Form, right: boolean, empty: boolean }} Result */

/** The questions of one exam; `open` until it is handed in or left. */
export class Paper {
  /**
   * @param {Card[]} cards
   * @param {string} draw - What they were drawn by.
   * @param {Pick<Study, "order" | "log" | "report">} study
   * @param {() => void} onEnd
   */
  constructor(cards, draw, { order, log, report }, onEnd) {
    this.cards = cards;
    this.draw = draw;
    this.order = order;
    this.log = log;
    this.report = report;
    this.onEnd = onEnd;
    this.open = true;
    this.left = false;
    this.at = 0;
    const onEnter = afterTheKey(() => {
      if (this.open) this.step(1);
    });
    this.forms = cards.map((card) => formOf(card, { seed: draw, onChange: () => this.changed(), onEnter }));
    this.head = element("p", { class: "lmkit-review-head" });
    this.numbers = cards.map((_, i) => actionButton(String(i + 1), () => this.go(i), "lmkit-review-number"));
    const list = element("ol", { class: "lmkit-review-numbers", "aria-label": "Questions" });
    list.append(...this.numbers.map((button) => element("li", {}, button)));
    this.sheet = element("div", { class: "lmkit-review-card" }, ...this.forms.map(({ root }) => root));
    this.back = actionButton("Previous", () => this.step(-1));
    this.forth = actionButton("Next", () => this.step(1), "lmkit-review-main");
    this.hand = actionButton("Hand in", () => this.askToHandIn());
    const buttons = buttonRow(
      this.back,
      this.forth,
      this.hand,
      actionButton("Leave the exam", () => this.askToLeave()),
    );
    /** @type {Action} */
    const stay = ["Go on with the exam", () => this.forms[this.at].focus()];
    this.handing = new Confirmation("Hand in?", ["Hand in", () => this.handIn()], stay);
    this.going = new Confirmation("Leave the exam?", ["Leave the exam", () => this.leave()], stay);
    const asked = [this.handing.root, this.going.root];
    this.sheets = element("div", { class: "lmkit-review-running" }, this.head, list, this.sheet, buttons, ...asked);
    this.result = element("div", { class: "lmkit-review-end", tabindex: "-1" });
    this.result.hidden = true;
    this.root = element("div", {}, this.sheets, this.result);
    this.mark();
  }

  /** @param {number} place */
  go(place) {
    this.show(place);
    this.keep();
    this.forms[place].focus();
  }

  /** @param {number} place */
  show(place) {
    this.at = place;
    for (const [i, { root }] of this.forms.entries()) root.hidden = i !== place;
    setText(this.head, `Question ${place + 1} of ${this.cards.length} · ${this.cards[place].chapterTitle}`);
    this.back.disabled = place === 0;
    this.forth.disabled = place === this.cards.length - 1;
    for (const [i, button] of this.numbers.entries()) {
      setAttribute(button, "aria-current", i === place ? "step" : null);
    }
  }

  changed() {
    this.mark();
    this.keep();
  }

  keep() {
    const { cards, draw, at, forms } = this;
    keepDraft({ cards: cards.map(({ id }) => id), draw, at, responses: forms.map(({ response }) => response) });
  }

  /** @param {Draft} draft */
  restore({ at, responses }) {
    for (const [i, form] of this.forms.entries()) form.response = responses[i];
    this.mark();
    this.show(at);
  }

  /** @param {number} by */
  step(by) {
    if (this.cards[this.at + by]) this.go(this.at + by);
    else this.askToHandIn();
  }

  /** Which questions have an answer. */
  mark() {
    for (const [i, { filled }] of this.forms.entries()) {
      this.numbers[i].classList.toggle("lmkit-review-filled", filled);
      this.numbers[i].setAttribute("aria-label", `Question ${i + 1}, ${filled ? "answered" : "not answered"}`);
    }
  }

  get missing() {
    return this.forms.flatMap((form, i) => (form.filled ? [] : [i + 1]));
  }

  askToHandIn() {
    const { missing } = this;
    const which = missing.length > 6 ? "" : ` (${missing.join(", ")})`;
    const are = `${counted(missing.length, "question has", "questions have")} no full answer yet${which}. `;
    this.going.root.hidden = true;
    const state = missing.length ? are : "All questions are answered. ";
    this.handing.ask(`${state}Hand in? Answers cannot be changed afterwards.`);
  }

  askToLeave() {
    this.handing.root.hidden = true;
    this.going.ask(
      "Leave the exam? Its answers are dropped, and there is no mark. The other tabs are open without leaving it.",
    );
  }

  leave() {
    this.left = true;
    this.close();
    this.onEnd();
  }

  handIn() {
    this.open = false;
    const results = this.forms.map((form, i) => ({ card: this.cards[i], form, ...form.check({ quiet: true }) }));
    for (const { form } of results) form.reveal();
    for (const { card, form, right, empty } of results) {
      if (!empty) this.log.add(card.id, right ? 3 : 1, form.response);
    }
    this.sheets.hidden = true;
    this.result.replaceChildren(...this.marks(results));
    this.result.hidden = false;
    this.onEnd();
    this.result.focus();
  }

  /** @param {Result[]} results */
  marks(results) {
    const points = results.filter(({ right }) => right).length;
    const wrong = results.filter(({ right }) => !right).map(({ card }) => card);
    const mark = markOf(points, results.length);
    const title = element("p", { class: "lmkit-title lmkit-review-mark" }, mark);
    this.report(mark);
    const papers = results.map(({ card, form, right, empty }, i) => {
      const verdict = right ? "right" : empty ? "not answered" : "wrong";
      const head = element("p", { class: "lmkit-review-head" }, `Question ${i + 1}, ${verdict} · ${card.chapterTitle}`);
      form.root.hidden = false;
      return element("li", { "data-right": String(right) }, head, form.root);
    });
    const all = element("ol", { class: "lmkit-review-papers", "aria-label": "Questions with explanations" }, ...papers);
    return [title, chapterTable(results), rereadList("Worth rereading:", wrong, this.order), all];
  }

  close() {
    this.open = false;
    for (const form of this.forms) form.close();
  }
}

/**
 * @param {number} points
 * @param {number} count
 */
function markOf(points, count) {
  return `${points} of ${counted(count, "point")}, ${percent(points / count)}`;
}

/**
 * Points by chapter, in the order in which the chapters were asked.
 *
 * @param {Result[]} results
 */
function chapterTable(results) {
  const chapters = [...new Set(results.map(({ card }) => card.chapterTitle))];
  const rows = chapters.map((chapter) => {
    const own = results.filter(({ card }) => card.chapterTitle === chapter);
    const points = own.filter(({ right }) => right).length;
    const cells = [`${points} of ${own.length}`, percent(points / own.length)].map((text) => element("td", {}, text));
    return element("tr", {}, element("th", { scope: "row" }, chapter), ...cells);
  });
  const heads = ["Chapter", "Points", "Percent"].map((head) => element("th", { scope: "col" }, head));
  const parts = [element("thead", {}, element("tr", {}, ...heads)), element("tbody", {}, ...rows)];
  return element("table", { class: "lmkit-review-marks" }, element("caption", {}, "Points by chapter"), ...parts);
}
