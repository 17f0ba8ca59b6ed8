// A source with padding behind it, translated: padding is a word where the translator's source has one for it, and is
// masked, so that nothing of it is read, where not.

import { complete, greedy } from "../../runtime/decoding.js";
import { truthOf } from "../../runtime/writing.js";

/** @typedef {import("../../runtime/translators/translation_session.js").SourceTruth} SourceTruth */
/** @typedef {import("../../runtime/translators/translation_session.js").TranslationSession} TranslationSession */

/**
 * A translation in words, with the end token where it has ended: that of the padded source, and that without padding.
 *
 * @typedef {{ words: string[], unpadded: string[], wrong: number | null, verdict: string }} Translated
 */

export const PAD = "<pad>";

/**
 * @param {TranslationSession} session
 * @param {string} source
 * @param {number} padding
 * @param {number} max_new_tokens
 * @returns {string[]}
 */
export function translate(session, source, padding, max_new_tokens) {
  const { cache, model, sourceVocab, vocab } = session;
  const pad = sourceVocab.idOf.get(PAD);
  const ids = session.sourceIds(source);
  const read = pad === undefined ? ids : [...ids, ...new Array(padding).fill(pad)];
  const start = cache.read(cache.empty, model.promptOf(read));
  const { tokens } = complete(greedy(cache, start, { max_new_tokens, eos_token_id: vocab.end }));
  return tokens.map((id) => vocab.show(id));
}

/**
 * What the truth says of a translation: where it goes wrong, if it does, and a sentence.
 *
 * @param {SourceTruth} known
 * @param {string[]} words
 * @returns {{ wrong: number | null, verdict: string }}
 */
export function judge(known, words) {
  if ("unknown" in known) return { wrong: null, verdict: `No truth is known: ${known.unknown}.` };
  const { wrong, last } = truthOf(known.oracle, [], words);
  if (wrong) {
    const verdict = `Not a translation: word ${wrong.step + 1}, ‘${wrong.word}’, cannot come there.`;
    return { wrong: wrong.step, verdict };
  }
  const goesOn = last.next().size > 0;
  return { wrong: null, verdict: goesOn ? `It has not ended after ${words.length} words.` : "A possible translation." };
}
