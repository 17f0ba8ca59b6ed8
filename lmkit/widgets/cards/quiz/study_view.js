// What a quiz and a set of flashcards share.

import { element, keepKeys, setText } from "../../base/dom.js";
import { openLog } from "../../base/progress/log.js";
import { logNotice } from "../../base/progress/notice.js";
import { LabView, panel } from "../../base/view.js";
import { formOf } from "../registry.js";

/** @typedef {import("../../base/view.js").Model} Model */
/** @typedef {import("../card.d.ts").Card} Card */
/** @typedef {import("../card_base.js").FormOptions} FormOptions */
/** @typedef {"right" | "wrong"} Grade */
/** @typedef {Grade | "open"} Status */
/** @typedef {[string, () => void]} Action - What a button says and does. */

const GRADES = { right: 3, wrong: 1 };

/**
 * @param {string} text
 * @param {() => void} does
 * @param {...string} classes
 */
export function button(text, does, ...classes) {
  const node = element("button", { type: "button", class: ["lmkit-button", ...classes].join(" ") }, text);
  node.addEventListener("click", does);
  node.addEventListener("keydown", (event) => {
    if (event.repeat) event.preventDefault(); // a held key answers once
  });
  return node;
}

/**
 * @param {string} text
 * @param {() => void} does
 * @returns {Action}
 */
export function action(text, does) {
  return [text, does];
}

/** A card in turn: its form, its verdict at the first try, and its verdict now. */
export class Turn {
  /**
   * @param {Card} card
   * @param {FormOptions} options
   */
  constructor(card, options) {
    this.card = card;
    this.options = options;
    /** @type {Grade | ""} */
    this.first = "";
    /** @type {Status} */
    this.now = "open";
    this.tries = 1;
    this.form = this.newForm();
  }

  newForm() {
    return formOf(this.card, { ...this.options, seed: `${this.options.seed} ${this.tries}` });
  }

  renew() {
    this.form.close();
    this.tries += 1;
    this.now = "open";
    this.form = this.newForm();
  }
}

/** The base of both views: turns, one of them on the stage, and two buttons below it. */
export class StudyView extends LabView {
  /**
   * @param {Model} model
   * @param {HTMLElement} root
   */
  constructor(model, root) {
    const mode = model.get("mode");
    const log = openLog();
    const notice = logNotice(log);
    const { root: part, heading } = panel("lmkit-study", mode === "quiz" ? "Quiz" : "Flashcards");
    const count = element("p", { class: "lmkit-numbers" });
    const head = element("div", { class: "lmkit-head" }, heading, count);
    const places = element("ol", { class: "lmkit-study-places", "aria-label": "Questions" });
    const stage = element("div", { "data-filled": "" });
    const note = element("p", { class: "lmkit-numbers", role: "status" });
    const main = button("", () => this.act(0), "lmkit-study-main");
    const second = button("", () => this.act(1));
    part.append(head, places, stage, element("div", { class: "lmkit-study-actions" }, main, second, note), notice.root);
    part.dataset.mode = mode;
    keepKeys(part);
    super(model, root, part);
    this.log = log;
    this.notice = notice;
    this.heading = heading;
    this.count = count;
    this.head = head;
    this.places = places;
    this.stage = stage;
    this.note = note;
    this.buttons = [main, second];
    this.seed = Math.random().toString(36).slice(2);
    /** @type {Card[] | null} */
    this.cards = null;
    /** @type {Turn[]} */
    this.turns = [];
    this.at = 0; // behind the last turn: the summary
    /** @type {HTMLElement} */
    this.shown = stage;
    this.paper = new AbortController();
    addEventListener("beforeprint", () => this.layOut(), { signal: this.paper.signal });
    addEventListener("afterprint", () => this.gather(), { signal: this.paper.signal });
  }

  close() {
    super.close();
    this.paper.abort();
    this.notice.close();
    for (const { form } of this.turns) form.close();
  }

  update() {
    const cards = this.model.get("cards");
    if (this.cards === cards) return;
    this.cards = cards;
    const options = {
      seed: this.seed,
      onRevealed: () => this.revealed(),
      onEnter: () => this.act(0),
      link: this.model.get("mode") === "quiz", // flashcards stand in the section itself
    };
    this.turns = cards.map((/** @type {Card} */ card) => new Turn(card, options));
    this.at = 0;
    this.setUp();
    this.show();
  }

  /** Lay out what depends on the number of cards. */
  setUp() {
    throw new Error("setUp must be written by every view");
  }

  /**
   * What the two buttons do now.
   *
   * @returns {(Action | null)[]}
   */
  actions() {
    throw new Error("actions must be written by every view");
  }

  /** Say where one is. */
  showPlaces() {
    throw new Error("showPlaces must be written by every view");
  }

  /** @returns {HTMLElement} */
  summary() {
    return element("div");
  }

  /**
   * The card on the stage; none there is the summary.
   *
   * @returns {Turn | undefined}
   */
  get turn() {
    return this.turns[this.at];
  }

  /** @param {number} which */
  act(which) {
    const [, does] = this.actions()[which] ?? [];
    does?.();
  }

  /** Bring what is seen to what is. */
  show() {
    this.shown = this.turn?.form.root ?? this.summary();
    if (this.stage.firstChild !== this.shown) this.stage.replaceChildren(this.shown);
    const actions = this.actions();
    for (const [i, node] of this.buttons.entries()) {
      setText(node, actions[i]?.[0] ?? "");
      node.hidden = !actions[i];
    }
    this.showPlaces();
  }

  /** On paper are all cards, around the one that is shown: it stays where it is, and keeps the focus. */
  layOut() {
    const forms = this.turns.map(({ form }) => form.root);
    if (!this.turn) this.stage.append(...forms);
    else {
      this.shown.before(...forms.slice(0, this.at));
      this.shown.after(...forms.slice(this.at + 1));
    }
  }

  gather() {
    for (const node of [...this.stage.children]) if (node !== this.shown) node.remove();
  }

  /** @param {number} at */
  go(at) {
    this.at = at;
    this.show();
    (this.turn?.form ?? this.shown).focus();
    this.head.scrollIntoView?.({ block: "nearest" });
  }

  revealed() {
    const held = this.stage.contains(document.activeElement);
    this.show();
    if (held && document.activeElement === document.body) this.buttons[0].focus({ preventScroll: true });
  }

  /**
   * The first verdict on a card is kept for its schedule.
   *
   * @param {Turn} turn
   * @param {Grade} verdict
   */
  grade(turn, verdict) {
    turn.now = verdict;
    if (!turn.first) {
      turn.first = verdict;
      this.log.add(turn.card.id, GRADES[verdict], turn.form.selfGraded ? null : turn.form.response);
    }
    this.show();
    this.buttons[0].focus({ preventScroll: true });
  }
}
