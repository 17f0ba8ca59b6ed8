// Which numbers a part of a lab shows: what draws them says so here, for whoever wants to take them along.

/** @typedef {string | number | boolean | null | undefined} Cell */
/** @typedef {{ title?: string, columns: string[], rows: Cell[][] }} Numbers - Without a title, that of their panel. */

/** @type {WeakMap<Element, () => Numbers>} */
const KNOWN = new WeakMap();

/**
 * Says which numbers an element shows; tables within it count no more.
 *
 * @param {Element} node
 * @param {() => Numbers} numbers - Called when they are wanted.
 */
export function hasNumbers(node, numbers) {
  KNOWN.set(node, numbers);
}

/**
 * @param {Element} node
 * @returns {Numbers | undefined}
 */
export function numbersOf(node) {
  return KNOWN.get(node)?.();
}
