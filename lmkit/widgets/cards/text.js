// What a card says: text that Python made from Markdown, with raw HTML off; and the way to the card's section.

import { element } from "../base/dom.js";

/**
 * The nodes of such a text. Nothing that a reader typed may come here: a reader's text is set as text.
 *
 * @param {import("./card.d.ts").Html} html
 * @returns {DocumentFragment}
 */
export function fragment(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  const wide = template.content.querySelectorAll('math[display="block"]'); // scrolls where it is too wide: by keys, too
  for (const formula of wide) formula.setAttribute("tabindex", "0");
  return template.content;
}

/**
 * Put nodes in the place of the gaps `{{name}}` of a text.
 *
 * @param {Node} body - Holds the text, also below.
 * @param {(name: string) => Node | string} fill
 */
export function fillGaps(body, fill) {
  const walker = document.createTreeWalker(body, NodeFilter.SHOW_TEXT);
  /** @type {Text[]} */
  const texts = [];
  while (walker.nextNode()) if (walker.currentNode instanceof Text) texts.push(walker.currentNode);
  for (const node of texts) {
    const parts = node.data.split(/\{\{(\w+)\}\}/).map((part, i) => (i % 2 ? fill(part) : part));
    if (parts.length > 1) node.replaceWith(...parts);
  }
}

/**
 * Have code that is wider than the page scrolled by keys, too.
 *
 * @param {Element} body
 * @param {string} name - What a screen reader calls it.
 */
export function focusCode(body, name) {
  for (const code of body.querySelectorAll("pre")) {
    code.setAttribute("tabindex", "0");
    code.setAttribute("role", "group");
    code.setAttribute("aria-label", name);
  }
}

/**
 * A number as a text has it: 4,160, or −0.5 with the true minus.
 *
 * @param {number} number
 * @returns {string}
 */
export function numeral(number) {
  return number.toLocaleString("en-GB", { maximumSignificantDigits: 12 }).replace("-", "\u2212");
}

const APPLIED = /\u2061/g; // the invisible sign between a function and what it is of
const MATHML = "http://www.w3.org/1998/Math/MathML";
/** @type {Record<string, (...parts: string[]) => string>} */
const IN_WORDS = {
  msub: (base, index) => `${base} sub ${index}`,
  msup: (base, power) => `${base} to the ${power}`,
  mfrac: (top, bottom) => `${top} over ${bottom}`,
  msqrt: (...parts) => `root of ${parts.join(" ")}`,
};

/**
 * A text as it can be the name of a control, its formulas in words: a browser leaves formulas out of the names that it
 * makes of labels, and `textContent` makes "wt" of w with the index t.
 *
 * @param {Node} node
 * @returns {string}
 */
export function spoken(node) {
  if (node instanceof Text) return node.data.replace(APPLIED, "");
  const parts = [...node.childNodes].map(spoken);
  if (!(node instanceof Element) || node.namespaceURI !== MATHML) return parts.join("");
  return IN_WORDS[node.localName]?.(...parts) ?? parts.join(" ");
}

/**
 * Name a control after a text within it; without formulas the browser does that by itself.
 *
 * @param {Element} control
 * @param {Element} text
 */
export function nameAfter(control, text) {
  if (text.querySelector("math")) control.setAttribute("aria-label", spoken(text).trim());
}

/**
 * A link to a card's section on the book's pages; in a notebook, which has no such page, where the section is. A page
 * outside of the book says where the chapters' pages are, in `data-lmkit-pages`; "" if it doesn't know.
 *
 * @param {{ chapter: string, chapterTitle: string, section: string, anchor: string }} card
 * @returns {HTMLElement}
 */
export function sectionLink({ chapter, chapterTitle, section, anchor }) {
  const { content_root: root, lmkitPages: pages } = document.documentElement.dataset;
  if (pages === "") return element("span", {}, `section ‘${section}’ of the chapter ‘${chapterTitle}’`);
  if (root === undefined && !pages) {
    return element("span", {}, `section ‘${section}’ of the notebook ${chapter}.ipynb`);
  }
  const page = `${pages ?? `${root}book`}/${encodeURIComponent(chapter)}.html`;
  const link = element("a", { href: anchor ? `${page}#${anchor}` : page }, section);
  if (pages) Object.assign(link, { target: "_blank", rel: "noopener" });
  return link;
}
