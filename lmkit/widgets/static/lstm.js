// One step of a language model: the mirror of lmkit.models.LSTMLanguageModel.stepper.

import { makeKernel, padded } from "./kernel.js";
import { LabError } from "./vocab.js";

export class LanguageModel {
  /** `parsed` is what parseModel returns; `options` go to the kernel. */
  constructor({ config, vocab, card, tensors }, options) {
    Object.assign(this, { vocab, card });
    this.size = { V: config.vocab_size, E: config.embedding_size, H: config.hidden_size, D: config.num_layers };
    const places = this.layOut();
    this.kernel = makeKernel(places.total, options);
    this.fill(tensors);
    this.tableFilled = new Uint8Array(this.size.V);
  }

  /** What a model remembers after a text, and the log-probabilities of what follows. */
  newState() {
    const { V, H, D } = this.size;
    return { h: new Float32Array(D * H), c: new Float32Array(D * H), logProbs: new Float32Array(V) };
  }

  /** Room for the gates i, f, g, o of every layer, as `step` writes them: the gate k of layer d begins at (4 d + k) H. */
  newGates() {
    return new Float32Array(this.size.D * 4 * this.size.H);
  }

  /** Read one token from the state `from` (null: nothing read yet) and write the state `to`; and the `gates`, if given. */
  step(token, from, to, gates = null) {
    const { kernel: { floats, affine }, place, size: { V, H, D } } = this;
    let fromInput = this.tableRow(token);
    for (let d = 0; d < D; d++) {
      const { upper, recurrent } = place.layers[d];
      if (d) {
        affine(upper, 4 * H, padded(H), place.h, place.layers[d].bias, place.fromInput);
        fromInput = place.fromInput;
      }
      if (from) floats.set(from.h.subarray(d * H, (d + 1) * H), place.h);
      else floats.fill(0, place.h, place.h + H);
      affine(recurrent, 4 * H, padded(H), place.h, fromInput, place.gates);
      this.openGates(d * H, from, to);
      if (gates) this.copyGates(d, gates);
    }
    affine(place.readout, padded(V), padded(H), place.h, place.readoutBias, place.logits);
    logSoftmax(floats, place.logits, to.logProbs);
  }

  /** The gates of one layer, in the order i, f, g, o, from their sums; the new h also goes where kernels read it. */
  openGates(start, from, to) {
    const { kernel: { floats }, place: { gates, h: hPlace }, size: { H } } = this;
    for (let u = 0; u < H; u++) {
      const i = sigmoid(floats[gates + u]);
      const f = sigmoid(floats[gates + H + u]);
      const g = tanh(floats[gates + 2 * H + u]);
      const o = sigmoid(floats[gates + 3 * H + u]);
      const c = (from ? f * from.c[start + u] : 0) + i * g;
      to.c[start + u] = c;
      to.h[start + u] = floats[hPlace + u] = o * tanh(c);
    }
  }

  /** The gates of layer d, from the sums that `openGates` has just used: a step that is not looked at pays nothing. */
  copyGates(d, gates) {
    const { kernel: { floats }, place, size: { H } } = this;
    for (let u = 0; u < 4 * H; u++) {
      const sum = floats[place.gates + u];
      gates[d * 4 * H + u] = u >= 2 * H && u < 3 * H ? tanh(sum) : sigmoid(sum);
    }
  }

  /** W_ih x + b_ih + b_hh of the first layer for one word; rows are filled when a word first appears. */
  tableRow(token) {
    const { kernel, place, size: { E, H } } = this;
    const row = place.table + token * 4 * H;
    if (!this.tableFilled[token]) {
      const x = place.embedding + token * padded(E);
      kernel.affine(place.inputWeights, 4 * H, padded(E), x, place.layers[0].bias, row);
      this.tableFilled[token] = 1;
    }
    return row;
  }

  layOut() {
    const { V, E, H, D } = this.size;
    let total = 0;
    const reserve = (count) => (total += padded(count)) - padded(count);
    this.place = {
      embedding: reserve(V * padded(E)),
      inputWeights: reserve(4 * H * padded(E)),
      table: reserve(V * 4 * H),
      readout: reserve(padded(V) * padded(H)),
      readoutBias: reserve(V),
      h: reserve(H),
      fromInput: reserve(4 * H),
      gates: reserve(4 * H),
      logits: reserve(V),
      layers: Array.from({ length: D }, (_, d) => ({
        bias: reserve(4 * H),
        recurrent: reserve(4 * H * padded(H)),
        upper: d ? reserve(4 * H * padded(H)) : null,
      })),
    };
    return { total };
  }

  fill(tensors) {
    const { place, size: { V, E, H } } = this;
    const values = (name) => tensors.get(name)?.values;
    this.copyRows(values("embedding.weight"), E, place.embedding);
    this.copyRows(values("rnn.weight_ih_l0"), E, place.inputWeights);
    place.layers.forEach(({ bias, recurrent, upper }, d) => {
      const other = values(`rnn.bias_hh_l${d}`);
      this.kernel.floats.set(values(`rnn.bias_ih_l${d}`).map((b, i) => b + other[i]), bias);
      this.copyRows(values(`rnn.weight_hh_l${d}`), H, recurrent);
      if (d) this.copyRows(values(`rnn.weight_ih_l${d}`), H, upper);
    });
    this.copyRows(readoutWeights(values("embedding.weight"), values("projection.weight"), V, E, H), H, place.readout);
    this.kernel.floats.set(values("decoder.bias"), place.readoutBias);
  }

  copyRows(values, columns, place) {
    for (let start = 0; start < values.length; start += columns, place += padded(columns)) {
      this.kernel.floats.set(values.subarray(start, start + columns), place);
    }
  }
}

/** The embedding times the projection: V rows of H. */
function readoutWeights(embedding, projection, V, E, H) {
  if (!projection) return embedding;
  const out = new Float32Array(V * H);
  const row = new Float64Array(H);
  for (let v = 0; v < V; v++) {
    row.fill(0);
    for (let e = 0; e < E; e++) {
      const weight = embedding[v * E + e];
      for (let j = 0, p = e * H; j < H; j++, p++) row[j] += weight * projection[p];
    }
    out.set(row, v * H);
  }
  return out;
}

function logSoftmax(floats, place, out) {
  let max = -Infinity, sum = 0;
  for (let v = 0; v < out.length; v++) max = Math.max(max, floats[place + v]);
  for (let v = 0; v < out.length; v++) sum += Math.exp(floats[place + v] - max);
  const total = max + Math.log(sum);
  // One NaN among the logits makes the sum NaN, and so does an infinite one.
  if (Number.isNaN(total)) {
    throw new LabError("step returned NaN log-probabilities; the model has diverged or its weights are damaged");
  }
  for (let v = 0; v < out.length; v++) out[v] = floats[place + v] - total;
}

function sigmoid(x) {
  return 1 / (1 + Math.exp(-x));
}

function tanh(x) {
  return 2 / (1 + Math.exp(-2 * x)) - 1;
}
