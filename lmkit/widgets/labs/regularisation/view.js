// The regularisation lab: runs of one setting of weight decay, AR and TAR beside runs without any of them.

import { RunCurves } from "../../base/charts/run_curves.js";
import { element, percent, setText } from "../../base/dom.js";
import { LabError } from "../../base/errors.js";
import { LabView, panel, widgetOf } from "../../base/view.js";
import { ActivationHistogram } from "./histogram.js";

const NAMES = ["alpha", "beta", "weight_decay"];
const SYMBOLS = { alpha: "α", beta: "β", weight_decay: "weight decay" };
const PLAIN = "0 0 0";

class RegularisationView extends LabView {
  constructor(model, root) {
    const points = model.get("points"),
      labels = model.get("labels");
    const curves = panel("lmkit-regularisation-curves", "Loss by epoch");
    const sizes = panel("lmkit-regularisation-sizes", "Activations h");
    const numbers = panel("lmkit-regularisation-numbers", "In numbers");
    const chart = new RunCurves({ onResize: () => this.ask() });
    const histogram = new ActivationHistogram(() => this.ask());
    const table = new MeasureTable(labels, points);
    curves.root.append(curves.heading, chart.root);
    sizes.root.append(sizes.heading, histogram.root);
    numbers.root.append(numbers.heading, table.root, table.note);
    const charts = element("div", { class: "lmkit-regularisation-charts" }, curves.root, sizes.root);
    super(model, root, charts, numbers.root);
    Object.assign(this, { points, chart, histogram, table, highest: highestLoss(points) });
  }

  close() {
    super.close();
    this.chart.close();
    this.histogram.close();
  }

  update() {
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
    this.announce(() => words);
  }

  nameOf(places) {
    const grid = this.model.get("grid");
    return NAMES.map((name, i) => `${SYMBOLS[name]} ${grid[name][places[i]]}`).join(", ");
  }

  /** The setting with runs that takes the fewest steps of the sliders. */
  nearest(places) {
    const steps = (key) => key.split(" ").reduce((sum, place, i) => sum + Math.abs(place - places[i]), 0);
    const key = Object.keys(this.points).reduce((best, other) => (steps(other) < steps(best) ? other : best));
    return this.nameOf(key.split(" ").map(Number));
  }
}

function highestLoss(points) {
  return Math.max(...Object.values(points).flatMap(({ train, held_out }) => [...train[0], ...held_out[0]]));
}

/** Losses of both texts, of the chosen runs and of the plain ones: a mark says which text, a colour or grey which runs. */
function chartOf(point, plain, highest) {
  const pointsOf = ([means, halves]) => means.map((mean, i) => [i + 1, mean, halves[i]]);
  const epochs = point.train[0].length;
  const grey = { role: "muted", dashed: true };
  const series = [
    { ...grey, name: "training, without any", mark: "circle", points: pointsOf(plain.train) },
    { ...grey, name: "held-out, without any", mark: "square", points: pointsOf(plain.held_out) },
    { role: "model", strong: true, name: "training", mark: "circle", points: pointsOf(point.train) },
    { role: "validation", strong: true, name: "held-out", mark: "square", points: pointsOf(point.held_out) },
  ];
  const ticks = [1, ...[5, 10, 15, 20].filter((epoch) => epoch <= epochs)].map((epoch) => [epoch, String(epoch)]);
  return {
    series,
    x: { label: "epoch", ticks, range: [1, epochs] },
    y: { label: "cross-entropy, nats per token", range: [0, 1.05 * highest] },
  };
}

function inWords(name, point, plain) {
  const accuracy = ({ accuracy: [mean, half] }) =>
    `${(100 * mean).toFixed(1)} give or take ${(100 * half).toFixed(1)} percent`;
  const last = ({ train, held_out }) =>
    `${train[0].at(-1).toFixed(2)} in training and ${held_out[0].at(-1).toFixed(2)} held-out`;
  return (
    `With ${name}: loss after ${point.train[0].length} epochs ${last(point)}, accuracy ${accuracy(point)}. ` +
    `Without any: ${last(plain)}, accuracy ${accuracy(plain)}.`
  );
}

function histogramWords(point, plain) {
  const middle = (shares) => percent(shares[(shares.length - 1) / 2]);
  const ends = (shares) => percent(shares[0] + shares.at(-1));
  const said = ({ histogram }) => `${middle(histogram)} in the middle bin and ${ends(histogram)} in the two outer ones`;
  return `Histogram of activations in ${point.histogram.length} bins from −1 to 1: ${said(point)}; without any: ${said(plain)}`;
}

/** The measures of the chosen runs beside those of the plain ones, as numbers and as dots with bars. */
class MeasureTable {
  constructor(labels, points) {
    this.name = element("th", { scope: "col" });
    this.body = element("tbody", { "data-filled": "" });
    this.rows = labels.map(([measure, label]) => {
      const scale = scaleOf(Object.values(points).map((point) => point[measure]));
      const cells = [element("th", { scope: "row" }, label), makeStrip(), element("td"), element("td")];
      this.body.append(element("tr", {}, ...cells));
      return { measure, scale, cells };
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

  show(name, point, plain) {
    setText(this.name, name);
    for (const {
      measure,
      scale,
      cells: [, strip, chosen, reference],
    } of this.rows) {
      showStrip(strip.firstChild, point[measure], plain[measure], scale);
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

function scaleOf(intervals) {
  const low = Math.min(...intervals.map(([mean, half]) => mean - half));
  const high = Math.max(...intervals.map(([mean, half]) => mean + half));
  return (value) => (high > low ? (100 * (value - low)) / (high - low) : 50);
}

function makeStrip() {
  const parts = ["bar", "reference", "dot"].map((name) => element("span", { class: `lmkit-regularisation-${name}` }));
  const strip = element("div", { class: "lmkit-regularisation-strip" }, ...parts);
  return element("td", { class: "lmkit-regularisation-strip-cell", "aria-hidden": "true" }, strip);
}

function showStrip(strip, [mean, half], [reference], scale) {
  const [bar, diamond, dot] = strip.children;
  bar.style.left = `${scale(mean - half)}%`;
  bar.style.width = `${scale(mean + half) - scale(mean - half)}%`;
  diamond.style.left = `${scale(reference)}%`;
  dot.style.left = `${scale(mean)}%`;
}

const SHARES = ["accuracy", "saturated"];

/** "91.2 ± 1.4 %" or "0.312 ± 0.020". */
function measureText([mean, half], measure) {
  if (SHARES.includes(measure)) return `${(100 * mean).toFixed(1)} ± ${(100 * half).toFixed(1)}\u202f%`;
  return `${mean.toFixed(3)} ± ${half.toFixed(3)}`;
}

export default widgetOf(RegularisationView);
