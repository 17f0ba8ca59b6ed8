// The expensive operations of a model's step, on float32 numbers in one block of memory. WebAssembly's vector
// instructions run them ten times faster; where a browser or a content policy forbids them, plain loops do the same.

import { assemble, doWhile, f32, f32x4, i32, i32x4, setLocal, v128, WasmFunction } from "./wasm.js";

/** How many texts an operation takes at once: more sums than these do not fit a processor's registers. */
export const MOST_TEXTS = 5;

const PANEL = 8; // rows of a matrix whose numbers stand together, column by column: two vectors
const PANELS_AT_ONCE = [4, 2, 1, 1, 1]; // for so many texts: sums enough that none has to wait for itself

/** Columns, and lengths of vectors, come in multiples of eight; rows of matrices in multiples of 32. */
export function padded(count) {
  return Math.ceil(count / PANEL) * PANEL;
}

export function paddedRows(count) {
  return Math.ceil(count / (4 * PANEL)) * 4 * PANEL;
}

/** Where a number of a matrix with so many columns stands, after the matrix's place. */
export function placeInMatrix(row, column, columns) {
  return (row - (row % PANEL)) * columns + PANEL * column + (row % PANEL);
}

/**
 * A block of at least `size` float32 numbers and the operations on it. They take places in the block and lengths, all
 * counted in floats:
 *
 * addProduct(texts, w, rows, columns, x, y, stride): y += W x for vectors x that follow one another, and vectors y that
 * stand `stride` apart. A text's result is the same to the last bit, however many others it is computed with.
 * openGates(gates, units, c, h): one step of LSTM units from the sums i, f, g, o (`units` of each); writes c and h.
 * sumExp(x, count, max): Σ exp(x - max).
 *
 * `simd` and `fused` (multiply-add in one instruction) may be forbidden.
 */
export function makeKernel(size, { simd = true, fused = true } = {}) {
  return (simd && fused && vectorKernel(size, true)) || (simd && vectorKernel(size, false)) || plainKernel(size);
}

function vectorKernel(size, fused) {
  try {
    const memory = new WebAssembly.Memory({ initial: Math.ceil((size * 4) / 65536) });
    const { exports } = new WebAssembly.Instance(compiled(fused), { m: { m: memory } });
    return {
      kind: "vector",
      fused,
      floats: new Float32Array(memory.buffer),
      addProduct: (texts, w, rows, columns, x, y, stride) =>
        exports[`addProduct${texts}`](4 * w, 4 * (w + rows * columns), 4 * columns, 4 * x, 4 * y, 4 * stride),
      openGates: (gates, units, c, h) => exports.openGates(4 * gates, 4 * units, 4 * c, 4 * h, 4 * (c + units)),
      sumExp: (x, count, max) => exports.sumExp(4 * x, 4 * (x + count), max),
    };
  } catch {
    return null;
  }
}

const MODULES = new Map(); // a page with several models compiles once

function compiled(fused) {
  if (!MODULES.has(fused)) {
    const mulAdd = fused ? f32x4.fusedMulAdd : (a, b, c) => f32x4.add(f32x4.mul(a, b), c);
    const products = PANELS_AT_ONCE.map((panels, n) => addProduct(n + 1, panels, mulAdd));
    MODULES.set(fused, new WebAssembly.Module(assemble([...products, openGates(mulAdd), sumExp(mulAdd)])));
  }
  return MODULES.get(fused);
}

/** Every panel of W is two vectors per column; each column's x, four times in a vector, multiplies them. */
function addProduct(texts, panels, mulAdd) {
  const made = new WasmFunction(`addProduct${texts}`, Array(6).fill("i32"));
  const [w, wEnd, columns, x, y, stride] = made.parameters;
  const ws = [w, ...made.locals("i32", panels - 1)]; // a cursor for each of the panels, and so on
  const xs = [x, ...made.locals("i32", texts - 1)],
    xEnd = made.local("i32");
  const ys = [y, ...made.locals("i32", texts - 1)];
  const [low, high, value] = made.locals("v128", 3);
  const sums = xs.map(() => ws.map(() => made.locals("v128", 2)));

  const following = (cursors, step) => cursors.slice(1).map((cursor, k) => setLocal(cursor, i32.add(cursors[k], step)));
  const advance = (cursors, step) => cursors.map((cursor) => setLocal(cursor, i32.add(cursor, step)));
  const everySum = (make) =>
    sums.map((ofText, t) =>
      ofText.map((halves, p) => halves.map((sum, half) => make(sum, ys[t], 4 * (PANEL * p + 4 * half)))),
    );
  const oneColumn = (j) =>
    ws.map((cursor, p) => [
      setLocal(low, v128.load(cursor, 4 * PANEL * j)),
      setLocal(high, v128.load(cursor, 4 * PANEL * j + 16)),
      xs.map((at, t) => [
        setLocal(value, v128.loadSplat(at, 4 * j)),
        setLocal(sums[t][p][0], mulAdd(low, value, sums[t][p][0])),
        setLocal(sums[t][p][1], mulAdd(high, value, sums[t][p][1])),
      ]),
    ]);
  const panelBytes = made.local("i32");
  return made.code(
    setLocal(xEnd, i32.add(x, columns)),
    setLocal(panelBytes, i32.shiftLeft(columns, 3)),
    following(xs, columns),
    following(ys, stride),
    doWhile(
      [
        following(ws, panelBytes),
        everySum((sum, at, offset) => setLocal(sum, v128.load(at, offset))),
        doWhile([[0, 1, 2, 3].map(oneColumn), advance(ws, 4 * 4 * PANEL), advance(xs, 16)], i32.notEqual(x, xEnd)),
        everySum((sum, at, offset) => v128.store(at, sum, offset)),
        xs.map((at) => setLocal(at, i32.sub(at, columns))),
        advance(ys, 4 * PANEL * panels),
        panels > 1 ? setLocal(w, ws.at(-1)) : [], // the last cursor stands where the next panels begin
      ],
      i32.notEqual(w, wEnd),
    ),
  );
}

const LN2_HIGH = 0.693359375,
  LN2_LOW = Math.LN2 - LN2_HIGH; // the first has few bits: its multiples are exact
const WHOLE = 1.5 * 2 ** 23; // a float32 this large has no fraction: adding it rounds

/**
 * Code that leaves exp(x) of four floats; it works in two locals. exp(x) = 2ⁿ exp(r) with a whole n and a small
 * r = x - n ln 2, for which eight terms of the series are exact to the last bits of a float32. Beyond ±87 it stays what
 * it is there.
 */
function exponential(x, [r, n], mulAdd) {
  const fours = (number) => f32x4.splat(f32.constant(number));
  const terms = [5040, 720, 120, 24, 6, 2, 1, 1].map((factorial) => fours(1 / factorial));
  const whole = f32x4.sub(n, fours(WHOLE));
  return [
    setLocal(r, f32x4.atLeast(f32x4.atMost(x, fours(87)), fours(-87))),
    setLocal(n, mulAdd(r, fours(Math.LOG2E), fours(WHOLE))), // its lowest bits are n
    setLocal(r, mulAdd(whole, fours(-LN2_LOW), mulAdd(whole, fours(-LN2_HIGH), r))),
    f32x4.mul(
      terms.reduce((sum, term) => mulAdd(sum, r, term)),
      i32x4.add(i32x4.shiftLeft(n, 23), fours(1)), // n added to the exponent of 1.0
    ),
  ];
}

function openGates(mulAdd) {
  const made = new WasmFunction("openGates", Array(5).fill("i32"));
  const [gates, units, c, h, cEnd] = made.parameters;
  const [i, f, g, o, memory, ...scratch] = made.locals("v128", 7);
  const at = made.local("i32");
  const one = f32x4.splat(f32.constant(1)),
    two = f32x4.splat(f32.constant(2));
  const negated = (x) => f32x4.sub(f32x4.splat(f32.constant(0)), x);
  const logistic = (x) => f32x4.div(one, f32x4.add(one, exponential(negated(x), scratch, mulAdd)));
  const tanh = (x) => f32x4.sub(f32x4.mul(two, logistic(f32x4.mul(two, x))), one);
  const next = (gate, value) => [setLocal(at, i32.add(at, units)), setLocal(gate, value)];
  return made.code(
    doWhile(
      [
        setLocal(at, gates),
        setLocal(i, logistic(v128.load(at))),
        next(f, logistic(v128.load(at))),
        next(g, tanh(v128.load(at))),
        next(o, logistic(v128.load(at))),
        setLocal(memory, mulAdd(f, v128.load(c), f32x4.mul(i, g))),
        v128.store(c, memory),
        v128.store(h, f32x4.mul(o, tanh(memory))),
        [gates, c, h].map((cursor) => setLocal(cursor, i32.add(cursor, 16))),
      ],
      i32.notEqual(c, cEnd),
    ),
  );
}

function sumExp(mulAdd) {
  const made = new WasmFunction("sumExp", ["i32", "i32", "f32"], ["f32"]);
  const [x, xEnd, max] = made.parameters;
  const [sum, ...scratch] = made.locals("v128", 3);
  return made.code(
    doWhile(
      [
        setLocal(sum, f32x4.add(sum, exponential(f32x4.sub(v128.load(x), f32x4.splat(max)), scratch, mulAdd))),
        setLocal(x, i32.add(x, 16)),
      ],
      i32.notEqual(x, xEnd),
    ),
    [0, 1, 2, 3].map((k) => f32x4.lane(sum, k)).reduce((a, b) => f32.add(a, b)),
  );
}

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

/** The rows of a panel share each x[j]: eight independent sums keep the processor busy. */
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

function plainSumExp(m, x, count, max) {
  let sum = 0;
  for (let v = x; v < x + count; v++) sum += Math.exp(m[v] - max);
  return sum;
}

export function sigmoid(x) {
  return 1 / (1 + Math.exp(-x));
}

export function tanh(x) {
  return 2 / (1 + Math.exp(-2 * x)) - 1;
}
