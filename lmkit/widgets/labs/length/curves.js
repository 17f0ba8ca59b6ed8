// Shares by length as curves: each on the band of its interval, with a dot for every seed, and a line where training ended.

import { EDGE, runColor, runMark, runPath } from "../../base/charts/run_chart.js";
import { RunCurves } from "../../base/charts/run_curves.js";
import { resize, setAttribute, setText, svgElement } from "../../base/dom.js";

/** @typedef {import("../../base/charts/run_curves.js").Series} Series */
/** @typedef {{ at: number, lines: string[] } | null} End Where training ended, and what is written there. */

/** @typedef {Series & { low: number[], high: number[], seeds: number[][] }} ShareSeries Ends of each interval; shares. */
/** @typedef {Omit<Parameters<RunCurves["show"]>[0], "series"> & { series: ShareSeries[] }} ShareChart */

export class ShareCurves extends RunCurves {
  /** @param {{ onResize: () => void }} options */
  constructor(options) {
    super(options);
    this.end = runPath("", "lmkit-length-end");
    this.endName = svgElement("text", { class: "lmkit-length-end-name" });
    this.seeds = svgElement("g", { class: "lmkit-length-seeds" });
    this.drawn.prepend(this.end);
    this.drawn.insertBefore(this.seeds, this.lines);
    this.drawn.append(this.endName);
  }

  /**
   * @param {ShareChart} chart
   * @param {End} end
   */
  draw(chart, end) {
    this.show(chart);
    const groups = resize(this.seeds, chart.series.length, () => runPath("", ""));
    for (const [n, { points, seeds, role }] of chart.series.entries()) {
      const dots = points.flatMap(([at], i) =>
        seeds.map((shares) => runMark("circle", this.x(at), this.y(shares[i]), 2)),
      );
      setAttribute(groups[n], "d", dots.join(""));
      runColor(groups[n], role);
    }
    this.showEnd(end);
  }

  /** @param {End} end */
  showEnd(end) {
    const x = end ? this.x(end.at) : 0;
    setAttribute(this.end, "d", end ? `M${x} ${EDGE.top}V${this.bottom}` : "");
    const lines = end ? end.lines : [];
    const spans = resize(this.endName, lines.length, () => svgElement("tspan"));
    for (const [n, span] of spans.entries()) {
      setText(span, lines[n]);
      setAttribute(span, "x", String(x + 6));
      setAttribute(span, "y", String(EDGE.top + 30 + 15 * n));
    }
  }

  /**
   * Between the ends of its intervals, which are not the same on both sides.
   *
   * @override
   * @param {SVGPathElement} band
   * @param {Series} series
   */
  showBand(band, series) {
    const { points, low, high, role } = /** @type {ShareSeries} */ (series);
    /** @param {number[]} ends */
    const edge = (ends) => points.map(([at], i) => `${this.x(at)} ${this.y(ends[i])}`);
    setAttribute(band, "d", `M${[...edge(high), ...edge(low).reverse()].join("L")}Z`);
    runColor(band, role);
  }

  /**
   * With a mark at every point: ticks are elsewhere.
   *
   * @override
   * @param {SVGGElement} group
   * @param {Series} series
   */
  showLine(group, series) {
    super.showLine(group, series);
  }
}
