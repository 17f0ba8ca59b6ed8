// The regularisation lab: runs of one setting of weight decay, AR and TAR beside runs without any of them.

import { RunCurves } from "../../base/charts/run_curves.js";
import { element, percent, setText } from "../../base/dom.js";
import { LabError } from "../../base/errors.js";
import { folded, LabView, panel, stage, widgetOf } from "../../base/view.js";
import { ActivationHistogram } from "./histogram.js";

/**
 * @typedef {import("../../base/view.js").Model} Model
 * @typedef {"alpha" | "beta" | "weight_decay"} Setting
 * @typedef {"accuracy" | "cross_entropy" | "train_cross_entropy" | "activation" | "change" | "saturated" |
 *   "weight"} Measure
 * @typedef {[mean: number, half: number]} Interval
 * @typedef {[means: number[], halves: number[]]} Curve after each epoch
 * @typedef {Record<Measure, Interval> & { seeds: number, train: Curve, held_out: Curve,
 *   histogram: number[] }} Point what the runs of one setting did: each measure, losses, shares of h in equal bins
 * @typedef {[number, number]} Range
 * @typedef {(value: number) => number} Scale
 * @typedef {import("../../base/charts/run_curves.js").Series} Series
 * @typedef {import("../../base/charts/run_chart.js").Point} RunPoint
 */

/** @type {Setting[]} */
const NAMES = ["alpha", "beta", "weight_decay"];
/** @type {Record<Setting, string>} */
const SYMBOLS = { alpha: "α", beta: "β", weight_decay: "weight decay" };
const PLAIN = "0 0 0";

class RegularisationView extends LabView {
  /**
   * @param {Model} model
   * @param {HTMLElement} root
   */
  constructor(model, root) {
    /** @type {Record<string, Point>} */
    const points = model.get("points");
    const labels = model.get("labels");
    const curves = panel("lmkit-regularisation-curves", "Loss by epoch");
    const sizes = panel("lmkit-regularisation-sizes", "Activations h");
    const chart = new RunCurves({ onResize: () => this.ask() });
    const histogram = new ActivationHistogram(() => this.ask());
    const table = new MeasureTable(labels, points);
    curves.root.append(curves.heading, chart.root);
    sizes.root.append(sizes.heading, histogram.root);
    super(model, root, stage(curves.root, sizes.root), folded("In numbers", table.root, table.note));
    this.points = points;
    this.chart = chart;
    this.histogram = histogram;
    this.table = table;
    this.highest = highestLoss(points);
  }

  /** @override */
  close() {
    super.close();
    this.chart.close();
    this.histogram.close();
  }

  /** @override */
  update() {
    /** @type {number[]} */
    const places = NAMES.map((name) => this.model.get(`${name}_index`));
    const name = this.nameOf(places),
      point = this.points[places.join(" ")],
      plain = this.points[PLAIN];
    if (!point)
      throw new LabError(`no network was trained with ${name}; the nearest that was has ${this.nearest(places)}`);
    const words = inWords(name, point, plain);
    this.chart.show({ ...chartOf(point, plain, this.highest), words });
    this.histogram.show(point.histogram, plain.histogram, histogramWords(point, plain));
    this.table.show(name, point, plain);
    this.announce(() => spoken(point));
  }

  /** @param {number[]} places */
  nameOf(places) {
    /** @type {Record<Setting, number[]>} */
    const grid = this.model.get("grid");
    return NAMES.map((name, i) => `${SYMBOLS[name]} ${grid[name][places[i]]}`).join(", ");
  }

  /**
   * The setting with runs that takes the fewest steps of the sliders.
   *
   * @param {number[]} places
   */
  nearest(places) {
    /** @param {string} key */
    const steps = (key) => key.split(" ").reduce((sum, place, i) => sum + Math.abs(Number(place) - places[i]), 0);
    const key = Object.keys(this.points).reduce((best, other) => (steps(other) < steps(best) ? other : best));
    return this.nameOf(key.split(" ").map(Number));
  }
}

/** @param {Record<string, Point>} points */
function highestLoss(points) {
  return Math.max(...Object.values(points).flatMap(({ train, held_out }) => [...train[0], ...held_out[0]]));
}

/**
 * Losses of both texts, of the chosen runs and of the plain ones: a mark says which text, a colour or grey which runs.
 *
 * @param {Point} point
 * @param {Point} plain
 * @param {number} highest
 */
function chartOf(point, plain, highest) {
  /** @type {(curve: Curve) => RunPoint[]} */
  const pointsOf = ([means, halves]) => means.map((mean, i) => [i + 1, mean, halves[i]]);
  const epochs = point.train[0].length;
  const grey = { role: "muted", dashed: true };
  /** @type {Series[]} */
  const series = [
    { ...grey, name: "training, without any", mark: "circle", points: pointsOf(plain.train) },
    { ...grey, name: "held-out, without any", mark: "square", points: pointsOf(plain.held_out) },
    { role: "model", strong: true, name: "training", mark: "circle", points: pointsOf(point.train) },
    { role: "validation", strong: true, name: "held-out", mark: "square", points: pointsOf(point.held_out) },
  ];
  /** @type {[number, string][]} */
  const ticks = [1, ...[5, 10, 15, 20].filter((epoch) => epoch <= epochs)].map((epoch) => [epoch, String(epoch)]);
  /** @type {Range} */
  const all = [1, epochs];
  /** @type {Range} */
  const losses = [0, 1.05 * highest];
  return {
    series,
    x: { label: "epoch", ticks, range: all },
    y: { label: "cross-entropy, nats per token", range: losses },
  };
}

/**
 * @param {string} name
 * @param {Point} point
 * @param {Point} plain
 */
function inWords(name, point, plain) {
  /** @param {Point} point */
  const accuracy = ({ accuracy: [mean, half] }) =>
    `${(100 * mean).toFixed(1)} give or take ${(100 * half).toFixed(1)} percent`;
  /** @param {Curve} curve */
  const end = ([means]) => means[means.length - 1].toFixed(2);
  /** @param {Point} point */
  const last = ({ train, held_out }) => `${end(train)} in training and ${end(held_out)} held-out`;
  return (
    `With ${name}: loss after ${point.train[0].length} epochs ${last(point)}, accuracy ${accuracy(point)}. ` +
    `Without any: ${last(plain)}, accuracy ${accuracy(plain)}.`
  );
}

/** @param {Point} point */
function spoken({ train, held_out, accuracy: [mean, half] }) {
  const [seen, held] = [train, held_out].map(([means]) => means[means.length - 1].toFixed(2));
  const accuracy = `${(100 * mean).toFixed(1)} ± ${(100 * half).toFixed(1)}\u202f%`;
  return [`Held-out loss ${held}, accuracy ${accuracy}.`, `Training loss ${seen}.`];
}

/**
 * @param {Point} point
 * @param {Point} plain
 */
function histogramWords(point, plain) {
  /** @param {number[]} shares */
  const middle = (shares) => percent(shares[(shares.length - 1) / 2]);
  /** @param {number[]} shares */
  const ends = (shares) => percent(shares[0] + shares[shares.length - 1]);
  /** @param {Point} point */
  const said = ({ histogram }) => `${middle(histogram)} in the middle bin and ${ends(histogram)} in the two outer ones`;
  return `Histogram of activations in ${point.histogram.length} bins from −1 to 1: ${said(point)}; without any: ${said(plain)}`;
}

/** The measures of the chosen runs beside those of the plain ones, as numbers and as dots with bars. */
class MeasureTable {
  /**
   * @param {[Measure, string][]} labels
   * @param {Record<string, Point>} points
   */
  constructor(labels, points) {
    this.name = element("th", { scope: "col" });
    this.body = element("tbody", { "data-filled": "" });
    this.rows = labels.map(([measure, label]) => {
      const scale = scaleOf(Object.values(points).map((point) => point[measure]));
      const strip = makeStrip(),
        chosen = element("td"),
        reference = element("td");
      const drawn = element("td", { class: "lmkit-regularisation-strip-cell", "aria-hidden": "true" }, strip);
      this.body.append(element("tr", {}, element("th", { scope: "row" }, label), drawn, chosen, reference));
      return { measure, scale, strip, chosen, reference };
    });
    const drawn = element(
      "td",
      { class: "lmkit-regularisation-strip-cell", "aria-hidden": "true" },
      "● these  ◇ without any",
    );
    const head = element("tr", {}, element("td"), drawn, this.name, element("th", { scope: "col" }, "without any"));
    this.root = element("table", { class: "lmkit-regularisation-table" }, element("thead", {}, head), this.body);
    this.seeds = element("span");
    const scales = "Each row of dots has a scale of its own, from the lowest to the highest of all settings.";
    const aboutDots = element("span", { class: "lmkit-regularisation-about-dots" }, scales);
    this.note = element("p", { class: "lmkit-footnote" }, this.seeds, aboutDots);
  }

  /**
   * @param {string} name
   * @param {Point} point
   * @param {Point} plain
   */
  show(name, point, plain) {
    setText(this.name, name);
    for (const { measure, scale, strip, chosen, reference } of this.rows) {
      showStrip(strip, point[measure], plain[measure], scale);
      setText(chosen, measureText(point[measure], measure));
      setText(reference, measureText(plain[measure], measure));
    }
    const epochs = point.train[0].length;
    setText(
      this.seeds,
      `Mean and 95\u202f% interval over ${point.seeds} seeds after ${epochs} epochs; sizes are root mean squares. `,
    );
  }
}

/**
 * @param {Interval[]} intervals
 * @returns {Scale}
 */
function scaleOf(intervals) {
  const low = Math.min(...intervals.map(([mean, half]) => mean - half));
  const high = Math.max(...intervals.map(([mean, half]) => mean + half));
  return (value) => (high > low ? (100 * (value - low)) / (high - low) : 50);
}

function makeStrip() {
  const parts = ["bar", "reference", "dot"].map((name) => element("span", { class: `lmkit-regularisation-${name}` }));
  return element("div", { class: "lmkit-regularisation-strip" }, ...parts);
}

/**
 * @param {HTMLElement} strip
 * @param {Interval} chosen
 * @param {Interval} plain
 * @param {Scale} scale
 */
function showStrip(strip, [mean, half], [reference], scale) {
  const [bar, diamond, dot] = strip.getElementsByTagName("span");
  bar.style.left = `${scale(mean - half)}%`;
  bar.style.width = `${scale(mean + half) - scale(mean - half)}%`;
  diamond.style.left = `${scale(reference)}%`;
  dot.style.left = `${scale(mean)}%`;
}

const SHARES = ["accuracy", "saturated"];

/**
 * "91.2 ± 1.4 %" or "0.312 ± 0.020".
 *
 * @param {Interval} interval
 * @param {Measure} measure
 */
function measureText([mean, half], measure) {
  if (SHARES.includes(measure)) return `${(100 * mean).toFixed(1)} ± ${(100 * half).toFixed(1)}\u202f%`;
  return `${mean.toFixed(3)} ± ${half.toFixed(3)}`;
}

export default widgetOf(RegularisationView);
