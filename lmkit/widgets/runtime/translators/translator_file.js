// Files of encoder-decoders: the mirror of lmkit.pretrained.translator_from_bytes, with the same checks.

import { Vocab } from "../../base/vocab.js";
import { checkSizes, openFile } from "../safetensors.js";

/** @typedef {import("../safetensors.js").Tensor} Tensor */
/** @typedef {"dot" | "scaled_dot" | "general" | "additive" | "none"} AttentionKind */

/**
 * The arguments of an EncoderDecoder.
 *
 * @typedef {object} TranslatorConfig
 * @property {number} source_vocab_size
 * @property {number} target_vocab_size
 * @property {number} embedding_size
 * @property {number} hidden_size
 * @property {AttentionKind} attention
 * @property {"after" | "before"} timing
 * @property {boolean} two_way
 */

/**
 * @typedef {object} ParsedTranslator
 * @property {TranslatorConfig} config
 * @property {Vocab} sourceVocab
 * @property {Vocab} targetVocab
 * @property {Record<string, any>} card - What is known of the model, for readers.
 * @property {Map<string, Tensor>} tensors
 */

const FORMAT = /** @type {const} */ (["lmkit-encoder-decoder", "1"]);
const SIZES = ["source_vocab_size", "target_vocab_size", "embedding_size", "hidden_size"];
/** @type {Record<string, readonly unknown[]>} */
const CHOICES = {
  attention: ["dot", "scaled_dot", "general", "additive", "none"],
  timing: ["after", "before"],
  two_way: [true, false],
};

/**
 * @param {Uint8Array} bytes
 * @param {string} [source] - Names the file in errors.
 * @returns {ParsedTranslator}
 * @throws {import("../../base/errors.js").LabError} If it is no such model of this version of lmkit, or damaged.
 */
export function parseTranslator(bytes, source = "data") {
  return openFile(bytes, source, [FORMAT], (metadata, tensorsOf) => {
    const names = ["config", "source_vocab", "target_vocab", "card"];
    const [config, sourceWords, targetWords, card] = names.map((name) => JSON.parse(metadata[name]));
    checkConfig(config);
    const sourceVocab = vocabOf("source", sourceWords, config.source_vocab_size);
    const targetVocab = vocabOf("target", targetWords, config.target_vocab_size);
    if (targetVocab.end === null) throw new Error("target_vocab must hold the end token <eos>");
    return { config, sourceVocab, targetVocab, card, tensors: tensorsOf(expectedShapes(config)) };
  });
}

/** @param {Record<string, unknown>} config */
function checkConfig(config) {
  checkSizes(config, SIZES);
  for (const [name, known] of Object.entries(CHOICES)) {
    const value = JSON.stringify(config[name]);
    if (!known.includes(config[name]))
      throw new Error(`${name} must be one of ${known.join(", ")}, but it is ${value}`);
  }
  if (config.attention === "none" && config.timing !== "after") {
    throw new Error("timing must be after where attention is none");
  }
  if (config.two_way && Number(config.hidden_size) % 2) {
    throw new Error(`hidden_size must be even where two_way is true, but it is ${config.hidden_size}`);
  }
}

/**
 * @param {string} side
 * @param {string[]} words
 * @param {number} size
 */
function vocabOf(side, words, size) {
  if (words.length !== size) {
    throw new Error(`${side}_vocab must hold the model's ${size} words, but it holds ${words.length}`);
  }
  return new Vocab(words);
}

/**
 * @param {TranslatorConfig} config
 * @returns {Map<string, number[]>}
 */
function expectedShapes(config) {
  const { source_vocab_size, target_vocab_size: V, embedding_size: E, hidden_size: H, attention, timing } = config;
  const units = config.two_way ? H / 2 : H;
  const before = timing === "before";
  return new Map([
    ["encoder.embedding.weight", [source_vocab_size, E]],
    ...cellShapes("encoder.rnn.", "_l0", E, units),
    ...(config.two_way ? cellShapes("encoder.rnn.", "_l0_reverse", E, units) : []),
    ...["h", "c"].flatMap((part) => matrixShapes(`bridge.${part}`, [H, H], true)),
    ["decoder.embedding.weight", [V, E]],
    ...(before ? cellShapes("decoder.cell.", "", E + H, H) : cellShapes("decoder.rnn.", "_l0", E, H)),
    ...attentionShapes(attention, H),
    ...(attention === "none" ? [] : matrixShapes("decoder.combine", [H, 2 * H], false)),
    ...matrixShapes("decoder.output", [V, H], true),
  ]);
}

/**
 * @param {string} place
 * @param {string} suffix
 * @param {number} inputs
 * @param {number} units
 * @returns {[string, number[]][]}
 */
function cellShapes(place, suffix, inputs, units) {
  return [
    [`${place}weight_ih${suffix}`, [4 * units, inputs]],
    [`${place}weight_hh${suffix}`, [4 * units, units]],
    [`${place}bias_ih${suffix}`, [4 * units]],
    [`${place}bias_hh${suffix}`, [4 * units]],
  ];
}

/**
 * @param {string} name
 * @param {number[]} shape
 * @param {boolean} bias
 * @returns {[string, number[]][]}
 */
function matrixShapes(name, shape, bias) {
  return [
    [`${name}.weight`, shape],
    ...(bias ? [/** @type {[string, number[]]} */ ([`${name}.bias`, [shape[0]]])] : []),
  ];
}

/**
 * @param {AttentionKind} kind
 * @param {number} H
 * @returns {[string, number[]][]}
 */
function attentionShapes(kind, H) {
  /** @type {[string, number[]][]} */
  const key = [["decoder.attention.key.weight", [H, H]]];
  if (kind === "general") return key;
  if (kind !== "additive") return [];
  return [...key, ["decoder.attention.query.weight", [H, H]], ["decoder.attention.score.weight", [1, H]]];
}
