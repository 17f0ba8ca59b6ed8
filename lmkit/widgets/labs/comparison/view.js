// The comparison lab: measured decoders in a plane, and texts decoded at the chosen point.

import { element, percent, resize, setText, signed, svgElement } from "../../base/dom.js";
import { folded, LabView, panel, stage, widgetOf } from "../../base/view.js";
import { OwnModelChoice } from "../../runtime/panels/own_model_choice.js";
import { openSession } from "../../runtime/session.js";
import { markOf } from "./marks.js";
import { MEASURES, measureText, nameOf } from "./measures.js";
import { ComparisonPlane } from "./plane.js";

/** @typedef {import("../../base/view.js").Model} Model */
/** @typedef {import("../../runtime/session.js").Session} Session */
/** @typedef {import("./measures.js").Curve} Curve */
/** @typedef {import("./measures.js").Measures} Measures */
/** @typedef {import("./measures.js").Point} Point */
/**
 * A decoded text.
 * @typedef {object} Text
 * @property {string} prompt
 * @property {number[]} tokens
 * @property {Session["vocab"]} vocab
 * @property {number | null} wrong the place of the first word that the grammar cannot write
 * @property {number} logProb under the grammar
 */

const QUALITIES = ["grammatical", "log_prob"];
const DIVERSITIES = ["distinct_2", "self_bleu", "things"];
const TEXTS = 3;
const MAX_NEW_TOKENS = 150;
const KEPT_BATCHES = 60;
const MEASURED = "The points in the plane are those of the lab’s model; the texts below are written by yours.";
const PLAIN = { temperature: 1, top_k: null, top_p: 1, min_p: 0, typical_p: 1, num_beams: 1, length_penalty: 1 };

class ComparisonView extends LabView {
  /**
   * @param {Model} model
   * @param {HTMLElement} root
   */
  constructor(model, root) {
    /** @type {Curve[]} */
    const curves = model.get("curves");
    const truth = model.get("truth");
    const plane = new ComparisonPlane({
      curves,
      truth,
      onSelect: (curve, point) => {
        this.write({ strategy_index: curve, last_place: curves[curve].points.length, place: point + 1 });
      },
      onResize: () => this.ask(),
    });
    const { heading, root: box } = panel("lmkit-comparison", "Quality against diversity");
    const legend = legendOf(curves);
    const table = new MeasureTable(truth);
    const texts = new TextsPanel(() => this.write({ draw: this.model.get("draw") + 1 }));
    box.append(heading, legend, plane.root);
    super(model, root, stage(box, texts.root), folded("In numbers", table.root, table.note));
    this.plane = plane;
    this.curves = curves;
    this.table = table;
    this.texts = texts;
    /** @type {Map<string, Text[]>} */
    this.batches = new Map();
    /** @type {import("../../runtime/session.js").ModelOption | null} */
    this.shown = null; // the model of the texts
    /** @type {Session | null} */
    this.session = null;
    // Texts are judged under the grammar, so that only models of it are of use.
    this.choice = new OwnModelChoice(
      () => this.ask(),
      ({ truth }) => truth !== null,
    );
    root.prepend(this.choice.root);
  }

  close() {
    super.close();
    this.plane.close();
    this.choice.close();
  }

  ready() {
    const entry = this.choice.entry(this.model.get("model"));
    if (this.shown?.key !== entry.key) this.open(entry);
    return Boolean(this.session);
  }

  /** @param {import("../../runtime/session.js").ModelOption} entry */
  async open(entry) {
    this.shown = entry;
    this.session = null;
    this.messages.tell({ progress: `Loading ${entry.title} …` });
    try {
      const session = await openSession(this.model, entry);
      if (this.closed || this.shown !== entry) return;
      this.session = session;
      this.run();
    } catch (error) {
      if (!this.closed && this.shown === entry) this.fail(error);
    }
  }

  *update() {
    const { strategy_index, place, quality_index, diversity_index, part_index, draw } = this.read(
      "strategy_index",
      "place",
      "quality_index",
      "diversity_index",
      "part_index",
      "draw",
    );
    const { session, shown } = this;
    if (!session || !shown) return;
    const curve = this.curves[strategy_index];
    const last = curve.points.length;
    const at = Math.min(Math.max(place, 1), last);
    this.write({ last_place: last, place: at });
    const point = curve.points[at - 1];
    const axes = { quality: QUALITIES[quality_index], diversity: DIVERSITIES[diversity_index] };
    this.plane.show({ ...axes, near: part_index === 1, chosen: { curve: strategy_index, point: at - 1 } });
    this.table.show(curve, point);
    this.texts.wait(curve, point);
    const texts = yield* this.batch(session, shown.key, curve.name, point.value, draw);
    this.texts.show(curve, point, texts, draw, this.choice.chosen ? MEASURED : "");
    this.announce(() => spoken(curve, point, texts));
  }

  /**
   * Three texts, each with a prompt and a seed of its own; those that were read a while ago are still there.
   * @param {Session} session
   * @param {string} model names it
   * @param {string} name of the strategy
   * @param {number} value
   * @param {number} draw
   */
  *batch(session, model, name, value, draw) {
    const { batches } = this;
    const key = `${model} ${name} ${value} ${draw}`;
    const known = batches.get(key);
    if (known) return known;
    const prompts = this.model.get("prompts");
    /** @type {"beam search" | "sampling"} */
    const method = name === "num_beams" ? "beam search" : "sampling";
    /** @type {Text[]} */
    const texts = [];
    for (let i = TEXTS * draw; i < TEXTS * (draw + 1); i++) {
      const own = { method, prompt: prompts[i % prompts.length], seed: i, max_new_tokens: MAX_NEW_TOKENS };
      const { best, truth } = yield* session.decoding({ ...PLAIN, ...own, [name]: value });
      if (!truth) throw new Error("texts are compared under a grammar, but the model has none");
      const written = { tokens: best.tokens, vocab: session.vocab };
      texts.push({ prompt: own.prompt, ...written, wrong: truth.wrong?.step ?? null, logProb: truth.logProb });
    }
    batches.set(key, texts);
    const [oldest] = batches.keys();
    if (batches.size > KEPT_BATCHES) batches.delete(oldest);
    return texts;
  }
}

/**
 * The result in a sentence or two.
 * @param {Curve} curve
 * @param {Point} point
 * @param {Text[]} texts
 */
function spoken(curve, point, texts) {
  const [quality, diversity] = [point.measures.grammatical, point.measures.distinct_2].map(([value]) => value);
  const good = texts.filter(({ wrong }) => wrong === null).length;
  const numbers = `${percent(quality)} grammatical, distinct-2 ${diversity.toFixed(2)}`;
  return [`${nameOf(curve, point)}: ${numbers}.`, `${good} of these ${texts.length} texts are grammatical.`];
}

/**
 * What the marks stand for; the switch of strategies says the same to those who do not see it.
 * @param {Curve[]} curves
 */
function legendOf(curves) {
  /** @type {(name: string, label: string) => HTMLElement} */
  const entry = (name, label) => {
    const mark = svgElement("path", { d: markOf(name, 0, 0, 5.5) });
    const picture = svgElement("svg", { viewBox: "-8 -8 16 16", width: "16", height: "16" }, mark);
    return element("span", { class: `lmkit-comparison-key lmkit-by-${name}` }, picture, label);
  };
  const keys = [...curves.map(({ name, label }) => entry(name, label)), entry("truth", "the truth")];
  return element("p", { class: "lmkit-comparison-legend", "aria-hidden": "true" }, ...keys);
}

/** The measures of the chosen point beside those of the truth. */
class MeasureTable {
  /** @param {Measures} truth */
  constructor(truth) {
    this.name = element("th", { scope: "col" });
    this.body = element("tbody", { "data-filled": "" });
    this.cells = Object.entries(MEASURES).map(([measure, { label }]) => {
      const cell = element("td");
      const ofTruth = element("td", {}, measureText(truth, measure));
      this.body.append(element("tr", {}, element("th", { scope: "row" }, label), cell, ofTruth));
      return { measure, cell };
    });
    const head = element("tr", {}, element("td"), this.name, element("th", { scope: "col" }, "◆ the truth"));
    this.root = element("table", { class: "lmkit-comparison-table" }, element("thead", {}, head), this.body);
    const note = "± is half the interval of the mean; where it is missing, there is nothing to average over.";
    this.note = element("p", { class: "lmkit-footnote" }, note);
  }

  /**
   * @param {Curve} curve
   * @param {Point} point
   */
  show(curve, point) {
    setText(this.name, nameOf(curve, point));
    for (const { measure, cell } of this.cells) setText(cell, measureText(point.measures, measure));
  }
}

/** Texts decoded at the chosen point; what the grammar cannot write is marked where it first occurs. */
class TextsPanel {
  /** @param {() => void} onMore */
  constructor(onMore) {
    const { root, heading } = panel("lmkit-comparison-texts", "Texts");
    this.root = root;
    this.heading = heading;
    this.shown = ""; // where the texts were decoded that are to be seen
    this.more = element("button", { type: "button", class: "lmkit-button lmkit-comparison-more" }, "More texts");
    this.more.addEventListener("click", onMore);
    this.list = element("div", { "data-filled": "" });
    this.note = element("p", { class: "lmkit-footnote" });
    this.note.hidden = true;
    root.append(element("div", { class: "lmkit-head" }, heading, this.more), this.note, this.list);
  }

  /**
   * Texts of another point are pale until those of this one are there.
   * @param {Curve} curve
   * @param {Point} point
   */
  wait(curve, point) {
    const name = nameOf(curve, point);
    this.list.classList.toggle("lmkit-comparison-old", this.shown !== name);
    setText(this.heading, `Texts decoded at ${name}`);
  }

  /**
   * @param {Curve} curve
   * @param {Point} point
   * @param {Text[]} texts
   * @param {number} draw
   * @param {string} note
   */
  show(curve, point, texts, draw, note) {
    this.shown = nameOf(curve, point);
    this.list.classList.remove("lmkit-comparison-old");
    setText(this.note, note);
    this.note.hidden = !note;
    setText(this.heading, `Texts ${TEXTS * draw + 1} to ${TEXTS * (draw + 1)}, decoded at ${this.shown}`);
    resize(this.list, texts.length, makeText);
    for (const [i, text] of texts.entries()) showText(this.list.children[i], text);
  }
}

function makeText() {
  /** @param {string} name */
  const part = (name) => element("span", { class: `lmkit-comparison-${name}` });
  const line = element("p", {}, ...["prompt", "fine", "wrong", "after"].map(part));
  return element("div", { class: "lmkit-comparison-text" }, line, element("p", { class: "lmkit-numbers" }));
}

/**
 * @param {Element} node
 * @param {Text} text
 */
function showText(node, { prompt, tokens, vocab, wrong, logProb }) {
  const [line, numbers] = node.children;
  const [start, fine, mark, after] = line.children;
  const place = wrong ?? tokens.length;
  setText(start, `${prompt} `);
  setText(fine, vocab.text(tokens.slice(0, place)));
  setText(mark, wrong === null ? "" : vocab.show(tokens[place]));
  mark.classList.toggle("lmkit-comparison-marked", wrong !== null);
  setText(after, vocab.text(tokens.slice(place + 1)));
  const praise = `Grammatical; true log-probability ${signed(logProb / tokens.length)} per word.`;
  const judged = wrong === null ? praise : `The grammar cannot write ‘${vocab.show(tokens[place])}’ here.`;
  setText(numbers, `${tokens.length} new words. ${judged}`);
}

export default widgetOf(ComparisonView);
