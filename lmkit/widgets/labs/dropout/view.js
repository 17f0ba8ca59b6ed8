// The dropout lab: a layer under many random masks, and a memory carried past masks drawn anew or once.

import { element, percent, resize, setText } from "../../base/dom.js";
import { LabView, panel, widgetOf } from "../../base/view.js";
import { LayerDiagram, number, OutputHistogram } from "./charts.js";
import { MemoryChart } from "./memory.js";
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
    one.root.append(one.heading, parts.layer.root, key(KEYS.layer));
    all.root.append(all.heading, parts.histogram.root, key(KEYS.histogram));
    carried.root.append(carried.heading, parts.memory.root, memoryTable.root, key(KEYS.memory));
    const pair = element("div", { class: "lmkit-dropout-pair" }, one.root, all.root);
    const upper = element("div", { class: "lmkit-panel" }, pair, layerTable.root, verdict);
    super(model, root, upper, carried.root);
    Object.assign(this, { parts, heading: one.heading, layerTable, memoryTable, verdict });
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
    const shares = [percent(shown.reached), percent(shown.shares.at(-1))];
    this.memoryTable.show([[`left after step ${STEPS}`, `${shown.left} of ${UNITS}`, ...shares]]);
    setText(this.verdict, verdictOf(shown));
    this.announce(() => `${inWords(shown)} ${memoryInWords(shown)}`);
  }

  /** All that is shown, of the present settings. */
  compute() {
    const { activations, weights, p, draw, seed, ...places } = this.read(
      "activations",
      "weights",
      "p",
      "draw",
      "seed",
      "compensation_index",
      "mode_index",
      "sharing_index",
    );
    if (this.seed !== seed) this.draws = new Draws(seed, activations.length);
    this.seed = seed;
    const mode = MODES[places.mode_index],
      compensation = COMPENSATIONS[places.compensation_index];
    const chance = mode === "training" ? p : 0,
      locked = places.sharing_index === 1;
    const contributions = activations.map((a, j) => weights[j] * a),
      scale = factor(p, compensation, mode);
    return {
      activations,
      contributions,
      p,
      scale,
      place: draw,
      mode,
      locked,
      ...this.ofLayer(contributions, chance, scale, draw),
      ...this.ofMemory(chance, locked, draw),
      trained: predicted(contributions, p, factor(p, compensation, "training")).mean,
      evaluated: factor(p, compensation, "evaluation") * predicted(contributions, 0, 1).mean,
    };
  }

  ofLayer(contributions, chance, scale, draw) {
    const outputs = this.draws.outputs(contributions, chance, scale);
    return {
      whole: predicted(contributions, 0, 1).mean,
      expected: predicted(contributions, chance, scale),
      ...measured(outputs),
      mask: this.draws.mask(draw - 1, chance),
      output: outputs[draw - 1],
      counts: histogram(outputs),
    };
  }

  ofMemory(chance, locked, draw) {
    const masks = this.draws.masks(draw - 1, chance, locked),
      alive = stillThere(masks);
    const left = alive.at(-1).filter(Boolean).length;
    return { masks, alive, left, reached: this.draws.carried(chance, locked), shares: expectedShares(chance, locked) };
  }
}

/** What both modes give the layer that follows. */
function verdictOf({ p, trained, evaluated }) {
  if (p === 0) return "With p = 0 nothing is dropped, and both modes are the same.";
  const [before, after] = [number(trained), number(evaluated)];
  if (before !== after) {
    return `What follows meets ${before} on average in training, but ${after} in evaluation: another scale than it was trained on.`;
  }
  return `What follows meets the same scale in both modes: ${before} on average in training, ${after} in evaluation.`;
}

function inWords({ mode, mean, variance, expected, whole }) {
  const found = `In ${mode} the output is ${number(mean)} on average, with a variance of ${number(variance)}`;
  return `${found}; by the formula ${number(expected.mean)} and ${number(expected.variance)}, and without dropout ${number(whole)}.`;
}

function memoryInWords({ locked, left, reached, shares }) {
  const drawn = locked ? "With one mask for the sequence" : "With a fresh mask at each step";
  const all = `in ${CARRIED} draws ${percent(reached)}, expected ${percent(shares.at(-1))}`;
  return `${drawn} ${left} of ${UNITS} units still carry their memory at the end; ${all}.`;
}

function key(text) {
  return element("p", { class: "lmkit-footnote" }, text);
}

/** A few numbers with what they are. */
class DropoutTable {
  constructor(columns) {
    this.columns = columns.length;
    this.body = element("tbody", { "data-filled": "" });
    const head = element("tr", {}, element("td"), ...columns.map((name) => element("th", { scope: "col" }, name)));
    this.root = element("table", { class: "lmkit-dropout-table" }, element("thead", {}, head), this.body);
  }

  show(rows) {
    const cells = () => Array.from({ length: this.columns }, () => element("td"));
    resize(this.body, rows.length, () => element("tr", {}, element("th", { scope: "row" }), ...cells()));
    rows.forEach((texts, r) => texts.forEach((text, c) => setText(this.body.children[r].children[c], text)));
  }
}

export default widgetOf(DropoutView);
