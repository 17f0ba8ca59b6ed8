// Functions of doubles, and random numbers: own ones, for engines' differ in their last bits.

typedef unsigned int u32;
typedef unsigned long long u64;

#define PI 3.141592653589793

// ln x for a positive, normal x: x = 2^e m with m near 1, and ln m = 2 artanh((m - 1) / (m + 1)).
static double logarithm(double x) {
  union {
    double number;
    u64 bits;
  } parts = {x};
  int e = (int)(parts.bits >> 52) - 1023;
  parts.bits = (parts.bits & 0xfffffffffffffull) | 0x3ff0000000000000ull;
  if (parts.number > 1.4142135623730951) parts.number /= 2, e++;
  double s = (parts.number - 1) / (parts.number + 1), sum = 0;
  for (int k = 21; k > 0; k -= 2) sum = sum * s * s + 1.0 / k;
  return e * LN2 + 2 * s * sum;
}

// cos x for x from 0 to 2 pi: the series for x / 8, and cos 2x = 2 cos^2 x - 1 three times.
static double cosine(double x) {
  double square = x * x / 64, term = 1, sum = 1;
  for (int k = 1; k < 20; k += 2) term *= -square / (k * (k + 1)), sum += term;
  for (int k = 0; k < 3; k++) sum = 2 * sum * sum - 1;
  return sum;
}

// PCG (O'Neill 2014), 64 bits of state and 32 of output: streams of their own for weights and for masks.
typedef struct {
  u64 state, stream;
} Random;

static u32 next(Random *random) {
  u64 old = random->state;
  random->state = old * 6364136223846793005ull + random->stream;
  u32 mixed = (u32)(((old >> 18) ^ old) >> 27), turn = (u32)(old >> 59);
  return mixed >> turn | mixed << (-turn & 31);
}

static void sow(Random *random, u32 seed, u32 stream) {
  random->state = 0, random->stream = 2 * (u64)stream + 1;
  next(random);
  random->state += seed;
  next(random);
}

static double uniform(Random *random) { return (next(random) + 0.5) / 4294967296.0; } // above 0 and below 1

static double normal(Random *random) { // Box & Muller
  double radius = __builtin_sqrt(-2 * logarithm(uniform(random)));
  return radius * cosine(2 * PI * uniform(random));
}
