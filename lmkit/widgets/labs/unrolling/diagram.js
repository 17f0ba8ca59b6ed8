// The diagram of a recurrent network in a frame: as many of its last steps as there is room for.

import { element, svgElement } from "../../base/dom.js";
import { Drawing } from "./drawing.js";
import { mostProbable } from "./model.js";

/**
 * @typedef {import("./model.js").PlainRNN} PlainRNN
 * @typedef {import("./model.js").Reading} Reading
 * @typedef {import("./drawing.js").Sizes} Sizes
 * @typedef {import("./drawing.js").Scale} Scale
 */

/** @type {Sizes} */
const WIDE = { pitch: 92, box: 60, left: 58, right: 42 };
/** @type {Sizes} */
const NARROW = { pitch: 68, box: 42, left: 44, right: 26 };
const NARROW_BELOW = 520;

export class Diagram {
  /** @param {() => void} redraw - It is called when the width has changed. */
  constructor(redraw) {
    this.svg = svgElement("svg", { role: "img", class: "lmkit-unroll-diagram" });
    this.root = element("div", { class: "lmkit-unroll-frame" }, this.svg);
    this.watch = new ResizeObserver(redraw);
    this.watch.observe(this.root);
  }

  close() {
    this.watch.disconnect();
  }

  /** @param {{ network: PlainRNN, readings: Reading[], step: number, words: string[] }} at */
  show({ network, readings, step, words }) {
    const width = this.root.clientWidth || 640;
    const sizes = width < NARROW_BELOW ? NARROW : WIDE;
    const columns = Math.max(1, Math.floor((width - sizes.left - sizes.right) / sizes.pitch));
    const first = Math.max(0, step - columns); // steps before the first column are folded away
    const drawing = new Drawing(network, sizes, scales(network, readings));
    const shown = readings.slice(first, step);
    const parts = step
      ? shown.flatMap((reading, i) => drawing.column(i, first + i + 1, reading, words, network, first + i + 1 === step))
      : drawing.rolled();
    const start = step ? drawing.start(first) : [];
    this.svg.replaceChildren(drawing.heads, ...start, ...parts);
    const total = sizes.left + sizes.right + sizes.pitch * Math.max(1, shown.length) + (step ? 0 : 40);
    for (const [name, value] of Object.entries({
      width: total,
      height: drawing.height,
      viewBox: `0 0 ${total} ${drawing.height}`,
    })) {
      this.svg.setAttribute(name, String(value));
    }
    this.svg.setAttribute("aria-label", inWords(shown, first, step, words));
  }
}

/**
 * What a full bar stands for: 1 for tanh, and the largest number there is where there is no such limit.
 *
 * @param {PlainRNN} network
 * @param {Reading[]} readings
 * @returns {Scale}
 */
function scales(network, readings) {
  /** @type {(numbers: Iterable<number>, start: number) => number} */
  const largest = (numbers, start) => {
    let most = start;
    for (const number of numbers) most = Math.max(most, Math.abs(number));
    return most;
  };
  return {
    embedding: largest(network.embedding, 1e-9),
    hidden: readings.reduce((most, { h }) => h.reduce((m, layer) => largest(layer, m), most), 1),
  };
}

/**
 * The diagram for who cannot see it.
 *
 * @param {Reading[]} shown
 * @param {number} first
 * @param {number} step
 * @param {string[]} words
 */
function inWords(shown, first, step, words) {
  if (!step)
    return "A recurrent network rolled up: token, embedding, one cell with a loop for the hidden state, output.";
  const columns = shown.map(({ token, probs }, i) => {
    const [most] = mostProbable(probs, 1);
    return `step ${first + i + 1} reads ${words[token]} and expects ${words[most]}`;
  });
  return `A recurrent network unrolled over time: ${columns.join("; ")}. The weights are the same at every step.`;
}
