// The Review page: all cards of the book in sessions, exams and lists, with the reader's progress in this browser only.

import { element } from "../../base/dom.js";
import { LabView, widgetOf } from "../../base/view.js";
import { keepKeys } from "../card_base.js";
import { openLog } from "../log.js";
import { logNotice } from "../notice.js";
import { BrowsePart } from "./browse.js";
import { ExamPart } from "./exam.js";
import { CardFilter } from "./filter.js";
import { ProgressPart } from "./progress.js";
import { scheduleOf } from "./schedule.js";
import { SessionPart } from "./session.js";
import { Tabs } from "./tabs.js";

/** What all parts work with: the log, the schedule that follows from it, and the cards. */
class Study {
  constructor(log, filter, announce) {
    Object.assign(this, { log, filter, announce, order: [], ids: new Set() });
  }

  /** `seed` decides what an exam draws; 0 leaves it to chance. */
  set(cards, seed) {
    this.order = cards;
    this.ids = new Set(cards.map(({ id }) => id));
    this.seed = seed || Math.floor(1 + Math.random() * 1e9);
    this.filter.set(cards);
  }

  get now() {
    return Date.now();
  }

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

class ReviewView extends LabView {
  constructor(model, root) {
    const log = openLog(),
      notice = logNotice(log);
    const filter = new CardFilter(() => this.refresh());
    const study = new Study(log, filter, (text) => this.announce(text));
    const session = new SessionPart(study),
      exam = new ExamPart(study);
    const tabs = new Tabs("Ways to review", [session, exam, new ProgressPart(study), new BrowsePart(study)]);
    const whole = element("div", { class: "lmkit-review" }, notice.root, filter.root, tabs.root);
    keepKeys(whole);
    super(model, root, whole);
    Object.assign(this, { log, notice, study, tabs, session, exam });
    this.closeLog = log.onChange(() => this.refresh());
  }

  update() {
    const { cards, drawings, seed } = this.read("cards", "drawings", "seed");
    if (cards !== this.cards) {
      this.cards = cards;
      this.study.set(
        cards.map((card) => ({ ...card, drawing: drawings[card.drawing] ?? null })),
        seed,
      );
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

export default widgetOf(ReviewView);
