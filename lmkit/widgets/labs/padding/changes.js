// What has changed between two texts, word by word.

/**
 * For each word of `now` whether it is new: not among the words that both texts have in the same order, as many as there
 * can be.
 *
 * @param {string[]} before
 * @param {string[]} now
 * @returns {boolean[]}
 */
export function newWords(before, now) {
  const common = lengths(before, now);
  const found = now.map(() => true);
  for (let i = 0, j = 0; i < before.length && j < now.length; ) {
    if (before[i] === now[j]) {
      found[j] = false;
      i++;
      j++;
    } else if (common[i + 1][j] >= common[i][j + 1]) i++;
    else j++;
  }
  return found;
}

/**
 * How many words have changed: new ones, or those that are gone where these are more.
 *
 * @param {string[]} before
 * @param {string[]} now
 */
export function countChanges(before, now) {
  return Math.max(before.length, now.length) - lengths(before, now)[0][0];
}

/**
 * How many words the rests of both texts have in common, from every place on.
 *
 * @param {string[]} before
 * @param {string[]} now
 */
function lengths(before, now) {
  const common = Array.from({ length: before.length + 1 }, () => new Array(now.length + 1).fill(0));
  for (let i = before.length - 1; i >= 0; i--)
    for (let j = now.length - 1; j >= 0; j--)
      common[i][j] = before[i] === now[j] ? 1 + common[i + 1][j + 1] : Math.max(common[i + 1][j], common[i][j + 1]);
  return common;
}
