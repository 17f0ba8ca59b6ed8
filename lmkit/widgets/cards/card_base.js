// What the forms of all kinds of cards share.

import { element, keepKeys, setText, uniqueId } from "../base/dom.js";
import { problemText } from "../base/errors.js";
import { judgeCard } from "./judge.js";
import { fragment, sectionLink } from "./text.js";

/** @typedef {import("./card.d.ts").CardResponse} CardResponse */
/** @typedef {import("./card.d.ts").DrawingData} DrawingData */
/** @typedef {import("./card.d.ts").Html} Html */
/** @typedef {import("./card.d.ts").JudgedKind} JudgedKind */
/** @typedef {import("./card.d.ts").Kind} Kind */
/** @typedef {import("./card.d.ts").Responses} Responses */
/** @typedef {import("./judge.js").Judged} Judged */
/** @typedef {import("./judge.js").Part} Part */
/** @typedef {import("./judge.js").Verdict} Verdict */
/**
 * @template {Kind} K
 * @typedef {import("./card.d.ts").CardOf<K>} CardOf
 */

/**
 * A card as the views use it: the question, what one answers with, and, once it is checked, what is to be said of the
 * answer.
 *
 * @typedef {object} Form
 * @property {HTMLElement} root
 * @property {boolean} selfGraded - Readers judge the answer themselves.
 * @property {boolean} filled - There is something to check.
 * @property {boolean} locked
 * @property {CardResponse} response - It can be set where the page judges.
 * @property {(options?: { quiet?: boolean }) => Checked} check - Says in the form what is missing, else shows the
 *   verdicts and locks the form, unless it is to be quiet.
 * @property {() => void} reveal
 * @property {() => void} focus
 * @property {() => void} close
 */

/** @typedef {{ right: boolean, empty: boolean }} Checked */

/**
 * @typedef {object} FormOptions
 * @property {() => void} [onChange] - The response is another.
 * @property {() => void} [onEnter] - Enter was pressed in a field, and nothing is left to fill.
 * @property {() => void} [onRevealed] - All of a self-graded card is shown.
 * @property {string} [seed] - With the card's id it decides the order of what is laid out.
 * @property {boolean} [link] - Whether an answer names the section that explains it.
 */

const SIGNS = { right: "✓", wrong: "✗", empty: "–" };
const VERDICTS = { right: "Right", wrong: "Not right", empty: "Not answered" };

/**
 * "✓ Right", with a sign that only eyes need.
 *
 * @param {Verdict} verdict
 * @param {string} words
 */
export function marked(verdict, words) {
  return element("strong", { class: "lmkit-card-mark", "data-verdict": verdict }, signOf(verdict), ` ${words}`);
}

/** @param {Verdict} verdict */
export function signOf(verdict) {
  return element("span", { class: "lmkit-card-sign", "aria-hidden": "true" }, SIGNS[verdict]);
}

/**
 * A line that says a verdict and why.
 *
 * @param {Element} mark
 * @param {Html} why
 * @param {...(Node | string)} between
 */
export function said(mark, why, ...between) {
  return element("div", { class: "lmkit-card-why" }, mark, " ", ...between, fragment(why));
}

/** A drawing of which the parts up to a step are seen. */
export class Drawing {
  /** @param {DrawingData} drawing */
  constructor({ svg, alt, steps }) {
    this.alt = alt;
    this.steps = steps;
    this.picture = fragment(svg).querySelector("svg") ?? element("span");
    const parts = [...this.picture.querySelectorAll("[data-step]")];
    this.parts = parts.filter((part) => part instanceof SVGElement);
    this.picture.setAttribute("role", "img");
    this.root = element("div", { class: "lmkit-card-drawing" }, this.picture);
    this.show();
  }

  show(step = this.steps) {
    for (const part of this.parts) part.style.display = Number(part.dataset.step) > step ? "none" : "";
    const words = step < this.steps ? `The drawing after step ${step} of ${this.steps}` : this.alt;
    this.picture.setAttribute("aria-label", words);
    this.root.hidden = step === 0;
  }
}

/**
 * The base of all forms: each puts what one answers in into its place (`answerIn`).
 *
 * @template {Kind} K
 */
export class CardForm {
  /**
   * @param {CardOf<K>} card
   * @param {FormOptions} options
   */
  constructor(card, { onChange = nothing, onRevealed = nothing, onEnter = nothing, seed = "", link = true }) {
    this.card = card;
    this.onChange = onChange;
    this.onRevealed = onRevealed;
    this.onEnter = onEnter;
    this.link = link;
    this.key = `${card.id} ${seed}`;
    this.locked = false;
    const id = uniqueId("lmkit-card");
    this.question = element("div", { class: "lmkit-card-question", id, tabindex: "-1" }, fragment(card.question));
    this.message = element("p", { class: "lmkit-card-message", role: "alert", id: `${id}-message` });
    this.verdict = element("p", { class: "lmkit-card-verdict", role: "status" });
    this.result = element("div", { class: "lmkit-card-result" });
    this.message.hidden = true;
    this.result.hidden = true;
    this.root = element("div", { class: `lmkit-card lmkit-card-${card.kind}`, role: "group", "aria-labelledby": id });
    keepKeys(this.root);
    this.root.append(this.question, this.verdict, this.message, this.result);
  }

  /** @param {HTMLElement} place */
  answerIn(place) {
    this.verdict.after(place);
  }

  /** What is said after every answer. */
  showResult() {
    const { explanation, drawing, kind } = this.card;
    if (explanation) this.result.append(element("div", { class: "lmkit-card-explanation" }, fragment(explanation)));
    if (drawing && kind !== "draw") this.result.append(new Drawing(drawing).root);
    if (this.link) {
      this.result.append(element("p", { class: "lmkit-footnote" }, "Explained in: ", sectionLink(this.card)));
    }
    this.result.hidden = false;
  }

  focus() {
    this.question.focus();
  }

  close() {
    this.onChange = nothing;
    this.onRevealed = nothing;
    this.onEnter = nothing;
  }
}

/**
 * The base of forms that the page judges: each has a response, and writes the verdicts.
 *
 * @template {JudgedKind} K
 * @extends {CardForm<K>}
 */
export class JudgedForm extends CardForm {
  get selfGraded() {
    return false;
  }

  get filled() {
    return !this.judged().missing;
  }

  /** @returns {Responses[K]} */
  get response() {
    throw new Error("response must be written by every form");
  }

  /**
   * Where to go on when something is missing.
   *
   * @param {Judged} _judged
   * @returns {HTMLElement | undefined}
   */
  field(_judged) {
    throw new Error("field must be written by every form");
  }

  /**
   * Writes the verdicts.
   *
   * @param {Part[]} _parts
   */
  showParts(_parts) {
    throw new Error("showParts must be written by every form");
  }

  /**
   * The sum of a wrong answer in words, or "".
   *
   * @param {Part[]} _parts
   */
  detail(_parts) {
    return "";
  }

  judged() {
    return judgeCard(this.card, this.response);
  }

  /** @returns {Checked} */
  check({ quiet = false } = {}) {
    const judged = this.judged();
    const { right, missing } = judged;
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

  /**
   * Enter in a field; its default would press the button that has the focus by then.
   *
   * @param {KeyboardEvent} event
   */
  entered(event) {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    if (!event.repeat) this.goOn(event.target);
  }

  /** @param {EventTarget | null} _field - In which Enter was pressed. */
  goOn(_field) {
    this.onEnter();
  }

  /** @param {Judged} judged */
  ask(judged) {
    setText(this.message, problemText(judged.missing));
    this.message.hidden = false;
    this.field(judged)?.focus();
  }

  /** @param {Judged} judged */
  show({ right, missing, parts }) {
    this.locked = true;
    this.message.hidden = true;
    const verdict = missing ? "empty" : right ? "right" : "wrong";
    const detail = verdict === "wrong" ? this.detail(parts) : "";
    this.root.dataset.verdict = verdict;
    this.showParts(parts);
    this.verdict.append(marked(verdict, `${VERDICTS[verdict]}${detail && ": "}${detail}.`));
    this.showResult();
    this.verdict.scrollIntoView?.({ block: "nearest" });
  }
}

function nothing() {}
