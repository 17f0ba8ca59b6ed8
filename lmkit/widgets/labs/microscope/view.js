// The microscope's view: a heatmap of chosen units over a text, their numbers at one step, and what the model expects.

import { element, percent, resize, setText } from "../../base/dom.js";
import { column, LabView, panel, stage, widgetOf } from "../../base/view.js";
import { OwnModelChoice } from "../../runtime/panels/own_model_choice.js";
import { openSession } from "../../runtime/session.js";
import { MapPanel } from "./map_panel.js";
import { mostProbable, QUANTITIES, Tracer, unitsOf } from "./model.js";
import { NAMES, number, roleOf } from "./quantities.js";

/**
 * @typedef {import("../../base/view.js").Model} Model
 * @typedef {import("../../base/tokenizer.js").Tokenizer} Tokenizer
 * @typedef {import("./model.js").Quantity} Quantity
 * @typedef {import("../../runtime/session.js").ModelOption & { prompts: string[],
 *   presets: import("./model.js").Preset[] }} Entry a model to look into
 * @typedef {import("./model.js").Look} Look
 */

/** @type {("before" | Quantity)[]} */
const COLUMNS = ["before", "f", "i", "g", "c", "o", "h"]; // in the order in which a step uses them
const LIKELY = 8;

/**
 * What a reader's own model is first looked at by.
 *
 * @param {{ hidden_size: number }} model
 * @returns {Partial<Entry>}
 */
const firstUnits = ({ hidden_size }) => ({
  presets: [["the first units", Array.from({ length: Math.min(8, hidden_size) }, (_, unit) => unit)]],
});

class MicroscopeView extends LabView {
  /**
   * @param {Model} model
   * @param {HTMLElement} root
   */
  constructor(model, root) {
    const map = new MapPanel((t) => this.write({ step: t + 1 }));
    const numbers = new NumbersPanel();
    const likely = new LikelyPanel();
    const choice = new OwnModelChoice(() => this.ask());
    super(model, root, stage(map.root, column(numbers.root, likely.root)));
    root.prepend(choice.root);
    this.choice = choice;
    this.map = map;
    this.numbers = numbers;
    this.likely = likely;
    /** @type {Entry | null} */
    this.entry = null;
    /** @type {{ tracer: Tracer, vocab: Tokenizer } | null} */
    this.opened = null;
    this.last = Infinity; // step of the text that was shown last
  }

  /** @override */
  ready() {
    /** @type {Entry} */
    const offered = this.model.get("models")[this.model.get("model_index")];
    const entry = this.choice.entry(offered, firstUnits);
    if (this.entry?.key !== entry.key) this.open(entry);
    return Boolean(this.opened);
  }

  /**
   * Load another model, with units that mean something in it, and a text that it can read.
   *
   * @param {Entry} entry
   */
  async open(entry) {
    const first = !this.entry;
    this.entry = entry;
    this.opened = null;
    this.messages.tell({ progress: `Loading ${entry.title} …` });
    try {
      const { model, vocab } = await openSession(this.model, entry);
      if (this.closed || this.entry !== entry) return;
      this.opened = { vocab, tracer: new Tracer(model) };
      this.write({ suggestions: entry.prompts, unit_names: entry.presets.map(([name]) => name) });
      if (!first) this.write({ ...this.readable(entry, vocab), units: entry.presets[0][0] });
      this.run();
    } catch (error) {
      if (this.entry === entry && !this.closed) this.fail(error);
    }
  }

  /**
   * What to change so that the model can read the text: nothing, if its vocabulary has the words.
   *
   * @param {Entry} entry
   * @param {Tokenizer} vocab
   */
  readable({ prompts: [text] }, vocab) {
    try {
      vocab.promptIds(this.model.get("text"));
      return {};
    } catch {
      return { text, step: vocab.promptIds(text).length };
    }
  }

  /** @override */
  update() {
    const { entry, opened } = this;
    if (!entry || !opened) return;
    const { tracer, vocab } = opened;
    const { text, units, quantity_index, layer, step } = this.read("text", "units", "quantity_index", "layer", "step");
    const shown = unitsOf(units, entry.presets, tracer.model.size.H);
    const tokens = vocab.promptIds(text);
    const last = tracer.read(tokens).length;
    const atEnd = step >= this.last; // a step at the end stays there while a text is typed
    /** @type {Look} */
    const look = {
      tokens,
      tracer,
      layer: Math.min(layer, tracer.model.size.D) - 1,
      units: shown,
      quantity: QUANTITIES[quantity_index],
      words: tokens.map((id) => vocab.show(id)),
      t: (atEnd ? last : Math.min(Math.max(step, 1), last)) - 1,
    };
    this.last = last;
    this.write({ last, step: look.t + 1 });
    this.map.show(look);
    this.numbers.show(look);
    this.likely.show(look, vocab);
    this.announce(() => spoken(look, vocab));
  }

  /** @override */
  close() {
    super.close();
    this.map.close();
    this.choice.close();
  }
}

/**
 * The chosen step: the first unit's numbers, and the most probable next token.
 *
 * @param {Look} look
 * @param {Tokenizer} vocab
 */
function spoken({ tracer, layer, units: [unit], words, t }, vocab) {
  const numbers = QUANTITIES.map((name) => `${name} ${number(tracer.value(name, layer, unit, t))}`).join(", ");
  const [{ id, p }] = mostProbable(tracer.steps[t].state.logProbs, 1);
  const likely = `Next: ${vocab.show(id)}, ${percent(p)}.`;
  return [`Step ${t + 1}: ‘${words[t]}’.`, likely, `Unit ${unit}: ${numbers}.`];
}

/** Every gate and state of the chosen units at one step. */
class NumbersPanel {
  constructor() {
    const { root, heading } = panel("lmkit-microscope-numbers", "");
    this.root = root;
    this.heading = heading;
    const head = COLUMNS.map((name) =>
      name === "before"
        ? element("th", { scope: "col" }, "c before")
        : element("th", { scope: "col", style: `color: var(--lm-${roleOf(name)}-text)`, title: NAMES[name] }, name),
    );
    this.body = element("tbody", { "data-filled": "" });
    const top = element("thead", {}, element("tr", {}, element("th", { scope: "col" }, "unit"), ...head));
    const rule = element("p", { class: "lmkit-footnote" }, "c = f × c before + i × g;  h = o × tanh c");
    root.append(heading, element("table", { "aria-labelledby": heading.id }, top, this.body), rule);
  }

  /** @param {Look} look */
  show({ tracer, layer, units, words, t }) {
    setText(this.heading, `Step ${t + 1} of ${words.length}: after ‘${words[t]}’`);
    resize(this.body, units.length, makeNumbers);
    units.forEach((unit, u) => {
      const [name, ...cells] = this.body.rows[u].cells;
      setText(name, String(unit));
      COLUMNS.forEach((column, k) => {
        const value =
          column === "before" ? tracer.value("c", layer, unit, t - 1) : tracer.value(column, layer, unit, t);
        setText(cells[k], number(value));
      });
    });
  }
}

function makeNumbers() {
  return element("tr", {}, element("th", { scope: "row" }), ...COLUMNS.map(() => element("td")));
}

/** What the model expects next, and what the text has there. */
class LikelyPanel {
  constructor() {
    const { root, heading } = panel("lmkit-microscope-likely", "What may come next");
    this.root = root;
    this.body = element("tbody", { "data-filled": "" });
    /** @type {(...children: (Node | string)[]) => HTMLElement} */
    const column = (...children) => element("th", { scope: "col" }, ...children);
    const note = column(element("span", { class: "lmkit-unseen" }, "in the text"));
    const row = element("tr", {}, column("token"), column("0 to 100\u202f%"), column("model"), note);
    const top = element("thead", {}, row);
    this.legend = element("p", { class: "lmkit-footnote" });
    root.append(heading, element("table", { "aria-labelledby": heading.id }, top, this.body), this.legend);
  }

  /**
   * @param {Look} look
   * @param {Tokenizer} vocab
   */
  show({ tracer, tokens, words, t }, vocab) {
    const rows = mostProbable(tracer.steps[t].state.logProbs, LIKELY);
    resize(this.body, rows.length, makeLikely);
    rows.forEach(({ id, p }, k) => {
      const [name, bar, chance, note] = this.body.rows[k].cells;
      setText(name, vocab.show(id));
      bar.getElementsByTagName("span")[0].style.width = `${100 * p}%`;
      setText(chance, percent(p));
      setText(note, id === tokens[t + 1] ? "◂" : "");
    });
    const p = Math.exp(tracer.steps[t].state.logProbs[tokens[t + 1]]);
    const follows = `◂ what the text has: ‘${words[t + 1]}’, ${percent(p)}`;
    setText(this.legend, t + 1 < tokens.length ? follows : "The text ends here.");
  }
}

function makeLikely() {
  const bar = element("td", { "aria-hidden": "true" }, element("span", { class: "lmkit-microscope-bar" }));
  return element("tr", {}, element("th", { scope: "row" }), bar, element("td"), element("td"));
}

export default widgetOf(MicroscopeView);
