// The microscope's heatmap: chosen units over a text.

import { element, resize, setAttribute, setText } from "../../base/dom.js";
import { hasNumbers } from "../../base/shown_numbers.js";
import { panel } from "../../base/view.js";
import { NAMES, number, roleOf } from "./quantities.js";

/**
 * @typedef {import("./model.js").Look} Look
 * @typedef {import("./model.js").Quantity} Quantity
 * @typedef {import("./model.js").Tracer} Tracer
 */

/** Units down, time to the right. A cell has its number; a line along its foot, or top where it is negative; a shade. */
export class MapPanel {
  /** @param {(t: number) => void} onSelect */
  constructor(onSelect) {
    const { root, heading } = panel("lmkit-microscope-map", "");
    this.root = root;
    this.heading = heading;
    this.t = -1; // the step that is marked
    this.drawn = "";
    /** @type {Tracer | null} */
    this.tracer = null;
    this.head = element("tr", {}, element("th", { scope: "col" }, "unit"));
    this.body = element("tbody", { "data-filled": "" });
    this.table = element("table", { "aria-labelledby": heading.id }, element("thead", {}, this.head), this.body);
    const label = "Units and tokens; the arrow keys choose the step";
    this.scroller = element(
      "div",
      { class: "lmkit-microscope-scroll", role: "group", "aria-label": label },
      this.table,
    );
    this.legend = element("p", { class: "lmkit-footnote" });
    root.append(heading, this.scroller, this.legend);
    this.head.addEventListener("click", (event) => {
      const at = this.placeOf(event);
      if (at >= 0) onSelect(at);
    });
    this.head.addEventListener("keydown", (event) => this.move(event, onSelect));
    this.sizes = new ResizeObserver(() => this.reveal()); // shown at last, in another font, on a turned phone
    for (const part of [this.table, this.scroller]) this.sizes.observe(part);
  }

  close() {
    this.sizes.disconnect();
  }

  tokens() {
    return [...this.head.getElementsByTagName("button")];
  }

  /**
   * The place of the token that an event is about, -1 where it is about none.
   *
   * @param {Event} event
   */
  placeOf({ target }) {
    return target instanceof Element ? this.tokens().findIndex((token) => token.contains(target)) : -1;
  }

  /**
   * @param {KeyboardEvent} event
   * @param {(t: number) => void} onSelect
   */
  move(event, onSelect) {
    const tokens = this.tokens();
    const at = this.placeOf(event),
      last = tokens.length - 1;
    const to = new Map([
      ["ArrowRight", Math.min(at + 1, last)],
      ["ArrowLeft", Math.max(at - 1, 0)],
      ["Home", 0],
      ["End", last],
    ]).get(event.key);
    if (to === undefined || at < 0) return;
    event.preventDefault();
    tokens[to].focus({ preventScroll: true });
    onSelect(to);
  }

  /** @param {Look} look */
  show(look) {
    const { tokens, units, quantity, layer } = look;
    const drawn = JSON.stringify([tokens, units, quantity, layer]);
    if (this.drawn !== drawn || this.tracer !== look.tracer) this.draw(look);
    this.drawn = drawn;
    this.tracer = look.tracer;
    this.select(look.t);
  }

  /** @param {Look} look */
  draw({ words, units, quantity, layer, tracer }) {
    const name = NAMES[quantity];
    hasNumbers(this.root, () => ({
      columns: ["unit", "step", "token", name],
      rows: units.flatMap((unit) =>
        words.map((word, t) => [unit, t + 1, word, tracer.value(quantity, layer, unit, t)]),
      ),
    }));
    const where = tracer.model.size.D > 1 ? ` in layer ${layer + 1}` : "";
    setText(this.heading, `${name[0].toUpperCase()}${name.slice(1)}${where}, after each token`);
    resize(this.head, words.length + 1, makeToken);
    for (const [t, token] of this.tokens().entries()) setText(token, words[t]);
    resize(this.body, units.length, makeUnit);
    units.forEach((unit, u) => {
      drawUnit(
        this.body.rows[u],
        unit,
        words.map((_, t) => tracer.value(quantity, layer, unit, t)),
      );
    });
    this.table.style.setProperty("--lmkit-role", `var(--lm-${roleOf(quantity)})`);
    setText(this.legend, legendOf(quantity));
    this.t = -1;
  }

  /** @param {number} t */
  select(t) {
    if (t === this.t) return;
    for (const row of this.table.rows) {
      row.querySelector(".lmkit-microscope-now")?.classList.remove("lmkit-microscope-now");
      row.cells[t + 1].classList.add("lmkit-microscope-now");
    }
    this.tokens().forEach((token, at) => {
      setAttribute(token, "aria-pressed", String(at === t));
      setAttribute(token, "tabindex", at === t ? "0" : "-1");
    });
    this.t = t;
    this.reveal();
  }

  /** Bring the chosen step into sight within the panel; the page stays where it is. */
  reveal() {
    const { scroller, head, t } = this;
    if (t < 0) return;
    const cell = head.cells[t + 1],
      fixed = head.cells[0].offsetWidth;
    const left = cell.offsetLeft - fixed - 8,
      right = cell.offsetLeft + cell.offsetWidth + 8 - scroller.clientWidth;
    if (scroller.scrollLeft > left) scroller.scrollLeft = left;
    else if (scroller.scrollLeft < right) scroller.scrollLeft = right;
  }
}

/** @param {Quantity} quantity */
function legendOf(quantity) {
  const negative = "gch".includes(quantity) ? " (its top where negative)" : "";
  const full = quantity === "c" ? "the row’s largest, at least 1" : "1";
  return `The shade, and the line along a cell’s foot${negative}, grow with the number; full is ${full}.`;
}

function makeToken() {
  return element("th", { scope: "col" }, element("button", { type: "button", class: "lmkit-microscope-token" }));
}

function makeUnit() {
  return element("tr", {}, element("th", { scope: "row" }));
}

function makeCell() {
  return element("td", { class: "lmkit-microscope-cell" });
}

/**
 * @param {HTMLTableRowElement} row
 * @param {number} unit
 * @param {number[]} values
 */
function drawUnit(row, unit, values) {
  const full = values.reduce((most, x) => Math.max(most, Math.abs(x)), 1); // only a cell state goes beyond 1
  setText(row.cells[0], String(unit));
  resize(row, values.length + 1, makeCell);
  values.forEach((value, t) => {
    const cell = row.cells[t + 1];
    setText(cell, number(value));
    cell.classList.toggle("lmkit-microscope-negative", value < 0);
    cell.style.setProperty("--lmkit-part", (Math.abs(value) / full).toFixed(3));
  });
}
