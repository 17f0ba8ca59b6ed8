// All chosen cards, each with its answer folded away.

import { element, setText } from "../../base/dom.js";
import { Drawing } from "../card_base.js";
import { fillGaps, focusCode, fragment, nameAfter, numeral, sectionLink } from "../text.js";
import { counted, NOTHING_CHOSEN } from "./parts.js";

/** @typedef {import("../card.d.ts").Card} Card */
/** @typedef {import("../card.d.ts").Gap} Gap */
/** @typedef {import("../card.d.ts").Html} Html */
/** @typedef {import("../card.d.ts").Kind} Kind */
/** @typedef {import("./study.js").Study} Study */
/**
 * @template {Kind} K
 * @typedef {import("../card.d.ts").CardOf<K>} CardOf
 */

/** @type {Record<Kind, string>} */
const KIND_LABELS = {
  flashcard: "Flashcard",
  draw: "Drawing",
  single: "One right choice",
  multiple: "Several right choices",
  fill: "Gaps",
  number: "Number",
  order: "Order",
};

export class BrowsePart {
  title = "Browse";

  /** @param {Study} study */
  constructor(study) {
    this.study = study;
    /** @type {string | null} */
    this.shown = null; // the ids of the cards in the list
    this.words = element("p", { class: "lmkit-review-summary" });
    this.list = element("div", { class: "lmkit-review-list" });
    this.root = element("div", {}, this.words, this.list);
  }

  refresh() {
    const { cards } = this.study;
    const shown = cards.map(({ id }) => id).join();
    if (shown === this.shown) return;
    this.shown = shown;
    setText(this.words, cards.length ? counted(cards.length, "card") : NOTHING_CHOSEN);
    const chapters = new Map(cards.map(({ chapter, chapterTitle }) => [chapter, chapterTitle]));
    this.list.replaceChildren(
      ...[...chapters].map(([chapter, title]) => {
        const own = cards.filter((card) => card.chapter === chapter);
        return element("div", {}, element("p", { class: "lmkit-title" }, title), ...own.map(foldedCard));
      }),
    );
  }
}

/**
 * The question, and on demand the answer: what is folded away is not built.
 *
 * @param {Card} card
 */
function foldedCard(card) {
  const kind = element("span", { class: "lmkit-numbers" }, KIND_LABELS[card.kind]);
  const question = element("div", { class: "lmkit-review-question" }, fragment(card.question));
  const summary = element("summary", {}, question, kind);
  const root = element("details", { class: "lmkit-review-folded" }, summary);
  nameAfter(summary, summary);
  root.addEventListener("toggle", () => {
    if (root.open && root.childElementCount === 1) root.append(answerOf(card));
  });
  return root;
}

/** @type {{ [K in Kind]: (card: CardOf<K>) => Node[] }} */
const ANSWERS = {
  flashcard: ({ answer }) => [block(answer)],
  draw: ({ steps }) => [element("ol", {}, ...steps.map((step) => element("li", {}, fragment(step))))],
  single: choiceList,
  multiple: choiceList,
  fill: ({ text, gaps }) => [
    filled(text, gaps),
    ...gaps.map(({ answer, why }) => block(why, element("code", {}, answer), ": ")),
  ],
  number: ({ answer, unit, why }) => [block(why, element("strong", {}, `${numeral(answer)} ${unit}`.trim(), ". "))],
  order: ({ items }) => [
    element("ol", {}, ...items.map(({ text, why }) => element("li", {}, block(text), block(why)))),
  ],
};

/**
 * @template {Kind} K
 * @param {CardOf<K>} card
 */
function answerOf(card) {
  const { explanation, drawing } = card;
  const root = element("div", { class: "lmkit-review-answer" }, ...ANSWERS[card.kind](card));
  if (explanation) root.append(block(explanation));
  if (drawing) root.append(new Drawing(drawing).root);
  root.append(element("p", { class: "lmkit-footnote" }, "Explained in: ", sectionLink(card)));
  return root;
}

/**
 * Text of a card as a block, `before` in front of it.
 *
 * @param {Html} html
 * @param {...(Node | string)} before
 */
function block(html, ...before) {
  return element("div", {}, ...before, fragment(html));
}

/** @param {CardOf<"single" | "multiple">} card */
function choiceList({ choices }) {
  const lines = choices.map(({ text, right, why }) => {
    const sign = element("strong", {}, right ? "✓ Right: " : "✗ Wrong: ");
    return element("li", { "data-right": String(Boolean(right)) }, block(text, sign), block(why));
  });
  return [element("ul", { class: "lmkit-review-choices" }, ...lines)];
}

/**
 * The text with its answers in the gaps.
 *
 * @param {Html} text
 * @param {Gap[]} gaps
 */
function filled(text, gaps) {
  const body = block(text);
  const answers = new Map(gaps.map(({ name, answer }) => [name, answer]));
  fillGaps(body, (name) => element("mark", {}, answers.get(name) ?? ""));
  focusCode(body, "Code");
  return body;
}
