// The ribbon: a column for every step of a text. Above the axis the words that can come next, filled as far as they are
// kept; below it the words that cannot and are kept all the same.

import { element, setAttribute, svgElement, uniqueId } from "../../base/dom.js";

const UNIT = 27; // px for each factor e of 1 + n
const MARGIN = { top: 30, bottom: 24, left: 34, right: 6 };
const LEAST_COLUMN = 5; // px: a longer text scrolls
const TICKS_UP = [1, 5, 20],
  TICKS_DOWN = [1, 5, 20, 100];
const PARTS = ["possible", "right", "unknown", "wrong", "line", "dropped"];

export class RibbonChart {
  /** `onSelect` is called with the step that was clicked, `onResize` when there is another width to draw for. */
  constructor({ onSelect, onResize }) {
    this.svg = svgElement("svg", { role: "img", class: "lmkit-ribbon-chart" });
    this.root = element("div", { class: "lmkit-ribbon-frame" }, this.svg);
    this.hatch = uniqueId("lmkit-hatch");
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

  /** `steps` as Ribbon.measure has them, `possible` how many words can come next at each, `size` the vocabulary's. */
  show({ steps, selected, size, words }) {
    const width = this.root.clientWidth || 640; // hidden until the first measurement is there
    const most = Math.max(24, ...steps.map(({ right, missing }) => right + missing));
    if (width !== this.width || steps.length !== this.length || most !== this.most)
      this.frame(width, steps.length, most, size);
    setAttribute(this.svg, "aria-label", words);
    const column = (numberOf, sign) => steps.map((step, t) => this.column(t, numberOf(step), sign)).join("");
    setAttribute(
      this.possible,
      "d",
      column(({ right, missing }) => right + missing, 1),
    );
    setAttribute(
      this.right,
      "d",
      column(({ right }) => right, 1),
    );
    setAttribute(
      this.unknown,
      "d",
      column(({ known, kept }) => (known ? 0 : Math.min(kept, most)), 1),
    );
    setAttribute(
      this.wrong,
      "d",
      column(({ wrong }) => wrong, -1),
    );
    setAttribute(this.line, "d", this.outline(steps));
    setAttribute(this.dropped, "d", steps.map(({ allowed }, t) => (allowed ? "" : this.cross(t))).join(""));
    setAttribute(this.cursor, "x", String(this.x(selected)));
    setAttribute(this.pointer, "d", this.triangle(selected));
    this.reveal(selected, steps.length);
  }

  /** Scales, axes, and the parts that `show` fills. */
  frame(width, length, most, size) {
    Object.assign(this, { width, length, most });
    const room = width - MARGIN.left - MARGIN.right;
    this.pitch = Math.max(LEAST_COLUMN, room / length);
    this.edge = MARGIN.left + this.pitch * length;
    this.zero = MARGIN.top + up(most);
    this.bottom = this.zero + up(size);
    const whole = Math.max(width, Math.ceil(this.edge + MARGIN.right)),
      height = this.bottom + MARGIN.bottom;
    for (const [name, value] of Object.entries({ width: whole, height, viewBox: `0 0 ${whole} ${height}` })) {
      setAttribute(this.svg, name, String(value));
    }
    this.offerScrolling(whole > width);
    for (const part of PARTS) this[part] = svgElement("path", { class: `lmkit-ribbon-${part}` });
    setAttribute(this.wrong, "fill", `url(#${this.hatch})`);
    this.cursor = svgElement("rect", {
      class: "lmkit-ribbon-cursor",
      y: MARGIN.top,
      width: this.pitch,
      height: this.bottom - MARGIN.top,
    });
    this.pointer = svgElement("path", { class: "lmkit-ribbon-pointer" });
    this.svg.replaceChildren(
      this.pattern(),
      this.cursor,
      ...this.axes(),
      ...PARTS.map((part) => this[part]),
      ...this.notes(),
      this.pointer,
    );
  }

  /** A frame that scrolls can be reached by the keyboard, and says what it is. */
  offerScrolling(scrolls) {
    const offer = { tabindex: "0", role: "group", "aria-label": "The ribbon; scroll sideways to see all steps" };
    for (const [name, value] of Object.entries(offer)) setAttribute(this.root, name, scrolls ? value : null);
  }

  /** Bring the selected column into a frame that scrolls, when it is another one. */
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
    const { zero, bottom, edge, length } = this,
      parts = [];
    const line = (y, name) => svgElement("path", { class: name, d: `M${MARGIN.left} ${y}H${edge}` });
    const label = (y, text) => svgElement("text", { x: MARGIN.left - 5, y: y + 4, "text-anchor": "end" }, text);
    for (const [ticks, sign] of [
      [TICKS_UP, 1],
      [TICKS_DOWN, -1],
    ]) {
      for (const n of ticks) {
        const y = round(zero - sign * up(n));
        parts.push(line(y, "lmkit-ribbon-grid"), label(y, String(n)));
      }
    }
    parts.push(line(zero, "lmkit-ribbon-axis"), label(zero, "0"));
    for (let step = 1; step <= length; step += step === 1 ? 9 : 10) {
      const x = round(this.x(step - 1) + this.pitch / 2);
      parts.push(svgElement("text", { x, y: bottom + 18, "text-anchor": "middle" }, String(step)));
    }
    parts.push(svgElement("text", { x: MARGIN.left - 5, y: bottom + 18, "text-anchor": "end" }, "step"));
    return parts;
  }

  notes() {
    const note = (y, text) => svgElement("text", { class: "lmkit-ribbon-note", x: MARGIN.left + 4, y }, text);
    return [
      note(MARGIN.top - 16, "▲ words that can come next"),
      note(this.bottom - 5, "▼ words that cannot, but are kept"),
    ];
  }

  x(t) {
    return round(MARGIN.left + t * this.pitch);
  }

  stepAt(x) {
    return Math.floor((x - MARGIN.left) / this.pitch);
  }

  /** A bar of n words from the axis, upwards or downwards. */
  column(t, n, sign) {
    if (!n) return "";
    const gap = this.pitch > 8 ? 1 : 0.5;
    return `M${round(this.x(t) + gap / 2)} ${this.zero}v${round(-sign * up(n))}h${round(this.pitch - gap)}V${this.zero}z`;
  }

  /** How many words can come next, as a line over all steps where that is known. */
  outline(steps) {
    let on = false;
    return steps
      .map(({ known, right, missing }, t) => {
        const command = known && on ? "L" : "M";
        on = known;
        return known ? `${command}${this.x(t)} ${round(this.zero - up(right + missing))}h${round(this.pitch)}` : "";
      })
      .join("");
  }

  cross(t) {
    const x = round(this.x(t) + this.pitch / 2),
      y = MARGIN.top - 7;
    return `M${x - 3} ${y - 3}l6 6m0 -6l-6 6`;
  }

  triangle(t) {
    const x = round(this.x(t) + this.pitch / 2);
    return `M${x} ${this.bottom - 1}l5 8h-10z`;
  }
}

/** The height of n words. */
function up(n) {
  return UNIT * Math.log1p(n);
}

function round(value) {
  return Math.round(10 * value) / 10;
}
