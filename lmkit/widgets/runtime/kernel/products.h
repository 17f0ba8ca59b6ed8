// Products of matrices, blocked for registers and for the first cache.
//
// A matrix that is multiplied from the right is packed first: its columns in panels of eight, row after row of a panel.
// All sizes are multiples of four, and numbers of columns of eight. C gets sums in the same order on every machine.

enum { PANEL = 8, TILE = 4, DEPTH = 256, BLOCK = 32 }; // a block of A, BLOCK x DEPTH floats, fits into 32 KB

// Packed from a matrix with K rows and C columns whose element (k, c) is from[k * row + c * column].
NOINLINE void pack(float *to, const float *from, int K, int C, int row, int column) {
  for (int c = 0; c < C; c += PANEL, from += PANEL * column) {
    const float *place = from;
    if (column == 1) {
      for (int k = 0; k < K; k++, to += PANEL, place += row) {
        store(to, load(place));
        store(to + 4, load(place + 4));
      }
    } else {
      for (int k = 0; k < K; k++, to += PANEL, place += row)
        UNROLLED for (int j = 0; j < PANEL; j++) to[j] = place[j * column];
    }
  }
}

// The transpose of K rows of R numbers that stand `stride` apart, in fours of its rows.
NOINLINE void pack_transposed(float *to, const float *from, int K, int R, int stride) {
  for (int r = 0; r < R; r += TILE)
    for (int k = 0; k < K; k++, to += TILE) store(to, load(from + k * stride + r));
}

// 4 x 8 numbers of C, whose sums stay in registers: eight sums, of which x86 has 15 to give. `apart` and `along` are the
// distances between A's rows and between the numbers of a row. The loop is not unrolled: engines would load too far ahead,
// run out of registers, and take a third longer.
INLINE void tile(const float *a, int apart, const int along, const float *b, int K, float *c, int stride, int add) {
  f32x4 sums[TILE][2];
  UNROLLED for (int r = 0; r < TILE; r++) {
    sums[r][0] = add ? load(c + r * stride) : splat(0);
    sums[r][1] = add ? load(c + r * stride + 4) : splat(0);
  }
  const float *rows[TILE];
  UNROLLED for (int r = 0; r < TILE; r++) rows[r] = a + r * apart;
  _Pragma("nounroll") for (int k = 0; k < K; k++, b += PANEL) {
    f32x4 low = load(b), high = load(b + 4);
    UNROLLED for (int r = 0; r < TILE; r++) {
      f32x4 value = load_splat(rows[r]);
      rows[r] += along;
      sums[r][0] = multiply_add(low, value, sums[r][0]);
      sums[r][1] = multiply_add(high, value, sums[r][1]);
    }
  }
  UNROLLED for (int r = 0; r < TILE; r++) {
    store(c + r * stride, sums[r][0]);
    store(c + r * stride + 4, sums[r][1]);
  }
}

// C (R x C) = A B, or += with `add`; A (R x K) by rows, `stride_a` apart; B packed.
NOINLINE void product(float *c, int stride_c, const float *a, int stride_a, const float *b, int R, int K, int C,
                      int add) {
  for (int r = 0; r < R; r += BLOCK) {
    int end = r + BLOCK < R ? r + BLOCK : R;
    for (int k = 0; k < K; k += DEPTH) {
      int depth = k + DEPTH < K ? DEPTH : K - k;
      for (int j = 0; j < C; j += PANEL)
        for (int i = r; i < end; i += TILE)
          tile(a + i * stride_a + k, stride_a, 1, b + j * K + k * PANEL, depth, c + i * stride_c + j, stride_c,
               add || k > 0);
    }
  }
}

static float *packed_a, *packed_b; // what outer_product needs: DEPTH rows of A and of B

// C (R x C) += A' B: the gradient of weights. A (K x R) and B (K x C) by rows, without gaps.
NOINLINE void outer_product(float *c, const float *a, const float *b, int K, int R, int C) {
  for (int k = 0; k < K; k += DEPTH) {
    int depth = k + DEPTH < K ? DEPTH : K - k;
    pack_transposed(packed_a, a + k * R, depth, R, R);
    pack(packed_b, b + k * C, depth, C, C, 1);
    for (int r = 0; r < R; r += BLOCK)
      for (int j = 0; j < C; j += PANEL)
        for (int i = r; i < r + BLOCK && i < R; i += TILE)
          tile(packed_a + i * depth, 1, TILE, packed_b + j * depth, depth, c + i * C + j, C, 1);
  }
}
