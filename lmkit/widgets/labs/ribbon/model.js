// What the ribbon lab computes: at every step of a text, which words a filter keeps and which can truly come next. The
// mirror of `RibbonLab.measure`.

import { LabError } from "../../base/errors.js";
import { Filter, KEPT } from "../../runtime/filters.js";

const MOST_TOKENS = 120;

/** A text that a session has read: what the model and the grammar expect before each of its tokens. */
export class Ribbon {
  constructor(session, text) {
    const { vocab } = session;
    const ids = vocab.promptIds(text);
    this.tokens = ids.slice(1);
    checkLength(this.tokens.length);
    this.words = vocab.words;
    this.filter = new Filter(vocab.size);
    this.logProbs = readAlong(session.cache, ids);
    const { oracles, wrong } = session.truth(ids.slice(0, 1), this.tokens);
    this.wrong = wrong; // the first word that the grammar cannot write; the truth ends there
    this.truth = oracles.map((oracle) => probabilities(oracle.next(), vocab));
  }

  get length() {
    return this.tokens.length;
  }

  /** What the filter does at every step, and over the whole text. */
  measure(settings) {
    const steps = this.tokens.map((_, t) => this.step(t, settings));
    const known = steps.filter((step) => step.known);
    return {
      steps,
      kept: mean(steps.map(({ kept }) => kept)),
      most: Math.max(...steps.map(({ kept }) => kept)),
      known: known.length,
      leak: mean(known.map(({ leak }) => leak)),
      loss: mean(known.map(({ loss }) => loss)),
      everLeak: somewhere(known.map(({ leak }) => leak)),
      everLoss: somewhere(known.map(({ loss }) => loss)),
      dropped: steps.flatMap(({ allowed }, t) => (allowed ? [] : [t])),
    };
  }

  /** Numbers of words: kept in all, kept and right, kept and wrong, right but missing; and the two errors. */
  step(t, settings) {
    const filter = this.apply(t, settings),
      truth = this.truth[t];
    const total = filter.mass();
    const counts = { right: 0, wrong: 0, missing: 0, leak: 0, loss: 0, kept: 0 };
    for (let v = 0; v < filter.size; v++) {
      const kept = filter.status[v] === KEPT;
      if (kept) counts.kept++;
      if (!truth) continue;
      if (kept && truth[v]) counts.right++;
      else if (kept) {
        counts.wrong++;
        counts.leak += filter.weight(v) / total;
      } else if (truth[v]) {
        counts.missing++;
        counts.loss += truth[v];
      }
    }
    return { ...counts, known: Boolean(truth), allowed: filter.status[this.tokens[t]] === KEPT };
  }

  /** The words that are kept or can come next at one step, the most probable first. */
  rows(t, settings) {
    const filter = this.apply(t, settings),
      truth = this.truth[t];
    const all = filter.mass(true),
      total = filter.mass();
    const row = (v) => {
      const kept = filter.status[v] === KEPT,
        weight = filter.weight(v);
      return {
        word: this.words[v],
        kept,
        p: weight / all,
        drawn: kept ? weight / total : 0,
        truth: truth ? truth[v] : null,
        own: v === this.tokens[t],
      };
    };
    return Array.from(filter.order, row).filter((found) => found.kept || found.truth || found.own);
  }

  apply(t, settings) {
    const filter = this.filter.apply(this.logProbs[t], settings);
    filter.sort();
    return filter;
  }
}

function checkLength(length) {
  if (!length)
    throw new LabError("text must hold at least one word, but it is empty; type a few words or choose a story");
  if (length > MOST_TOKENS)
    throw new LabError(`text must hold at most ${MOST_TOKENS} words, but it holds ${length}; shorten it`);
}

/** Copies, for a session shared with other labs forgets. */
function readAlong(cache, ids) {
  const found = [];
  ids.slice(0, -1).reduce((text, id) => {
    const longer = cache.read(text, id);
    found.push(Float32Array.from(cache.logProbs(longer)));
    return longer;
  }, cache.empty);
  return found;
}

/** By id; null where nothing is known. */
function probabilities(distribution, vocab) {
  if (!distribution.size) return null;
  const truth = new Float64Array(vocab.size);
  for (const [word, p] of distribution) truth[vocab.idOf.get(word)] = p;
  return truth;
}

function mean(values) {
  return values.length ? values.reduce((sum, value) => sum + value, 0) / values.length : NaN;
}

/** The chance that something happens at least once. */
function somewhere(chances) {
  return 1 - chances.reduce((never, p) => never * (1 - p), 1);
}
