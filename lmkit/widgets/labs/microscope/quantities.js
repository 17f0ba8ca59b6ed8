// How the microscope names, colours and writes what it shows.

import { signed } from "../../base/dom.js";

/** @typedef {import("./model.js").Quantity} Quantity */

/** @type {Record<Quantity, string>} */
export const NAMES = {
  f: "forget gate f",
  i: "input gate i",
  g: "candidate g",
  o: "output gate o",
  c: "cell state c",
  h: "hidden state h",
};
/** @type {Partial<Record<Quantity, string>>} */
const ROLES = { c: "cell", h: "hidden" }; // the others have their own names

/** @param {Quantity} quantity */
export function roleOf(quantity) {
  return ROLES[quantity] ?? quantity;
}

/**
 * Two decimals, one where there are two digits before them; zero has no sign.
 *
 * @param {number} x
 */
export function number(x) {
  const digits = Math.abs(x) < 9.995 ? 2 : 1;
  return signed(Math.abs(x) < 0.005 ? 0 : x, digits);
}
