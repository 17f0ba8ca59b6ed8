// The most probable of all translations: the mirror of Translations.best in lmkit.datasets.translation.

/** @typedef {import("./translation_oracle.js").TranslationOracle} TranslationOracle */

/**
 * The log-probability of the best way on from an oracle to the end; exact, by dynamic programming: what is known after
 * different words is often the same.
 *
 * @param {TranslationOracle} oracle
 * @returns {number} 0 where nothing is left to write.
 */
export function bestLogProb(oracle) {
  /** @type {Map<object, number>} */
  const numbers = new Map(oracle.belief.map(({ network }, i) => [network, i]));
  /** @type {Map<string, number>} */
  const known = new Map();
  /** @param {TranslationOracle} at */
  const best = (at) => {
    const key = at.belief
      .map(({ network, state, weight }) => `${numbers.get(network)} ${state.key} ${weight.toPrecision(12)}`)
      .join("|");
    let found = known.get(key);
    if (found === undefined) {
      found = at.next().size ? -Infinity : 0;
      for (const [word, p] of at.next()) found = Math.max(found, Math.log(p) + best(at.read(word).oracle));
      known.set(key, found);
    }
    return found;
  };
  return best(oracle);
}
