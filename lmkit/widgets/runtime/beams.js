// Beam search: the mirror of lmkit.decoding.beam_search. Its reader also has `readEach(texts, tokens)`, which reads one
// token after each of many texts: a model reads many in little more time than a few.

/**
 * Extend the `num_beams` most probable texts side by side; returns the finished ones, best score first. For
 * `early_stopping` (true, false or "never") see `settled`. After every step `watch` is told what was looked at:
 * `length` and `candidates`, best first, each with its `parent` (the place among the running texts of the step
 * before), `token`, `total` log-probability and `fate` ("kept", "ended" or "dropped").
 */
export function* beamSearch(reader, prompt, settings, watch = null) {
  const { num_beams, length_penalty, max_new_tokens } = settings;
  const best = new Best(2 * num_beams);
  const rank = (texts) => texts.sort((a, b) => b.score - a.score).slice(0, num_beams);
  let running = [{ parent: null, token: null, total: 0, length: 0, text: prompt }];
  let done = [];
  for (let length = 1; ; length++) {
    const candidates = bestExtensions(reader, running, best, settings);
    const hypotheses = (fate) =>
      candidates
        .filter((candidate) => candidate.fate === fate)
        .map(({ parent, token, total }) => ({ parent: running[parent], token, total, length, text: null }));
    watch?.({ length, candidates });
    const ended = hypotheses("ended"),
      kept = hypotheses("kept");
    if (length === max_new_tokens) ended.push(...kept.splice(0)); // what is cut competes with what has ended
    done = rank([...done, ...ended.map((hypothesis) => finished(hypothesis, length_penalty))]);
    if (!kept.length || settled(done, kept[0], settings)) break;
    readOn(reader, (running = kept));
    yield;
  }
  return done;
}

/** Of the best 2B extensions, an end token among the first B ends a text, and the first B others are kept. */
function bestExtensions(reader, running, best, { num_beams, eos_token_id }) {
  best.clear();
  running.forEach(({ text, total }, row) => best.offerAll(reader.logProbs(text), total, row));
  let kept = 0;
  return best.list().map(({ row, token, total }, place) => {
    const isEnd = token === eos_token_id;
    const stays = isEnd ? place < num_beams : kept++ < num_beams;
    return { parent: row, token, total, fate: !stays ? "dropped" : isEnd ? "ended" : "kept" };
  });
}

function readOn(reader, running) {
  const texts = reader.readEach(
    running.map(({ parent }) => parent.text),
    running.map(({ token }) => token),
  );
  running.forEach((hypothesis, row) => (hypothesis.text = texts[row]));
}

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
 */
function settled(done, { total, length }, { num_beams, length_penalty, max_new_tokens, early_stopping = false }) {
  if (done.length < num_beams) return false;
  if (early_stopping === true) return true;
  const mostFlattering = length_penalty > 0 ? max_new_tokens : length + 1; // Σ log p can only fall
  const thought = early_stopping === "never" ? mostFlattering : length;
  return done.at(-1).score >= total / thought ** length_penalty;
}

const SHORT = 64; // up to here moving entries one by one is faster than the browser's own way

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

  insert(total, row, token) {
    const { totals, rows, tokens } = this;
    if (this.count < this.size) this.count++;
    const place = this.placeOf(total);
    for (const values of [totals, rows, tokens]) moveUp(values, place, this.count);
    totals[place] = total;
    rows[place] = row;
    tokens[place] = token;
  }

  /** Behind all that are at least as good: by halving, for the list may be long. */
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
    const entry = (_, place) => ({ row: rows[place], token: tokens[place], total: totals[place] });
    return Array.from({ length: this.count }, entry);
  }
}

/** Makes room at `place` among the first `count` values. */
function moveUp(values, place, count) {
  if (count - place > SHORT) values.copyWithin(place + 1, place, count - 1);
  else for (let k = count - 1; k > place; k--) values[k] = values[k - 1];
}
