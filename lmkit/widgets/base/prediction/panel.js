// Predict first: a lab asks, the reader chooses, the run answers, and the page keeps both with the reader's progress:
//
//   const predictions = new PredictionPanel();
//   predictions.ask(this.model.get("questions"));       // in update: what was chosen stays while they are the same
//   predictions.show({ outcomes, isBegun });            // an outcome or null for each question

import { element, keepKeys, setText, uniqueId } from "../dom.js";
import { openLog } from "../progress/log.js";
import { verdictOf } from "./prediction.js";

/** @typedef {import("../progress/log.js").CardLog} CardLog */
/** @typedef {import("./prediction.js").Outcome} Outcome */
/** @typedef {import("./prediction.js").Question} Question */

const ASKS = "Choose before you run.";
const CHOSEN = "Now run it. Until then you can change your mind.";
const BEGUN = "It is running.";
const LATE = "It is running, and you have not chosen.";
const KEPT = "Kept in this browser, with your progress on the Review page.";

export class PredictionPanel {
  /** @param {CardLog} [log] */
  constructor(log) {
    this.log = log;
    this.root = element("div", { class: "lmkit-predictions lmkit-scrolls" });
    keepKeys(this.root);
    this.key = "";
    /** @type {PredictionForm[]} */
    this.forms = [];
    this.root.hidden = true;
  }

  /** @param {Question[]} questions */
  ask(questions) {
    const key = JSON.stringify(questions);
    if (key === this.key) return;
    this.key = key;
    this.forms = questions.map((question) => new PredictionForm(question, () => (this.log ??= openLog())));
    this.root.replaceChildren(...this.forms.map(({ root }) => root));
    this.root.hidden = !questions.length;
  }

  /**
   * @param {object} found
   * @param {(Outcome | null)[]} found.outcomes - What the lab has measured by now; null where it does not know yet.
   * @param {boolean} found.isBegun - Whether it is at it: nobody chooses after the race has begun.
   */
  show({ outcomes, isBegun }) {
    for (const [i, form] of this.forms.entries()) form.show(outcomes[i] ?? null, isBegun);
  }
}

class PredictionForm {
  /**
   * @param {Question} question
   * @param {() => CardLog} log
   */
  constructor(question, log) {
    this.question = question;
    this.log = log;
    const name = uniqueId("lmkit-prediction");
    this.inputs = question.choices.map(() => element("input", { type: "radio", name }));
    const rows = question.choices.map((text, i) => element("label", {}, this.inputs[i], element("span", {}, text)));
    this.legend = element("legend", {}, element("strong", {}, "Predict first. "), question.question);
    this.fields = element("fieldset", {}, this.legend, element("div", { class: "lmkit-prediction-choices" }, ...rows));
    this.hint = element("p", { class: "lmkit-footnote", id: `${name}-hint` });
    this.fields.setAttribute("aria-describedby", this.hint.id);
    this.verdict = element("p", { class: "lmkit-prediction-verdict", role: "status" });
    this.again = element("button", { type: "button", class: "lmkit-button" }, "Ask me again");
    this.again.addEventListener("click", () => this.reset());
    this.root = element("div", { class: "lmkit-prediction" }, this.fields, this.hint, this.verdict, this.again);
    this.fields.addEventListener("change", () => this.describe());
    this.answered = "";
    this.isBegun = false;
    /** @type {Outcome | null} */
    this.outcome = null; // the one that is shown
    this.describe();
  }

  /** @returns {number | null} */
  get chosen() {
    const place = this.inputs.findIndex(({ checked }) => checked);
    return place < 0 ? null : place;
  }

  /**
   * @param {Outcome | null} outcome
   * @param {boolean} isBegun
   */
  show(outcome, isBegun) {
    this.isBegun = isBegun;
    if (outcome && !this.outcome && outcome.key !== this.answered) this.answer(outcome);
    this.describe();
  }

  /** @param {Outcome} outcome */
  answer(outcome) {
    const { question, chosen } = this;
    this.outcome = outcome;
    this.answered = outcome.key;
    if (chosen === null) return;
    const [predicted, happened] = [chosen, outcome.choice].map((place) => question.choices[place]);
    this.log().addPrediction({ question: question.question, predicted, happened });
  }

  reset() {
    this.outcome = null;
    for (const input of this.inputs) input.checked = false;
    this.describe();
    this.inputs[0].focus();
  }

  describe() {
    const { outcome, chosen, isBegun } = this;
    this.fields.disabled = Boolean(outcome) || isBegun;
    this.again.hidden = !outcome || isBegun;
    this.root.dataset.verdict = !outcome || chosen === null ? "" : chosen === outcome.choice ? "right" : "wrong";
    setText(this.verdict, outcome ? verdictOf(this.question, chosen, outcome) : "");
    setText(this.hint, this.hintOf());
  }

  hintOf() {
    const { outcome, chosen, isBegun } = this;
    if (outcome) return chosen === null ? "" : this.log().problem || KEPT;
    if (isBegun) return chosen === null ? LATE : BEGUN;
    return chosen === null ? ASKS : CHOSEN;
  }
}
