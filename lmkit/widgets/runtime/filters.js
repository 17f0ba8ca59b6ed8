// Filters: which tokens of a distribution may be drawn, and what dropped the others; the mirror of lmkit.decoding.

/**
 * Log-probabilities by which some tokens cannot come; the same where there are none.
 *
 * @param {ArrayLike<number>} logProbs
 * @param {number[]} [suppressed]
 * @returns {ArrayLike<number>}
 */
export function without(logProbs, suppressed = []) {
  if (!suppressed.length) return logProbs;
  const left = Float32Array.from(logProbs);
  for (const token of suppressed) left[token] = -Infinity;
  return left;
}

export const KEPT = 0;
export const DROPPED_BY_K = 1;
export const DROPPED_BY_P = 2;
export const DROPPED_BY_MIN_P = 3;
export const DROPPED_BY_TYPICAL = 4;

/**
 * @typedef {object} FilterSettings
 * @property {number} temperature
 * @property {number | null} top_k - Null: as many as there are.
 * @property {number} top_p
 * @property {number} [min_p]
 * @property {number} [typical_p]
 */

/** Temperature, top-k, top-p, min-p and typical, in this order; the arrays are used again for the next distribution. */
export class Filter {
  /** @param {number} size - Of the vocabulary. */
  constructor(size) {
    this.size = size;
    this.logits = new Float32Array(size); // after temperature
    this.weights = new Float64Array(size); // in proportion to their probabilities, the largest 1
    this.status = new Uint8Array(size); // KEPT or what dropped the token
    this.order = new Int32Array(size); // ids by falling logit, where `sorted`
    this.sorted = false;
    this.highest = -Infinity;
    /** @type {Float32Array | null} */
    this.nearness = null; // made for those who use typical sampling, as the next one is
    /** @type {Int32Array | null} */
    this.byNearness = null;
    this.ranker = new Ranker(size);
  }

  /**
   * @param {ArrayLike<number>} logProbs
   * @param {FilterSettings} settings
   * @returns {this}
   */
  apply(logProbs, { temperature, top_k, top_p, min_p = 0, typical_p = 1 }) {
    const { size, logits, status } = this;
    for (let v = 0; v < size; v++) logits[v] = logProbs[v] / temperature;
    this.highest = largest(logits);
    for (let v = 0; v < size; v++) this.weights[v] = Math.exp(logits[v] - this.highest);
    status.fill(KEPT);
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

  /**
   * Those that tie with the k-th are kept too.
   *
   * @param {number} k
   */
  keepLargest(k) {
    this.sort();
    const kth = this.logits[this.order[k - 1]];
    for (let v = 0; v < this.size; v++) if (this.logits[v] < kth) this.status[v] = DROPPED_BY_K;
  }

  /**
   * The token that crosses p is kept, so at least one always is.
   *
   * @param {number} p
   */
  keepNucleus(p) {
    const { size, order, status, weights } = this;
    const total = this.mass();
    // All tokens below this weight have less than 1 - p together: they cannot be in the nucleus, and need no order.
    const least = (0.5 * (1 - p) * total) / size;
    const count = this.sorted ? size : this.ranker.rank(this.logits, order, (v) => weights[v] >= least);
    for (let v = 0; v < size; v++) if (status[v] === KEPT && weights[v] < least) status[v] = DROPPED_BY_P;
    let before = 0;
    for (let rank = 0; rank < count && status[order[rank]] === KEPT; rank++) {
      if (rank > 0 && before >= p) status[order[rank]] = DROPPED_BY_P;
      before += weights[order[rank]] / total;
    }
  }

  /**
   * Tokens at least `share` times as probable as the most probable one.
   *
   * @param {number} share
   */
  keepNearPeak(share) {
    const least = this.peak() + Math.log(share);
    for (let v = 0; v < this.size; v++) {
      if (this.status[v] === KEPT && this.logits[v] < least) this.status[v] = DROPPED_BY_MIN_P;
    }
  }

  /**
   * The tokens whose surprise is nearest to the expected one, until their probabilities sum to p; ties are kept.
   *
   * @param {number} p
   */
  keepTypical(p) {
    const { size, status, logits } = this;
    this.nearness ??= new Float32Array(size);
    this.byNearness ??= new Int32Array(size);
    const { nearness, byNearness } = this;
    const total = this.mass(),
      logTotal = this.peak() + Math.log(total);
    const entropy = this.entropy(total, logTotal);
    for (let v = 0; v < size; v++) {
      nearness[v] = status[v] === KEPT ? -Math.abs(logTotal - logits[v] - entropy) : -Infinity;
    }
    this.ranker.rank(nearness, byNearness);
    let sum = 0,
      rank = -1;
    while (sum < p && rank < size - 1) {
      const v = byNearness[++rank];
      if (status[v] === KEPT) sum += this.weights[v] / total;
    }
    const least = nearness[byNearness[rank]];
    for (let v = 0; v < size; v++) if (nearness[v] < least && status[v] === KEPT) status[v] = DROPPED_BY_TYPICAL;
  }

  /**
   * Of the tokens that are kept, in nats.
   *
   * @param {number} total - Their weight.
   * @param {number} logTotal - Its logarithm, where the largest logit is not 0 but what it is.
   */
  entropy(total, logTotal) {
    let entropy = 0;
    for (let v = 0; v < this.size; v++) {
      const weight = this.status[v] === KEPT ? this.weights[v] : 0;
      if (weight > 0) entropy += (weight / total) * (logTotal - this.logits[v]);
    }
    return entropy;
  }

  /**
   * In proportion to the probability of a token.
   *
   * @param {number} v
   */
  weight(v) {
    return this.weights[v];
  }

  peak() {
    return this.highest;
  }

  /** The weight of the tokens that are kept, or of all. */
  mass(all = false) {
    const { weights, status } = this;
    let total = 0;
    for (let v = 0; v < this.size; v++) if (all || status[v] === KEPT) total += weights[v];
    return total;
  }

  /**
   * The token under which u falls when the kept probabilities are laid end to end in id order.
   *
   * @param {number} u - In [0, 1).
   * @returns {number}
   */
  draw(u) {
    const { weights, status } = this;
    const target = u * this.mass();
    let cumulative = 0;
    for (let v = 0; v < this.size; v++) {
      if (status[v] !== KEPT) continue;
      cumulative += weights[v];
      if (cumulative > target) return v;
    }
    return this.size - 1;
  }
}

/** @param {ArrayLike<number>} values */
function largest(values) {
  let max = -Infinity;
  for (let v = 0; v < values.length; v++) if (values[v] > max) max = values[v];
  return max;
}

const ID_RANGE = 2 ** 21;

/** Sorts ids by falling value, ties by id, with nothing allocated and no comparison function. */
class Ranker {
  /** @param {number} size */
  constructor(size) {
    this.floats = new Float32Array(1);
    this.bits = new Uint32Array(this.floats.buffer);
    this.keys = new Float64Array(size);
  }

  /**
   * Writes the ids that are wanted to `order`, and returns how many they are. A float's bits, made to sort as the float
   * does, stand before its id in one exact integer.
   *
   * @param {ArrayLike<number>} values
   * @param {Int32Array} order
   * @param {(id: number) => boolean} [wanted]
   * @returns {number}
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
