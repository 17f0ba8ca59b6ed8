// Vectors of four floats, and the exponential with what is made of it, for all kernels.
//
// Every sum is written in the order in which it is to be computed. Without SIMD (only training.c is compiled so) the
// compiler takes vectors apart, and the numbers are the same.

#ifdef __wasm_simd128__
#include <wasm_simd128.h>
#endif

typedef float f32x4 __attribute__((vector_size(16)));
typedef int i32x4 __attribute__((vector_size(16)));

#define EXPORT(name, type) __attribute__((export_name(#name))) type name
#define INLINE static inline __attribute__((always_inline))
#define UNROLLED _Pragma("unroll")
#define NOINLINE static __attribute__((noinline)) // its own function, and so its own share of the registers

#ifdef __wasm_simd128__

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

INLINE f32x4 at_least(f32x4 x, float low) { return (f32x4)wasm_f32x4_pmax((v128_t)x, wasm_f32x4_splat(low)); }
INLINE f32x4 at_most(f32x4 x, float high) { return (f32x4)wasm_f32x4_pmin((v128_t)x, wasm_f32x4_splat(high)); }
INLINE f32x4 larger(f32x4 a, f32x4 b) { return (f32x4)wasm_f32x4_pmax((v128_t)a, (v128_t)b); }
INLINE f32x4 square_root(f32x4 x) { return (f32x4)wasm_f32x4_sqrt((v128_t)x); }

#else

INLINE f32x4 load(const float *place) { return *(const f32x4 *)place; }
INLINE f32x4 load_splat(const float *place) { return (f32x4){*place, *place, *place, *place}; }
INLINE void store(float *place, f32x4 value) { *(f32x4 *)place = value; }
INLINE f32x4 splat(float value) { return (f32x4){value, value, value, value}; }
INLINE f32x4 constant(float value) { return splat(value); }

INLINE f32x4 larger(f32x4 a, f32x4 b) {
  UNROLLED for (int k = 0; k < 4; k++) a[k] = a[k] < b[k] ? b[k] : a[k];
  return a;
}

INLINE f32x4 at_least(f32x4 x, float low) { return larger(x, splat(low)); }

INLINE f32x4 at_most(f32x4 x, float high) {
  UNROLLED for (int k = 0; k < 4; k++) x[k] = high < x[k] ? high : x[k];
  return x;
}

INLINE f32x4 square_root(f32x4 x) {
  UNROLLED for (int k = 0; k < 4; k++) x[k] = __builtin_sqrtf(x[k]);
  return x;
}

#endif

INLINE f32x4 clamp(f32x4 x, float low, float high) { return at_least(at_most(x, high), low); } // a NaN stays one

INLINE f32x4 multiply_add(f32x4 a, f32x4 b, f32x4 c) { // a b + c
#ifdef __wasm_relaxed_simd__
  return (f32x4)wasm_f32x4_relaxed_madd((v128_t)a, (v128_t)b, (v128_t)c); // rounded once where the processor can
#else
  return a * b + c;
#endif
}

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
