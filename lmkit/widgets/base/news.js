// What a screen reader says of a change: what differs from before, in few words. A moved slider is no reason to read a
// whole text out again.

export const LONGEST_NEWS = 80; // characters; about five seconds of speech

const LONGEST_WORD = 16;
const LONGEST_PIECE = 24; // of what a view shows
const BETWEEN_SENTENCES = /(?<=[.!?]) (?=\p{Lu})/u;

/** @typedef {{ unit: string, words: string[] }} Running - A running text; a unit is what its words are: "token". */
/** @typedef {string | Running} Fact - A sentence, or a running text, of which only the difference is said. */

/**
 * What is new in some facts: those that come first, as many as are quickly said; whole ones, if the first is not too
 * long. "" where nothing is.
 *
 * @param {Fact[]} before
 * @param {Fact[]} now
 * @returns {string}
 */
export function news(before, now) {
  const known = new Set(before);
  const fresh = now.map((fact, place) => {
    if (typeof fact === "string") return known.has(fact) ? "" : fact;
    return runningNews(before[place], fact);
  });
  return told(fresh.filter(Boolean));
}

/**
 * As many sentences as are quickly said.
 *
 * @param {string[]} sentences - The most important first.
 */
export function told([first = "", ...more]) {
  let said = clipped(first);
  for (const sentence of more) if (said.length + 1 + sentence.length <= LONGEST_NEWS) said += ` ${sentence}`;
  return said;
}

/** @param {string} text */
export function sentencesOf(text) {
  return text.split(BETWEEN_SENTENCES);
}

/**
 * A text that is not too long, or its first words.
 *
 * @param {string} text
 * @param {number} [longest] - Characters.
 */
export function clipped(text, longest = LONGEST_NEWS) {
  if (text.length <= longest) return text;
  const start = text.slice(0, longest); // one more than there is room for: a word that ends there is whole
  const border = start.lastIndexOf(" ");
  return `${(border > 0 ? start.slice(0, border) : whole(start.slice(0, -1))).replace(/[,;:–]$/, "")}…`;
}

/**
 * Half of a character at the end says nothing.
 *
 * @param {string} text
 */
function whole(text) {
  return text.replace(/[\uD800-\uDBFF]$/, "");
}

/**
 * The first word of a text that is another now, and how many are: "Token 5 now ‘cat’, was ‘dog’; 3 tokens changed."
 *
 * @param {Fact | undefined} before
 * @param {Running} now
 */
function runningNews(before, { unit, words }) {
  const known = typeof before === "object" ? before.words : [];
  const { at, gone, came } = difference(known, words);
  /** @param {string} word */
  const quoted = (word) => `‘${clipped(word.trim(), LONGEST_WORD)}’`;
  if (gone.length && came.length) {
    const count = Math.max(gone.length, came.length);
    const all = count > 1 ? `; ${count} ${unit}s changed` : "";
    return `${capital(unit)} ${at + 1} now ${quoted(came[0])}, was ${quoted(gone[0])}${all}.`;
  }
  const [some, relation] = came.length ? [came, "more"] : [gone, "fewer"];
  if (!some.length) return "";
  if (some.length === 1) return `One ${unit} ${relation}: ${quoted(some[0])}, number ${at + 1}.`;
  return `${some.length} ${unit}s ${relation}, from number ${at + 1}, ${quoted(some[0])}, on.`;
}

/**
 * What is new in all that a view shows, where its facts do not say.
 *
 * @param {string[]} before - The texts that it showed, in order.
 * @param {string[]} now
 */
export function pieceNews(before, now) {
  const { gone, came } = difference(before, now);
  const rest = Math.max(gone.length, came.length) - 1;
  const more = rest > 0 ? `; ${rest} more ${rest === 1 ? "change" : "changes"}` : "";
  if (gone.length && came.length)
    return `Now ‘${excerpt(came[0], gone[0])}’, was ‘${excerpt(gone[0], came[0])}’${more}.`;
  if (came.length) return `New: ‘${clipped(came[0], LONGEST_PIECE)}’${more}.`;
  return gone.length ? `Gone: ‘${clipped(gone[0], LONGEST_PIECE)}’${more}.` : "";
}

/**
 * What is no longer there and what has come, between the same beginning and the same end.
 *
 * @param {string[]} before
 * @param {string[]} now
 */
function difference(before, now) {
  const shorter = Math.min(before.length, now.length);
  let at = 0;
  while (at < shorter && before[at] === now[at]) at++;
  let end = 0;
  while (end < shorter - at && before[before.length - 1 - end] === now[now.length - 1 - end]) end++;
  return { at, gone: before.slice(at, before.length - end), came: now.slice(at, now.length - end) };
}

/**
 * A short piece of a text, with the first word in which it differs from another.
 *
 * @param {string} text
 * @param {string} other
 */
function excerpt(text, other) {
  if (text.length <= LONGEST_PIECE) return text;
  const [words, others] = [text.split(" "), other.split(" ")];
  const first = words.findIndex((word, i) => word !== others[i]);
  const start = Math.max(0, first - 1);
  return start ? `…${clipped(words.slice(start).join(" "), LONGEST_PIECE - 1)}` : clipped(text, LONGEST_PIECE);
}

/** @param {string} text */
function capital(text) {
  return `${text[0].toUpperCase()}${text.slice(1)}`;
}
