// The settings of a trainer, their defaults and their rules: the mirror of lmkit.training.TrainConfig and lmkit.models.

import { LabError } from "../../base/errors.js";

/**
 * @typedef {object} Settings
 * @property {number} vocab_size - V.
 * @property {number} embedding_size - E.
 * @property {number} hidden_size - H.
 * @property {number} num_layers - D.
 * @property {"rnn" | "lstm" | "gru"} cell
 * @property {"tanh" | "relu"} nonlinearity - Of cell "rnn".
 * @property {boolean} tied - Whether the output layer shares its weights with the embedding.
 * @property {number} batch_size - N, rows of a window.
 * @property {number} window - L, the most steps of a window.
 * @property {"sgd" | "adam" | "adamw" | "muon"} optimizer
 * @property {number} lr - The learning rate, or its peak.
 * @property {"constant" | "cosine" | "one-cycle"} schedule
 * @property {number} steps - Of the schedule; after them the rate stays.
 * @property {number} warmup - The share of the steps in which a one-cycle rate rises.
 * @property {number} weight_decay - Apart from the gradient with "adamw" and "muon", added to it with the others.
 * @property {number} clip - The largest norm of the gradient.
 * @property {number} embed_p - Dropout of whole words,
 * @property {number} input_p - of embedded words (locked),
 * @property {number} weight_p - of hidden-to-hidden weights,
 * @property {number} hidden_p - between layers (locked),
 * @property {number} output_p - and of what the output layer reads (locked).
 * @property {number} alpha - Of activation regularisation.
 * @property {number} beta - Of temporal activation regularisation.
 * @property {number} seed
 */

/** @typedef {{ rule: string, allows: (value: any) => boolean, remedy: string }} Rule */

/**
 * @param {number} least
 * @param {number} most
 * @returns {Rule}
 */
function wholeFrom(least, most) {
  return {
    rule: `a whole number from ${least} to ${most}`,
    allows: (value) => Number.isInteger(value) && value >= least && value <= most,
    remedy: "give one in this range",
  };
}

/**
 * @param {string[]} names
 * @returns {Rule}
 */
function oneOf(...names) {
  return { rule: names.map((name) => `'${name}'`).join(" or "), allows: (v) => names.includes(v), remedy: "give one" };
}

/** @type {Rule} */
const PROBABILITY = { rule: "at least 0 and below 1", allows: (v) => v >= 0 && v < 1, remedy: "0 drops nothing" };
/** @type {Rule} */
const AT_LEAST_0 = { rule: "at least 0", allows: (v) => v >= 0 && v < Infinity, remedy: "0 turns it off" };
/** @type {Rule} */
const FLAG = { rule: "true or false", allows: (v) => typeof v === "boolean", remedy: "give one" };

/**
 * The rule of every setting, and its default; `embedding_size` is as large as `hidden_size` where it is not given.
 *
 * @type {Record<string, Rule & { value?: number | string | boolean }>}
 */
const KNOWN = {
  vocab_size: wholeFrom(2, 65536),
  hidden_size: { ...wholeFrom(1, 1024), value: 64 },
  embedding_size: wholeFrom(1, 1024),
  num_layers: { ...wholeFrom(1, 4), value: 1 },
  cell: { ...oneOf("rnn", "lstm", "gru"), value: "lstm" },
  nonlinearity: { ...oneOf("tanh", "relu"), value: "tanh" },
  tied: { ...FLAG, value: true },
  batch_size: { ...wholeFrom(1, 1024), value: 32 },
  window: { ...wholeFrom(1, 4096), value: 16 },
  optimizer: { ...oneOf("sgd", "adam", "adamw", "muon"), value: "adamw" },
  schedule: { ...oneOf("constant", "cosine", "one-cycle"), value: "one-cycle" },
  lr: { rule: "above 0", allows: (v) => v > 0 && v < Infinity, remedy: "0.01 is a good start", value: 0.01 },
  steps: { ...wholeFrom(1, 2 ** 31), value: 1000 },
  warmup: { rule: "above 0 and below 1", allows: (v) => v > 0 && v < 1, remedy: "0.03 is usual", value: 0.03 },
  weight_decay: { ...AT_LEAST_0, value: 0.01 },
  clip: { rule: "above 0", allows: (v) => v > 0, remedy: "Infinity sets no limit", value: 1 },
  embed_p: { ...PROBABILITY, value: 0 },
  input_p: { ...PROBABILITY, value: 0 },
  weight_p: { ...PROBABILITY, value: 0 },
  hidden_p: { ...PROBABILITY, value: 0 },
  output_p: { ...PROBABILITY, value: 0 },
  alpha: { ...AT_LEAST_0, value: 0 },
  beta: { ...AT_LEAST_0, value: 0 },
  seed: { ...wholeFrom(0, 2 ** 32 - 1), value: 1 },
};

/**
 * Settings with defaults for those that are not given.
 *
 * @param {Partial<Settings>} given
 * @returns {Settings}
 * @throws {LabError} If one is unknown, breaks its rule, or does not fit to another.
 */
export function checkedSettings(given) {
  /** @type {Record<string, any>} */
  const settings = {};
  for (const [name, { value }] of Object.entries(KNOWN)) settings[name] = value;
  Object.assign(settings, given);
  settings.embedding_size ??= settings.hidden_size;
  for (const [name, value] of Object.entries(settings)) {
    const known = KNOWN[name];
    if (!known) throw new LabError(`settings must be among ${Object.keys(KNOWN).join(", ")}, but one is ${name}`);
    if (!known.allows(value) || (typeof known.value === "number" && typeof value !== "number")) {
      throw new LabError(`${name} must be ${known.rule}, but it is ${value}; ${known.remedy}`);
    }
  }
  checkTogether(/** @type {Settings} */ (settings));
  return /** @type {Settings} */ (settings);
}

/** @param {Settings} settings */
function checkTogether({ cell, nonlinearity, tied, embedding_size, hidden_size }) {
  if (cell !== "rnn" && nonlinearity !== "tanh") {
    throw new LabError(
      `nonlinearity must be 'tanh' where cell is '${cell}', but it is '${nonlinearity}'; leave it out`,
    );
  }
  if (cell !== "lstm" && tied && embedding_size !== hidden_size) {
    const sizes = `embedding_size ${embedding_size} and hidden_size ${hidden_size}`;
    throw new LabError(`tied must be false where cell is '${cell}' and sizes differ, but ${sizes} do; make them equal`);
  }
}

/**
 * @param {import("../../base/tokenizer.js").Tokenizer} vocab
 * @param {number} vocab_size
 * @throws {LabError} If it is not of this size.
 */
export function checkVocab(vocab, vocab_size) {
  if (vocab.size === vocab_size) return;
  const rule = `must hold the model's ${vocab_size} tokens`;
  throw new LabError(`vocab ${rule}, but it holds ${vocab.size}; give the one that was trained with`);
}

const CELLS = ["rnn", "lstm", "gru"];
const OPTIMIZERS = ["sgd", "adam", "adamw", "muon"];
const SCHEDULES = ["constant", "cosine", "one-cycle"];

/**
 * The settings as kernel/model.h numbers them.
 *
 * @param {Settings} s
 * @returns {number[]}
 */
export function asNumbers(s) {
  const sizes = [s.vocab_size, s.embedding_size, s.hidden_size, s.num_layers];
  const kinds = [CELLS.indexOf(s.cell), +(s.nonlinearity === "relu"), +s.tied];
  const ways = [OPTIMIZERS.indexOf(s.optimizer), SCHEDULES.indexOf(s.schedule), s.lr, s.steps, s.warmup];
  const dropouts = [s.embed_p, s.input_p, s.weight_p, s.hidden_p, s.output_p];
  const rest = [s.weight_decay, s.clip, ...dropouts, s.alpha, s.beta, s.seed];
  return [...sizes, ...kinds, s.batch_size, s.window, ...ways, ...rest];
}

/**
 * @typedef {object} TensorShape
 * @property {string} name - In a model file.
 * @property {number[]} shape - As torch has it.
 * @property {number} blocks - The rows are those of so many gates or candidates, each of which is padded.
 */

/**
 * The tensors of a model, in the order of kernel/model.h.
 *
 * @param {Settings} settings
 * @returns {TensorShape[]}
 */
export function tensorShapes({ vocab_size: V, embedding_size: E, hidden_size: H, num_layers, cell, tied }) {
  const blocks = { rnn: 1, lstm: 4, gru: 3 }[cell];
  const projected = cell === "lstm" && E !== H;
  /** @type {TensorShape[]} */
  const shapes = [{ name: "embedding.weight", shape: [V, E], blocks: 1 }];
  for (let d = 0; d < num_layers; d++) {
    shapes.push({ name: `rnn.weight_ih_l${d}`, shape: [blocks * H, d ? H : E], blocks });
    shapes.push({ name: `rnn.weight_hh_l${d}`, shape: [blocks * H, H], blocks });
    shapes.push({ name: `rnn.bias_ih_l${d}`, shape: [blocks * H], blocks });
    shapes.push({ name: `rnn.bias_hh_l${d}`, shape: [blocks * H], blocks });
  }
  if (projected) shapes.push({ name: "projection.weight", shape: [E, H], blocks: 1 });
  if (!tied) shapes.push({ name: "decoder.weight", shape: [V, projected ? E : H], blocks: 1 });
  shapes.push({ name: "decoder.bias", shape: [V], blocks: 1 });
  return shapes;
}
