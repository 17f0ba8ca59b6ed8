// An exam: questions that the page can judge, no word about them until all are handed in, then a mark.

import { element, setText } from "../../base/dom.js";
import { dropDraft, keptDraft } from "./draft.js";
import { Paper } from "./paper.js";
import { actionButton, buttonRow, CountField, counted, NOTHING_CHOSEN } from "./parts.js";
import { drawCards, forExam } from "./plan.js";

/** @typedef {import("../card.d.ts").Card} Card */
/** @typedef {import("./study.js").Study} Study */

const EXAM_LENGTH = 10;
const EXAM_MOST = 200;

const EXAM_RULES =
  "One point for each question that is answered right in all its parts. You can go back and change answers until you " +
  "hand in; then you see the mark, the explanations and what to reread. The answers count for the schedule, too.";
const WITH_LAB = "Also ask what the book's own runs measured";
const RESUMED = "The page was loaded anew while this exam was open. Your answers are still here.";
const NOTHING_TO_JUDGE =
  "The chosen cards have no question that the page can judge: flashcards and drawings you judge yourself. " +
  "Choose other kinds above.";

export class ExamPart {
  title = "Exam";

  /** @param {Study} study */
  constructor(study) {
    this.study = study;
    this.words = element("p", { class: "lmkit-review-summary" });
    this.length = new CountField("Questions", EXAM_LENGTH, [1, EXAM_MOST]);
    this.begin = actionButton("Start the exam", () => this.start(), "lmkit-review-main");
    this.length.input.addEventListener("keydown", (event) => {
      if (event.key === "Enter") this.begin.click();
    });
    const fields = element("div", { class: "lmkit-review-fields" }, this.length.root);
    this.withLab = element("input", { type: "checkbox" });
    this.withLab.addEventListener("change", () => this.refresh());
    const lab = element("div", { class: "lmkit-review-boxes" }, element("label", {}, this.withLab, ` ${WITH_LAB}`));
    const start = [
      this.words,
      fields,
      lab,
      element("p", { class: "lmkit-footnote" }, EXAM_RULES),
      buttonRow(this.begin),
    ];
    this.offer = element("div", { class: "lmkit-review-offer" }, ...start);
    /** @type {Paper | null} */
    this.paper = null;
    this.place = element("div", { class: "lmkit-review-running" });
    this.root = element("div", {}, this.place, this.offer);
    this.leaving = (/** @type {Event} */ event) => event.preventDefault(); // the browser asks whether to leave an exam
  }

  refresh() {
    if (this.paper?.open) return;
    const count = this.choice.length;
    const nothing = this.study.cards.length ? NOTHING_TO_JUDGE : NOTHING_CHOSEN;
    setText(this.words, count ? `${counted(count, "question")} can be asked.` : nothing);
    this.begin.disabled = !count;
  }

  get choice() {
    return forExam(this.study.cards, this.withLab.checked);
  }

  start() {
    const { seed, log } = this.study;
    const draw = `${seed} ${log.reviews.length}`;
    const paper = this.paperOf(drawCards(this.choice, this.length.value, draw), draw);
    this.open(paper);
    paper.go(0);
  }

  /**
   * Go on with the exam that was open when the page was loaded anew.
   *
   * @returns {boolean} Whether there is one.
   */
  resume() {
    const draft = keptDraft();
    if (this.paper || !draft) return false;
    try {
      const paper = this.paperOf(
        draft.cards.map((id) => this.cardOf(id)),
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

  /** @param {string} id */
  cardOf(id) {
    const found = this.study.order.find((card) => card.id === id);
    if (!found) throw new Error(`the book has no card ${id}`);
    return found;
  }

  /**
   * @param {Card[]} cards
   * @param {string} draw
   * @returns {Paper}
   */
  paperOf(cards, draw) {
    const paper = new Paper(cards, draw, this.study, () => this.ended(paper));
    return paper;
  }

  /**
   * @param {Paper} paper
   * @param {...HTMLElement} notes
   */
  open(paper, ...notes) {
    this.paper?.close();
    this.paper = paper;
    this.place.replaceChildren(...notes, paper.root);
    this.offer.hidden = true;
    addEventListener("beforeunload", this.leaving);
  }

  /** @param {Paper} paper */
  ended({ left, root }) {
    dropDraft();
    removeEventListener("beforeunload", this.leaving);
    this.offer.hidden = false;
    this.place.replaceChildren(...(left ? [] : [root]));
    this.refresh();
    if (left) this.begin.focus();
  }

  close() {
    removeEventListener("beforeunload", this.leaving);
    this.paper?.close();
  }
}
