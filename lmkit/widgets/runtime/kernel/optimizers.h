// Schedules of the learning rate, and optimizers: those of lmkit/training/optimizers.py and muon.py.

static u32 steps_made;
static double power_1, power_2; // Adam's beta to the power of the step

static double between(double start, double end, double share) { // along half a cosine
  return end + (start - end) / 2 * (1 + cosine(PI * share));
}

static double rate_now(void) {
  double peak = settings[LR], last = settings[STEPS] - 1, step = steps_made;
  if (settings[SCHEDULE] == CONSTANT) return peak;
  if (settings[SCHEDULE] == COSINE) return between(peak, 0, step < last + 1 ? step / (last + 1) : 1);
  double rise = settings[WARMUP] * settings[STEPS] - 1, low = peak / 25; // torch's OneCycleLR
  if (rise > 1e-9 && step <= rise) return between(low, peak, step / rise);
  if (step >= last) return low / 1e4;
  if (rise < 1e-9 && rise > -1e-9) rise = 0;
  return between(peak, low / 1e4, (step - rise) / (last - rise));
}

static double squared_norm(const float *values, u32 count) { // count: a multiple of 4
  double total = 0;
  for (u32 k = 0; k < count;) {
    f32x4 sum = splat(0);
    for (u32 end = k + 1024 < count ? k + 1024 : count; k < end; k += 4) sum += load(values + k) * load(values + k);
    total += (sum[0] + sum[1]) + (sum[2] + sum[3]);
  }
  return total;
}

NOINLINE void step_sgd(u32 from, u32 count, float rate, float scale) {
  float decay = settings[WEIGHT_DECAY];
  for (u32 k = from; k < from + count; k += 4) {
    f32x4 w = load(weights + k);
    store(weights + k, w - rate * (load(gradients + k) * scale + decay * w));
  }
}

NOINLINE void step_adam(u32 from, u32 count, double rate, float scale, double beta_2) {
  double decay = settings[WEIGHT_DECAY];
  int is_coupled = settings[OPTIMIZER] == ADAM;
  float kept = is_coupled ? 1 : 1 - rate * decay, coupled = is_coupled ? decay : 0, new_2 = 1 - beta_2, old_2 = beta_2;
  float step = rate / (1 - power_1), root = 1 / __builtin_sqrt(1 - power_2);
  for (u32 k = from; k < from + count; k += 4) {
    f32x4 w = load(weights + k), g = load(gradients + k) * scale + coupled * w;
    f32x4 mean = load(first + k), square = old_2 * load(second + k) + new_2 * (g * g);
    mean += 0.1f * (g - mean);
    store(first + k, mean), store(second + k, square);
    store(weights + k, w * kept - step * mean / (square_root(square) * root + splat(1e-8f)));
  }
}

// Nesterov's direction, divided by its norm, into spare[0].
static void unit_direction(const Tensor *t, float scale) {
  u32 count = t->rows * t->columns;
  const float *g = gradients + t->at;
  float *momentum = first + t->at, *x = spare[0];
  for (u32 k = 0; k < count; k += 4) {
    f32x4 new = load(g + k) * scale, average = load(momentum + k);
    average += 0.05f * (new - average);
    store(momentum + k, average), store(x + k, new + 0.95f * (average - new));
  }
  double norm = __builtin_sqrt(squared_norm(x, count));
  float inverse = 1 / (norm > 1e-7 ? norm : 1e-7);
  for (u32 k = 0; k < count; k += 4) store(x + k, load(x + k) * inverse);
}

// C = A B for square matrices that commute and are symmetric: so is C, and half of it is computed.
static void symmetric_product(float *c, const float *a, const float *b, int size) {
  pack(packed_b, b, size, size, size, 1);
  for (int i = 0; i < size; i += PANEL)
    product(c + i * size + i, size, a + i * size, size, packed_b + i * size, PANEL, size, size - i, 0);
  for (int i = 0; i < size; i++)
    for (int j = 0; j < i - i % PANEL; j++) c[i * size + j] = c[j * size + i];
}

// The product of all factors P = aI + bG + cG^2 of Newton and Schulz's steps, where G is the smaller Gram matrix of
// spare[0] and becomes P G P after each; see lmkit/training/muon.py. All of them are polynomials in G and so commute.
static float *newton_schulz(int size) {
  const float a = 3.4445f, b = -4.7750f, c = 2.0315f;
  float *gram = spare[1], *factor = spare[2], *all = spare[3], *other = spare[4];
  for (int step = 0; step < 5; step++) {
    float *into = step ? factor : all;
    symmetric_product(into, gram, gram, size);
    for (int k = 0; k < size * size; k += 4) store(into + k, c * load(into + k) + b * load(gram + k));
    for (int k = 0; k < size; k++) into[k * size + k] += a;
    if (step < 4) {
      symmetric_product(other, gram, into, size);
      symmetric_product(gram, other, into, size);
    }
    if (step) {
      symmetric_product(other, all, factor, size);
      float *swap = all;
      all = other, other = swap;
    }
  }
  return all;
}

NOINLINE void step_muon(const Tensor *t, double rate, float scale) {
  int rows = t->rows, columns = t->columns, is_wide = rows < columns, size = is_wide ? rows : columns;
  u32 count = rows * columns;
  float *x = spare[0], *gram = spare[1], *w = weights + t->at, *update = spare[5];
  unit_direction(t, scale);
  for (int k = 0; k < size * size; k += 4) store(gram + k, splat(0));
  if (is_wide) {
    pack(packed_b, x, columns, rows, 1, columns);
    product(gram, size, x, columns, packed_b, rows, columns, rows, 0);
  } else outer_product(gram, x, x, rows, columns, columns);
  const float *all = newton_schulz(size);
  pack(packed_b, is_wide ? x : all, size, columns, columns, 1);
  product(update, columns, is_wide ? all : x, size, packed_b, rows, size, columns, 0);
  int height = t->blocks * t->height;
  float kept = 1 - rate * settings[WEIGHT_DECAY];
  float step = rate * 0.2 * __builtin_sqrt(height > t->width ? height : t->width);
  for (u32 k = 0; k < count; k += 4) store(w + k, load(w + k) * kept - step * load(update + k));
}

// Update all weights by gradients that are to be multiplied by `scale`.
static void update_weights(double rate, float scale) {
  int optimizer = settings[OPTIMIZER];
  double beta_2 = optimizer == MUON ? 0.99 : 0.999;
  power_1 *= 0.9, power_2 *= beta_2;
  if (optimizer == SGD) return step_sgd(0, numbers, rate, scale);
  for (int k = 0; k < tensor_count; k++) {
    const Tensor *t = &tensors[k];
    if (optimizer == MUON && t->is_hidden) step_muon(t, rate, scale);
    else step_adam(t->at, t->rows * t->columns, rate, scale, beta_2);
  }
}
