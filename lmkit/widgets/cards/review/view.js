// The Review page: all cards of the book in sessions, exams and lists, with the reader's progress in this browser only.

import { element, keepKeys } from "../../base/dom.js";
import { openLog } from "../../base/progress/log.js";
import { logNotice } from "../../base/progress/notice.js";
import { LabView, widgetOf } from "../../base/view.js";
import { BrowsePart } from "./browse.js";
import { ExamPart } from "./exam.js";
import { CardFilter } from "./filter.js";
import { ProgressPart } from "./progress.js";
import { SessionPart } from "./session.js";
import { Study } from "./study.js";
import { Tabs } from "./tabs.js";

/** @typedef {import("../../base/view.js").Model} Model */
/** @typedef {import("../card.d.ts").Card} Card */
/** @typedef {import("../card.d.ts").DrawingData} DrawingData */

class ReviewView extends LabView {
  /**
   * @param {Model} model
   * @param {HTMLElement} root
   */
  constructor(model, root) {
    const log = openLog();
    const notice = logNotice(log);
    const filter = new CardFilter(() => this.refresh());
    const study = new Study(log, filter, (text) => this.report(text));
    const session = new SessionPart(study);
    const exam = new ExamPart(study);
    const tabs = new Tabs("Ways to review", [session, exam, new ProgressPart(study), new BrowsePart(study)]);
    const whole = element("div", { class: "lmkit-review" }, notice.root, filter.root, tabs.root);
    keepKeys(whole);
    super(model, root, whole);
    this.log = log;
    this.notice = notice;
    this.study = study;
    this.tabs = tabs;
    this.session = session;
    this.exam = exam;
    /** @type {object[] | null} */
    this.cards = null;
    this.closeLog = log.onChange(() => this.refresh());
  }

  update() {
    const { cards, drawings, seed } = this.read("cards", "drawings", "seed");
    if (cards !== this.cards) {
      this.cards = cards;
      this.study.set(withDrawings(cards, drawings), seed);
      if (this.exam.resume()) this.tabs.show(this.tabs.parts.indexOf(this.exam));
    }
    this.refresh();
  }

  refresh() {
    this.tabs.shown.refresh();
  }

  close() {
    super.close();
    this.closeLog();
    this.notice.close();
    this.session.close();
    this.exam.close();
  }
}

/**
 * @param {(Omit<Card, "drawing"> & { drawing: string | null })[]} cards - A drawing is its name: several may share one.
 * @param {Record<string, DrawingData>} drawings
 */
function withDrawings(cards, drawings) {
  const whole = cards.map((card) => ({ ...card, drawing: card.drawing === null ? null : drawings[card.drawing] }));
  return /** @type {Card[]} */ (whole);
}

export default widgetOf(ReviewView);
