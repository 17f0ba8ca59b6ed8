// Small pieces that the parts of the Review page share.

import { element, setText, uniqueId } from "../../base/dom.js";
import { sectionLink } from "../text.js";
import { sectionsOf } from "./plan.js";

/** @typedef {import("../card.d.ts").Card} Card */
/** @typedef {[string, () => void]} Action - What a button says and does. */

export const NOTHING_CHOSEN = "No card is chosen. Choose chapters and kinds above.";

/**
 * @param {string} label
 * @param {() => void} action
 * @param {...string} classes
 */
export function actionButton(label, action, ...classes) {
  const button = element("button", { type: "button", class: ["lmkit-button", ...classes].join(" ") }, label);
  button.addEventListener("click", action);
  return button;
}

/**
 * What a key asks for, done when the key has had its effect: else it would press what is focused in answer to it.
 *
 * @param {() => void} action
 * @returns {() => void}
 */
export function afterTheKey(action) {
  return () => {
    setTimeout(action);
  };
}

/** @param {...HTMLElement} buttons */
export function buttonRow(...buttons) {
  return element("div", { class: "lmkit-review-buttons" }, ...buttons);
}

/** A field for a whole number with its label; `value` is always one within the limits. */
export class CountField {
  /**
   * @param {string} label
   * @param {number} value
   * @param {[number, number]} limits
   */
  constructor(label, value, [low, high]) {
    this.low = low;
    this.high = high;
    const id = uniqueId("lmkit-count");
    this.input = element("input", { type: "number", id, min: low, max: high, step: 1, value, inputmode: "numeric" });
    this.input.addEventListener("change", () => {
      this.input.value = String(this.value); // the reader sees what is taken
    });
    this.root = element("span", { class: "lmkit-review-count" }, element("label", { for: id }, label), this.input);
  }

  get value() {
    const typed = Math.round(Number(this.input.value));
    return Math.min(this.high, Math.max(this.low, Number.isFinite(typed) ? typed : this.low));
  }
}

/** A question that is asked in place, with the answer that changes something and the one that does not. */
export class Confirmation {
  /**
   * @param {string} name
   * @param {Action} change
   * @param {Action} stay
   */
  constructor(name, [yes, does], [no, stays]) {
    this.words = element("p");
    this.no = actionButton(no, () => this.close(stays));
    const row = buttonRow(
      actionButton(yes, () => this.close(does)),
      this.no,
    );
    this.root = element("div", { class: "lmkit-review-asked", role: "group", "aria-label": name }, this.words, row);
    this.root.hidden = true;
  }

  /** @param {string} question */
  ask(question) {
    setText(this.words, question);
    this.root.hidden = false;
    this.no.focus();
  }

  /** @param {() => void} then */
  close(then) {
    this.root.hidden = true;
    then();
  }
}

/**
 * Links to the sections of cards, under a line that says why.
 *
 * @param {string} words
 * @param {Card[]} cards
 * @param {Card[]} order - All cards of the book.
 * @returns {HTMLElement | string} "" for no card.
 */
export function rereadList(words, cards, order) {
  if (!cards.length) return "";
  const lines = sectionsOf(cards, order).map((card) => element("li", {}, `${card.chapterTitle}: `, sectionLink(card)));
  return element("div", { class: "lmkit-review-reread" }, element("p", {}, words), element("ul", {}, ...lines));
}

/**
 * "1 card", "2 cards".
 *
 * @param {number} count
 * @param {string} singular
 * @returns {string}
 */
export function counted(count, singular, plural = `${singular}s`) {
  return `${count} ${count === 1 ? singular : plural}`;
}
