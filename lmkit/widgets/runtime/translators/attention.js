// Where a decoder looks: the mirror of lmkit.models.seq2seq.attention. The vectors of one source at a time stand in the
// kernel's block, as a matrix for the scores and as another for the contexts; all texts that translate it share them.

import { MOST_TEXTS, padded, paddedRows, tanh } from "../kernel.js";
import { copyFloats, fillMatrix, Matrix } from "../matrices.js";
import { reweight } from "../reweighting.js";

/** @typedef {import("./encoder.js").Encoded} Encoded */
/** @typedef {import("../kernel.js").Kernel} Kernel */
/** @typedef {import("../matrices.js").Layout} Layout */
/** @typedef {import("../reweighting.js").Reweighting} Reweighting */
/** @typedef {import("../safetensors.js").Tensor} Tensor */
/** @typedef {import("./translator_file.js").TranslatorConfig} TranslatorConfig */

/** A source's keys and vectors, as they lie in the block while it is looked at; the keys in rows, too. */
/** @typedef {{ length: number, keys: Float32Array, values: Float32Array, rows: Float32Array }} Memory */

/** The kinds differ in the score of a query q and a source's vector h: qᵀh, qᵀh / √H, qᵀWh or vᵀ tanh(Wq + Uh). */
export class Attention {
  /**
   * @param {Layout} layout
   * @param {TranslatorConfig} config
   * @param {(name: string) => Tensor} tensor
   * @param {number} most - Words of a source.
   */
  constructor(layout, { attention: kind, hidden_size: H }, tensor, most) {
    const hidden = paddedRows(H);
    this.size = { H, hidden };
    this.scale = kind === "scaled_dot" ? 1 / Math.sqrt(H) : 1;
    /** @param {string} name */
    const matrix = (name) => new Matrix(layout, hidden, hidden, tensor(`decoder.attention.${name}.weight`));
    const learned = kind === "general" || kind === "additive";
    this.key = learned ? matrix("key") : null;
    this.query = kind === "additive" ? matrix("query") : null;
    this.score = kind === "additive" ? tensor("decoder.attention.score.weight").values : null;
    this.place = {
      keys: layout.reserve(paddedRows(most) * hidden),
      values: layout.reserve(hidden * padded(most)),
      rows: layout.reserve(MOST_TEXTS * hidden),
      mapped: layout.reserve(MOST_TEXTS * hidden),
      scores: layout.reserve(MOST_TEXTS * paddedRows(most)),
      weights: layout.reserve(MOST_TEXTS * padded(most)),
    };
    /** @type {Memory | null} */
    this.loaded = null;
  }

  /**
   * @param {Kernel} kernel
   * @param {Encoded} encoded
   * @returns {Memory}
   */
  memoryOf(kernel, { length, vectors }) {
    const { H, hidden } = this.size;
    const rows = this.key ? this.keysOf(kernel, this.key, vectors) : vectors;
    const keys = new Float32Array(paddedRows(length) * hidden),
      values = new Float32Array(hidden * padded(length));
    fillMatrix(keys, 0, hidden, { shape: [length, H], values: rows });
    fillMatrix(values, 0, padded(length), { shape: [H, length], values: transposed(vectors, H) });
    return { length, keys, values, rows };
  }

  /**
   * @param {Kernel} kernel
   * @param {Matrix} key
   * @param {Float32Array} vectors - Row by row, as the result.
   */
  keysOf(kernel, key, vectors) {
    const { place } = this;
    const { H, hidden } = this.size;
    const keys = new Float32Array(vectors.length);
    for (let row = 0; row < vectors.length; row += H) {
      copyFloats(vectors, row, kernel.floats, place.rows, H);
      kernel.floats.fill(0, place.mapped, place.mapped + hidden);
      key.addProduct(kernel, 1, place.rows, place.mapped);
      copyFloats(kernel.floats, place.mapped, keys, row, H);
    }
    return keys;
  }

  /**
   * From queries to contexts; the weights stay in the block.
   *
   * @param {Kernel} kernel
   * @param {Memory} memory
   * @param {Reweighting} kind
   * @param {number} count - Of queries, no more than MOST_TEXTS.
   * @param {number} queries - Their place; they follow one another, as contexts do.
   * @param {number} contexts
   */
  look(kernel, memory, kind, count, queries, contexts) {
    const { place, size } = this;
    const { floats } = kernel;
    const columns = padded(memory.length);
    this.load(kernel, memory);
    this.scoreAll(kernel, memory, count, queries);
    floats.fill(0, place.weights, place.weights + count * columns);
    for (let n = 0; n < count; n++) {
      const weights = this.weights(kernel, memory, n);
      const scores = place.scores + n * paddedRows(memory.length);
      softmax(floats.subarray(scores, scores + memory.length), this.scale, weights);
      reweight(kind, weights);
    }
    floats.fill(0, contexts, contexts + count * size.hidden);
    kernel.addProduct(count, place.values, size.hidden, columns, place.weights, contexts, size.hidden);
  }

  /**
   * The weights of the n-th query of the last look, in the block.
   *
   * @param {Kernel} kernel
   * @param {Memory} memory
   * @param {number} n
   */
  weights({ floats }, { length }, n) {
    const place = this.place.weights + n * padded(length);
    return floats.subarray(place, place + length);
  }

  /**
   * @param {Kernel} kernel
   * @param {Memory} memory
   */
  load({ floats }, memory) {
    if (this.loaded === memory) return;
    floats.set(memory.keys, this.place.keys);
    floats.set(memory.values, this.place.values);
    this.loaded = memory;
  }

  /**
   * @param {Kernel} kernel
   * @param {Memory} memory
   * @param {number} count
   * @param {number} queries
   */
  scoreAll(kernel, memory, count, queries) {
    const { place, size, query, score } = this;
    const { floats } = kernel;
    const rows = paddedRows(memory.length);
    if (query && score) {
      floats.fill(0, place.mapped, place.mapped + count * size.hidden);
      query.addProduct(kernel, count, queries, place.mapped);
      for (let n = 0; n < count; n++) {
        const mapped = floats.subarray(place.mapped + n * size.hidden, place.mapped + n * size.hidden + size.H);
        addScores(mapped, memory.rows, score, floats, place.scores + n * rows);
      }
      return;
    }
    floats.fill(0, place.scores, place.scores + count * rows);
    kernel.addProduct(count, place.keys, rows, size.hidden, queries, place.scores, rows);
  }
}

/**
 * vᵀ tanh(q + k) for every key.
 *
 * @param {Float32Array} query
 * @param {Float32Array} keys - Row by row.
 * @param {Float32Array} score
 * @param {Float32Array} out
 * @param {number} place
 */
function addScores(query, keys, score, out, place) {
  const H = query.length;
  for (let row = 0, j = 0; row < keys.length; row += H, j++) {
    let sum = 0;
    for (let u = 0; u < H; u++) sum += score[u] * tanh(query[u] + keys[row + u]);
    out[place + j] = sum;
  }
}

/**
 * @param {Float32Array} scores
 * @param {number} scale
 * @param {Float32Array} out
 */
function softmax(scores, scale, out) {
  let max = -Infinity,
    total = 0;
  for (let j = 0; j < scores.length; j++) max = Math.max(max, scores[j]);
  for (let j = 0; j < scores.length; j++) {
    out[j] = Math.exp(scale * (scores[j] - max));
    total += out[j];
  }
  for (let j = 0; j < scores.length; j++) out[j] /= total;
}

/**
 * @param {Float32Array} values - Row by row.
 * @param {number} columns
 */
function transposed(values, columns) {
  const rows = values.length / columns;
  return values.map((_, i) => values[(i % rows) * columns + Math.floor(i / rows)]);
}
