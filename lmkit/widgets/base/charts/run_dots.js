// The ends of runs that were repeated with several seeds:
//
//   const dots = new RunDots({ label: "All runs; arrow keys choose", onResize, onSelect: (index) => … });
//   box.append(dots.root);                                           // a legend above a chart
//   dots.show({ dots, chosen, legend, x, y, lines, words });
//   dots.close();                                                    // in the view's close()
//
// A chart without `onSelect` is one picture with `words` as its text; with it, every dot is a radio button that a
// pointer or the arrow keys reach.

import { resize, setAttribute, setText, svgElement } from "../dom.js";
import { hasNumbers } from "../shown_numbers.js";
import { EDGE, RunChart, runColor, runMark, runNumber, runPath, runRound } from "./run_chart.js";

const REACH = 24; // how near a pointer must come to a dot, in pixels

/** @type {Record<string, number>} */
const STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1, " ": 0, Home: -Infinity, End: Infinity };

/**
 * @typedef {object} Dot
 * @property {string} name
 * @property {string} role - One of lmkit.plots.roles.
 * @property {import("./run_chart.js").Mark} mark
 * @property {import("./run_chart.js").Point} point
 * @property {boolean} [strong]
 */

/** Dots with a bar of mean ± half; one may be chosen. */
export class RunDots extends RunChart {
  /**
   * @param {object} options
   * @param {string} [options.label] - Of the dots as a group to choose from.
   * @param {() => void} options.onResize - Called when there is another width to draw for.
   * @param {((index: number) => void) | null} [options.onSelect]
   */
  constructor({ label = "", onResize, onSelect = null }) {
    super({ onResize, role: onSelect ? null : "img" });
    this.onSelect = onSelect;
    this.group = svgElement("g", onSelect ? { role: "radiogroup", "aria-label": label } : { "aria-hidden": "true" });
    this.ring = svgElement("circle", { class: "lmkit-run-ring", r: "10", "aria-hidden": "true" });
    this.name = svgElement("text", { class: "lmkit-run-name", "aria-hidden": "true" });
    this.svg.append(this.group, this.ring, this.name);
    /** @type {Dot[]} */
    this.dots = [];
    /** @type {{ x: number, y: number }[]} */
    this.places = [];
    /** @type {number[]} Dots from left to right. */
    this.order = [];
    /** @type {number | null} */
    this.chosen = null;
    /** @type {SVGGElement[]} */
    this.nodes = [];
    /** @type {SVGPathElement[]} */
    this.bars = [];
    this.svg.addEventListener("pointermove", (event) => this.point(this.nearest(event)));
    this.svg.addEventListener("pointerleave", () => this.point(null));
    if (!onSelect) return;
    this.svg.addEventListener("click", (event) => {
      const found = this.nearest(event);
      if (found !== null) onSelect(found);
    });
    this.svg.addEventListener("keydown", (event) => this.press(event));
  }

  /**
   * @param {object} chart
   * @param {Dot[]} chart.dots - Later ones lie above earlier ones.
   * @param {number | null} [chart.chosen]
   * @param {import("./run_chart.js").LegendEntry[]} [chart.legend]
   * @param {import("./run_chart.js").AxisX} chart.x
   * @param {import("./run_chart.js").AxisY} chart.y
   * @param {import("./run_chart.js").Line[]} [chart.lines]
   * @param {string} chart.words - The same in a sentence or two, for a chart that is one picture.
   */
  show({ dots, chosen = null, legend = [], x, y, lines, words }) {
    const points = dots.map(({ point }) => point);
    this.layOut(points, x, y, lines, 0.02);
    this.dots = dots;
    this.chosen = chosen;
    hasNumbers(this.root, () => ({
      columns: ["name", x.label, y.label, `${y.label} ±`],
      rows: dots.map(({ name, point: [at, mean, half] }) => [name, at, mean, half]),
    }));
    if (!this.onSelect) setAttribute(this.svg, "aria-label", words);
    this.showLegend(legend);
    this.places = dots.map(({ point: [at, mean] }) => ({ x: this.x(at), y: this.y(mean) }));
    const { places } = this;
    this.bars = resize(this.drawn, dots.length, () => runPath("", "lmkit-run-bar"));
    this.nodes = resize(this.group, dots.length, () => this.makeDot());
    for (const [n, dot] of dots.entries()) this.showDot(dot, n, y);
    this.order = [...dots.keys()].sort((a, b) => places[a].x - places[b].x || places[a].y - places[b].y);
    if (this.onSelect) setAttribute(this.nodes[chosen ?? this.order[0]], "tabindex", "0");
    this.showRing();
    this.point(null);
  }

  makeDot() {
    const parts = [svgElement("circle", { class: "lmkit-run-target", r: "12" }), runPath("", "lmkit-run-mark")];
    return svgElement("g", { class: "lmkit-run-dot", ...(this.onSelect && { role: "radio" }) }, ...parts);
  }

  /**
   * @param {Dot} dot
   * @param {number} n
   * @param {import("./run_chart.js").AxisY} y
   */
  showDot({ name, role, mark, point: [, mean, half], strong }, n, y) {
    const [bar, node, place] = [this.bars[n], this.nodes[n], this.places[n]];
    setAttribute(bar, "d", half ? `M${place.x} ${this.y(mean - half)}V${this.y(mean + half)}` : "");
    setAttribute(node, "transform", `translate(${place.x} ${place.y})`);
    setAttribute(node.children[1], "d", runMark(mark, 0, 0, strong ? 5.5 : 4.25));
    for (const one of [bar, node]) runColor(one, role);
    bar.classList.toggle("lmkit-run-strong", n === this.chosen);
    if (!this.onSelect) return;
    const more = half ? ` give or take ${runNumber(half, y, 2)}` : "";
    setAttribute(node, "aria-label", `${name}: ${runNumber(mean, y, 2)}${more}`);
    setAttribute(node, "aria-checked", String(n === this.chosen));
    setAttribute(node, "tabindex", "-1");
  }

  showRing() {
    const place = this.chosen === null ? null : this.places[this.chosen];
    setAttribute(this.ring, "display", place ? null : "none");
    setAttribute(this.ring, "cx", String(place?.x ?? 0));
    setAttribute(this.ring, "cy", String(place?.y ?? 0));
  }

  /**
   * The name of the dot under the pointer, or of the chosen one.
   *
   * @param {number | null} found
   */
  point(found) {
    const n = found ?? this.chosen;
    setText(this.name, n === null ? "" : this.dots[n].name);
    this.svg.classList.toggle("lmkit-run-pointed", found !== null && Boolean(this.onSelect));
    if (n === null) return;
    const room = this.name.getComputedTextLength() / 2 + 4;
    const middle = Math.min(Math.max(this.places[n].x, EDGE.left + room), this.width - room);
    const up = this.reaches(n, -1) - 12,
      down = this.reaches(n, 1) + 20;
    setAttribute(this.name, "x", String(runRound(middle)));
    setAttribute(this.name, "y", String(runRound(down < this.bottom - 2 ? down : Math.max(up, EDGE.top + 12))));
    setAttribute(this.name, "text-anchor", "middle");
  }

  /**
   * The end of a dot's bar, or of its ring.
   *
   * @param {number} n
   * @param {1 | -1} side
   */
  reaches(n, side) {
    const [, mean, half] = this.dots[n].point;
    const ring = this.places[n].y + 10 * side;
    return side * Math.max(side * ring, side * this.y(mean - side * (half ?? 0)));
  }

  /**
   * The place in `dots` of the dot nearest to a pointer, or null.
   *
   * @param {MouseEvent} event
   * @returns {number | null}
   */
  nearest({ clientX, clientY }) {
    const box = this.svg.getBoundingClientRect();
    let best = null,
      least = REACH;
    for (const [n, { x, y }] of this.places.entries()) {
      const away = Math.hypot(clientX - box.left - x, clientY - box.top - y);
      if (away < least) [best, least] = [n, away];
    }
    return best;
  }

  /** @param {KeyboardEvent} event */
  press(event) {
    const from = this.nodes.findIndex((node) => event.target instanceof Node && node.contains(event.target));
    const step = STEPS[event.key];
    if (from < 0 || step === undefined) return;
    event.preventDefault();
    const last = this.order.length - 1,
      to = this.order[Math.min(Math.max(this.order.indexOf(from) + step, 0), last)];
    this.nodes[to].focus();
    this.onSelect?.(to);
  }
}
