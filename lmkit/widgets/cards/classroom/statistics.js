// Statistics of items, by classical test theory; what each figure is, `lmkit/study/classroom/items.py` says. Scores are
// 1 or 0, or null where a student has not answered.

/** @typedef {(number | null)[]} Row - The scores of a student. */

const GROUP = 0.27;
const LEAST = 5;
const TINY = 1e-12;

/**
 * @typedef {object} Item
 * @property {number} answered
 * @property {number} right
 * @property {number} difficulty
 * @property {number} discrimination
 * @property {number} upperLower
 */

/**
 * The statistics of each item.
 *
 * @param {Row[]} scores
 * @param {number} items
 * @returns {Item[]}
 */
export function analyse(scores, items) {
  const discriminations = itemRest(scores, items);
  const differences = upperLower(scores, items);
  return places(items).map((i) => {
    const column = scores.map((row) => row[i]).filter((score) => score !== null);
    const right = sum(column);
    const difficulty = right / column.length;
    return {
      answered: column.length,
      right,
      difficulty,
      discrimination: discriminations[i],
      upperLower: differences[i],
    };
  });
}

/**
 * @param {Row[]} scores
 * @param {number} items
 */
export function itemRest(scores, items) {
  const least = Math.max(1, Math.min(LEAST, items - 1));
  const totals = scores.map(totalOf);
  return places(items).map((i) => {
    /** @type {number[]} */
    const own = [];
    /** @type {number[]} */
    const rest = [];
    for (const [student, row] of scores.entries()) {
      const score = row[i];
      const { count, right } = totals[student];
      if (score === null || count - 1 < least) continue;
      own.push(score);
      rest.push((right - score) / (count - 1));
    }
    return correlation(own, rest);
  });
}

/**
 * @param {Row[]} scores
 * @param {number} items
 */
export function upperLower(scores, items) {
  const least = Math.max(0, Math.min(LEAST, items - 1));
  const chosen = scores.filter((row) => totalOf(row).count > least);
  if (chosen.length < 3) return places(items).map(() => Number.NaN);
  const shares = chosen.map((row) => totalOf(row).right / totalOf(row).count);
  const size = Math.max(1, Math.floor(GROUP * chosen.length + 0.5));
  const upper = weights(shares, size);
  const lower = weights(
    shares.map((share) => -share),
    size,
  );
  return places(items).map((i) => share(chosen, i, upper) - share(chosen, i, lower));
}

/**
 * Cronbach's alpha of the items that at least half of the students answered who answered any of them.
 *
 * @param {Row[]} scores
 * @param {number} items
 */
export function reliability(scores, items) {
  const some = scores.filter((row) => totalOf(row).count > 0);
  const kept = places(items).filter(
    (i) => 2 * some.filter((row) => row[i] !== null).length >= Math.max(1, some.length),
  );
  const chosen = some.map((row) => kept.map((i) => row[i]));
  const students = chosen.filter((row) => totalOf(row).count > 0).length;
  return { items: kept.length, students, alpha: alpha(chosen, kept.length) };
}

/**
 * @param {Row[]} scores
 * @param {number} items
 */
export function alpha(scores, items) {
  if (items < 2) return Number.NaN;
  let diagonal = 0;
  let whole = 0;
  for (let i = 0; i < items; i++) {
    for (let j = 0; j <= i; j++) {
      const found = covariance(scores, i, j);
      if (Number.isNaN(found)) return Number.NaN;
      whole += i === j ? found : 2 * found;
      if (i === j) diagonal += found;
    }
  }
  return whole < TINY ? Number.NaN : (items / (items - 1)) * (1 - diagonal / whole);
}

/**
 * Over the students who answered both; NaN for fewer than two.
 *
 * @param {Row[]} scores
 * @param {number} i
 * @param {number} j
 */
function covariance(scores, i, j) {
  let [count, ones, others, products] = [0, 0, 0, 0];
  for (const row of scores) {
    const [one, other] = [row[i], row[j]];
    if (one === null || other === null) continue;
    count += 1;
    ones += one;
    others += other;
    products += one * other;
  }
  return count < 2 ? Number.NaN : (products - (ones * others) / count) / (count - 1);
}

/**
 * @param {number[]} ones
 * @param {number[]} others
 */
function correlation(ones, others) {
  const spread = (/** @type {number[]} */ values) => Math.max(...values) - Math.min(...values);
  if (ones.length < 3 || spread(ones) === 0 || spread(others) < TINY) return Number.NaN;
  const [mean, otherMean] = [sum(ones) / ones.length, sum(others) / others.length];
  let [together, square, otherSquare] = [0, 0, 0];
  for (const [i, value] of ones.entries()) {
    together += (value - mean) * (others[i] - otherMean);
    square += (value - mean) ** 2;
    otherSquare += (others[i] - otherMean) ** 2;
  }
  return Math.min(1, Math.max(-1, together / Math.sqrt(square * otherSquare)));
}

/**
 * How much of each student is in the group of the highest shares.
 *
 * @param {number[]} shares
 * @param {number} size
 */
function weights(shares, size) {
  const edge = [...shares].sort((a, b) => b - a)[size - 1];
  const above = shares.filter((share) => share > edge + TINY).length;
  const level = shares.filter((share) => Math.abs(share - edge) <= TINY).length;
  return shares.map((share) => (share > edge + TINY ? 1 : Math.abs(share - edge) <= TINY ? (size - above) / level : 0));
}

/**
 * @param {Row[]} scores
 * @param {number} i
 * @param {number[]} weighed
 */
function share(scores, i, weighed) {
  let [right, whole] = [0, 0];
  for (const [student, row] of scores.entries()) {
    const score = row[i];
    if (score === null) continue;
    right += weighed[student] * score;
    whole += weighed[student];
  }
  return whole > 0 ? right / whole : Number.NaN;
}

/** @param {Row} row */
function totalOf(row) {
  let [count, right] = [0, 0];
  for (const score of row) {
    if (score === null) continue;
    count += 1;
    right += score;
  }
  return { count, right };
}

/** @param {number[]} values */
function sum(values) {
  return values.reduce((total, value) => total + value, 0);
}

/** @param {number} count */
function places(count) {
  return Array.from({ length: count }, (_, i) => i);
}
