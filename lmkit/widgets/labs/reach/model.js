// How far a gradient reaches back: two small random networks that read random inputs, and the gradient of their last
// hidden state with respect to every earlier input, back-propagated. The mirror of lmkit.widgets.reach.

import { uniform } from "../../base/rng.js";

/**
 * @typedef {{ fromInput: Float64Array, fromState: Float64Array }} Weights
 * @typedef {"tanh" | "relu"} Nonlinearity
 * @typedef {{ i: Float64Array, f: Float64Array, g: Float64Array, o: Float64Array, c: Float64Array,
 *   squashed: Float64Array }} LSTMStep the gates, the cell state before the step, and tanh of the one after it
 */

export const FARTHEST = 100; // steps back
const WARM_UP = 50; // inputs that are read before those that gradients are taken to
const SIZE = { E: 8, H: 16, L: WARM_UP + FARTHEST + 1 }; // H a multiple of 4, see `multiply`
const SQUARINGS = 52;
const LOW = 0.01,
  HIGH = 100;

/** Gives random numbers between -scale and scale, one after the other, from the stream that a seed names. */
class Draws {
  /** @param {number} seed */
  constructor(seed) {
    this.seed = seed;
    this.counter = 0;
  }

  /**
   * @param {number} count
   * @param {number} scale
   */
  take(count, scale) {
    return Float64Array.from({ length: count }, () => scale * (2 * uniform(this.seed, this.counter++) - 1));
  }
}

/** All that a seed names: the weights of both networks, before settings change them, and the inputs. */
export class Material {
  /** @param {number} seed */
  constructor(seed) {
    const { E, H, L } = SIZE,
      draws = new Draws(seed),
      scale = 1 / Math.sqrt(H);
    /** @type {Weights} */
    this.rnn = { fromInput: draws.take(H * E, scale), fromState: draws.take(H * H, scale) };
    /** @type {Weights} */
    this.lstm = { fromInput: draws.take(4 * H * E, scale), fromState: draws.take(4 * H * H, scale) };
    this.inputs = draws.take(L * E, Math.sqrt(3)); // of variance 1
    this.radius = spectralRadius(this.rnn.fromState, H);
  }

  /**
   * ‖∂h_T/∂x_{T-k}‖ for k = 0 … FARTHEST, divided by its value at k = 0, of the plain network.
   *
   * @param {{ spectral_radius: number, nonlinearity: Nonlinearity, input_scale: number }} settings
   */
  rnnNorms({ spectral_radius, nonlinearity, input_scale }) {
    const { fromInput } = this.rnn,
      gain = spectral_radius / this.radius;
    const fromState = this.rnn.fromState.map((weight) => gain * weight);
    const xs = this.inputs.map((x) => input_scale * x);
    return relative(
      rnnBackward(rnnForward(xs, fromInput, fromState, nonlinearity), fromInput, fromState, nonlinearity),
    );
  }

  /**
   * The same of the LSTM.
   *
   * @param {{ forget_bias: number, input_scale: number }} settings
   */
  lstmNorms({ forget_bias, input_scale }) {
    const { fromInput, fromState } = this.lstm;
    const xs = this.inputs.map((x) => input_scale * x);
    return relative(lstmBackward(lstmForward(xs, fromInput, fromState, forget_bias), fromInput, fromState));
  }
}

/**
 * The first distance at which a gradient has vanished or exploded; infinity if it has done neither.
 *
 * @param {number[]} norms
 */
export function reach(norms) {
  const k = norms.findIndex((norm) => norm < LOW || !(norm <= HIGH));
  return k < 0 ? Infinity : k;
}

/**
 * By Gelfand's formula, ρ = lim ‖Wⁿ‖^(1/n), with n doubled by squaring.
 *
 * @param {ArrayLike<number>} matrix
 * @param {number} H
 */
export function spectralRadius(matrix, H) {
  let power = Float64Array.from(matrix),
    next = new Float64Array(H * H),
    log = 0;
  for (let n = 0; n <= SQUARINGS; n++) {
    const size = power.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    log += Math.log(size) / 2 ** n;
    for (let j = 0; j < power.length; j++) power[j] /= size;
    multiply(power, power, next, H, H, H);
    [power, next] = [next, power];
  }
  return Math.exp(log);
}

/**
 * Hidden states h_0 … h_L, h_0 of zeros.
 *
 * @param {Float64Array} xs
 * @param {Float64Array} fromInput
 * @param {Float64Array} fromState
 * @param {Nonlinearity} nonlinearity
 */
function rnnForward(xs, fromInput, fromState, nonlinearity) {
  const { E, H, L } = SIZE;
  /** @type {(x: number) => number} */
  const squash = nonlinearity === "tanh" ? Math.tanh : (x) => Math.max(0, x);
  const hs = [new Float64Array(H)];
  for (let t = 0; t < L; t++) {
    const h = new Float64Array(H);
    addRows(h, fromInput, xs.subarray(t * E, (t + 1) * E));
    addRows(h, fromState, hs[t]);
    hs.push(h.map(squash));
  }
  return hs;
}

/**
 * The gradients of all units of the last state at once: row r of `toState` is that of unit r.
 *
 * @param {Float64Array[]} hs
 * @param {Float64Array} fromInput
 * @param {Float64Array} fromState
 * @param {Nonlinearity} nonlinearity
 */
function rnnBackward(hs, fromInput, fromState, nonlinearity) {
  const { E, H, L } = SIZE,
    norms = [];
  let toState = identity(H),
    before = new Float64Array(H * H);
  const toSum = new Float64Array(H * H),
    toInput = new Float64Array(H * E);
  for (let k = 0; k <= FARTHEST; k++) {
    const h = hs[L - k];
    const slope = nonlinearity === "tanh" ? h.map((value) => 1 - value * value) : h.map((value) => (value > 0 ? 1 : 0));
    for (let r = 0, at = 0; r < H; r++) for (let j = 0; j < H; j++, at++) toSum[at] = toState[at] * slope[j];
    norms.push(frobenius(multiply(toSum, fromInput, toInput, H, H, E)));
    multiply(toSum, fromState, before, H, H, H);
    [toState, before] = [before, toState];
  }
  return norms;
}

/**
 * What every step computed.
 *
 * @param {Float64Array} xs
 * @param {Float64Array} fromInput
 * @param {Float64Array} fromState
 * @param {number} forgetBias
 */
function lstmForward(xs, fromInput, fromState, forgetBias) {
  const { E, H, L } = SIZE;
  /** @type {LSTMStep[]} */
  const steps = [];
  const zeros = () => new Float64Array(H);
  let h = zeros(),
    c = zeros();
  for (let t = 0; t < L; t++) {
    const sums = new Float64Array(4 * H).fill(forgetBias, H, 2 * H);
    addRows(sums, fromInput, xs.subarray(t * E, (t + 1) * E));
    addRows(sums, fromState, h);
    const step = { i: zeros(), f: zeros(), g: zeros(), o: zeros(), c, squashed: zeros() };
    h = zeros();
    c = zeros();
    for (let j = 0; j < H; j++) {
      step.i[j] = sigmoid(sums[j]);
      step.f[j] = sigmoid(sums[H + j]);
      step.g[j] = Math.tanh(sums[2 * H + j]);
      step.o[j] = sigmoid(sums[3 * H + j]);
      c[j] = step.f[j] * step.c[j] + step.i[j] * step.g[j];
      step.squashed[j] = Math.tanh(c[j]);
      h[j] = step.o[j] * step.squashed[j];
    }
    steps.push(step);
  }
  return steps;
}

/**
 * @param {LSTMStep[]} steps
 * @param {Float64Array} fromInput
 * @param {Float64Array} fromState
 */
function lstmBackward(steps, fromInput, fromState) {
  const { E, H, L } = SIZE,
    norms = [];
  const toHidden = identity(H),
    toCell = new Float64Array(H * H);
  const toSums = new Float64Array(4 * H * H),
    toInput = new Float64Array(H * E);
  for (let k = 0; k <= FARTHEST; k++) {
    throughGates(steps[L - 1 - k], toHidden, toCell, toSums);
    norms.push(frobenius(multiply(toSums, fromInput, toInput, H, 4 * H, E)));
    multiply(toSums, fromState, toHidden, H, 4 * H, H);
  }
  return norms;
}

/**
 * From gradients of h and c after a step to those of the sums inside its gates, and of c before it, in `toCell`.
 *
 * @param {LSTMStep} step
 * @param {Float64Array} toHidden
 * @param {Float64Array} toCell
 * @param {Float64Array} toSums
 */
function throughGates({ i, f, g, o, c, squashed }, toHidden, toCell, toSums) {
  const { H } = SIZE;
  for (let r = 0, at = 0; r < H; r++) {
    for (let j = 0, sum = 4 * H * r; j < H; j++, at++, sum++) {
      const toC = toCell[at] + toHidden[at] * o[j] * (1 - squashed[j] * squashed[j]);
      toSums[sum] = toC * g[j] * i[j] * (1 - i[j]);
      toSums[sum + H] = toC * c[j] * f[j] * (1 - f[j]);
      toSums[sum + 2 * H] = toC * i[j] * (1 - g[j] * g[j]);
      toSums[sum + 3 * H] = toHidden[at] * squashed[j] * o[j] * (1 - o[j]);
      toCell[at] = toC * f[j];
    }
  }
}

/**
 * sums += matrix · vector.
 *
 * @param {Float64Array} sums
 * @param {Float64Array} matrix
 * @param {Float64Array} vector
 */
function addRows(sums, matrix, vector) {
  for (let r = 0, at = 0; r < sums.length; r++) {
    let sum = sums[r];
    for (let j = 0; j < vector.length; j++, at++) sum += matrix[at] * vector[j];
    sums[r] = sum;
  }
}

/**
 * out = a · b, with a of `rows` × `inner` and b of `inner` × `columns`; four rows of b share each pass over `out`.
 *
 * @param {Float64Array} a
 * @param {Float64Array} b
 * @param {Float64Array} out
 * @param {number} rows
 * @param {number} inner
 * @param {number} columns
 */
function multiply(a, b, out, rows, inner, columns) {
  out.fill(0);
  for (let r = 0, at = 0; r < rows; r++) {
    const start = r * columns;
    for (let m = 0, from = 0; m < inner; m += 4, at += 4, from += 4 * columns) {
      const a0 = a[at],
        a1 = a[at + 1],
        a2 = a[at + 2],
        a3 = a[at + 3];
      for (let j = 0, b0 = from, b1 = b0 + columns, b2 = b1 + columns, b3 = b2 + columns; j < columns; j++) {
        out[start + j] += a0 * b[b0 + j] + a1 * b[b1 + j] + a2 * b[b2 + j] + a3 * b[b3 + j];
      }
    }
  }
  return out;
}

/** @param {number} H */
function identity(H) {
  const matrix = new Float64Array(H * H);
  for (let j = 0; j < H; j++) matrix[j * H + j] = 1;
  return matrix;
}

/** @param {Float64Array} matrix */
function frobenius(matrix) {
  let sum = 0;
  for (let j = 0; j < matrix.length; j++) sum += matrix[j] * matrix[j];
  return Math.sqrt(sum);
}

/** @param {number[]} norms */
function relative(norms) {
  return norms.map((norm) => norm / norms[0]);
}

/** @param {number} x */
function sigmoid(x) {
  return 1 / (1 + Math.exp(-x));
}
