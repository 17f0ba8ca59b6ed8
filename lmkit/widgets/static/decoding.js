// From next-token distributions to text: the mirror of lmkit.decoding. Decoders are handed a `reader` that reads texts
// token by token: `read(text, token)` gives the longer text, `logProbs(text)` what may follow.

import { LabError } from "./vocab.js";

/** Throws what lmkit.decoding raises for a setting out of range. */
export function checkSettings({ temperature, top_k, top_p, num_beams, length_penalty, max_new_tokens, seed }) {
  const whole = Number.isInteger;
  const positive = temperature > 0 && temperature < Infinity;
  check("temperature", temperature, positive, "a finite number above 0; use greedy for the limit 0");
  check("top_k", top_k, top_k === null || (whole(top_k) && top_k >= 1), "a whole number of at least 1");
  check("top_p", top_p, top_p > 0 && top_p <= 1, "a number above 0 and at most 1");
  check("num_beams", num_beams, whole(num_beams) && num_beams >= 1, "a whole number of at least 1");
  check("length_penalty", length_penalty, Number.isFinite(length_penalty), "a finite number");
  check("max_new_tokens", max_new_tokens, whole(max_new_tokens) && max_new_tokens >= 1, "at least 1");
  check("seed", seed, whole(seed) && seed >= 0 && seed < 2 ** 32, "a whole number from 0 to 2³² - 1");
}

function check(name, value, holds, rule) {
  if (!holds) throw new LabError(`${name} must be ${rule}, but it is ${value}`);
}

/** The `counter`-th number in [0, 1) of the stream named `seed`. */
export function uniform(seed, counter) {
  return mix((mix(seed) ^ counter) >>> 0) / 2 ** 32;
}

function mix(x) {
  x = (x + 0x9e3779b9) | 0; // so that 0 does not stay 0
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}

export const KEPT = 0;
export const DROPPED_BY_K = 1;
export const DROPPED_BY_P = 2;

/** Temperature, then top-k, then top-p on one distribution; its arrays are used again for the next. */
export class Filter {
  constructor(size) {
    this.size = size;
    this.logits = new Float32Array(size); // after temperature
    this.fate = new Uint8Array(size); // KEPT or what dropped the token
    this.order = new Int32Array(size); // ids by falling logit, where `sorted`
    this.ranker = new Ranker(size);
  }

  apply(logProbs, { temperature, top_k, top_p }) {
    const { size, logits, fate } = this;
    for (let v = 0; v < size; v++) logits[v] = logProbs[v] / temperature;
    fate.fill(KEPT);
    const k = top_k === null ? size : Math.min(top_k, size);
    this.sorted = k < size || top_p < 1;
    if (!this.sorted) return this;
    this.sort();
    if (k < size) this.keepLargest(k);
    if (top_p < 1) this.keepNucleus(top_p);
    return this;
  }

  sort() {
    this.ranker.rank(this.logits, this.order);
    this.sorted = true;
  }

  /** Those that tie with the k-th are kept too. */
  keepLargest(k) {
    const kth = this.logits[this.order[k - 1]];
    for (let v = 0; v < this.size; v++) if (this.logits[v] < kth) this.fate[v] = DROPPED_BY_K;
  }

  /** The token that crosses p is kept, so at least one always is. */
  keepNucleus(p) {
    const { order, fate } = this;
    const total = this.mass();
    let before = 0;
    for (let rank = 0; rank < this.size && fate[order[rank]] === KEPT; rank++) {
      if (rank > 0 && before >= p) fate[order[rank]] = DROPPED_BY_P;
      before += this.weight(order[rank]) / total;
    }
  }

  /** In proportion to the probability of a token. */
  weight(v) {
    return Math.exp(this.logits[v] - this.peak());
  }

  peak() {
    return this.sorted ? this.logits[this.order[0]] : largest(this.logits);
  }

  /** The weight of the tokens that are kept, or of all. */
  mass(all = false) {
    const peak = this.peak();
    let total = 0;
    for (let v = 0; v < this.size; v++) if (all || this.fate[v] === KEPT) total += Math.exp(this.logits[v] - peak);
    return total;
  }

  /** The token under which u falls when the kept probabilities are laid end to end in id order. */
  draw(u) {
    const peak = this.peak();
    const target = u * this.mass();
    let cumulative = 0;
    for (let v = 0; v < this.size; v++) {
      if (this.fate[v] !== KEPT) continue;
      cumulative += Math.exp(this.logits[v] - peak);
      if (cumulative > target) return v;
    }
    return this.size - 1;
  }
}

const ID_RANGE = 2 ** 21;

/** Sorts ids by falling value, ties by id, with nothing allocated and no comparison function. */
class Ranker {
  constructor(size) {
    this.floats = new Float32Array(1);
    this.bits = new Uint32Array(this.floats.buffer);
    this.keys = new Float64Array(size);
  }

  /** A float's bits, made to sort as the float does, stand before its id in one exact integer. */
  rank(values, order) {
    const { floats, bits, keys } = this;
    for (let v = 0; v < keys.length; v++) {
      floats[0] = values[v];
      const falling = bits[0] & 0x80000000 ? bits[0] : ~(bits[0] | 0x80000000) >>> 0;
      keys[v] = falling * ID_RANGE + v;
    }
    keys.sort();
    for (let rank = 0; rank < keys.length; rank++) order[rank] = keys[rank] % ID_RANGE;
  }
}

function largest(values) {
  let max = -Infinity;
  for (let v = 0; v < values.length; v++) if (values[v] > max) max = values[v];
  return max;
}

export function greedy(reader, text, settings) {
  return decode(reader, text, settings, (logProbs) => logProbs.indexOf(largest(logProbs)));
}

export function sample(reader, text, settings, filter) {
  const choose = (logProbs, t) => filter.apply(logProbs, settings).draw(uniform(settings.seed, t));
  return decode(reader, text, settings, choose);
}

/** Extend one text token by token, each chosen from the log-probabilities at step t. */
function decode(reader, text, { max_new_tokens, eos_token_id }, choose) {
  const tokens = [], logProbs = [];
  let score = 0;
  for (let t = 0; ; t++) {
    const next = reader.logProbs(text);
    const token = choose(next, t);
    tokens.push(token);
    logProbs.push(next[token]);
    score += next[token];
    if (token === eos_token_id || t === max_new_tokens - 1) return { tokens, logProbs, logProb: score, score };
    text = reader.read(text, token);
  }
}

/** Extend the `num_beams` most probable texts side by side; the finished ones, best score first. */
export function beamSearch(reader, prompt, settings) {
  const { num_beams, length_penalty, max_new_tokens, eos_token_id } = settings;
  const best = new Best(2 * num_beams);
  const rank = (done) => done.sort((a, b) => b.score - a.score).slice(0, num_beams);
  let running = [{ parent: null, token: null, total: 0, length: 0, text: prompt }];
  let done = [];
  for (let length = 1; length <= max_new_tokens; length++) {
    const { going, ended } = extend(reader, running, best, num_beams, eos_token_id);
    done = rank([...done, ...ended.map((hypothesis) => finished(hypothesis, length_penalty))]);
    running = going;
    if (!running.length || settled(done, running[0], length, settings)) return done;
    if (length < max_new_tokens) {
      for (const hypothesis of running) hypothesis.text = reader.read(hypothesis.parent.text, hypothesis.token);
    }
  }
  return rank([...done, ...running.map((hypothesis) => finished(hypothesis, length_penalty))]);
}

/** One step: the hypotheses that go on, and those that end. Of the best 2B, an end token counts among the first B. */
function extend(reader, running, best, num_beams, eos_token_id) {
  best.clear();
  running.forEach(({ text, total }, row) => best.offerAll(reader.logProbs(text), total, row));
  const going = [], ended = [];
  for (let place = 0; place < best.count && best.totals[place] > -Infinity; place++) {
    const parent = running[best.rows[place]];
    const token = best.tokens[place];
    const list = token === eos_token_id ? ended : going;
    if (token === eos_token_id ? place < num_beams : going.length < num_beams) {
      list.push({ parent, token, total: best.totals[place], length: parent.length + 1, text: null });
    }
  }
  return { going, ended };
}

function finished(hypothesis, length_penalty) {
  const tokens = [], logProbs = [];
  for (let at = hypothesis; at.parent; at = at.parent) {
    tokens.unshift(at.token);
    logProbs.unshift(at.total - at.parent.total);
  }
  const { total, length } = hypothesis;
  return { tokens, logProbs, logProb: total, score: total / length ** length_penalty };
}

/** Whether no running hypothesis can enter the list of finished ones any more. */
function settled(done, { total }, length, { num_beams, length_penalty, max_new_tokens }) {
  if (done.length < num_beams) return false;
  // Σ log p can only fall; the length that would flatter it most is the longest or the next one.
  const kindest = length_penalty > 0 ? max_new_tokens : length + 1;
  return done[done.length - 1].score >= total / kindest ** length_penalty;
}

/** The best few of many candidates, in order; of equal ones the first offered stands first. */
class Best {
  constructor(size) {
    this.size = size;
    this.totals = new Float64Array(size);
    this.rows = new Int32Array(size);
    this.tokens = new Int32Array(size);
  }

  clear() {
    this.count = 0;
  }

  offerAll(logProbs, total, row) {
    for (let token = 0; token < logProbs.length; token++) {
      const candidate = total + logProbs[token];
      if (this.count < this.size || candidate > this.totals[this.size - 1]) this.insert(candidate, row, token);
    }
  }

  insert(total, row, token) {
    const { totals, rows, tokens } = this;
    let place = this.count < this.size ? this.count++ : this.size - 1;
    for (; place > 0 && totals[place - 1] < total; place--) {
      totals[place] = totals[place - 1];
      rows[place] = rows[place - 1];
      tokens[place] = tokens[place - 1];
    }
    totals[place] = total;
    rows[place] = row;
    tokens[place] = token;
  }
}
