// The ribbon lab's view: one filter at every step of one text.

import { element, resize, setAttribute, setText } from "../../base/dom.js";
import { column, LabView, panel, stage, widgetOf } from "../../base/view.js";
import { OwnModelChoice } from "../../runtime/panels/own_model_choice.js";
import { openSession } from "../../runtime/session.js";
import { RibbonChart } from "./chart.js";
import { Ribbon, SETTINGS } from "./model.js";
import { StepPanel } from "./step_panel.js";
import { fine, nameOf, ownLine, spoken, truthEnds } from "./wording.js";

/**
 * @typedef {import("../../base/view.js").Model} Model
 * @typedef {import("../../runtime/session.js").Session} Session
 * @typedef {import("./model.js").Measured} Measured
 * @typedef {import("./model.js").Settings} Settings
 */

class RibbonView extends LabView {
  /**
   * @param {Model} model
   * @param {HTMLElement} root
   */
  constructor(model, root) {
    /** @param {number} step */
    const onSelect = (step) => this.write({ step: step + 1 });
    const chart = new ChartPanel({ onSelect, onResize: () => this.ask() });
    const story = new StoryPanel(onSelect);
    const words = new StepPanel(() => this.ask());
    const choice = new OwnModelChoice(
      () => this.ask(),
      ({ truth }) => truth !== null,
    );
    super(model, root, stage(chart.root, column(words.root, story.root)));
    root.prepend(choice.root);
    this.choice = choice;
    this.panels = { chart, story, words };
    this.opening = ""; // the key of the model that is shown, or is being loaded
    /** @type {Session | null} */
    this.session = null;
    /** @type {{ text: string, ribbon: Ribbon } | null} */
    this.shown = null;
    /** @type {number | null} */
    this.storyIndex = null;
  }

  /** @override */
  close() {
    super.close();
    this.panels.chart.close();
    this.choice.close();
  }

  /** @override */
  ready() {
    const offer = this.choice.entry(this.model.get("option"));
    if (this.opening !== offer.key) this.open(offer);
    return Boolean(this.session);
  }

  /** @param {import("../../runtime/session.js").ModelOption} offer */
  async open(offer) {
    this.opening = offer.key;
    this.session = null;
    this.shown = null;
    this.messages.tell({ progress: `Loading ${offer.title} …` });
    try {
      const session = await openSession(this.model, offer);
      if (this.closed || this.opening !== offer.key) return;
      this.session = session;
      this.run();
    } catch (error) {
      if (!this.closed && this.opening === offer.key) this.fail(error);
    }
  }

  /** @override */
  update() {
    this.followStory();
    const { text, method_index, step } = this.read("text", "method_index", "step");
    const ribbon = this.ribbonOf(text),
      { panels } = this;
    this.write({ steps: ribbon.length, ...displays(method_index) });
    const settings = this.settings(method_index);
    const selected = Math.min(Math.max(step, 1), ribbon.length) - 1;
    const result = ribbon.measure(settings);
    const name = nameOf(method_index, settings);
    panels.chart.show(ribbon, result, selected, name);
    panels.story.show(ribbon, result, selected);
    panels.words.show(ribbon, result, selected, settings);
    this.announce(() => spoken(result, selected, ribbon.hasTruth));
  }

  /** @param {string} text */
  ribbonOf(text) {
    if (!this.session) throw new Error("a text is read before there is a model");
    if (this.shown?.text !== text) this.shown = { text, ribbon: new Ribbon(this.session, text) };
    return this.shown.ribbon;
  }

  /**
   * A story that is chosen becomes the text; a text that is typed is the reader's own, the choice after the last. Whoever
   * chooses that one keeps the text as it stands.
   */
  followStory() {
    const { stories, story_index, text } = this.read("stories", "story_index", "text");
    const isStory = story_index < stories.length,
      isChosen = story_index !== (this.storyIndex ?? story_index);
    if (isStory && isChosen) this.write({ text: stories[story_index] });
    else if (isStory && text !== stories[story_index]) {
      const same = stories.indexOf(text);
      this.write({ story_index: same < 0 ? stories.length : same });
    }
    this.storyIndex = this.model.get("story_index");
  }

  /**
   * The one filter that is switched on.
   *
   * @param {number} method
   * @returns {Settings}
   */
  settings(method) {
    const { temperature, top_k, top_p, min_ps, min_p_index, typical_p } = this.read(
      "temperature",
      "top_k",
      "top_p",
      "min_ps",
      "min_p_index",
      "typical_p",
    );
    /** @type {Settings} */
    const off = { temperature, top_k: null, top_p: 1, min_p: 0, typical_p: 1 };
    const on = { top_k, top_p, min_p: min_ps[min_p_index], typical_p };
    return { ...off, [SETTINGS[method]]: on[SETTINGS[method]] };
  }
}

/**
 * Controls of other filters are put away.
 *
 * @param {number} method
 */
function displays(method) {
  return Object.fromEntries(SETTINGS.map((name, i) => [`${name}_display`, i === method ? "" : "none"]));
}

/** The chart, its key, and what it comes to. */
class ChartPanel {
  /** @param {ConstructorParameters<typeof RibbonChart>[0]} handlers */
  constructor(handlers) {
    const { root, heading } = panel("lmkit-ribbon", "Kept at every step");
    this.root = root;
    this.heading = heading;
    this.chart = new RibbonChart(handlers);
    /** @param {string} name */
    const swatch = (name) =>
      element("span", { class: `lmkit-ribbon-swatch lmkit-ribbon-swatch-${name}`, "aria-hidden": "true" });
    /** @type {(name: string, text: string) => HTMLElement} */
    const key = (name, text) => element("li", {}, swatch(name), text);
    this.truthKeys = [key("missing", "dropped, though it can come next"), key("wrong", "kept, though it cannot")];
    this.unknownKey = key("unknown", "kept, the truth is not known");
    this.own = element("span"); // its words
    const own = key("dropped", "");
    own.append(this.own);
    const keys = [key("right", "kept"), ...this.truthKeys, own, this.unknownKey];
    this.key = element("ul", { class: "lmkit-ribbon-key" }, ...keys);
    this.totals = new Totals();
    root.append(heading, this.chart.root, this.key, this.totals.root);
  }

  close() {
    this.chart.close();
  }

  /**
   * @param {Ribbon} ribbon
   * @param {Measured} result
   * @param {number} selected
   * @param {string} name - Of the filter.
   */
  show(ribbon, result, selected, name) {
    const { vocab, length, unit, hasTruth } = ribbon;
    setText(this.heading, `${name[0].toUpperCase()}${name.slice(1)}: ${unit}s kept at each of ${length} steps`);
    for (const key of this.truthKeys) key.hidden = !hasTruth;
    this.unknownKey.hidden = !hasTruth || result.known === length;
    setText(this.own, `the text’s own ${unit} is dropped`);
    const drawing = `Number of ${unit}s that ${name} keeps at each of ${length} steps: ${result.kept.toFixed(1)} on average, at most ${result.most}`;
    this.chart.show({ steps: result.steps, selected, size: vocab.size, hasTruth, words: drawing });
    this.totals.show(ribbon, result);
  }
}

/** What is kept over the whole text; false and missed mass where the truth is known. */
class Totals {
  constructor() {
    this.body = element("tbody", { "data-filled": "" });
    /** @param {string} text */
    const column = (text) => element("th", { scope: "col" }, text);
    const head = element("tr", {}, element("td"), column("per step"), column("at least once in the text"));
    this.table = element(
      "table",
      { class: "lmkit-ribbon-totals", "aria-label": "Over the whole text" },
      element("thead", {}, head),
      this.body,
    );
    this.own = element("p", { class: "lmkit-ribbon-own" });
    this.kept = element("p", { class: "lmkit-numbers lmkit-ribbon-mean" });
    this.root = element("div", {}, this.kept, this.table, this.own);
  }

  /**
   * @param {Ribbon} ribbon
   * @param {Measured} result
   */
  show(ribbon, { kept, most, falseMass, missedMass, everFalse, everMissed, known, dropped }) {
    this.table.hidden = !ribbon.hasTruth;
    setText(this.kept, `Kept per step: ${kept.toFixed(2)} ${ribbon.unit}s on average, ${most} at most.`);
    const rows = [
      ["false mass: an impossible word is drawn", fine(falseMass), fine(everFalse)],
      ["missed mass: a true word is dropped", fine(missedMass), fine(everMissed)],
    ];
    resize(this.body, rows.length, () =>
      element("tr", {}, element("th", { scope: "row" }), element("td"), element("td")),
    );
    rows.forEach((texts, i) => {
      const { cells } = this.body.rows[i];
      for (const [j, text] of texts.entries()) setText(cells[j], text);
    });
    setText(this.own, `${ownLine(ribbon, dropped)}${truthEnds(ribbon, known)}`);
  }
}

/** The text, each word a place to click at; what is read before the first step stands before them. */
class StoryPanel {
  /** @param {(step: number) => void} onSelect */
  constructor(onSelect) {
    const { root, heading } = panel("lmkit-ribbon-story", "The text");
    this.root = root;
    this.line = element("p", { class: "lmkit-ribbon-words" });
    this.first = 0; // the place of the first step's word
    this.line.addEventListener("click", ({ target }) => {
      const place = target instanceof Element ? [...this.line.children].indexOf(target) : -1;
      if (place >= this.first) onSelect(place - this.first);
    });
    root.append(heading, this.line);
  }

  /**
   * @param {Ribbon} ribbon
   * @param {Measured} result
   * @param {number} selected
   */
  show({ before, tokens, vocab }, { steps }, selected) {
    this.first = before.length;
    const words = [...before, ...tokens];
    resize(this.line, words.length, () => element("span"));
    words.forEach((id, place) => {
      const node = this.line.children[place],
        t = place - this.first;
      setText(node, vocab.show(id));
      node.classList.toggle("lmkit-ribbon-before", t < 0);
      node.classList.toggle("lmkit-ribbon-dropped-word", t >= 0 && !steps[t].allowed);
      setAttribute(node, "aria-current", t === selected ? "step" : null);
    });
  }
}

export default widgetOf(RibbonView);
