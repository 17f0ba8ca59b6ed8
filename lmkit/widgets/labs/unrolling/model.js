// A plain recurrent language model: the mirror of lmkit.models.RecurrentLanguageModel with cell="rnn".

import { bytesOf } from "../../base/assets.js";
import { LabError } from "../../base/errors.js";
import { tokenize, Vocab } from "../../base/vocab.js";

const MOST_TOKENS = 40; // longer texts make no picture

export class PlainRNN {
  /** `weights` are the bytes of all weights, float32: embedding, layers from below, output layer. */
  constructor({ vocab_size: V, embedding_size: E, hidden_size: H, num_layers: D, nonlinearity }, words, weights) {
    Object.assign(this, { size: { V, E, H, D }, nonlinearity });
    this.vocab = new Vocab(words);
    this.squash = nonlinearity === "tanh" ? Math.tanh : (x) => Math.max(0, x);
    const floats = new Float32Array(bytesOf(weights).slice().buffer); // a copy, so that the numbers are aligned
    let at = 0;
    const take = (count) => floats.subarray(at, (at += count));
    this.embedding = take(V * E);
    this.layers = Array.from({ length: D }, (_, d) => ({
      fromInput: take(H * (d ? H : E)),
      fromState: take(H * H),
      bias: take(H),
    }));
    this.output = { weight: take(V * H), bias: take(V) };
    if (at !== floats.length) throw new LabError("weights do not fit the model's sizes; run the cell again");
  }

  embeddingOf(token) {
    return this.embedding.subarray(token * this.size.E, (token + 1) * this.size.E);
  }

  /** Read a text from a zero state: for every token its id, the hidden state of each layer, and what may come next. */
  read(text) {
    const { H } = this.size,
      steps = [];
    let state = this.layers.map(() => new Float64Array(H));
    for (const token of this.tokens(text)) {
      let x = this.embeddingOf(token);
      state = this.layers.map((layer, d) => (x = this.step(layer, x, state[d])));
      steps.push({ token, h: state, probs: this.predict(x) });
    }
    return steps;
  }

  tokens(text) {
    const ids = this.vocab.ids(tokenize(text));
    if (!ids.length) throw new LabError("text must hold at least one word, but it is empty; type a few words");
    if (ids.length > MOST_TOKENS) {
      throw new LabError(`text must hold at most ${MOST_TOKENS} words, but it holds ${ids.length}; shorten it`);
    }
    return ids;
  }

  /** h' = tanh(W_x x + W_h h + b), or with relu. */
  step({ fromInput, fromState, bias }, x, h) {
    return Float64Array.from(bias, (b, i) => this.squash(b + rowTimes(fromInput, i, x) + rowTimes(fromState, i, h)));
  }

  /** The probability of each token to come next: softmax(W_y h + b). */
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

/** The inner product of row i of a matrix with a vector. */
function rowTimes(matrix, i, vector) {
  let sum = 0;
  for (let j = 0, at = i * vector.length; j < vector.length; j++, at++) sum += matrix[at] * vector[j];
  return sum;
}

/** The ids of the most probable tokens, first things first where probabilities are equal. */
export function mostProbable(probs, count) {
  const ids = Array.from(probs, (_, id) => id);
  return ids.sort((a, b) => probs[b] - probs[a] || a - b).slice(0, count);
}

/** The length of the difference of two vectors. */
export function distance(a, b) {
  return Math.hypot(...Array.from(a, (value, i) => value - b[i]));
}
