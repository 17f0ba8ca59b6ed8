// From a source to what a decoder needs of it: the mirror of Encoder and Bridge of lmkit.models.seq2seq.

import { padded, paddedRows, tanh } from "../kernel.js";
import { Cell, copyFloats, Matrix } from "../matrices.js";

/** @typedef {import("../kernel.js").Kernel} Kernel */
/** @typedef {import("../matrices.js").Layout} Layout */
/** @typedef {import("../safetensors.js").Tensor} Tensor */
/** @typedef {import("./translator_file.js").TranslatorConfig} TranslatorConfig */

/**
 * A vector for every word of a source, row by row, and the state in which the decoder begins.
 *
 * @typedef {{ length: number, vectors: Float32Array, h: Float32Array, c: Float32Array }} Encoded
 */

const BACKWARD = "_reverse"; // torch's name for what reads from the right

/** Reads a source one way, or one half of its units from the left and the other from the right. */
export class Encoder {
  /**
   * @param {Layout} layout
   * @param {TranslatorConfig} config
   * @param {(name: string) => Tensor} tensor
   */
  constructor(layout, { embedding_size: E, hidden_size: H, two_way }, tensor) {
    const words = { size: E, padded: padded(E) };
    this.size = { E, H, units: two_way ? H / 2 : H };
    const units = padded(this.size.units),
      hidden = paddedRows(H);
    this.embedding = tensor("encoder.embedding.weight").values;
    this.directions = ["", ...(two_way ? [BACKWARD] : [])].map((suffix) => ({
      suffix,
      cell: new Cell(layout, [words], units, (name) => tensor(`encoder.rnn.${name}_l0${suffix}`)),
    }));
    /** @param {"h" | "c"} part */
    const bridge = (part) => ({
      matrix: new Matrix(layout, hidden, hidden, tensor(`bridge.${part}.weight`)),
      bias: tensor(`bridge.${part}.bias`).values,
    });
    this.bridge = { h: bridge("h"), c: bridge("c") };
    this.place = {
      word: layout.reserve(words.padded),
      gates: layout.reserve(4 * units),
      h: layout.reserve(units),
      c: layout.reserve(units),
      state: layout.reserve(hidden),
      bridged: layout.reserve(hidden),
    };
  }

  /**
   * @param {Kernel} kernel
   * @param {number[]} ids
   * @returns {Encoded}
   */
  read(kernel, ids) {
    const { H, units } = this.size;
    const vectors = new Float32Array(ids.length * H);
    const h = new Float32Array(H),
      c = new Float32Array(H);
    for (const [d, { suffix, cell }] of this.directions.entries()) {
      const places = ids.map((_, place) => place);
      if (suffix === BACKWARD) places.reverse();
      for (const t of this.readWords(kernel, cell, ids, places)) {
        copyFloats(kernel.floats, this.place.h, vectors, t * H + d * units, units);
      }
      copyFloats(kernel.floats, this.place.h, h, d * units, units);
      copyFloats(kernel.floats, this.place.c, c, d * units, units);
    }
    const start = { h: this.cross(kernel, "h", h).map(tanh), c: this.cross(kernel, "c", c) };
    return { length: ids.length, vectors, ...start };
  }

  /**
   * Read one way, and rest after every word with its state in the block.
   *
   * @param {Kernel} kernel
   * @param {Cell} cell
   * @param {number[]} ids
   * @param {number[]} places - The order in which they are read.
   * @returns {Generator<number, void, void>} Of the place of the word.
   */
  *readWords(kernel, cell, ids, places) {
    const { place, embedding } = this;
    const { floats } = kernel;
    const { E } = this.size;
    floats.fill(0, place.h, place.h + cell.units);
    floats.fill(0, place.c, place.c + cell.units);
    for (const t of places) {
      copyFloats(embedding, ids[t] * E, floats, place.word, E);
      floats.copyWithin(place.gates, cell.bias, cell.bias + 4 * cell.units);
      cell.inputs[0].addProduct(kernel, 1, place.word, place.gates);
      cell.recurrent.addProduct(kernel, 1, place.h, place.gates);
      kernel.openGates(place.gates, cell.units, place.c, place.h);
      yield t;
    }
  }

  /**
   * Over the bridge: a matrix times a part of the state, and its bias.
   *
   * @param {Kernel} kernel
   * @param {"h" | "c"} part
   * @param {Float32Array} state
   */
  cross(kernel, part, state) {
    const { place, size } = this;
    const { matrix, bias } = this.bridge[part];
    copyFloats(state, 0, kernel.floats, place.state, size.H);
    kernel.floats.fill(0, place.bridged, place.bridged + matrix.rows);
    matrix.addProduct(kernel, 1, place.state, place.bridged);
    return bias.map((b, u) => b + kernel.floats[place.bridged + u]);
  }
}
