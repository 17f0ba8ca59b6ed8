// Combinations of parts: what they are called, and which of those that were run are near. No page here.

/** @typedef {[name: string, label: string]} Part The place of a part in a list is its bit in a combination. */

/**
 * What a combination is called: "none", "all but TAR", "weight decay + tied weights".
 * @param {number} bits
 * @param {Part[]} parts
 */
export function combinationName(bits, parts) {
  const there = labelsOf(bits, parts);
  const missing = labelsOf(~bits, parts);
  if (!there.length) return "none";
  if (!missing.length) return "all";
  return missing.length < there.length ? `all but ${missing.join(", ")}` : there.join(" + ");
}

/**
 * The places of those combinations that differ from `bits` by the fewest switches.
 * @param {number} bits
 * @param {{ bits: number }[]} combinations
 */
export function nearestCombinations(bits, combinations) {
  const apart = combinations.map((one) => switches(one.bits ^ bits));
  const least = Math.min(...apart);
  return apart.flatMap((count, place) => (count === least ? [place] : []));
}

/**
 * "with AR, without tied weights": what must be switched to get from one combination to another.
 * @param {number} from
 * @param {number} to
 * @param {Part[]} parts
 */
export function stepsBetween(from, to, parts) {
  /** @type {(word: string, bits: number) => string[]} */
  const group = (word, bits) => (bits ? [`${word} ${labelsOf(bits, parts).join(" and ")}`] : []);
  return [...group("with", to & ~from), ...group("without", from & ~to)].join(", ");
}

/**
 * Places of combinations from the worst to the best.
 * @param {number[]} values
 * @param {boolean} rising whether more is better
 */
export function ranked(values, rising) {
  const sign = rising ? 1 : -1;
  return values.map((_, place) => place).sort((a, b) => sign * (values[a] - values[b]) || a - b);
}

/**
 * @param {number} bits
 * @param {Part[]} parts
 */
function labelsOf(bits, parts) {
  return parts.flatMap(([, label], place) => (bits & (1 << place) ? [label] : []));
}

/** @param {number} bits */
function switches(bits) {
  let count = 0;
  for (let rest = bits; rest; rest &= rest - 1) count++;
  return count;
}
