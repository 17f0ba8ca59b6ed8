// How open a choice is, in nats.

import { KEPT } from "./filters.js";

/**
 * The entropy of the tokens that a filter keeps.
 *
 * @param {import("./filters.js").Filter} filter
 */
export function entropyKept(filter) {
  const peak = filter.peak();
  let mass = 0;
  let sum = 0;
  for (let v = 0; v < filter.size; v++) {
    if (filter.status[v] !== KEPT) continue;
    const below = filter.logits[v] - peak;
    const weight = Math.exp(below);
    if (weight > 0) {
      mass += weight;
      sum += weight * below;
    }
  }
  return Math.max(0, Math.log(mass) - sum / mass);
}
