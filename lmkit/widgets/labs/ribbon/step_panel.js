// What a filter does to the words at one step of the ribbon lab.

import { element, percent, resize, setAttribute, setText, short } from "../../base/dom.js";
import { panel } from "../../base/view.js";
import { factsOf, placeOf } from "./wording.js";

/**
 * @typedef {import("./model.js").Measured} Measured
 * @typedef {import("./model.js").Ribbon} Ribbon
 * @typedef {import("./model.js").Row} Row
 * @typedef {import("./model.js").Settings} Settings
 */

const BAR_ROWS = 12;
const BAR_SCALES = [0.1, 0.25, 0.5, 1];

/** A table whose second column is drawn. */
export class StepPanel {
  /** @param {() => void} onToggle - It is called when more or fewer rows are wanted. */
  constructor(onToggle) {
    const { root, heading } = panel("lmkit-ribbon-step", "One step");
    this.root = root;
    this.heading = heading;
    this.all = false; // whether all rows are shown
    this.facts = element("p", { class: "lmkit-numbers" });
    this.body = element("tbody", { "data-filled": "" });
    this.scale = element("th", { scope: "col", class: "lmkit-ribbon-bar-cell" });
    /** @type {(text: string, name: string) => HTMLTableCellElement} */
    const column = (text, name) => element("th", { scope: "col", class: `lmkit-ribbon-${name}` }, text);
    this.nameHead = column("word", "name");
    this.modelHead = column("model", "model");
    const head = element(
      "tr",
      {},
      this.nameHead,
      this.scale,
      this.modelHead,
      column("filtered", "after"),
      column("truth", "truth"),
    );
    this.table = element("table", { "aria-labelledby": heading.id }, element("thead", {}, head), this.body);
    this.more = element("button", {
      type: "button",
      class: "lmkit-button lmkit-ribbon-more",
      "aria-expanded": "false",
    });
    this.more.addEventListener("click", () => {
      this.all = !this.all;
      onToggle();
    });
    root.append(heading, this.facts, this.table, this.more);
  }

  /**
   * @param {Ribbon} ribbon
   * @param {Measured} result
   * @param {number} t
   * @param {Settings} settings
   */
  show(ribbon, { steps }, t, settings) {
    const { tokens, vocab, length, hasTruth } = ribbon;
    const rows = ribbon.rows(t, settings);
    const shown = this.all ? rows : firstRows(rows);
    setText(this.heading, `Step ${t + 1} of ${length}: ${placeOf(ribbon, t)} ‘${vocab.show(tokens[t])}’`);
    setText(this.facts, factsOf(steps[t], ribbon));
    setText(this.nameHead, ribbon.unit);
    setText(this.modelHead, settings.temperature === 1 ? "model" : `T\u202f=\u202f${short(settings.temperature)}`);
    const largest = Math.max(...shown.map(({ p, drawn, truth }) => Math.max(p, drawn, truth ?? 0)));
    const scale = BAR_SCALES.find((limit) => largest <= limit) ?? 1;
    setText(this.scale, `0 to ${100 * scale}\u202f%`);
    resize(this.body, shown.length, makeRow);
    shown.forEach((row, i) => {
      showRow(this.body.rows[i], row, scale);
    });
    this.root.classList.toggle("lmkit-ribbon-alone", !hasTruth);
    this.more.hidden = rows.length <= BAR_ROWS;
    const those = hasTruth ? "words that are kept or can come next" : keptNames(steps[t].allowed);
    setText(this.more, this.all ? `Show only ${BAR_ROWS}` : `Show all ${rows.length} ${those}`);
    setAttribute(this.more, "aria-expanded", String(this.all));
  }
}

/**
 * What is listed where nobody knows what can come next.
 *
 * @param {boolean} allowed - Whether the text's own token is kept.
 */
function keptNames(allowed) {
  return allowed ? "tokens that are kept" : "tokens: those that are kept, and the text’s own";
}

/**
 * The most probable; the text's own word is always among them.
 *
 * @param {Row[]} rows
 */
function firstRows(rows) {
  const own = rows.findIndex((row) => row.own);
  return own < BAR_ROWS ? rows.slice(0, BAR_ROWS) : [...rows.slice(0, BAR_ROWS - 1), rows[own]];
}

function makeRow() {
  const bars = element(
    "td",
    { class: "lmkit-ribbon-bar-cell", "aria-hidden": "true" },
    element("span", { class: "lmkit-ribbon-bar" }),
    element("span", { class: "lmkit-ribbon-truth-bar" }),
  );
  const name = element("th", { scope: "row", class: "lmkit-ribbon-name" });
  return element(
    "tr",
    {},
    name,
    bars,
    ...["model", "after", "truth"].map((part) => element("td", { class: `lmkit-ribbon-${part}` })),
  );
}

/**
 * @param {HTMLTableRowElement} node
 * @param {Row} row
 * @param {number} scale - What a full bar stands for.
 */
function showRow(node, { word, kept, p, drawn, truth, own }, scale) {
  const [name, bars, model, after, truthCell] = node.cells;
  const [bar, truthBar] = bars.getElementsByTagName("span");
  const impossible = truth === 0 ? " lmkit-ribbon-impossible" : "";
  setAttribute(
    node,
    "class",
    `${kept ? "lmkit-ribbon-kept" : "lmkit-ribbon-out"}${impossible}${own ? " lmkit-ribbon-own-word" : ""}`,
  );
  setText(name, own ? `${word} ◂` : word);
  bar.style.width = `${(100 * p) / scale}%`;
  truthBar.style.width = `${(100 * (truth ?? 0)) / scale}%`;
  setText(model, percent(p));
  setText(after, kept ? percent(drawn) : "dropped");
  setText(truthCell, truth === null ? "–" : truth ? percent(truth) : "never");
}
