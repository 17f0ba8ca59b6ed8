// A recurrent language model in training: what lmkit.training.train does with one of lmkit.models, step by step.

import { LabError, messageOf } from "../../base/errors.js";
import { CLOSED, giveBack, takeKernel } from "./kernel.js";
import { checkedSettings, checkVocab } from "./settings.js";

/** @typedef {import("./settings.js").Settings} Settings */
/** @typedef {import("./kernel.js").Tensor} Tensor */

/**
 * @typedef {object} StepResult
 * @property {number} step - The number of this step, from 1.
 * @property {number} loss - Mean cross-entropy of the targets that count, in nats, before the update and with dropout.
 * @property {number} accuracy - The share of them that had the highest score.
 * @property {number} penalty - What AR and TAR add to the loss.
 * @property {number} gradNorm - Of all gradients together, before the clip.
 * @property {boolean} clipped
 * @property {number} lr - The rate of this step.
 * @property {boolean} diverged - Loss or norm is no longer finite: the weights were left as they were.
 */

/**
 * @typedef {object} TensorTrace
 * @property {string} name
 * @property {number} gradNorm - After the clip.
 * @property {number} updateNorm - Of the weights' change.
 * @property {number} weightNorm - After the step.
 */

/**
 * @typedef {object} Inside
 * @property {Float32Array} losses - (N, L): nats at each position, 0 where a target does not count.
 * @property {Float32Array} probs - (N, L): the probability that the target had, 0 where it does not count.
 * @property {{ h: Float32Array, c: Float32Array | null }[]} layers - For each layer the norm of the gradient that arrives
 *   at h and c: first at the state before the window, where it is cut off, then at that after each step (L + 1).
 * @property {number} clippedNorm - Of all gradients, after the clip.
 * @property {TensorTrace[]} tensors
 */

/** @typedef {StepResult & Inside} Trace */

const GIB = 2 ** 30;
export const UNCOUNTED = -100; // a target that the loss leaves out, as in lmkit.training
const SIZES = /** @type {const} */ (["vocab_size", "embedding_size", "hidden_size", "batch_size", "window"]);

export class Trainer {
  /** Bytes that a trainer may take. */
  static LIMIT = GIB;

  /**
   * Bytes that a trainer with these settings takes; none of them is allocated.
   *
   * @param {Partial<Settings>} settings
   * @throws {LabError} If one breaks its rule.
   */
  static memoryOf(settings) {
    return measured(checkedSettings(settings), {});
  }

  /**
   * @param {Partial<Settings>} settings - All but `vocab_size` have defaults.
   * @param {{ simd?: boolean, scalar?: string }} [options] - See `takeKernel`.
   * @throws {LabError} If a setting breaks its rule, the trainer needs too much memory, or the browser cannot train.
   */
  constructor(settings, options = {}) {
    this.settings = checkedSettings(settings);
    const bytes = measured(this.settings, options);
    if (bytes > Trainer.LIMIT) throw tooLarge(this.settings, bytes, options);
    const { kernel, kind } = takeKernel(options);
    this.kind = kind;
    this.kernel = kernel;
    try {
      kernel.create(this.settings);
    } catch (error) {
      throw tooLarge(this.settings, bytes, options, messageOf(error));
    }
    this.steps = 0;
    this.rows = Math.ceil(this.settings.batch_size / 4) * 4; // in memory
  }

  /**
   * Make one step of the optimizer on a window; the state is carried on from the window before.
   *
   * @param {Int32Array} inputs - (N, L) row by row: ids that are read; L is at most `window`.
   * @param {Int32Array} targets - As many: the ids that follow, or -100 where one does not count.
   * @returns {StepResult}
   * @throws {LabError} If they are not of that shape or hold other numbers, or no target counts.
   */
  step(inputs, targets) {
    return this.learn(inputs, targets, false);
  }

  /**
   * Make the same step, to the last bit, and tell what happened inside.
   *
   * @param {Int32Array} inputs
   * @param {Int32Array} targets
   * @returns {Trace}
   */
  trace(inputs, targets) {
    const before = this.weights();
    const result = this.learn(inputs, targets, true);
    const scale = Math.min(1, this.settings.clip / (result.gradNorm + 1e-6));
    const length = inputs.length / this.settings.batch_size;
    const losses = this.losses(length);
    return {
      ...result,
      losses,
      probs: losses.map((nats, place) => (targets[place] === UNCOUNTED ? 0 : Math.exp(-nats))),
      layers: Array.from({ length: this.settings.num_layers }, (_, d) => this.arriving(d, length)),
      clippedNorm: scale * result.gradNorm,
      tensors: this.changes(before, scale),
    };
  }

  /**
   * Predict held-out text, without dropout and from a zero state on. Nothing of the training changes.
   *
   * @param {Int32Array} inputs - (rows, T) row by row, any number of both.
   * @param {Int32Array} targets - As many; -100 where one does not count.
   * @param {number} [rows]
   * @returns {{ loss: number, accuracy: number, count: number }} `loss` in nats a token.
   * @throws {LabError} If they are not of that shape or hold other numbers, or no target counts.
   */
  evaluate(inputs, targets, rows = this.settings.batch_size) {
    this.checkTokens(inputs, targets, rows, Number.POSITIVE_INFINITY);
    const length = inputs.length / rows;
    const { batch_size, window } = this.settings;
    let [loss, right, count] = [0, 0, 0];
    for (let row = 0; row < rows; row += batch_size) {
      this.operations.resetState(0);
      for (let start = 0; start < length; start += window) {
        const part = { row, rows: Math.min(batch_size, rows - row), start, steps: Math.min(window, length - start) };
        this.write(inputs, targets, length, part);
        this.operations.evaluate(part.steps);
        const results = this.kernel.results();
        loss += results.loss;
        right += results.right;
        count += results.counted;
      }
    }
    return { loss: loss / count, accuracy: right / count, count };
  }

  /** Begin a new stream: the state is zero. */
  resetState() {
    this.operations.resetState(1);
  }

  /** Copies of all weights, by the names and in the layout of model files. */
  weights() {
    return this.kernel.tensors(false);
  }

  /** Copies of the gradients of the last step, before the clip. */
  gradients() {
    return this.kernel.tensors(true);
  }

  /**
   * Take other weights; moments, state, masks and the count of steps begin anew.
   *
   * @param {Map<string, Tensor>} weights
   * @throws {LabError} If a tensor is missing or of another shape.
   */
  load(weights) {
    for (const { name, shape } of this.kernel.shapes) {
      const found = weights.get(name)?.shape;
      if (String(found) !== String(shape)) {
        const rule = `must hold ${name} of shape (${shape})`;
        throw new LabError(
          `weights ${rule}, but it is ${found ? `(${found})` : "missing"}; give those of such a model`,
        );
      }
    }
    this.kernel.setWeights(weights);
    this.operations.restart();
    this.steps = 0;
  }

  /**
   * The model as it is now, as `LanguageModel` and `Session` take it: no file lies between.
   *
   * @param {import("../../base/tokenizer.js").Tokenizer} vocab
   * @param {Record<string, any>} [card]
   * @returns {import("../safetensors.js").ParsedModel}
   * @throws {LabError} If the page's engine cannot run it, or the vocabulary is of another size.
   */
  parsed(vocab, card = {}) {
    const { vocab_size, embedding_size, hidden_size, num_layers, cell, tied } = this.settings;
    if (cell !== "lstm" || !tied) {
      const found = `cell is '${cell}' and tied is ${tied}`;
      throw new LabError(
        `model must be an LSTM with tied weights to be shown in a lab, but ${found}; save it as a file`,
      );
    }
    checkVocab(vocab, vocab_size);
    return { config: { vocab_size, embedding_size, hidden_size, num_layers }, vocab, card, tensors: this.weights() };
  }

  /**
   * The masks of the last step, 0 or 1/(1 - p), by what they are multiplied with; without those that drop nothing.
   *
   * @returns {Map<string, Tensor>} word (V), input (N, E), weight_l0 as rnn.weight_hh_l0, hidden_l1 (N, H), output (N, H).
   */
  masks() {
    const { vocab_size: V, embedding_size: E, hidden_size: H, num_layers, batch_size: N, cell } = this.settings;
    const { embed_p, input_p, weight_p, hidden_p, output_p } = this.settings;
    const blocks = { rnn: 1, lstm: 4, gru: 3 }[cell];
    /** @type {Map<string, Tensor>} */
    const masks = new Map();
    if (embed_p) masks.set("word", this.kernel.mask("word", 0, [V]));
    if (input_p) masks.set("input", this.kernel.mask("input", 0, [N, E]));
    for (let d = 0; d < num_layers; d++) {
      if (weight_p) masks.set(`weight_l${d}`, this.kernel.mask("weight", d, [blocks * H, H], blocks));
      if (hidden_p && d) masks.set(`hidden_l${d}`, this.kernel.mask("input", d, [N, H]));
    }
    if (output_p) masks.set("output", this.kernel.mask("output", 0, [N, H]));
    return masks;
  }

  /** Give the memory to the next trainer; this one cannot be used any more. */
  close() {
    giveBack(this.kernel);
    this.kernel = CLOSED;
  }

  /** @private */
  get operations() {
    return this.kernel.operations;
  }

  /**
   * @private
   * @param {Int32Array} inputs
   * @param {Int32Array} targets
   * @param {boolean} traces
   * @returns {StepResult}
   */
  learn(inputs, targets, traces) {
    const { batch_size, window, clip } = this.settings;
    this.checkTokens(inputs, targets, batch_size, window);
    const length = inputs.length / batch_size;
    this.write(inputs, targets, length, { row: 0, rows: batch_size, start: 0, steps: length });
    this.operations.learn(length, +traces);
    const { right, counted, ...result } = this.kernel.results();
    if (!result.diverged) this.steps++;
    const step = this.steps + +result.diverged;
    return { step, ...result, accuracy: right / counted, clipped: !(result.gradNorm <= clip) };
  }

  /**
   * @private
   * @param {Int32Array} inputs
   * @param {Int32Array} targets
   * @param {number} rows
   * @param {number} most - Steps.
   */
  checkTokens(inputs, targets, rows, most) {
    const length = inputs.length / rows;
    if (!Number.isInteger(length) || length < 1 || length > most) {
      const rule = `${rows} rows of ${most === Number.POSITIVE_INFINITY ? "at least 1 token" : `1 to ${most} tokens`}`;
      throw new LabError(`inputs must be ${rule}, but they are ${inputs.length} tokens; cut them into such windows`);
    }
    if (targets.length !== inputs.length) {
      const rule = `as many as inputs, ${inputs.length}`;
      throw new LabError(`targets must be ${rule}, but they are ${targets.length}; give the tokens that follow`);
    }
    const { vocab_size } = this.settings;
    const odd = inputs.find((id) => !(id >= 0 && id < vocab_size));
    const oddTarget = targets.find((id) => !(id >= 0 && id < vocab_size) && id !== UNCOUNTED);
    if (odd !== undefined || oddTarget !== undefined) {
      const [name, id] = odd === undefined ? ["targets", oddTarget] : ["inputs", odd];
      throw new LabError(
        `${name} must be ids from 0 to ${vocab_size - 1}, but one is ${id}; use the model's vocabulary`,
      );
    }
    if (targets.every((id) => id === UNCOUNTED)) {
      throw new LabError(`targets must hold one that counts, but all are ${UNCOUNTED}; give other tokens`);
    }
  }

  /**
   * Write a part of rows of tokens into memory, time first.
   *
   * @private
   * @param {Int32Array} inputs
   * @param {Int32Array} targets
   * @param {number} length - Of the rows.
   * @param {{ row: number, rows: number, start: number, steps: number }} part
   */
  write(inputs, targets, length, { row, rows, start, steps }) {
    const count = steps * this.rows;
    const x = this.kernel.tokens(0, count).fill(0);
    const y = this.kernel.tokens(1, count).fill(UNCOUNTED);
    for (let n = 0; n < rows; n++) {
      const from = (row + n) * length + start;
      for (let t = 0; t < steps; t++) {
        x[t * this.rows + n] = inputs[from + t];
        y[t * this.rows + n] = targets[from + t];
      }
    }
  }

  /**
   * @private
   * @param {number} length
   */
  losses(length) {
    const { batch_size } = this.settings;
    const there = this.kernel.floats(this.operations.windowPlace(2), length * this.rows);
    return Float32Array.from({ length: batch_size * length }, (_, place) => {
      return there[(place % length) * this.rows + Math.floor(place / length)];
    });
  }

  /**
   * @private
   * @param {number} layer
   * @param {number} length
   */
  arriving(layer, length) {
    const { window, cell } = this.settings;
    const squares = this.kernel.doubles(this.operations.arrivingPlace(layer), 2 * (window + 1));
    /** @param {number} from */
    const norms = (from) => Float32Array.from(squares.subarray(from, from + length + 1), Math.sqrt);
    return { h: norms(0), c: cell === "lstm" ? norms(window + 1) : null };
  }

  /**
   * @private
   * @param {Map<string, Tensor>} before
   * @param {number} scale - Of the clip.
   * @returns {TensorTrace[]}
   */
  changes(before, scale) {
    const gradients = this.gradients();
    return Array.from(this.weights(), ([name, { values }]) => {
      const old = /** @type {Tensor} */ (before.get(name)).values;
      const gradient = /** @type {Tensor} */ (gradients.get(name)).values;
      return {
        name,
        gradNorm: scale * norm(gradient),
        updateNorm: norm(values.map((value, place) => value - old[place])),
        weightNorm: norm(values),
      };
    });
  }
}

/** @param {Float32Array} values */
function norm(values) {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
}

/**
 * @param {Settings} settings
 * @param {{ simd?: boolean, scalar?: string }} options
 */
function measured(settings, options) {
  const { kernel } = takeKernel(options);
  const bytes = kernel.measure(settings);
  giveBack(kernel);
  return bytes;
}

/**
 * The error that names the size by which most can be saved.
 *
 * @param {Settings} settings
 * @param {number} bytes
 * @param {{ simd?: boolean, scalar?: string }} options
 * @param {string} [reason] - What the browser says.
 */
function tooLarge(settings, bytes, options, reason) {
  const saved = SIZES.map((name) => {
    const half = Math.ceil(settings[name] / 2);
    const both = name === "hidden_size" && settings.embedding_size === settings.hidden_size;
    const lower = { ...settings, [name]: half, ...(both && { embedding_size: half }) };
    return { name, bytes: measured(lower, options) };
  });
  const { name } = saved.reduce((least, each) => (each.bytes < least.bytes ? each : least));
  const found = `with ${settings[name]} ${Math.ceil(bytes / 2 ** 20)} MB are needed`;
  const limit = reason ? `what the browser gives (${reason})` : `${Trainer.LIMIT / 2 ** 20} MB`;
  return new LabError(`${name} must be so low that a trainer fits into ${limit}, but ${found}; lower it`);
}
