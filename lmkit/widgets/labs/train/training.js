// One run: a text, a trainer, and what is told of it. It knows no page; the same settings give the same numbers anywhere.

import { epochs, heldOut, stepsOf } from "../../runtime/training/batches.js";
import { modelFile } from "../../runtime/training/model_file.js";
import { Trainer } from "../../runtime/training/trainer.js";
import { heldOutRows, recallWindows } from "./recall.js";
import { readSource } from "./texts.js";
import { Writer } from "./writer.js";

/** @typedef {import("./texts.js").Source} Source */
/** @typedef {import("../../runtime/training/trainer.js").StepResult} StepResult */

/**
 * The settings of a run, as the lab's controls have them.
 *
 * @typedef {object} RunSettings
 * @property {"lstm" | "gru" | "rnn" | "relu"} cell
 * @property {number} hidden_size
 * @property {number} num_layers
 * @property {number} window - Of "recall" it is one question.
 * @property {number} batch_size
 * @property {"adamw" | "muon" | "sgd"} optimizer
 * @property {number} lr
 * @property {number | null} clip - Null never clips.
 * @property {number} dropout
 * @property {number} decay
 * @property {number} alpha - Of activation regularisation.
 * @property {number} beta - Of temporal activation regularisation.
 * @property {number} [forget_bias] - What is added to the biases of an LSTM's forget gates before the first step.
 * @property {number} [distance] - Of the text "recall": distractors between a symbol and the place where it is asked for.
 * @property {number} steps
 * @property {number} seed
 */

/** Without `simd` the kernel is `scalar`, in base64. @typedef {{ simd?: boolean, scalar?: string }} Engine */

/**
 * A place on the curves: means over the steps since the one before, and what is held out after the last of them.
 *
 * @typedef {object} CurvePoint
 * @property {number} step
 * @property {number} loss - Nats per token.
 * @property {number} accuracy
 * @property {number} norm - The largest of the gradient before the clip.
 * @property {number} clipped - The share of these steps at which it was clipped.
 * @property {number} heldLoss
 * @property {number} heldAccuracy
 */

/**
 * What is known before the first step.
 *
 * @typedef {object} Facts
 * @property {number} vocabSize
 * @property {number} training - Tokens; 0 where every step has new ones.
 * @property {number} held
 * @property {number} measured - Of the held-out tokens, those that the curves are measured on.
 * @property {number} stepsPerEpoch
 * @property {number} parameters
 * @property {number} bytes - Of memory; 0 where it is not known.
 * @property {number} charactersPerToken
 * @property {"vector" | "scalar"} kind
 */

const POINTS = 60; // of a whole run
const FIRST_POINTS = [1, 2, 5, 10, 20, 50]; // a curve moves at once
const MEASURED = 16_384; // held-out tokens at most
const ROWS = 32; // of what is held out
const SAMPLE = { words: 40, characters: 240, pieces: 100 };

export class Training {
  /**
   * @param {Source} source
   * @param {RunSettings} settings
   * @param {Engine} [engine]
   * @throws {import("../../base/errors.js").LabError} If the text or a setting will not do.
   */
  constructor(source, settings, engine = {}) {
    const isEndless = source.name === "recall";
    const { distance = 1, batch_size, seed, steps } = settings;
    const window = isEndless ? distance + 1 : settings.window; // a window is one question
    this.source = source;
    this.settings = { ...settings, window };
    this.text = readSource(source, distance);
    const { training, held, tokenizer } = this.text;
    const stepsPerEpoch = isEndless ? 0 : stepsOf(training.length, batch_size, window);
    const learned = trainerSettings(this.settings, tokenizer.size);
    // Before there is a trainer, so that both take the same memory; only engines with vector instructions can be asked.
    const bytes = engine.scalar ? 0 : Trainer.memoryOf(learned);
    this.trainer = new Trainer(learned, engine);
    if (settings.cell === "lstm" && settings.forget_bias) this.openGates(settings.forget_bias);
    this.windows = isEndless
      ? recallWindows({ distance, batch_size, seed })
      : epochs(training, { batch_size, window, epochs: Infinity, seed });
    this.every = Math.max(1, Math.round(steps / POINTS));
    this.measured = isEndless ? heldOutRows(distance) : measuredOf(held, window, this.every * batch_size * window);
    /** @type {StepResult[]} */
    this.since = []; // the last point
    this.diverged = 0; // the step at which it did
    /** @type {Facts} */
    this.facts = {
      vocabSize: tokenizer.size,
      training: training.length,
      held: isEndless ? this.measured.inputs.length : held.length,
      measured: this.measured.inputs.length,
      stepsPerEpoch,
      parameters: this.parameters(),
      bytes,
      charactersPerToken: this.text.charactersPerToken,
      kind: this.trainer.kind,
    };
  }

  /**
   * Add to the biases of the forget gates, which come second of four.
   *
   * @param {number} bias
   */
  openGates(bias) {
    const { num_layers, hidden_size } = this.settings;
    const weights = this.trainer.weights();
    for (let d = 0; d < num_layers; d++) {
      const values = weights.get(`rnn.bias_ih_l${d}`)?.values.subarray(hidden_size, 2 * hidden_size) ?? [];
      for (const [unit, value] of values.entries()) values[unit] = value + bias;
    }
    this.trainer.load(weights);
  }

  parameters() {
    return [...this.trainer.weights().values()].reduce((sum, { values }) => sum + values.length, 0);
  }

  get isOver() {
    return this.diverged > 0 || this.trainer.steps >= this.settings.steps;
  }

  /** @returns {{ inputs: Int32Array, targets: Int32Array }} The next window; the state begins anew where a text does. */
  nextWindow() {
    const { value } = this.windows.next();
    if (!value) throw new Error("the windows have ended");
    if (value.first) this.trainer.resetState();
    return value;
  }

  /**
   * One step.
   *
   * @returns {CurvePoint | null} A point, where one is due.
   */
  step() {
    const { inputs, targets } = this.nextWindow();
    return this.note(this.trainer.step(inputs, targets));
  }

  /** One step, looked at from inside: the same step. */
  trace() {
    const { inputs, targets } = this.nextWindow();
    const trace = this.trainer.trace(inputs, targets);
    return { trace, words: this.shown(inputs), next: this.shown(targets), point: this.note(trace) };
  }

  /**
   * The tokens of the first row of a window, as a reader is shown them.
   *
   * @param {Int32Array} ids
   */
  shown(ids) {
    const row = ids.subarray(0, ids.length / this.settings.batch_size);
    return Array.from(row, (id) => (id < 0 ? "" : this.text.tokenizer.show(id))); // some do not count
  }

  /**
   * @param {StepResult} result
   * @returns {CurvePoint | null}
   */
  note(result) {
    if (result.diverged) {
      this.diverged = result.step;
      return null;
    }
    this.since.push(result);
    const { step } = result;
    const isDue = step % this.every === 0 || (step < 5 * this.every && FIRST_POINTS.includes(step)) || this.isOver;
    if (!isDue) return null;
    const results = this.since.splice(0);
    /** @param {(result: StepResult) => number} of */
    const mean = (of) => results.reduce((sum, one) => sum + of(one), 0) / results.length;
    const { inputs, targets, rows } = this.measured;
    const held = this.trainer.evaluate(inputs, targets, rows);
    return {
      step,
      loss: mean(({ loss }) => loss),
      accuracy: mean(({ accuracy }) => accuracy),
      norm: Math.max(...results.map(({ gradNorm }) => gradNorm)),
      clipped: mean(({ clipped }) => Number(clipped)),
      heldLoss: held.loss,
      heldAccuracy: held.accuracy,
    };
  }

  /**
   * What the model writes by now, drawn token by token at temperature 1; of a symbol to be recalled, that symbol.
   *
   * @returns {{ prompt: string, text: string }}
   */
  sample() {
    const { tokenizer, held, charactersPerToken } = this.text;
    const writer = new Writer(this.trainer.weights(), this.trainer.settings);
    const isAsked = this.source.name === "recall"; // and all that is held out is one question
    const prompt = Array.from(isAsked ? held : held.subarray(0, charactersPerToken ? 12 : 4));
    const length = charactersPerToken ? SAMPLE[this.source.unit] : SAMPLE.words;
    const count = isAsked ? 1 : Math.max(10, Math.min(length, Math.floor(SPEED / this.facts.parameters)));
    const ids = writer.write(prompt, { count, seed: this.settings.seed, never: tokenizer.suppressed });
    const [before, all] = [tokenizer.text(prompt), tokenizer.text([...prompt, ...ids])];
    return { prompt: before, text: all.slice(before.length) };
  }

  /**
   * The bytes of a model file.
   *
   * @param {Record<string, unknown>} card
   */
  file(card) {
    return modelFile(this.trainer, this.text.tokenizer, card);
  }

  close() {
    this.trainer.close();
  }
}

/**
 * What the curves are measured on: rows from all over the held-out text, no more of each than is read between two points,
 * so that measuring does not take longer than learning.
 *
 * @param {Int32Array} held
 * @param {number} window
 * @param {number} between - Tokens that are learned from between two points.
 */
function measuredOf(held, window, between) {
  const count = Math.max(1, Math.min(ROWS, Math.floor(held.length / (2 * window))));
  const { inputs, targets, rows } = heldOut(held, count);
  const whole = inputs.length / rows;
  const length = Math.min(whole, Math.max(2 * window, Math.ceil(Math.min(between, MEASURED) / rows)));
  /** @param {Int32Array} ids */
  const cut = (ids) => {
    const kept = new Int32Array(rows * length);
    for (let row = 0; row < rows; row++) kept.set(ids.subarray(row * whole, row * whole + length), row * length);
    return kept;
  };
  return { inputs: cut(inputs), targets: cut(targets), rows };
}

const SPEED = 3e7; // products that a sample may take: some tens of milliseconds

/**
 * @param {RunSettings} settings
 * @param {number} vocab_size
 * @returns {Partial<import("../../runtime/training/settings.js").Settings>}
 */
export function trainerSettings(settings, vocab_size) {
  const { cell, clip, dropout, decay, hidden_size, num_layers, window, batch_size, optimizer, lr, steps } = settings;
  const { alpha, beta, seed } = settings;
  return {
    vocab_size,
    hidden_size,
    num_layers,
    cell: cell === "relu" ? "rnn" : cell,
    nonlinearity: cell === "relu" ? "relu" : "tanh",
    tied: true,
    batch_size,
    window,
    optimizer,
    lr,
    steps,
    warmup: 0.1,
    weight_decay: decay,
    clip: clip ?? Infinity,
    output_p: dropout,
    alpha,
    beta,
    seed,
  };
}
