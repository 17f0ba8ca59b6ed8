// What Save offers: the lab's picture and its numbers as files. What makes them is loaded when somebody asks.

import { loadModule } from "../assets.js";
import { element, setAttribute, uniqueId } from "../dom.js";
import { LabError, messageOf } from "../errors.js";
import { write } from "./link.js";

/** @typedef {import("./toolbar.js").View} View */
/** @typedef {"svg" | "png" | "csv"} Kind */

/** @type {[Kind, string][]} */
const KINDS = [
  ["svg", "Picture (SVG)"],
  ["png", "Picture (PNG)"],
  ["csv", "Numbers (CSV)"],
];
const KEPT_MS = 60_000; // how long a browser may take to ask where a file should go

export const SAID = {
  saved: "Saved as",
  empty: "There is nothing to save yet.",
  noNumbers: "This lab shows no numbers now.",
  failed: "Nothing was saved:",
};

export class SaveMenu {
  /**
   * @param {View} view
   * @param {import("./link.js").Toolbar} toolbar
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

  /** @param {Kind} kind */
  async save(kind) {
    try {
      this.tell(await this.saved(kind));
    } catch (error) {
      if (!(error instanceof LabError)) console.error(error);
      this.tell(`${SAID.failed} ${messageOf(error)}.`);
    }
  }

  /**
   * @param {Kind} kind
   * @returns {Promise<string>} What to say of it.
   */
  async saved(kind) {
    const { model, content } = this.view;
    if (content.hidden) return SAID.empty;
    /** @type {typeof import("../saving/files.js")} */
    const { fileOf } = await loadModule(model, this.toolbar.saving);
    /** @param {string} trait */
    const get = (trait) => model.get(trait);
    const { toolbar } = this;
    const file = await fileOf(kind, { lab: this.lab(), content, toolbar, get, fragment: write(toolbar, get) });
    if (!file) return SAID.noNumbers;
    give(file.blob, file.name);
    return `${SAID.saved} ${file.name}.`;
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
