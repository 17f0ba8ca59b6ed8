// Tabs: one part of a view is shown at a time, the others keep their state.

import { element, uniqueId } from "../../base/dom.js";

export class Tabs {
  /** `parts` are {title, root, refresh}; `refresh` is called when a part comes to be shown. */
  constructor(label, parts) {
    this.parts = parts;
    this.list = element("div", { class: "lmkit-review-tabs", role: "tablist", "aria-label": label, "data-filled": "" });
    this.tabs = parts.map((part, place) => this.tab(part, place));
    this.root = element("div", { class: "lmkit-review-parts" }, this.list, ...parts.map(({ root }) => root));
    this.show(0);
  }

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

  press(event, place) {
    const count = this.tabs.length,
      next = (place + 1) % count,
      before = (place + count - 1) % count;
    const target = { ArrowRight: next, ArrowLeft: before, Home: 0, End: count - 1 }[event.key];
    if (target === undefined) return;
    event.preventDefault();
    this.show(target);
    this.tabs[target].focus();
  }

  show(place) {
    this.place = place;
    this.tabs.forEach((tab, i) => {
      tab.setAttribute("aria-selected", String(i === place));
      tab.tabIndex = i === place ? 0 : -1;
      this.parts[i].root.hidden = i !== place;
    });
    this.parts[place].refresh();
  }

  get shown() {
    return this.parts[this.place];
  }
}
