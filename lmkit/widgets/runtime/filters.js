// Filters: which tokens of a distribution may be drawn, and what dropped the others; the mirror of lmkit.decoding.

export const KEPT = 0;
export const DROPPED_BY_K = 1;
export const DROPPED_BY_P = 2;
export const DROPPED_BY_MIN_P = 3;
export const DROPPED_BY_TYPICAL = 4;

/** Temperature, top-k, top-p, min-p and typical, in this order; the arrays are used again for the next distribution. */
export class Filter {
  constructor(size) {
    this.size = size;
    this.logits = new Float32Array(size); // after temperature
    this.weights = new Float64Array(size); // in proportion to their probabilities, the largest 1
    this.fate = new Uint8Array(size); // KEPT or what dropped the token
    this.order = new Int32Array(size); // ids by falling logit, where `sorted`
    this.ranker = new Ranker(size);
  }

  apply(logProbs, { temperature, top_k, top_p, min_p = 0, typical_p = 1 }) {
    const { size, logits, fate } = this;
    for (let v = 0; v < size; v++) logits[v] = logProbs[v] / temperature;
    this.highest = largest(logits);
    for (let v = 0; v < size; v++) this.weights[v] = Math.exp(logits[v] - this.highest);
    fate.fill(KEPT);
    const k = top_k === null ? size : Math.min(top_k, size);
    this.sorted = false;
    if (k < size) this.keepLargest(k);
    if (top_p < 1) this.keepNucleus(top_p);
    if (min_p > 0) this.keepNearPeak(min_p);
    if (typical_p < 1) this.keepTypical(typical_p);
    return this;
  }

  sort() {
    if (!this.sorted) this.ranker.rank(this.logits, this.order);
    this.sorted = true;
  }

  /** Those that tie with the k-th are kept too. */
  keepLargest(k) {
    this.sort();
    const kth = this.logits[this.order[k - 1]];
    for (let v = 0; v < this.size; v++) if (this.logits[v] < kth) this.fate[v] = DROPPED_BY_K;
  }

  /** The token that crosses p is kept, so at least one always is. */
  keepNucleus(p) {
    const { size, order, fate, weights } = this;
    const total = this.mass();
    // All tokens below this weight have less than 1 - p together: they cannot be in the nucleus, and need no order.
    const least = (0.5 * (1 - p) * total) / size;
    const count = this.sorted ? size : this.ranker.rank(this.logits, order, (v) => weights[v] >= least);
    for (let v = 0; v < size; v++) if (fate[v] === KEPT && weights[v] < least) fate[v] = DROPPED_BY_P;
    let before = 0;
    for (let rank = 0; rank < count && fate[order[rank]] === KEPT; rank++) {
      if (rank > 0 && before >= p) fate[order[rank]] = DROPPED_BY_P;
      before += weights[order[rank]] / total;
    }
  }

  /** Tokens at least `share` times as probable as the most probable one. */
  keepNearPeak(share) {
    const least = this.peak() + Math.log(share);
    for (let v = 0; v < this.size; v++) {
      if (this.fate[v] === KEPT && this.logits[v] < least) this.fate[v] = DROPPED_BY_MIN_P;
    }
  }

  /** The tokens whose surprise is nearest to the expected one, until their probabilities sum to p; ties are kept. */
  keepTypical(p) {
    const { size, fate, logits } = this;
    this.nearness ??= new Float32Array(size); // made for those who use it
    this.byNearness ??= new Int32Array(size);
    const total = this.mass(),
      logTotal = this.peak() + Math.log(total);
    const entropy = this.entropy(total, logTotal);
    for (let v = 0; v < size; v++) {
      this.nearness[v] = fate[v] === KEPT ? -Math.abs(logTotal - logits[v] - entropy) : -Infinity;
    }
    this.ranker.rank(this.nearness, this.byNearness);
    let sum = 0,
      rank = -1;
    while (sum < p && rank < size - 1) {
      const v = this.byNearness[++rank];
      if (fate[v] === KEPT) sum += this.weights[v] / total;
    }
    const least = this.nearness[this.byNearness[rank]];
    for (let v = 0; v < size; v++) if (this.nearness[v] < least && fate[v] === KEPT) fate[v] = DROPPED_BY_TYPICAL;
  }

  /** Of the tokens that are kept, in nats. */
  entropy(total, logTotal) {
    let entropy = 0;
    for (let v = 0; v < this.size; v++) {
      const weight = this.fate[v] === KEPT ? this.weights[v] : 0;
      if (weight > 0) entropy += (weight / total) * (logTotal - this.logits[v]);
    }
    return entropy;
  }

  /** In proportion to the probability of a token. */
  weight(v) {
    return this.weights[v];
  }

  peak() {
    return this.highest;
  }

  /** The weight of the tokens that are kept, or of all. */
  mass(all = false) {
    const { weights, fate } = this;
    let total = 0;
    for (let v = 0; v < this.size; v++) if (all || fate[v] === KEPT) total += weights[v];
    return total;
  }

  /** The token under which u falls when the kept probabilities are laid end to end in id order. */
  draw(u) {
    const { weights, fate } = this;
    const target = u * this.mass();
    let cumulative = 0;
    for (let v = 0; v < this.size; v++) {
      if (fate[v] !== KEPT) continue;
      cumulative += weights[v];
      if (cumulative > target) return v;
    }
    return this.size - 1;
  }
}

function largest(values) {
  let max = -Infinity;
  for (let v = 0; v < values.length; v++) if (values[v] > max) max = values[v];
  return max;
}

const ID_RANGE = 2 ** 21;

/** Sorts ids by falling value, ties by id, with nothing allocated and no comparison function. */
class Ranker {
  constructor(size) {
    this.floats = new Float32Array(1);
    this.bits = new Uint32Array(this.floats.buffer);
    this.keys = new Float64Array(size);
  }

  /**
   * Writes the ids that are wanted to `order`, and returns how many they are. A float's bits, made to sort as the float
   * does, stand before its id in one exact integer.
   */
  rank(values, order, wanted = () => true) {
    const { floats, bits, keys } = this;
    let count = 0;
    for (let v = 0; v < keys.length; v++) {
      if (!wanted(v)) continue;
      floats[0] = values[v];
      const falling = bits[0] & 0x80000000 ? bits[0] : ~(bits[0] | 0x80000000) >>> 0;
      keys[count++] = falling * ID_RANGE + v;
    }
    keys.subarray(0, count).sort();
    for (let rank = 0; rank < count; rank++) {
      order[rank] = keys[rank] - ID_RANGE * Math.floor(keys[rank] / ID_RANGE); // much faster than %
    }
    return count;
  }
}
