// The unrolling lab's view: the network's diagram up to a step, what it expects there, and the numbers behind both.

import { element, percent, resize, setAttribute, setText, signed } from "../../base/dom.js";
import { hasNumbers } from "../../base/shown_numbers.js";
import { column, LabView, panel, stage, widgetOf } from "../../base/view.js";
import { Diagram } from "./diagram.js";
import { distance, mostProbable, PlainRNN } from "./model.js";

/**
 * @typedef {import("../../base/view.js").Model} Model
 * @typedef {import("./model.js").Reading} Reading
 * @typedef {{ network: PlainRNN, readings: Reading[], step: number, words: string[] }} Walked a text that was read, and
 *   the reader's step in it
 */

const EXPECTED = 6; // rows of the table of next tokens
const PER_ROW = 8; // units in a row of the table of numbers
const KEY = "In a box lies a vector, one bar for each of its numbers: to the right above zero, to the left below.";

class UnrollView extends LabView {
  /**
   * @param {Model} model
   * @param {HTMLElement} root
   */
  constructor(model, root) {
    const walk = new Walk((by) => this.write({ step: this.step + by }));
    const diagram = new Diagram(() => this.ask());
    const next = new NextTable(),
      numbers = new NumbersTable(),
      all = new StepsTable();
    const same = element("p", { class: "lmkit-unroll-same" });
    const key = element("p", { class: "lmkit-footnote" }, KEY);
    const picture = element("div", { class: "lmkit-panel" }, diagram.root, key);
    const tables = element("div", { class: "lmkit-panel" }, numbers.root, all.root);
    super(model, root, stage(column(walk.root, picture), column(next.root, same, tables)));
    this.walk = walk;
    this.diagram = diagram;
    this.same = same;
    this.next = next;
    this.numbers = numbers;
    this.all = all;
    /** @type {PlainRNN | null} */
    this.network = null;
    /** @type {string | null} */
    this.text = null;
    /** @type {Reading[]} */
    this.readings = [];
    this.step = 0;
    /** @type {number | null} */
    this.wanted = null;
    for (const { root } of [numbers, all]) root.addEventListener("toggle", this.ask);
  }

  /** @override */
  close() {
    super.close();
    this.diagram.close();
  }

  /** @override */
  update() {
    const { text, step, config, words, weights } = this.read("text", "step", "config", "words", "weights");
    this.network ??= new PlainRNN(config, words, weights);
    const { network } = this;
    if (this.text !== text) this.readings = network.read(text);
    else if (this.step !== step) this.wanted = step;
    this.text = text;
    const { readings } = this,
      steps = readings.length;
    // A text that is being typed is short for a while: the step that the reader chose comes back as it grows.
    const wanted = this.wanted ?? step;
    this.wanted = wanted;
    this.step = Math.max(0, Math.min(wanted, steps));
    this.write({ steps, step: this.step });
    const at = { network, readings, step: this.step, words: network.vocab.words };
    this.walk.show(at);
    this.diagram.show(at);
    setText(this.same, sameToken(at));
    for (const table of [this.next, this.numbers, this.all]) table.show(at);
    this.announce(() => spoken(at));
  }
}

/** Where the reader is in the text, with buttons that go a step back and forward. */
class Walk {
  /** @param {(by: number) => void} go */
  constructor(go) {
    const { root, heading } = panel("lmkit-unroll-walk lmkit-whole-panel", "");
    this.root = root;
    this.heading = heading;
    this.words = element("p", { class: "lmkit-unroll-words" });
    this.back = element("button", { type: "button", class: "lmkit-button" }, "◂ Back");
    this.forward = element("button", { type: "button", class: "lmkit-button" }, "Forward ▸");
    this.back.addEventListener("click", () => go(-1));
    this.forward.addEventListener("click", () => go(1));
    const buttons = element("span", { class: "lmkit-unroll-buttons" }, this.back, this.forward);
    root.append(element("div", { class: "lmkit-head" }, heading, buttons), this.words);
  }

  /** @param {Walked} at */
  show({ readings, step, words }) {
    const after = step ? `after reading ‘${words[readings[step - 1].token]}’` : "nothing read yet";
    setText(this.heading, `Step ${step} of ${readings.length}: ${after}`);
    resize(this.words, readings.length, () => element("span"));
    readings.forEach(({ token }, t) => {
      const word = this.words.children[t];
      setText(word, words[token]);
      setAttribute(word, "class", t + 1 < step ? "lmkit-unroll-read" : t + 1 === step ? "lmkit-unroll-now" : null);
    });
    // A button that is switched off under the hand loses the keyboard's focus, so these are only marked.
    setAttribute(this.back, "aria-disabled", step === 0 ? "true" : null);
    setAttribute(this.forward, "aria-disabled", step === readings.length ? "true" : null);
  }
}

/** The most probable next tokens. */
class NextTable {
  constructor() {
    const { root, heading } = panel("lmkit-unroll-next", "");
    this.root = root;
    this.heading = heading;
    this.body = element("tbody", { "data-filled": "" });
    const head = element("tr", {}, header("token"), element("td", { "aria-hidden": "true" }), header("probability"));
    const table = element("table", { "aria-labelledby": heading.id }, element("thead", {}, head), this.body);
    root.append(heading, table);
  }

  /** @param {Walked} at */
  show({ readings, step, words, network }) {
    const probs = step ? readings[step - 1].probs : network.predict(new Float64Array(network.size.H));
    setText(
      this.heading,
      step ? `What comes next, after step ${step}` : "What comes first: with h = 0, the biases decide",
    );
    const tokens = mostProbable(probs, EXPECTED);
    resize(this.body, tokens.length, () => {
      const bar = element("td", { class: "lmkit-unroll-bar", "aria-hidden": "true" }, element("span"));
      return element("tr", {}, element("th", { scope: "row" }), bar, element("td"));
    });
    tokens.forEach((token, i) => {
      const [name, bar, chance] = this.body.rows[i].cells;
      setText(name, words[token]);
      bar.getElementsByTagName("span")[0].style.width = `${100 * probs[token]}%`;
      setText(chance, percent(probs[token]));
    });
  }
}

/** The hidden state in numbers, for who asks. */
class NumbersTable {
  constructor() {
    this.summary = element("summary");
    this.body = element("tbody");
    const table = element("table", {}, this.body);
    const label = "Hidden state in numbers";
    const frame = element(
      "div",
      { class: "lmkit-unroll-scroll", role: "group", tabindex: "0", "aria-label": label },
      table,
    );
    this.root = element("details", { class: "lmkit-unroll-numbers" }, this.summary, frame);
  }

  /** @param {Walked} at */
  show({ network, readings, step }) {
    const { H, D } = network.size;
    setText(this.summary, `The ${D * H} numbers of the hidden state after step ${step}`);
    hasNumbers(this.root, () => ({
      columns: ["layer", "unit", "h"],
      rows: Array.from({ length: D * H }, (_, n) => {
        const [layer, unit] = [Math.floor(n / H), n % H];
        return [layer + 1, unit + 1, step ? readings[step - 1].h[layer][unit] : 0];
      }),
    }));
    if (!this.root.open) return;
    const perLayer = Math.ceil(H / PER_ROW);
    resize(this.body, D * perLayer, () => element("tr", {}, element("th", { scope: "row" })));
    for (let r = 0; r < D * perLayer; r++) {
      const row = this.body.rows[r],
        d = Math.floor(r / perLayer),
        from = (r % perLayer) * PER_ROW;
      const values = Array.from({ length: Math.min(PER_ROW, H - from) }, (_, i) =>
        step ? readings[step - 1].h[d][from + i] : 0,
      );
      resize(row, values.length + 1, () => element("td"));
      setText(row.cells[0], `${D > 1 ? `layer ${d + 1}, ` : ""}${from + 1}–${from + values.length}`);
      for (const [i, value] of values.entries()) setText(row.cells[i + 1], value ? signed(value) : "0");
    }
  }
}

/** All steps, read and unread, as a table: the diagram in words. */
class StepsTable {
  constructor() {
    this.body = element("tbody");
    const head = element("tr", {}, ...["step", "token read", "most probable next", "h moved by"].map(header));
    const table = element("table", {}, element("thead", {}, head), this.body);
    this.root = element(
      "details",
      { class: "lmkit-unroll-steps" },
      element("summary", {}, "All steps as a table"),
      table,
    );
  }

  /** @param {Walked} at */
  show({ network, readings, words }) {
    hasNumbers(this.root, () => ({
      columns: ["step", "token read", "most probable next", "p", "h moved by"],
      rows: readings.map((reading, t) => {
        const [most] = mostProbable(reading.probs, 1);
        const before = t ? top(readings[t - 1]) : new Float64Array(network.size.H);
        return [t + 1, words[reading.token], words[most], reading.probs[most], distance(top(reading), before)];
      }),
    }));
    if (!this.root.open) return;
    resize(this.body, readings.length, () => {
      return element("tr", {}, element("th", { scope: "row" }), ...Array.from({ length: 3 }, () => element("td")));
    });
    readings.forEach((reading, t) => {
      const { token, probs } = reading;
      const [step, read, next, moved] = this.body.rows[t].cells,
        [most] = mostProbable(probs, 1);
      const before = t ? top(readings[t - 1]) : new Float64Array(network.size.H);
      setText(step, String(t + 1));
      setText(read, words[token]);
      setText(next, `${words[most]}, ${percent(probs[most])}`);
      setText(moved, distance(top(reading), before).toFixed(2));
    });
  }
}

/** @param {string} text */
function header(text) {
  return element("th", { scope: "col" }, text);
}

/**
 * The hidden state of the topmost layer.
 *
 * @param {Reading} reading
 */
function top({ h }) {
  return h[h.length - 1];
}

/**
 * How far apart two readings of one token are: not at all in their embeddings, but in their hidden states.
 *
 * @param {Walked} at
 */
function sameToken({ readings, step, words, network }) {
  if (!step)
    return "Before the first step the hidden state is zero, and the network is drawn rolled up: one cell with a loop.";
  const { token } = readings[step - 1];
  const earlier = readings.findLastIndex((reading, t) => t < step - 1 && reading.token === token);
  if (earlier < 0) return `‘${words[token]}’ is read for the first time.`;
  const x = network.embeddingOf(token),
    [e, s] = [distance(x, x), distance(top(readings[step - 1]), top(readings[earlier]))];
  const places = `‘${words[token]}’ was also read at step ${earlier + 1}`;
  return `${places}. Distance between its two embeddings: ${e.toFixed(2)}; between the two hidden states: ${s.toFixed(2)}.`;
}

/** @param {Walked} at */
function spoken({ readings, step, words }) {
  if (!step) return ["Nothing has been read.", "The network is rolled up."];
  const { token, probs } = readings[step - 1],
    [most] = mostProbable(probs, 1);
  return [`Step ${step}: read ${words[token]}.`, `Most probable next: ${words[most]}, ${percent(probs[most])}.`];
}

export default widgetOf(UnrollView);
