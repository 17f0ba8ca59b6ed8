// Which cards to take: those of the chosen chapters and kinds.

import { element, setText } from "../../base/dom.js";
import { actionButton, buttonRow } from "./parts.js";

/** @typedef {import("../card.d.ts").Card} Card */
/** @typedef {import("../card.d.ts").Kind} Kind */

/** @type {Record<Kind, string>} */
const KIND_NAMES = {
  flashcard: "Flashcards",
  draw: "Drawings",
  single: "One right choice",
  multiple: "Several right choices",
  fill: "Gaps",
  number: "Numbers",
  order: "Orders",
};

export class CardFilter {
  /** @param {() => void} onChange - Called when other cards are chosen. */
  constructor(onChange) {
    this.onChange = onChange;
    /** @type {Card[]} */
    this.all = [];
    this.chapters = new BoxGroup("Chapters", () => this.changed());
    this.kinds = new BoxGroup("Kinds of cards", () => this.changed());
    this.summary = element("summary");
    this.root = element("details", { class: "lmkit-review-filter" }, this.summary, this.chapters.root, this.kinds.root);
  }

  /**
   * Take the book's cards; what was chosen stays chosen.
   *
   * @param {Card[]} cards
   */
  set(cards) {
    this.all = cards;
    this.chapters.set(new Map(cards.map(({ chapter, chapterTitle }) => [chapter, chapterTitle])));
    const kinds = Object.entries(KIND_NAMES).filter(([kind]) => cards.some((card) => card.kind === kind));
    this.kinds.set(new Map(kinds));
    this.say();
  }

  /** The chosen ones. */
  get cards() {
    return this.all.filter(({ chapter, kind }) => this.chapters.has(chapter) && this.kinds.has(kind));
  }

  changed() {
    this.say();
    this.onChange();
  }

  say() {
    const count = this.cards.length;
    const whole = this.all.length;
    const parts = [this.chapters.said("chapters"), this.kinds.said("kinds")].filter(Boolean).join(", ");
    const all = `All ${whole} cards: choose chapters and kinds`;
    setText(this.summary, parts ? `${count} of ${whole} cards: ${parts}` : all);
  }
}

/** Check boxes under one name, with a button for all and one for none of them. */
class BoxGroup {
  /**
   * @param {string} name
   * @param {() => void} onChange
   */
  constructor(name, onChange) {
    this.onChange = onChange;
    /** @type {Map<string, HTMLInputElement>} */
    this.boxes = new Map();
    this.rows = element("div", { class: "lmkit-review-boxes" });
    const all = actionButton("All", () => this.tick(true));
    const none = actionButton("None", () => this.tick(false));
    for (const button of [all, none]) button.setAttribute("aria-label", `${name}: ${button.textContent}`);
    const legend = element("legend", {}, name);
    this.root = element("fieldset", { class: "lmkit-review-group" }, legend, buttonRow(all, none), this.rows);
  }

  /** @param {Map<string, string>} titles */
  set(titles) {
    const before = this.boxes;
    this.boxes = new Map([...titles.keys()].map((key) => [key, before.get(key) ?? this.box()]));
    const rows = [...this.boxes].map(([key, box]) => element("label", {}, box, ` ${titles.get(key)}`));
    this.rows.replaceChildren(...rows);
  }

  box() {
    const box = element("input", { type: "checkbox" });
    box.checked = true;
    box.addEventListener("change", () => this.onChange());
    return box;
  }

  /** @param {string} key */
  has(key) {
    return this.boxes.get(key)?.checked ?? false;
  }

  /** @param {boolean} on */
  tick(on) {
    for (const box of this.boxes.values()) box.checked = on;
    this.onChange();
  }

  /**
   * "3 of 12 chapters", or "" when it is all of them.
   *
   * @param {string} plural
   */
  said(plural) {
    const ticked = [...this.boxes.values()].filter(({ checked }) => checked).length;
    return ticked === this.boxes.size ? "" : `${ticked || "none"} of ${this.boxes.size} ${plural}`;
  }
}
