// The expensive operations of a model's step, for WebAssembly: products of a matrix with vectors, the gates of an LSTM,
// and the sum of exponentials that a softmax divides by. kernel.js calls them, and says how a matrix lies in memory.
//
// Freestanding C: no library, no stack in memory, no data of its own. Pointers are places in the block of float32
// numbers that kernel.js allocates; the block begins at address 0, so a null pointer is a place like any other. Lengths
// and strides count floats. Columns and lengths of vectors are multiples of 8, rows of matrices of 32, and none is 0.
//
// Compiled twice (build.py): as it is, and with relaxed SIMD, where `multiply_add` is one instruction. Every sum is
// written in the order in which it is to be computed, and -ffp-contract=off keeps the compiler from fusing by itself:
// without relaxed SIMD all engines compute the same bits.

#include <wasm_simd128.h>

typedef float f32x4 __attribute__((vector_size(16)));
typedef int i32x4 __attribute__((vector_size(16)));

#define EXPORT(name, type) __attribute__((export_name(#name))) type name
#define INLINE static inline __attribute__((always_inline))
#define UNROLLED _Pragma("unroll")
#define NOINLINE static __attribute__((noinline)) // its own function, and so its own share of the registers

INLINE f32x4 load(const float *place) { return (f32x4)wasm_v128_load(place); }
INLINE f32x4 load_splat(const float *place) { return (f32x4)wasm_v128_load32_splat(place); }
INLINE void store(float *place, f32x4 value) { wasm_v128_store(place, (v128_t)value); }
INLINE f32x4 splat(float value) { return (f32x4)wasm_f32x4_splat(value); }

// A splat that the compiler cannot look into: else it would keep 1.0 beside -1.0 and beside its bits, each in a register.
INLINE f32x4 constant(float value) {
  f32x4 all = splat(value);
  __asm__("" : "+r"(all));
  return all;
}

INLINE f32x4 clamp(f32x4 x, float low, float high) { // a NaN stays one
  v128_t at_most = wasm_f32x4_pmin((v128_t)x, wasm_f32x4_splat(high));
  return (f32x4)wasm_f32x4_pmax(at_most, wasm_f32x4_splat(low));
}

INLINE f32x4 multiply_add(f32x4 a, f32x4 b, f32x4 c) { // a b + c
#ifdef __wasm_relaxed_simd__
  return (f32x4)wasm_f32x4_relaxed_madd((v128_t)a, (v128_t)b, (v128_t)c); // rounded once where the processor can
#else
  return a * b + c;
#endif
}

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

#define LOG2E 1.4426950408889634
#define LN2 0.6931471805599453
#define LN2_HIGH 0.693359375 // few bits: its multiples are exact
#define LN2_LOW (LN2 - LN2_HIGH)
#define WHOLE constant(12582912) // 1.5 * 2^23: a float this large has no fraction, so that adding it rounds
#define ONE constant(1)

// exp(x) = 2^n exp(r) with a whole n and a small r = x - n ln 2, for which eight terms of the series are exact to the
// last bits of a float. Beyond +-87 it stays what it is there.
INLINE f32x4 exponential(f32x4 x) {
  x = clamp(x, -87, 87);
  f32x4 n = multiply_add(x, splat(LOG2E), WHOLE); // its lowest bits are n
  f32x4 whole = n - WHOLE;
  f32x4 r = multiply_add(whole, splat(-LN2_LOW), multiply_add(whole, splat(-LN2_HIGH), x));
  const int factorials[] = {720, 120, 24, 6, 2};
  f32x4 sum = splat(1.0 / 5040);
  UNROLLED for (int k = 0; k < 5; k++) sum = multiply_add(sum, r, splat(1.0 / factorials[k]));
  sum = multiply_add(multiply_add(sum, r, ONE), r, ONE);
  return sum * (f32x4)(((i32x4)n << 23) + (i32x4)ONE); // n added to the exponent of 1.0
}

INLINE f32x4 sigmoid(f32x4 x) { return ONE / (ONE + exponential(0 - x)); }
INLINE f32x4 tanh(f32x4 x) { return 2 * sigmoid(2 * x) - ONE; }

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
