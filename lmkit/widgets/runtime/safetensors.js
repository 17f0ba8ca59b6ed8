// Model files: the mirror of lmkit.pretrained.from_bytes, with the same checks.

import { LabError } from "../base/errors.js";
import { Vocab } from "../base/vocab.js";

const FORMAT = "lmkit-lstm-language-model";
const VERSION = "1";
const ITEM_BYTES = { F32: 4, I8: 1 };

/** The model in the bytes of a safetensors file: its config, vocabulary, card and float32 tensors by name. */
export function parseModel(bytes, source = "data") {
  const { metadata, stored } = readFile(bytes, source);
  if (metadata.format !== FORMAT || metadata.version !== VERSION) {
    throw new LabError(
      `${source} must be a model file of format '${FORMAT}', version '${VERSION}', but it says ` +
        `('${metadata.format}', '${metadata.version}'); train it again with this version of lmkit`,
    );
  }
  try {
    return rebuilt(stored, metadata);
  } catch (error) {
    throw new LabError(`${source} does not fit together (${error.message}); get it or train it again`);
  }
}

function rebuilt(stored, metadata) {
  const [config, words, card] = ["config", "vocab", "card"].map((name) => JSON.parse(metadata[name]));
  if (words.length !== config.vocab_size) throw new Error(`${words.length} words for a model of ${config.vocab_size}`);
  const names = [...stored.keys()].filter((name) => !name.endsWith(".scale"));
  const tensors = new Map(
    names.map((name) => [name, dequantised(name, stored.get(name), stored.get(`${name}.scale`))]),
  );
  checkTensors(tensors, expectedShapes(config));
  return { config, vocab: new Vocab(words), card, tensors };
}

function readFile(bytes, source) {
  try {
    const length = Number(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true));
    if (length > bytes.length - 8) throw new Error("its header is cut off");
    const header = new TextDecoder().decode(bytes.subarray(8, 8 + length));
    const { __metadata__: metadata, ...entries } = JSON.parse(header);
    const body = bytes.slice(8 + length); // a copy, so that float32 values are aligned
    const stored = new Map(Object.entries(entries).map(([name, entry]) => [name, readTensor(name, entry, body)]));
    if (!metadata) throw new Error("it has no metadata");
    return { metadata, stored };
  } catch (error) {
    throw new LabError(`${source} cannot be read as a model file (${error.message}); get it or train it again`);
  }
}

function readTensor(name, { dtype, shape, data_offsets: [start, stop] }, body) {
  const count = shape.reduce((product, size) => product * size, 1);
  if (!(dtype in ITEM_BYTES)) throw new Error(`${name} is of type ${dtype}`);
  if (stop > body.length || stop - start !== count * ITEM_BYTES[dtype]) throw new Error(`${name} is cut off`);
  const View = dtype === "F32" ? Float32Array : Int8Array;
  const aligned = start % ITEM_BYTES[dtype] ? body.slice(start, stop) : body.subarray(start, stop);
  return { shape, values: new View(aligned.buffer, aligned.byteOffset, count) };
}

function dequantised(name, { shape, values }, scale) {
  if (values instanceof Float32Array && !scale) return { shape, values };
  if (!(values instanceof Int8Array) || scale?.values.length !== shape[0]) {
    throw new Error(`${name} must be float32, or int8 with a scale for each of its rows`);
  }
  const columns = shape[1];
  const floats = new Float32Array(values.length);
  for (let i = 0; i < values.length; i++) floats[i] = values[i] * scale.values[Math.floor(i / columns)];
  return { shape, values: floats };
}

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

/** The shape of every tensor of an LSTMLanguageModel; the decoder's weights are the embedding's. */
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
