// The dropout lab: a layer under many random masks, and a memory carried past masks drawn anew or once.

import { element, percent, resize, setText } from "../../base/dom.js";
import { LabView, panel, stage, widgetOf } from "../../base/view.js";
import { LayerDiagram, number, OutputHistogram } from "./charts.js";
import { MemoryChart } from "./memory_chart.js";
import {
  CARRIED,
  Draws,
  expectedShares,
  factor,
  histogram,
  MASKS,
  measured,
  predicted,
  STEPS,
  stillThere,
  UNITS,
} from "./model.js";

/** @typedef {import("../../base/view.js").Model} Model */
/** @typedef {import("./model.js").Shown} Shown */

const COMPENSATIONS = ["training", "evaluation", "neither"];
const MODES = ["training", "evaluation"];
const KEYS = {
  layer: "Lines: the more is passed on the thicker, dashed below zero. Crossed out: dropped.",
  histogram: "│ without dropout   ▲ mean   ○ this draw",
  memory:
    "Bars last as long as the memory of a unit. × drops it, · keeps what is lost already. " +
    "Below: how many are left; the line is what is expected.",
};

class DropoutView extends LabView {
  /**
   * @param {Model} model
   * @param {HTMLElement} root
   */
  constructor(model, root) {
    const again = () => this.ask();
    const parts = {
      layer: new LayerDiagram(again),
      histogram: new OutputHistogram(again),
      memory: new MemoryChart(again),
    };
    const one = panel("lmkit-dropout-one", "");
    const all = panel("lmkit-dropout-all", `The output in ${MASKS.toLocaleString("en")} passes`);
    const carried = panel("lmkit-dropout-carried", `A memory of ${UNITS} units, carried through ${STEPS} steps`);
    const layerTable = new DropoutTable(["measured", "by the formula"]);
    const memoryTable = new DropoutTable(["this draw", `${CARRIED} draws`, "expected"]);
    const verdict = element("p", { class: "lmkit-dropout-verdict" });
    one.root.append(one.heading, parts.layer.root, verdict, key(KEYS.layer));
    all.root.append(all.heading, parts.histogram.root, layerTable.root, key(KEYS.histogram));
    carried.root.append(carried.heading, parts.memory.root, memoryTable.root, key(KEYS.memory));
    super(model, root, stage(one.root, all.root, carried.root));
    this.parts = parts;
    this.heading = one.heading;
    this.layerTable = layerTable;
    this.memoryTable = memoryTable;
    this.verdict = verdict;
    /** @type {Draws | null} */
    this.draws = null;
    this.seed = NaN; // of the draws
  }

  close() {
    super.close();
    for (const part of Object.values(this.parts)) part.close();
  }

  update() {
    const shown = this.compute();
    const { layer, memory, histogram: outputs } = this.parts;
    const kept = shown.mask.filter(Boolean).length;
    setText(this.heading, `Draw ${shown.place}: ${kept} of ${shown.mask.length} units kept`);
    layer.show(shown, `${kept} of ${shown.mask.length} units are kept; the output is ${number(shown.output)}.`);
    outputs.show(shown, inWords(shown));
    memory.show(shown, memoryInWords(shown));
    this.layerTable.show([
      ["mean of the output", number(shown.mean), number(shown.expected.mean)],
      ["variance", number(shown.variance), number(shown.expected.variance)],
    ]);
    const shares = [percent(shown.reached), percent(shown.shares[STEPS - 1])];
    this.memoryTable.show([[`left after step ${STEPS}`, `${shown.left} of ${UNITS}`, ...shares]]);
    setText(this.verdict, verdictOf(shown));
    this.announce(() => spoken(shown));
  }

  /**
   * All that is shown, of the present settings.
   * @returns {Shown}
   */
  compute() {
    /** @type {number[]} */
    const activations = this.model.get("activations");
    /** @type {number[]} */
    const weights = this.model.get("weights");
    const { p, draw, seed, ...places } = this.read(
      "p",
      "draw",
      "seed",
      "compensation_index",
      "mode_index",
      "sharing_index",
    );
    const draws = this.drawsOf(seed, activations.length);
    const mode = MODES[places.mode_index];
    const compensation = COMPENSATIONS[places.compensation_index];
    const dropped = mode === "training" ? p : 0;
    const locked = places.sharing_index === 1;
    const contributions = activations.map((a, j) => weights[j] * a);
    const scale = factor(p, compensation, mode);
    return {
      activations,
      contributions,
      p,
      scale,
      place: draw,
      mode,
      locked,
      ...ofLayer(draws, contributions, dropped, scale, draw),
      ...ofMemory(draws, dropped, locked, draw),
      trained: predicted(contributions, p, factor(p, compensation, "training")).mean,
      evaluated: factor(p, compensation, "evaluation") * predicted(contributions, 0, 1).mean,
    };
  }

  /**
   * @param {number} seed
   * @param {number} size
   */
  drawsOf(seed, size) {
    if (!this.draws || this.seed !== seed) this.draws = new Draws(seed, size);
    this.seed = seed;
    return this.draws;
  }
}

/**
 * @param {Draws} draws
 * @param {number[]} contributions
 * @param {number} p
 * @param {number} scale
 * @param {number} draw
 */
function ofLayer(draws, contributions, p, scale, draw) {
  const outputs = draws.outputs(contributions, p, scale);
  return {
    whole: predicted(contributions, 0, 1).mean,
    expected: predicted(contributions, p, scale),
    ...measured(outputs),
    mask: draws.mask(draw - 1, p),
    output: outputs[draw - 1],
    counts: histogram(outputs),
  };
}

/**
 * @param {Draws} draws
 * @param {number} p
 * @param {boolean} locked
 * @param {number} draw
 */
function ofMemory(draws, p, locked, draw) {
  const masks = draws.masks(draw - 1, p, locked);
  const alive = stillThere(masks);
  const left = alive[STEPS - 1].filter(Boolean).length;
  return { masks, alive, left, reached: draws.carried(p, locked), shares: expectedShares(p, locked) };
}

/**
 * What both modes give the layer that follows.
 * @param {Shown} shown
 */
function verdictOf({ p, trained, evaluated }) {
  if (p === 0) return "With p = 0 nothing is dropped, and both modes are the same.";
  const [before, after] = [number(trained), number(evaluated)];
  if (before !== after) {
    return `What follows meets ${before} on average in training, but ${after} in evaluation: another scale than it was trained on.`;
  }
  return `What follows meets the same scale in both modes: ${before} on average in training, ${after} in evaluation.`;
}

/** @param {Shown} shown */
function inWords({ mode, mean, variance, expected, whole }) {
  const found = `In ${mode} the output is ${number(mean)} on average, with a variance of ${number(variance)}`;
  return `${found}; by the formula ${number(expected.mean)} and ${number(expected.variance)}, and without dropout ${number(whole)}.`;
}

/** @param {Shown} shown */
function memoryInWords({ locked, left, reached, shares }) {
  const drawn = locked ? "With one mask for the sequence" : "With a fresh mask at each step";
  const all = `in ${CARRIED} draws ${percent(reached)}, expected ${percent(shares[STEPS - 1])}`;
  return `${drawn} ${left} of ${UNITS} units still carry their memory at the end; ${all}.`;
}

/**
 * The outcome in short sentences; the pictures say more.
 *
 * @param {Shown} shown
 */
function spoken({ mode, mean, variance, left }) {
  const output = `In ${mode}: mean ${number(mean)}, variance ${number(variance)}.`;
  return [output, `${left} of ${UNITS} units remember to the end.`];
}

/** @param {string} text */
function key(text) {
  return element("p", { class: "lmkit-footnote" }, text);
}

/** A few numbers with what they are. */
class DropoutTable {
  /** @param {string[]} columns their names */
  constructor(columns) {
    this.columns = columns.length;
    this.body = element("tbody", { "data-filled": "" });
    const head = element("tr", {}, element("td"), ...columns.map((name) => element("th", { scope: "col" }, name)));
    this.root = element("table", { class: "lmkit-dropout-table" }, element("thead", {}, head), this.body);
  }

  /** @param {string[][]} rows each with its label first */
  show(rows) {
    const cells = () => Array.from({ length: this.columns }, () => element("td"));
    resize(this.body, rows.length, () => element("tr", {}, element("th", { scope: "row" }), ...cells()));
    for (const [r, texts] of rows.entries()) {
      for (const [c, text] of texts.entries()) setText(this.body.children[r].children[c], text);
    }
  }
}

export default widgetOf(DropoutView);
