// Model files: the mirror of lmkit.pretrained.from_bytes, with the same checks.

import { LabError, messageOf } from "../base/errors.js";
import { Vocab } from "../base/vocab.js";
import { tokenizerOf } from "./tokenizers.js";

/** @typedef {readonly [name: string, version: string]} Format */

export const BROWSER_FORMAT = /** @type {const} */ (["lmkit-lstm-language-model", "1"]);
export const SIZES = /** @type {const} */ (["vocab_size", "embedding_size", "hidden_size", "num_layers"]);

/** @typedef {{ shape: number[], values: Float32Array }} Tensor */
/** @typedef {{ shape: number[], values: Float32Array | Int8Array }} StoredTensor */

/**
 * @typedef {object} Config
 * @property {number} vocab_size
 * @property {number} embedding_size
 * @property {number} hidden_size
 * @property {number} num_layers
 */

/**
 * @typedef {object} ParsedModel
 * @property {Config} config
 * @property {import("../base/tokenizer.js").Tokenizer} vocab
 * @property {Record<string, any>} card - What is known of the model, for readers.
 * @property {Map<string, Tensor>} tensors
 */

/**
 * The model in the bytes of a safetensors file: its config, vocabulary, card and float32 tensors by name.
 *
 * @param {Uint8Array} bytes
 * @param {string} [source] - Names the file in errors.
 * @returns {ParsedModel}
 * @throws {LabError} If it is no model of this version of lmkit, or damaged.
 */
export function parseModel(bytes, source = "data") {
  return openFile(bytes, source, [BROWSER_FORMAT], (metadata, tensorsOf) => {
    const [config, card] = ["config", "card"].map((name) => JSON.parse(metadata[name]));
    checkSizes(config, SIZES);
    const vocab = tokenizerIn(metadata, config.vocab_size);
    return { config, vocab, card, tensors: tensorsOf(expectedShapes(config)) };
  });
}

/**
 * The vocabulary in a model file.
 *
 * @param {Record<string, string>} metadata
 * @param {number} size - That it must have.
 */
export function tokenizerIn({ tokenizer, vocab: words }, size) {
  const vocab = tokenizer === undefined ? new Vocab(JSON.parse(words)) : tokenizerOf(JSON.parse(tokenizer)); // words stand apart
  if (vocab.size !== size) throw new Error(`${vocab.size} words for a model of ${size}`);
  return vocab;
}

/**
 * What is made of the bytes of a file of one of some formats.
 *
 * @template T
 * @param {Uint8Array} bytes
 * @param {string} source
 * @param {Format[]} formats
 * @param {(metadata: Record<string, string>, tensorsOf: (shapes: Map<string, number[]>) => Map<string, Tensor>) => T} make
 *   `tensorsOf` returns the tensors in float32, if they are those of these shapes.
 * @returns {T}
 * @throws {LabError} If they are of another format, or damaged.
 */
export function openFile(bytes, source, formats, make) {
  const { metadata, stored } = readFile(bytes, source);
  if (!formats.some(([name, version]) => metadata.format === name && metadata.version === version)) {
    const known = formats.map(([name, version]) => `'${name}', version '${version}'`).join(" or ");
    throw new LabError(
      `${source} must be a model file of format ${known}, but it says ` +
        `('${metadata.format}', '${metadata.version}'); train it again with this version of lmkit`,
    );
  }
  try {
    return make(metadata, (shapes) => readTensors(stored, shapes));
  } catch (error) {
    throw new LabError(`${source} does not fit together (${messageOf(error)}); get it or train it again`);
  }
}

/**
 * @param {Record<string, unknown>} config
 * @param {readonly string[]} names - Of the sizes that it must have.
 */
export function checkSizes(config, names) {
  for (const name of names) {
    const size = config[name];
    if (!Number.isSafeInteger(size) || Number(size) < 1) {
      throw new Error(`${name} must be a whole number of at least 1, but it is ${JSON.stringify(size)}`);
    }
  }
}

/**
 * @param {Map<string, StoredTensor>} stored
 * @param {Map<string, number[]>} shapes
 * @returns {Map<string, Tensor>}
 */
function readTensors(stored, shapes) {
  /** @type {Map<string, Tensor>} */
  const tensors = new Map();
  for (const [name, tensor] of stored) {
    if (!name.endsWith(".scale")) tensors.set(name, dequantised(name, tensor, stored.get(`${name}.scale`)));
  }
  checkTensors(tensors, shapes);
  return tensors;
}

/**
 * @param {Uint8Array} bytes
 * @param {string} source
 * @returns {{ metadata: Record<string, string>, stored: Map<string, StoredTensor> }}
 */
function readFile(bytes, source) {
  try {
    const length = Number(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true));
    if (length > bytes.length - 8) throw new Error("its header is cut off");
    const header = new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(8, 8 + length));
    const { __metadata__: metadata, ...entries } = JSON.parse(header);
    const body = bytes.slice(8 + length); // a copy, so that float32 values are aligned
    /** @type {Map<string, StoredTensor>} */
    const stored = new Map();
    checkPlaces(entries, body.length);
    for (const [name, entry] of Object.entries(entries)) stored.set(name, readTensor(name, entry, body));
    if (!metadata) throw new Error("it has no metadata");
    return { metadata, stored };
  } catch (error) {
    throw new LabError(`${source} cannot be read as a model file (${messageOf(error)}); get it or train it again`);
  }
}

/**
 * Every byte must belong to one tensor, as safetensors demands.
 *
 * @param {Record<string, { data_offsets: [number, number] }>} entries
 * @param {number} size - Of all numbers, in bytes.
 */
function checkPlaces(entries, size) {
  let end = 0;
  const places = Object.entries(entries).map(([name, { data_offsets }]) => ({ name, place: data_offsets }));
  for (const { name, place } of places.sort((a, b) => a.place[0] - b.place[0] || a.place[1] - b.place[1])) {
    if (place[0] !== end)
      throw new Error(`${name} must begin where another tensor ends, at ${end}, not at ${place[0]}`);
    end = place[1];
  }
  if (end !== size) throw new Error(`its tensors must have ${size} bytes, as the file has, not ${end}`);
}

/**
 * @param {string} name
 * @param {{ dtype: string, shape: number[], data_offsets: [number, number] }} entry
 * @param {Uint8Array<ArrayBuffer>} body
 * @returns {StoredTensor}
 */
function readTensor(name, { dtype, shape, data_offsets: [start, stop] }, body) {
  const count = shape.reduce((product, size) => product * size, 1);
  if (dtype !== "F32" && dtype !== "I8") throw new Error(`${name} is of type ${dtype}`);
  const View = dtype === "F32" ? Float32Array : Int8Array;
  const size = View.BYTES_PER_ELEMENT;
  if (stop > body.length || stop - start !== count * size) throw new Error(`${name} is cut off`);
  const aligned = start % size ? body.slice(start, stop) : body.subarray(start, stop);
  return { shape, values: new View(aligned.buffer, aligned.byteOffset, count) };
}

/**
 * @param {string} name
 * @param {StoredTensor} stored
 * @param {StoredTensor} [scale] - A factor for each row.
 * @returns {Tensor}
 */
function dequantised(name, { shape, values }, scale) {
  if (values instanceof Float32Array && !scale) return { shape, values };
  const fits = scale?.values instanceof Float32Array && String(scale.shape) === String(shape.slice(0, 1));
  if (!(values instanceof Int8Array) || !scale || !fits) {
    throw new Error(`${name} must be float32, or int8 with a float32 scale for each of its rows`);
  }
  const columns = shape[1];
  const floats = new Float32Array(values.length);
  for (let i = 0; i < values.length; i++) floats[i] = values[i] * scale.values[Math.floor(i / columns)];
  return { shape, values: floats };
}

/**
 * @param {Map<string, Tensor>} tensors
 * @param {Map<string, number[]>} expected
 */
function checkTensors(tensors, expected) {
  const missing = [...expected.keys()].filter((name) => !tensors.has(name));
  const unexpected = [...tensors.keys()].filter((name) => !expected.has(name));
  if (missing.length || unexpected.length) {
    throw new Error(`tensors missing: [${missing}], unexpected: [${unexpected}]`);
  }
  for (const [name, { shape, values }] of tensors) {
    const wanted = expected.get(name);
    if (String(shape) !== String(wanted)) throw new Error(`${name} is (${shape}), not (${wanted})`);
    if (!values.every(Number.isFinite)) throw new Error(`${name} must hold finite numbers only`);
  }
}

/**
 * The shape of every tensor of an LSTMLanguageModel; the decoder's weights are the embedding's.
 *
 * @param {Config} config
 * @returns {Map<string, number[]>}
 */
function expectedShapes({ vocab_size: V, embedding_size: E, hidden_size: H, num_layers: D }) {
  const shapes = new Map([
    ["embedding.weight", [V, E]],
    ["decoder.bias", [V]],
  ]);
  if (E !== H) shapes.set("projection.weight", [E, H]);
  for (let d = 0; d < D; d++) {
    shapes.set(`rnn.weight_ih_l${d}`, [4 * H, d ? H : E]);
    shapes.set(`rnn.weight_hh_l${d}`, [4 * H, H]);
    shapes.set(`rnn.bias_ih_l${d}`, [4 * H]);
    shapes.set(`rnn.bias_hh_l${d}`, [4 * H]);
  }
  return shapes;
}
