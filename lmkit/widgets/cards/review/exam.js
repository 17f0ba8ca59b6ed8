// An exam: questions that the page can judge, no word about them until all are handed in, then a mark.

import { element, percent, setAttribute, setText } from "../../base/dom.js";
import { formOf } from "../registry.js";
import { dropDraft, keepDraft, keptDraft } from "./draft.js";
import {
  actionButton,
  afterTheKey,
  buttonRow,
  Confirmation,
  CountField,
  counted,
  NOTHING_CHOSEN,
  rereadList,
} from "./parts.js";
import { drawCards, isChecked } from "./plan.js";

const EXAM_LENGTH = 10;
const EXAM_MOST = 200;

const EXAM_RULES =
  "One point for each question that is answered right in all its parts. You can go back and change answers until you " +
  "hand in; then you see the mark, the explanations and what to reread. The answers count for the schedule, too.";
const RESUMED = "The page was loaded anew while this exam was open. Your answers are still here.";
const NOTHING_TO_JUDGE =
  "The chosen cards have no question that the page can judge: flashcards and drawings you judge yourself. " +
  "Choose other kinds above.";

export class ExamPart {
  title = "Exam";

  constructor(study) {
    this.study = study;
    this.words = element("p", { class: "lmkit-review-summary" });
    this.length = new CountField("Questions", EXAM_LENGTH, [1, EXAM_MOST]);
    this.begin = actionButton("Start the exam", () => this.start(), "lmkit-review-main");
    this.length.input.addEventListener("keydown", (event) => event.key === "Enter" && this.begin.click());
    const fields = element("div", { class: "lmkit-review-fields" }, this.length.root);
    const start = [this.words, fields, element("p", { class: "lmkit-footnote" }, EXAM_RULES), buttonRow(this.begin)];
    this.offer = element("div", { class: "lmkit-review-offer" }, ...start);
    this.paper = null;
    this.place = element("div", { class: "lmkit-review-running" });
    this.root = element("div", {}, this.place, this.offer);
    this.leaving = (event) => event.preventDefault(); // the browser asks whether to leave an exam
  }

  refresh() {
    if (this.paper?.open) return;
    const count = this.choice.length;
    const nothing = this.study.cards.length ? NOTHING_TO_JUDGE : NOTHING_CHOSEN;
    setText(this.words, count ? `${counted(count, "question")} can be asked.` : nothing);
    this.begin.disabled = !count;
  }

  get choice() {
    return this.study.cards.filter(isChecked);
  }

  start() {
    const { seed, log } = this.study,
      draw = `${seed} ${log.reviews.length}`;
    this.open(this.paperOf(drawCards(this.choice, this.length.value, draw), draw));
    this.paper.go(0);
  }

  /** Go on with the exam that was open when the page was loaded anew; returns whether there is one. */
  resume() {
    const draft = keptDraft();
    if (this.paper || !draft) return false;
    try {
      const paper = this.paperOf(
        draft.cards.map((id) => this.study.order.find((card) => card.id === id)),
        draft.draw,
      );
      paper.restore(draft);
      this.open(paper, element("p", { class: "lmkit-footnote", role: "status" }, RESUMED));
      return true;
    } catch {
      dropDraft(); // the book has other cards by now
      return false;
    }
  }

  paperOf(cards, draw) {
    const { order, log, announce } = this.study;
    return new Paper(cards, { draw, order, log, announce, onEnd: () => this.ended() });
  }

  open(paper, ...notes) {
    this.paper?.close();
    this.paper = paper;
    this.place.replaceChildren(...notes, paper.root);
    this.offer.hidden = true;
    addEventListener("beforeunload", this.leaving);
  }

  ended() {
    dropDraft();
    removeEventListener("beforeunload", this.leaving);
    this.offer.hidden = false;
    this.place.replaceChildren(...(this.paper.left ? [] : [this.paper.root]));
    this.refresh();
    if (this.paper.left) this.begin.focus();
  }

  close() {
    removeEventListener("beforeunload", this.leaving);
    this.paper?.close();
  }
}

/** The questions of one exam; `open` until it is handed in or left. */
class Paper {
  constructor(cards, { draw, order, log, announce, onEnd }) {
    Object.assign(this, { cards, draw, order, log, announce, onEnd, open: true });
    const onEnter = afterTheKey(() => this.open && this.step(1));
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

  go(place) {
    this.show(place);
    this.keep();
    this.forms[place].focus();
  }

  show(place) {
    this.at = place;
    this.forms.forEach(({ root }, i) => (root.hidden = i !== place));
    setText(this.head, `Question ${place + 1} of ${this.cards.length} · ${this.cards[place].chapterTitle}`);
    this.back.disabled = place === 0;
    this.forth.disabled = place === this.cards.length - 1;
    this.numbers.forEach((button, i) => setAttribute(button, "aria-current", i === place ? "step" : null));
  }

  changed() {
    this.mark();
    this.keep();
  }

  keep() {
    const { cards, draw, at, forms } = this;
    keepDraft({ cards: cards.map(({ id }) => id), draw, at, responses: forms.map(({ response }) => response) });
  }

  restore({ at, responses }) {
    this.forms.forEach((form, i) => (form.response = responses[i]));
    this.mark();
    this.show(at);
  }

  step(by) {
    if (this.cards[this.at + by]) this.go(this.at + by);
    else this.askToHandIn();
  }

  /** Which questions have an answer. */
  mark() {
    this.forms.forEach((form, i) => {
      const { filled } = form;
      this.numbers[i].classList.toggle("lmkit-review-filled", filled);
      this.numbers[i].setAttribute("aria-label", `Question ${i + 1}, ${filled ? "answered" : "not answered"}`);
    });
  }

  get missing() {
    return this.forms.flatMap((form, i) => (form.filled ? [] : [i + 1]));
  }

  askToHandIn() {
    const { missing } = this,
      which = missing.length > 6 ? "" : ` (${missing.join(", ")})`;
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
    for (const { card, right, empty } of results) if (!empty) this.log.add(card.id, right ? 3 : 1);
    this.sheets.hidden = true;
    this.result.replaceChildren(...this.marks(results));
    this.result.hidden = false;
    this.onEnd();
    this.result.focus();
  }

  marks(results) {
    const points = results.filter(({ right }) => right).length;
    const wrong = results.filter(({ right }) => !right).map(({ card }) => card);
    const title = element("p", { class: "lmkit-title lmkit-review-mark" }, markOf(points, results.length));
    this.announce(() => title.textContent);
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

function markOf(points, count) {
  return `${points} of ${counted(count, "point")}, ${percent(points / count)}`;
}

/** Points by chapter, in the order in which the chapters were asked. */
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
