// Human Numbers, and the split of fastai's book: the mirror of lmkit.datasets.human_numbers.

const SMALL =
  "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split(
    " ",
  );
const TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split(" ");
const LIMIT = 10000;

/**
 * A number from 1 to 9999 in words, without hyphens, commas or "and".
 *
 * @param {number} number
 * @returns {string[]}
 */
export function numeral(number) {
  if (number === 0) return [];
  if (number >= 1000) return [SMALL[Math.floor(number / 1000) - 1], "thousand", ...numeral(number % 1000)];
  if (number >= 100) return [SMALL[Math.floor(number / 100) - 1], "hundred", ...numeral(number % 100)];
  if (number >= 20) return [TENS[Math.floor(number / 10) - 2], ...numeral(number % 10)];
  return [SMALL[number - 1]];
}

/**
 * The text without 8000 and without its last full stop, cut at four fifths, in sequences of three tokens.
 *
 * @returns {{ training: string[], held: string[] }}
 */
export function sequentialSplit() {
  /** @type {string[]} */
  const text = [];
  for (let n = 1; n < LIMIT; n++) if (n !== 8000) text.push(...numeral(n), ".");
  text.pop();
  const cut = 3 * Math.floor((4 * Math.floor((text.length - 1) / 3)) / 5);
  return { training: text.slice(0, cut), held: text.slice(cut) };
}
