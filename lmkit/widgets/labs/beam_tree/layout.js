// Where the nodes of a beam tree stand: a column for each step, a row for each leaf, parents beside the middle of
// their children. No page elements here.

/** @typedef {import("./search.js").TreeNode} TreeNode */
/** @typedef {ReturnType<typeof sizesFor>} Sizes */

/**
 * Gives every node its `row`; returns how many rows there are. More probable tokens stand higher.
 * @param {TreeNode} root
 */
export function placeRows(root) {
  let rows = 0;
  /** @param {TreeNode} node */
  const place = (node) => {
    const { children } = node;
    children.sort((a, b) => b.logProb - a.logProb || a.token - b.token);
    for (const child of children) place(child);
    node.row = children.length ? (children[0].row + children[children.length - 1].row) / 2 : rows++;
  };
  place(root);
  return rows;
}

/**
 * All nodes below the root, parents before their children.
 * @param {TreeNode} root
 * @returns {TreeNode[]}
 */
export function nodesBelow(root) {
  return root.children.flatMap((child) => [child, ...nodesBelow(child)]);
}

/**
 * Sizes in pixels for a given width and longest word: chips grow narrow before the tree is wider than its frame.
 * @param {number} width
 * @param {number} depth how many steps there are
 * @param {number} longest
 */
export function sizesFor(width, depth, longest) {
  const root = 46;
  const gap = 22;
  const behind = 56; // what stands behind the bar of a finished text needs room
  const room = Math.max(0, width - root - behind - 2);
  const least = gap + Math.min(108, Math.max(76, longest + 28));
  const pitch = Math.max(least, Math.min(148, Math.floor(room / Math.max(1, depth))));
  return { pitch, root, gap, behind, chip: pitch - gap, height: 36, row: 44, top: 30 };
}

/**
 * A line from a parent's right side to a child's left side. Lines with different shifts run side by side, on the
 * steep part too.
 * @param {number} x1
 * @param {number} y1
 * @param {number} x2
 * @param {number} y2
 */
export function curve(x1, y1, x2, y2, shift = 0) {
  const middle = (x1 + x2) / 2 + (y2 > y1 ? -shift : y2 < y1 ? shift : 0);
  return `M${x1} ${y1 + shift}C${middle} ${y1 + shift} ${middle} ${y2 + shift} ${x2} ${y2 + shift}`;
}
