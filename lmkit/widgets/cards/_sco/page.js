// The quiz of a chapter as content of a learning platform: the book's own quiz, whose first answers are told.

import { element, setText } from "../../base/dom.js";
import { followTheme } from "../../base/standalone/theme.js";
import { QuizView } from "../quiz/quiz_view.js";
import { findApi, Session, standing } from "./session.js";

/** @typedef {import("../card.d.ts").CardResponse} CardResponse */
/** @typedef {import("../../base/view.js").Model} Model */
/** @typedef {import("../quiz/study_view.js").Grade} Grade */
/** @typedef {import("../quiz/study_view.js").Turn} Turn */
/** @typedef {import("./session.js").Answers} Answers */

const ALONE = "No learning platform is listening: your score is shown here and kept nowhere.";

class ScoView extends QuizView {
  /**
   * @param {Model} model
   * @param {HTMLElement} root
   */
  constructor(model, root) {
    super(model, root);
    this.session = new Session(findApi(/** @type {any} */ (window)));
    /** @type {Answers} */
    this.answers = {};
    this.standing = element("p", { class: "lmkit-footnote", role: "status" });
    this.head.after(this.standing);
    addEventListener("pagehide", () => this.session.finish());
  }

  setUp() {
    super.setUp();
    const saved = this.session.saved();
    for (const turn of this.turns) if (saved[turn.card.id]) this.restore(turn, saved[turn.card.id]);
    const open = this.turns.findIndex(({ now }) => now === "open");
    this.at = open < 0 ? this.turns.length : open;
    this.tell();
  }

  /**
   * Bring a card to where it was when the reader left.
   *
   * @param {Turn} turn
   * @param {[Grade, CardResponse?]} answer
   */
  restore(turn, [grade, response]) {
    if (!turn.form.selfGraded && response !== undefined) turn.form.response = response;
    if (turn.form.selfGraded || response === undefined) turn.form.reveal();
    else turn.form.check();
    turn.now = grade;
    turn.first = grade;
    this.answers = { ...this.answers, [turn.card.id]: response === undefined ? [grade] : [grade, response] };
  }

  /**
   * @param {Turn} turn
   * @param {Grade} verdict
   */
  grade(turn, verdict) {
    const isFirst = !turn.first;
    super.grade(turn, verdict);
    if (!isFirst) return;
    const { card, form } = turn;
    this.answers = { ...this.answers, [card.id]: form.selfGraded ? [verdict] : [verdict, form.response] };
    this.session.answered(card, this.answers, this.cards ?? []);
    this.tell();
  }

  /** Say how the score stands, and who hears of it. */
  tell() {
    const { right, judged, percent, done } = standing(this.answers, this.cards ?? []);
    const score = `Score: ${right} of ${judged} right at the first try, ${percent} %.`;
    const heard = done ? "Your learning platform has it." : "Your learning platform hears of each first answer.";
    setText(this.standing, `${score} ${this.session.open ? heard : ALONE}`);
  }
}

/** A page that nothing changes from outside, as a model. */
class PageModel {
  /** @param {Record<string, unknown>} traits */
  constructor(traits) {
    this.traits = traits;
  }

  /**
   * @param {string} name
   * @returns {any}
   */
  get(name) {
    return this.traits[name];
  }

  set() {}

  save_changes() {}

  on() {}

  off() {}

  send() {}
}

export default {
  /** Start the quiz of which the page holds the cards. */
  start() {
    followTheme();
    const place = document.querySelector("#quiz");
    const cards = JSON.parse(document.querySelector("#cards")?.textContent ?? "[]");
    if (place instanceof HTMLElement) new ScoView(new PageModel({ mode: "quiz", cards, toolbar: {} }), place);
  },
};
