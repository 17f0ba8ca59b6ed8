// A number that is to be written.

import { element, setAttribute, uniqueId } from "../base/dom.js";
import { JudgedForm, marked, said, signOf } from "./card_base.js";
import { numeral } from "./text.js";
import { textField } from "./text_field.js";

/** @typedef {import("./judge.js").Part} Part */

/** @extends {JudgedForm<"number">} */
export class NumberForm extends JudgedForm {
  /**
   * @param {import("./card.d.ts").CardOf<"number">} card
   * @param {import("./card_base.js").FormOptions} options
   */
  constructor(card, options) {
    super(card, options);
    const { answer, unit } = card;
    const unitId = uniqueId("lmkit-unit");
    const mode = answer < 0 ? "text" : "decimal"; // a phone's keys for numbers often lack the minus
    const names = { "aria-labelledby": this.question.id, "aria-describedby": `${unitId} ${this.message.id}` };
    const onInput = () => {
      this.input.removeAttribute("aria-invalid");
      this.changed();
    };
    this.input = textField({ inputmode: mode, ...names }, { onInput, onKey: (event) => this.entered(event) });
    this.sign = element("span", { class: "lmkit-card-gap" }, this.input);
    this.said = element("div");
    const row = element("div", { class: "lmkit-card-number-row" }, this.sign, element("span", { id: unitId }, unit));
    this.answerIn(element("div", {}, row, this.said));
  }

  get filled() {
    return Boolean(this.input.value.trim());
  }

  get response() {
    return this.input.value;
  }

  set response(text) {
    this.input.value = text;
  }

  field() {
    if (this.filled) this.input.setAttribute("aria-invalid", "true");
    return this.input;
  }

  /** @param {Part[]} parts */
  showParts([{ verdict, hint }]) {
    const { answer, unit, why } = this.card;
    this.input.readOnly = true;
    setAttribute(this.input, "aria-invalid", verdict === "wrong" ? "true" : null);
    this.sign.dataset.verdict = verdict;
    this.sign.append(signOf(verdict));
    if (hint) this.said.append(said(marked("wrong", "Your number:"), hint));
    const words = `The answer: ${numeral(answer)}${unit ? `\u00a0${unit}` : ""}.`;
    this.said.append(said(element("strong", {}, words), why));
  }
}
