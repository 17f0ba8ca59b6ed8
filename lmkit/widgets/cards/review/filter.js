// Which cards to take: those of the chosen chapters and kinds.

import { element, setText } from "../../base/dom.js";
import { actionButton, buttonRow } from "./parts.js";

export const KIND_NAMES = {
  flashcard: "Flashcards",
  draw: "Drawings",
  single: "One right choice",
  multiple: "Several right choices",
  fill: "Gaps",
  number: "Numbers",
  order: "Orders",
};

/** `cards` are the chosen ones; `onChange` is called when others are chosen. */
export class CardFilter {
  constructor(onChange) {
    this.onChange = onChange;
    this.all = [];
    this.chapters = new BoxGroup("Chapters", () => this.changed());
    this.kinds = new BoxGroup("Kinds of cards", () => this.changed());
    this.summary = element("summary");
    this.root = element("details", { class: "lmkit-review-filter" }, this.summary, this.chapters.root, this.kinds.root);
  }

  /** Take the book's cards; what was chosen stays chosen. */
  set(cards) {
    this.all = cards;
    this.chapters.set(new Map(cards.map(({ chapter, chapterTitle }) => [chapter, chapterTitle])));
    const kinds = Object.entries(KIND_NAMES).filter(([kind]) => cards.some((card) => card.kind === kind));
    this.kinds.set(new Map(kinds));
    this.say();
  }

  get cards() {
    return this.all.filter(({ chapter, kind }) => this.chapters.has(chapter) && this.kinds.has(kind));
  }

  changed() {
    this.say();
    this.onChange();
  }

  say() {
    const count = this.cards.length,
      whole = this.all.length;
    const parts = [this.chapters.said("chapters"), this.kinds.said("kinds")].filter(Boolean).join(", ");
    const all = `All ${whole} cards: choose chapters and kinds`;
    setText(this.summary, parts ? `${count} of ${whole} cards: ${parts}` : all);
  }
}

/** Check boxes under one name, with a button for all and one for none of them. */
class BoxGroup {
  constructor(name, onChange) {
    this.onChange = onChange;
    this.boxes = new Map();
    this.rows = element("div", { class: "lmkit-review-boxes" });
    const buttons = [
      ["All", true],
      ["None", false],
    ].map(([label, on]) => {
      const button = actionButton(label, () => this.tick(on));
      button.setAttribute("aria-label", `${name}: ${label}`);
      return button;
    });
    const legend = element("legend", {}, name);
    this.root = element("fieldset", { class: "lmkit-review-group" }, legend, buttonRow(...buttons), this.rows);
  }

  set(titles) {
    const before = this.boxes;
    this.boxes = new Map([...titles.keys()].map((key) => [key, before.get(key) ?? this.box()]));
    const rows = [...titles].map(([key, title]) => element("label", {}, this.boxes.get(key), ` ${title}`));
    this.rows.replaceChildren(...rows);
  }

  box() {
    const box = element("input", { type: "checkbox" });
    box.checked = true;
    box.addEventListener("change", () => this.onChange());
    return box;
  }

  has(key) {
    return this.boxes.get(key)?.checked ?? false;
  }

  tick(on) {
    for (const box of this.boxes.values()) box.checked = on;
    this.onChange();
  }

  /** "3 of 12 chapters", or "" when it is all of them. */
  said(plural) {
    const ticked = [...this.boxes.values()].filter(({ checked }) => checked).length;
    return ticked === this.boxes.size ? "" : `${ticked || "none"} of ${this.boxes.size} ${plural}`;
  }
}
