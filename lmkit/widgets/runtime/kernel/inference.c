// The expensive operations of a model's step, for WebAssembly: products of a matrix with vectors, the gates of an LSTM,
// and the sum of exponentials that a softmax divides by. kernel.js calls them, and says how a matrix lies in memory.
//
// Freestanding C: no library, no stack in memory, no data of its own. Pointers are places in the block of float32
// numbers that kernel.js allocates; the block begins at address 0, so a null pointer is a place like any other. Lengths
// and strides count floats. Columns and lengths of vectors are multiples of 8, rows of matrices of 32, and none is 0.
//
// Compiled twice (build.py): as it is, and with relaxed SIMD, where `multiply_add` is one instruction. All sums have their
// order, and -ffp-contract=off keeps the compiler from fusing by itself: without relaxed SIMD all engines compute the
// same bits.

#include "vectors.h"

// --- y += W x ---------------------------------------------------------------------------------------------

enum { PANEL = 8 }; // rows of W whose numbers stand together, column by column: two vectors

// For constants `texts` and `panels`. The 2 * panels * texts sums stay in registers beside what is multiplied, of which
// x86 has 15 to give. Eight sums keep a processor busy: it begins two products a cycle, and each takes four. The loop
// over columns is not unrolled: compilers would load too far ahead, and run out of registers.
INLINE void add_product(const int texts, const int panels, const float *w, int rows, int columns, const float *x,
                        float *y, int stride) {
  f32x4 sums[texts][panels][2];
  for (const float *end = w + rows * columns; w != end; w += panels * PANEL * columns, y += panels * PANEL) {
    UNROLLED for (int t = 0; t < texts; t++) UNROLLED for (int p = 0; p < panels; p++) {
      sums[t][p][0] = load(y + t * stride + p * PANEL);
      sums[t][p][1] = load(y + t * stride + p * PANEL + 4);
    }
    for (int j = 0; j < columns; j++) UNROLLED for (int p = 0; p < panels; p++) {
      const float *column = w + p * PANEL * columns + j * PANEL;
      f32x4 low = load(column), high = load(column + 4);
      UNROLLED for (int t = 0; t < texts; t++) {
        f32x4 value = load_splat(x + t * columns + j);
        sums[t][p][0] = multiply_add(low, value, sums[t][p][0]);
        sums[t][p][1] = multiply_add(high, value, sums[t][p][1]);
      }
    }
    UNROLLED for (int t = 0; t < texts; t++) UNROLLED for (int p = 0; p < panels; p++) {
      store(y + t * stride + p * PANEL, sums[t][p][0]);
      store(y + t * stride + p * PANEL + 4, sums[t][p][1]);
    }
  }
}

#define PRODUCT(texts, panels)                                                                                        \
  NOINLINE void add_product_##texts(const float *w, int rows, int columns, const float *x, float *y, int stride) {    \
    add_product(texts, panels, w, rows, columns, x, y, stride);                                                       \
  }
PRODUCT(1, 4)
PRODUCT(2, 2)
PRODUCT(3, 1)
PRODUCT(4, 1)

// y += W x for 1 to 5 vectors x that follow one another, and vectors y that stand `stride` apart. A text's sums are the
// same to the last bit, however many others it is computed with.
EXPORT(addProduct, void)(int texts, const float *w, int rows, int columns, const float *x, float *y, int stride) {
  switch (texts) {
    case 1: return add_product_1(w, rows, columns, x, y, stride);
    case 2: return add_product_2(w, rows, columns, x, y, stride);
    case 3: return add_product_3(w, rows, columns, x, y, stride);
    case 4: return add_product_4(w, rows, columns, x, y, stride);
    case 5: // too many for the registers at once
      add_product_3(w, rows, columns, x, y, stride);
      return add_product_2(w, rows, columns, x + 3 * columns, y + 3 * stride, stride);
  }
}

// --- exponentials -----------------------------------------------------------------------------------------

// One step of LSTM units from the sums i, f, g, o, `units` of each, which stay; c and h are written.
EXPORT(openGates, void)(const float *gates, int units, float *c, float *h) {
  for (int u = 0; u < units; u += 4, gates += 4) {
    f32x4 i = sigmoid(load(gates)), f = sigmoid(load(gates + units));
    f32x4 g = tanh(load(gates + 2 * units)), o = sigmoid(load(gates + 3 * units));
    f32x4 memory = multiply_add(f, load(c + u), i * g);
    store(c + u, memory);
    store(h + u, o * tanh(memory));
  }
}

// The sum of exp(x - max) over all x.
EXPORT(sumExp, float)(const float *x, int count, float max) {
  f32x4 sum = splat(0);
  for (int k = 0; k < count; k += 8) { // two a round share their constants
    sum += exponential(load(x + k) - max);
    sum += exponential(load(x + k + 4) - max);
  }
  return sum[0] + sum[1] + sum[2] + sum[3];
}
