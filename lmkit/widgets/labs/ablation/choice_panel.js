// Which parts are chosen, in words and buttons.

import { element, resize, setText } from "../../base/dom.js";
import { stepsBetween } from "./model.js";

/** @typedef {import("./model.js").Part} Part */

/** What is chosen, in a sentence; where it was not run, what can be chosen instead. */
export class ChoicePanel {
  /**
   * @param {(bits: number) => void} onChoose
   * @param {Part[]} parts
   */
  constructor(onChoose, parts) {
    this.onChoose = onChoose;
    this.parts = parts;
    this.words = element("p", { class: "lmkit-title" });
    const all = (1 << parts.length) - 1;
    const presets = element(
      "span",
      { class: "lmkit-ablation-presets" },
      this.button("None", 0),
      this.button("All", all),
    );
    this.note = element("p", { class: "lmkit-numbers" });
    this.list = element("div", { class: "lmkit-ablation-offers" });
    this.offers = element("div", {}, this.note, this.list);
    const head = element("div", { class: "lmkit-head" }, this.words, presets);
    this.root = element(
      "div",
      { class: "lmkit-panel lmkit-ablation", role: "group", "aria-label": "Chosen parts" },
      head,
      this.offers,
    );
  }

  /**
   * @param {string} text
   * @param {number} bits
   */
  button(text, bits) {
    const button = element("button", { type: "button", class: "lmkit-button" }, text);
    button.dataset.bits = String(bits);
    button.addEventListener("click", () => this.onChoose(Number(button.dataset.bits)));
    return button;
  }

  /**
   * @param {number} bits
   * @param {string} words
   * @param {number[]} offered combinations to choose instead
   */
  show(bits, words, offered) {
    setText(this.words, words);
    this.offers.hidden = !offered.length;
    setText(this.note, "The nearest combinations that were run:");
    resize(this.list, offered.length, () => this.button("", 0));
    for (const [n, button] of this.list.querySelectorAll("button").entries()) {
      button.dataset.bits = String(offered[n]);
      setText(button, stepsBetween(bits, offered[n], this.parts));
    }
  }
}
