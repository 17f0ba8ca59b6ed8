// Loss, accuracy and the gradient's norm against steps. Where there is room for one chart only, a switch chooses it.

import { RunCurves } from "../../base/charts/run_curves.js";
import { element, percent, uniqueId } from "../../base/dom.js";
import { panel } from "../../base/view.js";
import { count, curvesOf, lossRange } from "./runs.js";

/**
 * @typedef {import("./runs.js").Run} Run
 * @typedef {import("../../base/charts/run_chart.js").Line} Line
 * @typedef {[value: number, name: string][]} Bounds - Known of the text.
 * @typedef {{ loss: Bounds, accuracy: Bounds }} Known
 */

const NAMES = { loss: "Loss", accuracy: "Accuracy", norm: "Gradient" };
/** @typedef {keyof typeof NAMES} Chart */

export class CurvesPanel {
  /** @param {() => void} onResize */
  constructor(onResize) {
    const { root, heading } = panel("lmkit-train-curves", "Curves");
    heading.classList.add("lmkit-unseen");
    this.root = root;
    this.charts = {
      loss: new RunCurves({ onResize, height: 250 }),
      accuracy: new RunCurves({ onResize, height: 250 }),
      norm: new RunCurves({ onResize, height: 170 }),
    };
    const switched = this.makeSwitch();
    const boxes = Object.entries(this.charts).map(([name, chart]) =>
      element("div", { class: `lmkit-train-chart lmkit-train-${name}` }, chart.root),
    );
    root.append(heading, switched, element("div", { class: "lmkit-train-charts" }, ...boxes));
    this.choose("loss");
  }

  makeSwitch() {
    const name = uniqueId("lmkit-train-chart");
    const labels = /** @type {Chart[]} */ (Object.keys(NAMES)).map((chart) => {
      const input = element("input", { type: "radio", name, value: chart });
      input.checked = chart === "loss";
      input.addEventListener("change", () => this.choose(chart));
      return element("label", {}, input, NAMES[chart]);
    });
    return element(
      "div",
      { class: "widget-radio-box lmkit-train-switch", role: "radiogroup", "aria-label": "Chart" },
      ...labels,
    );
  }

  /** @param {Chart} chart */
  choose(chart) {
    this.root.dataset.chart = chart;
  }

  close() {
    for (const chart of Object.values(this.charts)) chart.close();
  }

  /**
   * @param {Run | null} run
   * @param {Run[]} earlier
   * @param {Known} known
   * @param {import("./runs.js").Setup} setup - Of the next run.
   */
  show(run, earlier, known, setup) {
    const runs = run ? [...earlier, run] : earlier;
    const x = axisX(Math.max(1, ...runs.map((one) => one.setup.steps)), earlier);
    /** @param {"loss" | "accuracy"} measure */
    const chart = (measure) => {
      const series = curvesOf(measure, run, earlier, setup);
      const lines = known[measure].map(([value, name]) => ({ value, name }));
      return { series, lines, x };
    };
    const loss = chart("loss"),
      accuracy = chart("accuracy");
    const range = lossRange(
      loss.series,
      loss.lines.map(({ value }) => value),
      run?.facts?.vocabSize ?? 30,
    );
    this.charts.loss.show({
      ...loss,
      y: { label: "loss, nats per token", range },
      words: inWords("Loss", run, (point) => [point.loss.toFixed(2), point.heldLoss.toFixed(2)]),
    });
    this.charts.accuracy.show({
      ...accuracy,
      y: { label: "accuracy", times: 100, unit: "\u202f%", range: [0, 1] },
      words: inWords("Accuracy", run, (point) => [percent(point.accuracy), percent(point.heldAccuracy)]),
    });
    this.showNorm(run, x);
  }

  /**
   * @param {Run | null} run
   * @param {import("../../base/charts/run_chart.js").AxisX} x
   */
  showNorm(run, x) {
    const points = run?.points ?? [];
    const clip = run?.setup.clip ?? null;
    /** @type {Line[]} */
    const lines = clip === null ? [] : [{ value: clip, name: "clip" }];
    const norms = points.map(({ norm }) => norm).filter(Number.isFinite);
    const middle = [...norms].sort((a, b) => a - b)[Math.floor(0.9 * norms.length)] ?? 1;
    const top = 1.15 * Math.max(1.5 * middle, clip ?? 0, 0.01);
    const share = points[points.length - 1]?.clipped ?? 0;
    const name =
      clip === null ? "largest norm of the gradient" : `largest norm; of late ${percent(share)} of steps clipped`;
    this.charts.norm.show({
      series: [
        {
          name,
          role: "hidden",
          mark: "circle",
          points: points
            .filter(({ norm }) => Number.isFinite(norm))
            .map(({ step, norm }) => [step, Math.min(norm, top), null]),
        },
      ],
      lines,
      x,
      y: { label: "gradient’s norm", range: [0, top] },
      words: points.length
        ? `Norm of the gradient: ${norms[norms.length - 1]?.toPrecision(2)} at last`
        : "No gradient yet",
    });
  }
}

/**
 * Round numbers of steps, and the ends of earlier runs, whose marks stand there.
 *
 * @param {number} steps
 * @param {Run[]} earlier
 * @returns {import("../../base/charts/run_chart.js").AxisX}
 */
function axisX(steps, earlier) {
  const parts = steps % 5 === 0 ? 5 : 1;
  /** @type {[number, string][]} */
  const ticks = Array.from({ length: parts + 1 }, (_, n) => [(n * steps) / parts, count((n * steps) / parts)]);
  for (const { points } of earlier) {
    const { step } = points[points.length - 1];
    if (step > steps / 20) ticks.push([step, ""]);
  }
  return { label: "step", range: [0, steps], ticks };
}

/**
 * @param {string} name
 * @param {Run | null} run
 * @param {(point: import("./training.js").CurvePoint) => [string, string]} values
 */
function inWords(name, run, values) {
  const [first, last] = [run?.points[0], run?.points[run.points.length - 1]];
  if (!first || !last) return `${name}: nothing was trained yet`;
  const [began, beganHeld] = values(first),
    [ends, endsHeld] = values(last);
  const places = `from step ${count(first.step)} to ${count(last.step)}`;
  return `${name} ${places}: ${began} to ${ends} in training, ${beganHeld} to ${endsHeld} held out`;
}
