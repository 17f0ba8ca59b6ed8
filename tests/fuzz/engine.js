// What the fuzzing of the page's engine asks Node: each function takes a case and returns an answer.

import { uniform } from "../../lmkit/widgets/base/rng.js";
import { tokenize, Vocab } from "../../lmkit/widgets/base/vocab.js";
import { Filter } from "../../lmkit/widgets/runtime/filters.js";
import { LanguageModel } from "../../lmkit/widgets/runtime/lstm.js";
import { Grammar, Oracle } from "../../lmkit/widgets/runtime/oracle.js";
import { parseModel } from "../../lmkit/widgets/runtime/safetensors.js";
import { StateCache } from "../../lmkit/widgets/runtime/state_cache.js";
import { decode } from "../widgets/runtime/decode.js";

const [PRIME, FACTOR] = [1_000_003, 31]; // as in decoders.py

/** The reader of a table model: a text is its hash, and that tells which row of the table follows. */
function tableReader(table) {
  const rows = table.map((row) => Float32Array.from(row));
  const read = (hash, token) => (hash * FACTOR + token + 1) % PRIME;
  const readEach = (hashes, tokens) => tokens.map((token, n) => read(hashes[n], token));
  return { read, readEach, logProbs: (hash) => rows[hash % rows.length] };
}

export function decoded({ table, prompt, method, settings, end }) {
  const reader = tableReader(table);
  return decode(reader, prompt.reduce(reader.read, 0), table[0].length, { method, settings }, end);
}

export function filtered({ logProbs, settings, u }) {
  const filter = new Filter(logProbs.length).apply(Float32Array.from(logProbs), settings);
  return { statuses: filter.status, drawn: filter.draw(u) };
}

export function drawnNumber({ seed, counter }) {
  return uniform(seed, counter);
}

/** The words and log-probabilities after every beginning of a text. */
export function read({ data, tokens, options }) {
  const bytes = Uint8Array.from(Buffer.from(data, "base64"));
  const model = new LanguageModel(parseModel(bytes, "data"), options);
  const cache = new StateCache(model);
  const texts = tokens.map((_, n) => cache.readAll(tokens.slice(0, n + 1)));
  return { words: model.vocab.words, logProbs: texts.map((text) => Array.from(cache.logProbs(text))) };
}

/** A model file's numbers, or that it is refused. */
export function opened({ data }) {
  try {
    const { config, vocab, tensors } = parseModel(Uint8Array.from(Buffer.from(data, "base64")), "data");
    const sorted = [...tensors].sort(([a], [b]) => (a < b ? -1 : 1));
    return { config, words: vocab.words, tensors: sorted.map(([name, { values }]) => [name, Array.from(values)]) };
  } catch (error) {
    if (error.name !== "LabError") throw error;
    return null;
  }
}

/** What the oracle expects after every beginning of a story, and the probability of what comes. */
export function oracle({ grammar, tokens }) {
  let known = new Oracle(new Grammar(grammar));
  return tokens.map((token) => {
    const next = known.next();
    const { probability, oracle } = known.read(token);
    known = oracle;
    return { next, probability };
  });
}

export function words({ text, vocabulary }) {
  const vocab = new Vocab(vocabulary);
  try {
    return { tokens: tokenize(text), ids: vocab.promptIds(text) };
  } catch (error) {
    if (error.name !== "LabError") throw error;
    return { tokens: tokenize(text), ids: null };
  }
}
