// The pictures of the dropout lab's layer: the units of one draw, and the outputs of all draws.

import { placeOf, sizeOf, watchSize } from "../../base/charts/place.js";
import { resize, setAttribute, setText, signed, svgElement } from "../../base/dom.js";
import { hasNumbers } from "../../base/shown_numbers.js";
import { BINS } from "./model.js";

/** @typedef {import("./model.js").Shown} Shown */

/** A picture that is drawn anew at every size. Subclasses have `frame`, which draws what stays, and `fill`. */
export class DropoutChart {
  /**
   * `onResize` is called when there is another size to draw for.
   * @param {string} className
   * @param {number} height
   * @param {() => void} onResize
   */
  constructor(className, height, onResize) {
    this.height = height;
    this.width = 0;
    this.svg = svgElement("svg", { role: "img", class: `lmkit-dropout-chart ${className}` });
    this.root = placeOf("lmkit-dropout-frame", this.svg, height);
    this.most = height;
    this.observer = watchSize(this.root, this, onResize);
  }

  close() {
    this.observer.disconnect();
  }

  /**
   * What stays at a size.
   * @param {number} _width
   * @returns {SVGElement[]}
   */
  frame(_width) {
    return [];
  }

  /**
   * What is drawn, in numbers.
   * @param {Shown} _shown
   * @returns {{ columns: string[], rows: (number | string)[][] }}
   */
  numbers(_shown) {
    return { columns: [], rows: [] };
  }

  /**
   * What settings change.
   * @param {Shown} _shown
   */
  fill(_shown) {}

  /**
   * @param {Shown} shown
   * @param {string} words the same in words
   */
  show(shown, words) {
    const { width, height } = sizeOf(this.root, { width: 320, height: this.most }); // hidden until numbers are there
    if (width !== this.width || height !== this.height) {
      this.width = width;
      this.height = height;
      setAttribute(this.svg, "viewBox", `0 0 ${width} ${height}`);
      setAttribute(this.svg, "height", String(height));
      this.svg.replaceChildren(...this.frame(width));
    }
    setAttribute(this.svg, "aria-label", words);
    hasNumbers(this.root, () => this.numbers(shown));
    this.fill(shown);
  }

  /**
   * @param {number} x
   * @param {number} y
   */
  text(x, y, className = "", anchor = "middle", content = "") {
    return svgElement("text", { x, y, class: className, "text-anchor": anchor }, content);
  }
}

const NETWORK = { height: 244, below: 50, output: 24, box: [104, 34] };

/** Units below, the output above. A dropped unit has a cross, and no line leads from it. */
export class LayerDiagram extends DropoutChart {
  /** @param {() => void} onResize */
  constructor(onResize) {
    super("lmkit-dropout-layer", NETWORK.height, onResize);
    this.lines = svgElement("g");
    this.units = svgElement("g");
    this.output = this.text(0, NETWORK.output + 5, "lmkit-dropout-y");
  }

  /** @param {number} width */
  frame(width) {
    const [wide, high] = NETWORK.box;
    const middle = tenths(width / 2);
    const box = { x: middle - wide / 2, y: NETWORK.output - high / 2, width: wide, height: high, rx: 6 };
    setAttribute(this.output, "x", String(middle));
    const names = this.text(middle, this.height - 6, "", "middle", "activations, as they are passed on");
    return [this.lines, svgElement("rect", { class: "lmkit-dropout-box", ...box }), this.output, this.units, names];
  }

  /**
   * @override
   * @param {Shown} shown
   */
  numbers({ activations, contributions, mask, scale }) {
    const rows = activations.map((activation, j) => {
      const kept = mask[j] ? scale : 0;
      return [j + 1, mask[j] ? "kept" : "dropped", kept * activation, kept * contributions[j]];
    });
    return { columns: ["unit", "fate", "activation passed on", "share of the output"], rows };
  }

  /** @param {Shown} shown */
  fill({ activations, contributions, mask, scale, output }) {
    const count = activations.length;
    const gap = this.width / count,
      level = this.height - NETWORK.below;
    const r = tenths(Math.min(16, gap / 2 - 2));
    const most = Math.max(...contributions.map(Math.abs));
    const below = NETWORK.output + NETWORK.box[1] / 2;
    resize(this.lines, count, () => svgElement("path"));
    resize(this.units, count, () => svgElement("g", {}, svgElement("path"), this.text(0, 0)));
    for (let j = 0; j < count; j++) {
      const x = tenths((j + 0.5) * gap);
      const [line, unit] = [this.lines.children[j], this.units.children[j]];
      setAttribute(line, "d", `M${x} ${level - r}L${this.landing(j, count)} ${below}`);
      setAttribute(line, "stroke-width", String(tenths(0.8 + (3.7 * Math.abs(contributions[j])) / most)));
      const kind = !mask[j] ? "dropped" : contributions[j] < 0 ? "negative" : "positive";
      setAttribute(line, "class", `lmkit-dropout-line-${kind}`);
      const [circle, value] = unit.children;
      setAttribute(unit, "class", mask[j] ? "lmkit-dropout-kept" : "lmkit-dropout-gone");
      setAttribute(circle, "d", ring(x, level, r) + (mask[j] ? "" : cross(x, level, r)));
      setAttribute(value, "x", String(x));
      setAttribute(value, "y", String(level + 4));
      setText(value, mask[j] ? decimal(scale * activations[j]) : "");
    }
    setText(this.output, `y = ${number(output)}`);
  }

  /**
   * Lines end side by side at the output's lower border.
   * @param {number} j
   * @param {number} count
   */
  landing(j, count) {
    return tenths(this.width / 2 + ((j + 0.5) / count - 0.5) * 0.86 * NETWORK.box[0]);
  }
}

const PLOT = { height: 244, top: 36, below: 54, left: 10, right: 10 };
const TICK = 4; // a number each so many units of the output

/** The histogram: bars of all draws, a line where the output is without dropout, marks of the mean and of one draw. */
export class OutputHistogram extends DropoutChart {
  /** @param {() => void} onResize */
  constructor(onResize) {
    super("lmkit-dropout-histogram", PLOT.height, onResize);
    this.scale = 1; // pixels for a unit of the output
    this.bars = svgElement("path", { class: "lmkit-dropout-bars" });
    this.whole = svgElement("path", { class: "lmkit-dropout-whole" });
    this.spread = svgElement("path", { class: "lmkit-dropout-spread" });
    this.mean = svgElement("path", { class: "lmkit-dropout-mean" });
    this.draw = svgElement("path", { class: "lmkit-dropout-draw" });
    this.spreadName = this.text(0, 12, "lmkit-dropout-spread-name");
  }

  /** @param {number} width */
  frame(width) {
    const { low, high, width: bin } = BINS;
    const bottom = this.height - PLOT.below;
    const parts = [];
    this.scale = (width - PLOT.left - PLOT.right) / (high - low + bin);
    for (let y = low; y <= high; y += TICK) parts.push(this.text(this.x(y), bottom + 29, "", "middle", signed(y, 0)));
    const axis = svgElement("path", {
      class: "lmkit-dropout-axis",
      d: `M${PLOT.left} ${bottom}H${width - PLOT.right}`,
    });
    const note = "output y (the ends also count what is farther out)";
    const names = this.text(tenths(width / 2), this.height - 6, "", "middle", note);
    return [axis, ...parts, names, this.bars, this.whole, this.spread, this.mean, this.draw, this.spreadName];
  }

  /**
   * Where an output lies across, those farther out at the ends.
   * @param {number} y
   */
  x(y) {
    const { low, high, width: bin } = BINS;
    return tenths(PLOT.left + (Math.min(Math.max(y, low), high) - low + bin / 2) * this.scale);
  }

  /**
   * @override
   * @param {Shown} shown
   */
  numbers({ counts }) {
    return { columns: ["output", "passes"], rows: counts.map((count, bin) => [BINS.low + bin * BINS.width, count]) };
  }

  /** @param {Shown} shown */
  fill({ counts, whole, mean, expected, output }) {
    const { top } = PLOT,
      bottom = this.height - PLOT.below;
    /** @param {number} y */
    const x = (y) => this.x(y);
    const highest = Math.max(...counts);
    const wide = tenths(BINS.width * this.scale - 1);
    /** @type {(count: number, place: number) => string} */
    const bar = (count, place) => {
      const tall = tenths((count / highest) * (bottom - top));
      return count ? `M${tenths(x(BINS.low + place * BINS.width) - wide / 2)} ${bottom}v${-tall}h${wide}v${tall}z` : "";
    };
    setAttribute(this.bars, "d", counts.map(bar).join(""));
    setAttribute(this.whole, "d", `M${x(whole)} ${top - 8}V${bottom}`);
    setAttribute(this.mean, "d", `M${x(mean)} ${bottom + 2}l-6 11h12z`);
    setAttribute(this.draw, "d", ring(x(output), bottom - 7, 5));
    const deviation = Math.sqrt(expected.variance);
    const [from, to] = [expected.mean - deviation, expected.mean + deviation];
    setAttribute(this.spread, "d", `M${x(from)} 18v8M${x(from)} 22H${x(to)}M${x(to)} 18v8`);
    const middle = Math.min(Math.max(x(expected.mean), 80), this.width - 80);
    setAttribute(this.spreadName, "x", String(middle));
    setText(this.spreadName, `mean ± deviation: ${number(expected.mean)} ± ${number(deviation)}`);
  }
}

/**
 * Two decimals, with a true minus sign, and no minus before a zero.
 * @param {number} x
 */
export function number(x) {
  return signed(Number(x.toFixed(2)) || 0);
}

/** @param {number} x */
function decimal(x) {
  return x.toFixed(x < 9.95 ? 1 : 0);
}

/**
 * @param {number} x
 * @param {number} y
 * @param {number} r
 */
function ring(x, y, r) {
  return `M${tenths(x - r)} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0`;
}

/**
 * @param {number} x
 * @param {number} y
 * @param {number} r
 */
export function cross(x, y, r) {
  const arm = tenths(0.6 * r);
  const wide = 2 * arm;
  return `M${tenths(x - arm)} ${tenths(y - arm)}l${wide} ${wide}m0 ${-wide}l${-wide} ${wide}`;
}

/** @param {number} value */
export function tenths(value) {
  return Math.round(10 * value) / 10;
}
