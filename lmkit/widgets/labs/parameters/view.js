// The parameter lab's view: every tensor of a model with its shape and count, and what costs nothing.

import { element, resize, setAttribute, setText } from "../../base/dom.js";
import { LabView, panel, stage, widgetOf } from "../../base/view.js";
import { parametersOf } from "./model.js";

/**
 * @typedef {import("../../base/view.js").Model} Model
 * @typedef {import("./model.js").Settings} Settings
 * @typedef {import("./model.js").Tensor} Tensor
 */

/** @type {Settings["cell"][]} */
const CELLS = ["rnn", "gru", "lstm"];
const NONLINEARITIES = ["tanh", "relu"];
const BLOCKS_LINE = {
  rnn: "",
  gru: "A GRU stacks three blocks of rows, for r, z and n, where a plain RNN has one: see the shapes.",
  lstm: "An LSTM stacks four blocks of rows, for i, f, g and o, where a plain RNN has one: see the shapes.",
};
/** @type {Record<string, [string, string]>} */
const MEANING = {
  "embedding.weight": ["Embedding ", "e"],
  weight_ih: ["Input weights ", "x"],
  weight_hh: ["Recurrent weights ", "h"],
  bias_ih: ["Biases", ""],
  bias_hh: ["Second biases", ""],
  "decoder.weight": ["Output weights ", "y"],
  "decoder.bias": ["Output biases", ""],
};

class ParameterView extends LabView {
  /**
   * @param {Model} model
   * @param {HTMLElement} root
   */
  constructor(model, root) {
    const { root: part, heading } = panel("lmkit-parameters", "");
    const note = element("p", { class: "lmkit-numbers" });
    const body = element("tbody", { "data-filled": "" });
    const free = element("tbody", { class: "lmkit-parameters-free" });
    /** @type {(text: string, name: string) => HTMLElement} */
    const column = (text, name) => element("th", { scope: "col", class: `lmkit-parameters-${name}` }, text);
    const head = element("tr", {}, column("tensor", "name"), column("shape", "shape"), column("parameters", "count"));
    head.append(element("td", { class: "lmkit-parameters-bar", "aria-hidden": "true" }));
    const table = element("table", { "aria-labelledby": heading.id }, element("thead", {}, head), body, free);
    part.append(heading, note, table);
    super(model, root, stage(part));
    this.heading = heading;
    this.note = note;
    this.body = body;
    this.free = free;
    /** @type {Pick<Settings, "embedding_size" | "hidden_size"> | null} */
    this.sizes = null;
  }

  /** @override */
  update() {
    const settings = this.settings();
    const tensors = parametersOf(settings);
    const total = tensors.reduce((sum, { count }) => sum + count, 0);
    setText(this.heading, `${grouped(total)} parameters`);
    setText(this.note, BLOCKS_LINE[settings.cell]);
    this.note.hidden = !BLOCKS_LINE[settings.cell];
    const most = Math.max(...tensors.map(({ count }) => count));
    resize(this.body, tensors.length, makeRow);
    tensors.forEach((tensor, i) => {
      showTensor(this.body.rows[i], tensor, settings, most);
    });
    this.showFree();
    this.announce(() => [`${grouped(total)} parameters.`]);
  }

  settings() {
    const { embedding_size, hidden_size, num_layers, tied } = this.read(
      "embedding_size",
      "hidden_size",
      "num_layers",
      "tied",
    );
    const { vocab_sizes, vocab_size_index, cell_index } = this.read("vocab_sizes", "vocab_size_index", "cell_index");
    const vocab_size = vocab_sizes[vocab_size_index],
      cell = CELLS[cell_index];
    return this.withEqualSizes({ vocab_size, embedding_size, hidden_size, num_layers, cell, tied });
  }

  /**
   * Tied weights need equal sizes: the one that the reader has not moved follows the other.
   *
   * @param {Settings} settings
   */
  withEqualSizes(settings) {
    const { embedding_size, hidden_size, tied } = settings,
      before = this.sizes;
    if (tied && embedding_size !== hidden_size) {
      const moved = before && before.hidden_size === hidden_size && before.embedding_size !== embedding_size;
      const size = moved ? embedding_size : hidden_size;
      Object.assign(settings, { embedding_size: size, hidden_size: size });
      this.write({ embedding_size: size, hidden_size: size });
    }
    this.sizes = { embedding_size: settings.embedding_size, hidden_size: settings.hidden_size };
    return settings;
  }

  /** What has no tensor: two controls that change nothing, and what an RNN does not keep. */
  showFree() {
    const { nonlinearity_index, length } = this.read("nonlinearity_index", "length");
    const rows = [
      ["Activation function", NONLINEARITIES[nonlinearity_index]],
      ["Longest text", `${grouped(length)} ${length === 1 ? "token" : "tokens"}`],
      ["Word frequency counts", "none are kept"],
    ];
    resize(this.free, rows.length, makeRow);
    rows.forEach(([name, value], i) => {
      const [head, shape, count] = this.free.rows[i].cells;
      setText(head.children[0], name);
      setText(shape, value);
      setText(count, "0");
    });
  }
}

function makeRow() {
  const name = element("th", { scope: "row", class: "lmkit-parameters-name" });
  name.append(element("span"), element("sub"), element("code"));
  const cells = ["shape", "count"].map((part) => element("td", { class: `lmkit-parameters-${part}` }));
  const bar = element("td", { class: "lmkit-parameters-bar", "aria-hidden": "true" }, element("span"));
  return element("tr", {}, name, ...cells, bar);
}

/**
 * @param {HTMLTableRowElement} row
 * @param {Tensor} tensor
 * @param {Settings} settings
 * @param {number} most
 */
function showTensor(row, { name, shape, count }, { num_layers, tied }, most) {
  const [head, shapeCell, countCell, bar] = row.cells;
  const [meaning, letter] = described(name, num_layers);
  setText(head.children[0], letter ? `${meaning}W` : meaning);
  setText(head.children[1], letter);
  setText(head.children[2], name);
  setText(shapeCell, shape.map(grouped).join("\u202f×\u202f"));
  setText(countCell, tied && name === "decoder.weight" ? "0, shared" : grouped(count));
  setAttribute(row, "class", `lmkit-parameters-${name.split(".")[0]}`);
  bar.getElementsByTagName("span")[0].style.width = `${(100 * count) / most}%`;
}

/**
 * What a tensor is, and the letter below its W.
 *
 * @param {string} name
 * @param {number} layers
 */
function described(name, layers) {
  const recurrent = name.match(/^rnn\.(\w+)_l(\d+)$/);
  if (!recurrent) return MEANING[name];
  const [meaning, letter] = MEANING[recurrent[1]];
  if (layers === 1) return [meaning, letter];
  return [`Layer ${Number(recurrent[2]) + 1}: ${meaning[0].toLowerCase()}${meaning.slice(1)}`, letter];
}

/**
 * 8933 as "8,933".
 *
 * @param {number} number
 */
function grouped(number) {
  return String(number).replace(/\B(?=(\d{3})+$)/g, ",");
}

export default widgetOf(ParameterView);
