// The reach lab: how far gradients reach back through a plain network and an LSTM.

import { element, resize, setText, short } from "../../base/dom.js";
import { LabView, panel, widgetOf } from "../../base/view.js";
import { ReachChart, superscript } from "./chart.js";
import { FARTHEST, Material, reach } from "./model.js";

const FUNCTIONS = ["tanh", "relu"];
const DISTANCES = [1, 5, 10, 25, 50, 100];

class ReachView extends LabView {
  constructor(model, root) {
    const chart = new ReachChart(() => this.ask());
    const { heading, root: box } = panel("lmkit-reach", "Norm of the gradient, relative to distance 0");
    const table = new ReachTable();
    box.append(heading, chart.root, table.root, table.note);
    super(model, root, box);
    Object.assign(this, { chart, table, measured: {} });
  }

  close() {
    super.close();
    this.chart.close();
  }

  update() {
    const { seed, distance, nonlinearity_index, ...own } = this.read(
      "spectral_radius",
      "forget_bias",
      "distance",
      "nonlinearity_index",
      "input_scale",
      "seed",
    );
    const { spectral_radius, forget_bias, input_scale } = own,
      nonlinearity = FUNCTIONS[nonlinearity_index];
    if (this.seed !== seed) this.material = new Material(seed);
    this.seed = seed;
    const radius = Math.max(spectral_radius, 0);
    const gate = 1 / (1 + Math.exp(-forget_bias));
    const rnn = this.of("rnn", { seed, spectral_radius: radius, nonlinearity, input_scale });
    const lstm = this.of("lstm", { seed, forget_bias, input_scale });
    const shown = { distance, rnn, lstm, radius, gate, forget_bias };
    this.chart.show(shown, inWords(shown));
    this.table.show(shown);
    this.announce(() => inWords(shown));
  }

  /** A slider that one network does not feel leaves it as it was measured. */
  of(network, settings) {
    const key = JSON.stringify(settings);
    if (this.measured[network]?.key !== key) {
      this.measured[network] = { key, norms: this.material[`${network}Norms`](settings) };
    }
    return this.measured[network].norms;
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

  show({ distance, rnn, lstm, radius, gate, forget_bias }) {
    const power = superscript(distance);
    const rows = [
      ["reach", reachOf(rnn), reachOf(lstm)],
      [`norm at ${distance}`, scientific(rnn[distance]), scientific(lstm[distance])],
      [`ρ${power} and σ(b)${power}`, scientific(radius ** distance), scientific(gate ** distance)],
      ...DISTANCES.map((k) => [`norm at ${k}`, scientific(rnn[k]), scientific(lstm[k])]),
    ];
    resize(this.body, rows.length, makeRow);
    rows.forEach((cells, r) => cells.forEach((text, c) => setText(this.body.children[r].children[c], text)));
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

/** "8 steps, then below 1 %". */
function reachOf(norms) {
  const k = reach(norms);
  if (k === Infinity) return `more than ${FARTHEST} steps`;
  return `${k} ${k === 1 ? "step" : "steps"}, then ${norms[k] > 1 ? "above 100" : "below 1\u202f%"}`;
}

function inWords({ distance, rnn, lstm }) {
  const at = `At distance ${distance} the gradient is ${scientific(rnn[distance])} and ${scientific(lstm[distance])}`;
  return `Reach of the plain RNN: ${reachOf(rnn)}; of the LSTM: ${reachOf(lstm)}. ${at} of that at distance 0.`;
}

/** Two digits: 0.24, or 4.1 × 10⁻⁶ where plain digits would be many. */
function scientific(x) {
  if (x === 0 || !Number.isFinite(x)) return x === 0 ? "0" : "∞";
  const [digits, exponent] = x.toExponential(1).split("e");
  if (exponent >= -3 && exponent <= 0) return Number(`${digits}e${exponent}`).toFixed(1 - exponent);
  if (exponent === "+1" || exponent === "+2") return String(Number(`${digits}e${exponent}`));
  return `${digits} × 10${superscript(Number(exponent))}`;
}

export default widgetOf(ReachView);
