// How well a card was known: four grades, each with the interval after which the card would come again.

import { element, setAttribute, setText } from "../../base/dom.js";
import { actionButton } from "./parts.js";
import { spokenInterval } from "./schedule.js";

/** @typedef {import("./schedule.js").Preview} Preview */

export const GRADES = ["Again", "Hard", "Good", "Easy"];

/** The buttons of those grades that an answer may have. */
export class GradeRow {
  /** @param {(grade: number) => void} onGrade */
  constructor(onGrade) {
    /** @type {number[]} */
    this.offered = [];
    this.preferred = 0;
    this.intervals = GRADES.map(() => element("small"));
    this.buttons = GRADES.map((name, i) => {
      const button = actionButton("", () => onGrade(i + 1), "lmkit-review-grade");
      button.append(element("span", {}, name), this.intervals[i]);
      setAttribute(button, "aria-keyshortcuts", String(i + 1));
      return button;
    });
    this.row = element("div", { class: "lmkit-review-grades" }, ...this.buttons);
    this.hint = element("p", { class: "lmkit-footnote" });
    this.root = element("div", { role: "group", "aria-label": "How well did you know it?" }, this.row, this.hint);
    this.hide();
  }

  get shown() {
    return !this.root.hidden;
  }

  /**
   * @param {Preview[]} previews - Of all grades.
   * @param {number[]} offered
   * @param {number} preferred
   */
  show(previews, offered, preferred) {
    this.offered = offered;
    this.preferred = preferred;
    for (const [i, { grade, interval }] of previews.entries()) {
      const button = this.buttons[i];
      const said = spokenInterval(interval);
      button.hidden = !offered.includes(grade);
      button.classList.toggle("lmkit-review-main", grade === preferred);
      setText(this.intervals[i], `in ${said}`);
      button.setAttribute("aria-label", `${GRADES[i]}, again in ${said}`);
    }
    const keys = offered.length > 1 ? `Keys ${offered[0]} to ${offered.at(-1)}; ` : "";
    setText(this.hint, `${keys}Enter or space for ${GRADES[preferred - 1]}.`);
    this.root.hidden = false;
  }

  hide() {
    this.offered = [];
    this.root.hidden = true;
  }

  /** @param {number} grade */
  offers(grade) {
    return this.offered.includes(grade);
  }

  focus() {
    this.buttons[this.preferred - 1].focus();
  }
}
