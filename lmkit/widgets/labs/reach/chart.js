// The chart of the reach lab: norms against distance on a logarithmic scale, drawn anew at every width.

import { placeOf, sizeOf, watchSize } from "../../base/charts/place.js";
import { setAttribute, svgElement, uniqueId } from "../../base/dom.js";
import { hasNumbers } from "../../base/shown_numbers.js";
import { FARTHEST } from "./model.js";

/**
 * @typedef {{ distance: number, rnn: number[], lstm: number[], radius: number, gate: number,
 *   forget_bias: number }} Shown norms of both networks, and what the settings come to
 * @typedef {(x: number, y: number, r: number) => string} Mark
 * @typedef {{ label: SVGTextElement, x: number, y: number, anchor: "start" | "end" }} End where a line's name stands
 */

const DECADES = { low: -8, high: 4 };
const HEIGHT = 320,
  MARGIN = { top: 10, bottom: 42, left: 46, right: 88 };
const EVERY = 10; // a mark each so many steps
const APART = 15,
  NEAR = 92; // between two labels, up and across

export class ReachChart {
  /** @param {() => void} onResize - It is called when there is another width to draw for. */
  constructor(onResize) {
    this.svg = svgElement("svg", { role: "img", class: "lmkit-reach-chart" });
    this.root = placeOf("lmkit-reach-frame", this.svg, HEIGHT);
    this.clip = uniqueId("lmkit-clip");
    this.width = 0;
    this.height = HEIGHT;
    this.bottom = HEIGHT - MARGIN.bottom;
    // In the order in which they are drawn.
    this.lines = {
      rnnPower: svgElement("path", { class: "lmkit-reach-power lmkit-reach-rnn-line" }),
      lstmPower: svgElement("path", { class: "lmkit-reach-power lmkit-reach-lstm-line" }),
      rnn: svgElement("path", { class: "lmkit-reach-rnn-line" }),
      lstm: svgElement("path", { class: "lmkit-reach-lstm-line" }),
      rnnMarks: svgElement("path", { class: "lmkit-reach-rnn-mark" }),
      lstmMarks: svgElement("path", { class: "lmkit-reach-lstm-mark" }),
      rnnAt: svgElement("path", { class: "lmkit-reach-rnn-mark" }),
      lstmAt: svgElement("path", { class: "lmkit-reach-lstm-mark" }),
    };
    this.cursor = svgElement("path", { class: "lmkit-reach-cursor" });
    this.rnnLabel = svgElement("text", { class: "lmkit-reach-rnn" }, "● plain RNN");
    this.lstmLabel = svgElement("text", { class: "lmkit-reach-lstm" }, "■ LSTM");
    this.observer = watchSize(this.root, this, onResize);
  }

  close() {
    this.observer.disconnect();
  }

  /**
   * @param {Shown} shown
   * @param {string} words
   */
  show({ distance, rnn, lstm, radius, gate }, words) {
    const size = sizeOf(this.root, { width: 640, height: HEIGHT }); // hidden until the first measurement is there
    if (size.width !== this.width || size.height !== this.height) this.frame(size);
    const { lines } = this;
    hasNumbers(this.root, () => ({
      columns: ["distance", "plain RNN", "LSTM", "ρ to the distance", "σ(b) to the distance"],
      rows: rnn.map((norm, k) => [k, norm, lstm[k], radius ** k, gate ** k]),
    }));
    setAttribute(this.svg, "aria-label", words);
    this.draw("rnnPower", (k) => radius ** k);
    this.draw("lstmPower", (k) => gate ** k);
    this.draw("rnn", (k) => rnn[k]);
    this.draw("lstm", (k) => lstm[k]);
    setAttribute(lines.rnnMarks, "d", this.marks(rnn, circle));
    setAttribute(lines.lstmMarks, "d", this.marks(lstm, square));
    setAttribute(this.cursor, "d", `M${this.x(distance)} ${MARGIN.top}V${this.bottom}`);
    this.mark(lines.rnnAt, circle, distance, rnn[distance]);
    this.mark(lines.lstmAt, square, distance, lstm[distance]);
    this.placeLabels(rnn, lstm);
  }

  /** @param {number} k */
  x(k) {
    return round(MARGIN.left + (k / FARTHEST) * (this.right - MARGIN.left));
  }

  /** @param {number} norm */
  y(norm) {
    const part = (Math.log10(norm) - DECADES.low) / (DECADES.high - DECADES.low);
    return round(this.bottom - Math.min(Math.max(part, -1), 2) * (this.bottom - MARGIN.top));
  }

  /**
   * @param {keyof ReachChart["lines"]} name
   * @param {(k: number) => number} normAt
   */
  draw(name, normAt) {
    const points = Array.from({ length: FARTHEST + 1 }, (_, k) => `${this.x(k)} ${this.y(normAt(k))}`);
    setAttribute(this.lines[name], "d", `M${points.join("L")}`);
  }

  /**
   * @param {number[]} norms
   * @param {Mark} mark
   */
  marks(norms, mark) {
    return norms.map((norm, k) => (k % EVERY ? "" : mark(this.x(k), this.y(norm), 3.5))).join("");
  }

  /**
   * The mark on the cursor's line; hollow on the border where the norm lies beyond it.
   *
   * @param {SVGPathElement} path
   * @param {Mark} shape
   * @param {number} distance
   * @param {number} norm
   */
  mark(path, shape, distance, norm) {
    setAttribute(path, "d", shape(this.x(distance), this.inside(norm), 5));
    path.classList.toggle("lmkit-reach-beyond", this.inside(norm) !== this.y(norm));
  }

  /**
   * Scales, axes, and the parts that `show` fills.
   *
   * @param {import("../../base/charts/place.js").Size} size
   */
  frame({ width, height }) {
    this.width = width;
    this.height = height;
    this.bottom = height - MARGIN.bottom;
    setAttribute(this.svg, "viewBox", `0 0 ${width} ${height}`);
    setAttribute(this.svg, "height", String(height));
    const clipped = svgElement("g", { "clip-path": `url(#${this.clip})` }, ...Object.values(this.lines));
    this.svg.replaceChildren(this.clipPath(), ...this.axes(), this.cursor, clipped, this.rnnLabel, this.lstmLabel);
  }

  get right() {
    return this.width - MARGIN.right;
  }

  clipPath() {
    const box = {
      x: MARGIN.left,
      y: MARGIN.top - 6,
      width: this.right - MARGIN.left + 6,
      height: this.bottom - MARGIN.top + 12,
    };
    return svgElement("clipPath", { id: this.clip }, svgElement("rect", box));
  }

  axes() {
    const { right, bottom } = this,
      parts = [];
    /** @type {(above: number, below: number) => SVGRectElement} */
    const band = (above, below) =>
      svgElement("rect", {
        class: "lmkit-reach-band",
        x: MARGIN.left,
        y: above,
        width: right - MARGIN.left,
        height: below - above,
      });
    parts.push(band(MARGIN.top, this.y(100)), band(this.y(0.01), bottom));
    for (let decade = DECADES.low; decade <= DECADES.high; decade += 2) {
      const at = this.y(10 ** decade);
      parts.push(svgElement("path", { class: "lmkit-reach-grid", d: `M${MARGIN.left} ${at}H${right}` }));
      const text = decade ? `10${superscript(decade)}` : "1";
      parts.push(svgElement("text", { x: MARGIN.left - 6, y: at + 4, "text-anchor": "end" }, text));
    }
    for (let k = 0; k <= FARTHEST; k += 20) {
      parts.push(svgElement("text", { x: this.x(k), y: bottom + 17, "text-anchor": "middle" }, String(k)));
    }
    const middle = (MARGIN.left + right) / 2;
    parts.push(svgElement("text", { x: middle, y: this.height - 7, "text-anchor": "middle" }, "distance (steps back)"));
    /** @type {(at: number, text: string) => SVGTextElement} */
    const note = (at, text) =>
      svgElement("text", { class: "lmkit-reach-note", x: right - 6, y: at, "text-anchor": "end" }, text);
    parts.push(note(MARGIN.top + 15, "exploded: above 100"), note(this.y(0.01) + 16, "vanished: below 1\u202f%"));
    return parts;
  }

  /**
   * A norm's height, brought to the border where it lies beyond.
   *
   * @param {number} norm
   */
  inside(norm) {
    return Math.min(Math.max(this.y(norm), MARGIN.top), this.bottom);
  }

  /**
   * Each name stands where its line ends or leaves the chart; where both meet, they part.
   *
   * @param {number[]} rnn
   * @param {number[]} lstm
   */
  placeLabels(rnn, lstm) {
    const ends = [this.end(this.rnnLabel, rnn), this.end(this.lstmLabel, lstm)];
    const [first, second] = ends.sort((a, b) => a.x - b.x || b.y - a.y);
    if (Math.abs(first.y - second.y) < APART && second.x - first.x < NEAR) {
      if (first.x > MARGIN.left + NEAR && second.x > first.x) first.anchor = "end";
      else this.stack(second, first);
    }
    for (const { label, x, y, anchor } of ends) {
      setAttribute(label, "x", String(anchor === "end" ? x - 14 : x + 9));
      setAttribute(label, "y", String(round(y + 4)));
      setAttribute(label, "text-anchor", anchor);
    }
  }

  /**
   * Two names that would cover each other, one above the other at the right of both lines.
   *
   * @param {End} upper
   * @param {End} lower
   */
  stack(upper, lower) {
    const middle = (upper.y + lower.y) / 2;
    lower.y = Math.min(Math.max(middle + APART / 2, MARGIN.top + APART), this.bottom - 6);
    upper.y = lower.y - APART;
    lower.x = Math.max(upper.x, lower.x);
    upper.x = lower.x;
  }

  /**
   * @param {SVGTextElement} label
   * @param {number[]} norms
   * @returns {End}
   */
  end(label, norms) {
    const leaves = norms.findIndex((norm) => !(norm >= 10 ** DECADES.low && norm <= 10 ** DECADES.high));
    const last = leaves < 0 ? FARTHEST : Math.max(leaves - 1, 0);
    const y = Math.min(Math.max(this.inside(norms[last]), MARGIN.top + 30), this.bottom - 6);
    return { label, x: this.x(last), y: leaves < 0 ? this.inside(norms[last]) : y, anchor: "start" };
  }
}

/** @type {Mark} */
function circle(x, y, r) {
  return `M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0`;
}

/** @type {Mark} */
function square(x, y, r) {
  return `M${x - r} ${y - r}h${2 * r}v${2 * r}h${-2 * r}z`;
}

/** @param {number} number */
export function superscript(number) {
  return String(number).replace(/[-0-9]/g, (sign) => (sign === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(sign)]));
}

/** @param {number} value */
function round(value) {
  return Math.round(10 * value) / 10;
}
