// A trainer's settings, its tensors, and where all of it lies in memory.
//
// Sizes are rounded up to eights, rows of a batch to fours. What fills the gaps is 0 in weights, moments and gradients,
// and stays so: a unit without weights is 0, and no gradient reaches it.

enum { MOST_LAYERS = 4, MOST_TENSORS = 4 * MOST_LAYERS + 4 };
enum { RNN, LSTM, GRU };
enum { SGD, ADAM, ADAMW, MUON };
enum { CONSTANT, COSINE, ONE_CYCLE };

// Written by settings.js, in this order.
enum {
  VOCAB_SIZE, EMBEDDING_SIZE, HIDDEN_SIZE, NUM_LAYERS, CELL, IS_RELU, IS_TIED, BATCH_SIZE, WINDOW, OPTIMIZER, SCHEDULE,
  LR, STEPS, WARMUP, WEIGHT_DECAY, CLIP, EMBED_P, INPUT_P, WEIGHT_P, HIDDEN_P, OUTPUT_P, ALPHA, BETA, SEED, SETTINGS
};
static double settings[SETTINGS];

// Read by trainer.js, in this order.
enum { LOSS, RIGHT, COUNTED, PENALTY, NORM, RATE, DIVERGED, RESULTS };
static double results[RESULTS];

typedef struct {
  int rows, columns;           // as they lie in memory
  int blocks, height, width;   // without gaps: so many blocks of height x width
  int is_hidden;               // Muon's
  u32 at;                      // in each of the four arrays below
} Tensor;

typedef struct {
  int inputs, tensor;                  // numbers in an input; index of its first tensor: ih, hh and their biases
  float *ih_across, *ih, *hh_across, *hh; // packed: W' for the way forward, W for the way back
  float *gates, *recurrent;            // (rows, G): activations, later gradients of sums; `recurrent`: GRU's share of h
  float *h, *c, *tanh_c;               // (L + 1, N, H), c likewise; (rows, H)
  float *states, *held_out_states;     // h and c before a window, of training and of held-out text
  float *weight_mask, *input_mask, *masked; // (G, H); (N, inputs); (rows, inputs): the input after dropout
  double *arriving;                    // (2, L + 1): squared norms of the gradients of h and c, for a trace
} Layer;

static int V, E, H, N, L, G, O;        // in eights, N in fours; G numbers of all gates, O that the output layer reads
static int real_rows, layers, tensor_count;
static int has_projection, uses_table; // the input's share for every word once, instead of for every position
static Tensor tensors[MOST_TENSORS];
static Layer layer[MOST_LAYERS];
static u32 numbers;                    // in all tensors
static float *weights, *gradients, *first, *second; // second: moments; Muon's momentum lies in the first
static float *table, *words, *word_mask, *output_mask, *dropped, *projected, *logits, *upstream, *bias_sum;
static float *decoder_across, *decoder, *projection_across, *projection;
static float *d_state, *d_cell, *masked_weights, *spare[6]; // `spare`: Muon's
static float *losses;                  // (rows): nats at each position
static int *inputs, *targets;          // (L, N): time first
static int embedding_tensor, projection_tensor, decoder_tensor, bias_tensor;

static u64 top; // of the memory that is laid out

static void *take(u64 count) { // of four bytes each
  void *place = (void *)(u32)top;
  top = (top + 4 * count + 63) & ~63ull;
  return place;
}

INLINE int in_eights(int count) { return (count + 7) & ~7; }
INLINE int larger_of(int a, int b) { return a > b ? a : b; }

static int add_tensor(int blocks, int height, int width, int is_hidden) { // width 0: a vector
  Tensor *t = &tensors[tensor_count];
  t->rows = blocks * in_eights(height), t->columns = width ? in_eights(width) : 1;
  t->blocks = blocks, t->height = height, t->width = width ? width : 1, t->is_hidden = is_hidden, t->at = numbers;
  numbers += t->rows * t->columns;
  return tensor_count++;
}

INLINE float *weight(int k) { return weights + tensors[k].at; }
INLINE float *gradient(int k) { return gradients + tensors[k].at; }

static void list_tensors(void) {
  int v = settings[VOCAB_SIZE], e = settings[EMBEDDING_SIZE], h = settings[HIDDEN_SIZE], blocks = G / H;
  tensor_count = numbers = 0;
  embedding_tensor = add_tensor(1, v, e, 0);
  for (int d = 0; d < layers; d++) {
    layer[d].inputs = d ? H : E;
    layer[d].tensor = add_tensor(blocks, h, d ? h : e, 1);
    add_tensor(blocks, h, h, 1);
    add_tensor(blocks, h, 0, 0);
    add_tensor(blocks, h, 0, 0);
  }
  if (has_projection) projection_tensor = add_tensor(1, e, h, 1);
  decoder_tensor = settings[IS_TIED] ? embedding_tensor : add_tensor(1, v, has_projection ? e : h, 1);
  bias_tensor = add_tensor(1, v, 0, 0);
}

static void lay_out_layer(Layer *l, u64 rows) {
  u64 is_lstm = settings[CELL] == LSTM, is_first = l == layer;
  l->ih_across = take((u64)G * l->inputs), l->ih = take((u64)G * l->inputs);
  l->hh_across = take((u64)G * H), l->hh = take((u64)G * H);
  l->gates = take(rows * G);
  l->recurrent = settings[CELL] == GRU ? take(rows * G) : l->gates;
  l->h = take((rows + N) * H), l->c = take(is_lstm * (rows + N) * H), l->tanh_c = take(is_lstm * rows * H);
  l->states = take(2 * N * H), l->held_out_states = take(2 * N * H);
  l->weight_mask = take(settings[WEIGHT_P] > 0 ? (u64)G * H : 0);
  int drops = (is_first ? settings[INPUT_P] : settings[HIDDEN_P]) > 0;
  l->input_mask = take(drops ? (u64)N * l->inputs : 0);
  l->masked = take(drops || is_first ? rows * l->inputs : 0);
  l->arriving = take(2 * 2 * (L + 1));
}

// Also of the packed copies that outer_product and Muon make.
static void lay_out_scratch(void) {
  int widest = larger_of(larger_of(G, V), larger_of(E, H)), is_muon = settings[OPTIMIZER] == MUON;
  u64 matrix = 0, gram = 0;
  for (int k = 0; k < tensor_count && is_muon; k++) {
    const Tensor *t = &tensors[k];
    u64 size = (u64)t->rows * t->columns, side = t->rows < t->columns ? t->rows : t->columns;
    if (t->is_hidden && size > matrix) matrix = size;
    if (t->is_hidden && side * side > gram) gram = side * side;
  }
  packed_a = take((u64)DEPTH * widest);
  packed_b = take((u64)DEPTH * widest > matrix ? (u64)DEPTH * widest : matrix);
  spare[0] = take(matrix), spare[5] = take(matrix);
  for (int k = 1; k < 5; k++) spare[k] = take(gram);
}

// Lays everything out from an address on; returns the address behind it.
static u64 lay_out(u64 start) {
  const int blocks[] = {[RNN] = 1, [LSTM] = 4, [GRU] = 3};
  V = in_eights(settings[VOCAB_SIZE]), E = in_eights(settings[EMBEDDING_SIZE]), H = in_eights(settings[HIDDEN_SIZE]);
  real_rows = settings[BATCH_SIZE], N = (real_rows + 3) & ~3, L = settings[WINDOW], layers = settings[NUM_LAYERS];
  G = blocks[(int)settings[CELL]] * H;
  has_projection = settings[CELL] == LSTM && settings[EMBEDDING_SIZE] != settings[HIDDEN_SIZE];
  O = has_projection ? E : H;
  u64 rows = (u64)N * L;
  uses_table = !(settings[INPUT_P] > 0) && (u64)V <= rows;
  list_tensors();
  top = (start + 63) & ~63ull;
  weights = take(numbers), gradients = take(numbers), first = take(numbers), second = take(numbers);
  for (int d = 0; d < layers; d++) lay_out_layer(&layer[d], rows);
  table = take(uses_table ? (u64)V * G : 0);
  words = take(settings[EMBED_P] > 0 ? (u64)V * E : 0), word_mask = take(settings[EMBED_P] > 0 ? V : 0);
  output_mask = take((u64)N * H), dropped = take(settings[OUTPUT_P] > 0 ? rows * H : 0);
  projected = take(has_projection ? rows * E : 0);
  logits = take(rows * V), upstream = take(rows * larger_of(E, H)), bias_sum = take(G);
  decoder_across = take((u64)V * O), decoder = take((u64)V * O);
  projection_across = take(has_projection ? (u64)E * H : 0), projection = take(has_projection ? (u64)E * H : 0);
  d_state = take((u64)N * H), d_cell = take((u64)N * H), masked_weights = take(settings[WEIGHT_P] > 0 ? (u64)G * H : 0);
  losses = take(rows), inputs = take(rows), targets = take(rows);
  lay_out_scratch();
  return top;
}
