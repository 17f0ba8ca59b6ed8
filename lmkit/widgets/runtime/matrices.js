// Weights in a kernel's block: where they stand, and how they get there. Lengths are padded (kernel.js says to what); what
// pads is 0 and changes nothing.

import { LabError } from "../base/errors.js";
import { makeKernel, placeInMatrix } from "./kernel.js";

/** @typedef {import("./kernel.js").Kernel} Kernel */
/** @typedef {import("./safetensors.js").Tensor} Tensor */

/** Hands out places in a block, one behind the other, and makes the block when all are known. */
export class Layout {
  constructor() {
    this.total = 0; // floats
    /** @type {((floats: Float32Array) => void)[]} */
    this.fills = [];
  }

  /**
   * @param {number} count - Of floats.
   * @param {(floats: Float32Array, place: number) => void} [fill] - Writes them; else they are 0.
   * @returns {number} The place.
   */
  reserve(count, fill) {
    const place = this.total;
    this.total += count;
    if (fill) this.fills.push((floats) => fill(floats, place));
    return place;
  }

  /**
   * @param {{ simd?: boolean, fused?: boolean }} [options] - Of the kernel.
   * @returns {Kernel}
   */
  build(options) {
    const kernel = makeKernel(this.total, options);
    for (const fill of this.fills) fill(kernel.floats);
    return kernel;
  }
}

/**
 * Which part of a tensor a matrix is: `count` columns from `first` on; `rowOf` says where a row of it stands.
 *
 * @typedef {{ first?: number, count?: number, rowOf?: (row: number) => number }} Part
 */

/** A matrix as `addProduct` reads it. */
export class Matrix {
  /**
   * @param {Layout} layout
   * @param {number} rows - Padded, as columns are.
   * @param {number} columns
   * @param {Tensor} tensor - Of two dimensions.
   * @param {Part} [part]
   */
  constructor(layout, rows, columns, tensor, part) {
    this.rows = rows;
    this.columns = columns;
    this.place = layout.reserve(rows * columns, (floats, place) => fillMatrix(floats, place, columns, tensor, part));
  }

  /**
   * y += W x for vectors x that follow one another, and vectors y that stand `stride` apart.
   *
   * @param {Kernel} kernel
   * @param {number} texts - No more than MOST_TEXTS.
   * @param {number} x
   * @param {number} y
   * @param {number} [stride]
   */
  addProduct(kernel, texts, x, y, stride = this.rows) {
    kernel.addProduct(texts, this.place, this.rows, this.columns, x, y, stride);
  }
}

/**
 * @param {Float32Array} floats
 * @param {number} place
 * @param {number} columns - Padded.
 * @param {Tensor} tensor
 * @param {Part} [part]
 */
export function fillMatrix(floats, place, columns, { shape: [rows, width], values }, part = {}) {
  const { first = 0, count = width, rowOf = (row) => row } = part;
  for (let row = 0; row < rows; row++) {
    const start = place + placeInMatrix(rowOf(row), 0, columns);
    for (let j = 0; j < count; j++) floats[start + placeInMatrix(0, j, columns)] = values[row * width + first + j];
  }
}

/** The weights of one LSTM layer whose inputs stand one beside the other, each with a matrix of its own. */
export class Cell {
  /**
   * @param {Layout} layout
   * @param {{ size: number, padded: number }[]} inputs
   * @param {number} units - Padded.
   * @param {(name: string) => Tensor} tensor - By torch's names: weight_ih, weight_hh, bias_ih, bias_hh.
   */
  constructor(layout, inputs, units, tensor) {
    const hidden = tensor("weight_hh");
    const size = hidden.shape[1];
    /** @param {number} row - Every gate begins at a padded row. */
    const rowOf = (row) => Math.floor(row / size) * units + (row % size);
    let first = 0;
    this.units = units;
    this.inputs = inputs.map(({ size: count, padded }) => {
      const matrix = new Matrix(layout, 4 * units, padded, tensor("weight_ih"), { first, count, rowOf });
      first += count;
      return matrix;
    });
    this.recurrent = new Matrix(layout, 4 * units, units, hidden, { rowOf });
    const other = tensor("bias_hh").values;
    this.bias = layout.reserve(4 * units, (floats, place) => {
      for (const [row, b] of tensor("bias_ih").values.entries()) floats[place + rowOf(row)] = b + other[row];
    });
  }
}

/**
 * For so few numbers a loop is faster than `set`.
 *
 * @param {Float32Array} from
 * @param {number} fromPlace
 * @param {Float32Array} to
 * @param {number} toPlace
 * @param {number} count
 */
export function copyFloats(from, fromPlace, to, toPlace, count) {
  for (let i = 0; i < count; i++) to[toPlace + i] = from[fromPlace + i];
}

/**
 * @param {Kernel} kernel
 * @param {number} logits - Their place; behind them -Infinity, up to a padded length.
 * @param {number} length - Padded.
 * @param {Float32Array} out
 * @throws {LabError} If a logit is NaN or infinite.
 */
export function logSoftmax({ floats, sumExp }, logits, length, out) {
  let max = -Infinity;
  for (let v = 0; v < out.length; v++) max = Math.max(max, floats[logits + v]);
  const total = max + Math.log(sumExp(logits, length, max));
  // One NaN among the logits makes the sum NaN, and so does an infinite one.
  if (Number.isNaN(total)) {
    throw new LabError("step returned NaN log-probabilities; the model has diverged or its weights are damaged");
  }
  for (let v = 0; v < out.length; v++) out[v] = floats[logits + v] - total;
}
