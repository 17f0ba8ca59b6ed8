// The marks of the plane, as paths.

import { roundTenth } from "./scale.js";

/** @typedef {[number, number]} Corner */

/** @type {Corner[]} */
const PLUS = [
  [-0.4, -1.1],
  [0.4, -1.1],
  [0.4, -0.4],
  [1.1, -0.4],
  [1.1, 0.4],
  [0.4, 0.4],
  [0.4, 1.1],
  [-0.4, 1.1],
  [-0.4, 0.4],
  [-1.1, 0.4],
  [-1.1, -0.4],
  [-0.4, -0.4],
];

/**
 * A mark of its own for every strategy: never colour alone.
 * @param {string} name
 * @param {number} x
 * @param {number} y
 * @param {number} r
 */
export function markOf(name, x, y, r) {
  /** @param {Corner} corner */
  const corner = ([a, b]) => `${roundTenth(x + a * r)} ${roundTenth(y + b * r)}`;
  /** @param {...Corner} corners */
  const polygon = (...corners) => `M${corners.map(corner).join("L")}Z`;
  if (name === "temperature") return polygon([0, -1.2], [1.1, 0.8], [-1.1, 0.8]);
  if (name === "min_p") return polygon([0, 1.2], [1.1, -0.8], [-1.1, -0.8]);
  if (name === "top_k") return polygon([-0.9, -0.9], [0.9, -0.9], [0.9, 0.9], [-0.9, 0.9]);
  if (name === "truth") return polygon([0, -1], [1, 0], [0, 1], [-1, 0]);
  if (name === "top_p") return `M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0Z`;
  if (name === "typical_p") return polygon(...PLUS);
  return polygon(...PLUS.map(turned)); // an oblique cross
}

/**
 * By an eighth of a turn.
 * @param {Corner} corner
 * @returns {Corner}
 */
function turned([a, b]) {
  return [(a + b) * Math.SQRT1_2, (b - a) * Math.SQRT1_2];
}
