// What a card says: text that Python made from Markdown, with raw HTML off; and the way to the card's section.

import { element } from "../base/dom.js";

/** The nodes of such a text. Nothing that a reader typed may come here: a reader's text is set as text. */
export function fragment(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  const wide = template.content.querySelectorAll('math[display="block"]'); // scrolls where it is too wide: by keys, too
  for (const formula of wide) formula.setAttribute("tabindex", "0");
  return template.content;
}

const APPLIED = /\u2061/g; // the invisible sign between a function and what it is of
const MATHML = "http://www.w3.org/1998/Math/MathML";
const IN_WORDS = {
  msub: (base, index) => `${base} sub ${index}`,
  msup: (base, power) => `${base} to the ${power}`,
  mfrac: (top, bottom) => `${top} over ${bottom}`,
  msqrt: (...parts) => `root of ${parts.join(" ")}`,
};

/**
 * A text as it can be the name of a control, its formulas in words: a browser leaves formulas out of the names that it
 * makes of labels, and `textContent` makes "wt" of w with the index t.
 */
export function spoken(node) {
  if (node.nodeType === Node.TEXT_NODE) return node.data.replace(APPLIED, "");
  const parts = [...node.childNodes].map(spoken);
  if (node.namespaceURI !== MATHML) return parts.join("");
  return IN_WORDS[node.localName]?.(...parts) ?? parts.join(" ");
}

/** Name a control after a text within it; without formulas the browser does that by itself. */
export function nameAfter(control, text) {
  if (text.querySelector("math")) control.setAttribute("aria-label", spoken(text).trim());
}

/** A link to a card's section on the book's pages; in a notebook, which has no such page, where the section is. */
export function sectionLink({ chapter, section, anchor }) {
  const root = document.documentElement.dataset.content_root;
  if (root === undefined) return element("span", {}, `section ‘${section}’ of the notebook ${chapter}.ipynb`);
  const page = `${root}book/${encodeURIComponent(chapter)}.html`;
  return element("a", { href: anchor ? `${page}#${anchor}` : page }, section);
}
