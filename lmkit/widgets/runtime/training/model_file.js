// Model files of what was trained here, as lmkit.pretrained.model_file writes and reads them.

import { Vocab } from "../../base/vocab.js";
import { BROWSER_FORMAT, checkSizes, openFile, SIZES, tokenizerIn } from "../safetensors.js";
import { tokenizerConfig } from "../tokenizers.js";
import { checkVocab, tensorShapes } from "./settings.js";

/** @typedef {import("./settings.js").Settings} Settings */
/** @typedef {import("./trainer.js").Trainer} Trainer */
/** @typedef {import("./kernel.js").Tensor} Tensor */
/** @typedef {import("../../base/tokenizer.js").Tokenizer} Tokenizer */

const OTHER_FORMAT = /** @type {const} */ (["lmkit-language-model", "2"]); // of models that the page's engine cannot run
const DROPOUTS = /** @type {const} */ (["embed_p", "input_p", "weight_p", "hidden_p", "output_p"]);

/**
 * The bytes of a file that `lmkit.pretrained.load` reads; and, of an LSTM with tied weights, `parseModel`.
 *
 * @param {Trainer} trainer
 * @param {Tokenizer} vocab
 * @param {Record<string, unknown>} [card] - What is known of the model, for readers.
 * @returns {Uint8Array<ArrayBuffer>}
 * @throws {LabError} If the vocabulary is of another size.
 */
export function modelFile(trainer, vocab, card = {}) {
  const { settings } = trainer;
  checkVocab(vocab, settings.vocab_size);
  const [format, version] = settings.cell === "lstm" && settings.tied ? BROWSER_FORMAT : OTHER_FORMAT;
  const words = vocab instanceof Vocab ? { vocab: vocab.words } : { tokenizer: tokenizerConfig(vocab) };
  const parts = Object.entries({ config: configOf(settings), ...words, card });
  return packed(trainer.weights(), {
    format,
    version,
    model_class: settings.cell === "lstm" ? "AWDLSTM" : "RecurrentLanguageModel",
    ...Object.fromEntries(parts.map(([name, part]) => [name, JSON.stringify(part)])),
  });
}

/**
 * The arguments of the class in lmkit.models.
 *
 * @param {Settings} settings
 */
function configOf(settings) {
  /** @type {(keyof Settings)[]} */
  const names = [...SIZES, "tied", ...(settings.cell === "lstm" ? DROPOUTS : /** @type {const} */ ([]))];
  if (settings.cell !== "lstm") names.push("cell", "nonlinearity");
  return Object.fromEntries(names.map((name) => [name, settings[name]]));
}

/**
 * @param {Map<string, Tensor>} tensors
 * @param {Record<string, string>} metadata
 */
function packed(tensors, metadata) {
  /** @type {Record<string, object>} */
  const header = { __metadata__: metadata };
  let end = 0;
  for (const [name, { shape, values }] of tensors) {
    header[name] = { dtype: "F32", shape, data_offsets: [end, end + values.byteLength] };
    end += values.byteLength;
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  const start = 8 + Math.ceil(text.length / 8) * 8; // the numbers begin at a multiple of 8
  const bytes = new Uint8Array(start + end).fill(32, 0, start); // spaces end the header
  new DataView(bytes.buffer).setBigUint64(0, BigInt(start - 8), true);
  bytes.set(text, 8);
  let place = start;
  for (const { values } of tensors.values()) {
    bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), place);
    place += values.byteLength;
  }
  return bytes;
}

/**
 * What the bytes of a model file hold, of any class of lmkit.models: the settings that make a trainer of its shape,
 * vocabulary, card, and tensors to `load`.
 *
 * @param {Uint8Array} bytes
 * @param {string} [source] - Names the file in errors.
 * @returns {{ settings: Partial<Settings> & { vocab_size: number }, vocab: Tokenizer, card: Record<string, any>, tensors: Map<string, Tensor> }}
 * @throws {LabError} If it is no model of this version of lmkit, or damaged.
 */
export function openModel(bytes, source = "data") {
  return openFile(bytes, source, [BROWSER_FORMAT, OTHER_FORMAT], (metadata, tensorsOf) => {
    const config = JSON.parse(metadata.config);
    checkSizes(config, SIZES);
    const settings = settingsOf(metadata.model_class ?? "LSTMLanguageModel", config);
    const shapes = new Map(tensorShapes(settings).map(({ name, shape }) => [name, shape]));
    const vocab = tokenizerIn(metadata, config.vocab_size);
    return { settings, vocab, card: JSON.parse(metadata.card), tensors: tensorsOf(shapes) };
  });
}

/**
 * @param {string} kind - The class.
 * @param {any} config
 * @returns {Settings}
 */
function settingsOf(kind, config) {
  const known = ["LSTMLanguageModel", "AWDLSTM", "RecurrentLanguageModel"];
  if (!known.includes(kind)) throw new Error(`model_class must be one of ${known.join(", ")}, but it is '${kind}'`);
  const fixed = kind === "RecurrentLanguageModel" ? {} : { cell: "lstm" };
  return { cell: "rnn", tied: kind === "LSTMLanguageModel", ...config, ...fixed };
}
