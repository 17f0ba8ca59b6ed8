// What a card says: text that Python made from Markdown, with raw HTML off; and the way to the card's section.

import { element } from "./dom.js";

/** The nodes of such a text. Nothing that a reader typed may come here: a reader's text is set as text. */
export function fragment(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  const wide = template.content.querySelectorAll('math[display="block"]'); // scrolls where it is too wide: by keys, too
  for (const formula of wide) formula.setAttribute("tabindex", "0");
  return template.content;
}

/** A link to a card's section on the book's pages; in a notebook, which has no such page, where the section is. */
export function sectionLink({ chapter, section, anchor }) {
  const root = document.documentElement.dataset.content_root;
  if (root === undefined) return element("span", {}, `section ‘${section}’ of the notebook ${chapter}.ipynb`);
  const page = `${root}book/${encodeURIComponent(chapter)}.html`;
  return element("a", { href: anchor ? `${page}#${anchor}` : page }, section);
}
