// Learning curves of runs that were repeated with several seeds:
//
//   const curves = new RunCurves({ onResize: () => this.ask() });
//   box.append(curves.root);                                         // a legend above a chart
//   curves.show({ series, x, y, lines, words });
//   curves.close();                                                  // in the view's close()

import { resize, setAttribute, svgElement } from "../dom.js";
import { hasNumbers } from "../shown_numbers.js";
import { RunChart, runColor, runMark, runPath } from "./run_chart.js";

/** @typedef {import("./run_chart.js").Mark} Mark */
/** @typedef {import("./run_chart.js").Point} Point */

/**
 * @typedef {object} Series
 * @property {string} name
 * @property {string} role - One of lmkit.plots.roles.
 * @property {Mark} mark - At every tick of x, where it has any.
 * @property {Point[]} points
 * @property {boolean} [strong]
 * @property {boolean} [dashed]
 * @property {boolean} [faint]
 */

/** Curves with a mark at every tick, each on a band of mean ± half. */
export class RunCurves extends RunChart {
  /** @param {{ onResize: () => void, height?: number }} options */
  constructor({ onResize, height }) {
    super({ onResize, role: "img", height });
    this.bands = svgElement("g"); // below all lines
    this.lines = svgElement("g");
    this.drawn.append(this.bands, this.lines);
  }

  /**
   * @param {object} chart
   * @param {Series[]} chart.series
   * @param {import("./run_chart.js").AxisX} chart.x
   * @param {import("./run_chart.js").AxisY} chart.y
   * @param {import("./run_chart.js").Line[]} [chart.lines]
   * @param {string} chart.words - The same in a sentence or two.
   */
  show({ series, x, y, lines, words }) {
    const points = series.flatMap((one) => one.points);
    this.layOut(points, x, y, lines);
    setAttribute(this.svg, "aria-label", words);
    hasNumbers(this.root, () => this.numbers(series, x, y, lines));
    this.showLegend(series);
    const bands = resize(this.bands, series.length, () => runPath("", "lmkit-run-band"));
    const lineGroups = resize(this.lines, series.length, () => svgElement("g"));
    const marked = x.ticks && new Set(x.ticks.map(([value]) => value));
    for (const [n, one] of series.entries()) {
      this.showBand(bands[n], one);
      this.showLine(lineGroups[n], one, marked);
    }
  }

  /**
   * @param {Series[]} series
   * @param {import("./run_chart.js").AxisX} x
   * @param {import("./run_chart.js").AxisY} y
   * @param {import("./run_chart.js").Line[]} [lines]
   */
  numbers(series, x, y, lines = []) {
    const columns = ["curve", x.label, y.label, `${y.label} ±`];
    const drawn = series.flatMap(({ name, points }) =>
      points.map(([at, mean, half]) => [name, x.valueAt?.(at) ?? at, mean, half]),
    );
    return { columns, rows: [...drawn, ...lines.map(({ name, value }) => [name, null, value, null])] };
  }

  /**
   * @param {SVGPathElement} band
   * @param {Series} series
   */
  showBand(band, { points, role }) {
    /** @param {1 | -1} side */
    const edge = (side) => points.map(([at, mean, half]) => `${this.x(at)} ${this.y(mean + side * (half ?? 0))}`);
    const known = points.some(([, , half]) => half);
    setAttribute(band, "d", known ? `M${[...edge(1), ...edge(-1).reverse()].join("L")}Z` : "");
    runColor(band, role);
  }

  /**
   * @param {SVGGElement} group
   * @param {Series} series
   * @param {Set<number>} [marked]
   */
  showLine(group, { points, role, mark, strong, dashed, faint }, marked) {
    const [line, marks] = resize(group, 2, (n) => runPath("", n ? "lmkit-run-mark" : "lmkit-run-line"));
    const corners = points.map(([at, mean]) => `${this.x(at)} ${this.y(mean)}`);
    setAttribute(line, "d", corners.length ? `M${corners.join("L")}` : "");
    const shown = points.filter(([at]) => !marked || marked.has(at));
    const drawn = shown.map(([at, mean]) => runMark(mark, this.x(at), this.y(mean), strong ? 5 : 4));
    setAttribute(marks, "d", drawn.join(""));
    line.classList.toggle("lmkit-run-strong", Boolean(strong));
    line.classList.toggle("lmkit-run-dashed", Boolean(dashed));
    group.classList.toggle("lmkit-run-faint", Boolean(faint));
    runColor(group, role);
  }
}
