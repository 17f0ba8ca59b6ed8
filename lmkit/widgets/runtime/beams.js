// Beam search: the mirror of lmkit.decoding.beam_search. Its reader also has `readEach(texts, tokens)`, which reads one
// token after each of many texts: a model reads many in little more time than a few.

import { without } from "./filters.js";

/**
 * @template T
 * @typedef {import("./decoding.js").Reader<T> & { readEach(texts: T[], tokens: number[]): T[] }} BatchReader
 */

/** @typedef {import("./decoding.js").Decoded} Decoded */

/**
 * @typedef {object} BeamSettings
 * @property {number} num_beams
 * @property {number} length_penalty
 * @property {boolean | "never"} [early_stopping] - See `settled`.
 * @property {number} max_new_tokens
 * @property {number | null} eos_token_id - Null where texts have no end.
 * @property {number[]} [suppress_tokens] - Those that are never written.
 */

/**
 * What was looked at: a text of the step before (its place among those that ran) and one more token.
 *
 * @typedef {object} Candidate
 * @property {number} parent
 * @property {number} token
 * @property {number} total - Log-probability.
 * @property {"kept" | "ended" | "dropped"} status
 */

/** @typedef {{ length: number, candidates: Candidate[] }} BeamStep */

/**
 * A text that runs, or one that has ended; the first is the prompt.
 *
 * @template T
 * @typedef {object} Hypothesis
 * @property {Hypothesis<T> | null} parent
 * @property {number} token
 * @property {number} total
 * @property {number} length
 * @property {T} text - Set when it is read on.
 */

/**
 * Extend the `num_beams` most probable texts side by side; returns the finished ones, best score first. After
 * every step `watch` is told what was looked at, the best candidate first.
 *
 * @template T
 * @param {BatchReader<T>} reader
 * @param {T} prompt
 * @param {BeamSettings} settings
 * @param {((step: BeamStep) => void) | null} [watch]
 * @returns {Generator<void, Decoded[], void>}
 */
export function* beamSearch(reader, prompt, settings, watch = null) {
  const { num_beams, length_penalty, max_new_tokens } = settings;
  const best = new Best(2 * num_beams);
  /** @param {Decoded[]} texts */
  const rank = (texts) => texts.sort((a, b) => b.score - a.score).slice(0, num_beams);
  /** @type {Hypothesis<T>[]} */
  let running = [{ parent: null, token: -1, total: 0, length: 0, text: prompt }];
  /** @type {Decoded[]} */
  let done = [];
  for (let length = 1; ; length++) {
    const candidates = bestExtensions(reader, running, best, settings);
    /** @param {Candidate["status"]} status */
    const hypotheses = (status) =>
      candidates
        .filter((candidate) => candidate.status === status)
        .map(({ parent, token, total }) => extended(running[parent], token, total));
    watch?.({ length, candidates });
    const ended = hypotheses("ended"),
      kept = hypotheses("kept");
    if (length === max_new_tokens) ended.push(...kept.splice(0)); // what is cut competes with what has ended
    done = rank([...done, ...ended.map((hypothesis) => finished(hypothesis, length_penalty))]);
    if (!kept.length || settled(done, kept[0], settings)) break;
    readOn(reader, kept);
    running = kept;
    yield;
  }
  return done;
}

/**
 * The text one token longer; the reader has not read it yet.
 *
 * @template T
 * @param {Hypothesis<T>} parent
 * @param {number} token
 * @param {number} total
 * @returns {Hypothesis<T>}
 */
function extended(parent, token, total) {
  return { parent, token, total, length: parent.length + 1, text: parent.text };
}

/**
 * Of the best 2B extensions, an end token among the first B ends a text, and the first B others are kept.
 *
 * @template T
 * @param {BatchReader<T>} reader
 * @param {Hypothesis<T>[]} running
 * @param {Best} best
 * @param {BeamSettings} settings
 * @returns {Candidate[]}
 */
function bestExtensions(reader, running, best, { num_beams, eos_token_id, suppress_tokens }) {
  best.clear();
  for (const [row, { text, total }] of running.entries()) {
    best.offerAll(without(reader.logProbs(text), suppress_tokens), total, row);
  }
  let kept = 0;
  return best.list().map(({ row, token, total }, place) => {
    const isEnd = token === eos_token_id;
    const stays = isEnd ? place < num_beams : kept++ < num_beams;
    return { parent: row, token, total, status: !stays ? "dropped" : isEnd ? "ended" : "kept" };
  });
}

/**
 * @template T
 * @param {BatchReader<T>} reader
 * @param {Hypothesis<T>[]} running - Their texts are their parents' until they are read on.
 */
function readOn(reader, running) {
  const texts = reader.readEach(
    running.map(({ text }) => text),
    running.map(({ token }) => token),
  );
  for (const [row, hypothesis] of running.entries()) hypothesis.text = texts[row];
}

/**
 * @param {Hypothesis<unknown>} hypothesis
 * @param {number} length_penalty
 * @returns {Decoded}
 */
function finished(hypothesis, length_penalty) {
  const tokens = [],
    logProbs = [];
  for (let at = hypothesis; at.parent; at = at.parent) {
    tokens.push(at.token);
    logProbs.push(at.total - at.parent.total);
  }
  const { total, length } = hypothesis;
  return {
    tokens: tokens.reverse(),
    logProbs: logProbs.reverse(),
    logProb: total,
    score: total / length ** length_penalty,
  };
}

/**
 * Whether the list of finished texts is full and is thought to stay as it is. With true it is; else once the best
 * running text no longer beats the worst finished one: with false, if it had its present length; with "never", if it
 * had the length that would flatter it most, so that no running text can enter the list any more.
 *
 * @param {Decoded[]} done
 * @param {Hypothesis<unknown>} running - The best one.
 * @param {BeamSettings} settings
 */
function settled(done, { total, length }, { num_beams, length_penalty, max_new_tokens, early_stopping = false }) {
  if (done.length < num_beams) return false;
  if (early_stopping === true) return true;
  const mostFlattering = length_penalty > 0 ? max_new_tokens : length + 1; // Σ log p can only fall
  const thought = early_stopping === "never" ? mostFlattering : length;
  return done[done.length - 1].score >= total / thought ** length_penalty;
}

const SHORT = 64; // up to here moving entries one by one is faster than the browser's own way

/** The best few of many candidates, in order; of equal ones the first offered stands first. */
class Best {
  /** @param {number} size */
  constructor(size) {
    this.size = size;
    this.count = 0;
    this.totals = new Float64Array(size);
    this.rows = new Int32Array(size);
    this.tokens = new Int32Array(size);
  }

  clear() {
    this.count = 0;
  }

  /**
   * @param {ArrayLike<number>} logProbs
   * @param {number} total
   * @param {number} row
   */
  offerAll(logProbs, total, row) {
    let least = this.least();
    for (let token = 0; token < logProbs.length; token++) {
      const candidate = total + logProbs[token];
      if (candidate > least) {
        this.insert(candidate, row, token);
        least = this.least();
      }
    }
  }

  /** What a candidate must be better than; one that is impossible is none. */
  least() {
    return this.count < this.size ? -Infinity : this.totals[this.size - 1];
  }

  /**
   * @param {number} total
   * @param {number} row
   * @param {number} token
   */
  insert(total, row, token) {
    const { totals, rows, tokens } = this;
    if (this.count < this.size) this.count++;
    const place = this.placeOf(total);
    for (const values of [totals, rows, tokens]) moveUp(values, place, this.count);
    totals[place] = total;
    rows[place] = row;
    tokens[place] = token;
  }

  /**
   * Behind all that are at least as good: by halving, for the list may be long.
   *
   * @param {number} total
   */
  placeOf(total) {
    let low = 0,
      high = this.count - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.totals[middle] >= total) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  list() {
    const { totals, rows, tokens } = this;
    return Array.from({ length: this.count }, (_, place) => ({
      row: rows[place],
      token: tokens[place],
      total: totals[place],
    }));
  }
}

/**
 * Makes room at `place` among the first `count` values.
 *
 * @param {Float64Array | Int32Array} values
 * @param {number} place
 * @param {number} count
 */
function moveUp(values, place, count) {
  if (count - place > SHORT) values.copyWithin(place + 1, place, count - 1);
  else for (let k = count - 1; k > place; k--) values[k] = values[k - 1];
}
