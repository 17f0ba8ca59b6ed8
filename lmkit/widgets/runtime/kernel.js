// The expensive operations of a model's step, on float32 numbers in one block of memory. WebAssembly, compiled from
// kernel/inference.c, runs them with vector instructions; where a browser or a content policy forbids it, plain loops
// do the same, ten times slower.

import { INFERENCE, INFERENCE_FUSED } from "./kernel/wasm.js";

/** How many texts `addProduct` takes at once. */
export const MOST_TEXTS = 5;

const PANEL = 8; // rows of a matrix whose numbers stand together, column by column

/**
 * @typedef {object} Operations
 * @property {(texts: number, w: number, rows: number, columns: number, x: number, y: number, stride: number) => void}
 *   addProduct - y += W x for vectors x that follow one another, and vectors y that stand `stride` apart. A text's
 *   result is the same to the last bit, however many others it is computed with.
 * @property {(gates: number, units: number, c: number, h: number) => void} openGates - One step of LSTM units from the
 *   sums i, f, g, o (`units` of each); writes c and h.
 * @property {(x: number, count: number, max: number) => number} sumExp - Σ exp(x - max).
 */
/** @typedef {Operations & { kind: "vector" | "plain", fused: boolean, floats: Float32Array }} Kernel */

/**
 * Columns, and lengths of vectors, come in multiples of eight; rows of matrices in multiples of 32.
 * @param {number} count
 */
export function padded(count) {
  return Math.ceil(count / PANEL) * PANEL;
}

/** @param {number} count */
export function paddedRows(count) {
  return Math.ceil(count / (4 * PANEL)) * 4 * PANEL;
}

/**
 * Where a number of a matrix with so many columns stands, after the matrix's place.
 * @param {number} row
 * @param {number} column
 * @param {number} columns
 */
export function placeInMatrix(row, column, columns) {
  return (row - (row % PANEL)) * columns + PANEL * column + (row % PANEL);
}

/**
 * A block of at least `size` float32 numbers and the operations on it, which take places in the block and lengths, all
 * counted in floats. `simd` and `fused` (multiply-add in one instruction) may be forbidden.
 * @param {number} size
 * @param {{ simd?: boolean, fused?: boolean }} [options]
 * @returns {Kernel}
 */
export function makeKernel(size, { simd = true, fused = true } = {}) {
  return (simd && fused && vectorKernel(size, true)) || (simd && vectorKernel(size, false)) || plainKernel(size);
}

/**
 * @param {number} size
 * @param {boolean} fused
 * @returns {Kernel | null} null where the browser or a content policy forbids it
 */
function vectorKernel(size, fused) {
  try {
    const memory = new WebAssembly.Memory({ initial: Math.ceil((size * 4) / 65536) });
    const instance = new WebAssembly.Instance(compiled(fused ? INFERENCE_FUSED : INFERENCE), { env: { memory } });
    const exports = /** @type {Operations} */ (/** @type {unknown} */ (instance.exports));
    return {
      kind: "vector",
      fused,
      floats: new Float32Array(memory.buffer),
      addProduct: (texts, w, rows, columns, x, y, stride) =>
        exports.addProduct(texts, 4 * w, rows, columns, 4 * x, 4 * y, stride), // a float has four bytes
      openGates: (gates, units, c, h) => exports.openGates(4 * gates, units, 4 * c, 4 * h),
      sumExp: (x, count, max) => exports.sumExp(4 * x, count, max),
    };
  } catch {
    return null;
  }
}

/** @type {Map<string, WebAssembly.Module>} */
const MODULES = new Map(); // a page with several models compiles once

/** @param {string} base64 */
function compiled(base64) {
  const known = MODULES.get(base64);
  if (known) return known;
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const module = new WebAssembly.Module(bytes);
  MODULES.set(base64, module);
  return module;
}

/**
 * @param {number} size
 * @returns {Kernel}
 */
function plainKernel(size) {
  const floats = new Float32Array(size);
  return {
    kind: "plain",
    fused: false,
    floats,
    addProduct: (texts, w, rows, columns, x, y, stride) => {
      for (let t = 0; t < texts; t++) plainProduct(floats, w, rows, columns, x + t * columns, y + t * stride);
    },
    openGates: (...places) => plainGates(floats, ...places),
    sumExp: (...places) => plainSumExp(floats, ...places),
  };
}

/**
 * The rows of a panel share each x[j]: eight independent sums keep the processor busy.
 * @param {Float32Array} m
 * @param {number} w
 * @param {number} rows
 * @param {number} columns
 * @param {number} x
 * @param {number} y
 */
function plainProduct(m, w, rows, columns, x, y) {
  for (let stop = y + rows; y < stop; y += PANEL) {
    let y0 = m[y],
      y1 = m[y + 1],
      y2 = m[y + 2],
      y3 = m[y + 3];
    let y4 = m[y + 4],
      y5 = m[y + 5],
      y6 = m[y + 6],
      y7 = m[y + 7];
    for (let j = 0; j < columns; j++, w += PANEL) {
      const xj = m[x + j];
      y0 += m[w] * xj;
      y1 += m[w + 1] * xj;
      y2 += m[w + 2] * xj;
      y3 += m[w + 3] * xj;
      y4 += m[w + 4] * xj;
      y5 += m[w + 5] * xj;
      y6 += m[w + 6] * xj;
      y7 += m[w + 7] * xj;
    }
    m[y] = y0;
    m[y + 1] = y1;
    m[y + 2] = y2;
    m[y + 3] = y3;
    m[y + 4] = y4;
    m[y + 5] = y5;
    m[y + 6] = y6;
    m[y + 7] = y7;
  }
}

/**
 * @param {Float32Array} m
 * @param {number} gates
 * @param {number} units
 * @param {number} c
 * @param {number} h
 */
function plainGates(m, gates, units, c, h) {
  for (let u = 0; u < units; u++) {
    const i = sigmoid(m[gates + u]),
      f = sigmoid(m[gates + units + u]);
    const g = tanh(m[gates + 2 * units + u]),
      o = sigmoid(m[gates + 3 * units + u]);
    const memory = f * m[c + u] + i * g;
    m[c + u] = memory;
    m[h + u] = o * tanh(memory);
  }
}

/**
 * @param {Float32Array} m
 * @param {number} x
 * @param {number} count
 * @param {number} max
 */
function plainSumExp(m, x, count, max) {
  let sum = 0;
  for (let v = x; v < x + count; v++) sum += Math.exp(m[v] - max);
  return sum;
}

/** @param {number} x */
export function sigmoid(x) {
  return 1 / (1 + Math.exp(-x));
}

/** @param {number} x */
export function tanh(x) {
  return 2 / (1 + Math.exp(-2 * x)) - 1;
}
