// All chosen cards, each with its answer folded away.

import { element, setText } from "../../base/dom.js";
import { Drawing } from "../card_base.js";
import { fragment, nameAfter, sectionLink } from "../text.js";
import { counted, NOTHING_CHOSEN } from "./parts.js";

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

  constructor(study) {
    this.study = study;
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

/** The question, and on demand the answer: what is folded away is not built. */
function foldedCard(card) {
  const kind = element("span", { class: "lmkit-numbers" }, KIND_LABELS[card.kind]);
  const question = element("div", { class: "lmkit-review-question" }, fragment(card.question));
  const summary = element("summary", {}, question, kind),
    root = element("details", { class: "lmkit-review-folded" }, summary);
  nameAfter(summary, summary);
  root.addEventListener("toggle", () => {
    if (root.open && root.childElementCount === 1) root.append(answerOf(card));
  });
  return root;
}

const ANSWERS = {
  flashcard: ({ answer }) => [block(answer)],
  draw: ({ steps }) => [element("ol", {}, ...steps.map((step) => element("li", {}, fragment(step))))],
  single: choiceList,
  multiple: choiceList,
  fill: ({ text, gaps }) => [
    filled(text, gaps),
    ...gaps.map(({ answer, why }) => block(why, element("code", {}, answer), ": ")),
  ],
  number: ({ answer, unit, why }) => [
    block(why, element("strong", {}, `${numeral(answer)} ${unit ?? ""}`.trim(), ". ")),
  ],
  order: ({ items }) => [
    element("ol", {}, ...items.map(({ text, why }) => element("li", {}, block(text), block(why)))),
  ],
};

function answerOf(card) {
  const { explanation, drawing } = card;
  const root = element("div", { class: "lmkit-review-answer" }, ...ANSWERS[card.kind](card));
  if (explanation) root.append(block(explanation));
  if (drawing) root.append(new Drawing(drawing).root);
  root.append(element("p", { class: "lmkit-footnote" }, "Explained in: ", sectionLink(card)));
  return root;
}

/** Text of a card as a block, `before` in front of it. */
function block(html, ...before) {
  return element("div", {}, ...before, fragment(html));
}

function choiceList({ choices }) {
  const lines = choices.map(({ text, right, why }) => {
    const sign = element("strong", {}, right ? "✓ Right: " : "✗ Wrong: ");
    return element("li", { "data-right": String(Boolean(right)) }, block(text, sign), block(why));
  });
  return [element("ul", { class: "lmkit-review-choices" }, ...lines)];
}

/** The text with its answers in the gaps. */
function filled(text, gaps) {
  const body = block(text),
    walker = document.createTreeWalker(body, NodeFilter.SHOW_TEXT),
    texts = [];
  const answers = new Map(gaps.map(({ name, answer }) => [name, answer]));
  while (walker.nextNode()) texts.push(walker.currentNode);
  for (const node of texts) {
    const parts = node.data.split(/\{\{(\w+)\}\}/);
    const nodes = parts.map((part, i) => (i % 2 ? element("mark", {}, answers.get(part)) : part));
    if (parts.length > 1) node.replaceWith(...nodes);
  }
  const scrolled = [
    ["tabindex", "0"],
    ["role", "group"],
    ["aria-label", "Code"],
  ];
  for (const code of body.querySelectorAll("pre")) for (const [name, value] of scrolled) code.setAttribute(name, value);
  return body;
}

function numeral(number) {
  return number.toLocaleString("en-GB", { maximumSignificantDigits: 12 }).replace("-", "\u2212");
}
