// Tabs: one part of a view is shown at a time, the others keep their state.

import { element, uniqueId } from "../../base/dom.js";

/**
 * @typedef {object} TabPart
 * @property {string} title
 * @property {HTMLElement} root
 * @property {() => void} refresh - Called when the part comes to be shown.
 */

export class Tabs {
  /**
   * @param {string} label
   * @param {TabPart[]} parts
   */
  constructor(label, parts) {
    this.parts = parts;
    this.place = 0;
    this.list = element("div", { class: "lmkit-review-tabs", role: "tablist", "aria-label": label, "data-filled": "" });
    this.tabs = parts.map((part, place) => this.tab(part, place));
    this.root = element("div", { class: "lmkit-review-parts" }, this.list, ...parts.map(({ root }) => root));
    this.show(0);
  }

  /**
   * @param {TabPart} part
   * @param {number} place
   */
  tab({ title, root }, place) {
    const id = uniqueId("lmkit-tab");
    const tab = element("button", { type: "button", role: "tab", id, class: "lmkit-review-tab" }, title);
    root.id = uniqueId("lmkit-part");
    root.setAttribute("role", "tabpanel");
    root.setAttribute("aria-labelledby", tab.id);
    tab.setAttribute("aria-controls", root.id);
    tab.addEventListener("click", () => this.show(place));
    tab.addEventListener("keydown", (event) => this.press(event, place));
    this.list.append(tab);
    return tab;
  }

  /**
   * @param {KeyboardEvent} event
   * @param {number} place
   */
  press(event, place) {
    const count = this.tabs.length;
    /** @type {Record<string, number | undefined>} */
    const targets = {
      ArrowRight: (place + 1) % count,
      ArrowLeft: (place + count - 1) % count,
      Home: 0,
      End: count - 1,
    };
    const target = targets[event.key];
    if (target === undefined) return;
    event.preventDefault();
    this.show(target);
    this.tabs[target].focus();
  }

  /** @param {number} place */
  show(place) {
    this.place = place;
    for (const [i, tab] of this.tabs.entries()) {
      tab.setAttribute("aria-selected", String(i === place));
      tab.tabIndex = i === place ? 0 : -1;
      this.parts[i].root.hidden = i !== place;
    }
    this.parts[place].refresh();
  }

  get shown() {
    return this.parts[this.place];
  }
}
