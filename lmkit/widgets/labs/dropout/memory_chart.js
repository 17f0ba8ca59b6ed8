// The picture of the dropout lab's memory: masks over time and units, and how many units still carry what was stored.

import { setAttribute, svgElement } from "../../base/dom.js";
import { cross, DropoutChart, tenths } from "./charts.js";
import { STEPS, UNITS } from "./model.js";

/** @typedef {import("./model.js").Shown} Shown */

const MARGIN = { top: 4, left: 44, right: 6, bottom: 38 };
const GAP = 22; // between the units and the bars
const BARS = 60; // the height of the bars where there is room
const ROW = 13; // that of a unit
const LABELLED = [1, 6, 12, 18, 24];

/** Time runs to the right. A unit is a bar as far as its memory lasts; a cross drops it, and dots were kept in vain. */
export class MemoryChart extends DropoutChart {
  /** @param {() => void} onResize */
  constructor(onResize) {
    super("lmkit-dropout-memory", MARGIN.top + UNITS * ROW + GAP + BARS + MARGIN.bottom, onResize);
    this.column = 1; // the width of a step in pixels
    this.alive = svgElement("path", { class: "lmkit-dropout-alive" });
    this.vain = svgElement("path", { class: "lmkit-dropout-vain" });
    this.dropped = svgElement("path", { class: "lmkit-dropout-dropped" });
    this.left = svgElement("path", { class: "lmkit-dropout-left" });
    this.expected = svgElement("path", { class: "lmkit-dropout-expected" });
  }

  get bars() {
    const bottom = this.height - MARGIN.bottom;
    return { top: bottom - Math.min(BARS, 0.2 * this.height), bottom };
  }

  /** The height of a unit. */
  get row() {
    return (this.bars.top - GAP - MARGIN.top) / UNITS;
  }

  /** @param {number} width */
  frame(width) {
    this.column = (width - MARGIN.left - MARGIN.right) / STEPS;
    const { top, bottom } = this.bars;
    const side = MARGIN.left - 6;
    const steps = LABELLED.map((t) => this.text(tenths(this.x(t - 0.5)), bottom + 15, "", "middle", String(t)));
    const turned = this.text(0, 0, "", "middle", "units");
    setAttribute(turned, "transform", `translate(14 ${(MARGIN.top + top - GAP) / 2}) rotate(-90)`);
    /** @param {number} y */
    const across = (y) => `M${MARGIN.left} ${y}H${width - MARGIN.right}`;
    return [
      svgElement("path", { class: "lmkit-dropout-axis", d: across(top) + across(bottom) }),
      this.alive,
      this.vain,
      this.dropped,
      this.left,
      this.expected,
      turned,
      ...steps,
      this.text(tenths(this.x(STEPS / 2)), bottom + 32, "", "middle", "time step"),
      this.text(side, top + 4, "", "end", String(UNITS)),
      this.text(side, (top + bottom) / 2 + 4, "", "end", "left"),
      this.text(side, bottom + 4, "", "end", "0"),
    ];
  }

  /**
   * Where a time lies across, in steps from the first one's beginning.
   * @param {number} t
   */
  x(t) {
    return tenths(MARGIN.left + t * this.column);
  }

  /**
   * @override
   * @param {Shown} shown
   */
  numbers({ alive, shares }) {
    const rows = alive.map((there, t) => [t + 1, there.filter(Boolean).length, UNITS * shares[t]]);
    return { columns: ["step", "units left", "expected"], rows };
  }

  /** @param {Shown} shown */
  fill({ masks, alive, shares }) {
    this.fillUnits(masks, alive);
    this.fillShares(alive, shares);
  }

  /**
   * @param {boolean[][]} masks
   * @param {boolean[][]} alive
   */
  fillUnits(masks, alive) {
    const paths = { alive: "", vain: "", dropped: "" };
    const { row } = this,
      half = row / 2;
    const size = Math.min(this.column, row) / 2;
    for (let j = 0; j < UNITS; j++) {
      const y = tenths(MARGIN.top + (j + 0.5) * row);
      const lasts = alive.filter((there) => there[j]).length;
      if (lasts)
        paths.alive += `M${this.x(0)} ${tenths(y - half + 1.5)}H${this.x(lasts)}v${tenths(row - 3)}H${this.x(0)}z`;
      for (let t = lasts; t < STEPS; t++) {
        const x = this.x(t + 0.5);
        if (masks[t][j]) paths.vain += `M${tenths(x - 1.5)} ${y - 1.5}h3v3h-3z`;
        else paths.dropped += cross(x, y, size);
      }
    }
    setAttribute(this.alive, "d", paths.alive);
    setAttribute(this.vain, "d", paths.vain);
    setAttribute(this.dropped, "d", paths.dropped);
  }

  /**
   * @param {boolean[][]} alive
   * @param {number[]} shares that are expected
   */
  fillShares(alive, shares) {
    const { top, bottom } = this.bars;
    const wide = tenths(this.column - 2);
    const counts = alive.map((there) => there.filter(Boolean).length / UNITS);
    /** @param {number} share */
    const tall = (share) => tenths(share * (bottom - top));
    /** @type {(share: number, t: number) => string} */
    const bar = (share, t) =>
      share ? `M${tenths(this.x(t) + 1)} ${bottom}v${-tall(share)}h${wide}v${tall(share)}z` : "";
    setAttribute(this.left, "d", counts.map(bar).join(""));
    /** @type {(share: number, t: number) => string} */
    const level = (share, t) => `M${this.x(t)} ${tenths(bottom - tall(share))}H${this.x(t + 1)}`;
    setAttribute(this.expected, "d", shares.map(level).join(""));
  }
}
