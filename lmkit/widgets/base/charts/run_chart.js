// A chart of training runs that were repeated with several seeds, as run_curves.js and run_dots.js draw them. Styles are
// in run_chart.css, which a lab's own sheet imports.

import { element, setAttribute, svgElement, uniqueId } from "../dom.js";
import { placeOf, sizeOf, watchSize } from "./place.js";

const HEIGHT = 300;
export const EDGE = { top: 30, bottom: 46, left: 50, right: 14 };

/** @typedef {"circle" | "square" | "diamond" | "up" | "down" | "plus"} Mark */
/** @typedef {[number, number]} Range From, to. */
/** @typedef {[x: number, mean: number, half: number | null]} Point `half` an interval; 0 or null draws none. */
/** @typedef {{ name: string, role: string, mark: Mark }} LegendEntry `role` is one of lmkit.plots.roles. */
/** @typedef {{ value: number, name: string }} Line A line across, such as a ceiling. */

/**
 * How values across are written: ticks are values and their labels. Without `range` it follows the points, and without
 * `ticks` they are round numbers. Where an axis is not even, `valueAt` says what stands at a place.
 *
 * @typedef {{ label: string, ticks?: [number, string][], range?: Range, valueAt?: (place: number) => number }} AxisX
 */

/**
 * How values upwards are written: 0.5 as 50 % where `times` is 100 and `unit` is " %".
 *
 * @typedef {{ label: string, times?: number, unit?: string, range?: Range }} AxisY
 */

/** What both kinds share: a frame with axes, drawn anew at every width, below a legend. */
export class RunChart {
  /**
   * @param {object} options
   * @param {() => void} options.onResize - Called when there is another width to draw for.
   * @param {string | null} options.role - Of the picture; null where its parts have roles.
   * @param {number} [options.height] - In pixels.
   */
  constructor({ onResize, role, height = HEIGHT }) {
    this.most = height;
    this.height = height;
    this.svg = svgElement("svg", { class: "lmkit-run-chart", height });
    if (role) this.svg.setAttribute("role", role);
    this.legend = element("p", { class: "lmkit-run-legend", "aria-hidden": "true" });
    this.frame = placeOf("lmkit-run-frame", this.svg, height);
    this.root = element("div", { class: "lmkit-run" }, this.legend, this.frame);
    const clip = uniqueId("lmkit-clip");
    this.box = svgElement("rect");
    this.axes = svgElement("g", { "aria-hidden": "true", "data-filled": "" });
    this.drawn = svgElement("g", { "clip-path": `url(#${clip})`, "aria-hidden": "true" });
    this.svg.append(svgElement("clipPath", { id: clip }, this.box), this.axes, this.drawn);
    this.key = "";
    this.legendKey = "";
    this.width = 0;
    this.right = 0;
    this.bottom = height - EDGE.bottom;
    this.x = scaleOf([0, 1], 0, 1);
    this.y = scaleOf([0, 1], 0, 1);
    this.observer = watchSize(this.frame, this, onResize);
  }

  close() {
    this.observer.disconnect();
  }

  /**
   * Scales and axes; nothing is touched while they stay as they are.
   *
   * @param {Point[]} points
   * @param {AxisX} x
   * @param {AxisY} y
   * @param {Line[]} [lines]
   * @param {number} [air] - Left beside the first and last point, as a share of the range.
   */
  layOut(points, x, y, lines = [], air = 0) {
    const { width, height } = sizeOf(this.frame, { width: 640, height: this.most }); // hidden until there is something
    const heights = [
      ...points.flatMap(([, mean, half]) => [mean - (half ?? 0), mean + (half ?? 0)]),
      ...lines.map(({ value }) => value),
    ];
    const places = points.map(([at]) => at);
    const across = x.range ?? rangeOf(places, air);
    const up = y.range ?? rangeOf(heights, 0.06);
    const key = JSON.stringify([width, height, across, up, x, y, lines]);
    if (this.key === key) return;
    this.key = key;
    this.width = width;
    this.height = height;
    this.bottom = height - EDGE.bottom;
    this.right = width - EDGE.right;
    this.x = scaleOf(across, EDGE.left + 8, this.right - 8);
    this.y = scaleOf(up, this.bottom, EDGE.top);
    setAttribute(this.svg, "viewBox", `0 0 ${width} ${height}`);
    setAttribute(this.svg, "height", String(height));
    const box = {
      x: EDGE.left,
      y: EDGE.top - 2,
      width: this.right - EDGE.left,
      height: this.bottom - EDGE.top + 4,
    };
    for (const [name, value] of Object.entries(box)) setAttribute(this.box, name, String(value));
    this.axes.replaceChildren(...this.axesOf(x, y, across, up), ...lines.flatMap((line) => this.lineOf(line)));
  }

  /**
   * @param {AxisX} x
   * @param {AxisY} y
   * @param {Range} across
   * @param {Range} up
   */
  axesOf(x, y, across, up) {
    const { right, bottom } = this;
    /** @type {SVGElement[]} */
    const parts = [];
    /**
     * @param {import("../dom.js").Attributes} attributes
     * @param {string} content
     */
    const text = (attributes, content) => parts.push(svgElement("text", attributes, content));
    const { values, digits } = ticksOf(up, (bottom - EDGE.top) / 45, y.times);
    for (const value of values) {
      const at = this.y(value);
      parts.push(svgElement("path", { class: "lmkit-run-grid", d: `M${EDGE.left} ${at}H${right}` }));
      text({ x: EDGE.left - 6, y: at + 4, "text-anchor": "end" }, runNumber(value, y, digits));
    }
    for (const [value, label] of x.ticks ?? roundTicks(across, (right - EDGE.left) / 60)) {
      text({ x: this.x(value), y: bottom + 18, "text-anchor": "middle" }, label);
    }
    text({ class: "lmkit-run-axis", x: 0, y: 14 }, `↑ ${y.label}`);
    text({ class: "lmkit-run-axis", x: right, y: this.height - 6, "text-anchor": "end" }, `${x.label} →`);
    return parts;
  }

  /**
   * A dashed line across, with its name.
   *
   * @param {Line} line
   */
  lineOf({ value, name }) {
    const at = this.y(value),
      above = at - EDGE.top > 20;
    return [
      svgElement("path", { class: "lmkit-run-ceiling", d: `M${EDGE.left} ${at}H${this.right}` }),
      svgElement("text", { class: "lmkit-run-ceiling-name", x: EDGE.left + 6, y: above ? at - 5 : at + 15 }, name),
    ];
  }

  /** @param {LegendEntry[]} entries */
  showLegend(entries) {
    const key = JSON.stringify(entries.map(({ name, role, mark }) => [name, role, mark]));
    if (this.legendKey === key) return;
    this.legendKey = key;
    this.legend.replaceChildren(
      ...entries.map(({ name, role, mark }) => {
        const picture = svgElement(
          "svg",
          { viewBox: "-8 -8 16 16", width: "16", height: "16" },
          runPath(runMark(mark, 0, 0, 5.5)),
        );
        const label = element("span", {}, name);
        runColor(picture, role);
        label.style.color = `var(--lm-${role}-text)`;
        return element("span", { class: "lmkit-run-key" }, picture, label);
      }),
    );
    this.legend.hidden = !entries.length;
  }
}

/**
 * A value as it is written: `times` and `unit` say how.
 *
 * @param {number} value
 * @param {{ times?: number, unit?: string }} axis
 * @param {number} digits
 */
export function runNumber(value, { times = 1, unit = "" }, digits) {
  return `${(times * value).toFixed(digits).replace("-", "\u2212")}${unit}`;
}

/**
 * The path of a mark around a place.
 *
 * @param {Mark} mark
 * @param {number} x
 * @param {number} y
 * @param {number} r
 */
export function runMark(mark, x, y, r) {
  /** @param {number[]} place */
  const corner = ([a, b]) => `${runRound(x + a * r)} ${runRound(y + b * r)}`;
  /** @param {...number[]} corners */
  const polygon = (...corners) => `M${corners.map(corner).join("L")}Z`;
  if (mark === "square") return polygon([-0.9, -0.9], [0.9, -0.9], [0.9, 0.9], [-0.9, 0.9]);
  if (mark === "diamond") return polygon([0, -1.3], [1.3, 0], [0, 1.3], [-1.3, 0]);
  if (mark === "up") return polygon([0, -1.2], [1.1, 0.8], [-1.1, 0.8]);
  if (mark === "down") return polygon([0, 1.2], [1.1, -0.8], [-1.1, -0.8]);
  if (mark === "plus") {
    const a = 0.4,
      b = 1.2;
    return polygon(
      [-a, -b],
      [a, -b],
      [a, -a],
      [b, -a],
      [b, a],
      [a, a],
      [a, b],
      [-a, b],
      [-a, a],
      [-b, a],
      [-b, -a],
      [-a, -a],
    );
  }
  return `M${runRound(x - r)} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0Z`;
}

/**
 * @param {string} d
 * @param {string} [className]
 */
export function runPath(d, className = "lmkit-run-mark") {
  return svgElement("path", { class: className, d });
}

/**
 * @param {SVGElement} node
 * @param {string} role
 */
export function runColor(node, role) {
  const color = `var(--lm-${role})`;
  if (node.style.color !== color) node.style.color = color;
}

/**
 * @param {number[]} values
 * @param {number} air
 * @returns {Range}
 */
function rangeOf(values, air) {
  const known = values.length ? values : [0, 1],
    low = Math.min(...known),
    high = Math.max(...known);
  const more = high > low ? air * (high - low) : 0.5;
  return [low - more, high + more];
}

/**
 * @param {Range} range
 * @param {number} from
 * @param {number} to
 * @returns {(value: number) => number}
 */
function scaleOf([low, high], from, to) {
  return (value) => runRound(from + ((value - low) / (high - low)) * (to - from));
}

/**
 * Round numbers within a range, about `count` of them, and the digits that tell one from the next.
 *
 * @param {Range} range
 * @param {number} count
 * @param {number} [times]
 */
function ticksOf([low, high], count, times = 1) {
  const rough = (high - low) / Math.max(2, count);
  const size = 10 ** Math.floor(Math.log10(rough));
  const step = size * ([1, 2, 5].find((factor) => factor * size >= rough * (1 - 1e-9)) ?? 10);
  const values = [];
  for (let n = Math.ceil(low / step - 1e-9); n * step <= high + 1e-9 * step; n++) values.push(n * step);
  return { values, digits: Math.max(0, -Math.floor(Math.log10(times * step) + 1e-9)) };
}

/** @param {number} value */
export function runRound(value) {
  return Math.round(10 * value) / 10;
}

/**
 * @param {Range} range
 * @param {number} count
 * @returns {[number, string][]}
 */
function roundTicks(range, count) {
  const { values, digits } = ticksOf(range, count);
  return values.map((value) => [value, runNumber(value, {}, digits)]);
}
