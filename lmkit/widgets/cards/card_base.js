// What the forms of all kinds of cards share.

import { element, setText, uniqueId } from "../base/dom.js";
import { judgeCard } from "./judge.js";
import { fragment, sectionLink } from "./text.js";

const SIGNS = { right: "✓", wrong: "✗", empty: "–" };

/** "✓ Right", with a sign that only eyes need. */
export function marked(verdict, words) {
  return element("strong", { class: "lmkit-card-mark", "data-verdict": verdict }, signOf(verdict), ` ${words}`);
}

export function signOf(verdict) {
  return element("span", { class: "lmkit-card-sign", "aria-hidden": "true" }, SIGNS[verdict]);
}

/** Keep what is typed within an element from being JupyterLab's commands: it asks the very element with the focus. */
export function keepKeys(root) {
  root.addEventListener("focusin", ({ target }) => {
    target.dataset.lmSuppressShortcuts = "true";
  });
}

/** A drawing of which the parts up to a step are seen; `show(step)`, by default all. */
export class Drawing {
  constructor({ svg, alt, steps }) {
    Object.assign(this, { alt, steps });
    this.picture = fragment(svg).querySelector("svg") ?? element("span");
    this.parts = [...this.picture.querySelectorAll("[data-step]")];
    this.picture.setAttribute("role", "img");
    this.root = element("div", { class: "lmkit-card-drawing" }, this.picture);
    this.show();
  }

  show(step = this.steps) {
    for (const part of this.parts) part.style.display = Number(part.dataset.step) > step ? "none" : "";
    this.picture.setAttribute(
      "aria-label",
      step < this.steps ? `The drawing after step ${step} of ${this.steps}` : this.alt,
    );
    this.root.hidden = step === 0;
  }
}

/**
 * The base of all forms. A kind has `build()`, which returns the element to answer in; `response`; `field(judged)`, where
 * to go on when something is missing; `showParts(parts)`, which writes the verdicts; `detail(parts)`, the sum in words.
 */
export class CardForm {
  constructor(card, { onChange = nothing, onRevealed = nothing, onEnter = nothing, seed = "", link = true }) {
    Object.assign(this, { card, onChange, onRevealed, onEnter, link, key: `${card.id} ${seed}`, locked: false });
    const id = uniqueId("lmkit-card");
    this.question = element("div", { class: "lmkit-card-question", id, tabindex: "-1" }, fragment(card.question));
    this.message = element("p", { class: "lmkit-card-message", role: "alert", id: `${id}-message` });
    this.verdict = element("p", { class: "lmkit-card-verdict", role: "status" });
    this.result = element("div", { class: "lmkit-card-result" });
    this.message.hidden = this.result.hidden = true;
    this.root = element("div", { class: `lmkit-card lmkit-card-${card.kind}`, role: "group", "aria-labelledby": id });
    keepKeys(this.root);
    this.root.append(this.question, this.verdict, this.build(), this.message, this.result);
  }

  get selfGraded() {
    return false;
  }

  get filled() {
    return !this.judged().missing;
  }

  judged() {
    return judgeCard(this.card, this.response);
  }

  check({ quiet = false } = {}) {
    const judged = this.judged(),
      { right, missing } = judged;
    if (!quiet && missing) this.ask(judged);
    else if (!quiet) this.show(judged);
    return { right, empty: Boolean(missing) };
  }

  reveal() {
    if (!this.locked) this.show(this.judged());
  }

  /** The reader has changed the answer. */
  changed() {
    this.message.hidden = true;
    this.onChange();
  }

  /** Enter in a field; its default would press the button that has the focus by then. */
  entered(event) {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    if (!event.repeat) this.goOn(event.target);
  }

  goOn() {
    this.onEnter();
  }

  ask(judged) {
    setText(this.message, `${judged.missing}.`);
    this.message.hidden = false;
    this.field(judged)?.focus();
  }

  show({ right, missing, parts }) {
    this.locked = this.message.hidden = true;
    const verdict = missing ? "empty" : right ? "right" : "wrong",
      detail = missing || right ? "" : this.detail(parts);
    this.root.dataset.verdict = verdict;
    this.showParts(parts);
    this.verdict.append(
      marked(
        verdict,
        `${{ right: "Right", wrong: "Not right", empty: "Not answered" }[verdict]}${detail && ": "}${detail}.`,
      ),
    );
    this.showResult();
    this.verdict.scrollIntoView?.({ block: "nearest" });
  }

  /** What is said after every answer. */
  showResult() {
    const { explanation, drawing } = this.card;
    if (explanation) this.result.append(element("div", { class: "lmkit-card-explanation" }, fragment(explanation)));
    if (drawing && !this.drawing) this.result.append(new Drawing(drawing).root);
    if (this.link)
      this.result.append(element("p", { class: "lmkit-footnote" }, "Explained in: ", sectionLink(this.card)));
    this.result.hidden = false;
  }

  focus() {
    this.question.focus();
  }

  close() {
    this.onChange = this.onRevealed = this.onEnter = nothing;
  }
}

function nothing() {}
