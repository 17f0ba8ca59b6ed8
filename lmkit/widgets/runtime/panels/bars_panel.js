// What could come next at one step of a decoded text.

import { element, percent, resize, setAttribute, setText, short } from "../../base/dom.js";
import { hasNumbers } from "../../base/shown_numbers.js";
import { panel } from "../../base/view.js";
import { DROPPED_BY_K, DROPPED_BY_MIN_P, DROPPED_BY_P, DROPPED_BY_TYPICAL } from "../filters.js";
import { SHOWN_ROWS } from "../writing.js";

/** @typedef {import("../writing.js").Inspection} Inspection */
/** @typedef {import("../writing.js").Result} Result */
/** @typedef {import("../writing.js").Row} Row */
/** @typedef {import("../writing.js").WritingSettings} WritingSettings */
/** @typedef {import("../writing.js").Truth} Truth */

/** @type {Record<number, string>} */
const STATUSES = {
  [DROPPED_BY_K]: "dropped by k",
  [DROPPED_BY_P]: "dropped by p",
  [DROPPED_BY_MIN_P]: "dropped by min-p",
  [DROPPED_BY_TYPICAL]: "dropped by typical",
};
const SCALES = [0.1, 0.25, 0.5, 1];

/** The most probable next tokens at one step: a table whose second column is drawn. */
export class BarsPanel {
  constructor() {
    const { root, heading } = panel("lmkit-next", "Next token");
    this.root = root;
    this.heading = heading;
    this.kept = element("p", { class: "lmkit-kept-line" });
    this.body = element("tbody", { "data-filled": "" });
    this.scale = element("th", { scope: "col", class: "lmkit-bar-cell" });
    this.modelHead = makeHead("lmkit-model", "model");
    const truthHead = makeHead("lmkit-truth", "truth");
    const note = makeHead("lmkit-note", element("span", { class: "lmkit-unseen" }, "what happens to it"));
    const heads = [makeHead("lmkit-name", "token"), this.scale, this.modelHead, truthHead, note];
    const head = element("tr", {}, ...heads);
    this.table = element("table", {}, element("thead", {}, head), this.body);
    this.table.setAttribute("aria-labelledby", heading.id);
    this.footnote = element("p", { class: "lmkit-footnote" });
    root.append(heading, this.kept, this.table, this.footnote);
  }

  /**
   * @param {Result} result
   * @param {Inspection} inspection
   * @param {Truth | null} truth
   * @param {number} position - The step that the reader wants to see, from 1.
   */
  show({ settings, best }, { rows, step, known, size, keptCount, keptMass }, truth, position) {
    const { length } = best.tokens;
    const beyond = position > length ? `, where the text ends before step ${position}` : "";
    setText(this.heading, `Step ${step + 1} of ${length}${beyond}: what could come next`);
    setText(this.kept, keptLine(settings, size, keptCount, keptMass));
    const tempered = settings.method === "sampling" && settings.temperature !== 1;
    setText(this.modelHead, tempered ? `at T\u202f=\u202f${short(settings.temperature)}` : "model");
    this.table.classList.toggle("lmkit-with-truth", truth !== null);
    const most = Math.max(...rows.map(({ p, truth }) => Math.max(p, truth ?? 0)));
    const scale = SCALES.find((limit) => most <= limit) ?? 1;
    setText(this.scale, `0 to ${100 * scale}\u202f%`);
    hasNumbers(this.root, () => ({
      columns: ["rank", "token", "p of the model", "p after filters", "true p", "fate"],
      rows: rows.map(({ rank, word, p, drawn, truth, chosen, status }) => {
        const fate = chosen ? "chosen" : (STATUSES[status] ?? "kept");
        return [rank + 1, word, p, drawn, known ? (truth ?? 0) : null, fate];
      }),
    }));
    resize(this.body, rows.length, makeRow);
    for (const [i, row] of rows.entries()) showRow(this.body.children[i], row, scale, known);
    setText(this.footnote, truth ? truthLine(rows, known) : "");
  }
}

/**
 * @param {string} className
 * @param {Node | string} content
 */
function makeHead(className, content) {
  return element("th", { scope: "col", class: className }, content);
}

/**
 * @param {WritingSettings} settings
 * @param {number} size
 * @param {number} keptCount
 * @param {number} keptMass
 */
function keptLine(settings, size, keptCount, keptMass) {
  const { method, temperature } = settings;
  if (method === "greedy") return `Greedy takes the most probable of ${size} tokens.`;
  if (method === "beam search") return "Along the best hypothesis; beam search may pass over the most probable token.";
  const some = `Kept: ${keptCount} of ${size} tokens, ${percent(keptMass)} of the probability`;
  const kept = keptCount === size ? `All ${size} tokens are kept` : some;
  return `${kept}${by(settings)}; bars show the model’s probabilities at temperature ${short(temperature)}.`;
}

/**
 * The filters that are on, by their values: also where a step of a slider keeps the same tokens, the line is new.
 * @param {WritingSettings} settings
 */
function by({ top_k, top_p, min_p = 0, typical_p = 1 }) {
  const on = [
    top_k !== null && `k\u202f=\u202f${top_k}`,
    top_p < 1 && `p\u202f=\u202f${short(top_p)}`,
    min_p > 0 && `min-p\u202f=\u202f${short(min_p)}`,
    typical_p < 1 && `typical p\u202f=\u202f${short(typical_p)}`,
  ].filter(Boolean);
  return on.length ? ` (${on.join(", ")})` : "";
}

/**
 * @param {Row[]} rows
 * @param {boolean} known
 */
function truthLine(rows, known) {
  if (!known) return "No truth from here on: the grammar cannot have written the text so far.";
  const sums = rows.reduce(([model, truth], row) => [model + row.p, truth + (row.truth ?? 0)], [0, 0]);
  const never = rows.some(({ truth }) => !truth) ? " Never: the grammar rules the token out here." : "";
  const [ofModel, ofTruth] = sums.map(percent);
  return `These tokens have ${ofModel} of the model’s probability and ${ofTruth} of the true one.${never}`;
}

function makeRow() {
  return element(
    "tr",
    {},
    element("th", { scope: "row", class: "lmkit-name" }),
    element(
      "td",
      { class: "lmkit-bar-cell", "aria-hidden": "true" },
      element("span", { class: "lmkit-bar" }),
      element("span", { class: "lmkit-truth-bar" }),
    ),
    ...["lmkit-model", "lmkit-truth", "lmkit-note"].map((name) => element("td", { class: name })),
  );
}

/**
 * @param {Element} node
 * @param {Row} row
 * @param {number} scale the probability that a full bar stands for
 * @param {boolean} known
 */
function showRow(node, { rank, p, word, status, chosen, truth }, scale, known) {
  const [name, bars, model, truthCell, note] = node.children;
  setAttribute(node, "class", `${STATUSES[status] ? "lmkit-dropped" : "lmkit-kept"}${chosen ? " lmkit-chosen" : ""}`);
  setText(name, word);
  const [bar, truthBar] = bars.querySelectorAll("span");
  bar.style.width = `${(100 * p) / scale}%`;
  truthBar.style.width = known ? `${(100 * (truth ?? 0)) / scale}%` : "0";
  setText(model, percent(p));
  setText(truthCell, !known ? "–" : truth ? percent(truth) : "never");
  const notes = [chosen && "chosen", STATUSES[status], rank >= SHOWN_ROWS && `rank ${rank + 1}`];
  setText(note, notes.filter(Boolean).join(", "));
}
