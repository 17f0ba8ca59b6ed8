// The ribbon: a column for every step of a text. Above the axis the words that can come next, filled as far as they are
// kept; below it the words that cannot and are kept all the same. Of a model whose truth nobody knows there is only what
// is kept, above the axis.

import { element, setAttribute, svgElement, uniqueId } from "../../base/dom.js";
import { hasNumbers } from "../../base/shown_numbers.js";

const UNIT = { narrow: 17, wide: 27 }; // px for each factor e of 1 + n
const NARROW = 420; // px
const MARGIN = { top: 30, bottom: 24, left: 34, right: 6 };
const LEAST_COLUMN = 5; // px: a longer text scrolls
const LEAST_UP = 24; // words above the axis where the truth is known
const TICKS_UP = [1, 5, 20],
  TICKS_DOWN = [1, 5, 20, 100],
  TICKS_ALL = [1, 5, 20, 100, 500, 2000, 10000];

/** @typedef {import("./model.js").Step} Step */

/** @param {Step[]} steps */
function numbersOf(steps) {
  const truth = ["kept, can come next", "kept, cannot", "dropped, can come next", "false mass", "missed mass"];
  const rows = steps.map(({ kept, right, wrong, missing, falseMass, missedMass, known, allowed }, t) => {
    const judged = [right, wrong, missing, falseMass, missedMass].map((value) => (known ? value : null));
    return [t + 1, kept, ...judged, allowed ? "yes" : "no"];
  });
  return { columns: ["step", "kept", ...truth, "own word kept"], rows };
}

export class RibbonChart {
  /**
   * @param {object} handlers
   * @param {(step: number) => void} handlers.onSelect - It is called with the step that was clicked.
   * @param {() => void} handlers.onResize - It is called when there is another width to draw for.
   */
  constructor({ onSelect, onResize }) {
    this.svg = svgElement("svg", { role: "img", class: "lmkit-ribbon-chart" });
    this.root = element("div", { class: "lmkit-ribbon-frame" }, this.svg);
    this.hatch = uniqueId("lmkit-hatch");
    this.width = 0; // of the frame, when it was last drawn, as what follows
    this.length = 0;
    this.most = 0;
    this.size = 0;
    this.hasTruth = true;
    this.pitch = LEAST_COLUMN;
    this.edge = 0;
    this.zero = 0;
    this.bottom = 0;
    this.revealed = "";
    // In the order in which they are drawn.
    this.parts = {
      possible: svgElement("path", { class: "lmkit-ribbon-possible" }),
      right: svgElement("path", { class: "lmkit-ribbon-right" }),
      unknown: svgElement("path", { class: "lmkit-ribbon-unknown" }),
      wrong: svgElement("path", { class: "lmkit-ribbon-wrong", fill: `url(#${this.hatch})` }),
      line: svgElement("path", { class: "lmkit-ribbon-line" }),
      dropped: svgElement("path", { class: "lmkit-ribbon-dropped" }),
    };
    this.cursor = svgElement("rect", { class: "lmkit-ribbon-cursor", y: MARGIN.top });
    this.pointer = svgElement("path", { class: "lmkit-ribbon-pointer" });
    this.svg.addEventListener("click", (event) => {
      const step = this.stepAt(event.clientX - this.svg.getBoundingClientRect().left);
      if (step >= 0 && step < this.length) onSelect(step);
    });
    this.observer = new ResizeObserver(() => {
      if (this.root.clientWidth !== this.width) onResize();
    });
    this.observer.observe(this.root);
  }

  close() {
    this.observer.disconnect();
  }

  /**
   * @param {{ steps: Step[], selected: number, size: number, hasTruth: boolean, words: string }} shown - What
   *   Ribbon.measure has found, the step that is selected, the size of the vocabulary, whether the truth can be known, and
   *   the same in words.
   */
  show({ steps, selected, size, hasTruth, words }) {
    const width = this.root.clientWidth || 640; // hidden until the first measurement is there
    this.size = size;
    this.hasTruth = hasTruth;
    const most = hasTruth ? Math.max(LEAST_UP, ...steps.map(({ right, missing }) => right + missing)) : size;
    if (width !== this.width || steps.length !== this.length || most !== this.most)
      this.frame(width, steps.length, most);
    const { possible, right, unknown, wrong, line, dropped } = this.parts;
    hasNumbers(this.root, () => numbersOf(steps));
    setAttribute(this.svg, "aria-label", words);
    this.fill(possible, steps, (step) => step.right + step.missing, 1);
    this.fill(right, steps, (step) => step.right, 1);
    this.fill(unknown, steps, ({ known, kept }) => (known ? 0 : Math.min(kept, most)), 1);
    this.fill(wrong, steps, (step) => step.wrong, -1);
    setAttribute(line, "d", this.outline(steps));
    setAttribute(dropped, "d", steps.map(({ allowed }, t) => (allowed ? "" : this.cross(t))).join(""));
    setAttribute(this.cursor, "x", String(this.x(selected)));
    setAttribute(this.pointer, "d", this.triangle(selected));
    this.reveal(selected, steps.length);
  }

  /**
   * A column for every step, upwards or downwards.
   *
   * @param {SVGPathElement} part
   * @param {Step[]} steps
   * @param {(step: Step) => number} numberOf - How many words it stands for.
   * @param {1 | -1} sign
   */
  fill(part, steps, numberOf, sign) {
    setAttribute(part, "d", steps.map((step, t) => this.column(t, numberOf(step), sign)).join(""));
  }

  /**
   * Scales, axes, and the parts that `show` fills.
   *
   * @param {number} width
   * @param {number} length
   * @param {number} most - Words above the axis.
   */
  frame(width, length, most) {
    this.width = width;
    this.length = length;
    this.most = most;
    const room = width - MARGIN.left - MARGIN.right;
    this.pitch = Math.max(LEAST_COLUMN, room / length);
    this.edge = MARGIN.left + this.pitch * length;
    this.zero = MARGIN.top + this.up(most);
    this.bottom = this.zero + (this.hasTruth ? this.up(this.size) : 0);
    this.svg.classList.toggle("lmkit-ribbon-alone", !this.hasTruth);
    const whole = Math.max(width, Math.ceil(this.edge + MARGIN.right)),
      height = this.bottom + MARGIN.bottom;
    for (const [name, value] of Object.entries({ width: whole, height, viewBox: `0 0 ${whole} ${height}` })) {
      setAttribute(this.svg, name, String(value));
    }
    this.offerScrolling(whole > width);
    setAttribute(this.cursor, "width", String(this.pitch));
    setAttribute(this.cursor, "height", String(this.bottom - MARGIN.top));
    this.svg.replaceChildren(
      this.pattern(),
      this.cursor,
      ...this.axes(),
      ...Object.values(this.parts),
      ...this.notes(),
      this.pointer,
    );
  }

  /**
   * The height of n words.
   *
   * @param {number} n
   */
  up(n) {
    return (this.width < NARROW ? UNIT.narrow : UNIT.wide) * Math.log1p(n);
  }

  /**
   * A frame that scrolls can be reached by the keyboard, and says what it is.
   *
   * @param {boolean} scrolls
   */
  offerScrolling(scrolls) {
    const offer = { tabindex: "0", role: "group", "aria-label": "The ribbon; scroll sideways to see all steps" };
    for (const [name, value] of Object.entries(offer)) setAttribute(this.root, name, scrolls ? value : null);
  }

  /**
   * Bring the selected column into a frame that scrolls, when it is another one.
   *
   * @param {number} selected
   * @param {number} length
   */
  reveal(selected, length) {
    const key = `${selected} ${length} ${this.width}`;
    if (key === this.revealed) return;
    this.revealed = key;
    const x = this.x(selected);
    if (x < this.root.scrollLeft + MARGIN.left || x + this.pitch > this.root.scrollLeft + this.width) {
      this.root.scrollLeft = x - this.width / 2;
    }
  }

  pattern() {
    const line = svgElement("path", { d: "M-1 4L4 -1M2 7L7 2", class: "lmkit-ribbon-hatch" });
    const pattern = svgElement(
      "pattern",
      { id: this.hatch, width: 6, height: 6, patternUnits: "userSpaceOnUse" },
      line,
    );
    return svgElement("defs", {}, pattern);
  }

  axes() {
    const { zero, bottom, edge, length } = this;
    /** @type {SVGElement[]} */
    const parts = [];
    /** @type {(y: number, name: string) => SVGPathElement} */
    const line = (y, name) => svgElement("path", { class: name, d: `M${MARGIN.left} ${y}H${edge}` });
    /** @type {(y: number, text: string) => SVGTextElement} */
    const label = (y, text) => svgElement("text", { x: MARGIN.left - 5, y: y + 4, "text-anchor": "end" }, text);
    /** @type {(n: number, sign: 1 | -1) => void} */
    const tick = (n, sign) => {
      const y = round(zero - sign * this.up(n));
      parts.push(line(y, "lmkit-ribbon-grid"), label(y, String(n)));
    };
    for (const n of this.hasTruth ? TICKS_UP : TICKS_ALL.filter((n) => n <= this.size)) tick(n, 1);
    for (const n of this.hasTruth ? TICKS_DOWN : []) tick(n, -1);
    parts.push(line(zero, "lmkit-ribbon-axis"), label(zero, "0"));
    for (let step = 1; step <= length; step += step === 1 ? 9 : 10) {
      const x = round(this.x(step - 1) + this.pitch / 2);
      parts.push(svgElement("text", { x, y: bottom + 18, "text-anchor": "middle" }, String(step)));
    }
    parts.push(svgElement("text", { x: MARGIN.left - 5, y: bottom + 18, "text-anchor": "end" }, "step"));
    return parts;
  }

  notes() {
    /** @type {(y: number, text: string) => SVGTextElement} */
    const note = (y, text) => svgElement("text", { class: "lmkit-ribbon-note", x: MARGIN.left + 4, y }, text);
    if (!this.hasTruth) return [note(MARGIN.top - 16, "▲ tokens that are kept")];
    return [
      note(MARGIN.top - 16, "▲ words that can come next"),
      note(this.bottom - 5, "▼ words that cannot, but are kept"),
    ];
  }

  /** @param {number} t */
  x(t) {
    return round(MARGIN.left + t * this.pitch);
  }

  /** @param {number} x */
  stepAt(x) {
    return Math.floor((x - MARGIN.left) / this.pitch);
  }

  /**
   * A bar of n words from the axis, upwards or downwards.
   *
   * @param {number} t
   * @param {number} n
   * @param {1 | -1} sign
   */
  column(t, n, sign) {
    if (!n) return "";
    const gap = this.pitch > 8 ? 1 : 0.5;
    return `M${round(this.x(t) + gap / 2)} ${this.zero}v${round(-sign * this.up(n))}h${round(this.pitch - gap)}V${this.zero}z`;
  }

  /**
   * How many words can come next, as a line over all steps where that is known.
   *
   * @param {Step[]} steps
   */
  outline(steps) {
    let on = false;
    return steps
      .map(({ known, right, missing }, t) => {
        const command = known && on ? "L" : "M";
        on = known;
        return known
          ? `${command}${this.x(t)} ${round(this.zero - this.up(right + missing))}h${round(this.pitch)}`
          : "";
      })
      .join("");
  }

  /** @param {number} t */
  cross(t) {
    const x = round(this.x(t) + this.pitch / 2),
      y = MARGIN.top - 7;
    return `M${x - 3} ${y - 3}l6 6m0 -6l-6 6`;
  }

  /** @param {number} t */
  triangle(t) {
    const x = round(this.x(t) + this.pitch / 2);
    return `M${x} ${this.bottom - 1}l5 8h-10z`;
  }
}

/** @param {number} value */
function round(value) {
  return Math.round(10 * value) / 10;
}
