// One step of a language model: the mirror of lmkit.models.LSTMLanguageModel.stepper.

import { MOST_TEXTS, makeKernel, padded, paddedRows, placeInMatrix, sigmoid, tanh } from "./kernel.js";
import { copyFloats, logSoftmax } from "./matrices.js";

/** @typedef {import("./safetensors.js").Tensor} Tensor */

/**
 * What a model remembers after a text, layer after layer, and the log-probabilities of what follows.
 *
 * @typedef {{ h: Float32Array, c: Float32Array, logProbs: Float32Array }} State
 */

export class LanguageModel {
  /**
   * @param {import("./safetensors.js").ParsedModel} parsed
   * @param {{ simd?: boolean, fused?: boolean }} [options] - Of the kernel.
   */
  constructor({ config, vocab, card, tensors }, options) {
    this.vocab = vocab;
    this.card = card;
    this.size = { V: config.vocab_size, E: config.embedding_size, H: config.hidden_size, D: config.num_layers };
    const { V, E, H } = this.size;
    this.padded = { V: paddedRows(V), E: padded(E), H: padded(H) };
    const { place, total } = this.layOut();
    this.place = place;
    this.kernel = makeKernel(total, options);
    this.fill(tensors);
    this.tableFilled = new Uint8Array(this.size.V);
    this.nothingRead = this.newState();
  }

  /** @returns {State} */
  newState() {
    return this.newStates(1)[0];
  }

  /**
   * @param {number} count
   * @returns {State[]}
   */
  newStates(count) {
    const { V, H, D } = this.size;
    const all = new Float32Array(count * (2 * D * H + V));
    let place = 0;
    /** @param {number} length */
    const take = (length) => {
      place += length;
      return all.subarray(place - length, place);
    };
    return Array.from({ length: count }, () => ({ h: take(D * H), c: take(D * H), logProbs: take(V) }));
  }

  /** Room for the gates i, f, g, o of every layer, as `step` writes them: gate k of layer d begins at (4 d + k) H. */
  newGates() {
    return new Float32Array(this.size.D * 4 * this.size.H);
  }

  /**
   * Read one token from a state and write the next.
   *
   * @param {number} token
   * @param {State | null} from - Null: nothing read yet.
   * @param {State} to
   * @param {Float32Array | null} [gates] - Are written too; see `newGates`.
   */
  step(token, from, to, gates = null) {
    this.readGroup([token], [from], [to], gates);
  }

  /**
   * One step for each of many texts, in groups of about equal size: a group reads every weight once.
   *
   * @param {number[]} tokens
   * @param {(State | null)[]} from
   * @param {State[]} to
   */
  stepEach(tokens, from, to) {
    const groups = Math.ceil(tokens.length / MOST_TEXTS);
    for (let group = 0; group < groups; group++) {
      const [start, stop] = [group, group + 1].map((n) => Math.round((n * tokens.length) / groups));
      this.readGroup(tokens.slice(start, stop), from.slice(start, stop), to.slice(start, stop));
    }
  }

  /**
   * @param {number[]} tokens - No more than MOST_TEXTS.
   * @param {(State | null)[]} from
   * @param {State[]} to
   * @param {Float32Array | null} [gates]
   */
  readGroup(tokens, from, to, gates = null) {
    const {
      kernel: { addProduct },
      place,
      padded: { H, V },
      size,
    } = this;
    const count = tokens.length;
    for (let d = 0; d < size.D; d++) {
      const { bias, recurrent, upper } = place.layers[d];
      for (let n = 0; n < count; n++) this.copy(d ? bias : this.tableRow(tokens[n]), place.gates + n * 4 * H, 4 * H);
      if (d) addProduct(count, upper, 4 * H, H, place.h, place.gates, 4 * H);
      for (let n = 0; n < count; n++) this.takeState(d, from[n], n);
      addProduct(count, recurrent, 4 * H, H, place.h, place.gates, 4 * H);
      for (let n = 0; n < count; n++) this.openGates(d, to[n], n);
      if (gates) this.copyGates(d, gates);
    }
    for (let n = 0; n < count; n++) this.copy(place.readoutBias, place.logits + n * V, V);
    addProduct(count, place.readout, V, H, place.h, place.logits, V);
    for (let n = 0; n < count; n++) logSoftmax(this.kernel, place.logits + n * V, V, to[n].logProbs);
  }

  /**
   * @param {number} from
   * @param {number} to
   * @param {number} count
   */
  copy(from, to, count) {
    this.kernel.floats.copyWithin(to, from, from + count);
  }

  /**
   * Layer d of the n-th text's state, to where the kernel reads it.
   *
   * @param {number} d
   * @param {State | null} state
   * @param {number} n
   */
  takeState(d, state, n) {
    const {
      kernel: { floats },
      place,
      padded,
      size: { H },
    } = this;
    const { h, c } = state ?? this.nothingRead;
    copyFloats(h, d * H, floats, place.h + n * padded.H, H);
    copyFloats(c, d * H, floats, place.c + n * padded.H, H);
  }

  /**
   * The new state of layer d, from the sums of its gates; the new h also stays where the next layer reads it.
   *
   * @param {number} d
   * @param {State} state
   * @param {number} n
   */
  openGates(d, state, n) {
    const {
      kernel,
      place,
      padded,
      size: { H },
    } = this;
    const h = place.h + n * padded.H,
      c = place.c + n * padded.H;
    kernel.openGates(place.gates + n * 4 * padded.H, padded.H, c, h);
    copyFloats(kernel.floats, h, state.h, d * H, H);
    copyFloats(kernel.floats, c, state.c, d * H, H);
  }

  /**
   * The gates of layer d of a single text, from their sums: a step that is not looked at pays nothing.
   *
   * @param {number} d
   * @param {Float32Array} gates
   */
  copyGates(d, gates) {
    const {
      kernel: { floats },
      place,
      padded,
      size: { H },
    } = this;
    for (let gate = 0; gate < 4; gate++) {
      const squash = gate === 2 ? tanh : sigmoid;
      for (let u = 0; u < H; u++) gates[(4 * d + gate) * H + u] = squash(floats[place.gates + gate * padded.H + u]);
    }
  }

  /**
   * W_ih x + b_ih + b_hh of the first layer for one word; rows are filled when a word first appears.
   *
   * @param {number} token
   * @returns {number} The row's place.
   */
  tableRow(token) {
    const {
      kernel,
      place,
      padded: { E, H },
    } = this;
    const row = place.table + token * 4 * H;
    if (!this.tableFilled[token]) {
      this.copy(place.layers[0].bias, row, 4 * H);
      kernel.addProduct(1, place.inputWeights, 4 * H, E, place.embedding + token * E, row, 0);
      this.tableFilled[token] = 1;
    }
    return row;
  }

  /**
   * Gives everything a place in the kernel's block; what pads is 0 and changes nothing.
   *
   * @returns The places, counted in floats, and how many floats there are.
   */
  layOut() {
    const {
      size,
      padded: { V, E, H },
    } = this;
    let total = 0;
    /** @param {number} count */
    const reserve = (count) => {
      total += count;
      return total - count;
    };
    const place = {
      embedding: reserve(size.V * E),
      projection: reserve(paddedRows(size.H) * E),
      inputWeights: reserve(4 * H * E),
      table: reserve(size.V * 4 * H),
      readout: reserve(V * H),
      readoutBias: reserve(V),
      h: reserve(MOST_TEXTS * H),
      c: reserve(MOST_TEXTS * H),
      gates: reserve(MOST_TEXTS * 4 * H),
      logits: reserve(MOST_TEXTS * V),
      layers: Array.from({ length: size.D }, (_, d) => ({
        bias: reserve(4 * H),
        recurrent: reserve(4 * H * H),
        upper: reserve(d ? 4 * H * H : 0),
      })),
    };
    return { place, total };
  }

  /** @param {Map<string, Tensor>} tensors - As parseModel has checked them. */
  fill(tensors) {
    const {
      kernel: { floats },
      place,
      padded,
      size: { V, E, H },
    } = this;
    /** @param {string} name */
    const values = (name) => /** @type {Tensor} */ (tensors.get(name)).values;
    /** @param {number} row */
    const ofGate = (row) => Math.floor(row / H) * padded.H + (row % H); // every gate begins at a padded row
    const embedding = values("embedding.weight");
    for (let v = 0; v < V; v++) floats.set(embedding.subarray(v * E, (v + 1) * E), place.embedding + v * padded.E);
    this.fillMatrix(values("rnn.weight_ih_l0"), place.inputWeights, E, padded.E, ofGate);
    place.layers.forEach(({ bias, recurrent, upper }, d) => {
      const other = values(`rnn.bias_hh_l${d}`);
      for (const [row, b] of values(`rnn.bias_ih_l${d}`).entries()) floats[bias + ofGate(row)] = b + other[row];
      this.fillMatrix(values(`rnn.weight_hh_l${d}`), recurrent, H, padded.H, ofGate);
      if (d) this.fillMatrix(values(`rnn.weight_ih_l${d}`), upper, H, padded.H, ofGate);
    });
    const projection = tensors.get("projection.weight");
    if (projection) this.fillReadout(projection.values);
    else this.fillMatrix(embedding, place.readout, H, padded.H, (row) => row);
    floats.fill(-Infinity, place.readoutBias, place.readoutBias + padded.V); // words that there are not: exp gives 0
    floats.set(values("decoder.bias"), place.readoutBias);
  }

  /**
   * The embedding times the projection, word by word.
   *
   * @param {Float32Array} projection - (E, H).
   */
  fillReadout(projection) {
    const {
      kernel: { floats, addProduct },
      place,
      padded,
      size: { V, E, H },
    } = this;
    for (let e = 0, i = 0; e < E; e++) {
      for (let u = 0; u < H; u++, i++) floats[place.projection + placeInMatrix(u, e, padded.E)] = projection[i];
    }
    const rows = paddedRows(H),
      row = place.gates; // nothing else stands there yet
    for (let v = 0; v < V; v++) {
      floats.fill(0, row, row + rows);
      addProduct(1, place.projection, rows, padded.E, place.embedding + v * padded.E, row, 0);
      for (let u = 0; u < H; u++) floats[place.readout + placeInMatrix(v, u, padded.H)] = floats[row + u];
    }
  }

  /**
   * @param {Float32Array} values - Row by row.
   * @param {number} place
   * @param {number} columns
   * @param {number} paddedColumns
   * @param {(row: number) => number} rowOf - Where a row stands in the block.
   */
  fillMatrix(values, place, columns, paddedColumns, rowOf) {
    const { floats } = this.kernel;
    for (let row = 0, i = 0; i < values.length; row++) {
      const first = place + placeInMatrix(rowOf(row), 0, paddedColumns);
      for (let column = 0; column < columns; column++, i++) {
        floats[first + placeInMatrix(0, column, paddedColumns)] = values[i];
      }
    }
  }
}
