// Cards that readers judge themselves: they answer in their head or on paper.

import { element, setText } from "../base/dom.js";
import { CardForm, Drawing } from "./card_base.js";
import { fragment } from "./text.js";

/** @typedef {import("./card_base.js").FormOptions} FormOptions */
/**
 * @template {import("./card.d.ts").Kind} K
 * @typedef {import("./card.d.ts").CardOf<K>} CardOf
 */

/**
 * @template {"flashcard" | "draw"} K
 * @extends {CardForm<K>}
 */
class SelfGradedForm extends CardForm {
  /**
   * @param {CardOf<K>} card
   * @param {FormOptions} options
   * @param {string} shows - What the button does.
   */
  constructor(card, options, shows) {
    super(card, options);
    this.more = element("button", { type: "button", class: "lmkit-button" }, shows);
  }

  get selfGraded() {
    return true;
  }

  get filled() {
    return this.locked;
  }

  get response() {
    return null;
  }

  check() {
    return { right: false, empty: !this.locked };
  }

  /**
   * All is shown; the reader's hand goes where the answer is.
   *
   * @param {HTMLElement} last
   */
  end(last) {
    const held = document.activeElement === this.more;
    this.locked = true;
    this.more.hidden = true;
    this.showResult();
    if (held) last.focus();
    this.onRevealed();
  }
}

/** @extends {SelfGradedForm<"flashcard">} */
export class FlashForm extends SelfGradedForm {
  /**
   * @param {CardOf<"flashcard">} card
   * @param {FormOptions} options
   */
  constructor(card, options) {
    super(card, options, "Show the answer");
    this.answer = element("div", { class: "lmkit-card-answer", tabindex: "-1" }, fragment(card.answer));
    this.answer.hidden = true;
    this.more.addEventListener("click", () => this.reveal());
    this.answerIn(element("div", {}, this.more, this.answer));
  }

  reveal() {
    if (this.locked) return;
    this.answer.hidden = false;
    this.end(this.answer);
  }
}

/** @extends {SelfGradedForm<"draw">} */
export class DrawForm extends SelfGradedForm {
  /**
   * @param {CardOf<"draw">} card
   * @param {FormOptions} options
   */
  constructor(card, options) {
    super(card, options, stepName(0, card.steps.length));
    this.shown = 0;
    this.drawing = new Drawing(card.drawing);
    this.drawing.show(0);
    this.list = element("ol", { class: "lmkit-card-steps", "aria-live": "polite" });
    const hint = element("p", { class: "lmkit-footnote" }, "Draw it on paper first, then compare step by step.");
    this.more.addEventListener("click", () => this.step());
    this.answerIn(element("div", {}, hint, this.list, this.drawing.root, this.more));
  }

  step() {
    const { steps } = this.card;
    const line = element("li", { tabindex: "-1" }, fragment(steps[this.shown]));
    this.list.append(line);
    this.shown += 1;
    this.drawing.show(this.shown);
    if (this.shown < steps.length) setText(this.more, stepName(this.shown, steps.length));
    else this.end(line);
  }

  reveal() {
    while (!this.locked) this.step();
  }
}

/**
 * @param {number} shown
 * @param {number} count
 */
function stepName(shown, count) {
  return `Show step ${shown + 1} of ${count}`;
}
