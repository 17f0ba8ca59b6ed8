// A sample of a model that is being trained or was opened: one step of any cell, from weights in torch's layout, in plain loops. It
// runs beside the training, some hundred tokens at a time; decoding labs have an engine of their own.

import { uniform } from "../../base/rng.js";

/** @typedef {Float64Array<ArrayBuffer>} Numbers */
/** @typedef {{ shape: number[], values: Float32Array }} Tensor */
/** @typedef {{ h: Numbers[], c: Numbers[] }} Memory What is remembered, layer by layer. */

export class Writer {
  /**
   * @param {Map<string, Tensor>} weights - By the names of model files.
   * @param {{ cell: string, nonlinearity: string, num_layers: number, hidden_size: number }} settings
   */
  constructor(weights, { cell, nonlinearity, num_layers, hidden_size }) {
    const projection = weights.get("projection.weight");
    /** @param {string} name */
    this.weight = (name) => /** @type {Tensor} */ (weights.get(name)).values;
    this.cell = cell === "rnn" ? nonlinearity : cell;
    this.layers = num_layers;
    this.hidden = hidden_size;
    this.embedding = this.weight("embedding.weight");
    this.projection = projection?.values;
    this.decoder = weights.get("decoder.weight")?.values ?? this.embedding; // tied
    this.bias = this.weight("decoder.bias");
    this.size = this.embedding.length / this.bias.length; // of an embedded token
  }

  /** @returns {Memory} */
  begin() {
    const zeros = () => Array.from({ length: this.layers }, () => new Float64Array(this.hidden));
    return { h: zeros(), c: zeros() };
  }

  /**
   * Read one token: the memory changes, and the logits of what follows are returned.
   *
   * @param {number} token
   * @param {Memory} memory
   * @returns {Numbers}
   */
  read(token, memory) {
    const { size, embedding, projection, decoder, bias } = this;
    let x = Float64Array.from(embedding.subarray(token * size, (token + 1) * size));
    for (let d = 0; d < this.layers; d++) {
      const [input, recurrent] = ["ih", "hh"].map((kind) =>
        product(
          this.weight(`rnn.weight_${kind}_l${d}`),
          kind === "ih" ? x : memory.h[d],
          this.weight(`rnn.bias_${kind}_l${d}`),
        ),
      );
      x = CELLS[this.cell](input, recurrent, memory.h[d], memory.c[d]);
      memory.h[d] = x;
    }
    if (projection) x = product(projection, x, new Float32Array(size));
    return product(decoder, x, bias);
  }

  /**
   * Tokens drawn one after the other, each as probable as the model says.
   *
   * @param {number[]} prompt - At least one token.
   * @param {{ count: number, seed: number, never: number[] }} options - `never` are drawn.
   * @returns {number[]} The new ones.
   */
  write(prompt, { count, seed, never }) {
    const memory = this.begin();
    /** @type {number[]} */
    const written = [];
    let logits = new Float64Array();
    for (const token of prompt) logits = this.read(token, memory);
    for (let t = 0; t < count; t++) {
      for (const token of never) logits[token] = -Infinity;
      const token = drawn(logits, uniform(seed, t));
      written.push(token);
      logits = this.read(token, memory);
    }
    return written;
  }
}

/**
 * W x + b.
 *
 * @param {Float32Array} weight
 * @param {Numbers} x
 * @param {Float32Array} bias
 */
function product(weight, x, bias) {
  const out = new Float64Array(bias.length);
  for (let row = 0, at = 0; row < out.length; row++) {
    let sum = bias[row];
    for (let column = 0; column < x.length; column++) sum += weight[at++] * x[column];
    out[row] = sum;
  }
  return out;
}

/** @param {number} x */
const sigmoid = (x) => 1 / (1 + Math.exp(-x));

/** @type {Record<string, (i: Numbers, r: Numbers, h: Numbers, c: Numbers) => Numbers>} */
const CELLS = {
  tanh: (i, r) => i.map((x, u) => Math.tanh(x + r[u])),
  relu: (i, r) => i.map((x, u) => Math.max(0, x + r[u])),
  gru: (i, r, h) =>
    h.map((before, u) => {
      const [reset, update] = [u, h.length + u].map((at) => sigmoid(i[at] + r[at]));
      const at = 2 * h.length + u;
      const fresh = Math.tanh(i[at] + reset * r[at]);
      return fresh + update * (before - fresh);
    }),
  lstm: (i, r, h, c) =>
    h.map((_, u) => {
      /** @param {number} gate */
      const sum = (gate) => i[gate * h.length + u] + r[gate * h.length + u];
      c[u] = sigmoid(sum(1)) * c[u] + sigmoid(sum(0)) * Math.tanh(sum(2));
      return sigmoid(sum(3)) * Math.tanh(c[u]);
    }),
};

/**
 * The token under which u in [0, 1) falls.
 *
 * @param {Numbers} logits
 * @param {number} u
 */
function drawn(logits, u) {
  const max = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  const weights = logits.map((x) => Math.exp(x - max));
  let left = u * weights.reduce((a, b) => a + b, 0);
  const found = weights.findIndex((weight) => {
    left -= weight;
    return left < 0;
  });
  return found < 0 ? logits.indexOf(max) : found;
}
