// Choices, of which one is right or several.

import { element, uniqueId } from "../base/dom.js";
import { JudgedForm, marked, said } from "./card_base.js";
import { shuffled } from "./judge.js";
import { fragment, nameAfter } from "./text.js";

/** @typedef {import("./card.d.ts").Choice} Choice */
/** @typedef {import("./judge.js").Part} Part */

/** @extends {JudgedForm<"single" | "multiple">} */
export class ChoiceForm extends JudgedForm {
  /**
   * @param {import("./card.d.ts").CardOf<"single" | "multiple">} card
   * @param {import("./card_base.js").FormOptions} options
   */
  constructor(card, options) {
    super(card, options);
    const single = card.kind === "single";
    const name = uniqueId("lmkit-choice");
    this.rows = card.choices.map((choice) => choiceRow(choice, single ? "radio" : "checkbox", name));
    this.places = shuffled(this.rows.length, this.key);
    const legend = element("legend", {}, single ? "Choose one." : "Choose all that are right.");
    this.fields = element("fieldset", {}, legend, ...this.places.map((place) => this.rows[place].root));
    this.fields.addEventListener("change", () => this.changed());
    this.fields.addEventListener("keydown", (event) => this.entered(event));
    this.answerIn(this.fields);
  }

  get response() {
    const chosen = this.rows.flatMap(({ input }, i) => (input.checked ? [i] : []));
    return this.card.kind === "single" ? (chosen[0] ?? null) : chosen;
  }

  set response(chosen) {
    for (const [i, { input }] of this.rows.entries()) input.checked = [chosen].flat().includes(i);
  }

  field() {
    return this.rows[this.places[0]].input;
  }

  /** @param {Part[]} parts */
  showParts(parts) {
    for (const [i, { chosen, verdict }] of parts.entries()) {
      const { right, why } = this.card.choices[i];
      const { root } = this.rows[i];
      const words = `${right ? "Right" : "Wrong"}, ${verdict === "right" ? "and" : "but"} ${chosen ? "" : "not "}chosen.`;
      root.dataset.verdict = verdict;
      root.append(said(marked(right ? "right" : "wrong", words), why));
    }
    this.fields.disabled = true;
  }

  /** @param {Part[]} parts */
  detail(parts) {
    if (this.card.kind === "single") return "";
    const missed = parts.filter(({ chosen, verdict }) => !chosen && verdict === "wrong").length;
    const extra = parts.filter(({ chosen, verdict }) => chosen && verdict === "wrong").length;
    return [missed && `${missed} right not chosen`, extra && `${extra} wrong chosen`].filter(Boolean).join(", ");
  }
}

/**
 * @param {Choice} choice
 * @param {"radio" | "checkbox"} type
 * @param {string} name
 */
function choiceRow({ text }, type, name) {
  const input = element("input", { type, name });
  const words = element("span", { class: "lmkit-card-text" }, fragment(text));
  nameAfter(input, words);
  return { input, root: element("div", { class: "lmkit-card-choice" }, element("label", {}, input, words)) };
}
