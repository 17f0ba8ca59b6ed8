// A plain recurrent language model: the mirror of lmkit.models.RecurrentLanguageModel with cell="rnn".

import { bytesOf } from "../../base/assets.js";
import { LabError } from "../../base/errors.js";
import { checkLength } from "../../base/tokenizer.js";
import { tokenize, Vocab } from "../../base/vocab.js";

const MOST_WORDS = 40; // longer texts make no picture

/**
 * @typedef {ArrayLike<number>} Vector
 * @typedef {{ fromInput: Float32Array, fromState: Float32Array, bias: Float32Array }} Layer
 * @typedef {{ vocab_size: number, embedding_size: number, hidden_size: number, num_layers: number,
 *   nonlinearity: "tanh" | "relu" }} Config
 * @typedef {{ token: number, h: Float64Array[], probs: Float64Array }} Reading the token's id, the hidden state of each
 *   layer, and what may come next
 */

export class PlainRNN {
  /**
   * @param {Config} config
   * @param {string[]} words
   * @param {ArrayBuffer | ArrayBufferView} weights - Bytes of all weights, float32: embedding, layers from below, output
   *   layer.
   */
  constructor({ vocab_size: V, embedding_size: E, hidden_size: H, num_layers: D, nonlinearity }, words, weights) {
    this.size = { V, E, H, D };
    this.nonlinearity = nonlinearity;
    this.vocab = new Vocab(words);
    /** @type {(x: number) => number} */
    this.squash = nonlinearity === "tanh" ? Math.tanh : (x) => Math.max(0, x);
    const floats = new Float32Array(bytesOf(weights).slice().buffer); // a copy, so that the numbers are aligned
    let at = 0;
    /** @type {(count: number) => Float32Array} */
    const take = (count) => {
      at += count;
      return floats.subarray(at - count, at);
    };
    this.embedding = take(V * E);
    /** @type {Layer[]} */
    this.layers = Array.from({ length: D }, (_, d) => ({
      fromInput: take(H * (d ? H : E)),
      fromState: take(H * H),
      bias: take(H),
    }));
    this.output = { weight: take(V * H), bias: take(V) };
    if (at !== floats.length) throw new LabError("weights do not fit the model's sizes; run the cell again");
  }

  /** @param {number} token */
  embeddingOf(token) {
    return this.embedding.subarray(token * this.size.E, (token + 1) * this.size.E);
  }

  /**
   * Read a text from a zero state.
   *
   * @param {string} text
   * @returns {Reading[]} One for each token.
   */
  read(text) {
    const { H } = this.size,
      steps = [];
    let state = this.layers.map(() => new Float64Array(H));
    for (const token of this.tokens(text)) {
      state = this.stepAll(token, state);
      steps.push({ token, h: state, probs: this.predict(state[state.length - 1]) });
    }
    return steps;
  }

  /**
   * The hidden state of each layer after one more token.
   *
   * @param {number} token
   * @param {Float64Array[]} state
   */
  stepAll(token, state) {
    /** @type {Vector} */
    let x = this.embeddingOf(token);
    return this.layers.map((layer, d) => {
      const h = this.step(layer, x, state[d]);
      x = h;
      return h;
    });
  }

  /**
   * @param {string} text
   * @returns {number[]}
   */
  tokens(text) {
    const words = tokenize(text);
    checkLength("text", words.length, MOST_WORDS);
    const ids = this.vocab.ids(words);
    if (!ids.length) throw new LabError("text must hold at least one word, but it is empty; type a few words");
    return ids;
  }

  /**
   * h' = tanh(W_ih x + W_hh h + b), or with relu.
   *
   * @param {Layer} layer
   * @param {Vector} x
   * @param {Vector} h
   */
  step({ fromInput, fromState, bias }, x, h) {
    return Float64Array.from(bias, (b, i) => this.squash(b + rowTimes(fromInput, i, x) + rowTimes(fromState, i, h)));
  }

  /**
   * The probability of each token to come next: softmax(W_hy h + b).
   *
   * @param {Vector} h
   */
  predict(h) {
    const { weight, bias } = this.output;
    const scores = Float64Array.from(bias, (b, v) => b + rowTimes(weight, v, h));
    const most = Math.max(...scores);
    const odds = scores.map((score) => Math.exp(score - most));
    const sum = odds.reduce((all, odd) => all + odd, 0);
    if (!Number.isFinite(sum)) throw new LabError("model returned scores that are not numbers; it has diverged");
    return odds.map((odd) => odd / sum);
  }
}

/**
 * The inner product of row i of a matrix with a vector.
 *
 * @param {Vector} matrix
 * @param {number} i
 * @param {Vector} vector
 */
function rowTimes(matrix, i, vector) {
  let sum = 0;
  for (let j = 0, at = i * vector.length; j < vector.length; j++, at++) sum += matrix[at] * vector[j];
  return sum;
}

/**
 * The ids of the most probable tokens, first things first where probabilities are equal.
 *
 * @param {Vector} probs
 * @param {number} count
 */
export function mostProbable(probs, count) {
  const ids = Array.from(probs, (_, id) => id);
  return ids.sort((a, b) => probs[b] - probs[a] || a - b).slice(0, count);
}

/**
 * The length of the difference of two vectors.
 *
 * @param {Vector} a
 * @param {Vector} b
 */
export function distance(a, b) {
  return Math.hypot(...Array.from(a, (value, i) => value - b[i]));
}
