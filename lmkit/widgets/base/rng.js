// Random numbers that Python draws too: the mirror of lmkit.decoding.rng.

/**
 * The `counter`-th number in [0, 1) of the stream named `seed`.
 *
 * @param {number} seed - From 0 to 2³² - 1, as `counter` is.
 * @param {number} counter
 * @returns {number}
 */
export function uniform(seed, counter) {
  return mix((mix(seed) ^ counter) >>> 0) / 2 ** 32;
}

/** @param {number} x */
function mix(x) {
  x = (x + 0x9e3779b9) | 0; // so that 0 does not stay 0
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}
