// One step from inside: a window's tokens, the loss at each, the gradient that arrives as it flows back, the clip, and
// what it changes.

import { element, percent, resize, setText } from "../../base/dom.js";

/** @typedef {Extract<import("./server.js").News, { tells: "trace" }>["traced"]} Traced */

const ROWS = ["reads", "must say", "probability", "loss"];

export class StepPanel {
  constructor() {
    this.head = element("p", { class: "lmkit-train-step-head" });
    this.window = element("tbody");
    const table = element(
      "table",
      { class: "lmkit-train-window", "aria-label": "The first row of the window" },
      this.window,
    );
    this.scroll = element(
      "div",
      { class: "lmkit-train-scroll", role: "region", tabindex: 0, "aria-label": "The window, token by token" },
      table,
    );
    this.flow = element("p", { class: "lmkit-footnote" });
    this.clip = element("p");
    this.updates = element("tbody");
    const columns = ["weights", "gradient", "change", "size after it"].map((name, place) =>
      place ? element("th", { scope: "col" }, name) : element("td", {}, name),
    );
    const updates = element(
      "table",
      { class: "lmkit-train-updates", "aria-label": "The update" },
      element("thead", {}, element("tr", {}, ...columns)),
      this.updates,
    );
    this.filled = element("div", {}, this.head, this.scroll, this.flow, this.clip, updates);
    this.empty = element(
      "p",
      { class: "lmkit-footnote" },
      "Press One step: it shows a single batch here, from its tokens to the update.",
    );
    const summary = element("summary", {}, "One batch at a time");
    this.root = element("details", { class: "lmkit-train-step" }, summary, this.empty, this.filled);
    this.filled.hidden = true;
  }

  /** @param {Traced | null} traced */
  show(traced) {
    this.filled.hidden = !traced;
    this.empty.hidden = Boolean(traced);
    if (!traced) return;
    const { trace } = traced;
    setText(
      this.head,
      `Step ${trace.step}, loss ${trace.loss.toFixed(3)}: the first of the rows that are read together.`,
    );
    this.showWindow(traced);
    const cut = trace.layers[trace.layers.length - 1].h[0];
    setText(
      this.flow,
      "The gradient flows back from right to left: at each token its own loss adds to what comes from those after it. " +
        `What arrives before the first token (${number(cut)}) is cut off.`,
    );
    const clip = trace.clipped
      ? `Together all gradients have the norm ${number(trace.gradNorm)}: they are clipped to ${number(trace.clippedNorm)}.`
      : `Together all gradients have the norm ${number(trace.gradNorm)}: nothing is clipped.`;
    setText(this.clip, `${clip} The rate is ${number(trace.lr)}.`);
    const rows = resize(this.updates, trace.tensors.length, () => row(4));
    for (const [i, { name, gradNorm, updateNorm, weightNorm }] of trace.tensors.entries()) {
      fill(rows[i], name, [number(gradNorm), number(updateNorm), number(weightNorm)]);
    }
  }

  /** @param {Traced} traced */
  showWindow({ trace, words, next }) {
    const length = words.length;
    const gradients = trace.layers.flatMap(({ h, c }, d) => {
      const layer = trace.layers.length > 1 ? ` of layer ${d + 1}` : "";
      /** @param {Float32Array} norms */
      const after = (norms) => Array.from(norms.subarray(1, length + 1));
      return [
        { name: `gradient at h${layer}`, values: after(h) },
        ...(c ? [{ name: `gradient at c${layer}`, values: after(c) }] : []),
      ];
    });
    const losses = Array.from(trace.losses.subarray(0, length));
    const probs = Array.from(trace.probs.subarray(0, length), percent);
    const rows = resize(this.window, ROWS.length + gradients.length, () => row(1));
    for (const tr of rows)
      resize(tr, length + 1, (place) => element(place ? "td" : "th", place ? {} : { scope: "row" }));
    fill(rows[0], ROWS[0], words);
    fill(rows[1], ROWS[1], next);
    fill(rows[2], ROWS[2], probs);
    fill(
      rows[3],
      ROWS[3],
      losses.map((loss) => loss.toFixed(2)),
      shares(losses),
      "loss",
    );
    for (const [i, { name, values }] of gradients.entries()) {
      fill(rows[ROWS.length + i], name, values.map(number), shares(values), "gradient");
    }
  }
}

/** @param {number} cells */
function row(cells) {
  const rest = Array.from({ length: cells - 1 }, () => element("td"));
  return element("tr", {}, element("th", { scope: "row" }), ...rest);
}

/**
 * @param {HTMLTableRowElement} tr
 * @param {string} name
 * @param {string[]} texts
 * @param {number[]} [bars] - Shares of the height of a cell, where it has a bar.
 * @param {string} [kind]
 */
function fill(tr, name, texts, bars, kind = "") {
  const cells = /** @type {HTMLElement[]} */ ([...tr.children]);
  setText(cells[0], name);
  tr.className = kind ? `lmkit-train-bars lmkit-train-bars-${kind}` : "";
  for (const [i, text] of texts.entries()) {
    setText(cells[i + 1], text);
    if (bars) cells[i + 1].style.setProperty("--lmkit-share", `${(100 * bars[i]).toFixed(0)}%`);
  }
}

/** @param {number[]} values */
function shares(values) {
  const most = Math.max(...values);
  return values.map((value) => (most > 0 ? value / most : 0));
}

/** @param {number} value */
export function number(value) {
  return Number.isFinite(value) ? String(Number(value.toPrecision(2))) : String(value);
}
