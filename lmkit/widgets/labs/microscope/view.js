// The microscope's view: a heatmap of chosen units over a text, their numbers at one step, and what the model expects.

import { element, percent, resize, setAttribute, setText, signed } from "../../base/dom.js";
import { LabView, panel, widgetOf } from "../../base/view.js";
import { openSession } from "../../runtime/session.js";
import { mostProbable, QUANTITIES, Tracer, tokensOf, unitsOf } from "./model.js";

const NAMES = {
  f: "forget gate f",
  i: "input gate i",
  g: "candidate g",
  o: "output gate o",
  c: "cell state c",
  h: "hidden state h",
};
const ROLES = { c: "cell", h: "hidden" }; // the others have their own names
const COLUMNS = ["before", "f", "i", "g", "c", "o", "h"]; // in the order in which a step uses them
const LIKELY = 8;

class MicroscopeView extends LabView {
  constructor(model, root) {
    const map = new MapPanel((t) => this.write({ step: t + 1 }));
    const numbers = new NumbersPanel();
    const likely = new LikelyPanel();
    const below = element("div", { class: "lmkit-microscope-below" }, numbers.root, likely.root);
    super(model, root, map.root, below);
    Object.assign(this, { map, numbers, likely });
  }

  ready() {
    const entry = this.model.get("models")[this.model.get("model_index")];
    if (this.entry?.key !== entry.key) this.open(entry);
    return Boolean(this.tracer);
  }

  /** Load another model, with units that mean something in it, and a text that it can read. */
  async open(entry) {
    const first = !this.entry;
    this.entry = entry;
    this.tracer = null;
    this.messages.tell({ progress: `Loading ${entry.title} …` });
    try {
      const { model, vocab } = await openSession(this.model, entry);
      if (this.closed || this.entry !== entry) return;
      Object.assign(this, { vocab, tracer: new Tracer(model) });
      this.write({ suggestions: entry.prompts, unit_names: entry.presets.map(([name]) => name) });
      if (!first) this.write({ ...this.readable(entry), units: entry.presets[0][0] });
      this.run();
    } catch (error) {
      if (this.entry === entry && !this.closed) this.fail(error);
    }
  }

  /** What to change so that the model can read the text: nothing, if its vocabulary has the words. */
  readable({ prompts: [text] }) {
    try {
      tokensOf(this.model.get("text"), this.vocab);
      return {};
    } catch {
      return { text, step: tokensOf(text, this.vocab).length };
    }
  }

  update() {
    const { text, units, quantity_index, layer, step } = this.read("text", "units", "quantity_index", "layer", "step");
    const { tracer, entry, vocab } = this;
    const shown = unitsOf(units, entry.presets, tracer.model.size.H);
    const tokens = tokensOf(text, vocab);
    const last = tracer.read(tokens).length;
    const atEnd = step >= (this.last ?? Infinity); // a step at the end stays there while a text is typed
    const look = {
      tokens,
      tracer,
      layer: layer - 1,
      units: shown,
      quantity: QUANTITIES[quantity_index],
      words: tokens.map((id) => vocab.words[id]),
      t: (atEnd ? last : Math.min(Math.max(step, 1), last)) - 1,
    };
    this.last = last;
    this.write({ last, step: look.t + 1 });
    this.map.show(look);
    this.numbers.show(look);
    this.likely.show(look, vocab.words);
    this.announce(() => spoken(look, vocab.words));
  }

  close() {
    super.close();
    this.map.close();
  }
}

/** The chosen step in one sentence: the first unit's numbers, and the most probable next token. */
function spoken({ tracer, layer, units: [unit], words, t }, vocabulary) {
  const numbers = QUANTITIES.map((name) => `${name} ${number(tracer.value(name, layer, unit, t))}`).join(", ");
  const [{ id, p }] = mostProbable(tracer.steps[t].state.logProbs, 1);
  return `After ‘${words[t]}’, step ${t + 1} of ${words.length}: unit ${unit}: ${numbers}. Next: ${vocabulary[id]}, ${percent(p)}.`;
}

/** Two decimals, one where there are two digits before them; zero has no sign. */
function number(x) {
  const digits = Math.abs(x) < 9.995 ? 2 : 1;
  return signed(Math.abs(x) < 0.005 ? 0 : x, digits);
}

function roleOf(quantity) {
  return ROLES[quantity] ?? quantity;
}

/** Units down, time to the right. A cell has its number; a line along its foot, or top where it is negative; a shade. */
class MapPanel {
  constructor(onSelect) {
    const { root, heading } = panel("lmkit-microscope-map", "");
    Object.assign(this, { root, heading, t: -1 });
    this.head = element("tr", {}, element("th", { scope: "col" }, "unit"));
    this.body = element("tbody", { "data-filled": "" });
    this.table = element("table", { "aria-labelledby": heading.id }, element("thead", {}, this.head), this.body);
    const label = "Units and tokens; the arrow keys choose the step";
    this.scroller = element(
      "div",
      { class: "lmkit-microscope-scroll", role: "group", "aria-label": label },
      this.table,
    );
    this.legend = element("p", { class: "lmkit-footnote" });
    root.append(heading, this.scroller, this.legend);
    this.head.addEventListener("click", (event) => {
      const token = event.target.closest("button");
      if (token) onSelect(this.tokens().indexOf(token));
    });
    this.head.addEventListener("keydown", (event) => this.move(event, onSelect));
    this.sizes = new ResizeObserver(() => this.reveal()); // shown at last, in another font, on a turned phone
    for (const part of [this.table, this.scroller]) this.sizes.observe(part);
  }

  close() {
    this.sizes.disconnect();
  }

  tokens() {
    return [...this.head.children].slice(1).map((cell) => cell.firstChild);
  }

  move(event, onSelect) {
    const tokens = this.tokens();
    const at = tokens.indexOf(event.target.closest("button")),
      last = tokens.length - 1;
    const to = {
      ArrowRight: Math.min(at + 1, last),
      ArrowLeft: Math.max(at - 1, 0),
      Home: 0,
      End: last,
    }[event.key];
    if (to === undefined || at < 0) return;
    event.preventDefault();
    tokens[to].focus({ preventScroll: true });
    onSelect(to);
  }

  show(look) {
    const { tokens, units, quantity, layer } = look;
    const drawn = JSON.stringify([tokens, units, quantity, layer]);
    if (this.drawn !== drawn || this.tracer !== look.tracer) this.draw(look);
    Object.assign(this, { drawn, tracer: look.tracer });
    this.select(look.t);
  }

  draw({ words, units, quantity, layer, tracer }) {
    const name = NAMES[quantity];
    const where = tracer.model.size.D > 1 ? ` in layer ${layer + 1}` : "";
    setText(this.heading, `${name[0].toUpperCase()}${name.slice(1)}${where}, after each token`);
    resize(this.head, words.length + 1, makeToken);
    words.forEach((word, t) => setText(this.head.children[t + 1].firstChild, word));
    resize(this.body, units.length, makeUnit);
    units.forEach((unit, u) => {
      drawUnit(
        this.body.children[u],
        unit,
        words.map((_, t) => tracer.value(quantity, layer, unit, t)),
      );
    });
    this.table.style.setProperty("--lmkit-role", `var(--lm-${roleOf(quantity)})`);
    setText(this.legend, legendOf(quantity));
    this.t = -1;
  }

  select(t) {
    if (t === this.t) return;
    for (const row of [this.head, ...this.body.children]) {
      row.querySelector(".lmkit-microscope-now")?.classList.remove("lmkit-microscope-now");
      row.children[t + 1].classList.add("lmkit-microscope-now");
    }
    this.tokens().forEach((token, at) => {
      setAttribute(token, "aria-pressed", String(at === t));
      setAttribute(token, "tabindex", at === t ? "0" : "-1");
    });
    this.t = t;
    this.reveal();
  }

  /** Bring the chosen step into sight within the panel; the page stays where it is. */
  reveal() {
    const { scroller, head, t } = this;
    if (t < 0) return;
    const cell = head.children[t + 1],
      fixed = head.firstChild.offsetWidth;
    const left = cell.offsetLeft - fixed - 8,
      right = cell.offsetLeft + cell.offsetWidth + 8 - scroller.clientWidth;
    if (scroller.scrollLeft > left) scroller.scrollLeft = left;
    else if (scroller.scrollLeft < right) scroller.scrollLeft = right;
  }
}

function legendOf(quantity) {
  const negative = "gch".includes(quantity) ? " (its top where negative)" : "";
  const full = quantity === "c" ? "the row’s largest, at least 1" : "1";
  return `The shade, and the line along a cell’s foot${negative}, grow with the number; full is ${full}.`;
}

function makeToken() {
  return element("th", { scope: "col" }, element("button", { type: "button", class: "lmkit-microscope-token" }));
}

function makeUnit() {
  return element("tr", {}, element("th", { scope: "row" }));
}

function makeCell() {
  return element("td", { class: "lmkit-microscope-cell" });
}

function drawUnit(row, unit, values) {
  const full = values.reduce((most, x) => Math.max(most, Math.abs(x)), 1); // only a cell state goes beyond 1
  setText(row.firstChild, String(unit));
  resize(row, values.length + 1, makeCell);
  values.forEach((value, t) => {
    const cell = row.children[t + 1];
    setText(cell, number(value));
    cell.classList.toggle("lmkit-microscope-negative", value < 0);
    cell.style.setProperty("--lmkit-part", (Math.abs(value) / full).toFixed(3));
  });
}

/** Every gate and state of the chosen units at one step. */
class NumbersPanel {
  constructor() {
    const { root, heading } = panel("lmkit-microscope-numbers", "");
    Object.assign(this, { root, heading });
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

  show({ tracer, layer, units, words, t }) {
    setText(this.heading, `Step ${t + 1} of ${words.length}: after ‘${words[t]}’`);
    resize(this.body, units.length, makeNumbers);
    units.forEach((unit, u) => {
      const [name, ...cells] = this.body.children[u].children;
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
    const column = (...children) => element("th", { scope: "col" }, ...children);
    const note = column(element("span", { class: "lmkit-unseen" }, "in the text"));
    const row = element("tr", {}, column("token"), column("0 to 100\u202f%"), column("model"), note);
    const top = element("thead", {}, row);
    this.legend = element("p", { class: "lmkit-footnote" });
    root.append(heading, element("table", { "aria-labelledby": heading.id }, top, this.body), this.legend);
  }

  show({ tracer, tokens, words, t }, vocabulary) {
    const rows = mostProbable(tracer.steps[t].state.logProbs, LIKELY);
    resize(this.body, rows.length, makeLikely);
    rows.forEach(({ id, p }, k) => {
      const [name, bar, chance, note] = this.body.children[k].children;
      setText(name, vocabulary[id]);
      bar.firstChild.style.width = `${100 * p}%`;
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
