// Random numbers that Python draws too: the mirror of lmkit.decoding.rng.

/** The `counter`-th number in [0, 1) of the stream named `seed`. */
export function uniform(seed, counter) {
  return mix((mix(seed) ^ counter) >>> 0) / 2 ** 32;
}

function mix(x) {
  x = (x + 0x9e3779b9) | 0; // so that 0 does not stay 0
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}
