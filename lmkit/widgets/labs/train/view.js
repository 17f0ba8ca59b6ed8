// The training lab's view: a reader presses Train, and a small model learns while curves and samples show how.

import { element } from "../../base/dom.js";
import { messageOf, problemText } from "../../base/errors.js";
import { PredictionPanel } from "../../base/prediction/panel.js";
import { column, LabView, stage, widgetOf } from "../../base/view.js";
import { CurvesPanel } from "./curves_panel.js";
import { Handover } from "./handover.js";
import { Host } from "./host.js";
import { outcomeOf } from "./outcomes.js";
import { Race } from "./race.js";
import { RunPanel } from "./run_panel.js";
import { differences, newRun, planOf, statusOf, withEarlier } from "./runs.js";
import { engineOf, sourceOf } from "./sources.js";
import { StepPanel } from "./step_panel.js";
import { OwnTextPanel, SamplePanel } from "./text_panels.js";

/**
 * @typedef {import("../../base/view.js").Model} Model
 * @typedef {import("./host.js").RunNews} RunNews
 * @typedef {import("./runs.js").Run} Run
 * @typedef {import("./runs.js").Setup} Setup
 * @typedef {import("./texts.js").TextEntry} TextEntry
 */

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

class TrainView extends LabView {
  /**
   * @param {Model} model
   * @param {HTMLElement} root
   */
  constructor(model, root) {
    const own = new OwnTextPanel({ onChange: () => this.forget(), onProblem: (message) => this.refuse(message) });
    const predictions = new PredictionPanel();
    const run = new RunPanel((button) => this.press(button));
    const curves = new CurvesPanel(() => this.ask());
    const sample = new SamplePanel();
    const step = new StepPanel();
    const handover = new Handover({
      texts: model.get("texts"),
      send: (order) => this.host.send(order),
      onChange: () => this.ask(),
    });
    const more = element("div", { class: "lmkit-train-more" }, step.root, handover.panel.root);
    const [left, right] = [column(own.root, predictions.root), column(curves.root, sample.root)];
    super(model, root, stage(run.root), element("div", { class: "lmkit-train-body" }, left, right), more);
    this.panels = { own, predictions, run, curves, sample, step };
    this.handover = handover;
    this.host = new Host((news) => this.hear(news));
    /** @type {Run | null} */
    this.current = null;
    /** @type {Run[]} */
    this.earlier = [];
    /** @type {Race | null} */
    this.race = null; // to which the current run belongs
    this.runs = 0; // that were begun
    this.problem = "";
    /** @type {import("./step_panel.js").Traced | null} */
    this.traced = null;
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
    this.handover.close();
  }

  /** @returns {TextEntry} */
  entry() {
    return this.model.get("texts")[this.model.get("text_index")];
  }

  /** @returns {Setup} */
  setup() {
    const values = this.model.get("values");
    const chosen = CHOICES.map((name) => [name, values[name][this.model.get(`${name}_index`)]]);
    const { dropout, ...amounts } = this.read("dropout", "alpha", "beta", "forget_bias", "distance", "seed");
    return { text: this.entry().name, ...Object.fromEntries(chosen), dropout: Number(dropout.toFixed(4)), ...amounts };
  }

  /** @override */
  update() {
    const { panels, current: run, host } = this;
    const entry = this.entry(),
      setup = this.setup();
    const isRecall = entry.name === "recall";
    this.write({
      unit_display: entry.words.length ? "none" : "",
      distance_display: isRecall ? "" : "none",
      window_display: isRecall ? "none" : "",
    });
    panels.own.root.hidden = entry.name !== "own";
    panels.run.offerRace(this.presets().map(({ name }) => name));
    const isChanged = run !== null && !this.isAsSet(run);
    const notes = [
      run ? "" : `Next run: ${planOf(setup)}.`,
      isChanged
        ? `Changed for the next run: ${this.isStale ? "the text" : differences(setup, this.race?.setup ?? run.setup)}. ${NEXT}`
        : "",
      host.isSlow ? NO_WORKER : "",
      run?.facts?.kind === "scalar" ? NO_SIMD : "",
    ];
    panels.run.show(run, { problem: this.problem, note: notes.filter(Boolean).join(" "), isChanged });
    /** @type {TextEntry[]} */
    const texts = this.model.get("texts");
    const learned = texts.find(({ name }) => name === (run?.setup.text ?? entry.name)) ?? entry;
    panels.curves.show(run, this.earlier, learned.lines, setup);
    panels.sample.show(this.handover.opened?.sample ?? run?.sample ?? null);
    panels.step.show(this.traced);
    this.showPredictions();
    this.handover.show(run);
    this.say();
  }

  showPredictions() {
    const { current: run, race } = this;
    const { predictions } = this.panels;
    /** @type {import("../../base/prediction/prediction.js").Question[]} */
    const questions = this.model.get("questions");
    predictions.ask(questions);
    predictions.show({
      outcomes: questions.map((question) => outcomeOf(question, { run, race })),
      isBegun: Boolean(race && !race.isOver) || (run !== null && !run.isOver),
    });
  }

  /** @returns {import("./race.js").Preset[]} */
  presets() {
    return this.model.get("presets");
  }

  /**
   * Whether the controls stand where they stood when a run, or the race that it belongs to, was begun.
   *
   * @param {Run} run
   */
  isAsSet(run) {
    return !this.isStale && isSame(this.race?.setup ?? run.setup, this.setup());
  }

  /** Tell a screen reader at the beginning, at every quarter, and at the end. */
  say() {
    const { current: run } = this;
    const setup = this.setup(),
      planned = planOf(setup);
    const before = this.planned;
    if (before && planOf(before) !== planned && !(run && this.isAsSet(run))) {
      this.report(`Next run: ${differences(setup, before)}.`);
    }
    this.planned = setup;
    if (!run) return;
    const quarter = Math.floor((4 * run.step) / run.setup.steps);
    const place = [run.number, run.isRunning, run.isRunning ? quarter : run.step, run.diverged].join(" ");
    if (place === this.told) return;
    this.told = place;
    const text = run.isRunning && !quarter ? "Training has begun." : `${statusOf(run)}.`;
    this.report(text);
  }

  /** @param {import("./run_panel.js").Button} button */
  press(button) {
    const { current: run, host } = this;
    if (button === "train" && run?.isRunning) {
      host.send({ do: "pause" });
      return;
    }
    if (button === "race") {
      this.beginRun("run", new Race(this.runs + 1, this.setup(), this.presets()));
      return;
    }
    if (button === "step" && run && !run.facts && this.isAsSet(run)) {
      run.asked += 1;
      return;
    }
    const goesOn = button !== "again" && run?.facts && !run.isOver && this.isAsSet(run);
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
    this.handover.opened = null;
    run.isRunning = what === "run";
    this.host.send({ do: what });
    this.ask();
  }

  /**
   * A new run with the settings as they are; the one before stays as a faint curve.
   *
   * @param {"run" | "trace"} what - Is done first.
   * @param {Race | null} [race] - Whose next run it is.
   */
  async beginRun(what, race = null) {
    this.host.send({ do: "pause" });
    this.earlier = withEarlier(this.earlier, this.current);
    this.runs += 1;
    const { setup, entrant } = race?.next() ?? { setup: this.setup(), entrant: null };
    const run = newRun(this.runs, setup, entrant);
    this.race = race;
    this.current = run;
    this.problem = "";
    this.traced = null;
    this.isStale = false;
    run.isRunning = what === "run";
    this.ask();
    const [entry, own] = [this.entry(), this.panels.own.text];
    try {
      const [source, engine] = await Promise.all([sourceOf(this.model, entry, setup.unit, own), engineOf(this.model)]);
      if (this.closed || this.current !== run) return;
      const { text: _, unit: __, ...settings } = setup;
      this.host.send({ do: "begin", run: run.number, source, settings, engine });
      this.order(run, run.isRunning ? "run" : what);
    } catch (error) {
      if (this.current === run) this.refuse(messageOf(error));
    }
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
    if (news.tells === "ready") {
      run.facts = news.facts;
      for (; run.asked > 0; run.asked--) this.order(run, "trace");
    }
    if (news.tells === "trace") this.traced = news.traced;
    if (news.tells === "file") this.handover.receive(news.why, news.bytes);
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
    if (!isRunning && step > 0 && !diverged) this.handover.offer(run);
    const { race } = this;
    if (isOver && race?.take(run) && !race.isOver) this.beginRun("run", race);
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
    this.problem = problemText(plain);
    if (this.current && !this.current.points.length) this.current = null;
    else if (this.current) this.current.isRunning = false;
    this.race = null;
    this.ask();
  }
}

/**
 * @param {Setup} a
 * @param {Setup} b
 */
function isSame(a, b) {
  return /** @type {(keyof Setup)[]} */ (Object.keys(a)).every((name) => a[name] === b[name]);
}

export default widgetOf(TrainView);
