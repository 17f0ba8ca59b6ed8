// The ribbon lab's view: one filter at every step of one text.

import { element, percent, resize, setAttribute, setText, short } from "../../base/dom.js";
import { LabView, panel, widgetOf } from "../../base/view.js";
import { openSession } from "../../runtime/session.js";
import { RibbonChart } from "./chart.js";
import { Ribbon } from "./model.js";

const METHODS = ["top-k", "top-p", "min-p", "typical"];
const SETTINGS = ["top_k", "top_p", "min_p", "typical_p"]; // of the methods, in their order
const BAR_ROWS = 12;
const BAR_SCALES = [0.1, 0.25, 0.5, 1];

class RibbonView extends LabView {
  constructor(model, root) {
    const onSelect = (step) => this.write({ step: step + 1 });
    const chart = new ChartPanel({ onSelect, onResize: () => this.ask() });
    const story = new StoryPanel(onSelect);
    const words = new StepPanel(() => this.ask());
    super(model, root, chart.root, story.root, words.root);
    this.panels = { chart, story, words };
  }

  close() {
    super.close();
    this.panels.chart.close();
  }

  ready() {
    if (!this.opening) this.open();
    return Boolean(this.session);
  }

  async open() {
    this.opening = true;
    const offer = this.model.get("option");
    this.messages.tell({ progress: `Loading ${offer.title} …` });
    try {
      const session = await openSession(this.model, offer);
      if (this.closed) return;
      this.session = session;
      this.run();
    } catch (error) {
      if (!this.closed) this.fail(error);
    }
  }

  update() {
    this.followStory();
    const { text, method_index, step } = this.read("text", "method_index", "step");
    if (text !== this.text) this.ribbon = new Ribbon(this.session, text);
    this.text = text;
    const { ribbon, panels } = this;
    this.write({ steps: ribbon.length, ...displays(method_index) });
    const settings = this.settings(method_index);
    const selected = Math.min(Math.max(step, 1), ribbon.length) - 1;
    const result = ribbon.measure(settings);
    const name = nameOf(method_index, settings);
    panels.chart.show(ribbon, result, selected, name);
    panels.story.show(ribbon, result, selected);
    panels.words.show(ribbon, result, selected, settings);
    this.announce(() => spoken(name, result, selected));
  }

  /** A story that is chosen becomes the text; a text that is typed is the reader's own, the choice after the last. */
  followStory() {
    const { stories, story_index, text } = this.read("stories", "story_index", "text");
    const chosen = story_index !== (this.storyIndex ?? story_index) && story_index < stories.length;
    if (chosen) this.write({ text: stories[story_index] });
    else if (text !== stories[story_index]) {
      const same = stories.indexOf(text);
      this.write({ story_index: same < 0 ? stories.length : same });
    }
    this.storyIndex = this.model.get("story_index");
  }

  /** The one filter that is switched on. */
  settings(method) {
    const { temperature, top_k, top_p, min_ps, min_p_index, typical_p } = this.read(
      "temperature",
      "top_k",
      "top_p",
      "min_ps",
      "min_p_index",
      "typical_p",
    );
    const off = { temperature, top_k: null, top_p: 1, min_p: 0, typical_p: 1 };
    const on = { top_k, top_p, min_p: min_ps[min_p_index], typical_p };
    return { ...off, [SETTINGS[method]]: on[SETTINGS[method]] };
  }
}

/** Controls of other filters are put away. */
function displays(method) {
  return Object.fromEntries(SETTINGS.map((name, i) => [`${name}_display`, i === method ? "" : "none"]));
}

/** "top-p, p = 0.9", and the temperature if it is not 1. */
function nameOf(method, settings) {
  const letter = ["k", "p", "m", "p"][method],
    value = settings[SETTINGS[method]];
  const hot = settings.temperature === 1 ? "" : `, T = ${short(settings.temperature)}`;
  return `${METHODS[method]}, ${letter} = ${Number(value.toFixed(4))}${hot}`;
}

/** The chart, its key, and what it comes to. */
class ChartPanel {
  constructor(handlers) {
    const { root, heading } = panel("lmkit-ribbon", "Kept at every step");
    Object.assign(this, { root, heading });
    this.chart = new RibbonChart(handlers);
    const swatch = (name) =>
      element("span", { class: `lmkit-ribbon-swatch lmkit-ribbon-swatch-${name}`, "aria-hidden": "true" });
    const key = (name, text) => element("li", {}, swatch(name), text);
    this.unknownKey = key("unknown", "kept, the truth is not known");
    this.key = element(
      "ul",
      { class: "lmkit-ribbon-key" },
      key("right", "kept"),
      key("missing", "dropped, though it can come next"),
      key("wrong", "kept, though it cannot"),
      key("dropped", "the text’s own word is dropped"),
      this.unknownKey,
    );
    this.totals = new Totals();
    root.append(heading, this.chart.root, this.key, this.totals.root);
  }

  close() {
    this.chart.close();
  }

  show(ribbon, result, selected, name) {
    const { words, length } = ribbon;
    setText(this.heading, `${name[0].toUpperCase()}${name.slice(1)}: words kept at each of ${length} steps`);
    this.unknownKey.hidden = result.known === length;
    const drawing = `Number of words that ${name} keeps at each of ${length} steps: ${result.kept.toFixed(1)} on average, at most ${result.most}`;
    this.chart.show({ steps: result.steps, selected, size: words.length, words: drawing });
    this.totals.show(ribbon, result);
  }
}

/** Leak and loss over the whole text. */
class Totals {
  constructor() {
    this.body = element("tbody", { "data-filled": "" });
    const column = (text) => element("th", { scope: "col" }, text);
    const head = element("tr", {}, element("td"), column("per step"), column("at least once in the text"));
    const table = element(
      "table",
      { class: "lmkit-ribbon-totals", "aria-label": "Over the whole text" },
      element("thead", {}, head),
      this.body,
    );
    this.own = element("p", { class: "lmkit-ribbon-own" });
    this.kept = element("p", { class: "lmkit-numbers lmkit-ribbon-mean" });
    this.root = element("div", {}, this.kept, table, this.own);
  }

  show(ribbon, { kept, most, leak, loss, everLeak, everLoss, known, dropped }) {
    setText(this.kept, `Kept per step: ${kept.toFixed(2)} words on average, ${most} at most.`);
    const rows = [
      ["leak: an impossible word is drawn", fine(leak), fine(everLeak)],
      ["loss: a true word is dropped", fine(loss), fine(everLoss)],
    ];
    resize(this.body, rows.length, () =>
      element("tr", {}, element("th", { scope: "row" }), element("td"), element("td")),
    );
    rows.forEach((row, i) => row.forEach((text, j) => setText(this.body.children[i].children[j], text)));
    setText(this.own, `${ownLine(ribbon, dropped)}${truthEnds(ribbon, known)}`);
  }
}

function ownLine({ tokens, words }, dropped) {
  if (!dropped.length) return `The filter keeps all ${tokens.length} words of this very text: it could write it.`;
  const some = dropped
    .slice(0, 5)
    .map((t) => `‘${words[tokens[t]]}’ at step ${t + 1}`)
    .join(", ");
  const more = dropped.length > 5 ? ` and ${dropped.length - 5} more` : "";
  return `The filter can never write this very text: it drops ${some}${more}.`;
}

function truthEnds({ wrong, length }, known) {
  if (known === length) return "";
  return ` The grammar cannot write ‘${wrong.word}’ at step ${wrong.step + 1}; after it the truth is not known, and those steps do not count.`;
}

/** The text, each word a place to click at. */
class StoryPanel {
  constructor(onSelect) {
    const { root, heading } = panel("lmkit-ribbon-story", "The text");
    this.root = root;
    this.line = element("p", { class: "lmkit-ribbon-words" });
    this.line.addEventListener("click", (event) => {
      const place = [...this.line.children].indexOf(event.target);
      if (place >= 0) onSelect(place);
    });
    root.append(heading, this.line);
  }

  show({ tokens, words }, { steps }, selected) {
    resize(this.line, tokens.length, () => element("span"));
    tokens.forEach((id, t) => {
      const node = this.line.children[t];
      setText(node, words[id]);
      node.classList.toggle("lmkit-ribbon-dropped-word", !steps[t].allowed);
      setAttribute(node, "aria-current", t === selected ? "step" : null);
    });
  }
}

/** What happens to the words at one step: a table whose second column is drawn. */
class StepPanel {
  constructor(onToggle) {
    const { root, heading } = panel("lmkit-ribbon-step", "One step");
    Object.assign(this, { root, heading });
    this.facts = element("p", { class: "lmkit-numbers" });
    this.body = element("tbody", { "data-filled": "" });
    this.scale = element("th", { scope: "col", class: "lmkit-ribbon-bar-cell" });
    const column = (text, name) => element("th", { scope: "col", class: `lmkit-ribbon-${name}` }, text);
    this.modelHead = column("model", "model");
    const head = element(
      "tr",
      {},
      column("word", "name"),
      this.scale,
      this.modelHead,
      column("filtered", "after"),
      column("truth", "truth"),
    );
    this.table = element("table", { "aria-labelledby": heading.id }, element("thead", {}, head), this.body);
    this.more = element("button", {
      type: "button",
      class: "lmkit-button lmkit-ribbon-more",
      "aria-expanded": "false",
    });
    this.more.addEventListener("click", () => {
      this.all = !this.all;
      onToggle();
    });
    root.append(heading, this.facts, this.table, this.more);
  }

  show(ribbon, { steps }, t, settings) {
    const { tokens, words, length } = ribbon;
    const rows = ribbon.rows(t, settings);
    const shown = this.all ? rows : firstRows(rows);
    setText(this.heading, `Step ${t + 1} of ${length}: ${placeOf(tokens, t, words)} ‘${words[tokens[t]]}’`);
    setText(this.facts, factsOf(steps[t], words.length));
    setText(this.modelHead, settings.temperature === 1 ? "model" : `T\u202f=\u202f${short(settings.temperature)}`);
    const largest = Math.max(...shown.map(({ p, drawn, truth }) => Math.max(p, drawn, truth ?? 0)));
    const scale = BAR_SCALES.find((limit) => largest <= limit) ?? 1;
    setText(this.scale, `0 to ${100 * scale}\u202f%`);
    resize(this.body, shown.length, makeRow);
    shown.forEach((row, i) => showRow(this.body.children[i], row, scale));
    this.more.hidden = rows.length <= BAR_ROWS;
    setText(
      this.more,
      this.all ? `Show only ${BAR_ROWS}` : `Show all ${rows.length} words that are kept or can come next`,
    );
    setAttribute(this.more, "aria-expanded", String(Boolean(this.all)));
  }
}

/** What stands before step t. */
function placeOf(tokens, t, words) {
  const before = tokens
    .slice(Math.max(0, t - 4), t)
    .map((id) => words[id])
    .join(" ");
  return t ? `after “${t > 4 ? "… " : ""}${before}” the text has` : "the text begins with";
}

/** The most probable; the text's own word is always among them. */
function firstRows(rows) {
  const own = rows.findIndex((row) => row.own);
  return own < BAR_ROWS ? rows.slice(0, BAR_ROWS) : [...rows.slice(0, BAR_ROWS - 1), rows[own]];
}

function factsOf({ known, kept, right, wrong, missing, leak, loss }, size) {
  const keeps = `Kept: ${kept} of ${size} words`;
  if (!known) return `${keeps}. What can truly come next is not known here.`;
  const split = wrong ? `, of which ${wrong} cannot come next (leak ${fine(leak)})` : "";
  const gone = missing ? `; ${missing} dropped that can (loss ${fine(loss)})` : "; none dropped that can";
  return `${keeps}${split}; ${right + missing} can come next${gone}.`;
}

function makeRow() {
  const bars = element(
    "td",
    { class: "lmkit-ribbon-bar-cell", "aria-hidden": "true" },
    element("span", { class: "lmkit-ribbon-bar" }),
    element("span", { class: "lmkit-ribbon-truth-bar" }),
  );
  const name = element("th", { scope: "row", class: "lmkit-ribbon-name" });
  return element(
    "tr",
    {},
    name,
    bars,
    ...["model", "after", "truth"].map((part) => element("td", { class: `lmkit-ribbon-${part}` })),
  );
}

function showRow(node, { word, kept, p, drawn, truth, own }, scale) {
  const [name, bars, model, after, truthCell] = node.children;
  const impossible = truth === 0 ? " lmkit-ribbon-impossible" : "";
  setAttribute(
    node,
    "class",
    `${kept ? "lmkit-ribbon-kept" : "lmkit-ribbon-out"}${impossible}${own ? " lmkit-ribbon-own-word" : ""}`,
  );
  setText(name, own ? `${word} ◂` : word);
  bars.firstChild.style.width = `${(100 * p) / scale}%`;
  bars.lastChild.style.width = `${(100 * (truth ?? 0)) / scale}%`;
  setText(model, percent(p));
  setText(after, kept ? percent(drawn) : "dropped");
  setText(truthCell, truth === null ? "–" : truth ? percent(truth) : "never");
}

function spoken(name, { kept, leak, loss, steps }, t) {
  const step = steps[t];
  const possible = step.known ? `, ${step.right} of the ${step.right + step.missing} that can come next` : "";
  return `${name}: ${kept.toFixed(1)} words kept per step, leak ${fine(leak)}, loss ${fine(loss)}. Step ${t + 1}: ${step.kept} kept${possible}.`;
}

/** A share with two decimals, for leaks are small. */
function fine(p) {
  if (Number.isNaN(p)) return "–";
  if (p > 0 && p < 0.00005) return "< 0.01\u202f%";
  return `${(100 * p).toFixed(p < 0.0995 ? 2 : 0)}\u202f%`;
}

export default widgetOf(RibbonView);
