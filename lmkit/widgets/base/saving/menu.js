// What Save offers: the lab's picture and its numbers as files.

import { element, setAttribute, uniqueId } from "../dom.js";
import { write } from "../toolbar/link.js";
import { csvOf } from "./csv.js";
import { pictureOf, pngOf } from "./picture.js";
import { sourceOf } from "./source.js";
import { tablesOf } from "./tables.js";

/** @typedef {import("../toolbar/toolbar.js").View} View */
/** @typedef {import("./csv.js").Field} Field */

const KINDS = /** @type {const} */ ([
  ["svg", "Picture (SVG)", "image/svg+xml"],
  ["png", "Picture (PNG)", "image/png"],
  ["csv", "Numbers (CSV)", "text/csv"],
]);
const KEPT_MS = 60_000; // how long a browser may take to ask where a file should go

export const SAID = {
  saved: "Saved as",
  empty: "There is nothing to save yet.",
  noNumbers: "This lab shows no numbers now.",
  failed: "The file could not be made",
};

export class SaveMenu {
  /**
   * @param {View} view
   * @param {import("../toolbar/link.js").Toolbar} toolbar
   * @param {() => HTMLElement} lab
   * @param {(text: string) => void} tell
   */
  constructor(view, toolbar, lab, tell) {
    this.view = view;
    this.toolbar = toolbar;
    this.lab = lab;
    this.tell = tell;
    const id = uniqueId("lmkit-save");
    this.button = element("button", { type: "button", class: "lmkit-button", "aria-controls": id }, "Save");
    this.button.addEventListener("click", () => this.show(this.list.hidden !== false));
    this.list = element("span", { class: "lmkit-save", role: "group", "aria-label": "Save", id });
    for (const [kind, text] of KINDS) {
      const choice = element("button", { type: "button", class: "lmkit-button" }, text);
      choice.addEventListener("click", () => this.save(kind));
      this.list.append(choice);
    }
    this.show(false);
  }

  /** @param {boolean} isOpen */
  show(isOpen) {
    this.list.hidden = !isOpen;
    setAttribute(this.button, "aria-expanded", String(isOpen));
  }

  /** @param {(typeof KINDS)[number][0]} kind */
  async save(kind) {
    try {
      this.tell(await this.saved(kind));
    } catch (error) {
      console.error(error);
      this.tell(`${SAID.failed} (${error instanceof Error ? error.message : error}).`);
    }
  }

  /**
   * @param {(typeof KINDS)[number][0]} kind
   * @returns {Promise<string>} What to say of it.
   */
  async saved(kind) {
    const { content } = this.view;
    if (content.hidden) return SAID.empty;
    const source = this.source();
    const name = `${source.name}.${kind}`;
    const type = KINDS.find(([known]) => known === kind)?.[2];
    if (kind === "csv") {
      const tables = tablesOf(content);
      if (!tables.length) return SAID.noNumbers;
      /** @type {Field[]} */
      const about = [
        ["lab", source.title],
        ["source", source.origin],
      ];
      /** @type {Field[]} */
      const settings = source.fields.map(([label, value]) => [`setting: ${label}`, value]);
      give(new Blob([csvOf(tables, settings, about)], { type }), name);
    } else {
      const picture = pictureOf(content, source);
      give(kind === "png" ? await pngOf(picture) : new Blob([picture.text], { type }), name);
    }
    return `${SAID.saved} ${name}.`;
  }

  source() {
    /** @param {string} trait */
    const get = (trait) => this.view.model.get(trait);
    return sourceOf(this.lab(), this.toolbar, get, write(this.toolbar, get));
  }
}

/**
 * @param {Blob} blob
 * @param {string} name
 */
function give(blob, name) {
  const address = URL.createObjectURL(blob);
  element("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), KEPT_MS);
}
