// The fill-in exercise's view: code with gaps that are text fields, each judged in its place.

import { judge, linesOf } from "../../base/code_judge.js";
import { element, setAttribute, setText, uniqueId } from "../../base/dom.js";
import { LabView, panel, widgetOf } from "../../base/view.js";

/**
 * @typedef {import("../../base/view.js").Model} Model
 * @typedef {import("../../base/code_judge.js").Gap & { name: string, answer: string }} GapSettings
 * @typedef {"right" | "wrong" | "shown" | "empty" | "open"} Verdict
 * @typedef {{ onInput: () => void, onLeave: (gap: Gap) => void, onEnter: (gap: Gap) => void }} GapListeners
 * @typedef {(string | number)[]} Line texts and, as numbers, the places of gaps
 */

/** @type {Record<Verdict, string>} */
const MARKS = { right: "✓", wrong: "✗", shown: "◂", empty: "", open: "" };
/** @type {Partial<Record<Verdict, string>>} */
const SAID = { right: "Right", shown: "Shown" }; // what a screen reader hears of a gap without a hint

/** One gap: a field, the mark of its verdict, and the hint that stands below its line. */
class Gap {
  /**
   * @param {GapSettings} gap
   * @param {string} label
   * @param {GapListeners} listeners
   */
  constructor(gap, label, { onInput, onLeave, onEnter }) {
    this.gap = gap;
    /** @type {Verdict} */
    this.verdict = "open";
    this.hint = element("p", { class: "lmkit-fill-hint", id: uniqueId("lmkit-hint") });
    this.input = element("input", {
      type: "text",
      class: "lmkit-fill-input",
      "aria-label": label,
      "aria-describedby": this.hint.id,
      maxlength: "80",
      autocapitalize: "off",
      autocorrect: "off",
      spellcheck: "false",
    });
    this.mark = element("span", { class: "lmkit-fill-mark", "aria-hidden": "true" });
    this.root = element("span", { class: "lmkit-fill-gap" }, this.input, this.mark);
    this.input.addEventListener("input", () => {
      this.say("open");
      onInput();
    });
    this.input.addEventListener("blur", () => onLeave(this));
    this.input.addEventListener("keydown", (event) => event.key === "Enter" && onEnter(this));
    this.say("open");
  }

  get done() {
    return this.verdict === "right" || this.verdict === "shown";
  }

  /** Judge what stands in it; returns the verdict. */
  check() {
    if (this.verdict === "shown") return this.verdict;
    const { verdict, hint } = judge(this.gap, this.input.value);
    this.say(verdict, hint);
    return this.verdict;
  }

  show() {
    if (this.verdict === "right") return;
    this.input.value = this.gap.answer;
    this.say("shown");
  }

  /**
   * @param {Verdict} verdict
   * @param {string} hint
   */
  say(verdict, hint = "") {
    this.verdict = verdict;
    setText(this.mark, MARKS[verdict]);
    setText(this.hint, hint ? `${hint}.` : SAID[verdict] ? `${SAID[verdict]}.` : "");
    this.hint.hidden = !hint;
    setAttribute(this.root, "data-verdict", verdict);
    setAttribute(this.input, "aria-invalid", verdict === "wrong" ? "true" : null);
    this.fit();
  }

  /** As wide as what stands in it, and no narrower than its answer, which a reader must not guess from the width. */
  fit() {
    const characters = Math.max(this.input.value.length, this.gap.answer.length > 6 ? 14 : 4);
    this.input.style.width = `calc(${Math.min(characters, 40)}ch + 0.9em)`;
  }
}

class FillInView extends LabView {
  /**
   * @param {Model} model
   * @param {HTMLElement} root
   */
  constructor(model, root) {
    const { root: part, heading } = panel("lmkit-fill", "Fill the gaps");
    const count = element("p", { class: "lmkit-numbers" });
    const reveal = element("button", { type: "button", class: "lmkit-button" }, "Show the answers");
    const again = element("button", { type: "button", class: "lmkit-button" }, "Start again");
    const buttons = element("span", { class: "lmkit-fill-buttons" }, reveal, again);
    const code = element("div", { class: "lmkit-fill-code", role: "group", "data-filled": "" });
    const explanation = element("p", { class: "lmkit-fill-explanation" });
    explanation.hidden = true;
    code.setAttribute("aria-labelledby", heading.id);
    part.append(element("div", { class: "lmkit-head" }, heading, count, buttons), code, explanation);
    super(model, root, part);
    this.count = count;
    this.code = code;
    this.explanation = explanation;
    /** @type {string | null} */
    this.written = null;
    /** @type {Gap[]} */
    this.gaps = [];
    reveal.addEventListener("click", () => this.changeAll((gap) => gap.show()));
    again.addEventListener("click", () => this.restart());
  }

  /** @override */
  update() {
    const { code, gaps, typed } = this.read("code", "gaps", "typed");
    if (this.written !== code) this.build(code, gaps);
    for (const gap of this.gaps) {
      const text = typed[gap.gap.name] ?? "";
      if (gap.input.value === text) continue;
      gap.input.value = text;
      gap.say("open");
    }
    this.sum();
  }

  /**
   * @param {string} code
   * @param {GapSettings[]} gaps
   */
  build(code, gaps) {
    this.written = code;
    /** @type {Line[]} */
    const lines = linesOf(code);
    /** @type {GapListeners} */
    const does = {
      onInput: () => this.keep(),
      onLeave: (gap) => this.judge(gap),
      onEnter: (gap) => this.judge(gap) && this.gaps.find(({ done }) => !done)?.input.focus(),
    };
    this.gaps = [];
    this.code.replaceChildren();
    lines.forEach((parts, i) => {
      const places = parts.filter((part) => typeof part === "number");
      const mine = places.map((place) => {
        const label = `Gap ${place + 1} of ${gaps.length}, line ${i + 1}: ${spoken(parts, place)}`;
        return new Gap(gaps[place], label, does);
      });
      const indent = String(parts[0]).search(/\S|$/);
      const row = element("div", { class: "lmkit-fill-line", style: `--lmkit-indent: ${indent}` });
      const before = this.gaps.length;
      row.append(...parts.map((part) => (typeof part === "number" ? mine[part - before].root : part)), "\n");
      this.gaps.push(...mine);
      this.code.append(row, ...mine.map(({ hint }) => hint));
    });
  }

  /**
   * Judge a gap that was left or entered; returns whether it is right.
   *
   * @param {Gap} gap
   */
  judge(gap) {
    if (gap.verdict === "open") {
      const verdict = gap.check();
      this.sum();
      if (verdict !== "empty") this.report(`${gap.hint.textContent} ${this.line()}.`);
    }
    return gap.done;
  }

  /** @param {(gap: Gap) => void} change */
  changeAll(change) {
    this.gaps.forEach(change);
    this.keep();
    this.sum();
    this.report(`${this.line()}. ${this.explanation.hidden ? "" : this.explanation.textContent}`);
  }

  restart() {
    this.changeAll((gap) => {
      gap.input.value = "";
      gap.say("open");
    });
    this.gaps[0].input.focus();
  }

  /** What stands in the gaps is a trait, so that a kernel can see it. */
  keep() {
    const filled = this.gaps.filter(({ input }) => input.value !== "");
    this.write({ typed: Object.fromEntries(filled.map(({ gap, input }) => [gap.name, input.value])) });
    this.sum();
  }

  sum() {
    setText(this.count, this.line());
    const done = this.gaps.every((gap) => gap.done);
    const explanation = this.model.get("explanation");
    setText(this.explanation, explanation);
    this.explanation.hidden = !done || !explanation;
  }

  line() {
    const [right, shown] = ["right", "shown"].map((is) => this.gaps.filter(({ verdict }) => verdict === is).length);
    return `${right} of ${this.gaps.length} right${shown ? `, ${shown} shown` : ""}`;
  }
}

/**
 * A line of code as a screen reader says it: this gap by its name, others as dots.
 *
 * @param {Line} parts
 * @param {number} place
 */
function spoken(parts, place) {
  return parts
    .map((part) => (part === place ? " this gap " : typeof part === "number" ? " … " : part))
    .join("")
    .trim();
}

export default widgetOf(FillInView);
