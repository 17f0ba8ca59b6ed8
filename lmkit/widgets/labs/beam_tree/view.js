// The beam tree lab's view: the tree up to a step, what became of the texts, and the numbers behind both.

import { element, setAttribute, setText } from "../../base/dom.js";
import { column, LabView, panel, stage, widgetOf } from "../../base/view.js";
import { OwnModelChoice } from "../../runtime/panels/own_model_choice.js";
import { openSession } from "../../runtime/session.js";
import { BeamDiagram, SYMBOLS } from "./diagram.js";
import { judgedTree, ofModel, ofTable } from "./languages.js";
import { LookedTable, TextsTable } from "./text_tables.js";
import { spokenOf, verdictOf } from "./verdict.js";

/** @typedef {import("../../base/view.js").Model} Model */
/** @typedef {import("./languages.js").JudgedTree} JudgedTree */
/** @typedef {import("./languages.js").Language} Language */
/** @typedef {import("./languages.js").ModelEntry} ModelEntry */
/** @typedef {import("./verdict.js").Shown} Shown */

/** @type {(boolean | "never")[]} */
const EARLY_STOPPING = [false, true, "never"];
const OWN_STEPS = 6; // at least, of a reader's own model
const NO_MODEL = { name: "", title: "", key: "", truth: null, own: false }; // where the lab has tables only
const KEY = [
  ["kept", "kept"],
  ["dropped", "dropped"],
  ["unseen", "not looked at"],
  ["ended", "‖ ends"],
  ["cut", "| cut at the limit"],
  ["best", `${SYMBOLS.best} the beam’s best`],
  ["optimum", `${SYMBOLS.optimum} the best of all texts`],
  ["greedy", `${SYMBOLS.greedy} greedy decoding`],
];

class BeamTreeView extends LabView {
  /**
   * @param {Model} model
   * @param {HTMLElement} root
   */
  constructor(model, root) {
    const walk = new TreeWalk((by) => {
      const { step, steps } = this.read("step", "steps");
      this.write({ step: Math.max(0, Math.min(step + by, steps)) });
    });
    const label = "Tree of the beam search; scrolls sideways";
    const frame = element("div", { class: "lmkit-beam-frame", role: "group", tabindex: "0", "aria-label": label });
    const diagram = new BeamDiagram(frame, () => this.ask());
    const verdict = element("p", { class: "lmkit-beam-verdict" });
    const reading = element("p", { class: "lmkit-footnote" });
    const keys = keyList();
    const texts = new TextsTable();
    const looked = new LookedTable();
    super(
      model,
      root,
      stage(
        column(walk.root, element("div", { class: "lmkit-panel" }, frame)),
        column(verdict, texts.root, looked.root),
      ),
      element("div", {}, keys.root, reading),
    );
    this.choice = new OwnModelChoice(() => this.ask());
    root.prepend(this.choice.root);
    this.walk = walk;
    this.diagram = diagram;
    this.reading = reading;
    this.keys = keys;
    this.verdict = verdict;
    this.texts = texts;
    this.looked = looked;
    /** @type {Map<string, Language | null>} */
    this.opened = new Map(); // null while a model is being loaded
    /** @type {Map<string, string>} */
    this.prompts = new Map(); // what was typed last for each language
    this.place = ""; // of the language that was shown last, as `at` names it
    /** @type {Language | null} */
    this.language = null; // the one that was shown last
    this.step = -1;
    this.wanted = 0; // the step that the reader has asked for
    /** @type {JudgedTree | null} */
    this.judged = null;
    this.key = ""; // of its settings
    looked.root.addEventListener("toggle", this.ask);
  }

  close() {
    super.close();
    this.diagram.close();
    this.choice.close();
  }

  /** The name of the language that is chosen, which is unique. */
  at() {
    const { chosen } = this.choice;
    return chosen ? `own ${chosen.key}` : String(this.model.get("language_index"));
  }

  /** @returns {import("./languages.js").TableEntry | ModelEntry} */
  entry() {
    const { languages, language_index } = this.read("languages", "language_index");
    const offered = languages[language_index];
    const { chosen } = this.choice;
    if (!chosen) return offered;
    return {
      name: chosen.title,
      prompt: offered.model && offered.prompt === null ? null : chosen.prompts[0],
      max_new_tokens: Math.max(OWN_STEPS, offered.max_new_tokens),
      known: false,
      model: this.choice.entry(offered.model ?? NO_MODEL),
    };
  }

  /** Whether the language is there: a table is at once, a model must be loaded. */
  ready() {
    const at = this.at();
    if (!this.opened.has(at)) {
      const entry = this.entry();
      if ("model" in entry) this.load(entry, at);
      else this.opened.set(at, ofTable(entry));
    }
    return Boolean(this.opened.get(at));
  }

  /**
   * @param {ModelEntry} entry
   * @param {string} at
   */
  async load(entry, at) {
    this.opened.set(at, null);
    this.messages.tell({ progress: `Loading ${entry.model.title} …` });
    try {
      this.opened.set(at, ofModel(entry, await openSession(this.model, entry.model)));
      if (!this.closed) this.ask();
    } catch (error) {
      this.opened.delete(at);
      if (!this.closed && this.at() === at) this.fail(error);
    }
  }

  /** Where a prompt is typed and another language is chosen: what was typed for that one, or a text that it can read. */
  changePrompt() {
    const { place } = this;
    const prompt = this.model.get("prompt");
    this.place = this.at();
    if (!place || place === this.place) return;
    this.prompts.set(place, prompt);
    this.write({ prompt: this.prompts.get(this.place) ?? this.choice.chosen?.prompts[0] ?? prompt });
  }

  *update() {
    const opened = this.opened.get(this.at());
    if (!opened) return;
    this.changePrompt();
    const { step, prompt } = this.read("step", "prompt");
    const language = opened.after?.(prompt) ?? opened;
    const steps = language.max_new_tokens;
    if (this.language && this.language !== opened)
      this.wanted = steps; // another language is shown grown
    else if (this.step !== step) this.wanted = step;
    this.language = opened;
    this.step = Math.max(0, Math.min(this.wanted, steps));
    this.write({ steps, step: this.step });
    this.show(language, yield* this.grown(language, prompt));
  }

  /**
   * @param {Language} language
   * @param {JudgedTree} judged
   */
  show(language, judged) {
    const { step } = this;
    const { vocab, label, unit, known, max_new_tokens: steps } = language;
    const at = { ...judged, over: step >= judged.tree.steps.length, step, steps, language, vocab };
    const said = verdictOf(at);
    this.walk.show(at);
    this.diagram.show({ ...at, depth: steps, start: label, label: `Beam search as a tree. ${said}` });
    this.keys.optimum.hidden = !known;
    setText(
      this.reading,
      `On a chip: the ${unit}, its probability, and Σ log p of the text so far. Behind a bar: the score.`,
    );
    setText(this.verdict, said);
    this.texts.show(at);
    this.looked.show(at);
    this.announce(() => spokenOf(at));
  }

  /**
   * The tree of the present settings; the step slider only uncovers it.
   * @param {Language} language
   * @param {string} prompt
   */
  *grown(language, prompt) {
    const { num_beams, length_penalty, early_stopping_index } = this.read(
      "num_beams",
      "length_penalty",
      "early_stopping_index",
    );
    const settings = {
      num_beams,
      length_penalty,
      early_stopping: EARLY_STOPPING[early_stopping_index],
      max_new_tokens: language.max_new_tokens,
      eos_token_id: language.end,
    };
    const key = JSON.stringify([this.at(), prompt, settings]);
    if (this.judged && this.key === key) return this.judged;
    const judged = yield* judgedTree(language, settings);
    this.judged = judged;
    this.key = key;
    return judged;
  }
}

/** Which step is shown, with buttons that go a step back and forward. */
class TreeWalk {
  /** @param {(by: number) => void} go */
  constructor(go) {
    const { root, heading } = panel("lmkit-beam-walk lmkit-whole-panel", "");
    this.back = element("button", { type: "button", class: "lmkit-button" }, "◂ Back");
    this.forward = element("button", { type: "button", class: "lmkit-button" }, "Grow ▸");
    this.back.addEventListener("click", () => go(-1));
    this.forward.addEventListener("click", () => go(1));
    const buttons = element("span", { class: "lmkit-beam-buttons" }, this.back, this.forward);
    root.append(element("div", { class: "lmkit-head" }, heading, buttons));
    this.root = root;
    this.heading = heading;
  }

  /** @param {Shown} shown */
  show({ tree, step, steps }) {
    const looked = tree.steps[step - 1] ?? [];
    const stopped = step > tree.steps.length;
    const counted = ["kept", "ended", "dropped"].flatMap((status) => {
      const count = looked.filter((node) => node.status === status).length;
      return count ? [`${count} ${status}`] : [];
    });
    const what = !step
      ? "nothing written yet"
      : stopped
        ? `the search has stopped after step ${tree.steps.length}`
        : [`${looked.length} looked at`, ...counted].join(", ");
    setText(this.heading, `Step ${step} of ${steps}: ${what}`);
    // A button that is switched off under the hand loses the keyboard's focus, so these are only marked.
    setAttribute(this.back, "aria-disabled", step === 0 ? "true" : null);
    setAttribute(this.forward, "aria-disabled", step === steps ? "true" : null);
  }
}

/** What the lines and signs of the picture mean; `optimum` is put away where nobody knows the best text. */
function keyList() {
  const items = KEY.map(([kind, name]) => element("li", { class: `lmkit-beam-key lmkit-beam-key-${kind}` }, name));
  const optimum = items[KEY.findIndex(([kind]) => kind === "optimum")];
  return { root: element("ul", { class: "lmkit-beam-keys" }, ...items), optimum };
}

export default widgetOf(BeamTreeView);
