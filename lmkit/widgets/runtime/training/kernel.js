// The compiled kernel of training, kernel/training.c, and what lies in its memory.

import { LabError, messageOf } from "../../base/errors.js";
import { asNumbers, tensorShapes } from "./settings.js";
import { TRAINING } from "./wasm.js";

/** @typedef {import("./settings.js").Settings} Settings */
/** @typedef {import("./settings.js").TensorShape} TensorShape */
/** @typedef {{ shape: number[], values: Float32Array }} Tensor */

/**
 * @typedef {object} Operations - What kernel/training.c exports; places are addresses.
 * @property {WebAssembly.Memory} memory
 * @property {() => number} settingsPlace
 * @property {() => number} resultsPlace
 * @property {() => number} measure
 * @property {() => void} create
 * @property {() => void} restart
 * @property {(ofTraining: number) => void} resetState
 * @property {(steps: number, traces: number) => void} learn
 * @property {(steps: number) => void} evaluate
 * @property {(index: number, ofGradient: number) => number} tensorPlace
 * @property {(kind: number) => number} windowPlace
 * @property {(layer: number) => number} arrivingPlace
 * @property {(kind: number, layer: number) => number} maskPlace
 */

const RESULTS = 7;
const PAGE = 65536; // bytes
const MASKS = { word: 0, weight: 1, input: 2, output: 3 };

/** @param {number} count */
const inEights = (count) => Math.ceil(count / 8) * 8;

/** One instance of the kernel. */
export class TrainingKernel {
  /**
   * @param {Operations} operations
   * @param {string} base64 - The module.
   */
  constructor(operations, base64) {
    this.operations = operations;
    this.base64 = base64;
    /** @type {TensorShape[]} */
    this.shapes = [];
  }

  /**
   * @param {Settings} settings
   * @returns {number} Bytes that a trainer takes. One that was made in this instance is lost.
   */
  measure(settings) {
    this.doubles(this.operations.settingsPlace(), asNumbers(settings).length).set(asNumbers(settings));
    return this.operations.measure();
  }

  /**
   * Make room for a trainer, and make it.
   *
   * @param {Settings} settings
   * @throws {RangeError} If the browser does not give so much memory.
   */
  create(settings) {
    const missing = this.measure(settings) - this.operations.memory.buffer.byteLength;
    if (missing > 0) this.operations.memory.grow(Math.ceil(missing / PAGE));
    this.operations.create();
    this.shapes = tensorShapes(settings);
  }

  /**
   * @param {number} place
   * @param {number} count
   */
  doubles(place, count) {
    return new Float64Array(this.operations.memory.buffer, place, count);
  }

  /**
   * @param {number} place
   * @param {number} count
   */
  floats(place, count) {
    return new Float32Array(this.operations.memory.buffer, place, count);
  }

  /**
   * @param {0 | 1} kind - Inputs or targets.
   * @param {number} count
   */
  tokens(kind, count) {
    return new Int32Array(this.operations.memory.buffer, this.operations.windowPlace(kind), count);
  }

  /** What the last step or evaluation has left: see kernel/model.h. */
  results() {
    const [loss, right, counted, penalty, gradNorm, lr, diverged] = this.doubles(
      this.operations.resultsPlace(),
      RESULTS,
    );
    return { loss, right, counted, penalty, gradNorm, lr, diverged: diverged !== 0 };
  }

  /**
   * Copy all tensors, without what pads them.
   *
   * @param {boolean} ofGradient
   * @returns {Map<string, Tensor>}
   */
  tensors(ofGradient) {
    return new Map(
      this.shapes.map((tensor, index) => {
        const values = new Float32Array(tensor.shape.reduce((product, size) => product * size));
        const padded = this.padded(tensor, this.operations.tensorPlace(index, +ofGradient));
        eachRow(tensor, (row, paddedRow, width) =>
          values.set(padded.subarray(paddedRow, paddedRow + width), row * width),
        );
        return [tensor.name, { shape: tensor.shape, values }];
      }),
    );
  }

  /**
   * @param {Map<string, Tensor>} tensors - Of these names and shapes.
   */
  setWeights(tensors) {
    for (const [index, tensor] of this.shapes.entries()) {
      const { values } = /** @type {Tensor} */ (tensors.get(tensor.name));
      const padded = this.padded(tensor, this.operations.tensorPlace(index, 0));
      eachRow(tensor, (row, paddedRow, width) =>
        padded.set(values.subarray(row * width, (row + 1) * width), paddedRow),
      );
    }
  }

  /**
   * @param {TensorShape} tensor
   * @param {number} place
   */
  padded({ shape: [rows, columns], blocks }, place) {
    return this.floats(place, blocks * inEights(rows / blocks) * (columns === undefined ? 1 : inEights(columns)));
  }

  /**
   * A mask of the last step, without what pads it; empty where nothing is dropped.
   *
   * @param {keyof typeof MASKS} kind
   * @param {number} layer
   * @param {number[]} shape
   * @param {number} [blocks]
   */
  mask(kind, layer, shape, blocks = 1) {
    const tensor = { name: kind, shape, blocks };
    const padded = this.padded(tensor, this.operations.maskPlace(MASKS[kind], layer));
    const values = new Float32Array(shape.reduce((product, size) => product * size));
    eachRow(tensor, (row, paddedRow, width) => values.set(padded.subarray(paddedRow, paddedRow + width), row * width));
    return { shape, values };
  }
}

/**
 * @param {TensorShape} tensor
 * @param {(row: number, paddedRow: number, width: number) => void} visit - Gets where a row begins in memory.
 */
function eachRow({ shape: [rows, columns], blocks }, visit) {
  const height = rows / blocks;
  const width = columns === undefined ? 1 : inEights(columns);
  for (let row = 0; row < rows; row++) {
    const block = Math.floor(row / height);
    visit(row, (block * inEights(height) + (row % height)) * width, columns ?? 1);
  }
}

/** @type {Map<string, WebAssembly.Module>} */
const MODULES = new Map(); // each is compiled once
/** @type {Map<string, TrainingKernel>} */
const SPARE = new Map(); // an instance of each that was given back: its memory is used again

/**
 * A kernel, with SIMD if the engine has it.
 *
 * @param {{ simd?: boolean, scalar?: string }} [options] - `scalar` is TRAINING_SCALAR of scalar/wasm.js, which computes
 *   the same bits without SIMD.
 * @returns {{ kernel: TrainingKernel, kind: "vector" | "scalar" }}
 * @throws {LabError} If the engine can run none of them.
 */
export function takeKernel({ simd = true, scalar } = {}) {
  let reason = "SIMD is switched off";
  for (const base64 of [simd ? TRAINING : "", scalar ?? ""]) {
    if (!base64) continue;
    try {
      const kernel = SPARE.get(base64) ?? newKernel(base64);
      SPARE.delete(base64);
      return { kernel, kind: base64 === scalar ? "scalar" : "vector" };
    } catch (error) {
      reason = messageOf(error);
    }
  }
  throw new LabError(`this browser must know WebAssembly with SIMD to train a model, but it says: ${reason}`);
}

/** What a trainer has that was closed. */
export const CLOSED = /** @type {TrainingKernel} */ (
  new Proxy(
    {},
    {
      get: () => {
        throw new LabError("trainer must be open, but it was closed; make another");
      },
    },
  )
);

/**
 * Let another trainer have a kernel and its memory.
 *
 * @param {TrainingKernel} kernel
 */
export function giveBack(kernel) {
  if (kernel !== CLOSED) SPARE.set(kernel.base64, kernel);
}

/** @param {string} base64 */
function newKernel(base64) {
  let module = MODULES.get(base64);
  if (!module) {
    module = new WebAssembly.Module(Uint8Array.from(atob(base64), (character) => character.charCodeAt(0)));
    MODULES.set(base64, module);
  }
  const { exports } = new WebAssembly.Instance(module);
  return new TrainingKernel(/** @type {Operations} */ (/** @type {unknown} */ (exports)), base64);
}
