// The training lab's view: a reader presses Train, and a small model learns while curves and samples show how.

import { loadAsset, once } from "../../base/assets.js";
import { element } from "../../base/dom.js";
import { messageOf } from "../../base/errors.js";
import { LabView, widgetOf } from "../../base/view.js";
import { keepModel, offer } from "../../runtime/own_models.js";
import { CurvesPanel } from "./curves_panel.js";
import { Host } from "./host.js";
import { download, KeepPanel, kilobytes, sentenceOf } from "./keep_panel.js";
import { openedModel } from "./opened.js";
import { RunPanel } from "./run_panel.js";
import { differences, inShort, newRun, planOf, statusOf, withEarlier } from "./runs.js";
import { StepPanel } from "./step_panel.js";
import { OwnTextPanel, SamplePanel } from "./text_panels.js";

/**
 * @typedef {import("../../base/view.js").Model} Model
 * @typedef {import("../../runtime/own_models.js").OwnModel} OwnModel
 * @typedef {import("./host.js").RunNews} RunNews
 * @typedef {import("./runs.js").Run} Run
 * @typedef {import("./runs.js").Setup} Setup
 * @typedef {import("./texts.js").Source} Source
 * @typedef {import("./texts.js").TextEntry} TextEntry
 */

/** A model that can be kept or saved now. @typedef {{ model: OwnModel, bytes: Uint8Array }} Subject */

const CHOICES = /** @type {const} */ ([
  "unit",
  "cell",
  "hidden_size",
  "num_layers",
  "window",
  "batch_size",
  "optimizer",
  "lr",
  "clip",
  "decay",
  "steps",
]);
// The smallest module with a vector instruction: does the browser take it?
const SIMD = Uint8Array.from([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11,
]);
/** @type {Record<string, string>} */
const LABELS = {
  batch_size: "batch",
  hidden_size: "width",
  num_layers: "layers",
  window: "window",
  lr: "learning rate",
};
const NO_WORKER = "This browser lets the page start no worker: training shares the page’s time, and is slow.";
const NO_SIMD = "This browser has no vector instructions for pages: training is several times slower here.";
const NEXT = "Press Train or, while one runs, Again.";
const ONLY_LSTM = "The other labs of the book run LSTMs only; this model can be saved as a file.";

class TrainView extends LabView {
  /**
   * @param {Model} model
   * @param {HTMLElement} root
   */
  constructor(model, root) {
    const own = new OwnTextPanel({ onChange: () => this.forget(), onProblem: (message) => this.refuse(message) });
    const run = new RunPanel((button) => this.press(button));
    const curves = new CurvesPanel(() => this.ask());
    const sample = new SamplePanel();
    const step = new StepPanel();
    const keep = new KeepPanel({
      keep: (title) => this.store("keep", title),
      save: (title) => this.store("save", title),
      open: (name, bytes) => this.open(name, bytes),
    });
    const more = element("div", { class: "lmkit-train-more" }, step.root, keep.root);
    super(model, root, own.root, run.root, curves.root, sample.root, more);
    this.panels = { own, run, curves, sample, step, keep };
    this.host = new Host((news) => this.hear(news));
    /** @type {Run | null} */
    this.current = null;
    /** @type {Run[]} */
    this.earlier = [];
    this.runs = 0; // that were begun
    this.problem = "";
    /** @type {import("./step_panel.js").Traced | null} */
    this.traced = null;
    /** @type {Subject | null} */
    this.opened = null; // from a file
    /** @type {Setup | null} */
    this.planned = null; // the settings that were shown last
    this.told = ""; // where the run stood when a screen reader was last told
    this.isStale = false; // whether the reader's own text is another than that of the run
  }

  /** @override */
  close() {
    super.close();
    this.host.close();
    this.panels.curves.close();
    this.panels.keep.close();
  }

  /** @returns {TextEntry} */
  entry() {
    return this.model.get("texts")[this.model.get("text_index")];
  }

  /** @returns {Setup} */
  setup() {
    const values = this.model.get("values");
    const chosen = CHOICES.map((name) => [name, values[name][this.model.get(`${name}_index`)]]);
    const { dropout, seed } = this.read("dropout", "seed");
    return { text: this.entry().name, ...Object.fromEntries(chosen), dropout: Number(dropout.toFixed(4)), seed };
  }

  /** @override */
  update() {
    const { panels, current: run, host } = this;
    const entry = this.entry(),
      setup = this.setup();
    this.write({ unit_display: entry.words.length ? "none" : "" });
    panels.own.root.hidden = entry.name !== "own";
    const isChanged = run !== null && (this.isStale || !isSame(run.setup, setup));
    const notes = [
      run ? "" : `Next run: ${planOf(setup)}.`,
      isChanged
        ? `Changed for the next run: ${this.isStale ? "the text" : differences(setup, run.setup)}. ${NEXT}`
        : "",
      host.isSlow ? NO_WORKER : "",
      run?.facts?.kind === "scalar" ? NO_SIMD : "",
    ];
    panels.run.show(run, { problem: this.problem, note: notes.filter(Boolean).join(" "), isChanged });
    /** @type {TextEntry[]} */
    const texts = this.model.get("texts");
    const learned = texts.find(({ name }) => name === (run?.setup.text ?? entry.name)) ?? entry;
    panels.curves.show(run, this.earlier, learned.lines, setup);
    panels.sample.show(run?.sample ?? null);
    panels.step.show(this.traced);
    const subject = this.opened?.model.title ?? (run?.step ? this.titleOf(run) : "");
    const isLstm = this.opened !== null || run?.setup.cell === "lstm";
    const offered = isLstm
      ? "Labs that run a model offer it below ‘Your models’, also on other pages once it is kept."
      : ONLY_LSTM;
    panels.keep.show(subject, subject ? offered : "Nothing is trained yet. A model file can be opened.");
    this.say();
  }

  /** Tell a screen reader at the beginning, at every quarter, and at the end. */
  say() {
    const { current: run } = this;
    const setup = this.setup(),
      planned = planOf(setup);
    const before = this.planned;
    if (before && planOf(before) !== planned && planned !== (run && planOf(run.setup))) {
      this.announce(() => `Next run: ${differences(setup, before)}.`);
    }
    this.planned = setup;
    if (!run) return;
    const quarter = Math.floor((4 * run.step) / run.setup.steps);
    const place = [run.number, run.isRunning, run.isRunning ? quarter : run.step, run.diverged].join(" ");
    if (place === this.told) return;
    this.told = place;
    const text = run.isRunning && !quarter ? "Training has begun." : `${statusOf(run)}.`;
    this.announce(() => text);
  }

  /** @param {import("./run_panel.js").Button} button */
  press(button) {
    const { current: run, host } = this;
    if (button === "train" && run?.isRunning) {
      host.send({ do: "pause" });
      return;
    }
    const goesOn = button !== "again" && run?.facts && !run.isOver && !this.isStale && isSame(run.setup, this.setup());
    const order = button === "step" ? "trace" : "run";
    if (button === "step") this.panels.step.root.open = true;
    if (goesOn) this.order(run, order);
    else this.beginRun(order);
  }

  /**
   * @param {Run} run
   * @param {"run" | "trace"} what
   */
  order(run, what) {
    this.opened = null;
    run.isRunning = what === "run";
    this.host.send({ do: what });
    this.ask();
  }

  /**
   * A new run with the settings as they are; the one before stays as a faint curve.
   *
   * @param {"run" | "trace"} what - Is done first.
   */
  async beginRun(what) {
    this.host.send({ do: "pause" });
    this.earlier = withEarlier(this.earlier, this.current);
    this.runs += 1;
    const setup = this.setup();
    const run = newRun(this.runs, setup);
    this.current = run;
    this.problem = "";
    this.traced = null;
    this.isStale = false;
    run.isRunning = what === "run";
    this.ask();
    try {
      const [source, engine] = await Promise.all([this.sourceOf(this.entry(), setup), this.engine()]);
      if (this.closed || this.current !== run) return;
      const { text: _, unit: __, ...settings } = setup;
      this.host.send({ do: "begin", run: run.number, source, settings, engine });
      this.order(run, run.isRunning ? "run" : what);
    } catch (error) {
      if (this.current === run) this.refuse(messageOf(error));
    }
  }

  /**
   * @param {TextEntry} entry
   * @param {Setup} setup
   * @returns {Promise<Source>}
   */
  async sourceOf({ name, words, tables }, { unit }) {
    /** @param {string} table */
    const load = (table) =>
      table in tables ? once(`table ${tables[table]}`, () => loadAsset(this.model, table, tables[table])) : undefined;
    const [grammar, plays, pieces] = await Promise.all([
      load("stories-grammar"),
      load("four-plays"),
      unit === "pieces" ? load("pieces") : undefined,
    ]);
    const text = name === "own" ? this.panels.own.text : undefined;
    return { name, unit: /** @type {Source["unit"]} */ (unit), words, grammar, plays, pieces, text };
  }

  /** @returns {Promise<import("./training.js").Engine>} */
  async engine() {
    if (globalThis.WebAssembly?.validate(SIMD) !== false) return {};
    const key = this.model.get("scalar");
    const { wasm } = await once(`table ${key}`, () => loadAsset(this.model, "training-scalar", key));
    return { simd: false, scalar: wasm };
  }

  /** @param {RunNews} news */
  hear(news) {
    const { current: run } = this;
    if (this.closed || (news.run !== run?.number && news.run !== -1)) return;
    if (news.tells === "problem") {
      if (!news.isKnown) this.host.close();
      this.refuse(news.isKnown ? news.message : `the training broke (${news.message}); press Train to begin anew`);
    }
    if (!run) return;
    if (news.tells === "ready") run.facts = news.facts;
    if (news.tells === "trace") this.traced = news.traced;
    if (news.tells === "file") this.receive(news.why, news.bytes, run);
    if (news.tells === "progress") this.progress(run, news);
    this.ask();
  }

  /**
   * @param {Run} run
   * @param {Extract<RunNews, { tells: "progress" }>} news
   */
  progress(run, { step, points, sample, isOver, isRunning, diverged, seconds }) {
    run.points.push(...points);
    Object.assign(run, { step, isOver, diverged, seconds, isRunning, sample: sample ?? run.sample });
    const isOffered = !isRunning && step > 0 && !diverged && run.setup.cell === "lstm";
    if (isOffered) this.host.send({ do: "file", card: this.cardOf(run, this.titleOf(run)), why: "offer" });
  }

  /** The reader's own text is another now. */
  forget() {
    this.isStale = this.current?.setup.text === "own";
    this.problem = "";
    this.ask();
  }

  /**
   * Say what is wrong, and be ready for another run.
   *
   * @param {string} message
   */
  refuse(message) {
    const plain = message.replace(/^(batch_size|hidden_size|num_layers|window|lr)\b/, (name) => LABELS[name]);
    this.problem = `${plain[0].toUpperCase()}${plain.slice(1)}.`;
    if (this.current && !this.current.points.length) this.current = null;
    else if (this.current) this.current.isRunning = false;
    this.ask();
  }

  /** @param {Run} run */
  titleOf(run) {
    return `${inShort(run.setup)}, run ${run.number}`;
  }

  /**
   * What a model file says of itself.
   *
   * @param {Run} run
   * @param {string} title
   */
  cardOf({ setup, points, step, facts }, title) {
    const last = points[points.length - 1];
    const metrics = last ? { held_out_loss: round(last.heldLoss), held_out_accuracy: round(last.heldAccuracy) } : {};
    const { text, seed, ...settings } = setup;
    const data = `${facts?.training} tokens of ${text}`;
    return {
      title,
      data,
      command: "trained in the page by TrainLab",
      seed,
      settings: { ...settings, made: step },
      metrics,
    };
  }

  /**
   * Keep or save the model of the run, or the one that was opened.
   *
   * @param {"keep" | "save"} why
   * @param {string} name
   */
  store(why, name) {
    const { current: run, opened } = this;
    if (opened) this.receive(why, opened.bytes, run, { ...opened.model, title: name || opened.model.title });
    else if (run) this.host.send({ do: "file", card: this.cardOf(run, name || this.titleOf(run)), why });
  }

  /**
   * A model file that was asked for.
   *
   * @param {string} why
   * @param {Uint8Array} bytes
   * @param {Run | null} run
   * @param {OwnModel} [known]
   */
  async receive(why, bytes, run, known) {
    const { keep } = this.panels;
    const title = known?.title ?? (keep.name.value.trim() || (run ? this.titleOf(run) : ""));
    if (why === "save") {
      download(title, bytes);
      keep.tell(`Saved: ${kilobytes(bytes.length)}. In Python, lmkit.pretrained.load reads it.`);
      return;
    }
    try {
      const model = known ?? { ...openedModel(bytes, title, this.model.get("texts")).model, title };
      if (why === "offer") offer(model, bytes);
      else {
        await keepModel(model, bytes);
        keep.tell(`Kept in this browser: ${title}, ${kilobytes(bytes.length)}.`);
      }
    } catch (error) {
      keep.tell(sentenceOf(error));
    }
  }

  /**
   * A file that the reader has chosen.
   *
   * @param {string} name
   * @param {Uint8Array} bytes
   */
  open(name, bytes) {
    const { keep } = this.panels;
    try {
      const { model, size, runs } = openedModel(bytes, name, this.model.get("texts"));
      if (runs) {
        this.opened = { model, bytes };
        offer(model, bytes);
      }
      keep.tell(`Opened: ${model.title}, ${size}. ${runs ? "The labs of this page offer it." : ONLY_LSTM}`);
      this.ask();
    } catch (error) {
      keep.tell(sentenceOf(error));
    }
  }
}

/** @param {number} value */
function round(value) {
  return Number(value.toFixed(4));
}

/**
 * @param {Setup} a
 * @param {Setup} b
 */
function isSame(a, b) {
  return /** @type {(keyof Setup)[]} */ (Object.keys(a)).every((name) => a[name] === b[name]);
}

export default widgetOf(TrainView);
