// The one expensive operation, y = b + W x, on float32 numbers in one block of memory. WebAssembly's vector
// instructions run it several times faster; where a browser or a content policy forbids them, plain loops do the same.

/**
 * A block of at least `size` float32 numbers and the operation on it. `affine(w, rows, columns, x, b, y)` takes places
 * in the block, counted in floats; rows and columns must be multiples of four (see `padded`).
 */
export function makeKernel(size, { simd = true } = {}) {
  return (simd && vectorKernel(size)) || plainKernel(size);
}

export function padded(count) {
  return (count + 3) & ~3;
}

function plainKernel(size) {
  const floats = new Float32Array(size);
  return { floats, kind: "plain", affine: (...places) => plainAffine(floats, ...places) };
}

/** Four rows share each x[j]: four independent sums keep the processor busy. */
function plainAffine(m, w, rows, columns, x, b, y) {
  for (let r = 0; r < rows; r += 4) {
    const w0 = w + r * columns, w1 = w0 + columns, w2 = w1 + columns, w3 = w2 + columns;
    let y0 = m[b + r], y1 = m[b + r + 1], y2 = m[b + r + 2], y3 = m[b + r + 3];
    for (let j = 0; j < columns; j++) {
      const xj = m[x + j];
      y0 += m[w0 + j] * xj;
      y1 += m[w1 + j] * xj;
      y2 += m[w2 + j] * xj;
      y3 += m[w3 + j] * xj;
    }
    m[y + r] = y0;
    m[y + r + 1] = y1;
    m[y + r + 2] = y2;
    m[y + r + 3] = y3;
  }
}

function vectorKernel(size) {
  try {
    const memory = new WebAssembly.Memory({ initial: Math.ceil((size * 4) / 65536) });
    const module = new WebAssembly.Module(affineModule());
    const { affine } = new WebAssembly.Instance(module, { m: { m: memory } }).exports;
    return {
      floats: new Float32Array(memory.buffer),
      kind: "vector",
      affine: (w, rows, columns, x, b, y) => affine(4 * w, rows, 4 * columns, 4 * x, 4 * b, 4 * y),
    };
  } catch {
    return null;
  }
}

/** The WebAssembly module, assembled by hand: one function with the loops of `plainAffine`, four columns at a time. */
function affineModule() {
  const I32 = 0x7f, V128 = 0x7b, VOID = 0x40;
  const [w, rows, stride, x, b, y, cursor, stop, w1, w2, w3, sum0, sum1, sum2, sum3, xs] = Array(16).keys();
  const get = (local) => [0x20, local];
  const set = (local) => [0x21, local];
  const tee = (local) => [0x22, local];
  const add = 0x6a, lessUnsigned = 0x49, addFloat = 0x92;
  const int = (value) => [0x41, ...signedLeb(value)];
  const advance = (local, step) => [...get(local), ...step, add, ...set(local)];
  const loadFloat = (at, offset) => [...get(at), 0x2a, 2, offset];
  const vector = (code, ...rest) => [0xfd, ...unsignedLeb(code), ...rest];
  const loadVector = (at) => [...get(at), ...vector(0, 2, 0)];
  const lane = (sum, k) => [...get(sum), ...vector(31, k)];
  const times = vector(230), plus = vector(228), zeros = [...vector(12), ...Array(16).fill(0)];
  const loop = (body, more) => [0x03, VOID, ...body, ...more, 0x0d, 0, 0x0b];

  const sums = [[sum0, w], [sum1, w1], [sum2, w2], [sum3, w3]];
  const fourColumns = [
    ...loadVector(cursor), ...set(xs),
    ...sums.flatMap(([sum, row]) => [...get(sum), ...loadVector(row), ...get(xs), ...times, ...plus, ...set(sum)]),
    ...sums.flatMap(([, row]) => advance(row, int(16))),
    ...advance(cursor, int(16)),
  ];
  const store = ([sum], k) => [
    ...get(y), ...loadFloat(b, 4 * k),
    ...[0, 1, 2, 3].flatMap((i) => [...lane(sum, i), addFloat]),
    0x38, 2, 4 * k,
  ];
  const fourRows = [
    ...get(w), ...get(stride), add, ...tee(w1), ...get(stride), add, ...tee(w2), ...get(stride), add, ...set(w3),
    ...sums.flatMap(([sum]) => [...zeros, ...set(sum)]),
    ...get(x), ...set(cursor),
    ...loop(fourColumns, [...get(cursor), ...get(stop), lessUnsigned]),
    ...sums.flatMap(store),
    ...get(w3), ...set(w), // the first cursor stands at the second row now; the last one at the next four
    ...advance(b, int(16)), ...advance(y, int(16)),
    ...get(rows), ...int(4), 0x6b, ...tee(rows),
  ];
  const body = [...get(x), ...get(stride), add, ...set(stop), ...loop(fourRows, []), 0x0b];
  const code = [2, 5, I32, 5, V128, ...body];
  const section = (id, content) => [id, ...unsignedLeb(content.length), ...content];
  return new Uint8Array([
    0, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
    ...section(1, [1, 0x60, 6, I32, I32, I32, I32, I32, I32, 0]),
    ...section(2, [1, 1, 0x6d, 1, 0x6d, 2, 0, 0]), // memory m.m
    ...section(3, [1, 0]),
    ...section(7, [1, 6, ...new TextEncoder().encode("affine"), 0, 0]),
    ...section(10, [1, ...unsignedLeb(code.length), ...code]),
  ]);
}

function unsignedLeb(value) {
  return value < 128 ? [value] : [(value & 127) | 128, ...unsignedLeb(value >>> 7)];
}

function signedLeb(value) {
  return value < 64 ? [value] : [(value & 127) | 128, ...signedLeb(value >> 7)];
}
