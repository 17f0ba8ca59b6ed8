// Decoders as vectors name them, and a reader that needs no model.

import { beamSearch } from "../../../lmkit/widgets/runtime/beams.js";
import { complete, greedy, sample } from "../../../lmkit/widgets/runtime/decoding.js";
import { Filter } from "../../../lmkit/widgets/runtime/filters.js";

/** What a decoder makes of a case: the texts, best first. */
export function decode(reader, prompt, size, { method, settings }, eos_token_id) {
  const all = { temperature: 1, top_k: null, top_p: 1, ...settings, eos_token_id };
  if (method === "beam_search") return complete(beamSearch(reader, prompt, all));
  if (method === "greedy") return [complete(greedy(reader, prompt, all))];
  return [complete(sample(reader, prompt, all, new Filter(size)))];
}

/** A reader whose distributions depend on the last token alone; a text is that token. What it reads is noted. */
export function tableReader(table) {
  const log = [];
  const read = (text, token) => {
    log.push([text, token]);
    return token;
  };
  const readEach = (texts, tokens) => tokens.map((token, n) => read(texts[n], token));
  return { read, readEach, logProbs: (token) => table[token], log };
}
