// Training of a recurrent language model, for WebAssembly: a window forward, truncated back-propagation through time,
// clipping, and a step of an optimizer. What it computes is what lmkit.models and lmkit.training do with torch;
// ../training/trainer.js calls it.
//
// Freestanding C: no library, no imports, own functions and random numbers (numbers.h). The same settings and tokens give
// the same weights, to the last bit, in every engine, with SIMD and without it.
//
// A window has L steps of N rows. Position m = t N + n, time first, so that a step's rows follow one another; all
// matrices lie by rows. A weight W (G x H) belongs to G gates or candidates, stacked as in torch.

#include "vectors.h"

#include "numbers.h"
#include "products.h"

#include "model.h"

#include "cells.h"
#include "optimizers.h"

static Random for_masks;

static void fill(float *place, u64 count, float value) {
  for (u64 k = 0; k < count; k += 4) store(place + k, splat(value));
}

static void copy(float *to, const float *from, u32 count) {
  for (u32 k = 0; k < count; k += 4) store(to + k, load(from + k));
}

static void add(float *to, const float *from, u32 count) {
  for (u32 k = 0; k < count; k += 4) store(to + k, load(to + k) + load(from + k));
}

static void multiply(float *to, const float *from, const float *mask, u32 count) {
  for (u32 k = 0; k < count; k += 4) store(to + k, load(from + k) * load(mask + k));
}

static void add_rows(float *to, const float *from, int rows, int columns) { // their sum
  for (int m = 0; m < rows; m++) add(to, from + m * columns, columns);
}

static void fill_rows(float *to, const float *row, int rows, int columns) {
  for (int m = 0; m < rows; m++) copy(to + m * columns, row, columns);
}

static void draw_mask(float *mask, u32 count, double p) { // 0 with probability p, else 1 / (1 - p)
  u32 limit = p * 4294967296.0;
  float kept = 1 / (1 - p);
  for (u32 k = 0; k < count; k++) mask[k] = next(&for_masks) < limit ? 0 : kept;
}

// --- forward ----------------------------------------------------------------------------------------------

static void draw_masks(void) {
  if (settings[EMBED_P] > 0) draw_mask(word_mask, V, settings[EMBED_P]);
  if (settings[INPUT_P] > 0) draw_mask(layer[0].input_mask, N * E, settings[INPUT_P]);
  for (int d = 0; d < layers; d++) {
    if (settings[WEIGHT_P] > 0) draw_mask(layer[d].weight_mask, G * H, settings[WEIGHT_P]);
    if (d && settings[HIDDEN_P] > 0) draw_mask(layer[d].input_mask, N * H, settings[HIDDEN_P]);
  }
  if (settings[OUTPUT_P] > 0) draw_mask(output_mask, N * H, settings[OUTPUT_P]);
}

NOINLINE void pack_both(float *across, float *straight, const float *w, int rows, int columns, int trains) {
  pack(across, w, columns, rows, 1, columns);
  if (trains) pack(straight, w, rows, columns, columns, 1);
}

static void pack_weights(int trains) {
  for (int d = 0; d < layers; d++) {
    Layer *l = &layer[d];
    const float *hh = weight(l->tensor + 1);
    if (trains && settings[WEIGHT_P] > 0) multiply(masked_weights, hh, l->weight_mask, G * H), hh = masked_weights;
    pack_both(l->ih_across, l->ih, weight(l->tensor), G, l->inputs, trains);
    pack_both(l->hh_across, l->hh, hh, G, H, trains);
  }
  if (has_projection) pack_both(projection_across, projection, weight(projection_tensor), E, H, trains);
  pack_both(decoder_across, decoder, weight(decoder_tensor), V, O, trains);
}

// The embedding without the words that are dropped.
static const float *words_of(int trains) {
  const float *all = weight(embedding_tensor);
  if (!trains || !(settings[EMBED_P] > 0)) return all;
  for (int v = 0; v < V; v++)
    for (int k = 0; k < E; k += 4) store(words + v * E + k, load(all + v * E + k) * word_mask[v]);
  return words;
}

static int drops_input(int d) { return (d ? settings[HIDDEN_P] : settings[INPUT_P]) > 0; }

// What a layer reads at all positions: h of the layer below, or words; with dropout.
static const float *inputs_of(int d, int rows, int trains) {
  Layer *l = &layer[d];
  int size = N * l->inputs;
  const float *from = d ? layer[d - 1].h + N * H : l->masked;
  if (!d) {
    const float *all = words_of(trains);
    for (int m = 0; m < rows; m++) copy(l->masked + m * E, all + inputs[m] * E, E);
  }
  if (!trains || !drops_input(d)) return from;
  for (int m = 0; m < rows; m += N) multiply(l->masked + m * l->inputs, from + m * l->inputs, l->input_mask, size);
  return l->masked;
}

static void sum_inputs(int d, int rows, int trains) {
  Layer *l = &layer[d];
  copy(bias_sum, weight(l->tensor + 2), G);
  if (settings[CELL] != GRU) add(bias_sum, weight(l->tensor + 3), G); // GRU's other bias stays with h
  if (d || !uses_table) {
    fill_rows(l->gates, bias_sum, rows, G);
    product(l->gates, G, inputs_of(d, rows, trains), l->inputs, l->ih_across, rows, l->inputs, G, 1);
    return;
  }
  fill_rows(table, bias_sum, V, G);
  product(table, G, words_of(trains), E, l->ih_across, V, E, G, 1);
  for (int m = 0; m < rows; m++) copy(l->gates + m * G, table + inputs[m] * G, G);
}

static void run_layer(int d, int steps, const float *states) {
  Layer *l = &layer[d];
  copy(l->h, states, N * H);
  if (settings[CELL] == LSTM) copy(l->c, states + N * H, N * H);
  for (int t = 0; t < steps; t++) {
    float *gates = l->gates + t * N * G, *recurrent = l->recurrent + t * N * G, *h = l->h + t * N * H;
    if (settings[CELL] == GRU) fill_rows(recurrent, weight(l->tensor + 3), N, G);
    product(recurrent, G, h, H, l->hh_across, N, H, G, 1);
    if (settings[CELL] == LSTM) lstm_forward(gates, h, l->c + t * N * H, l->tanh_c + t * N * H);
    else if (settings[CELL] == GRU) gru_forward(gates, recurrent, h);
    else rnn_forward(gates, h, settings[IS_RELU]);
  }
}

// What the output layer reads.
static const float *features(int rows, int trains) {
  const float *h = layer[layers - 1].h + N * H;
  if (trains && settings[OUTPUT_P] > 0) {
    for (int m = 0; m < rows; m += N) multiply(dropped + m * H, h + m * H, output_mask, N * H);
    h = dropped;
  }
  if (!has_projection) return h;
  product(projected, E, h, H, projection_across, rows, H, E, 0);
  return projected;
}

// Logits of a window; the states after it become those before the next.
static void forward(int steps, int trains) {
  int rows = steps * N;
  if (trains) draw_masks();
  pack_weights(trains);
  for (int d = 0; d < layers; d++) {
    Layer *l = &layer[d];
    float *states = trains ? l->states : l->held_out_states;
    sum_inputs(d, rows, trains);
    run_layer(d, steps, states);
    copy(states, l->h + rows * H, N * H);
    if (settings[CELL] == LSTM) copy(states + N * H, l->c + rows * H, N * H);
  }
  fill_rows(logits, weight(bias_tensor), rows, V);
  product(logits, V, features(rows, trains), O, decoder_across, rows, O, V, 1);
}

// Count a position; its logits become `scale` times their gradient.
static void judge(float *z, int target, float *loss, float scale) {
  int words_there = settings[VOCAB_SIZE];
  for (int v = words_there; v < V; v++) z[v] = -1e30f;
  f32x4 most = load(z), sums = splat(0);
  for (int v = 4; v < V; v += 4) most = larger(most, load(z + v));
  most = larger(most, (f32x4){most[1], most[0], most[3], most[2]});
  float best = most[0] < most[2] ? most[2] : most[0], score = z[target];
  int first_best = 0;
  if (score == best) while (z[first_best] != best) first_best++; // the first of several, as torch's argmax
  results[RIGHT] += score == best && first_best == target;
  for (int v = 0; v < V; v += 4) {
    f32x4 value = exponential(load(z + v) - best);
    store(z + v, value), sums += value;
  }
  float sum = (sums[0] + sums[1]) + (sums[2] + sums[3]);
  double nats = logarithm(sum) - ((double)score - best);
  *loss = nats, results[LOSS] += nats;
  for (int v = 0; v < V; v += 4) store(z + v, load(z + v) * (scale / sum));
  for (int v = words_there; v < V; v++) z[v] = 0;
  z[target] -= scale;
}

static void judge_all(int rows, int is_mean) {
  for (int k = 0; k < RESULTS; k++) results[k] = 0;
  for (int m = 0; m < rows; m++) results[COUNTED] += targets[m] >= 0;
  for (int m = 0; m < rows; m++) {
    losses[m] = 0;
    if (targets[m] >= 0) judge(logits + m * V, targets[m], losses + m, is_mean ? 1 / results[COUNTED] : 1);
    else fill(logits + m * V, V, 0);
  }
  if (is_mean) results[LOSS] /= results[COUNTED];
}

// --- backward ---------------------------------------------------------------------------------------------

// The gradient of what the output layer reads comes to that of the last layer's h, with what AR and TAR add.
static void through_penalties(int steps) {
  const float *h = layer[layers - 1].h;
  int rows = steps * N, drops = settings[OUTPUT_P] > 0;
  double places = (double)real_rows * settings[HIDDEN_SIZE], squares = 0, changes = 0;
  float a = 2 * settings[ALPHA] / (places * steps), b = steps > 1 ? 2 * settings[BETA] / (places * (steps - 1)) : 0;
  if (drops) for (int m = 0; m < rows; m += N) multiply(upstream + m * H, upstream + m * H, output_mask, N * H);
  if (!(a > 0) && !(b > 0)) return;
  for (int t = 0; t < steps; t++) {
    for (int k = 0; k < real_rows * H; k += 4) {
      int place = t * N * H + k;
      f32x4 now = load(h + N * H + place), mask = drops ? load(output_mask + k) : ONE, kept = now * mask;
      f32x4 last = t ? now - load(h + place) : splat(0);
      f32x4 next_one = t < steps - 1 ? now - load(h + 2 * N * H + place) : splat(0);
      store(upstream + place, load(upstream + place) + a * (kept * mask) + b * (last + next_one));
      f32x4 square = kept * kept, change = last * last;
      squares += (square[0] + square[1]) + (square[2] + square[3]);
      changes += (change[0] + change[1]) + (change[2] + change[3]);
    }
  }
  results[PENALTY] = (a * squares + b * changes) / 2;
}

static void output_backward(int steps) {
  int rows = steps * N;
  const float *h = settings[OUTPUT_P] > 0 ? dropped : layer[layers - 1].h + N * H;
  outer_product(gradient(decoder_tensor), logits, has_projection ? projected : h, rows, V, O);
  add_rows(gradient(bias_tensor), logits, rows, V);
  if (has_projection) {
    product(projected, E, logits, V, decoder, rows, V, E, 0);
    outer_product(gradient(projection_tensor), projected, h, rows, E, H);
    product(upstream, H, projected, E, projection, rows, E, H, 0);
  } else product(upstream, H, logits, V, decoder, rows, V, H, 0);
  through_penalties(steps);
}

// For a trace, the squared norm of (N, H) numbers, or of the sum of two, also where squares are too small for a float.
static double traced(const float *a, const float *b) {
  double sum = 0;
  for (int k = 0; k < N * H; k++) {
    double value = b ? (double)a[k] + b[k] : a[k];
    sum += value * value;
  }
  return sum;
}

// The gradients of a layer's sums, from those of its h, which `upstream` holds.
static void layer_backward(int d, int steps, int traces) {
  Layer *l = &layer[d];
  fill(d_state, N * H, 0), fill(d_cell, N * H, 0);
  for (int t = steps - 1; t >= 0; t--) {
    float *gates = l->gates + t * N * G, *recurrent = l->recurrent + t * N * G;
    const float *above = upstream + t * N * H, *h = l->h + t * N * H;
    if (traces) l->arriving[t + 1] = traced(above, d_state);
    if (settings[CELL] == LSTM) {
      through_output(gates, l->tanh_c + t * N * H, above, d_state, d_cell);
      if (traces) l->arriving[L + 2 + t] = traced(d_cell, 0);
      lstm_backward(gates, l->c + t * N * H, l->tanh_c + t * N * H, above, d_state, d_cell);
    } else if (settings[CELL] == GRU) gru_backward(gates, recurrent, h, above, d_state);
    else rnn_backward(gates, above, d_state, settings[IS_RELU]);
    if (t || traces) product(d_state, H, recurrent, G, l->hh, N, G, H, 1);
  }
  if (traces) l->arriving[0] = traced(d_state, 0), l->arriving[L + 1] = traced(d_cell, 0);
}

// Gradients of a layer's weights, and of what it reads, which `upstream` then holds.
static void weights_backward(int d, int rows) {
  Layer *l = &layer[d];
  float *d_hh = gradient(l->tensor + 1), *bias_ih = gradient(l->tensor + 2), *bias_hh = gradient(l->tensor + 3);
  outer_product(d_hh, l->recurrent, l->h, rows, G, H);
  if (settings[WEIGHT_P] > 0) multiply(d_hh, d_hh, l->weight_mask, G * H);
  add_rows(bias_ih, l->gates, rows, G);
  if (l->recurrent == l->gates) copy(bias_hh, bias_ih, G);
  else add_rows(bias_hh, l->recurrent, rows, G);
  if (!d && uses_table) return;
  int drops = drops_input(d), size = N * l->inputs;
  const float *read = !d || drops ? l->masked : layer[d - 1].h + N * H;
  outer_product(gradient(l->tensor), l->gates, read, rows, G, l->inputs);
  product(upstream, l->inputs, l->gates, G, l->ih, rows, G, l->inputs, 0);
  if (drops)
    for (int m = 0; m < rows; m += N)
      multiply(upstream + m * l->inputs, upstream + m * l->inputs, l->input_mask, size);
}

INLINE void add_to_word(int word, const float *from) {
  float *to = gradient(embedding_tensor) + word * E;
  float kept = settings[EMBED_P] > 0 ? word_mask[word] : 1;
  for (int k = 0; k < E; k += 4) store(to + k, load(to + k) + load(from + k) * kept);
}

// From the first layer to the words that it read: by way of each word's share, or position by position.
static void words_backward(int rows) {
  if (uses_table) {
    fill(table, (u64)V * G, 0);
    for (int m = 0; m < rows; m++) add(table + inputs[m] * G, layer[0].gates + m * G, G);
    const float *all = settings[EMBED_P] > 0 ? words : weight(embedding_tensor);
    outer_product(gradient(layer[0].tensor), table, all, V, G, E);
    product(upstream, E, table, G, layer[0].ih, V, G, E, 0);
    for (int v = 0; v < V; v++) add_to_word(v, upstream + v * E);
  } else {
    for (int m = 0; m < rows; m++) add_to_word(inputs[m], upstream + m * E);
  }
}

static void backward(int steps, int traces) {
  fill(gradients, numbers, 0);
  output_backward(steps);
  for (int d = layers - 1; d >= 0; d--) {
    layer_backward(d, steps, traces);
    weights_backward(d, steps * N);
  }
  words_backward(steps * N);
}

// --- what trainer.js calls --------------------------------------------------------------------------------

extern unsigned char __heap_base;

EXPORT(settingsPlace, void *)(void) { return settings; }
EXPORT(resultsPlace, void *)(void) { return results; }

// Bytes of memory for the settings. A trainer that was made before is lost.
EXPORT(measure, double)(void) { return lay_out((u32)&__heap_base); }

EXPORT(resetState, void)(int of_training) {
  for (int d = 0; d < layers; d++) fill(of_training ? layer[d].states : layer[d].held_out_states, 2 * N * H, 0);
}

// Begin anew with the weights that are there.
EXPORT(restart, void)(void) {
  fill(first, numbers, 0), fill(second, numbers, 0);
  steps_made = 0, power_1 = power_2 = 1;
  sow(&for_masks, settings[SEED], 2);
  resetState(1);
}

static void draw_uniform(int k, double range, Random *random) {
  const Tensor *t = &tensors[k];
  for (int block = 0; block < t->blocks; block++)
    for (int row = 0; row < t->height; row++) {
      float *place = weight(k) + (block * (t->rows / t->blocks) + row) * t->columns;
      for (int j = 0; j < t->width; j++) place[j] = (2 * uniform(random) - 1) * range;
    }
}

static void draw_normal(int k, Random *random) {
  const Tensor *t = &tensors[k];
  for (int row = 0; row < t->height; row++)
    for (int j = 0; j < t->width; j++) weight(k)[row * t->columns + j] = normal(random);
}

// Distributed as in lmkit.models: the class AWDLSTM for LSTMs, RecurrentLanguageModel for the others.
static void draw_weights(void) {
  Random random;
  sow(&random, settings[SEED], 1);
  int is_tied = settings[IS_TIED], is_lstm = settings[CELL] == LSTM;
  double range = 1 / __builtin_sqrt(settings[HIDDEN_SIZE]);
  double of_output = has_projection ? 1 / __builtin_sqrt(settings[EMBEDDING_SIZE]) : range;
  fill(weights, numbers, 0);
  if (is_tied || is_lstm) draw_uniform(embedding_tensor, 0.1, &random);
  else draw_normal(embedding_tensor, &random);
  for (int k = layer[0].tensor; k < layer[0].tensor + 4 * layers; k++) draw_uniform(k, range, &random);
  if (has_projection) draw_uniform(projection_tensor, range, &random);
  if (!is_tied) draw_uniform(decoder_tensor, of_output, &random);
  if (!is_tied || !is_lstm) draw_uniform(bias_tensor, of_output, &random);
}

// Make a trainer in memory that is large enough for the settings.
EXPORT(create, void)(void) {
  u64 end = lay_out((u32)&__heap_base);
  fill(weights, (end - (u32)weights) / 4, 0);
  draw_weights();
  restart();
}

// Learn from the first `steps` steps of the window in memory. Where the loss or the gradient is not finite, the weights
// stay as they are.
EXPORT(learn, void)(int steps, int traces) {
  forward(steps, 1);
  judge_all(steps * N, 1);
  backward(steps, traces);
  double norm = __builtin_sqrt(squared_norm(gradients, numbers)), rate = rate_now();
  double scale = settings[CLIP] / (norm + 1e-6);
  results[NORM] = norm, results[RATE] = rate;
  results[DIVERGED] = !(norm - norm == 0) || !(results[LOSS] - results[LOSS] == 0);
  if (results[DIVERGED]) return;
  update_weights(rate, scale < 1 ? scale : 1);
  steps_made++;
}

// Predict the first `steps` steps of the window in memory, after the held-out text before it; sums, not means.
EXPORT(evaluate, void)(int steps) {
  forward(steps, 0);
  judge_all(steps * N, 0);
}

EXPORT(tensorPlace, void *)(int k, int of_gradient) { return of_gradient ? gradient(k) : weight(k); }
EXPORT(windowPlace, void *)(int k) { return k == 0 ? (void *)inputs : k == 1 ? (void *)targets : losses; }
EXPORT(arrivingPlace, void *)(int d) { return layer[d].arriving; }

// The masks of the last step: of words, weights, inputs of a layer, and the output.
EXPORT(maskPlace, void *)(int kind, int d) {
  void *places[] = {word_mask, layer[d].weight_mask, layer[d].input_mask, output_mask};
  return places[kind];
}
