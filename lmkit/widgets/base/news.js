// What a screen reader says of a change: a moved slider is no reason to read a whole text out again.

export const LONGEST_NEWS = 150; // characters; about ten seconds of speech

const BETWEEN_SENTENCES = /(?<=[.!?]) (?=\p{Lu})/u;

/**
 * The sentences of a message that the one before did not have: as many as are quickly said, whole ones if possible.
 * Where none is new it is the last one, so that every change is answered.
 *
 * @param {string} before
 * @param {string} now
 * @returns {string}
 */
export function news(before, now) {
  const known = new Set(before.split(BETWEEN_SENTENCES));
  const all = now.split(BETWEEN_SENTENCES);
  const fresh = all.filter((sentence) => !known.has(sentence));
  const [first, ...more] = fresh.length ? fresh : all.slice(-1);
  let said = clipped(first);
  for (const sentence of more) if (said.length + 1 + sentence.length <= LONGEST_NEWS) said += ` ${sentence}`;
  return said;
}

/** @param {string} sentence */
function clipped(sentence) {
  if (sentence.length <= LONGEST_NEWS) return sentence;
  const start = sentence.slice(0, LONGEST_NEWS - 1);
  return `${start.slice(0, start.lastIndexOf(" ")) || start}…`;
}

/**
 * The words of a text from the first that is new, and how many there are.
 *
 * @param {number[]} before - Ids of the text that was said last.
 * @param {number[]} now
 * @param {import("./tokenizer.js").Tokenizer} vocab
 * @param {number} [most] - So many are said.
 * @returns {string} A sentence, or "" where the text is the same.
 */
export function textNews(before, now, vocab, most = 12) {
  const first = now.findIndex((id, t) => before[t] !== id);
  if (first < 0) return now.length < before.length ? `The text ends after step ${now.length}.` : "";
  const shown = now.slice(first, first + most);
  const more = now.length - first - shown.length;
  const start = first ? `From step ${first + 1} on: ` : "Text: ";
  return `${start}${vocab.text(shown)}${more ? `, and ${more} more` : ""}.`;
}
