// Where the nodes of a beam tree stand: a column for each step, a row for each leaf, parents beside the middle of
// their children. No page elements here.

/** Gives every node its `row`; returns how many rows there are. More probable tokens stand higher. */
export function placeRows(root) {
  let rows = 0;
  const place = (node) => {
    node.children.sort((a, b) => b.logProb - a.logProb || a.token - b.token);
    node.children.forEach(place);
    node.row = node.children.length ? (node.children[0].row + node.children.at(-1).row) / 2 : rows++;
  };
  place(root);
  return rows;
}

/** All nodes below the root, parents before their children. */
export function nodesBelow(root) {
  return root.children.flatMap((child) => [child, ...nodesBelow(child)]);
}

/** Sizes in pixels for a given width and longest word: chips grow narrow before the tree is wider than its frame. */
export function sizesFor(width, depth, longest) {
  const root = 46,
    gap = 22,
    behind = 56; // what stands behind the bar of a finished text needs room
  const room = Math.max(0, width - root - behind - 2);
  const least = gap + Math.min(108, Math.max(76, longest + 28));
  const pitch = Math.max(least, Math.min(148, Math.floor(room / Math.max(1, depth))));
  return { pitch, root, gap, behind, chip: pitch - gap, height: 36, row: 44, top: 30 };
}

/**
 * A line from a parent's right side to a child's left side. Lines with different shifts run side by side, on the
 * steep part too.
 */
export function curve(x1, y1, x2, y2, shift = 0) {
  const middle = (x1 + x2) / 2 + (y2 > y1 ? -shift : y2 < y1 ? shift : 0);
  return `M${x1} ${y1 + shift}C${middle} ${y1 + shift} ${middle} ${y2 + shift} ${x2} ${y2 + shift}`;
}
