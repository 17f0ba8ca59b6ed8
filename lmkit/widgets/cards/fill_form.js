// A text or code with gaps.

import { element, setAttribute, uniqueId } from "../base/dom.js";
import { shortened } from "../base/errors.js";
import { JudgedForm, marked, said, signOf } from "./card_base.js";
import { fillGaps, focusCode, fragment, spoken } from "./text.js";
import { textField } from "./text_field.js";

/** @typedef {import("./card.d.ts").Gap} Gap */
/** @typedef {import("./judge.js").Judged} Judged */
/** @typedef {import("./judge.js").Part} Part */

const CONTEXT = 40; // characters on either side of a gap that name it
const HERE = "\u0000"; // stands for a gap in the text around it

/** @extends {JudgedForm<"fill">} */
export class FillForm extends JudgedForm {
  /**
   * @param {import("./card.d.ts").CardOf<"fill">} card
   * @param {import("./card_base.js").FormOptions} options
   */
  constructor(card, options) {
    super(card, options);
    const body = element("div", { class: "lmkit-card-gaps" }, fragment(card.text));
    this.gaps = card.gaps.map((gap) => this.gapField(gap));
    const byName = new Map(this.gaps.map(({ gap, root }) => [gap.name, root]));
    fillGaps(body, (name) => byName.get(name) ?? `{{${name}}}`);
    for (const [i, { root, input }] of this.gaps.entries()) {
      input.setAttribute("aria-label", this.labelOf(root, i, body));
    }
    focusCode(body, "Code with gaps");
    this.said = element("ol", { class: "lmkit-card-said" });
    this.said.hidden = true;
    this.answerIn(element("div", {}, body, this.said));
  }

  /** @param {Gap} gap */
  gapField(gap) {
    const fit = () => {
      const characters = Math.max(input.value.length, gap.answer.length > 6 ? 14 : 5);
      input.style.width = `calc(${Math.min(characters, 40)}ch + 1em)`;
    };
    const onInput = () => {
      fit();
      this.changed();
    };
    const input = textField({}, { onInput, onKey: (event) => this.entered(event) });
    fit();
    return { gap, input, fit, root: element("span", { class: "lmkit-card-gap" }, input) };
  }

  /**
   * A gap's name: its number and the words around it, other gaps as dots.
   *
   * @param {Element} root
   * @param {number} i
   * @param {Element} body
   */
  labelOf(root, i, body) {
    const block = root.closest("p, li, pre") ?? body;
    const signs = this.gaps
      .filter((other) => block.contains(other.root))
      .map((other) => {
        const sign = document.createTextNode(other.root === root ? HERE : "…");
        other.root.prepend(sign);
        return sign;
      });
    const [before, after] = spoken(block).split(HERE);
    for (const sign of signs) sign.remove();
    const inCode = block.matches("pre");
    const start = (inCode ? before.split("\n").at(-1) : before) ?? "";
    const end = (inCode ? after.split("\n")[0] : after) ?? "";
    const context = `${start.slice(-CONTEXT)} this gap ${end.slice(0, CONTEXT)}`;
    return `Gap ${i + 1} of ${this.card.gaps.length}: ${context.replace(/\s+/g, " ").trim()}`;
  }

  get response() {
    return Object.fromEntries(this.gaps.map(({ gap, input }) => [gap.name, input.value]));
  }

  set response(texts) {
    for (const { gap, input, fit } of this.gaps) {
      input.value = texts[gap.name];
      fit();
    }
  }

  /**
   * To the next gap that is empty, if there is one.
   *
   * @param {EventTarget | null} field
   */
  goOn(field) {
    const after = this.gaps.slice(this.gaps.findIndex(({ input }) => input === field) + 1);
    const open = after.find(({ input }) => !input.value.trim());
    if (open) open.input.focus();
    else this.onEnter();
  }

  /** @param {Judged} judged */
  field({ parts }) {
    return this.gaps[parts.findIndex(({ verdict }) => verdict === "empty")].input;
  }

  /** @param {Part[]} parts */
  showParts(parts) {
    for (const [i, { verdict, hint }] of parts.entries()) {
      const { gap, input, root } = this.gaps[i];
      const typed = input.value.trim();
      input.readOnly = true;
      setAttribute(input, "aria-invalid", verdict === "wrong" ? "true" : null);
      root.dataset.verdict = verdict;
      root.append(signOf(verdict));
      const line = element("li", { id: uniqueId("lmkit-gap") });
      const mark = { right: "Right:", wrong: `Not ‘${shortened(typed)}’.`, empty: "Left empty." }[verdict];
      const answer = [verdict === "right" ? "" : "The answer: ", element("code", {}, gap.answer), ". "];
      const hinted = hint ? [element("span", {}, fragment(hint)), " "] : [];
      line.append(said(marked(verdict, mark), gap.why, ...hinted, ...answer));
      input.setAttribute("aria-describedby", line.id);
      this.said.append(line);
    }
    this.said.hidden = false;
  }

  /** @param {Part[]} parts */
  detail(parts) {
    const right = parts.filter(({ verdict }) => verdict === "right").length;
    return parts.length > 1 ? `${right} of ${parts.length} gaps right` : "";
  }
}
