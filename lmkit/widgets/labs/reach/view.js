// The reach lab: how far gradients reach back through a plain network and an LSTM.

import { element, resize, setText, short } from "../../base/dom.js";
import { LabView, panel, stage, widgetOf } from "../../base/view.js";
import { ReachChart, superscript } from "./chart.js";
import { FARTHEST, Material, reach } from "./model.js";

/**
 * @typedef {import("../../base/view.js").Model} Model
 * @typedef {import("./chart.js").Shown} Shown
 * @typedef {import("./model.js").Nonlinearity} Nonlinearity
 * @typedef {{ key: string, norms: number[] }} Measured norms of a network, and the settings they belong to
 */

/** @type {Nonlinearity[]} */
const FUNCTIONS = ["tanh", "relu"];
const DISTANCES = [1, 5, 10, 25, 50, 100];

class ReachView extends LabView {
  /**
   * @param {Model} model
   * @param {HTMLElement} root
   */
  constructor(model, root) {
    const chart = new ReachChart(() => this.ask());
    const { heading, root: box } = panel("lmkit-reach", "Norm of the gradient, relative to distance 0");
    const table = new ReachTable();
    const numbers = panel("lmkit-reach-numbers", "In numbers");
    box.append(heading, chart.root);
    numbers.root.append(numbers.heading, table.root, table.note);
    super(model, root, stage(box, numbers.root));
    this.chart = chart;
    this.table = table;
    /** @type {Material | null} */
    this.material = null;
    /** @type {number | null} */
    this.seed = null;
    /** @type {Partial<Record<"rnn" | "lstm", Measured>>} */
    this.measured = {};
  }

  /** @override */
  close() {
    super.close();
    this.chart.close();
  }

  /** @override */
  update() {
    const { seed, distance, nonlinearity_index } = this.read("seed", "distance", "nonlinearity_index");
    const { spectral_radius, forget_bias, input_scale } = this.read("spectral_radius", "forget_bias", "input_scale");
    const nonlinearity = FUNCTIONS[nonlinearity_index];
    const material = this.materialOf(seed);
    const radius = Math.max(spectral_radius, 0);
    const gate = 1 / (1 + Math.exp(-forget_bias));
    const own = { spectral_radius: radius, nonlinearity, input_scale },
      gated = { forget_bias, input_scale };
    const rnn = this.measure("rnn", { seed, ...own }, () => material.rnnNorms(own));
    const lstm = this.measure("lstm", { seed, ...gated }, () => material.lstmNorms(gated));
    const shown = { distance, rnn, lstm, radius, gate, forget_bias };
    this.chart.show(shown, inWords(shown));
    this.table.show(shown);
    this.announce(() => spoken(shown));
  }

  /** @param {number} seed */
  materialOf(seed) {
    if (!this.material || this.seed !== seed) this.material = new Material(seed);
    this.seed = seed;
    return this.material;
  }

  /**
   * A slider that one network does not feel leaves it as it was measured.
   *
   * @param {"rnn" | "lstm"} network
   * @param {object} settings
   * @param {() => number[]} measure
   */
  measure(network, settings, measure) {
    const key = JSON.stringify(settings),
      known = this.measured[network];
    if (known?.key === key) return known.norms;
    const norms = measure();
    this.measured[network] = { key, norms };
    return norms;
  }
}

/** The same numbers as text, at a few distances. */
class ReachTable {
  constructor() {
    this.body = element("tbody", { "data-filled": "" });
    const head = element(
      "tr",
      {},
      element("td"),
      element("th", { scope: "col", class: "lmkit-reach-rnn" }, "● plain RNN"),
      element("th", { scope: "col", class: "lmkit-reach-lstm" }, "■ LSTM"),
    );
    this.root = element("table", { class: "lmkit-reach-table" }, element("thead", {}, head), this.body);
    this.note = element("p", { class: "lmkit-footnote" });
  }

  /** @param {Shown} shown */
  show({ distance, rnn, lstm, radius, gate, forget_bias }) {
    const power = superscript(distance);
    const rows = [
      ["reach", reachOf(rnn), reachOf(lstm)],
      [`norm at ${distance}`, scientific(rnn[distance]), scientific(lstm[distance])],
      [`ρ${power} and σ(b)${power}`, scientific(radius ** distance), scientific(gate ** distance)],
      ...DISTANCES.map((k) => [`norm at ${k}`, scientific(rnn[k]), scientific(lstm[k])]),
    ];
    resize(this.body, rows.length, makeRow);
    rows.forEach((texts, r) => {
      const { cells } = this.body.rows[r];
      for (const [c, text] of texts.entries()) setText(cells[c], text);
    });
    const half = scientific(-Math.LN2 / Math.log(gate));
    setText(
      this.note,
      `Dotted: ρ and σ(b) to the power of the distance. With b = ${short(forget_bias).replace("-", "\u2212")} ` +
        `the forget gates are near σ(b) = ${gate.toFixed(3)}, which alone would mean a half-life of ${half} steps.`,
    );
  }
}

function makeRow() {
  return element("tr", {}, element("th", { scope: "row" }), element("td"), element("td"));
}

/**
 * "8 steps, then below 1 %".
 *
 * @param {number[]} norms
 */
function reachOf(norms) {
  const k = reach(norms);
  if (k === Infinity) return `more than ${FARTHEST} steps`;
  return `${k} ${k === 1 ? "step" : "steps"}, then ${norms[k] > 1 ? "above 100" : "below 1\u202f%"}`;
}

/** @param {Shown} shown */
function inWords({ distance, rnn, lstm }) {
  const at = `At distance ${distance} the gradient is ${scientific(rnn[distance])} and ${scientific(lstm[distance])}`;
  return `Reach of the plain RNN: ${reachOf(rnn)}; of the LSTM: ${reachOf(lstm)}. ${at} of that at distance 0.`;
}

/** @param {Shown} shown */
function spoken({ distance, rnn, lstm }) {
  const at = `${scientific(rnn[distance])} and ${scientific(lstm[distance])}`;
  return [`Plain RNN: ${reachOf(rnn)}.`, `LSTM: ${reachOf(lstm)}.`, `At distance ${distance}: ${at}.`];
}

/**
 * Two digits: 0.24, or 4.1 × 10⁻⁶ where plain digits would be many.
 *
 * @param {number} x
 */
function scientific(x) {
  if (x === 0 || !Number.isFinite(x)) return x === 0 ? "0" : "∞";
  const rounded = x.toExponential(1),
    [digits, power] = rounded.split("e"),
    exponent = Number(power);
  if (exponent >= -3 && exponent <= 0) return Number(rounded).toFixed(1 - exponent);
  if (exponent === 1 || exponent === 2) return String(Number(rounded));
  return `${digits} × 10${superscript(exponent)}`;
}

export default widgetOf(ReachView);
