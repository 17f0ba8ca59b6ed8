// One step of a translator: the mirror of lmkit.models.seq2seq. Decoders read with it as with a language model: the first
// token names the source (`promptOf`), and what is kept of a text is small, h, c and the number of its source.

import { LabError } from "../../base/errors.js";
import { MOST_TEXTS, padded, paddedRows, tanh } from "../kernel.js";
import { Cell, copyFloats, Layout, logSoftmax, Matrix } from "../matrices.js";
import { Attention } from "./attention.js";
import { Encoder } from "./encoder.js";

/** @typedef {import("./encoder.js").Encoded} Encoded */
/** @typedef {import("./attention.js").Memory} Memory */
/** @typedef {import("../reweighting.js").Reweighting} Reweighting */
/** @typedef {import("../safetensors.js").Tensor} Tensor */
/** @typedef {import("../state_cache.js").State} State */
/** @typedef {import("./translator_file.js").ParsedTranslator} ParsedTranslator */

/** @typedef {{ key: string, ids: number[], weights: Reweighting }} Source */
/** @typedef {Encoded & { memory: Memory | null }} Read What was read of a source. */

/** So many words a source may have, an end token among them. */
export const MOST_SOURCE_WORDS = 201;
const KEPT_SOURCES = 32; // of those read last; any other is read again when it is asked for

export class EncoderDecoder {
  /**
   * @param {ParsedTranslator} parsed
   * @param {{ simd?: boolean, fused?: boolean }} [options] - Of the kernel.
   */
  constructor({ config, targetVocab, tensors }, options) {
    const { target_vocab_size: V, embedding_size: E, hidden_size: H } = config;
    this.config = config;
    this.end = /** @type {number} */ (targetVocab.end);
    this.size = { V, E, H, D: 1 };
    this.padded = { V: paddedRows(V), E: padded(E), H: paddedRows(H) };
    /** @param {string} name */
    const tensor = (name) => /** @type {Tensor} */ (tensors.get(name));
    const layout = new Layout();
    this.encoder = new Encoder(layout, config, tensor);
    this.attention = config.attention === "none" ? null : new Attention(layout, config, tensor, MOST_SOURCE_WORDS);
    this.cell = this.cellOf(layout, tensor);
    this.combine = this.attention && this.combineOf(layout, tensor("decoder.combine.weight"));
    this.output = new Matrix(layout, this.padded.V, this.padded.H, tensor("decoder.output.weight"));
    this.embedding = tensor("decoder.embedding.weight").values;
    this.place = this.layOut(layout, tensor("decoder.output.bias").values);
    this.kernel = layout.build(options);
    this.tableFilled = new Uint8Array(V);
    /** @type {Source[]} */
    this.sources = [];
    /** @type {Map<string, number>} */
    this.numbers = new Map();
    /** @type {Map<string, Read>} */
    this.read = new Map();
    this.nothingRead = this.newStates(1)[0];
  }

  /**
   * The token that begins every translation of a source, and every text that may become one: -1 for the first source,
   * -2 for the second, and so on.
   *
   * @param {number[]} ids
   * @param {Reweighting} [weights] - What the decoder is given in place of its attention weights.
   * @returns {number}
   * @throws {LabError} If the source is empty or too long.
   */
  promptOf(ids, weights = "as trained") {
    if (!ids.length || ids.length > MOST_SOURCE_WORDS) {
      const rule = `source must hold from 1 to ${MOST_SOURCE_WORDS} words`;
      throw new LabError(`${rule}, but it holds ${ids.length}; type ${ids.length ? "fewer" : "some"}`);
    }
    const key = String(ids),
      name = `${weights} ${key}`;
    const number = this.numbers.get(name) ?? this.sources.push({ key, ids, weights }) - 1;
    this.numbers.set(name, number);
    return -1 - number;
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
    const { V, H } = this.size;
    const all = new Float32Array(count * (2 * H + V));
    return Array.from({ length: count }, (_, n) => {
      const start = n * (2 * H + V);
      const [h, c, logProbs, end] = [start, start + H, start + 2 * H, start + 2 * H + V];
      return { h: all.subarray(h, c), c: all.subarray(c, logProbs), logProbs: all.subarray(logProbs, end), source: -1 };
    });
  }

  /**
   * One step for each of many texts. Neighbours with one source go together, in groups of about equal size: a group
   * reads every weight once.
   *
   * @param {number[]} tokens - Words, or what `promptOf` returns; these need no state to come from.
   * @param {(State | null)[]} from
   * @param {State[]} to
   */
  stepEach(tokens, from, to) {
    for (const [n, token] of tokens.entries()) to[n].source = token < 0 ? -1 - token : from[n]?.source;
    for (let first = 0, last = 0; first < to.length; first = last) {
      while (last < to.length && to[last].source === to[first].source) last++;
      const groups = Math.ceil((last - first) / MOST_TEXTS);
      for (let group = 0; group < groups; group++) {
        const [start, stop] = [group, group + 1].map((n) => first + Math.round((n * (last - first)) / groups));
        this.stepGroup(tokens.slice(start, stop), from.slice(start, stop), to.slice(start, stop));
      }
    }
  }

  /**
   * @param {number[]} tokens - No more than MOST_TEXTS.
   * @param {(State | null)[]} from
   * @param {State[]} to - All of one source.
   */
  stepGroup(tokens, from, to) {
    const { kernel, place, padded, cell, output } = this;
    const count = tokens.length;
    const { read, weights } = this.sourceOf(to[0]);
    for (const [n, token] of tokens.entries()) this.take(token < 0 ? read : (from[n] ?? this.nothingRead), n);
    const look = () =>
      this.attention?.look(kernel, /** @type {Memory} */ (read.memory), weights, count, place.h, place.context);
    for (const [n, token] of tokens.entries()) {
      this.copy(this.tableRow(token < 0 ? this.end : token), place.gates + n * 4 * padded.H, 4 * padded.H);
    }
    if (this.config.timing === "before") {
      look();
      cell.inputs[1].addProduct(kernel, count, place.context, place.gates);
    }
    cell.recurrent.addProduct(kernel, count, place.h, place.gates);
    for (let n = 0; n < count; n++) this.openGates(to[n], n);
    if (this.config.timing === "after") look();
    const hidden = this.combine ? this.mix(count) : place.h;
    for (let n = 0; n < count; n++) this.copy(place.outputBias, place.logits + n * padded.V, padded.V);
    output.addProduct(kernel, count, hidden, place.logits);
    for (let n = 0; n < count; n++) logSoftmax(kernel, place.logits + n * padded.V, padded.V, to[n].logProbs);
  }

  /**
   * The attention weights with which a text's last step was made: one for every word of its source.
   *
   * @param {State | null} before - The state from which the step began; of the first step none.
   * @param {State} after
   * @returns {Float32Array | null} Null without attention.
   */
  weightsOf(before, after) {
    const { attention, kernel, place } = this;
    const { read, weights } = this.sourceOf(after);
    if (!attention || !read.memory) return null;
    const began = before?.source === after.source ? before : read;
    this.take(this.config.timing === "after" ? after : /** @type {Read | State} */ (began), 0);
    attention.look(kernel, read.memory, weights, 1, place.h, place.context);
    return attention.weights(kernel, read.memory, 0).slice();
  }

  /**
   * The source of a state, read; again if need be.
   *
   * @param {State} state
   */
  sourceOf({ source: number = -1 }) {
    const { key, ids, weights } = this.sources[number];
    const read = this.read.get(key) ?? this.readSource(ids);
    this.read.delete(key); // and behind all others again
    this.read.set(key, read);
    if (this.read.size > KEPT_SOURCES) this.read.delete(String(this.read.keys().next().value));
    return { read, weights };
  }

  /**
   * @param {number[]} ids
   * @returns {Read}
   */
  readSource(ids) {
    const encoded = this.encoder.read(this.kernel, ids);
    return { ...encoded, memory: this.attention?.memoryOf(this.kernel, encoded) ?? null };
  }

  /**
   * A state, to where the kernel reads that of the n-th text.
   *
   * @param {{ h: Float32Array, c: Float32Array }} state
   * @param {number} n
   */
  take({ h, c }, n) {
    const { kernel, place, padded } = this;
    const { H } = this.size;
    copyFloats(h, 0, kernel.floats, place.h + n * padded.H, H);
    copyFloats(c, 0, kernel.floats, place.c + n * padded.H, H);
  }

  /**
   * The new state of the n-th text, from the sums of its gates.
   *
   * @param {State} state
   * @param {number} n
   */
  openGates(state, n) {
    const { kernel, place, padded } = this;
    const { H } = this.size;
    const h = place.h + n * padded.H,
      c = place.c + n * padded.H;
    kernel.openGates(place.gates + n * 4 * padded.H, padded.H, c, h);
    copyFloats(kernel.floats, h, state.h, 0, H);
    copyFloats(kernel.floats, c, state.c, 0, H);
  }

  /**
   * tanh(W_c [context; h]) for so many texts.
   *
   * @param {number} count
   * @returns {number} Its place.
   */
  mix(count) {
    const { kernel, place, padded } = this;
    const { floats } = kernel;
    const end = place.mixed + count * padded.H;
    floats.fill(0, place.mixed, end);
    this.combine?.context.addProduct(kernel, count, place.context, place.mixed);
    this.combine?.hidden.addProduct(kernel, count, place.h, place.mixed);
    for (let i = place.mixed; i < end; i++) floats[i] = tanh(floats[i]);
    return place.mixed;
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
   * A word's share of the gates' sums, and the biases; rows are filled when a word first appears.
   *
   * @param {number} token
   * @returns {number} The row's place.
   */
  tableRow(token) {
    const { kernel, place, padded, cell } = this;
    const { E } = this.size;
    const row = place.table + token * 4 * padded.H;
    if (!this.tableFilled[token]) {
      copyFloats(this.embedding, token * E, kernel.floats, place.word, E);
      this.copy(cell.bias, row, 4 * padded.H);
      cell.inputs[0].addProduct(kernel, 1, place.word, row);
      this.tableFilled[token] = 1;
    }
    return row;
  }

  /**
   * @param {Layout} layout
   * @param {(name: string) => Tensor} tensor
   */
  cellOf(layout, tensor) {
    const { size, padded } = this;
    const word = { size: size.E, padded: padded.E };
    if (this.config.timing === "after") {
      return new Cell(layout, [word], padded.H, (name) => tensor(`decoder.rnn.${name}_l0`));
    }
    const seen = { size: size.H, padded: padded.H };
    return new Cell(layout, [word, seen], padded.H, (name) => tensor(`decoder.cell.${name}`));
  }

  /**
   * @param {Layout} layout
   * @param {Tensor} tensor - (H, 2 H): of the context, and of the state.
   */
  combineOf(layout, tensor) {
    const { H } = this.size;
    /** @param {number} first */
    const half = (first) => new Matrix(layout, this.padded.H, this.padded.H, tensor, { first, count: H });
    return { context: half(0), hidden: half(H) };
  }

  /**
   * @param {Layout} layout
   * @param {Float32Array} outputBias
   */
  layOut(layout, outputBias) {
    const { size, padded } = this;
    return {
      word: layout.reserve(padded.E),
      table: layout.reserve(size.V * 4 * padded.H),
      outputBias: layout.reserve(padded.V, (floats, place) => {
        floats.fill(-Infinity, place, place + padded.V); // words that there are not: exp gives 0
        floats.set(outputBias, place);
      }),
      h: layout.reserve(MOST_TEXTS * padded.H),
      c: layout.reserve(MOST_TEXTS * padded.H),
      gates: layout.reserve(MOST_TEXTS * 4 * padded.H),
      context: layout.reserve(MOST_TEXTS * padded.H),
      mixed: layout.reserve(MOST_TEXTS * padded.H),
      logits: layout.reserve(MOST_TEXTS * padded.V),
    };
  }
}
