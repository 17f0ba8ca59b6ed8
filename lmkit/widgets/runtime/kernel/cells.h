// One time step of each kind of cell for all rows of a batch, forward and backward.
//
// `gates` and `recurrent` hold one step's sums, N rows of G, which become activations on the way forward and gradients of
// the sums on the way back. A state h or c is that before the step, and the one after it lies N rows further on.

// --- forward ----------------------------------------------------------------------------------------------

static void rnn_forward(float *gates, float *h, int is_relu) {
  float *after = h + N * H;
  for (int k = 0; k < N * H; k += 4) {
    f32x4 value = is_relu ? at_least(load(gates + k), 0) : tanh(load(gates + k));
    store(gates + k, value), store(after + k, value);
  }
}

static void lstm_forward(float *gates, float *h, float *c, float *tanh_c) {
  for (int n = 0; n < N; n++, gates += G, h += H, c += H, tanh_c += H) {
    for (int u = 0; u < H; u += 4) {
      f32x4 i = sigmoid(load(gates + u)), f = sigmoid(load(gates + H + u));
      f32x4 g = tanh(load(gates + 2 * H + u)), o = sigmoid(load(gates + 3 * H + u));
      f32x4 memory = multiply_add(f, load(c + u), i * g), shown = tanh(memory);
      store(gates + u, i), store(gates + H + u, f), store(gates + 2 * H + u, g), store(gates + 3 * H + u, o);
      store(c + N * H + u, memory), store(tanh_c + u, shown), store(h + N * H + u, o * shown);
    }
  }
}

static void gru_forward(float *gates, const float *recurrent, float *h) {
  for (int n = 0; n < N; n++, gates += G, recurrent += G, h += H) {
    for (int u = 0; u < H; u += 4) {
      f32x4 r = sigmoid(load(gates + u) + load(recurrent + u));
      f32x4 z = sigmoid(load(gates + H + u) + load(recurrent + H + u));
      f32x4 candidate = tanh(multiply_add(r, load(recurrent + 2 * H + u), load(gates + 2 * H + u)));
      store(gates + u, r), store(gates + H + u, z), store(gates + 2 * H + u, candidate);
      store(h + N * H + u, multiply_add(z, load(h + u) - candidate, candidate));
    }
  }
}

// --- backward ---------------------------------------------------------------------------------------------
// `above` (N, H) is the gradient of h from outside the layer, `dh` that from the step after; `dh` and `dc` become those
// of the state before, as far as they do not come through the weights.

static void rnn_backward(float *gates, const float *above, float *dh, int is_relu) {
  for (int k = 0; k < N * H; k += 4) {
    f32x4 h = load(gates + k), gradient_h = load(above + k) + load(dh + k);
    f32x4 open = is_relu ? (f32x4)((i32x4)(h > 0) & (i32x4)ONE) : ONE - h * h;
    store(gates + k, gradient_h * open), store(dh + k, splat(0));
  }
}

static void lstm_backward(float *gates, const float *c, const float *tanh_c, const float *above, float *dh, float *dc) {
  for (int n = 0; n < N; n++, gates += G, c += H, tanh_c += H, above += H, dh += H, dc += H) {
    for (int u = 0; u < H; u += 4) {
      f32x4 i = load(gates + u), f = load(gates + H + u), g = load(gates + 2 * H + u), o = load(gates + 3 * H + u);
      f32x4 shown = load(tanh_c + u), gradient_h = load(above + u) + load(dh + u);
      f32x4 gradient_c = load(dc + u);
      store(gates + u, gradient_c * g * (i * (ONE - i)));
      store(gates + H + u, gradient_c * load(c + u) * (f * (ONE - f)));
      store(gates + 2 * H + u, gradient_c * i * (ONE - g * g));
      store(gates + 3 * H + u, gradient_h * shown * (o * (ONE - o)));
      store(dc + u, gradient_c * f), store(dh + u, splat(0));
    }
  }
}

// The gradient of c after a step: that from the step after, and what comes through h.
static void through_output(const float *gates, const float *tanh_c, const float *above, const float *dh, float *dc) {
  for (int n = 0; n < N; n++, gates += G, tanh_c += H, above += H, dh += H, dc += H) {
    for (int u = 0; u < H; u += 4) {
      f32x4 shown = load(tanh_c + u), gradient_h = load(above + u) + load(dh + u);
      store(dc + u, load(dc + u) + gradient_h * load(gates + 3 * H + u) * (ONE - shown * shown));
    }
  }
}

static void gru_backward(float *gates, float *recurrent, const float *h, const float *above, float *dh) {
  for (int n = 0; n < N; n++, gates += G, recurrent += G, h += H, above += H, dh += H) {
    for (int u = 0; u < H; u += 4) {
      f32x4 r = load(gates + u), z = load(gates + H + u), candidate = load(gates + 2 * H + u);
      f32x4 gradient_h = load(above + u) + load(dh + u);
      f32x4 d_candidate = gradient_h * (ONE - z) * (ONE - candidate * candidate);
      f32x4 d_r = d_candidate * load(recurrent + 2 * H + u) * (r * (ONE - r));
      f32x4 d_z = gradient_h * (load(h + u) - candidate) * (z * (ONE - z));
      store(gates + u, d_r), store(gates + H + u, d_z), store(gates + 2 * H + u, d_candidate);
      store(recurrent + u, d_r), store(recurrent + H + u, d_z), store(recurrent + 2 * H + u, d_candidate * r);
      store(dh + u, gradient_h * z);
    }
  }
}
